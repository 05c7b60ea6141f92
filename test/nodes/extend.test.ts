import type { IDataObject, INodeParameters, INodePropertyOptions } from 'n8n-workflow';

import { Extend } from '../../nodes/Extend/Extend.node';
import type { ExtendResource, RunSeed } from '../../sandbox/server';
import type { WorkflowResult } from './support';
import { sideBySide, useSandbox } from './support/sandbox-instance';
import { withoutExpiry } from './support/signed-links';

/** The Extend node over HTTP: every run type, every operation that its API has. */

const lab = useSandbox();

interface Row {
	path: string;
	/** The run's own `object`. */
	object: string;
	operations: string[];
}

const ALL = ['create', 'poll', 'get', 'getAll', 'createBatch', 'getBatch', 'cancel', 'delete'];

const ROWS: Record<ExtendResource, Row> = {
	batchRun: { path: '/batch_runs', object: 'batch_run', operations: ['poll', 'get', 'cancel'] },
	classifyRun: { path: '/classify_runs', object: 'classify_run', operations: ALL },
	editRun: { path: '/edit_runs', object: 'edit_run', operations: ['create', 'poll', 'get', 'delete'] },
	evaluationSetRun: {
		path: '/evaluation_set_runs',
		object: 'evaluation_set_run',
		operations: ['create', 'poll', 'get'],
	},
	extractRun: { path: '/extract_runs', object: 'extract_run', operations: ALL },
	formDetectionRun: {
		path: '/form_detection_runs',
		object: 'form_detection_run',
		operations: ['create', 'poll', 'get'],
	},
	parseRun: { path: '/parse_runs', object: 'parse_run', operations: ALL },
	processorRun: {
		path: '/processor_runs',
		object: 'document_processor_run',
		operations: ['poll', 'get', 'getAll', 'cancel', 'delete'],
	},
	splitRun: { path: '/split_runs', object: 'split_run', operations: ALL },
	workflowRun: { path: '/workflow_runs', object: 'workflow_run', operations: ALL },
};

const RESOURCES = Object.entries(ROWS) as Array<[ExtendResource, Row]>;

function having(operation: string): Array<[ExtendResource, Row]> {
	return RESOURCES.filter(([, { operations }]) => operations.includes(operation));
}

/** A batch has no cancel of its own: `batches.test.ts` tells what becomes of its members. */
const CANCELLED_THEMSELVES = having('cancel').filter(([name]) => name !== 'batchRun');

type Seed = Partial<Pick<RunSeed, 'id' | 'steering' | 'createdAt' | 'request' | 'metadata' | 'batchId'>>;

function createRun(resource: ExtendResource, seed: Seed = {}): string {
	return lab.sandbox.createRun({ provider: 'extend', resource, ...seed }).id;
}

/** A run that has completed long ago. */
function completedRun(resource: ExtendResource): string {
	return createRun(resource, { createdAt: Date.now() - 60_000 });
}

function onRun(resource: string, operation: string, id: string, more: INodeParameters = {}) {
	const runId = { __rl: true, mode: 'id', value: id };
	return lab.n8n.runWorkflow({ node: 'extend', parameters: { resource, operation, runId, ...more } });
}

function getAll(resource: string, more: INodeParameters = {}) {
	return lab.n8n.runWorkflow({ node: 'extend', parameters: { resource, operation: 'getAll', ...more } });
}

/** What the API answered to the requests of one method about a run. */
function answersTo(id: string, method: string): Array<number | null> {
	return lab.requestsAbout(id).flatMap((request) => (request.method === method ? request.status : []));
}

/** The answer of the API itself. */
async function api(path: string): Promise<IDataObject> {
	const response = await fetch(`${lab.sandbox.url}${path}`, {
		headers: {
			Authorization: `Bearer ${lab.sandbox.keys.extend}`,
			'x-extend-api-version': '2026-02-09',
		},
	});
	return (await response.json()) as IDataObject;
}

