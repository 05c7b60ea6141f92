import type { IDataObject, INodeParameters, INodePropertyOptions } from 'n8n-workflow';

import { Retab } from '../../nodes/Retab/Retab.node';
import { NAMES } from '../../nodes/shared/n8n/description/names';
import type { RetabResource, RunSeed } from '../../sandbox/server';
import type { WorkflowResult } from './support';
import { sideBySide, useSandbox } from './support/sandbox-instance';
import { withoutExpiry } from './support/signed-links';

/** The Retab node over HTTP: every resource, every operation that its API has. */

const lab = useSandbox();

interface Row {
	path: string;
	operations: string[];
	/** How a poll, and the one read of everything at the end, show in the story of a run. */
	poll: string;
	full: string;
	/** Raw status of a run that has ended by itself, and where it stands. */
	statusAt: readonly string[];
	failed: string;
	/** What the API answers to the cancel of a run that has ended already. */
	tooLate: 200 | 400 | 404;
}

const ALL = ['create', 'poll', 'get', 'getAll', 'cancel', 'delete'];
const LIGHT = { poll: 'GET ?include_output=false 200', full: 'GET 200' };
const ONE_SIZE = { poll: 'GET 200', full: 'GET 200' };
const PRIMITIVE = { ...LIGHT, statusAt: ['status'], failed: 'failed', tooLate: 200 } as const;
const LIFECYCLE = { ...ONE_SIZE, statusAt: ['lifecycle', 'status'] };

const ROWS: Record<RetabResource, Row> = {
	classification: { ...PRIMITIVE, path: '/v1/classifications', operations: ALL },
	edit: { ...PRIMITIVE, path: '/v1/edits', operations: ALL },
	evalRun: {
		...LIFECYCLE,
		path: '/v1/workflows/evals/runs',
		operations: ['create', 'poll', 'get', 'getAll', 'cancel'],
		failed: 'error',
		tooLate: 404,
	},
	experimentRun: {
		...LIFECYCLE,
		path: '/v1/workflows/experiments/runs',
		operations: ['create', 'poll', 'get', 'getAll', 'cancel'],
		failed: 'error',
		tooLate: 404,
	},
	extraction: { ...PRIMITIVE, path: '/v1/extractions', operations: ALL },
	fileBlueprint: {
		...PRIMITIVE,
		path: '/v1/files/blueprints',
		operations: ['create', 'poll', 'get', 'cancel'],
	},
	job: {
		path: '/v1/jobs',
		operations: ['create', 'poll', 'get', 'getAll', 'cancel'],
		poll: 'GET ?include_response=false 200',
		full: 'GET ?include_response=true 200',
		statusAt: ['status'],
		failed: 'failed',
		tooLate: 400,
	},
	parse: { ...PRIMITIVE, path: '/v1/parses', operations: ALL },
	partition: { ...PRIMITIVE, path: '/v1/partitions', operations: ALL },
	schemaGeneration: {
		...PRIMITIVE,
		...ONE_SIZE,
		path: '/v1/schemas/generate',
		operations: ['create', 'poll', 'get', 'cancel'],
	},
	split: { ...PRIMITIVE, path: '/v1/splits', operations: ALL },
	workflowRun: { ...LIFECYCLE, path: '/v1/workflows/runs', operations: ALL, failed: 'failed', tooLate: 200 },
};

const RESOURCES = Object.entries(ROWS) as Array<[RetabResource, Row]>;

function having(operation: string): Array<[RetabResource, Row]> {
	return RESOURCES.filter(([, { operations }]) => operations.includes(operation));
}

type Seed = Partial<Pick<RunSeed, 'steering' | 'createdAt' | 'request' | 'metadata'>>;

function createRun(resource: RetabResource, seed: Seed = {}): string {
	return lab.sandbox.createRun({ provider: 'retab', resource, ...seed }).id;
}

/** A run that has completed long ago. */
function completedRun(resource: RetabResource): string {
	return createRun(resource, { createdAt: Date.now() - 60_000 });
}

function onRun(resource: string, operation: string, id: string, more: INodeParameters = {}) {
	const runId = { __rl: true, mode: 'id', value: id };
	return lab.n8n.runWorkflow({ node: 'retab', parameters: { resource, operation, runId, ...more } });
}

function getAll(resource: string, more: INodeParameters = {}) {
	// Its days begin at 05:00 in UTC.
	const settings = { timezone: 'America/New_York' };
	return lab.n8n.runWorkflow({
		node: 'retab',
		parameters: { resource, operation: 'getAll', ...more },
		settings,
	});
}

/** What the API answered to the requests of one method about a run. */
function answersTo(id: string, method: string): Array<number | null> {
	return lab.requestsAbout(id).flatMap((request) => (request.method === method ? request.status : []));
}

