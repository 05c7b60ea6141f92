import { EXTEND } from './extendFacts';
import { RETAB } from './retabFacts';
import { containing, EXTEND_HEADERS, RETAB_HEADERS, TEXT, useKit, type Answer } from './support';

const kit = useKit();
const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
	kit.send('GET', path, { headers });

describe('Retab', () => {
	test.each([
		['bearer', { authorization: 'Bearer rt_test_sandbox' }],
		['Api-Key', { 'Api-Key': 'rt_test_sandbox' }],
		['both', { 'Api-Key': 'rt_test_sandbox', authorization: 'Bearer rt_test_sandbox' }],
	])('takes the key as %s', async (_name, headers) => {
		expect((await get('/v1/extractions', headers)).status).toBe(200);
	});

	test.each([
		['no key', {}],
		['another key', { authorization: 'Bearer rt_test_other' }],
		['the Extend key', { authorization: 'Bearer sk_sandbox' }],
		['a key without Bearer', { authorization: 'rt_test_sandbox' }],
		['a wrong Api-Key', { 'api-key': 'x' }],
		['two keys that differ', { 'api-key': 'rt_test_other', authorization: 'Bearer rt_test_sandbox' }],
		[
			'the other two keys that differ',
			{ 'api-key': 'rt_test_sandbox', authorization: 'Bearer rt_test_other' },
		],
	])('refuses %s with 401', async (_name, headers) => {
		for (const { path } of RETAB) {
			const answer = await get(`${path}/x`, headers);
			expect(answer).toMatchObject({ status: 401, json: { detail: containing('API key') } });
			expect(answer.headers['x-request-id']).toMatch(/^req_/);
		}
	});

	test('has no version or workspace header', async () => {
		const answer = await get('/v1/jobs', { ...RETAB_HEADERS, 'x-extend-workspace-id': 'ws_other' });
		expect(answer.status).toBe(200);
		expect(answer.headers['x-request-id']).toMatch(/^req_/);
	});
});

describe('Extend', () => {
	test.each(['2026-02-09', '2025-04-21', '2024-12-23'])('takes the API version %s', async (version) => {
		expect((await get('/extractors', { ...EXTEND_HEADERS, 'x-extend-api-version': version })).status).toBe(
			200,
		);
	});

	test.each([
		['no key', {}],
		['another key', { authorization: 'Bearer sk_other' }],
		['the Retab key', { authorization: 'Bearer rt_test_sandbox' }],
		['an Api-Key header', { 'api-key': 'sk_sandbox' }],
	])('refuses %s with 401', async (_name, headers) => {
		for (const { path } of EXTEND) {
			const answer = await get(`${path}/x`, { 'x-extend-api-version': '2026-02-09', ...headers });
			expect(answer).toMatchObject({
				status: 401,
				json: { code: 'UNAUTHORIZED', message: TEXT, retryable: false },
			});
			expect(answer.headers['x-extend-request-id']).toBe(answer.json.requestId);
		}
	});

	test.each([
		['no API version', {}],
		['an unknown API version', { 'x-extend-api-version': '2020-01-01' }],
	])('refuses %s with 400', async (_name, headers) => {
		const answer = await get('/extractors', { authorization: 'Bearer sk_sandbox', ...headers });
		expect(answer).toMatchObject({ status: 400, json: { code: 'INVALID_REQUEST', retryable: false } });
	});

	test('knows one workspace', async () => {
		const as = (workspace: string): Promise<Answer> =>
			get('/extractors', { ...EXTEND_HEADERS, 'x-extend-workspace-id': workspace });
		expect((await as('ws_sandbox')).status).toBe(200);
		expect(await as('ws_other')).toMatchObject({ status: 403, json: { retryable: false } });
	});

	test('names the request in good answers too', async () => {
		expect((await get('/extractors', EXTEND_HEADERS)).headers['x-extend-request-id']).toMatch(/^req_/);
	});
});