/** A run as the API gives it; legacy processor runs come wrapped, and the node takes them out. */
async function apiRun({ path, object }: Row, id: string): Promise<unknown> {
	const answer = await api(`${path}/${id}`);
	return object === 'document_processor_run' ? answer.processorRun : answer;
}

/** How a poll shows in the story of a run: only parse runs have a lighter form. */
function pollOf(resource: string): string {
	return resource === 'parseRun' ? 'GET ?responseType=url 200' : 'GET 200';
}

function storyOfReads(resource: string): string[] {
	return [...new Set([pollOf(resource), 'GET 200'])];
}

function expectNotFound({ status, error }: WorkflowResult, id: string, { object }: Row): void {
	expect(status).toBe('error');
	expect(error).toMatchObject({ name: 'NodeApiError', httpCode: '404', itemIndex: 0 });
	expect(error?.message).toBe(`Extend did not find the run or resource (404): No ${object} with id ${id}`);
	expect(error?.description).toContain(
		'Check the run ID and the resource. An Extend key only sees runs of its own region and workspace; a test key sees only test runs, and a production key only production runs. Check the key, region and workspace in the credential.',
	);
	expect(error?.description).toMatch(/Request ID: req_\w+\.$/);
}

const QUICK_POLL = { options: { interval: 0.1, maxInterval: 0.2 } };

describe('the panel', () => {
	const { properties } = new Extend().description;

	test('offers for each run type what its API can do', () => {
		const offered = properties
			.filter(({ name }) => name === 'operation')
			.map(({ displayOptions, options }) => [
				displayOptions?.show?.resource?.[0],
				(options as INodePropertyOptions[]).map(({ value }) => value),
			]);
		const expected = RESOURCES.map(([resource, { operations }]) => [resource, operations]);
		expect(Object.fromEntries(offered)).toEqual(Object.fromEntries(expected));
	});

	test.each(
		RESOURCES.flatMap(([resource, { operations }]) =>
			ALL.filter((operation) => !operations.includes(operation)).map((operation) => ({
				resource,
				operation,
				there: operations.join(', '),
			})),
		),
	)('$resource has no $operation: refused before any request', async ({ resource, operation, there }) => {
		const before = lab.sandbox.requests.length;
		const result = await onRun(resource, operation, 'run_1');
		expect(result.status).toBe('error');
		expect(result.error?.name).toBe('NodeOperationError');
		expect(result.error?.message).toMatch(/^Extend has no operation "\w+" for [\w ]+ runs\. Available: /);
		expect(result.error?.message).toContain(`Available: ${there}`);
		expect(lab.sandbox.requests.slice(before)).toEqual([]);
	});
});

describe('get', () => {
	const scenario = sideBySide();

	for (const [resource, row] of having('get')) {
		scenario(`${resource}: the object of the API, unchanged`, async () => {
			const id = completedRun(resource);
			const result = await onRun(resource, 'get', id);
			expect(result.status).toBe('success');
			expect(lab.storyOf(id)).toEqual(['GET 200']);
			expect(withoutExpiry(result.json)).toEqual([[withoutExpiry(await apiRun(row, id))]]);
			expect(result.json[0]).toMatchObject([{ object: row.object, id, status: 'PROCESSED' }]);
			expect(result.outputs[0]?.[0]?.pairedItem).toEqual({ item: 0 });
		});

		scenario(`${resource}: a run that does not exist is an error after three looks`, async () => {
			const id = `${resource}_to_get`;
			expectNotFound(await onRun(resource, 'get', id), id, row);
			expect(answersTo(id, 'GET')).toEqual([404, 404, 404]);
		});
	}

	scenario('parseRun: with a link in place of the output, where the user wants that', async () => {
		const id = completedRun('parseRun');
		const result = await onRun('parseRun', 'get', id, { options: { outputAsUrl: true } });
		expect(lab.storyOf(id)).toEqual(['GET ?responseType=url 200']);
		expect(result.json[0]).toMatchObject([{ id, output: null, outputUrl: expect.stringMatching(/^http/) }]);
	});
});

