import { EXTEND, unwrapped } from './extendFacts';
import {
	FILE,
	including,
	matching,
	NUMBER,
	onlyRow,
	rows,
	START,
	TEXT,
	useKit,
	withFields,
	type Body,
	type Json,
} from './support';

const kit = useKit();

const CREATED = EXTEND.filter(({ body }) => body !== undefined);

async function read(path: string, id: string, query = ''): Promise<Body> {
	return unwrapped((await kit.extend('GET', `${path}/${id}${query}`)).json);
}

describe.each(CREATED)('$resource', ({ path, prefix, object, body, fields, pends }) => {
	async function create(metadata?: Json): Promise<Body> {
		const answer = await kit.extend('POST', path, { ...body, metadata });
		expect(answer.status).toBe(200);
		return unwrapped(answer.json);
	}

	test('is created as PROCESSING and becomes PROCESSED', async () => {
		const run = await create({ sandbox_duration_ms: 1000 });
		expect(run).toMatchObject({
			object,
			id: matching(new RegExp(`^${prefix}`)),
			status: 'PROCESSING',
		});
		expect(Object.keys(run)).toEqual(expect.arrayContaining(fields));
		kit.advance(999);
		expect(await read(path, run.id)).toMatchObject({ status: 'PROCESSING' });
		kit.advance(1);
		const done = await read(path, run.id);
		expect(done.status).toBe('PROCESSED');
		expect(Object.keys(done)).toEqual(expect.arrayContaining(fields));
	});

	test('answers its create call as unfinished even if it takes no time', async () => {
		const run = await create({ sandbox_duration_ms: 0 });
		expect(run.status).toBe('PROCESSING');
		expect((await read(path, run.id)).status).toBe('PROCESSED');
	});

	test('waits in the queue where it knows PENDING', async () => {
		const run = await create({ sandbox_pending_ms: 500 });
		expect(run.status).toBe(pends ? 'PENDING' : 'PROCESSING');
		kit.advance(500);
		expect((await read(path, run.id)).status).toBe('PROCESSING');
	});

	test('fails, or never ends', async () => {
		const failed = await create({ sandbox_result: 'failed', sandbox_duration_ms: '10' });
		const stuck = await create({ sandbox_result: 'stuck' });
		kit.advance(86_400_000);
		expect((await read(path, failed.id)).status).toBe('FAILED');
		expect((await read(path, stuck.id)).status).toBe('PROCESSING');
	});

	test('is cancelled by somebody else where it knows CANCELLED', async () => {
		const answer = await kit.extend('POST', path, {
			...body,
			metadata: { sandbox_result: 'cancelled', sandbox_duration_ms: 10 },
		});
		expect(answer.status).toBe(pends ? 200 : 400);
		kit.advance(10);
		const { id } = unwrapped(answer.json);
		expect(kit.sandbox.getRun(id)?.status).toBe(pends ? 'CANCELLED' : undefined);
	});

	test('is not found when missing, too new, or of another type', async () => {
		expect(await kit.extend('GET', `${path}/nope`)).toMatchObject({
			status: 404,
			json: {
				code: 'NOT_FOUND',
				message: TEXT,
				retryable: false,
				requestId: TEXT,
			},
		});
		const late = await create({ sandbox_visible_after_ms: 300 });
		expect((await kit.extend('GET', `${path}/${late.id}`)).status).toBe(404);
		kit.advance(300);
		expect((await kit.extend('GET', `${path}/${late.id}`)).status).toBe(200);
		const elsewhere = EXTEND.find((one) => one.path !== path)?.path;
		expect((await kit.extend('GET', `${elsewhere}/${late.id}`)).status).toBe(404);
	});
});

test.each(EXTEND.filter((one) => one.delete && one.resource !== 'processorRun'))(
	'$resource runs are deleted with {id}',
	async ({ resource, path, object }) => {
		const { id } = kit.sandbox.createRun({ provider: 'extend', resource });
		expect(await kit.extend('DELETE', `${path}/${id}`)).toMatchObject({ status: 200, json: { object, id } });
		expect((await kit.extend('GET', `${path}/${id}`)).status).toBe(404);
		expect((await kit.extend('DELETE', `${path}/${id}`)).status).toBe(404);
	},
);

test.each(EXTEND.filter((one) => !one.delete))(
	'$resource runs cannot be deleted',
	async ({ resource, path }) => {
		const { id } = kit.sandbox.createRun({ provider: 'extend', resource });
		expect(await kit.extend('DELETE', `${path}/${id}`)).toMatchObject({
			status: 404,
			json: { code: 'NOT_FOUND' },
		});
		expect((await kit.extend('GET', `${path}/${id}`)).status).toBe(200);
	},
);

