import { RETAB, RETAB_PRIMITIVES } from './retabFacts';
import { matching, OBJECT, onlyRow, START, TEXT, useKit, type Body, type Json } from './support';

const kit = useKit();
const iso = (ms: number): string => new Date(START + ms).toISOString();

/** The clock moves from test to test; times in answers count from this moment. */
function moment(): number {
	return kit.sandbox.now() - START;
}

describe.each(RETAB)('$resource', ({ path, prefix, body, created, statusOf, fields, ...facts }) => {
	async function create(metadata: Json = {}): Promise<Body> {
		const answer = await kit.retab('POST', path, {
			...body,
			background: facts.waiting === 'queued' && created !== 202 ? true : undefined,
			metadata,
		});
		expect(answer.status).toBe(created);
		return answer.json;
	}
	const read = async (id: string, query = ''): Promise<Body> =>
		(await kit.retab('GET', `${path}/${id}${query}`)).json;

	test('is created in the queue, runs, and completes', async () => {
		const run = await create({ sandbox_duration_ms: 1000, sandbox_pending_ms: 300 });
		expect(run.id.startsWith(prefix)).toBe(true);
		expect(Object.keys(run)).toEqual(expect.arrayContaining(fields));
		expect(statusOf(run)).toBe(facts.waiting);

		kit.advance(299);
		expect(statusOf(await read(run.id))).toBe(facts.waiting);
		kit.advance(1);
		expect(statusOf(await read(run.id))).toBe(facts.running);
		kit.advance(699);
		expect(statusOf(await read(run.id))).toBe(facts.running);
		kit.advance(1);
		const done = await read(run.id);
		expect(statusOf(done)).toBe('completed');
		expect(Object.keys(done)).toEqual(expect.arrayContaining(fields));
	});

	test('answers its create call as unfinished even if it takes no time', async () => {
		const run = await create({ sandbox_duration_ms: 0 });
		expect(statusOf(run)).toBe(facts.waiting);
		expect(statusOf(await read(run.id))).toBe('completed');
	});

	test('fails with an error object', async () => {
		const run = await create({ sandbox_result: 'failed', sandbox_duration_ms: '10' });
		kit.advance(10);
		const failed = await read(run.id);
		expect(statusOf(failed)).toBe(facts.failed);
		expect(failed.lifecycle ?? failed.error).toMatchObject({ message: TEXT });
	});

	test('can be stuck, and be cancelled by somebody else', async () => {
		const stuck = await create({ sandbox_result: 'stuck' });
		const other = await create({ sandbox_result: 'cancelled', sandbox_duration_ms: 500 });
		kit.advance(30 * 86_400_000);
		expect(statusOf(await read(stuck.id))).toBe(facts.running);
		expect(statusOf(await read(other.id))).toBe('cancelled');
	});

	test('is not found when missing, deleted, too new, or of another resource', async () => {
		expect(await kit.retab('GET', `${path}/nope`)).toMatchObject({
			status: 404,
			json: { detail: facts.notFound('nope') },
		});
		const late = await create({ sandbox_visible_after_ms: 400 });
		expect((await kit.retab('GET', `${path}/${late.id}`)).status).toBe(404);
		kit.advance(400);
		expect((await kit.retab('GET', `${path}/${late.id}`)).status).toBe(200);
		const elsewhere = RETAB.find((one) => one.path !== path);
		expect((await kit.retab('GET', `${elsewhere?.path}/${late.id}`)).status).toBe(404);
	});
});

test.each(RETAB.filter((one) => one.delete))('$resource runs are deleted with 204', async (facts) => {
	const { id } = kit.sandbox.createRun({ provider: 'retab', resource: facts.resource });
	expect(await kit.retab('DELETE', `${facts.path}/${id}`)).toMatchObject({ status: 204, text: '' });
	for (const method of ['GET', 'DELETE'] as const) {
		expect(await kit.retab(method, `${facts.path}/${id}`)).toMatchObject({
			status: 404,
			json: { detail: facts.notFound(id) },
		});
	}
});

test.each(RETAB.filter((one) => !one.delete))(
	'$resource runs cannot be deleted',
	async ({ resource, path }) => {
		const { id } = kit.sandbox.createRun({ provider: 'retab', resource });
		expect(await kit.retab('DELETE', `${path}/${id}`)).toMatchObject({
			status: 404,
			json: { detail: 'Not Found' },
		});
		expect((await kit.retab('GET', `${path}/${id}`)).status).toBe(200);
	},
);