/** The answer of the API itself. */
async function api(path: string): Promise<IDataObject> {
	const response = await fetch(`${lab.sandbox.url}${path}`, {
		headers: { 'Api-Key': lab.sandbox.keys.retab },
	});
	return (await response.json()) as IDataObject;
}

function statusOf({ statusAt }: Row, run: IDataObject | undefined): unknown {
	return statusAt.reduce<unknown>((value, key) => (value as IDataObject | undefined)?.[key], run);
}

/** A run that was just created may be invisible for a moment, so that a 404 counts when it comes three times. */
function expectNotFound({ status, error }: WorkflowResult): void {
	expect(status).toBe('error');
	expect(error).toMatchObject({ name: 'NodeApiError', httpCode: '404', itemIndex: 0 });
	expect(error?.message).toMatch(/^Retab did not find the run or resource \(404\): .* not found$/);
	expect(error?.description).toContain(
		'Check the run ID and the resource. The Retab key selects the environment, and an ID of another environment gives 404',
	);
}

const QUICK_POLL = { options: { interval: 0.1, maxInterval: 0.2 } };

describe('the panel', () => {
	const { properties } = new Retab().description;

	test('offers for each resource what its API can do', () => {
		const offered = properties
			.filter(({ name }) => name === 'operation')
			.map(({ displayOptions, options }) => [
				displayOptions?.show?.resource?.[0],
				(options as INodePropertyOptions[]).map(({ value }) => value),
			]);
		const expected = RESOURCES.map(([resource, { operations }]) => [resource, operations]);
		const review = ['getAll', 'get', 'approve', 'reject', 'createVersion'];
		expect(Object.fromEntries(offered)).toEqual({ ...Object.fromEntries(expected), review });
	});

	test.each(
		RESOURCES.flatMap(([resource, { operations }]) =>
			ALL.filter((operation) => !operations.includes(operation)).map((operation) => [resource, operation]),
		),
	)('%s has no %s: refused before any request', async (resource, operation) => {
		const before = lab.sandbox.requests.length;
		const result = await onRun(resource, operation, 'run_1');
		expect(result.status).toBe('error');
		expect(result.error?.name).toBe('NodeOperationError');
		const { operations } = ROWS[resource as RetabResource];
		expect(result.error?.message).toMatch(/^Retab has no operation "\w+" for [\w ]+\. Available: /);
		expect(result.error?.message).toContain(`Available: ${operations.join(', ')}`);
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
			expect(lab.storyOf(id)).toEqual([row.full]);
			const query = resource === 'job' ? '?include_response=true' : '';
			expect(withoutExpiry(result.json)).toEqual([[withoutExpiry(await api(`${row.path}/${id}${query}`))]]);
			expect(result.outputs[0]?.[0]?.pairedItem).toEqual({ item: 0 });
		});

		scenario(`${resource}: a run that does not exist is an error after three looks`, async () => {
			const id = `${resource}_to_get`;
			expectNotFound(await onRun(resource, 'get', id));
			expect(answersTo(id, 'GET')).toEqual([404, 404, 404]);
		});

		scenario(`${resource}: a run that was just created may be invisible for a moment`, async () => {
			const id = createRun(resource, { steering: { visibleAfterMs: 300 } });
			const result = await onRun(resource, 'get', id);
			expect(result.json[0]?.[0]?.id).toBe(id);
		});
	}

	for (const resource of ['extraction', 'parse', 'fileBlueprint', 'edit'] as const) {
		scenario(`${resource}: without its output, where the user wants a small answer`, async () => {
			const id = completedRun(resource);
			const result = await onRun(resource, 'get', id, { options: { includeOutput: false } });
			expect(lab.storyOf(id)).toEqual(['GET ?include_output=false 200']);
			expect(result.json[0]?.[0]).toMatchObject({ id, status: 'completed' });
		});
	}

	scenario('job: with its request, and without its response', async () => {
		const id = completedRun('job');
		const options = { includeRequest: true, includeResponse: false };
		const result = await onRun('job', 'get', id, { options });
		expect(lab.storyOf(id)).toEqual(['GET ?include_response=false&include_request=true 200']);
		expect(result.json[0]?.[0]).toMatchObject({ id, response: null, request: { model: 'retab-small' } });
	});
});