test.each(EXTEND.filter((one) => !one.list))('$resource runs cannot be listed', async ({ path }) => {
	expect(await kit.extend('GET', path)).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } });
});

test.each(EXTEND.filter((one) => !one.cancel))(
	'$resource runs cannot be cancelled',
	async ({ resource, path }) => {
		const { id } = kit.sandbox.createRun({ provider: 'extend', resource });
		expect(await kit.extend('POST', `${path}/${id}/cancel`)).toMatchObject({
			status: 404,
			json: { code: 'NOT_FOUND' },
		});
		expect(kit.sandbox.getRun(id)?.cancelRequests).toBe(0);
	},
);

test('batch runs cannot be created by themselves', async () => {
	expect((await kit.extend('POST', '/batch_runs', { inputs: [{ file: FILE }] })).status).toBe(404);
});

describe('output', () => {
	const WITH_OUTPUT = CREATED.filter(({ fields }) => fields.includes('output'));

	test.each(WITH_OUTPUT)('of $resource is there only when PROCESSED', async ({ resource, path }) => {
		const { id } = kit.sandbox.createRun({ provider: 'extend', resource, steering: { durationMs: 100 } });
		expect((await read(path, id)).output).toBeNull();
		kit.advance(100);
		const { output, usage } = await read(path, id);
		expect(JSON.stringify(output).length).toBeGreaterThan(1_500);
		expect(usage).toMatchObject({ credits: NUMBER, totalCredits: NUMBER });
	});

	test.each(WITH_OUTPUT)(
		'of a failed $resource is missing and the failure told',
		async ({ resource, path }) => {
			const { id } = kit.sandbox.createRun({
				provider: 'extend',
				resource,
				steering: { result: 'failed', durationMs: 0 },
			});
			expect(await read(path, id)).toMatchObject({
				output: null,
				failureReason: matching(/^[A-Z_]+$/),
				failureMessage: TEXT,
			});
		},
	);

	test('of a parse run comes inline or as a link that ends after 15 minutes', async () => {
		const { id } = kit.sandbox.createRun({
			provider: 'extend',
			resource: 'parseRun',
			steering: { durationMs: 100 },
		});
		expect(await read('/parse_runs', id, '?responseType=url')).toMatchObject({
			output: null,
			outputUrl: null,
		});
		kit.advance(100);
		const inline = await read('/parse_runs', id);
		expect(inline.outputUrl).toBeNull();
		const light = await read('/parse_runs', id, '?responseType=url');
		expect(light).toMatchObject({ status: 'PROCESSED', output: null });
		const path = light.outputUrl.slice(kit.sandbox.url.length);
		expect((await kit.send('GET', path)).json).toEqual(inline.output);
		expect((await kit.extend('GET', path)).status).toBe(400);
		kit.advance(15 * 60_000);
		expect((await kit.send('GET', path)).status).toBe(403);
		expect((await kit.extend('GET', `/parse_runs/${id}?responseType=xml`)).status).toBe(400);
	});

	test('of runs before 2025-10-07 comes without usage', async () => {
		const { id } = kit.sandbox.createRun({
			provider: 'extend',
			resource: 'extractRun',
			createdAt: '2025-10-06T23:59:59Z',
		});
		expect(await read('/extract_runs', id)).toMatchObject({ status: 'PROCESSED', usage: null });
	});

	test('of an extract run follows the schema of its config', async () => {
		const schema = { type: 'object', properties: { total: { type: 'number' } } };
		const { json } = await kit.extend('POST', '/extract_runs', { file: FILE, config: { schema } });
		kit.advance(5_000);
		const run = await read('/extract_runs', json.id);
		expect(run.output).toEqual({ value: { total: NUMBER }, metadata: {} });
		expect(run).toMatchObject({ config: { schema }, extractor: null, extractorVersion: null });
	});
});

describe('times', () => {
	const iso = (ms: number): string => new Date(ms).toISOString();

	test.each(['extractRun', 'classifyRun', 'splitRun', 'evaluationSetRun'] as const)(
		'of %s are createdAt and updatedAt',
		async (resource) => {
			const { id } = kit.sandbox.createRun({
				provider: 'extend',
				resource,
				createdAt: START,
				steering: { durationMs: 500 },
			});
			const path = EXTEND.find((one) => one.resource === resource)?.path ?? '';
			expect(await read(path, id)).toMatchObject({ createdAt: iso(START), updatedAt: iso(START + 500) });
		},
	);

	test.each(['parseRun', 'editRun', 'formDetectionRun', 'workflowRun', 'processorRun'] as const)(
		'of %s are missing',
		async (resource) => {
			const { id } = kit.sandbox.createRun({ provider: 'extend', resource });
			const run = await read(EXTEND.find((one) => one.resource === resource)?.path ?? '', id);
			expect(run).not.toHaveProperty('createdAt');
			expect(run).not.toHaveProperty('updatedAt');
		},
	);

	test('of a workflow run are start and end', async () => {
		const now = kit.sandbox.now();
		const { id } = kit.sandbox.createRun({
			provider: 'extend',
			resource: 'workflowRun',
			steering: { pendingMs: 100, durationMs: 500 },
		});
		expect(await read('/workflow_runs', id)).toMatchObject({
			status: 'PENDING',
			initialRunAt: iso(now),
			startTime: null,
			endTime: null,
		});
		kit.advance(100);
		expect(await read('/workflow_runs', id)).toMatchObject({ startTime: iso(now + 100), endTime: null });
		kit.advance(400);
		expect(await read('/workflow_runs', id)).toMatchObject({
			initialRunAt: iso(now),
			startTime: iso(now + 100),
			endTime: iso(now + 500),
		});
	});
});