test.each(RETAB.filter((one) => one.list))('$resource runs are listed', async ({ resource, path }) => {
	const { id } = kit.sandbox.createRun({ provider: 'retab', resource });
	const answer = await kit.retab('GET', path);
	expect(answer.json).toMatchObject({ data: [{ id }], list_metadata: { before: null, after: null } });
});

test.each(RETAB.filter((one) => !one.list))('$resource runs cannot be listed', async ({ path }) => {
	expect(await kit.retab('GET', path)).toMatchObject({ status: 404, json: { detail: TEXT } });
});

test.each(RETAB.filter((one) => one.resource !== 'job'))('$resource runs have no retry', async (facts) => {
	const { id } = kit.sandbox.createRun({
		provider: 'retab',
		resource: facts.resource,
		steering: { result: 'failed', durationMs: 0 },
	});
	expect((await kit.retab('POST', `${facts.path}/${id}/retry`)).status).toBe(404);
});

test.each(RETAB.filter((one) => one.emptyOutput !== undefined))(
	'$resource runs have a light projection without output',
	async ({ resource, path, emptyOutput }) => {
		const { id } = kit.sandbox.createRun({ provider: 'retab', resource, steering: { durationMs: 10 } });
		expect((await kit.retab('GET', `${path}/${id}`)).json.output).toEqual(emptyOutput);
		kit.advance(10);
		const full = (await kit.retab('GET', `${path}/${id}?include_output=true`)).json;
		const light = (await kit.retab('GET', `${path}/${id}?include_output=false`)).json;
		expect(full.output).not.toEqual(emptyOutput);
		expect(light).toMatchObject({ id, status: 'completed', output: emptyOutput });
		expect((await kit.retab('GET', `${path}/${id}?include_output=maybe`)).status).toBe(422);
	},
);

describe.each(RETAB_PRIMITIVES)('synchronous $resource', ({ path, body, created }) => {
	test('is finished in the answer to the create call', async () => {
		const answer = await kit.retab('POST', path, { ...body, metadata: { sandbox_duration_ms: 60_000 } });
		expect(answer).toMatchObject({ status: created, json: { status: 'completed', error: null } });
	});

	test('can fail, but not hang', async () => {
		const failed = await kit.retab('POST', path, { ...body, metadata: { sandbox_result: 'failed' } });
		expect(failed.json.status).toBe('failed');
		const stuck = await kit.retab('POST', path, { ...body, metadata: { sandbox_result: 'stuck' } });
		expect(stuck).toMatchObject({
			status: 422,
			json: { detail: [{ loc: ['body', 'metadata', 'sandbox_result'] }] },
		});
	});
});

test.each(['extraction', 'parse', 'classification', 'split', 'partition', 'edit'] as const)(
	'a full %s weighs more than a light one',
	async (resource) => {
		const path = RETAB.find((one) => one.resource === resource)?.path;
		const { id } = kit.sandbox.createRun({ provider: 'retab', resource, steering: { durationMs: 0 } });
		const full = await kit.retab('GET', `${path}/${id}`);
		const light = await kit.retab('GET', `${path}/${id}?include_output=false`);
		expect(full.text.length - light.text.length).toBeGreaterThan(1_500);
	},
);