describe('poll', () => {
	const scenario = sideBySide();

	for (const [resource, row] of having('poll')) {
		scenario(`${resource}: waits until the run has ended, and reads everything once`, async () => {
			const id = createRun(resource, { steering: { durationMs: 700 } });
			const result = await onRun(resource, 'poll', id, { maxWait: 10, ...QUICK_POLL });
			expect(lab.storyOf(id)).toEqual([...new Set([row.poll, row.full])]);
			const query = resource === 'job' ? '?include_response=true' : '';
			expect(withoutExpiry(result.json)).toEqual([[withoutExpiry(await api(`${row.path}/${id}${query}`))]]);
			expect(statusOf(row, result.json[0]?.[0])).toBe('completed');
		});

		scenario(`${resource}: a run that failed is an item as well`, async () => {
			const id = createRun(resource, { steering: { durationMs: 500, result: 'failed' } });
			const result = await onRun(resource, 'poll', id, { maxWait: 10, ...QUICK_POLL });
			expect(result.status).toBe('success');
			expect(statusOf(row, result.json[0]?.[0])).toBe(row.failed);
		});

		scenario(`${resource}: fails when Max Wait is over, and leaves the run alone`, async () => {
			const id = createRun(resource, { steering: { result: 'stuck' } });
			const result = await onRun(resource, 'poll', id, { maxWait: 2.5, ...QUICK_POLL });
			expect(result.status).toBe('error');
			expect(result.error).toMatchObject({ name: 'NodeOperationError', itemIndex: 0 });
			expect(result.error?.message).toMatch(
				new RegExp(`^The [a-z ]+ ${id} is still "(in_progress|running)" after [\\d.]+ s$`),
			);
			expect(result.error?.description).toBe(
				`The run was left alone and may still finish. Raise Max Wait, set "When Max Wait Is Over" to return the run, or use the ${NAMES.timeoutCancel} node to have it cancelled.`,
			);
			expect(lab.storyOf(id)).toEqual([row.poll]);
		});

		scenario(`${resource}: gives out the unfinished run where the user wants it`, async () => {
			const id = createRun(resource, { steering: { result: 'stuck' } });
			const more = { maxWait: 2.5, onTimeout: 'returnRun', ...QUICK_POLL };
			const result = await onRun(resource, 'poll', id, more);
			expect(result.status).toBe('success');
			expect(statusOf(row, result.json[0]?.[0])).toMatch(/^(in_progress|running)$/);
		});
	}
});

describe('cancel', () => {
	const scenario = sideBySide();
	const waitALittle = { options: { confirmFor: 3 } };

	for (const [resource, row] of having('cancel')) {
		scenario(`${resource}: a running run is cancelled, and comes as a read shows it`, async () => {
			const id = createRun(resource, { steering: { result: 'stuck', pendingMs: 0 } });
			const result = await onRun(resource, 'cancel', id);
			expect(result.status).toBe('success');
			expect(result.hints).toEqual([]);
			expect(statusOf(row, result.json[0]?.[0])).toBe('cancelled');
			expect(lab.sandbox.getRun(id)).toMatchObject({ phase: 'cancelled', cancelRequests: 1 });
			// A running job only stops a moment after its cancel.
			const reads = resource === 'job' ? [row.poll, row.full] : [row.full];
			expect(lab.storyOf(id)).toEqual(['POST cancel 200', ...reads]);
			const query = resource === 'job' ? '?include_response=true' : '';
			expect(result.json[0]).toEqual([await api(`${row.path}/${id}${query}`)]);
		});

		scenario(`${resource}: a run that is waiting is cancelled as well`, async () => {
			const id = createRun(resource, { steering: { result: 'stuck', pendingMs: 60_000 } });
			const result = await onRun(resource, 'cancel', id);
			expect(statusOf(row, result.json[0]?.[0])).toBe('cancelled');
		});

		scenario(`${resource}: a run that finished first comes as it is, with a hint`, async () => {
			const id = createRun(resource, { steering: { result: 'stuck', cancel: 'finishes_first' } });
			const result = await onRun(resource, 'cancel', id);
			expect(result.status).toBe('success');
			expect(statusOf(row, result.json[0]?.[0])).toBe('completed');
			expect(result.hints.map(({ message }) => message)).toEqual([
				`Run ${id} was not cancelled: it had ended as "completed" already.`,
			]);
			expect(lab.storyOf(id)[0]).toBe(`POST cancel ${row.tooLate}`);
			expect(lab.storyOf(id).at(-1)).toBe(row.full);
		});

		scenario(`${resource}: a cancel that takes no effect comes as it is, with a hint`, async () => {
			const id = createRun(resource, { steering: { result: 'stuck', cancel: 'ignored' } });
			const result = await onRun(resource, 'cancel', id, waitALittle);
			expect(result.status).toBe('success');
			expect(statusOf(row, result.json[0]?.[0])).toMatch(/^(queued|pending|in_progress|running)$/);
			expect(result.hints.map(({ message }) => message)).toEqual([
				`The cancel of 1 run was accepted but not confirmed in time: ${id}. They may still be going on.`,
			]);
		});

		scenario(`${resource}: a race with the worker is tried again`, async () => {
			const id = createRun(resource, { steering: { result: 'stuck', cancel: 'race_409' } });
			const result = await onRun(resource, 'cancel', id);
			expect(statusOf(row, result.json[0]?.[0])).toBe('cancelled');
			const raced = resource === 'workflowRun' ? 200 : 409;
			expect(answersTo(id, 'POST')).toEqual([raced, 200]);
		});

		scenario(`${resource}: a run that is still refused in the end is an error`, async () => {
			const id = createRun(resource, { steering: { result: 'stuck', pendingMs: 0 } });
			const detail = 'Somebody holds a lock on this run';
			lab.sandbox.plantFault({ path: `**/${id}/cancel`, status: 409, body: { detail }, count: 'always' });
			const result = await onRun(resource, 'cancel', id, waitALittle);
			expect(result.status).toBe('error');
			expect(result.error).toMatchObject({ name: 'NodeOperationError', itemIndex: 0 });
			const status = row.statusAt.length > 1 ? 'running' : 'in_progress';
			expect(result.error?.message).toMatch(
				new RegExp(`^Retab refuses to cancel [a-z ]+ ${id}, which is "${status}"\\. `),
			);
			expect(result.error?.message).toContain(`Retab reported a conflict (409): ${detail}`);
			expect(result.error?.description).toBe(
				'The run goes on. Some runs can only be cancelled once they have started: try again later.',
			);
			expect(lab.sandbox.getRun(id)?.phase).toBe('running');
		});

		scenario(`${resource}: a run that does not exist is an error after three looks`, async () => {
			const id = `${resource}_to_cancel`;
			expectNotFound(await onRun(resource, 'cancel', id));
			expect(answersTo(id, 'GET')).toEqual([404, 404, 404]);
			expect(answersTo(id, 'POST')).toEqual([404, 404, 404]);
		});
	}
});