describe('poll', () => {
	const scenario = sideBySide();

	for (const [resource, row] of having('poll')) {
		scenario(`${resource}: waits until the run has ended, and gives out all of it`, async () => {
			const id = createRun(resource, { steering: { durationMs: 700 } });
			const result = await onRun(resource, 'poll', id, { maxWait: 10, ...QUICK_POLL });
			expect(lab.storyOf(id)).toEqual(storyOfReads(resource));
			expect(withoutExpiry(result.json)).toEqual([[withoutExpiry(await apiRun(row, id))]]);
			expect(result.json[0]).toMatchObject([{ id, status: 'PROCESSED' }]);
		});

		scenario(`${resource}: a run that failed is an item as well`, async () => {
			const id = createRun(resource, { steering: { durationMs: 500, result: 'failed' } });
			const result = await onRun(resource, 'poll', id, { maxWait: 10, ...QUICK_POLL });
			expect(result.status).toBe('success');
			expect(result.json[0]).toMatchObject([{ id, status: 'FAILED' }]);
		});

		scenario(`${resource}: fails when Max Wait is over, and leaves the run alone`, async () => {
			const id = createRun(resource, { steering: { result: 'stuck' } });
			const result = await onRun(resource, 'poll', id, { maxWait: 2.5, ...QUICK_POLL });
			expect(result.status).toBe('error');
			expect(result.error).toMatchObject({ name: 'NodeOperationError', itemIndex: 0 });
			expect(result.error?.message).toMatch(
				new RegExp(`^The [a-z ]+ run ${id} is still "PROCESSING" after [\\d.]+ s$`),
			);
			expect(lab.storyOf(id)).toEqual([pollOf(resource)]);
		});

		scenario(`${resource}: gives out the unfinished run where the user wants it`, async () => {
			const id = createRun(resource, { steering: { result: 'stuck' } });
			const more = { maxWait: 2.5, onTimeout: 'returnRun', ...QUICK_POLL };
			const result = await onRun(resource, 'poll', id, more);
			expect(result.status).toBe('success');
			expect(result.json[0]).toMatchObject([{ id, status: 'PROCESSING' }]);
		});
	}

	scenario('batchRun: ends when its last member does', async () => {
		const members = [400, 900].map((durationMs) => createRun('extractRun', { steering: { durationMs } }));
		const { id } = lab.sandbox.createRun({ provider: 'extend', resource: 'batchRun', members });
		const result = await onRun('batchRun', 'poll', id, QUICK_POLL);
		expect(result.json[0]).toMatchObject([{ id, status: 'PROCESSED', runCount: 2 }]);
		expect(members.map((member) => lab.sandbox.getRun(member)?.phase)).toEqual(['completed', 'completed']);
	});

	scenario('workflowRun: a run in review has nothing left to poll for', async () => {
		const id = createRun('workflowRun', { steering: { durationMs: 300, result: 'needs_review' } });
		const result = await onRun('workflowRun', 'poll', id, QUICK_POLL);
		expect(result.json[0]).toMatchObject([{ id, status: 'NEEDS_REVIEW' }]);
	});

	scenario('a status that nobody knows is no end: it is polled on, with a hint', async () => {
		const id = createRun('splitRun', { steering: { durationMs: 1_000, status: 'ARCHIVING' } });
		const result = await onRun('splitRun', 'poll', id, QUICK_POLL);
		expect(result.json[0]).toMatchObject([{ id, status: 'PROCESSED' }]);
		expect(result.hints.map(({ message }) => message)).toEqual([
			'Extend reported a status this node does not know: ARCHIVING. It was treated as still running. Look for a newer version of this package.',
		]);
	});
});

