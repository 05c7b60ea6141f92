import type { CleanupSource } from '../../../../nodes/shared/core/cleanup/findCandidates';
import { DAY } from '../../../../nodes/shared/core/config';
import { type JsonObject, type Run, unfinishedPhases } from '../../../../nodes/shared/core/runs/run';
import { PROVIDERS, cancellable, resourceOf } from '../../../../nodes/shared/providers';
import { ResourceClient } from '../../../../nodes/shared/providers/client/resourceClient';
import type { Send } from '../../../../nodes/shared/providers/client/wire';
import { type CleanupFilters, cleanupSource } from '../../../../nodes/shared/providers/lists/cleanupSource';
import type { Query } from '../../../../nodes/shared/providers/types';
import { parseRun } from '../../../../nodes/shared/providers/client/parseResponse';

const YOUNGEST = Date.UTC(2026, 0, 10, 14, 30);

type Provider = 'retab' | 'extend';

const never = new AbortController().signal;

interface Asked {
	path: string;
	query: Query;
}

/** A source of an API that answers every request with `body`, and what it was asked. */
function stuck(
	provider: Provider,
	resource: string,
	filters: Partial<CleanupFilters> & { includeNeedsReview?: boolean; youngest?: number } = {},
	body: JsonObject = { data: [], list_metadata: { before: null, after: null } },
) {
	const { includeNeedsReview = false, youngest = YOUNGEST, ...wanted } = filters;
	const asked: Asked[] = [];
	const send: Send = async ({ path, query = {} }) => {
		asked.push({ path, query });
		return { status: 200, headers: {}, body };
	};
	const table = PROVIDERS[provider];
	const client = new ResourceClient(table, resourceOf(table, resource), send, () => YOUNGEST);
	const all: CleanupFilters = { metadata: {}, statuses: [], ...wanted };
	return {
		client,
		asked,
		source: cleanupSource(resource, client, all, unfinishedPhases(includeNeedsReview), youngest),
		run: (run: JsonObject): Run =>
			parseRun(table, client.spec, client.spec.wrappedIn ? { [client.spec.wrappedIn]: run } : run),
	};
}

/** What each list of a source asks for first. */
async function firstPages({ source, asked }: { source: CleanupSource; asked: Asked[] }): Promise<Asked[]> {
	for (const list of source.lists) await list.page(undefined, never);
	return asked;
}

/** What the lists of a source ask for, the page size left aside. */
async function queries(of: { source: CleanupSource; asked: Asked[] }): Promise<Query[]> {
	const pages = await firstPages(of);
	return pages.map(({ query }) =>
		Object.fromEntries(Object.entries(query).filter(([name]) => !['limit', 'maxPageSize'].includes(name))),
	);
}

