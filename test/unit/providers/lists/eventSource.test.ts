import { PROVIDERS, listable, resourceOf } from '../../../../nodes/shared/providers';
import { ResourceClient } from '../../../../nodes/shared/providers/client/resourceClient';
import { eventSource } from '../../../../nodes/shared/providers/lists/eventSource';
import type { OwnerFilter } from '../../../../nodes/shared/providers/lists/filters';
import type { Send } from '../../../../nodes/shared/providers/client/wire';
import type { Query } from '../../../../nodes/shared/providers/types';

type Provider = keyof typeof PROVIDERS;

/** A source of an API that lists nothing, and the queries of its lists, the page size left aside. */
async function listsOf(provider: Provider, resource: string, filters: OwnerFilter = {}, account = 'a') {
	const asked: Query[] = [];
	const send: Send = ({ query = {} }) => {
		const { limit: _limit, maxPageSize: _size, ...rest } = query;
		asked.push(rest);
		return Promise.resolve({
			status: 200,
			headers: {},
			body: { data: [], processorRuns: [], list_metadata: {} },
		});
	};
	const table = PROVIDERS[provider];
	const client = new ResourceClient(table, resourceOf(table, resource), send, () => 0);
	const source = eventSource(resource, client, filters, account);
	for (const list of [source.all, ...source.unfinished]) {
		await list.page(undefined, new AbortController().signal);
	}
	const [all, ...unfinished] = asked;
	return { source, all, unfinished };
}

const RETAB = { order: 'desc' };
const EXTEND = { sortBy: 'createdAt', sortDir: 'desc' };

const PRIMITIVE = ['pending', 'queued', 'in_progress'];
const LIFECYCLE = ['pending', 'queued', 'running'];
const PROCESSOR = ['PENDING', 'PROCESSING'];

test.each<[Provider, string, Query, string[]]>([
	['retab', 'classification', RETAB, PRIMITIVE],
	['retab', 'edit', RETAB, PRIMITIVE],
	['retab', 'evalRun', RETAB, LIFECYCLE],
	['retab', 'experimentRun', RETAB, LIFECYCLE],
	['retab', 'extraction', RETAB, PRIMITIVE],
	['retab', 'job', RETAB, ['queued', 'validating', 'in_progress']],
	// Its list has no status filter.
	['retab', 'parse', RETAB, []],
	['retab', 'partition', RETAB, PRIMITIVE],
	['retab', 'split', RETAB, PRIMITIVE],
	['retab', 'workflowRun', RETAB, [...LIFECYCLE, 'awaiting_review']],
	['extend', 'classifyRun', EXTEND, PROCESSOR],
	['extend', 'extractRun', EXTEND, PROCESSOR],
	// Its list cannot be sorted.
	['extend', 'parseRun', {}, PROCESSOR],
	['extend', 'processorRun', EXTEND, PROCESSOR],
	['extend', 'splitRun', EXTEND, PROCESSOR],
	['extend', 'workflowRun', EXTEND, ['PENDING', 'PROCESSING', 'CANCELLING', 'NEEDS_REVIEW']],
])('%s %s: the newest first, and the unfinished in the order of their life', async (...row) => {
	const [provider, resource, order, statuses] = row;
	const { source, all, unfinished } = await listsOf(provider, resource);
	expect(all).toEqual(order);
	expect(unfinished).toEqual(statuses.map((status) => ({ ...order, status })));
	expect(source.all.newestFirst).toBe(resource !== 'parseRun');
});

test('these are all that can be listed', () => {
	const names = (provider: Provider) => listable(PROVIDERS[provider]).map(([name]) => name);
	expect(names('retab')).toHaveLength(10);
	expect(names('extend')).toHaveLength(6);
});

test('a filter narrows down every list, and the runs themselves', async () => {
	const retab = await listsOf('retab', 'workflowRun', { workflowId: 'wf_1' });
	expect([retab.all, ...retab.unfinished].map((query) => query?.workflow_id)).toEqual(Array(5).fill('wf_1'));
	const extend = await listsOf('extend', 'extractRun', { processorId: 'ex_1' });
	expect([extend.all, ...extend.unfinished].map((query) => query?.extractorId)).toEqual(
		Array(3).fill('ex_1'),
	);
	const run = (id: string) => ({
		id: 'r',
		status: 's',
		phase: 'running' as const,
		body: { extractor: { id } },
	});
	expect(['ex_1', 'ex_2'].map((id) => extend.source.matches(run(id)))).toEqual([true, false]);
});

test('what is remembered of one account or filter does not fit another', async () => {
	const fits = async (filters: OwnerFilter, account?: string) =>
		(await listsOf('extend', 'workflowRun', filters, account)).source.scopeKey;
	const all = await Promise.all([
		fits({}),
		fits({}, 'b'),
		fits({ workflowId: 'wf_1' }),
		fits({ workflowId: 'wf_2' }),
	]);
	expect(new Set(all).size).toBe(all.length);
	expect(await fits({})).toBe(all[0]);
});
