import { ApiError, type ApiErrorKind } from '../../../../nodes/shared/core/requests/apiError';
import { exchange, retryAfterOf } from '../../../../nodes/shared/providers/client/http';
import type { ApiResponse } from '../../../../nodes/shared/providers/client/wire';
import { extend } from '../../../../nodes/shared/providers/extend/resources';
import { resourceOf } from '../../../../nodes/shared/providers';
import { retab } from '../../../../nodes/shared/providers/retab/resources';

const EXTRACTION = { provider: retab, spec: resourceOf(retab, 'extraction') };
const JOB = { provider: retab, spec: resourceOf(retab, 'job') };
const EXTRACT_RUN = { provider: extend, spec: resourceOf(extend, 'extractRun') };

const NOW = Date.UTC(2026, 0, 1);

function answered(
	response: Partial<ApiResponse>,
	subject = EXTRACTION,
	method: 'GET' | 'POST' | 'DELETE' = 'GET',
): Promise<unknown> {
	const send = async () => ({ status: 200, headers: {}, body: {}, ...response });
	const request = { method, path: '/v1/extractions/extr_1' };
	return exchange(subject, send, request, new AbortController().signal, () => NOW);
}

async function faultOf(...given: Parameters<typeof answered>): Promise<ApiError> {
	const outcome = await answered(...given).then(
		(body) => body,
		(error: unknown) => error,
	);
	if (outcome instanceof ApiError) return outcome;
	throw new Error(`Not a fault: ${JSON.stringify(outcome)}`);
}

test('a good answer is its body', async () => {
	await expect(answered({ body: { id: 'extr_1' } })).resolves.toEqual({ id: 'extr_1' });
	await expect(answered({ status: 201, body: [1] })).resolves.toEqual([1]);
	await expect(answered({ status: 202, body: null })).resolves.toBeNull();
});

test('no body is an answer to a POST or a DELETE (204), and a broken one to a GET', async () => {
	await expect(answered({ status: 204, body: '' }, EXTRACTION, 'DELETE')).resolves.toBeUndefined();
	await expect(answered({ status: 200, body: ' \n' }, EXTRACTION, 'POST')).resolves.toBeUndefined();
	expect((await faultOf({ body: '' })).kind).toBe('malformed');
});

describe('a status that is not good', () => {
	test.each<[number, ApiErrorKind, string]>([
		[301, 'redirect', 'Retab answered with a redirect, which is not followed (301)'],
		[400, 'request', 'Retab refused the request (400)'],
		[401, 'auth', 'Retab refused the API key (401)'],
		[402, 'request', 'Retab refused the request (402)'],
		[403, 'auth', 'Retab refused the API key (403)'],
		[404, 'notFound', 'Retab did not find the run or resource (404)'],
		[408, 'server', 'Retab took too long (408)'],
		[409, 'server', 'Retab reported a conflict (409)'],
		[410, 'request', 'Retab no longer has the run or resource (410)'],
		[422, 'request', 'Retab refused the request (422)'],
		[429, 'rateLimited', 'Retab is rate limiting this account (429)'],
		[500, 'server', 'Retab had a server error (500)'],
		[503, 'server', 'Retab had a server error (503)'],
	])('%i is %s: %s', async (status, kind, message) => {
		const fault = await faultOf({ status, body: '' });
		expect(fault.kind).toBe(kind);
		expect(fault.status).toBe(status);
		expect(fault.message).toBe(message);
	});

	test('what the API said about it is in the message', async () => {
		const fault = await faultOf({ status: 400, body: { detail: "Cannot cancel job in 'completed' status" } });
		expect(fault.message).toBe("Retab refused the request (400): Cannot cancel job in 'completed' status");
	});

	test('code and request id are kept', async () => {
		const body = { code: 'INVALID_REQUEST', message: 'Bad' };
		const headers = { 'x-extend-request-id': 'req_9' };
		const fault = await faultOf({ status: 422, body, headers }, EXTRACT_RUN);
		expect(fault.code).toBe('INVALID_REQUEST');
		expect(fault.requestId).toBe('req_9');
	});
});

describe('"retryable" in the body', () => {
	test.each<[number, boolean | undefined, boolean]>([
		[400, undefined, false],
		[400, true, true],
		[422, true, true],
		[423, true, true],
		[400, false, false],
		[408, false, false],
		[409, false, false],
		[429, false, true],
		[500, undefined, true],
		[500, true, true],
		[500, false, false],
		[503, false, false],
		// Nothing but a change by the user helps here.
		[401, true, false],
		[402, true, false],
		[403, true, false],
		[404, true, false],
		[410, true, false],
	])('%i with %s: tried again %s', async (status, retryable, again) => {
		const body = { code: 'SOME_CODE', message: 'text', retryable, requestId: 'req_1' };
		expect((await faultOf({ status, body }, EXTRACT_RUN)).retryable).toBe(again);
		expect((await faultOf({ status, body: { error: body } }, EXTRACT_RUN)).retryable).toBe(again);
	});

	test('that is no flag says nothing', async () => {
		const body = { code: 'SOME_CODE', message: 'text', retryable: 'yes' };
		expect(await faultOf({ status: 500, body }, EXTRACT_RUN)).toMatchObject({
			retryable: true,
			code: 'SOME_CODE',
		});
	});
});

