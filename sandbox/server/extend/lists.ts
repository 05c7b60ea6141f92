import { EXTEND_MAX_PAGE_SIZE, EXTEND_PAGE_SIZE } from '../defaults';
import { extendError } from '../errors';
import { isObject } from '../json';
import type { Snapshot } from '../resource';
import type { ExtendRow } from './resources';

/** Token pages and filters of the Extend API. Parameters that a list does not know are ignored. */

type Query = URLSearchParams;

/** @throws ApiError 400 when the value is not among `allowed` */
function oneOf(query: Query, name: string, allowed: readonly string[]): string | null {
	const value = query.get(name);
	if (value !== null && !allowed.includes(value)) {
		throw extendError(400, `Invalid request: ${name}: must be one of ${allowed.join(', ')}`);
	}
	return value;
}

function pageSize(query: Query, name: string): number {
	const value = query.get(name);
	if (value === null) return EXTEND_PAGE_SIZE;
	const size = /^\d+$/.test(value) ? Number(value) : NaN;
	if (!(size >= 1 && size <= EXTEND_MAX_PAGE_SIZE)) {
		throw extendError(
			400,
			`Invalid request: ${name}: must be a whole number from 1 to ${EXTEND_MAX_PAGE_SIZE}`,
		);
	}
	return size;
}

/** Position of the last item of a page: its sort value and id. */
interface Position {
	value: number;
	id: string;
}

function tokenOf({ value, id }: Position): string {
	return Buffer.from(JSON.stringify([value, id])).toString('base64');
}

function positionOf(query: Query): Position | undefined {
	const token = query.get('nextPageToken');
	if (token === null) return undefined;
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
	query: Query,
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

/** `GET /extractors` and the like: newest first, `maxPageSize` and `nextPageToken` only. */
export function cutOwnerPage<Item extends { id: string; createdAt: number }>(
	all: readonly Item[],
	query: Query,
): TokenPage<Item> {
	return cutTokenPage(all, query, {
		size: pageSize(query, 'maxPageSize'),
		ascending: false,
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

/** @throws ApiError 400 for a value that is not allowed */
export function filterRuns(
	list: NonNullable<ExtendRow['list']>,
	query: Query,
	resource: string,
): (shot: Snapshot) => boolean {
	const status = oneOf(query, 'status', list.statuses);
	const batchId = query.get('batchId');
	const filename = query.get('fileNameContains')?.toLowerCase();
	const owner = list.owner ? query.get(list.owner.parameter) : null;
	// Parse runs: "then `source` is ignored".
	const withSource = list.sources && !(resource === 'parseRun' && batchId !== null);
	const source = withSource ? oneOf(query, 'source', list.sources ?? []) : null;
	const sourceId = withSource ? query.get('sourceId') : null;
	return (shot) =>
		(status === null || shot.status === status) &&
		(batchId === null || shot.run.batchId === batchId) &&
		(filename === undefined || shot.run.filename.toLowerCase().includes(filename)) &&
		(owner === null || ownerOf(shot, list.owner?.path ?? []) === owner) &&
		(source === null || sourceOf(shot) === source) &&
		(sourceId === null || shot.run.batchId === sourceId);
}

/** @throws ApiError 400 for a page size, order or token that is not allowed */
export function cutRunPage(
	list: NonNullable<ExtendRow['list']>,
	shots: readonly Snapshot[],
	query: Query,
): TokenPage<Snapshot> {
	const sortBy = list.sortable ? oneOf(query, 'sortBy', ['createdAt', 'updatedAt']) : null;
	const sortDir = list.sortable ? oneOf(query, 'sortDir', ['asc', 'desc']) : null;
	return cutTokenPage(shots, query, {
		size: pageSize(query, list.pageSize),
		ascending: sortDir === 'asc',
		positionOf: ({ run, state }) => ({
			value: sortBy === 'updatedAt' ? Math.max(state.since, run.changedAt) : run.createdAt,
			id: run.id,
		}),
	});
}
