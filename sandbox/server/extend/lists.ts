import { extendError } from '../errors';
import { isObject, type JsonObject } from '../json';
import type { Snapshot } from '../resource';
import type { ExtendRow } from './resources';

/** Token pages and filters of the Extend API; `queries.ts` has the parameters of each list. */

/** Position of the last item of a page: its sort value and id. */
interface Position {
	value: number;
	id: string;
}

function tokenOf({ value, id }: Position): string {
	return Buffer.from(JSON.stringify([value, id])).toString('base64');
}

function positionOf({ nextPageToken: token }: JsonObject): Position | undefined {
	if (typeof token !== 'string') return undefined;
	try {
		const [value, id] = JSON.parse(Buffer.from(token, 'base64').toString('utf8')) as unknown[];
		if (typeof value === 'number' && typeof id === 'string') return { value, id };
	} catch {
		// Anything that is not one of our tokens gets the answer below.
	}
	throw extendError(400, 'Invalid request: nextPageToken: not a valid token');
}

export interface TokenPage<Item> {
	items: Item[];
	nextPageToken: string | undefined;
}

/** Cuts the page after the token's position; `all` is in any order. */
function cutTokenPage<Item>(
	all: readonly Item[],
	query: JsonObject,
	options: { size: number; ascending: boolean; positionOf: (item: Item) => Position },
): TokenPage<Item> {
	const sign = options.ascending ? 1 : -1;
	const compare = (a: Position, b: Position): number =>
		sign * (a.value - b.value || (a.id < b.id ? -1 : Number(a.id > b.id)));
	const placed = all.map((item) => ({ item, position: options.positionOf(item) }));
	placed.sort((a, b) => compare(a.position, b.position));
	const from = positionOf(query);
	const start = from ? placed.findIndex(({ position }) => compare(position, from) > 0) : 0;
	if (start === -1) return { items: [], nextPageToken: undefined };
	const page = placed.slice(start, start + options.size);
	const last = page.at(-1);
	const more = start + options.size < placed.length;
	return {
		items: page.map(({ item }) => item),
		nextPageToken: more && last ? tokenOf(last.position) : undefined,
	};
}

/** `GET /extractors` and the like. */
export function cutOwnerPage<Item extends { id: string; createdAt: number }>(
	all: readonly Item[],
	query: JsonObject,
): TokenPage<Item> {
	return cutTokenPage(all, query, {
		size: Number(query.maxPageSize),
		ascending: query.sortDir === 'asc',
		positionOf: ({ createdAt, id }) => ({ value: createdAt, id }),
	});
}

function ownerOf(shot: Snapshot, path: readonly string[]): unknown {
	return path.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), shot.run.request);
}

function sourceOf(shot: Snapshot): string {
	if (shot.run.batchId === null) return 'API';
	return shot.run.resource === 'parseRun' ? 'BATCH_PARSER_RUN' : 'BATCH_PROCESSOR_RUN';
}

/** One predicate for all filters of a checked query. */
export function filterRuns(
	list: NonNullable<ExtendRow['list']>,
	query: JsonObject,
): (shot: Snapshot) => boolean {
	const { status, batchId, source, sourceId, processorType } = query;
	const filename = typeof query.fileNameContains === 'string' ? query.fileNameContains.toLowerCase() : '';
	const owner = list.owner && query[list.owner.parameter];
	return (shot) => {
		const { run } = shot;
		// Parse runs: "then `source` is ignored".
		const bySource = run.resource !== 'parseRun' || batchId === undefined;
		return (
			(status === undefined || shot.status === status) &&
			(batchId === undefined || run.batchId === batchId) &&
			run.filename.toLowerCase().includes(filename) &&
			(owner === undefined || ownerOf(shot, list.owner?.path ?? []) === owner) &&
			(!bySource || source === undefined || sourceOf(shot) === source) &&
			(!bySource || sourceId === undefined || run.batchId === sourceId) &&
			// All legacy runs of the sandbox are extractions.
			(processorType === undefined || processorType === 'EXTRACT')
		);
	};
}

/** @throws ApiError 400 for a token that is not one */
export function cutRunPage(
	list: NonNullable<ExtendRow['list']>,
	shots: readonly Snapshot[],
	query: JsonObject,
): TokenPage<Snapshot> {
	return cutTokenPage(shots, query, {
		size: Number(query[list.pageSize]),
		ascending: query.sortDir === 'asc',
		positionOf: ({ run, state }) => ({
			value: query.sortBy === 'updatedAt' ? Math.max(state.since, run.changedAt) : run.createdAt,
			id: run.id,
		}),
	});
}