describe('delete', () => {
	const scenario = sideBySide();

	for (const [resource, { path }] of having('delete')) {
		scenario(`${resource}: is gone`, async () => {
			const id = completedRun(resource);
			const result = await onRun(resource, 'delete', id);
			expect(result.json).toEqual([[{ id, deleted: true }]]);
			expect(lab.storyOf(id)).toEqual(['DELETE 204']);
			expect(lab.sandbox.getRun(id)).toBeUndefined();
		});

		scenario(`${resource}: a 404 after a lost answer means that it is gone`, async () => {
			const id = completedRun(resource);
			lab.sandbox.plantFault({ path: `DELETE ${path}/${id}`, reset: true, applyAfter: true });
			const result = await onRun(resource, 'delete', id);
			expect(result.json).toEqual([[{ id, deleted: true }]]);
			expect(lab.storyOf(id)).toEqual(['DELETE no answer', 'DELETE 404']);
		});

		scenario(`${resource}: a run that does not exist is an error`, async () => {
			const id = `${resource}_to_delete`;
			expectNotFound(await onRun(resource, 'delete', id));
			expect(answersTo(id, 'DELETE')).toEqual([404, 404, 404]);
		});
	}
});

describe('getAll', () => {
	beforeAll(() => lab.sandbox.reset());
	const scenario = sideBySide();
	const ids = (result: WorkflowResult) => result.json[0]?.map(({ id }) => id);

	for (const [resource, { path }] of having('getAll')) {
		scenario(`${resource}: all runs over several pages, newest first, as the API lists them`, async () => {
			const oldestAt = Date.now() - 3_600_000;
			const runs = lab.sandbox.createRuns(230, (at) => ({
				provider: 'retab',
				resource,
				createdAt: oldestAt + at * 1_000,
			}));
			const newestFirst = [...runs].reverse();

			const all = await getAll(resource, { returnAll: true });
			expect(ids(all)).toEqual(newestFirst);
			expect(lab.listQueries(path)).toEqual([
				'order=desc&limit=100',
				`order=desc&limit=100&after=${newestFirst[99]}`,
				`order=desc&limit=100&after=${newestFirst[199]}`,
			]);
			expect(all.outputs[0]?.map(({ pairedItem }) => pairedItem)).toEqual(runs.map(() => ({ item: 0 })));
			const { data } = await api(`${path}?limit=100`);
			expect(withoutExpiry(all.json[0]?.slice(0, 100))).toEqual(withoutExpiry(data));

			expect(ids(await getAll(resource))).toEqual(newestFirst.slice(0, 50));
			expect(ids(await getAll(resource, { limit: 120 }))).toEqual(newestFirst.slice(0, 120));
			expect(lab.listQueries(path).slice(-3)).toEqual([
				'order=desc&limit=50',
				'order=desc&limit=100',
				`order=desc&limit=20&after=${newestFirst[99]}`,
			]);
		});
	}
});

describe('getAll of several items', () => {
	beforeAll(() => lab.sandbox.reset());

	test('two items list for themselves, each with its own limit', async () => {
		lab.sandbox.createRuns(5, { provider: 'retab', resource: 'split' });
		const result = await lab.n8n.runWorkflow({
			node: 'retab',
			parameters: { resource: 'split', operation: 'getAll', limit: '={{ $json.limit }}' },
			items: [{ limit: 2 }, { limit: 1 }],
		});
		expect(result.outputs[0]?.map(({ pairedItem }) => pairedItem)).toEqual([
			{ item: 0 },
			{ item: 0 },
			{ item: 1 },
		]);
	});
});