describe('what to do about it', () => {
	test.each([
		[301, 'it must be the final address of the API'],
		[401, 'Check the API key in the Retab credential'],
		[402, 'Check the credits and the billing of the Retab account'],
		[403, 'Check the API key in the Retab credential'],
		[404, 'a run made with a test key is invisible to a production key'],
		[409, 'The run was changing at that moment'],
		[429, 'Send fewer requests'],
		[500, 'Try again later'],
	])('%i: %s', async (status, advice) => {
		expect((await faultOf({ status })).hint).toContain(advice);
	});

	test.each([404, 410])('%i about a job: the route itself may be gone', async (status) => {
		expect((await faultOf({ status }, JOB)).hint).toContain('may have switched them off');
	});

	test('Extend: a key only sees its own region, workspace and environment', async () => {
		expect((await faultOf({ status: 404 }, EXTRACT_RUN)).hint).toContain('a test key sees only test runs');
		expect((await faultOf({ status: 404 }, EXTRACT_RUN)).hint).toContain('region and workspace');
		expect((await faultOf({ status: 401 }, EXTRACT_RUN)).hint).toContain('Region');
	});

	test('a web page in place of an answer: the address is wrong', async () => {
		const body = '<!doctype html><html><body>Not found</body></html>';
		const fault = await faultOf({ status: 404, body });
		expect(fault.message).toBe('Retab did not find the run or resource (404)');
		expect(fault.hint).toContain('The answer is a web page: check that the Base URL');
	});

	test('a web page of a server that is down says nothing about the address', async () => {
		const body = '<html><body>502 Bad Gateway</body></html>';
		expect((await faultOf({ status: 502, body })).hint).toContain('Try again later');
	});
});

describe('a good status with a body that is not JSON', () => {
	test.each([
		['an empty answer', '', 'Retab answered GET with an empty answer'],
		['a web page', '<html><body>Login</body></html>', 'Retab answered GET with a web page'],
		[
			'truncated JSON',
			'{"id": "extr_1", "sta',
			'Retab answered GET with something that is not JSON: "{"id": "extr_1", "sta"',
		],
		['words', 'OK', 'Retab answered GET with something that is not JSON: "OK"'],
	])('%s', async (_, body, message) => {
		const fault = await faultOf({ body });
		expect(fault.kind).toBe('malformed');
		expect(fault.retryable).toBe(true);
		expect(fault.message).toBe(message);
		expect(fault.hint).toContain('Base URL');
	});

	test('a long one is cut', async () => {
		expect((await faultOf({ body: 'x'.repeat(10_000) })).message.length).toBeLessThan(400);
	});

	test('a web page as the answer to a cancel is no answer either', async () => {
		expect((await faultOf({ body: '<html></html>' }, EXTRACTION, 'POST')).kind).toBe('malformed');
	});
});

describe('Retry-After', () => {
	test.each([
		['seconds', { 'retry-after': '7' }, 7_000],
		['a fraction of seconds', { 'retry-after': '0.5' }, 500],
		['no time at all', { 'retry-after': '0' }, 0],
		['spaces around it', { 'retry-after': ' 7 ' }, 7_000],
		['a date', { 'retry-after': new Date(NOW + 9_000).toUTCString() }, 9_000],
		[
			'a date, by the clock of a server that is an hour ahead',
			{
				'retry-after': new Date(NOW + 3_609_000).toUTCString(),
				date: new Date(NOW + 3_600_000).toUTCString(),
			},
			9_000,
		],
		['a date that has passed', { 'retry-after': new Date(NOW - 9_000).toUTCString() }, 0],
		['an ISO date', { 'retry-after': new Date(NOW + 9_000).toISOString() }, 9_000],
		['words', { 'retry-after': 'soon' }, undefined],
		['nothing', { 'retry-after': '' }, undefined],
		['no header', {}, undefined],
	])('%s', (_, headers, wait) => {
		expect(retryAfterOf(headers, NOW)).toBe(wait);
	});

	test.each([429, 503, 409])('is kept with a %i', async (status) => {
		expect((await faultOf({ status, headers: { 'retry-after': '3' } })).retryAfter).toBe(3_000);
	});
});

test('what `send` throws comes through untouched', async () => {
	const reset = new ApiError('network', 'reset');
	const send = async () => Promise.reject(reset);
	const signal = new AbortController().signal;
	await expect(exchange(EXTRACTION, send, { method: 'GET', path: '/x' }, signal, () => NOW)).rejects.toBe(
		reset,
	);
});
