import { FILE, openKit, TEXT, useKit } from './support';

const kit = useKit();

test('the sandbox tells about itself', async () => {
	kit.sandbox.createRuns(3, { provider: 'retab', resource: 'job' });
	const { status, json } = await kit.control('GET', '');
	expect(status).toBe(200);
	expect(json).toMatchObject({
		keys: { retab: 'rt_test_sandbox', extend: 'sk_sandbox' },
		urls: { retab: kit.sandbox.url, extend: kit.sandbox.url },
		runs: 3,
		faults: 0,
	});
	expect((await kit.control('GET', '/nothing')).status).toBe(404);
});

test('a reset forgets everything and puts the switches back', async () => {
	kit.sandbox.createRun({ provider: 'retab', resource: 'job', id: 'job_1' });
	kit.sandbox.plantFault({ path: '/**', status: 500 });
	kit.sandbox.switches.listLagMs = 5_000;
	expect((await kit.control('POST', '/reset')).status).toBe(204);
	expect(kit.sandbox.getRun('job_1')).toBeUndefined();
	expect(kit.sandbox.switches.listLagMs).toBe(0);
	expect((await kit.retab('GET', '/v1/jobs/job_1')).status).toBe(404);
	expect((await kit.extend('POST', '/parse_runs', { file: { id: 'file_sandbox' } })).status).toBe(200);
});

test('switches are given at the start and changed over HTTP', async () => {
	const other = await openKit({ switches: { jobsList: 'legacy' } });
	try {
		expect((await other.control('GET', '/switches')).json).toMatchObject({ jobsList: 'legacy' });
		const changed = await other.control('PATCH', '/switches', {
			extendCancelRefusal: 422,
			jobsList: 'current',
		});
		expect(changed.json).toMatchObject({ extendCancelRefusal: 422, jobsList: 'current' });
		expect(other.sandbox.switches.extendCancelRefusal).toBe(422);
		expect((await other.control('PATCH', '/switches', { colour: 'red' })).status).toBe(400);
		expect((await other.control('PATCH', '/switches', { extendCancelRefusal: 418 })).status).toBe(400);
		other.sandbox.reset();
		expect(other.sandbox.switches).toMatchObject({ extendCancelRefusal: 400, jobsList: 'legacy' });
	} finally {
		await other.close();
	}
});