describe('workflow runs', () => {
	test('wait for review, and may be rejected', async () => {
		const create = (result: 'needs_review' | 'rejected'): string =>
			kit.sandbox.createRun({
				provider: 'extend',
				resource: 'workflowRun',
				steering: { result, durationMs: 0 },
			}).id;
		expect(await read('/workflow_runs', create('needs_review'))).toMatchObject({
			status: 'NEEDS_REVIEW',
			endTime: null,
			reviewed: false,
			stepRuns: including(withFields({ status: 'WAITING' })),
		});
		expect(await read('/workflow_runs', create('rejected'))).toMatchObject({
			status: 'REJECTED',
			reviewed: true,
			rejectionNote: TEXT,
			reviewedByUser: TEXT,
			reviewedAt: TEXT,
		});
	});

	test('are renamed, and their metadata merged', async () => {
		const { json } = await kit.extend('POST', '/workflow_runs', {
			workflow: { id: 'workflow_1' },
			file: FILE,
			metadata: { a: 1, b: 2 },
		});
		const update = await kit.extend('POST', `/workflow_runs/${json.id}`, {
			name: 'March',
			metadata: { b: 3, c: [4] },
		});
		expect(update).toMatchObject({ status: 200, json: { id: json.id, metadata: { a: 1, b: 3, c: [4] } } });
		expect(kit.sandbox.getRun(json.id)).toMatchObject({ name: 'March' });
		expect((await kit.extend('POST', `/workflow_runs/${json.id}`, { name: 5 })).status).toBe(400);
		expect((await kit.extend('POST', '/workflow_runs/nope', { name: 'x' })).status).toBe(404);
	});

	test('are the only ones that can be updated', async () => {
		const { id } = kit.sandbox.createRun({ provider: 'extend', resource: 'extractRun' });
		expect((await kit.extend('POST', `/extract_runs/${id}`, { name: 'x' })).status).toBe(404);
	});
});

describe('legacy processor runs', () => {
	test('are wrapped', async () => {
		const { json } = await kit.extend('POST', '/processor_runs', { processorId: 'dp_1', rawText: 'hello' });
		expect(json).toMatchObject({
			success: true,
			processorRun: { status: 'PROCESSING', processorId: 'dp_1' },
		});
		const { id } = unwrapped(json);
		expect((await kit.extend('GET', `/processor_runs/${id}`)).json).toMatchObject({
			success: true,
			processorRun: { id },
		});
		expect((await kit.extend('GET', '/processor_runs')).json).toMatchObject({
			success: true,
			processorRuns: [{ id, createdAt: TEXT }],
		});
		expect((await kit.extend('DELETE', `/processor_runs/${id}`)).json).toMatchObject({
			success: true,
			documentProcessorRunId: id,
		});
	});

	test('may wait for the result', async () => {
		const { json } = await kit.extend('POST', '/processor_runs', {
			processorId: 'dp_1',
			rawText: 'x',
			sync: true,
		});
		expect(unwrapped(json).status).toBe('PROCESSED');
	});

	test('may be removed from the API version', async () => {
		kit.sandbox.switches.extendProcessorRuns = 'removed';
		expect(await kit.extend('GET', '/processor_runs')).toMatchObject({
			status: 404,
			json: { code: 'ENDPOINT_REMOVED', retryable: false },
		});
	});
});