describe('what is asked of each list', () => {
	const oldest = { order: 'asc', to_date: '2026-01-11' };
	const sorted = { sortBy: 'createdAt', sortDir: 'asc' };

	const PRIMITIVE = ['in_progress', 'pending', 'queued'].map((status) => ({ ...oldest, status }));
	const RUNS = ['pending', 'queued', 'running'].map((status) => ({ ...oldest, status }));
	const EXTEND = ['PENDING', 'PROCESSING'].map((status) => ({ ...sorted, status }));

	const EXPECTED: Record<Provider, Record<string, [path: string, size: Query, queries: Query[]]>> = {
		retab: {
			classification: ['/v1/classifications', { limit: 100 }, PRIMITIVE],
			edit: ['/v1/edits', { limit: 100 }, PRIMITIVE],
			// The only list that takes instants: without a zone it might not even compare with its times.
			evalRun: [
				'/v1/workflows/evals/runs',
				{ limit: 100 },
				RUNS.map((query) => ({ ...query, to_date: '2026-01-11T14:30:00.000Z' })),
			],
			experimentRun: ['/v1/workflows/experiments/runs', { limit: 100 }, RUNS],
			extraction: ['/v1/extractions', { limit: 100 }, PRIMITIVE],
			job: [
				'/v1/jobs',
				{ limit: 100 },
				['in_progress', 'queued', 'validating'].map((status) => ({ ...oldest, status })),
			],
			// No status filter: one list of everything, newest first, as the old ones are mostly finished.
			parse: ['/v1/parses', { limit: 100 }, [{ order: 'desc', to_date: '2026-01-11' }]],
			partition: ['/v1/partitions', { limit: 100 }, PRIMITIVE],
			split: ['/v1/splits', { limit: 100 }, PRIMITIVE],
			workflowRun: ['/v1/workflows/runs', { limit: 100 }, RUNS],
		},
		extend: {
			classifyRun: ['/classify_runs', { maxPageSize: 25 }, EXTEND],
			extractRun: ['/extract_runs', { maxPageSize: 25 }, EXTEND],
			// Cannot sort, and knows only `limit`.
			parseRun: [
				'/parse_runs',
				{ maxPageSize: 25, limit: 25 },
				['PENDING', 'PROCESSING'].map((status) => ({ status })),
			],
			processorRun: ['/processor_runs', { maxPageSize: 25 }, EXTEND],
			splitRun: ['/split_runs', { maxPageSize: 25 }, EXTEND],
			workflowRun: [
				'/workflow_runs',
				{ maxPageSize: 25 },
				['CANCELLING', 'PENDING', 'PROCESSING'].map((status) => ({ ...sorted, status })),
			],
		},
	};

	const ROWS = (['retab', 'extend'] as const).flatMap((provider) =>
		cancellable(PROVIDERS[provider])
			.filter(([, { list }]) => list)
			.map(([resource]): [Provider, string] => [provider, resource]),
	);

	test('every list there is, is here', () => {
		const named = Object.entries(EXPECTED).flatMap(([provider, rows]) =>
			Object.keys(rows).map((resource) => `${provider} ${resource}`),
		);
		expect(ROWS.map((row) => row.join(' ')).sort()).toEqual(named.sort());
	});

	test.each(ROWS)('%s %s', async (provider, resource) => {
		const [path, size, expected] = EXPECTED[provider][resource] ?? [];
		const body: JsonObject = resource === 'processorRun' ? { processorRuns: [] } : { data: [] };
		const pages = await firstPages(stuck(provider, resource, {}, body));
		expect(pages).toEqual(expected?.map((query) => ({ path, query: { ...query, ...size } })));
	});

	test('only lists that are sorted by creation may be left early', () => {
		const early = ROWS.filter(([provider, resource]) =>
			stuck(provider, resource).source.lists.every(({ oldestFirst }) => oldestFirst),
		);
		expect(ROWS.filter((row) => !early.includes(row))).toEqual([
			['retab', 'parse'],
			['extend', 'parseRun'],
		]);
	});

	test.each<[Provider, string, string]>([
		['retab', 'fileBlueprint', 'Retab has no list of file blueprints, so stuck ones cannot be found'],
		['retab', 'schemaGeneration', 'Retab has no list of schema generations, so stuck ones cannot be found'],
		['extend', 'editRun', 'Extend has no list of edit runs, so stuck ones cannot be found'],
		[
			'extend',
			'formDetectionRun',
			'Extend has no list of form detection runs, so stuck ones cannot be found',
		],
	])('%s %s cannot be listed', (provider, resource, message) => {
		expect(() => stuck(provider, resource)).toThrow(new RangeError(message));
	});
});

describe('the last day asked for', () => {
	const toDate = async (youngest: number) =>
		String((await queries(stuck('retab', 'extraction', { youngest })))[0]?.to_date);

	test.each(Array.from({ length: 24 }, (_, hour) => hour))(
		'a run that is stuck since %i o’clock is in the list, whether the day itself counts or not',
		async (hour) => {
			const youngest = Date.UTC(2026, 1, 28, hour, 59, 59, 999);
			const startOfDay = Date.parse(`${await toDate(youngest)}T00:00:00Z`);
			const untilIfIncluded = startOfDay + DAY;
			const untilIfNot = startOfDay;
			expect(youngest).toBeLessThan(untilIfNot);
			expect(untilIfIncluded - youngest).toBeLessThanOrEqual(2 * DAY);
		},
	);

	test('the last moment of a day, and the first of the next', async () => {
		expect(await toDate(Date.UTC(2025, 11, 31, 23, 59, 59, 999))).toBe('2026-01-01');
		expect(await toDate(Date.UTC(2026, 0, 1))).toBe('2026-01-02');
		expect(await toDate(Date.UTC(2028, 1, 28, 12))).toBe('2028-02-29');
	});
});