describe('the form of the list of jobs until May 2026', () => {
	beforeAll(() => {
		lab.sandbox.reset();
		lab.sandbox.switches.jobsList = 'legacy';
	});

	test('is read page by page as well', async () => {
		const runs = lab.sandbox.createRuns(120, { provider: 'retab', resource: 'job' });
		const result = await getAll('job', { returnAll: true });
		expect(result.json[0]).toHaveLength(runs.length);
		expect(lab.listQueries('/v1/jobs')).toEqual([
			'order=desc&limit=100',
			expect.stringMatching(/^order=desc&limit=100&after=job_/),
		]);
	});
});

describe('filters of getAll', () => {
	/** Two runs of each resource; every filter lets one of them through. */
	const seeds: Record<'invoice' | 'report', Seed> = {
		invoice: {
			createdAt: '2026-01-10T12:00:00Z',
			steering: { durationMs: 5_000 },
			metadata: { batch: 'a', workflow_id: 'wf_a' },
			request: {
				document: { filename: 'Invoice-7.pdf' },
				template_id: 'tpl_a',
				workflow_id: 'wf_a',
				experiment_id: 'exp_a',
				scope: { type: 'single', eval_id: 'eval_a', block_id: 'block_a' },
				endpoint: '/v1/extractions',
				request: { document: { filename: 'Invoice-7.pdf' } },
			},
		},
		report: {
			createdAt: '2026-01-12T12:00:00Z',
			steering: { result: 'stuck' },
			metadata: { batch: 'b', workflow_id: 'wf_b' },
			request: {
				document: { filename: 'Report-of-invoices.xlsx' },
				template_id: 'tpl_b',
				workflow_id: 'wf_b',
				experiment_id: 'exp_b',
				scope: { type: 'single', eval_id: 'eval_b', block_id: 'block_b' },
				endpoint: '/v1/parses',
				request: { document: { filename: 'Report-of-invoices.xlsx' } },
			},
		},
	};

	/** Filter, its value, what is sent, and which runs come back. */
	type FilterRow = [name: string, value: INodeParameters[string], sent: string, found: string[]];
	const BOTH = ['report', 'invoice'];

	const fromDate: FilterRow = ['fromDate', '2026-01-11T00:00:00', 'from_date=2026-01-11', ['report']];
	const toDate: FilterRow = ['toDate', '2026-01-10T00:00:00', 'to_date=2026-01-11', ['invoice']];
	const filename: FilterRow = ['filename', 'invoice', 'filename=invoice', ['invoice']];
	const filenameContains: FilterRow = ['filenameContains', 'OF-INV', 'filename_contains=OF-INV', ['report']];
	const completed: FilterRow = ['status', 'completed', 'status=completed', ['invoice']];
	const excludeCompleted: FilterRow = ['excludeStatus', 'completed', 'exclude_status=completed', ['report']];
	const workflowId: FilterRow = ['workflowId', 'wf_b', 'workflow_id=wf_b', ['report']];
	const metadata: FilterRow = [
		'metadata',
		{ pairs: [{ name: 'batch', value: 'a' }] },
		'metadata=%7B%22batch%22%3A%22a%22%7D',
		['invoice'],
	];
	const startedByApi: FilterRow = ['triggerType', 'api', 'trigger_type=api', BOTH];
	const primitive = [completed, fromDate, toDate, filename];

	const FILTERS: Partial<Record<RetabResource, FilterRow[]>> = {
		classification: primitive,
		edit: [...primitive, ['templateId', 'tpl_b', 'template_id=tpl_b', ['report']]],
		evalRun: [
			completed,
			excludeCompleted,
			// Eval runs take date-times where the others take days.
			['fromDate', '2026-01-11T00:00:00', 'from_date=2026-01-11T05%3A00%3A00.000Z', ['report']],
			['toDate', '2026-01-10T00:00:00', 'to_date=2026-01-11T04%3A59%3A59.999Z', ['invoice']],
			workflowId,
			startedByApi,
			['evalId', 'eval_a', 'eval_id=eval_a', ['invoice']],
			['blockId', 'block_b', 'target_block_id=block_b', ['report']],
		],
		experimentRun: [
			completed,
			excludeCompleted,
			fromDate,
			toDate,
			workflowId,
			// The sandbox's experiment runs are all started by hand.
			['triggerType', 'manual_run', 'trigger_type=manual_run', BOTH],
			['experimentId', 'exp_a', 'experiment_id=exp_a', ['invoice']],
			['blockId', 'block_extract_1', 'block_id=block_extract_1', BOTH],
		],
		extraction: [
			...primitive,
			filenameContains,
			['documentType', ['xlsx', 'csv'], 'document_type=xlsx&document_type=csv', ['report']],
			metadata,
		],
		job: [
			completed,
			fromDate,
			toDate,
			metadata,
			workflowId,
			filenameContains,
			['endpoint', '/v1/parses', 'endpoint=%2Fv1%2Fparses', ['report']],
		],
		parse: [fromDate, toDate, filename],
		partition: primitive,
		split: primitive,
		workflowRun: [
			completed,
			excludeCompleted,
			fromDate,
			toDate,
			workflowId,
			startedByApi,
			metadata,
			['minDurationMs', 10_000, 'min_duration_ms=10000', ['report']],
			['maxDurationMs', 10_000, 'max_duration_ms=10000', ['invoice']],
			['search', 'of_invoice', 'search=of_invoice', ['invoice']],
		],
	};

	beforeAll(() => {
		lab.sandbox.reset();
		for (const [resource] of having('getAll')) {
			for (const [name, seed] of Object.entries(seeds)) {
				lab.sandbox.createRun({ provider: 'retab', resource, id: `${resource}_of_${name}`, ...seed });
			}
		}
	});
	const scenario = sideBySide();

	for (const [resource, { path }] of having('getAll')) {
		const rows = FILTERS[resource] ?? [];
		const found = (runs: string[]) => runs.map((run) => `${resource}_of_${run}`);

		test(`${resource} offers these filters and no others`, () => {
			const panel = new Retab().description.properties.find(
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
				const query = lab.listQueries(path).at(-1)?.replace('order=desc', '').replace('limit=50', '');
				seen.push([name, value, query?.replace(/^&+|&+$/g, ''), result.json[0]?.map(({ id }) => id)]);
			}
			expect(seen).toEqual(rows.map(([name, value, sent, runs]) => [name, value, sent, found(runs)]));

			const empty = Object.fromEntries(rows.map(([name]) => [name, name === 'metadata' ? {} : '']));
			const result = await getAll(resource, { filters: empty, limit: 7 });
			expect(result.json[0]?.map(({ id }) => id)).toEqual(found(BOTH));
			expect(lab.listQueries(path).at(-1)).toBe('order=desc&limit=7');
		});
	}
});