describe('workflow runs', () => {
	const create = async (metadata: Json): Promise<Body> =>
		(await kit.retab('POST', '/v1/workflows/runs', { workflow_id: 'wf_1', metadata })).json;
	const lifecycle = async (id: string): Promise<unknown> =>
		(await kit.retab('GET', `/v1/workflows/runs/${id}`)).json.lifecycle;

	test('pause for review', async () => {
		const { id } = await create({ sandbox_result: 'needs_review', sandbox_duration_ms: 10 });
		kit.advance(10);
		expect(await lifecycle(id)).toEqual({
			status: 'awaiting_review',
			waiting_for_block_ids: [TEXT],
		});
	});

	test.each(['error', 'failed'])('fail with the status %s', async (status) => {
		const { id } = await create({ sandbox_result: status, sandbox_duration_ms: 10 });
		kit.advance(10);
		expect(await lifecycle(id)).toMatchObject({
			status,
			message: TEXT,
			stage: 'execution',
			category: 'permanent',
			details: { message: TEXT, block_id: TEXT },
			failing_step_id: TEXT,
		});
	});

	test('tell when they were created, started and completed', async () => {
		const from = moment();
		const { id, timing } = await create({ sandbox_pending_ms: 100, sandbox_duration_ms: 900 });
		expect(timing).toEqual({ created_at: iso(from), started_at: null, completed_at: null });
		kit.advance(900);
		expect((await kit.retab('GET', `/v1/workflows/runs/${id}`)).json.timing).toEqual({
			created_at: iso(from),
			started_at: iso(from + 100),
			completed_at: iso(from + 900),
		});
	});

	test('show their ids flat or nested', async () => {
		const { id, ...flat } = await create({});
		expect(flat).toMatchObject({ workflow_id: 'wf_1', workflow_version_id: matching(/^ver_/) });
		kit.sandbox.switches.workflowIds = 'nested';
		const older = (await kit.retab('GET', `/v1/workflows/runs/${id}`)).json;
		expect(older.workflow).toEqual({ workflow_id: 'wf_1', version_id: flat.workflow_version_id });
		expect(older.workflow_id).toBeUndefined();
	});
});

describe('jobs', () => {
	const create = async (metadata: Json): Promise<Body> =>
		(
			await kit.retab('POST', '/v1/jobs', {
				endpoint: '/v1/parses',
				request: { document: { filename: 'a.pdf' } },
				metadata,
			})
		).json;
	const read = async (id: string, query = ''): Promise<Body> =>
		(await kit.retab('GET', `/v1/jobs/${id}${query}`)).json;

	test('embed request and response only when asked', async () => {
		const job = await create({ sandbox_duration_ms: 10 });
		expect(await read(job.id, '?include_request=true&include_response=true')).toMatchObject({
			request: { document: { filename: 'a.pdf' } },
			response: null,
		});
		kit.advance(10);
		expect(await read(job.id)).toMatchObject({ status: 'completed', request: null, response: null });
		expect((await read(job.id, '?include_response=true')).response).toMatchObject({
			status_code: 200,
			body: OBJECT,
		});
		const listed = await kit.retab('GET', '/v1/jobs?include_response=true');
		expect(onlyRow(listed)).toMatchObject({ request: null, response: { status_code: 200 } });
	});

	test('forget their data after seven days', async () => {
		const job = await create({ sandbox_result: 'failed', sandbox_duration_ms: 10 });
		expect(Date.parse(job.expires_at) - Date.parse(job.created_at)).toBe(7 * 86_400_000);
		kit.advance(7 * 86_400_000);
		expect(await read(job.id, '?include_request=true')).toMatchObject({ status: 'failed', request: null });
		const { id } = kit.sandbox.createRun({
			provider: 'retab',
			resource: 'job',
			createdAt: kit.sandbox.now() - 7 * 86_400_000,
		});
		expect(await read(id, '?include_response=true')).toMatchObject({ status: 'completed', response: null });
		expect((await kit.retab('POST', `/v1/jobs/${job.id}/retry`)).status).toBe(400);
	});

	test('expire', async () => {
		const job = await create({ sandbox_result: 'expired', sandbox_duration_ms: 10 });
		kit.advance(10);
		expect((await read(job.id)).status).toBe('expired');
	});

	test.each(['failed', 'cancelled', 'expired'])('are retried under the same id once %s', async (result) => {
		const job = await create({ sandbox_result: result, sandbox_duration_ms: 1000 });
		expect(job).toMatchObject({ attempt_count: 0 });
		kit.advance(1000);
		expect(await read(job.id)).toMatchObject({ status: result, attempt_count: 1 });
		const again = await kit.retab('POST', `/v1/jobs/${job.id}/retry`);
		expect(again).toMatchObject({ status: 200, json: { id: job.id, status: 'queued' } });
		kit.advance(1000);
		expect(await read(job.id)).toMatchObject({ status: 'completed', attempt_count: 2, error: null });
	});

	test('are not retried while they run or after they completed', async () => {
		const job = await create({ sandbox_pending_ms: 0, sandbox_duration_ms: 1000 });
		expect(await kit.retab('POST', `/v1/jobs/${job.id}/retry`)).toMatchObject({
			status: 400,
			json: { detail: "Cannot retry job in 'in_progress' status" },
		});
		kit.advance(1000);
		expect(await kit.retab('POST', `/v1/jobs/${job.id}/retry`)).toMatchObject({
			status: 400,
			json: { detail: "Cannot retry job in 'completed' status" },
		});
	});

	test('accept a retry whose dispatch is delayed with a 503', async () => {
		const job = await create({ sandbox_result: 'failed', sandbox_duration_ms: 0, sandbox_retry: 'delayed' });
		expect(await kit.retab('POST', `/v1/jobs/${job.id}/retry`)).toMatchObject({
			status: 503,
			json: { detail: 'Retry queued; dispatch is delayed' },
		});
		expect(kit.sandbox.getRun(job.id)).toMatchObject({ attempt: 2, status: 'completed' });
	});

	test('can fail again when retried', async () => {
		const job = await create({
			sandbox_result: 'failed',
			sandbox_duration_ms: 10,
			sandbox_retry_result: 'stuck',
		});
		kit.advance(10);
		await kit.retab('POST', `/v1/jobs/${job.id}/retry`);
		kit.advance(86_400_000);
		expect((await read(job.id)).status).toBe('in_progress');
	});

	test.each([
		['iso', new Date(START).toISOString()],
		['unix', Math.floor(START / 1000)],
		['unix_ms', START],
	])('write times as %s', async (times, expected) => {
		const { id } = kit.sandbox.createRun({
			provider: 'retab',
			resource: 'job',
			createdAt: START,
			steering: { times: times as 'iso' },
		});
		expect((await read(id)).created_at).toBe(expected);
		kit.sandbox.switches.jobTimes = times as 'iso';
		const { id: other } = kit.sandbox.createRun({ provider: 'retab', resource: 'job', createdAt: START });
		expect((await read(other)).created_at).toBe(expected);
	});

	test('show a validating status and a warning', async () => {
		const job = await create({ sandbox_pending_status: 'validating', sandbox_warning: 'dispatch_delayed' });
		expect(job).toMatchObject({ status: 'validating', warnings: [{ code: 'dispatch_delayed' }] });
	});

	test('may be gone from the server', async () => {
		kit.sandbox.switches.retabJobs = 'removed';
		expect(await kit.retab('GET', '/v1/jobs')).toMatchObject({ status: 404, json: { detail: 'Not Found' } });
		expect((await kit.retab('GET', '/v1/jobs/job_1')).json.detail).toBe('Not Found');
	});
});

