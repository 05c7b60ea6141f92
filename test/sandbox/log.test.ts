import { EXTEND_HEADERS, FILE, giveUp, pause, PDF, RETAB_HEADERS, rows, START, useKit } from './support';

const kit = useKit();

test('each request is logged with time, path, body size, status and operation', async () => {
	const before = performance.timeOrigin + performance.now();
	const body = { document: PDF, background: true };
	await kit.retab('POST', '/v1/parses', body);
	await kit.extend('GET', '/extract_runs?status=FAILED&maxPageSize=3');
	await kit.retab('GET', '/v1/nothing');
	const after = performance.timeOrigin + performance.now();
	expect(kit.sandbox.requests).toMatchObject([
		{
			seq: 1,
			sandboxTime: START,
			method: 'POST',
			path: '/v1/parses',
			query: '',
			body: JSON.stringify(body),
			bodySize: JSON.stringify(body).length,
			status: 201,
			operation: 'parse.create',
			fault: null,
			aborted: false,
		},
		{
			seq: 2,
			method: 'GET',
			path: '/extract_runs',
			query: 'status=FAILED&maxPageSize=3',
			body: null,
			bodySize: 0,
			status: 200,
			operation: 'extractRun.list',
		},
		{ seq: 3, status: 404, operation: null },
	]);
	for (const { time, durationMs } of kit.sandbox.requests) {
		expect(time).toBeGreaterThanOrEqual(before - 1);
		expect(time).toBeLessThanOrEqual(after + 1);
		expect(durationMs).toBeGreaterThan(0);
	}
	expect(kit.sandbox.requests.some(({ time }) => !Number.isInteger(time))).toBe(true);
});

test('only the keys of the sandbox are shown', async () => {
	const shown = async (headers: Record<string, string>): Promise<Record<string, string> | undefined> => {
		await kit.send('GET', '/v1/jobs', { headers });
		return kit.sandbox.requests.at(-1)?.headers;
	};
	expect(await shown({ ...RETAB_HEADERS, 'Api-Key': 'rt_test_sandbox' })).toMatchObject({
		authorization: 'Bearer rt_test_sandbox',
		'api-key': 'rt_test_sandbox',
	});
	expect(await shown(EXTEND_HEADERS)).toMatchObject({ authorization: 'Bearer sk_sandbox' });
	const real = {
		authorization: 'Bearer rt_live_secret',
		'api-key': 'rt_live_secret',
		cookie: 'session=secret',
	};
	expect(await shown(real)).toMatchObject({
		authorization: '<other>',
		'api-key': '<other>',
		cookie: '<other>',
	});
	expect((await kit.control('GET', '/requests')).text).not.toContain('secret');
});

test('long bodies are counted, not kept', async () => {
	const url = `data:application/pdf;base64,${'A'.repeat(40_000)}`;
	await kit.retab('POST', '/v1/parses', { document: { filename: 'a.pdf', url } });
	expect(kit.sandbox.requests[0]).toMatchObject({ body: null, status: 201 });
	expect(kit.sandbox.requests[0]?.bodySize).toBeGreaterThan(40_000);
});

test('the fault and the leaving of the client are noted', async () => {
	kit.sandbox.plantFault({ path: '/**', status: 500, id: 'boom' });
	await kit.retab('GET', '/v1/jobs');
	kit.sandbox.plantFault({ path: '/**', delayMs: 60_000, id: 'slow' });
	await giveUp(kit, 'GET', '/v1/jobs');
	expect(kit.sandbox.requests).toMatchObject([
		{ fault: 'boom', status: 500, aborted: false },
		{ fault: 'slow', status: null, aborted: true },
	]);
});

test('the log is read over HTTP, with filters', async () => {
	await kit.retab('GET', '/v1/jobs');
	await pause(5);
	const between = performance.timeOrigin + performance.now();
	await pause(5);
	await kit.extend('POST', '/parse_runs', { file: FILE });
	await kit.extend('GET', '/parse_runs');
	const seqs = async (query: string): Promise<unknown[]> =>
		rows(await kit.control('GET', `/requests${query}`)).map(({ seq }) => seq);
	expect(await seqs('')).toEqual([1, 2, 3]);
	expect(await seqs('?limit=2')).toEqual([2, 3]);
	expect(await seqs('?limit=0')).toEqual([]);
	expect(await seqs(`?since=${between}`)).toEqual([2, 3]);
	expect(await seqs('?after=2')).toEqual([3]);
	expect(await seqs('?method=post')).toEqual([2]);
	expect(await seqs('?path=/v1/**')).toEqual([1]);
	expect((await kit.control('GET', '/requests?limit=1')).json.total).toBe(3);
	expect((await kit.control('GET', '/requests?since=yesterday')).status).toBe(400);
});

test('the log is live and emptied by a reset', async () => {
	const live = kit.sandbox.requests;
	await kit.retab('GET', '/v1/jobs');
	expect(live).toHaveLength(1);
	await kit.control('DELETE', '/requests');
	expect(live).toHaveLength(0);
	await kit.retab('GET', '/v1/jobs');
	expect(live).toMatchObject([{ seq: 1 }]);
	kit.sandbox.reset();
	expect(live).toHaveLength(0);
});