describe('dates are days in the time zone of the workflow', () => {
	const listed = async (timezone: string, filters: INodeParameters) => {
		const parameters = { resource: 'parse', operation: 'getAll', filters };
		const result = await lab.n8n.runWorkflow({ node: 'retab', parameters, settings: { timezone } });
		expect(result.error).toBeUndefined();
		return result.json[0]?.map(({ id }) => id);
	};
	const day = { fromDate: '2026-01-10T00:00:00', toDate: '2026-01-10T00:00:00' };

	beforeAll(() => {
		lab.sandbox.reset();
		for (const createdAt of [
			'2026-01-09T23:59:00Z',
			'2026-01-10T04:59:00Z',
			'2026-01-10T05:01:00Z',
			'2026-01-11T04:58:00Z',
			'2026-01-11T05:01:00Z',
		]) {
			lab.sandbox.createRun({
				provider: 'retab',
				resource: 'parse',
				id: `prs_${createdAt.replaceAll(/\D/g, '')}`,
				createdAt,
			});
		}
	});

	test('what the provider lists of the days around is left out', async () => {
		expect(await listed('America/New_York', day)).toEqual(['prs_20260111045800', 'prs_20260110050100']);
		expect(lab.listQueries('/v1/parses').at(-1)).toContain('from_date=2026-01-10&to_date=2026-01-11');
		expect(await listed('UTC', day)).toEqual(['prs_20260110050100', 'prs_20260110045900']);
	});

	test('a moment of an expression counts as the day that it is in there', async () => {
		const toDate = '={{ "2026-01-10T03:00:00.000Z" }}';
		expect(await listed('America/New_York', { toDate })).toEqual([
			'prs_20260110045900',
			'prs_20260109235900',
		]);
	});
});