describe('cancel', () => {
	const scenario = sideBySide();
	const waitALittle = { options: { confirmFor: 3 } };

	for (const [resource, row] of CANCELLED_THEMSELVES) {
		scenario(`${resource}: a running run is cancelled, and comes as a read shows it`, async () => {
			const id = createRun(resource, { steering: { result: 'stuck' } });
			const result = await onRun(resource, 'cancel', id);
			expect(result.status).toBe('success');
			expect(result.hints).toEqual([]);
			expect(lab.storyOf(id)).toEqual(['POST cancel 200', ...storyOfReads(resource)]);
			expect(result.json[0]).toEqual([await apiRun(row, id)]);
			expect(result.json[0]).toMatchObject([{ id, status: 'CANCELLED' }]);
			expect(lab.sandbox.getRun(id)).toMatchObject({ phase: 'cancelled', cancelRequests: 1 });
		});

		scenario(`${resource}: a run that finished first comes as it is, with a hint`, async () => {
			const id = createRun(resource, { steering: { result: 'stuck', cancel: 'finishes_first' } });
			const result = await onRun(resource, 'cancel', id);
			expect(result.status).toBe('success');
			expect(result.json[0]).toMatchObject([{ id, status: 'PROCESSED' }]);
			expect(result.hints.map(({ message }) => message)).toEqual([
				`Run ${id} was not cancelled: it had ended as "PROCESSED" already.`,
			]);
			expect(lab.storyOf(id)).toEqual(['POST cancel 400', ...storyOfReads(resource)]);
		});

		scenario(`${resource}: a cancel that takes no effect comes as it is, with a hint`, async () => {
			const id = createRun(resource, { steering: { result: 'stuck', cancel: 'ignored' } });
			const result = await onRun(resource, 'cancel', id, waitALittle);
			expect(result.json[0]).toMatchObject([{ id, status: 'PROCESSING' }]);
			expect(result.hints.map(({ message }) => message)).toEqual([
				`The cancel of 1 run was accepted but not confirmed in time: ${id}. They may still be going on.`,
			]);
		});

		scenario(`${resource}: a race with the worker is tried again`, async () => {
			const id = createRun(resource, { steering: { result: 'stuck', cancel: 'race_409' } });
			const result = await onRun(resource, 'cancel', id);
			expect(result.json[0]).toMatchObject([{ id, status: 'CANCELLED' }]);
			expect(answersTo(id, 'POST')).toEqual([409, 200]);
		});

		scenario(`${resource}: a run that does not exist is an error after three looks`, async () => {
			const id = `${resource}_to_cancel`;
			expectNotFound(await onRun(resource, 'cancel', id), id, row);
			expect(answersTo(id, 'GET')).toEqual([404, 404, 404]);
		});
	}

	for (const [resource] of CANCELLED_THEMSELVES.filter(([name]) => name !== 'workflowRun')) {
		scenario(`${resource}: refused while it is PENDING, accepted once it runs`, async () => {
			const id = createRun(resource, { steering: { result: 'stuck', pendingMs: 1_200 } });
			const result = await onRun(resource, 'cancel', id, { options: { confirmFor: 10 } });
			expect(result.json[0]).toMatchObject([{ id, status: 'CANCELLED' }]);
			expect(answersTo(id, 'POST')[0]).toBe(400);
			expect(answersTo(id, 'POST').at(-1)).toBe(200);
		});

		scenario(`${resource}: an error when it stays PENDING`, async () => {
			const id = createRun(resource, { steering: { result: 'stuck', pendingMs: 60_000 } });
			const result = await onRun(resource, 'cancel', id, waitALittle);
			expect(result.error).toMatchObject({ name: 'NodeOperationError', itemIndex: 0 });
			expect(result.error?.message).toMatch(
				new RegExp(
					`^Extend refuses to cancel [a-z]+ run ${id}, which is "PENDING"\\. Extend refused the request \\(400\\): cannot cancel run: its status is PENDING$`,
				),
			);
			expect(result.error?.description).toBe(
				'The run goes on. Some runs can only be cancelled once they have started: try again later.',
			);
			expect(lab.sandbox.getRun(id)?.phase).toBe('waiting');
		});
	}

	scenario('workflowRun: cancelled while it is PENDING', async () => {
		const id = createRun('workflowRun', { steering: { result: 'stuck', pendingMs: 60_000 } });
		const result = await onRun('workflowRun', 'cancel', id);
		expect(result.json[0]).toMatchObject([{ id, status: 'CANCELLED' }]);
		expect(answersTo(id, 'POST')).toEqual([200]);
	});

	scenario('workflowRun: CANCELLING is waited out', async () => {
		const id = createRun('workflowRun', { steering: { result: 'stuck', cancelMs: 1_000 } });
		const cancelling = onRun('workflowRun', 'cancel', id);
		const result = await cancelling;
		expect(result.json[0]).toMatchObject([{ id, status: 'CANCELLED' }]);
		expect(answersTo(id, 'POST')).toEqual([200]);
		expect(answersTo(id, 'GET').length).toBeGreaterThan(1);
	});

	scenario('workflowRun: in review it cannot be cancelled, and comes as it is', async () => {
		const id = createRun('workflowRun', { steering: { durationMs: 0, result: 'needs_review' } });
		const result = await onRun('workflowRun', 'cancel', id, waitALittle);
		expect(result.status).toBe('success');
		expect(result.json[0]).toMatchObject([{ id, status: 'NEEDS_REVIEW' }]);
		expect(result.hints.map(({ message }) => message)).toEqual([
			`Run ${id} was not cancelled: it waits for a person ("NEEDS_REVIEW") and is not running.`,
		]);
	});
});