describe.each(EXTEND.filter(({ batch }) => batch !== undefined))(
	'a batch of $resource',
	({ path, batch, resource }) => {
		const inputs = (count: number, metadata?: Json): Json[] =>
			Array.from({ length: count }, () => ({ file: FILE, metadata }));
		const create = async (body: Json): Promise<Body> => {
			const answer = await kit.extend('POST', `${path}/batch`, { ...batch?.body, ...body });
			expect(answer.status).toBe(200);
			return answer.json;
		};

		test('has members that wait first and are listed by batchId', async () => {
			const json = await create({ inputs: inputs(3) });
			const batchId = json.batchId ?? json.id;
			expect(batchId).toMatch(new RegExp(`^${batch?.prefix ?? ''}`));
			kit.sandbox.createRun({ provider: 'extend', resource });
			const members = await kit.extend('GET', `${path}?batchId=${batchId}`);
			expect(rows(members).map(({ status }) => status)).toEqual(['PENDING', 'PENDING', 'PENDING']);
			kit.advance(200);
			const later = await kit.extend('GET', `${path}?batchId=${batchId}&status=PROCESSING`);
			expect(later.json.data).toHaveLength(3);
		});

		test('is steered by its own metadata and by that of each input', async () => {
			const json = await create({
				inputs: [...inputs(1, { sandbox_result: 'failed' }), ...inputs(1)],
				metadata: { sandbox_duration_ms: 1000 },
			});
			kit.advance(1000);
			const members = await kit.extend('GET', `${path}?batchId=${json.batchId ?? json.id}`);
			expect(
				rows(members)
					.map(({ status }) => status)
					.sort(),
			).toEqual(['FAILED', 'PROCESSED']);
		});

		test('takes 1 to 1000 inputs, and refuses all for one bad one', async () => {
			const post = async (list: Json[]): Promise<number> =>
				(await kit.extend('POST', `${path}/batch`, { ...batch?.body, inputs: list })).status;
			expect(await post([])).toBe(400);
			expect(await post(inputs(1001))).toBe(400);
			expect(await post([...inputs(2), { file: {} }])).toBe(400);
			expect(await post([...inputs(2), { file: FILE, metadata: { sandbox_result: 'expired' } }])).toBe(400);
			expect((await kit.extend('GET', path)).json.data).toEqual([]);
			expect(await post(inputs(1000))).toBe(200);
		});
	},
);

describe('batch runs', () => {
	test('follow their members', async () => {
		const { json } = await kit.extend('POST', '/extract_runs/batch', {
			extractor: { id: 'ex_1' },
			inputs: [
				{ file: FILE, metadata: { sandbox_duration_ms: 1000 } },
				{ file: FILE, metadata: { sandbox_duration_ms: 3000 } },
			],
		});
		expect(json).toEqual({
			object: 'batch_run',
			id: matching(/^bpr_/),
			status: 'PENDING',
			runCount: 2,
			createdAt: TEXT,
		});
		const status = async (): Promise<string> => (await read('/batch_runs', json.id)).status;
		kit.advance(1000);
		expect(await status()).toBe('PROCESSING');
		kit.advance(2000);
		expect(await status()).toBe('PROCESSED');
	});

	test.each([
		['failed', 'FAILED'],
		['cancelled', 'CANCELLED'],
	])('are over when all members are %s', async (result, status) => {
		const { json } = await kit.extend('POST', '/parse_runs/batch', {
			inputs: [{ file: FILE }, { file: FILE }],
			metadata: { sandbox_result: result, sandbox_duration_ms: 500 },
		});
		kit.advance(500);
		expect((await read('/batch_runs', json.id)).status).toBe(status);
	});

	test('do not exist for workflows: the answer is a batchId only', async () => {
		const { json } = await kit.extend('POST', '/workflow_runs/batch', {
			workflow: { id: 'workflow_1' },
			inputs: [{ file: FILE }],
		});
		expect(json).toEqual({ batchId: matching(/^batch_/) });
		expect((await kit.extend('GET', `/batch_runs/${json.batchId}`)).status).toBe(404);
	});
});

test.each([
	['/extractors', 'extractor', 'ex_sandbox_invoices'],
	['/classifiers', 'classifier', 'cl_sandbox_mail'],
	['/splitters', 'splitter', 'spl_sandbox_mail'],
	['/workflows', 'workflow', 'workflow_sandbox_invoices'],
])('the pickers of %s are paged', async (path, object, first) => {
	const found: string[] = [];
	let query = '?maxPageSize=1';
	for (let page = 0; page < 10; page += 1) {
		const answer = await kit.extend('GET', `${path}${query}`);
		const { json } = answer;
		expect(json).toMatchObject({ object: 'list', data: [{ object, name: TEXT }] });
		found.push(onlyRow(answer).id);
		if (json.nextPageToken === undefined) break;
		query = `?maxPageSize=1&nextPageToken=${encodeURIComponent(json.nextPageToken)}`;
	}
	expect(found).toContain(first);
	expect(new Set(found).size).toBe(found.length);
});

test('unknown paths answer 404', async () => {
	for (const path of ['/nothing', '/extract', '/batch_processor_runs/b1', '/']) {
		expect(await kit.extend('GET', path)).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } });
	}
});