describe('following pages', () => {
	test('Retab: after the last row, everything else unchanged', async () => {
		const of = stuck('retab', 'job', {}, { data: [], list_metadata: { before: null, after: 'job_9' } });
		const list = of.source.lists[0];
		expect((await list?.page(undefined, never))?.next).toBe('job_9');
		await list?.page('job_9', never);
		const [first, second] = of.asked;
		expect(second?.query).toEqual({ ...first?.query, after: 'job_9' });
	});

	test('Retab: the older form of the list of jobs', async () => {
		const body = { object: 'list', data: [], first_id: 'job_1', last_id: 'job_9', has_more: true };
		const page = await stuck('retab', 'job', {}, body).source.lists[0]?.page(undefined, never);
		expect(page?.next).toBe('job_9');
	});

	test('Extend: with the page token', async () => {
		const of = stuck('extend', 'splitRun', {}, { object: 'list', data: [], nextPageToken: 'token' });
		const list = of.source.lists[0];
		expect((await list?.page(undefined, never))?.next).toBe('token');
		await list?.page('token', never);
		expect(of.asked[1]?.query).toEqual({ ...of.asked[0]?.query, nextPageToken: 'token' });
	});
});

describe('rows', () => {
	const rowsOf = async (provider: Provider, resource: string, data: JsonObject[]) => {
		const { source } = stuck(provider, resource, {}, { data, list_metadata: null });
		return (await source.lists[0]?.page(undefined, never))?.rows;
	};

	test('tell the phase and the time of creation', async () => {
		expect(
			await rowsOf('retab', 'workflowRun', [
				{
					id: 'run_1',
					lifecycle: { status: 'awaiting_review' },
					timing: { created_at: '2026-01-01T00:00:00Z', started_at: null },
				},
			]),
		).toEqual([
			{
				id: 'run_1',
				phase: 'needsReview',
				created: { at: Date.UTC(2026, 0, 1), field: 'timing.created_at' },
			},
		]);
	});

	test.each([
		['ISO text', '2026-01-01T00:00:00Z'],
		['unix seconds', Date.UTC(2026, 0, 1) / 1_000],
		['unix milliseconds', Date.UTC(2026, 0, 1)],
	])('jobs tell it as %s', async (_, created_at) => {
		const rows = await rowsOf('retab', 'job', [{ id: 'job_1', status: 'queued', created_at }]);
		expect(rows?.[0]?.created?.at).toBe(Date.UTC(2026, 0, 1));
	});

	test('of old records may lack the status or the time', async () => {
		expect(
			await rowsOf('retab', 'parse', [
				{ id: 'no_status', created_at: null },
				{ id: 'new_status', status: 'archiving' },
				{ id: 'odd', status: 7, created_at: 'yesterday' },
			]),
		).toEqual([
			{ id: 'no_status', phase: 'unknown', created: undefined },
			{ id: 'new_status', phase: 'unknown', created: undefined },
			{ id: 'odd', phase: 'unknown', created: undefined },
		]);
	});

	test('without an id, or with one that would lead elsewhere, are left out', async () => {
		const data: JsonObject[] = [
			{ status: 'queued' },
			{ id: '' },
			{ id: 7 },
			{ id: '.' },
			{ id: '..' },
			{ id: 'job_1' },
		];
		expect((await rowsOf('retab', 'job', data))?.map(({ id }) => id)).toEqual(['job_1']);
	});
});