describe.each([
	{ extendCancelRefusal: 409, extendErrors: 'nested' },
	{ extendCancelRefusal: 422, extendErrors: 'legacy' },
] as const)('a refused cancel as $extendCancelRefusal with a body that is $extendErrors', (switches) => {
	beforeAll(() => void Object.assign(lab.sandbox.switches, switches));
	afterAll(() => lab.sandbox.reset());
	const { extendCancelRefusal } = switches;

	test('a run that finished first comes as it is', async () => {
		const id = createRun('extractRun', { steering: { result: 'stuck', cancel: 'finishes_first' } });
		const result = await onRun('extractRun', 'cancel', id);
		expect(result.json[0]).toMatchObject([{ id, status: 'PROCESSED' }]);
		expect(answersTo(id, 'POST')).toEqual([extendCancelRefusal]);
	});

	test('a run that stays PENDING is an error with the words of the API', async () => {
		const id = createRun('extractRun', { steering: { result: 'stuck', pendingMs: 60_000 } });
		const result = await onRun('extractRun', 'cancel', id, { options: { confirmFor: 0.5 } });
		expect(result.error?.message).toContain(
			`(${extendCancelRefusal}): cannot cancel run: its status is PENDING`,
		);
	});
});

describe('delete', () => {
	const scenario = sideBySide();

	for (const [resource, row] of having('delete')) {
		scenario(`${resource}: is gone, and the item says so`, async () => {
			const id = completedRun(resource);
			const result = await onRun(resource, 'delete', id);
			expect(result.json).toEqual([[{ id, deleted: true }]]);
			expect(lab.storyOf(id)).toEqual(['DELETE 200']);
			expect(lab.sandbox.getRun(id)).toBeUndefined();
		});

		scenario(`${resource}: a 404 after a lost answer means that it is gone`, async () => {
			const id = completedRun(resource);
			lab.sandbox.plantFault({ path: `DELETE ${row.path}/${id}`, reset: true, applyAfter: true });
			const result = await onRun(resource, 'delete', id);
			expect(result.json).toEqual([[{ id, deleted: true }]]);
			expect(lab.storyOf(id)).toEqual(['DELETE no answer', 'DELETE 404']);
		});

		scenario(`${resource}: a run that does not exist is an error`, async () => {
			const id = `${resource}_to_delete`;
			expectNotFound(await onRun(resource, 'delete', id), id, row);
			expect(answersTo(id, 'DELETE')).toEqual([404, 404, 404]);
		});
	}
});

