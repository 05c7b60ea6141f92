import { describeErrorBody } from '../../../../nodes/shared/providers/client/errorBody';

describe('what an error answer says', () => {
	test.each<[string, unknown, { message?: string; code?: string; retryable?: boolean }]>([
		['Retab: a text', { detail: 'Job not found' }, { message: 'Job not found' }],
		[
			'Retab: validation',
			{
				detail: [
					{ loc: ['body', 'document', 0], msg: 'field required', type: 'missing' },
					{ loc: ['query', 'limit'], msg: 'too large', type: 'value' },
				],
			},
			{ message: 'body.document.0: field required; query.limit: too large' },
		],
		['Retab: validation without a place', { detail: [{ msg: 'bad', type: 'value' }] }, { message: 'bad' }],
		[
			'Retab: a domain error',
			{ detail: { code: 'quota', message: 'No credits left', details: {}, errors: [] } },
			{ message: 'No credits left', code: 'quota' },
		],
		[
			'Retab: at the top level',
			{ message: 'Too many pages', code: 'too_large', details: null },
			{ message: 'Too many pages', code: 'too_large' },
		],
		[
			'Extend: today',
			{
				code: 'NOT_FOUND',
				message: 'Run not found',
				retryable: false,
				requestId: 'req_1',
				docUrl: 'https://x.y',
			},
			{ message: 'Run not found', code: 'NOT_FOUND', retryable: false },
		],
		[
			'Extend: the same, wrapped',
			{ error: { code: 'INVALID_REQUEST', message: 'Bad id' } },
			{ message: 'Bad id', code: 'INVALID_REQUEST' },
		],
		['Extend: legacy', { success: false, error: 'Unable to find run' }, { message: 'Unable to find run' }],
		['Extend: rate limit', { error: 'Too many requests' }, { message: 'Too many requests' }],
		['a code alone', { code: 'USAGE_BLOCKED' }, { code: 'USAGE_BLOCKED' }],
		['a text', 'upstream connect error', { message: 'upstream connect error' }],
		['a code that is a number', { code: 42, message: 'Odd' }, { message: 'Odd' }],
		['a code that is null', { code: null, message: 'Odd', details: null }, { message: 'Odd' }],
		['a wrapped code that is a number', { error: { code: 42, message: 'Odd' } }, { message: 'Odd' }],
		['a domain error whose code is null', { detail: { code: null, message: 'Odd' } }, { message: 'Odd' }],
	])('%s', (_, body, said) => {
		expect(describeErrorBody(body)).toEqual(said);
	});

	test.each([
		['nothing', undefined],
		['null', null],
		['an empty text', ''],
		['blanks', ' \n\t '],
		['a web page', '<!DOCTYPE html><html><body>502 Bad Gateway</body></html>'],
		['another web page', '\n<html><head><title>Not Found</title></head></html>'],
		['an object without words', { status: 'error' }],
		['an empty validation list', { detail: [] }],
		['a number', 500],
		['a list', ['a', 'b']],
	])('%s says nothing', (_, body) => {
		expect(describeErrorBody(body)).toEqual({});
	});

	test('long texts are cut, and lines are joined', () => {
		expect(describeErrorBody({ detail: `a\n\n  b\t${'c'.repeat(1_000)}` }).message).toBe(
			`a b ${'c'.repeat(296)}`,
		);
	});
});