describe('statuses', () => {
	test('runs in review are listed where the user wants them', async () => {
		const retab = await queries(stuck('retab', 'workflowRun', { includeNeedsReview: true }));
		expect(retab.map(({ status }) => status)).toEqual(['awaiting_review', 'pending', 'queued', 'running']);
		const extend = await queries(stuck('extend', 'workflowRun', { includeNeedsReview: true }));
		expect(extend.map(({ status }) => status)).toEqual([
			'CANCELLING',
			'NEEDS_REVIEW',
			'PENDING',
			'PROCESSING',
		]);
	});

	test('chosen ones narrow the lists', async () => {
		const lists = await queries(stuck('retab', 'job', { statuses: ['queued', 'running', 'completed'] }));
		expect(lists.map(({ status }) => status)).toEqual(['queued']);
	});

	test.each([
		['job', ['running']],
		['job', ['completed']],
		['parse', ['validating']],
		['parse', ['completed']],
	])('%s: there is nothing to list for %p', (resource, statuses) => {
		expect(stuck('retab', resource, { statuses }).source.lists).toEqual([]);
	});

	test('the run itself must be in one of them, unless it has ended meanwhile', () => {
		const { source, run } = stuck('retab', 'parse', { statuses: ['queued'] });
		expect(source.matches(run({ id: 'p', status: 'queued' }))).toBe(true);
		expect(source.matches(run({ id: 'p', status: 'in_progress' }))).toBe(false);
		expect(source.matches(run({ id: 'p', status: 'archiving' }))).toBe(false);
		expect(source.matches(run({ id: 'p', status: 'completed' }))).toBe(true);
	});
});

describe('metadata', () => {
	const metadata = { batch_id: 'batch_001', page: '7' };

	test.each(['extraction', 'job', 'workflowRun'])('Retab narrows the list of %s', async (resource) => {
		const lists = await queries(stuck('retab', resource, { metadata }));
		for (const query of lists) expect(query.metadata).toBe('{"batch_id":"batch_001","page":"7"}');
	});

	test('Extend cannot: nothing is sent', async () => {
		const lists = await queries(stuck('extend', 'extractRun', { metadata }));
		for (const query of lists) expect(Object.keys(query).sort()).toEqual(['sortBy', 'sortDir', 'status']);
	});

	test.each<[Provider, string]>([
		['retab', 'job'],
		['extend', 'extractRun'],
	])('%s %s: the run itself must carry all pairs', (provider, resource) => {
		const { source, run } = stuck(provider, resource, { metadata });
		const carrying = (own: JsonObject | null) => source.matches(run({ id: 'r', status: 'x', metadata: own }));
		expect(carrying({ batch_id: 'batch_001', page: '7', more: 'x' })).toBe(true);
		// Extend holds any JSON.
		expect(carrying({ batch_id: 'batch_001', page: 7 })).toBe(true);
		expect(carrying({ batch_id: 'batch_002', page: '7' })).toBe(false);
		expect(carrying({ batch_id: 'batch_001' })).toBe(false);
		expect(carrying({ batch_id: 'batch_001', page: null })).toBe(false);
		expect(carrying({ batch_id: ['batch_001'], page: '7' })).toBe(false);
		expect(carrying(null)).toBe(false);
		expect(source.matches(run({ id: 'r', status: 'x' }))).toBe(false);
		expect(source.matches(run({ id: 'r', status: 'completed', metadata: { batch_id: 'other' } }))).toBe(
			false,
		);
	});

	test.each(['constructor', 'toString', '__proto__'])('"%s" is a name like any other', (name) => {
		const { source, run } = stuck('extend', 'extractRun', { metadata: Object.fromEntries([[name, 'x']]) });
		expect(source.matches(run({ id: 'r', status: 'x', metadata: {} }))).toBe(false);
	});

	test('judging by it takes a full read: what a light one leaves out is not said', () => {
		expect(stuck('retab', 'extraction', { metadata }).source.view).toBe('full');
		expect(stuck('retab', 'extraction').source.view).toBe('light');
	});

	test.each(['classification', 'edit', 'evalRun', 'experimentRun', 'parse', 'partition', 'split'])(
		'%s shows none: an error',
		(resource) => {
			const { plural } = resourceOf(PROVIDERS.retab, resource);
			expect(() => stuck('retab', resource, { metadata })).toThrow(
				new RangeError(`Retab shows no metadata on ${plural}. Remove the metadata filter or the resource.`),
			);
		},
	);
});