describe('runs', () => {
	test('are seeded, listed, read, changed and deleted over HTTP', async () => {
		const one = await kit.control('POST', '/runs', {
			provider: 'retab',
			resource: 'job',
			id: 'job_1',
			createdAt: '2026-07-10T11:00:00Z',
			steering: { result: 'stuck' },
		});
		expect(one).toMatchObject({ status: 201, json: { ids: ['job_1'] } });
		const more = await kit.control('POST', '/runs', [
			{ provider: 'extend', resource: 'parseRun', count: 5 },
			{ provider: 'extend', resource: 'workflowRun', metadata: { sandbox_result: 'needs_review' } },
		]);
		expect(more.json.ids).toHaveLength(6);

		expect((await kit.control('GET', '/runs')).json.total).toBe(7);
		expect((await kit.control('GET', '/runs?provider=extend&resource=parseRun&limit=2')).json).toMatchObject({
			total: 5,
			data: [{ resource: 'parseRun' }, { resource: 'parseRun' }],
		});
		expect((await kit.control('GET', '/runs?status=in_progress')).json.data).toMatchObject([{ id: 'job_1' }]);
		expect((await kit.control('GET', '/runs/job_1')).json).toMatchObject({
			status: 'in_progress',
			createdAt: Date.parse('2026-07-10T11:00:00Z'),
		});

		expect((await kit.control('PATCH', '/runs/job_1', { phase: 'completed' })).json).toMatchObject({
			status: 'completed',
			endedAt: kit.sandbox.now(),
		});
		expect((await kit.retab('GET', '/v1/jobs/job_1')).json.status).toBe('completed');
		expect((await kit.control('DELETE', '/runs/job_1')).status).toBe(204);
		expect((await kit.control('GET', '/runs/job_1')).status).toBe(404);
	});

	test.each<[string, unknown]>([
		['an unknown resource', { provider: 'retab', resource: 'extractRun' }],
		['an unknown provider', { provider: 'other', resource: 'job' }],
		['unknown steering', { provider: 'retab', resource: 'job', steering: { durationMS: 5 } }],
		['a result that cannot be', { provider: 'retab', resource: 'job', steering: { result: 'rejected' } }],
		['a bad time', { provider: 'retab', resource: 'job', createdAt: 'yesterday' }],
		['a bad count', { provider: 'retab', resource: 'job', count: 0 }],
		['text', 'job'],
	])('are not seeded with %s', async (_name, seed) => {
		expect(await kit.control('POST', '/runs', seed)).toMatchObject({
			status: 400,
			json: { error: TEXT },
		});
		expect((await kit.control('GET', '/runs')).json.total).toBe(0);
	});

	test('with a taken id are refused', () => {
		kit.sandbox.createRun({ provider: 'retab', resource: 'job', id: 'x' });
		expect(() => kit.sandbox.createRun({ provider: 'retab', resource: 'parse', id: 'x' })).toThrow('x');
	});

	test('get distinct ids', () => {
		const ids = kit.sandbox.createRuns(2_000, (at) => ({
			provider: at % 2 ? 'retab' : 'extend',
			resource: 'workflowRun',
		}));
		expect(new Set(ids).size).toBe(2_000);
	});

	test('are changed by hand', async () => {
		const { id } = kit.sandbox.createRun({
			provider: 'extend',
			resource: 'workflowRun',
			steering: { result: 'needs_review', durationMs: 0 },
		});
		expect(kit.sandbox.getRun(id)?.phase).toBe('needsReview');
		expect(kit.sandbox.setRun(id, { phase: 'rejected' }).status).toBe('REJECTED');
		expect(kit.sandbox.setRun(id, { phase: 'running', steering: { cancelMs: 0 } }).status).toBe('PROCESSING');
		expect((await kit.extend('POST', `/workflow_runs/${id}/cancel`)).json.status).toBe('CANCELLED');
		expect(() => kit.sandbox.setRun('nope', { phase: 'completed' })).toThrow('nope');
	});

	test('are steered anew, with durations from their creation', () => {
		const { id } = kit.sandbox.createRun({
			provider: 'retab',
			resource: 'job',
			steering: { result: 'stuck' },
		});
		kit.advance(60_000);
		expect(kit.sandbox.setRun(id, { steering: { result: 'failed', durationMs: 70_000 } }).status).toBe(
			'in_progress',
		);
		kit.advance(10_000);
		expect(kit.sandbox.getRun(id)?.status).toBe('failed');
		expect(() => kit.sandbox.setRun(id, { steering: { result: 'rejected' } })).toThrow('rejected');
	});

	test('are only put into phases they know', async () => {
		const { id } = kit.sandbox.createRun({ provider: 'extend', resource: 'editRun' });
		expect(() => kit.sandbox.setRun(id, { phase: 'cancelled' })).toThrow('never');
		expect((await kit.control('PATCH', `/runs/${id}`, { phase: 'needsReview' })).status).toBe(400);
		expect((await kit.control('PATCH', `/runs/${id}`, { phase: 'asleep' })).status).toBe(400);
		expect((await kit.control('PATCH', '/runs/nope', { phase: 'completed' })).status).toBe(404);
		expect(kit.sandbox.getRun(id)?.status).toBe('PROCESSING');
	});

	test('started in the past are as old as they should be', async () => {
		const hour = 3_600_000;
		const createdAt = new Date(kit.sandbox.now() - hour);
		const { id } = kit.sandbox.createRun({
			provider: 'extend',
			resource: 'extractRun',
			createdAt,
			steering: { result: 'stuck' },
		});
		expect((await kit.extend('GET', `/extract_runs/${id}`)).json).toMatchObject({
			createdAt: createdAt.toISOString(),
			status: 'PROCESSING',
		});
		const { id: done } = kit.sandbox.createRun({ provider: 'extend', resource: 'extractRun', createdAt });
		expect(kit.sandbox.getRun(done)).toMatchObject({
			status: 'PROCESSED',
			endedAt: createdAt.getTime() + 2_000,
		});
	});

	test('made over HTTP are seen in process', async () => {
		const { json } = await kit.extend('POST', '/extract_runs', { file: FILE, metadata: { tenant: 'acme' } });
		expect(kit.sandbox.getRun(json.id)).toMatchObject({
			provider: 'extend',
			resource: 'extractRun',
			metadata: { tenant: 'acme' },
			request: { file: FILE },
			cancelRequests: 0,
			cancelAcceptedAt: null,
		});
	});
});

test('so many requests per second and key are taken, and more are refused with a Retry-After', async () => {
	kit.sandbox.switches.requestsPerSecond = 3;
	const answers = [];
	for (let count = 0; count < 5; count++) answers.push(await kit.retab('GET', '/v1/jobs'));
	expect(answers.slice(0, 3).map(({ status }) => status)).toEqual([200, 200, 200]);
	expect(answers.at(-1)).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
	expect((await kit.extend('GET', '/extract_runs')).status).toBe(200);
	let { status } = await kit.retab('GET', '/v1/jobs');
	while (status === 429) ({ status } = await kit.retab('GET', '/v1/jobs'));
	expect(status).toBe(200);
});