test('unknown paths and methods answer 404', async () => {
	for (const [method, path] of [
		['GET', '/v1/nothing'],
		['PUT', '/v1/extractions'],
		['GET', '/v1/extractions/a/b'],
		['GET', '/v1/workflows/tests/runs'],
	] as const) {
		expect(await kit.retab(method, path)).toMatchObject({ status: 404, json: { detail: 'Not Found' } });
	}
});

test('any status can be shown in place of the usual ones', async () => {
	const { id } = kit.sandbox.createRun({
		provider: 'retab',
		resource: 'extraction',
		steering: {
			pendingMs: 10,
			durationMs: 20,
			pendingStatus: 'pending',
			status: 'ARCHIVING',
			endStatus: 'error',
		},
	});
	const status = async (): Promise<string> => (await kit.retab('GET', `/v1/extractions/${id}`)).json.status;
	expect(await status()).toBe('pending');
	kit.advance(10);
	expect(await status()).toBe('ARCHIVING');
	kit.advance(10);
	expect(await status()).toBe('error');
});

test('the workflows for pickers are paged, and the key can be checked', async () => {
	const first = await kit.retab('GET', '/v1/workflows?limit=2');
	expect(first.json.data).toHaveLength(2);
	const second = await kit.retab('GET', `/v1/workflows?limit=2&after=${first.json.list_metadata.after}`);
	expect(second.json).toMatchObject({ data: [{ id: 'wf_sandbox_invoices', name: 'Invoices' }] });
	expect(second.json.list_metadata.after).toBeNull();
	expect((await kit.retab('GET', '/v1/auth/status')).status).toBe(200);
});