describe('workflow and processor ids', () => {
	const workflowId = 'wf_1';
	const processorId = 'ex_1';

	test.each<[Provider, string, Partial<CleanupFilters>, Query]>([
		['retab', 'workflowRun', { workflowId }, { workflow_id: 'wf_1' }],
		['retab', 'evalRun', { workflowId }, { workflow_id: 'wf_1' }],
		['retab', 'experimentRun', { workflowId }, { workflow_id: 'wf_1' }],
		['retab', 'job', { workflowId }, { workflow_id: 'wf_1' }],
		['extend', 'workflowRun', { workflowId }, { workflowId: 'wf_1' }],
		['extend', 'extractRun', { processorId }, { extractorId: 'ex_1' }],
		['extend', 'classifyRun', { processorId }, { classifierId: 'ex_1' }],
		['extend', 'splitRun', { processorId }, { splitterId: 'ex_1' }],
		['extend', 'processorRun', { processorId }, { processorId: 'ex_1' }],
	])('%s %s: the list is narrowed', async (provider, resource, filters, sent) => {
		const body: JsonObject = resource === 'processorRun' ? { processorRuns: [] } : { data: [] };
		const lists = await queries(stuck(provider, resource, filters, body));
		expect(lists.length).toBeGreaterThan(0);
		for (const query of lists) expect(query).toMatchObject(sent);
	});

	type Shown = Record<'same' | 'other', JsonObject>;
	const flat: Shown = { same: { workflow_id: 'wf_1' }, other: { workflow_id: 'wf_2' } };
	const at = (key: string, id: string): Shown => ({
		same: { [key]: { id } },
		other: { [key]: { id: 'other' } },
	});

	test.each<[Provider, string, Partial<CleanupFilters>, Shown]>([
		['retab', 'workflowRun', { workflowId }, flat],
		[
			'retab',
			'workflowRun',
			{ workflowId },
			{ same: { workflow: { workflow_id: 'wf_1' } }, other: { workflow: { workflow_id: 'wf_2' } } },
		],
		['retab', 'evalRun', { workflowId }, flat],
		['retab', 'experimentRun', { workflowId }, flat],
		['extend', 'workflowRun', { workflowId }, at('workflow', 'wf_1')],
		['extend', 'extractRun', { processorId }, at('extractor', 'ex_1')],
		['extend', 'classifyRun', { processorId }, at('classifier', 'ex_1')],
		['extend', 'splitRun', { processorId }, at('splitter', 'ex_1')],
		[
			'extend',
			'processorRun',
			{ processorId },
			{ same: { processorId: 'ex_1' }, other: { processorId: 'ex_2' } },
		],
	])(
		'%s %s: a list that knows no such filter is found out by the run %#',
		(provider, resource, filters, shown) => {
			const { source, run } = stuck(provider, resource, filters);
			const status = { status: 'x', lifecycle: { status: 'x' } };
			expect(source.matches(run({ id: 'r', ...status, ...shown.same }))).toBe(true);
			expect(source.matches(run({ id: 'r', ...status, ...shown.other }))).toBe(false);
			// Nothing to go by: then the list has to be trusted.
			expect(source.matches(run({ id: 'r', ...status }))).toBe(true);
		},
	);

	test('a run that was made without a processor belongs to none', () => {
		const { source, run } = stuck('extend', 'extractRun', { processorId });
		expect(source.matches(run({ id: 'r', status: 'PROCESSING', extractor: null }))).toBe(false);
	});

	test.each<[Provider, string, Partial<CleanupFilters>, string]>([
		['retab', 'extraction', { workflowId }, 'Retab cannot filter extractions by the ID of a workflow.'],
		['retab', 'parse', { workflowId }, 'Retab cannot filter parses by the ID of a workflow.'],
		['extend', 'extractRun', { workflowId }, 'Extend cannot filter extract runs by the ID of a workflow.'],
		[
			'extend',
			'parseRun',
			{ processorId },
			'Extend cannot filter parse runs by the ID of an extractor, classifier or splitter.',
		],
		[
			'extend',
			'workflowRun',
			{ processorId },
			'Extend cannot filter workflow runs by the ID of an extractor, classifier or splitter.',
		],
	])('%s %s cannot be narrowed like this: an error', (provider, resource, filters, message) => {
		expect(() => stuck(provider, resource, filters)).toThrow(
			new RangeError(`${message} Remove the filter or the resource.`),
		);
	});
});