/** Lists are asked newest first, except for parse runs, which cannot be sorted. */
const ORDER = 'sortBy=createdAt&sortDir=desc&';

function orderOf(resource: string): string {
	return resource === 'parseRun' ? '' : ORDER;
}

/** The page size goes by another name at parse runs. */
function sizeOf(resource: string, size: number): string {
	return resource === 'parseRun' ? `maxPageSize=${size}&limit=${size}` : `maxPageSize=${size}`;
}

describe('getAll', () => {
	beforeAll(() => lab.sandbox.reset());
	const scenario = sideBySide();
	const ids = (result: WorkflowResult) => result.json[0]?.map(({ id }) => id);

	for (const [resource, { path, object }] of having('getAll')) {
		scenario(`${resource}: all runs over several pages, newest first, as the API lists them`, async () => {
			const oldestAt = Date.now() - 3_600_000;
			const runs = lab.sandbox.createRuns(60, (at) => ({
				provider: 'extend',
				resource,
				createdAt: oldestAt + at * 1_000,
			}));
			const newestFirst = [...runs].reverse();
			const page = (size: number) => `${orderOf(resource)}${sizeOf(resource, size)}`;
			const nextPage = (size: number): unknown =>
				expect.stringMatching(new RegExp(`^${page(size)}&nextPageToken=.`));

			const all = await getAll(resource, { returnAll: true });
			expect(ids(all)).toEqual(newestFirst);
			expect(lab.listQueries(path)).toEqual([page(25), nextPage(25), nextPage(25)]);
			expect(all.outputs[0]?.map(({ pairedItem }) => pairedItem)).toEqual(runs.map(() => ({ item: 0 })));
			const rowsIn = object === 'document_processor_run' ? 'processorRuns' : 'data';
			const firstPage = await api(`${path}?${page(25)}`);
			expect(all.json[0]?.slice(0, 25)).toEqual(firstPage[rowsIn]);

			expect(ids(await getAll(resource, { limit: 3 }))).toEqual(newestFirst.slice(0, 3));
			expect(lab.listQueries(path).at(-1)).toBe(page(3));
			// Nothing but the token may change from page to page.
			expect(ids(await getAll(resource, { limit: 30 }))).toEqual(newestFirst.slice(0, 30));
			expect(lab.listQueries(path).slice(-2)).toEqual([page(25), nextPage(25)]);
			expect(ids(await getAll(resource))).toEqual(newestFirst.slice(0, 50));
		});
	}
});