describe('filters of another kind', () => {
	beforeEach(() => lab.sandbox.reset());

	const sent = () => lab.listQueries('/v1/workflows/runs').at(-1);

	test('a duration of 0 means no limit, and is not sent', async () => {
		const result = await getAll('workflowRun', { filters: { minDurationMs: 0, maxDurationMs: 0 }, limit: 7 });
		expect(result.error).toBeUndefined();
		expect(sent()).toBe('order=desc&limit=7');
	});

	test.each([-1, 0.5, '={{ "ten" }}'])('a duration of %s is refused', async (maxDurationMs) => {
		const { error } = await getAll('workflowRun', { filters: { maxDurationMs } });
		expect(error?.message).toContain('Max Duration (Ms) must be a whole number, 0 or more; it is');
		expect(lab.sandbox.requests).toEqual([]);
	});

	test.each([
		['experimentRun', 'api', 'manual_run'],
		['workflowRun', 'custom', 'api, email, manual, restart, schedule, webhook'],
		['evalRun', 'manual_run', 'api, custom, email, manual, restart, schedule, webhook'],
	] as const)('%s: the trigger type %s can never match', async (resource, triggerType, known) => {
		const { error } = await getAll(resource, { filters: { triggerType } });
		expect(error?.message).toContain(`Trigger Type must be one of ${known}; it is "${triggerType}"`);
		expect(lab.sandbox.requests).toEqual([]);
	});

	test('a document type that Retab does not know', async () => {
		const { error } = await getAll('extraction', { filters: { documentType: ['pdf', 'PDF file'] } });
		expect(error?.message).toContain('; it is "PDF file"');
		expect(lab.sandbox.requests).toEqual([]);
	});

	test('an empty list says which runs the key can see', async () => {
		const result = await getAll('extraction');
		expect(result.json).toEqual([[]]);
		const [hint] = result.hints;
		expect(hint?.message).toMatch(/^No extractions found\. The Retab key selects the environment, and an ID/);
	});
});

describe('the picker of a run', () => {
	beforeAll(() => lab.sandbox.reset());
	const scenario = sideBySide();

	function pick(resource: RetabResource, more: { filter?: string; paginationToken?: string } = {}) {
		return lab.n8n.loadListSearch({
			node: 'retab',
			method: 'searchRuns',
			path: 'runId',
			parameters: { resource, operation: 'get' },
			...more,
		});
	}

	/** The parameter that the search text is sent in; without one, the page at hand is searched. */
	const SEARCH: Partial<Record<RetabResource, 'filename' | 'search'>> = {
		classification: 'filename',
		edit: 'filename',
		extraction: 'filename',
		parse: 'filename',
		partition: 'filename',
		split: 'filename',
		workflowRun: 'search',
	};
	/** Rows of these tell of no single file, so their ids name them. */
	const NAMELESS = ['evalRun', 'experimentRun', 'job', 'workflowRun'];

	for (const [resource, { path }] of having('getAll')) {
		scenario(`${resource}: lists file, status and time, page by page, and searches`, async () => {
			const firstAt = Date.parse('2026-01-10T09:00:00Z');
			const runs = lab.sandbox.createRuns(130, (at) => ({
				provider: 'retab',
				resource,
				id: `${resource}_${at}`,
				createdAt: firstAt + at * 60_000,
				request: { document: { filename: `scan-${at}.pdf` } },
			}));

			const first = await pick(resource);
			expect(first.results.map(({ value }) => value)).toEqual([...runs].reverse().slice(0, 100));
			expect(first.results[0]).toEqual({
				name: `${NAMELESS.includes(resource) ? `${resource}_129` : 'scan-129.pdf'} – completed – 2026-01-10 06:09`, // New York, unless the instance is told otherwise.
				value: `${resource}_129`,
			});
			const second = await pick(resource, { paginationToken: String(first.paginationToken) });
			expect(second.results.map(({ value }) => value)).toEqual([...runs].reverse().slice(100));
			expect(second.paginationToken).toBeUndefined();

			const param = SEARCH[resource];
			const text = param === 'filename' ? 'Scan-12' : '_12';
			const found = await pick(resource, { filter: text });
			const hits = [129, 128, 127, 126, 125, 124, 123, 122, 121, 120];
			// The page at hand does not hold the oldest run.
			const expected = param === undefined ? hits : [...hits, 12];
			expect(found.results.map(({ value }) => value)).toEqual(expected.map((at) => `${resource}_${at}`));
			expect(lab.listQueries(path).slice(-3)).toEqual([
				'order=desc&limit=100',
				`order=desc&limit=100&after=${resource}_30`,
				param === undefined ? 'order=desc&limit=100' : `order=desc&${param}=${text}&limit=100`,
			]);
		});
	}
});

describe('the picker and records of old', () => {
	beforeAll(() => lab.sandbox.reset());

	test('rows without status and time are named by what they have', async () => {
		lab.sandbox.createRun({
			provider: 'retab',
			resource: 'parse',
			id: 'prs_old',
			steering: { oldRecord: true },
		});
		const { results } = await lab.n8n.loadListSearch({
			node: 'retab',
			method: 'searchRuns',
			path: 'runId',
			parameters: { resource: 'parse', operation: 'get' },
		});
		expect(results).toEqual([{ name: 'invoice.pdf', value: 'prs_old' }]);
	});

	test('a refused key is shown as an error of the API', async () => {
		const search = lab.n8n.loadListSearch({
			node: 'retab',
			method: 'searchRuns',
			path: 'runId',
			parameters: { resource: 'parse', operation: 'get' },
			credentials: { retabApi: { apiKey: 'rt_wrong', baseUrl: lab.sandbox.url } },
		});
		await expect(search).rejects.toMatchObject({
			name: 'NodeApiError',
			message: 'Retab refused the API key (401): Invalid API key',
			description: expect.stringContaining('Check the API key in the Retab credential'),
		});
	});
});

