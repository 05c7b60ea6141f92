import type { ApiError } from '../../core/requests/apiError';
import type { ListedRun, MemberList, RunClient, RunList } from '../../core/runs/runClient';
import { type JsonObject, isUnfinished } from '../../core/runs/run';
import { attemptRequest } from '../../core/concurrency/result';
import { type Page, parseRow, phaseOf } from '../client/parseResponse';
import type { Query, ResourceSpec } from '../types';
import { withRole } from './filters';

/** The members of a batch: one list for each resource that they can be runs of. */
export function listsOfMembers(
	clients: ReadonlyArray<PageReader & RunClient>,
	batchId: string,
): MemberList[] {
	return clients.map((client) => ({ client, page: largePages(client)(membersQuery(client.spec, batchId)) }));
}

/** What asks the list of a resource for the members of a batch. */
export function membersQuery(spec: ResourceSpec, batchId: string): Query {
	const filter = withRole(spec, 'batch');
	if (!spec.list || !filter) throw new RangeError(`There is no list of ${spec.plural} by their batch`);
	return { ...spec.list.newestFirst, [filter.param]: batchId };
}

/** As much of a `ResourceClient` as lists need. */
interface PageReader {
	readonly spec: ResourceSpec;
	page(
		query: Query,
		token: string | undefined,
		signal: AbortSignal,
		size?: number,
		most?: number,
	): Promise<Page>;
}

/** The pages of a list, without the rows as the API gives them: there may be thousands. */
export function pagesOf(reader: PageReader, query: Query): RunList['page'] {
	return async (token, signal) => {
		const page = await reader.page(query, token, signal);
		const rows = listedRuns(reader.spec, page).rows.map(({ id, created, phase }) => ({ id, created, phase }));
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
 * The lists that together hold every unfinished run of a resource: one per unfinished status, running first; the list of all
 * runs where it cannot be filtered by status (Retab parses); none where the API cannot list.
 */
export function unfinishedLists(reader: PageReader): RunList[] | undefined {
	const { spec } = reader;
	const { list } = spec;
	if (!list) return undefined;
	const filter = withRole(spec, 'status');
	const page = largePages(reader);
	if (!filter) return [{ page: page(list.newestFirst) }];
	const statuses = (filter.options ?? []).filter((status) => isUnfinished(phaseOf(spec, status)));
	const isRunning = (status: string) => Number(phaseOf(spec, status) === 'running');
	return statuses
		.sort((a, b) => isRunning(b) - isRunning(a))
		.map((status) => ({ status, page: page({ ...list.newestFirst, [filter.param]: status }) }));
}

/**
 * The largest pages of the API. Where the limit is not documented, `tryPageSize` rows are requested until the API refuses it.
 */
function largePages(reader: PageReader): (query: Query) => RunList['page'] {
	const { spec } = reader;
	let size = spec.list?.tryPageSize;
	return (query) => async (token, signal) => {
		const tried = size;
		if (tried !== undefined) {
			const read = await attemptRequest(() => reader.page(query, token, signal, tried, tried));
			if ('value' in read) return listedRuns(spec, read.value);
			if (token !== undefined || !isRefusal(read.error)) throw read.error;
			size = undefined;
		}
		return listedRuns(spec, await reader.page(query, token, signal));
	};
}

function isRefusal({ status }: ApiError): boolean {
	return status === 400 || status === 422;
}