describe('filters of getAll', () => {
	/** Two runs of each type; every filter lets one of them through. */
	const seeds: Record<'invoice' | 'report', Seed> = {
		invoice: {
			createdAt: '2026-01-10T12:00:00Z',
			batchId: 'batch_a',
			request: {
				file: {
					url: 'https://files.example.com/Invoice-7.pdf',
					fileUrl: 'https://files.example.com/Invoice-7.pdf',
				},
				extractor: { id: 'ex_a' },
				classifier: { id: 'cl_a' },
				splitter: { id: 'spl_a' },
				workflow: { id: 'workflow_a' },
				processorId: 'dp_a',
			},
		},
		report: {
			createdAt: '2026-01-12T12:00:00Z',
			steering: { result: 'stuck' },
			request: {
				file: {
					url: 'https://files.example.com/Report.pdf',
					fileUrl: 'https://files.example.com/Report.pdf',
				},
				extractor: { id: 'ex_b' },
				classifier: { id: 'cl_b' },
				splitter: { id: 'spl_b' },
				workflow: { id: 'workflow_b' },
				processorId: 'dp_b',
			},
		},
	};

	/** Filter, its value, what is sent, and which runs come back. */
	type FilterRow = [name: string, value: string, sent: string, found: string[]];

	const status: FilterRow = ['status', 'PROCESSED', 'status=PROCESSED', ['invoice']];
	const batchId: FilterRow = ['batchId', 'batch_a', 'batchId=batch_a', ['invoice']];
	const fileName: FilterRow = ['fileNameContains', 'report', 'fileNameContains=report', ['report']];
	const fromApi: FilterRow = ['source', 'API', 'source=API', ['report']];
	const sourceId: FilterRow = ['sourceId', 'batch_a', 'sourceId=batch_a', ['invoice']];
	const common = [status, batchId, fromApi, sourceId, fileName];

	const FILTERS: Partial<Record<ExtendResource, FilterRow[]>> = {
		classifyRun: [...common, ['classifierId', 'cl_b', 'classifierId=cl_b', ['report']]],
		extractRun: [...common, ['extractorId', 'ex_b', 'extractorId=ex_b', ['report']]],
		parseRun: common,
		processorRun: [
			status,
			fromApi,
			sourceId,
			fileName,
			['processorId', 'dp_b', 'processorId=dp_b', ['report']],
			['processorType', 'EXTRACT', 'processorType=EXTRACT', ['report', 'invoice']],
		],
		splitRun: [...common, ['splitterId', 'spl_b', 'splitterId=spl_b', ['report']]],
		workflowRun: [
			status,
			batchId,
			fileName,
			['workflowId', 'workflow_b', 'workflowId=workflow_b', ['report']],
		],
	};

	beforeAll(() => {
		lab.sandbox.reset();
		for (const [resource] of having('getAll')) {
			for (const [name, seed] of Object.entries(seeds)) {
				createRun(resource, { id: `${resource}_of_${name}`, ...seed });
			}
		}
	});
	const scenario = sideBySide();

	for (const [resource, { path }] of having('getAll')) {
		const rows = FILTERS[resource] ?? [];
		const found = (runs: string[]) => runs.map((run) => `${resource}_of_${run}`);

		test(`${resource} offers these filters and no others`, () => {
			const panel = new Extend().description.properties.find(
				({ name, displayOptions }) =>
					name === 'filters' && displayOptions?.show?.resource?.includes(resource) === true,
			);
			const offered = panel?.options?.map(({ name }) => name).sort();
			expect(offered).toEqual(rows.map(([name]) => name).sort());
		});

		scenario(`${resource}: each filter is sent, and narrows the list; left empty, none is`, async () => {
			const seen: unknown[] = [];
			for (const [name, value] of rows) {
				const result = await getAll(resource, { filters: { [name]: value } });
				seen.push([name, value, lab.listQueries(path).at(-1), result.json[0]?.map(({ id }) => id)]);
			}
			expect(seen).toEqual(
				rows.map(([name, value, sent, runs]) => [
					name,
					value,
					`${orderOf(resource)}${sent}&${sizeOf(resource, 25)}`,
					found(runs),
				]),
			);

			const empty = Object.fromEntries(rows.map(([name]) => [name, '']));
			const result = await getAll(resource, { filters: empty, limit: 7 });
			expect(result.json[0]?.map(({ id }) => id)).toEqual(found(['report', 'invoice']));
			expect(lab.listQueries(path).at(-1)).toBe(`${orderOf(resource)}${sizeOf(resource, 7)}`);
		});
	}
});

const SEES =
	'An Extend key only sees runs of its own region and workspace; a test key sees only test runs, and a production key only production runs.';

describe('an empty list', () => {
	test('says which runs the key can see', async () => {
		lab.sandbox.reset();
		const result = await getAll('extractRun');
		expect(result.json).toEqual([[]]);
		expect(result.hints).toMatchObject([{ message: `No extract runs found. ${SEES}`, type: 'info' }]);
	});

	test('says nothing where there are runs', async () => {
		completedRun('extractRun');
		expect((await getAll('extractRun')).hints).toEqual([]);
	});
});

