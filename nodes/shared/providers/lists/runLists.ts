import type { ApiError } from '../../core/requests/apiError';
import type { ListedRun, RunList } from '../../core/runs/runClient';
import { type JsonObject, isUnfinished } from '../../core/runs/run';
import { attemptRequest } from '../../core/concurrency/result';
import type { ResourceClient } from '../client/resourceClient';
import type { FilterSpec, Query, ResourceSpec } from '../types';
import { type Page, parseRow, phaseOf } from '../client/parseResponse';

export function withRole(spec: ResourceSpec, role: NonNullable<FilterSpec['role']>): FilterSpec | undefined {
	return spec.list?.filters.find((filter) => filter.role === role);
}

/** The pages of a list, as far as they tell about runs; without the rows themselves, of which there may be thousands. */
export function pagesOf(client: ResourceClient, query: Query): RunList['page'] {
	return async (token, signal) => {
		const page = await client.page(query, token, Number.POSITIVE_INFINITY, signal);
		const rows = listedRuns(client.spec, page).rows.map(({ id, created, phase }) => ({ id, created, phase }));
		return { rows, next: page.next };
	};
}

function listedRuns(spec: ResourceSpec, { rows, next }: Page): { rows: ListedRun[]; next?: string } {
	return { rows: rows.flatMap((row) => listedRun(spec, row) ?? []), next };
}

function listedRun(spec: ResourceSpec, row: JsonObject): ListedRun | undefined {
	const known = parseRow(spec, row);
	if (!known) return undefined;
	const { id, status, created, started } = known;
	if (status === undefined) return { id, created, phase: 'unknown' };
	const phase = phaseOf(spec, status);
	return { id, created, phase, run: { id, status, phase, created, started, body: row } };
}

/**
 * The lists that together hold every unfinished run of a resource: one per status that a run goes on in, running ones
 * first; the list of all runs where it cannot be narrowed by status (Retab parses); none where the API cannot list.
 */
export function unfinishedLists(client: ResourceClient): RunList[] | undefined {
	const { list } = client.spec;
	if (!list) return undefined;
	const filter = withRole(client.spec, 'status');
	const page = largePages(client);
	if (!filter) return [{ page: page(list.newestFirst) }];
	const statuses = (filter.options ?? []).filter((status) => isUnfinished(phaseOf(client.spec, status)));
	const isRunning = (status: string) => Number(phaseOf(client.spec, status) === 'running');
	return statuses
		.sort((a, b) => isRunning(b) - isRunning(a))
		.map((status) => ({ status, page: page({ ...list.newestFirst, [filter.param]: status }) }));
}

/**
 * Pages as large as the API gives them. Where the largest size is not documented, more rows are asked for than elsewhere
 * until the API refuses it.
 */
function largePages(client: ResourceClient): (query: Query) => RunList['page'] {
	const { spec } = client;
	let size = spec.list?.tryPageSize;
	return (query) => async (token, signal) => {
		if (size === undefined)
			return listedRuns(spec, await client.page(query, token, Number.POSITIVE_INFINITY, signal));
		const tried = size;
		const read = await attemptRequest(() => client.pageOfSize(query, token, tried, signal));
		if ('value' in read) return listedRuns(spec, read.value);
		if (token !== undefined || !isRefusal(read.error)) throw read.error;
		size = undefined;
		return listedRuns(spec, await client.page(query, token, Number.POSITIVE_INFINITY, signal));
	};
}

function isRefusal({ status }: ApiError): boolean {
	return status === 400 || status === 422;
}