describe('many items', () => {
	const byId = { resource: 'extraction', runId: { __rl: true, mode: 'id', value: '={{ $json.id }}' } };
	const origin = { origin: "={{ $('Start').item.json.id }}" };

	test('come out in the order of the input, each with its pair', async () => {
		const ids = [900, 300, 600].map((durationMs) => createRun('extraction', { steering: { durationMs } }));
		const result = await lab.n8n.runWorkflow({
			node: 'retab',
			parameters: { ...byId, operation: 'poll', ...QUICK_POLL },
			items: ids.map((id) => ({ id })),
			collect: { ...origin, id: '={{ $json.id }}', status: '={{ $json.status }}' },
		});
		expect(result.collected[0]).toEqual(ids.map((id) => ({ origin: id, id, status: 'completed' })));
	});

	const good = () => createRun('extraction', { steering: { durationMs: 500 } });
	const poll = { ...byId, operation: 'poll', maxWait: 5, ...QUICK_POLL };

	test('one bad item: the others are polled to their end, then the node fails', async () => {
		const id = good();
		const result = await lab.n8n.runWorkflow({
			node: 'retab',
			parameters: poll,
			items: [{ id }, { id: '../secrets' }, { id: '' }],
		});
		expect(result.status).toBe('error');
		expect(result.error).toMatchObject({
			name: 'NodeOperationError',
			message: expect.stringMatching(/^Extraction: an ID may only hold .* \[item 1\]$/) as unknown,
			itemIndex: 1,
		});
		expect(result.error?.description).toContain('1 other item failed as well.');
		expect(lab.storyOf(id)).toEqual(['GET ?include_output=false 200', 'GET 200']);
	});

	test('one bad item: with Continue it is an error item in its place', async () => {
		const ids = [good(), good()];
		const result = await lab.n8n.runWorkflow({
			node: 'retab',
			parameters: poll,
			items: [{ id: ids[0] }, { id: 'a/b' }, { id: ids[1] }],
			onError: 'continueRegularOutput',
		});
		expect(result.status).toBe('success');
		expect(result.json[0]).toMatchObject([
			{ id: ids[0], status: 'completed' },
			{ error: expect.stringMatching(/^Extraction: an ID may only hold .* \[item 1\]$/) as unknown },
			{ id: ids[1], status: 'completed' },
		]);
	});

	test('one bad item: with an error output it goes there', async () => {
		const id = good();
		const result = await lab.n8n.runWorkflow({
			node: 'retab',
			parameters: poll,
			items: [{ id: 'a b' }, { id }],
			onError: 'continueErrorOutput',
			collect: { ...origin, error: '={{ $json.error }}' },
		});
		expect(result.collected).toEqual([
			[{ origin: id }],
			[
				{
					origin: 'a b',
					error: expect.stringMatching(/^Extraction: an ID may only hold /) as unknown,
				},
			],
		]);
	});
});

describe('statuses', () => {
	const scenario = sideBySide();

	scenario('one that nobody knows is no end: it is polled on, with a hint', async () => {
		const id = createRun('parse', { steering: { durationMs: 1_000, status: 'archiving' } });
		const result = await onRun('parse', 'poll', id, QUICK_POLL);
		expect(result.json[0]).toMatchObject([{ id, status: 'completed' }]);
		expect(result.hints.map(({ message }) => message)).toEqual([
			'Retab reported a status this node does not know: archiving. It was treated as still running. Look for a newer version of this package.',
		]);
	});

	scenario('a workflow run that waits for a person has nothing left to poll for', async () => {
		const id = createRun('workflowRun', { steering: { durationMs: 500, result: 'needs_review' } });
		const result = await onRun('workflowRun', 'poll', id, QUICK_POLL);
		expect(result.json[0]).toMatchObject([
			{ id, lifecycle: { status: 'awaiting_review', waiting_for_block_ids: ['block_review_1'] } },
		]);
	});

	scenario('a workflow run that waits for a person can be cancelled', async () => {
		const id = createRun('workflowRun', {
			steering: { durationMs: 0, pendingMs: 0, result: 'needs_review' },
		});
		const result = await onRun('workflowRun', 'cancel', id);
		expect(result.json[0]).toMatchObject([{ id, lifecycle: { status: 'cancelled' } }]);
	});

	scenario('a job that expired has ended', async () => {
		const id = createRun('job', { steering: { durationMs: 300, result: 'expired' } });
		const result = await onRun('job', 'poll', id, QUICK_POLL);
		expect(result.json[0]).toMatchObject([{ id, status: 'expired' }]);
	});
});