describe('"retryable" in an error', () => {
	beforeEach(() => lab.sandbox.reset());

	test.each<[number, boolean, number[]]>([
		[400, true, [400, 200]],
		[400, false, [400]],
		[500, false, [500]],
		[500, true, [500, 200]],
	])('%i with %s: %j', async (status, retryable, statuses) => {
		const id = completedRun('extractRun');
		const body = { code: 'SOME_CODE', message: 'Not now', retryable, requestId: 'req_1' };
		lab.sandbox.plantFault({ path: `/extract_runs/${id}`, status, body });
		await onRun('extractRun', 'get', id);
		expect(answersTo(id, 'GET')).toEqual(statuses);
	});
});

describe('the picker of a run', () => {
	beforeAll(() => lab.sandbox.reset());
	const scenario = sideBySide();

	function pick(resource: ExtendResource, more: { filter?: string; paginationToken?: string } = {}) {
		return lab.n8n.loadListSearch({
			node: 'extend',
			method: 'searchRuns',
			path: 'runId',
			parameters: { resource, operation: 'get' },
			...more,
		});
	}

	/** Rows of these tell of no file, so their ids name them. */
	const NAMELESS = ['processorRun'];

	test('an empty list says which runs the key can see', async () => {
		lab.sandbox.reset();
		expect(await pick('workflowRun')).toEqual({
			results: [{ name: `No workflow runs found. ${SEES}`, value: '' }],
		});
		expect((await pick('workflowRun', { filter: 'nothing' })).results).toEqual([]);
	});

	for (const [resource, { path }] of having('getAll')) {
		scenario(`${resource}: lists file, status and time, page by page, and searches`, async () => {
			const firstAt = Date.parse('2026-01-10T09:00:00Z');
			const runs = lab.sandbox.createRuns(30, (at) => ({
				provider: 'extend',
				resource,
				id: `${resource}_${at}`,
				createdAt: firstAt + at * 60_000,
				request: {
					file: {
						url: `https://files.example.com/scan-${at}.pdf`,
						fileUrl: `https://files.example.com/scan-${at}.pdf`,
					},
				},
			}));

			const first = await pick(resource);
			expect(first.results.map(({ value }) => value)).toEqual([...runs].reverse().slice(0, 25));
			expect(first.results[0]).toEqual({
				name: `${NAMELESS.includes(resource) ? `${resource}_29` : 'scan-29.pdf'} – PROCESSED – 2026-01-10 04:29`,
				value: `${resource}_29`,
			});
			const second = await pick(resource, { paginationToken: String(first.paginationToken) });
			expect(second.results.map(({ value }) => value)).toEqual([...runs].reverse().slice(25));
			expect(second.paginationToken).toBeUndefined();

			const found = await pick(resource, { filter: 'Scan-1' });
			const hits = [19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 1];
			expect(found.results.map(({ value }) => value)).toEqual(hits.map((at) => `${resource}_${at}`));
			expect(lab.listQueries(path).at(-1)).toBe(
				`${orderOf(resource)}fileNameContains=Scan-1&${sizeOf(resource, 25)}`,
			);
		});
	}
});

describe('the legacy route of processor runs', () => {
	beforeAll(() => {
		lab.sandbox.reset();
		lab.sandbox.switches.extendProcessorRuns = 'removed';
	});
	afterAll(() => lab.sandbox.reset());

	test('may be gone from the API version: the error says so', async () => {
		const result = await onRun('processorRun', 'get', 'dpr_1');
		expect(result.error).toMatchObject({ name: 'NodeApiError', httpCode: '404' });
		expect(result.error?.description).toContain(
			'Processor runs are a legacy route: newer API versions in the credential may not have it.',
		);
	});
});
