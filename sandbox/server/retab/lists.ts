import { RETAB_MAX_LIMIT } from '../defaults';
import { retabBadQuery, retabError } from '../errors';
import type { JsonObject } from '../json';
import type { Query } from './filters';

/** Cursor pages of the Retab API: `before` and `after` are ids, `limit` is 1–100, `order` is by creation. */

export interface PageRequest {
	before: string | null;
	after: string | null;
	limit: number;
	ascending: boolean;
}

/** @throws ApiError 422 for a limit out of range, an unknown order, or both cursors at once */
export function pageRequest(query: Query, defaultLimit: number): PageRequest {
	const limitText = query.get('limit') ?? String(defaultLimit);
	if (!/^-?\d+$/.test(limitText)) {
		throw retabBadQuery('limit', 'Input should be a valid integer, unable to parse string', 'int_parsing');
	}
	const limit = Number(limitText);
	if (limit < 1)
		throw retabBadQuery('limit', 'Input should be greater than or equal to 1', 'greater_than_equal');
	if (limit > RETAB_MAX_LIMIT) {
		throw retabBadQuery(
			'limit',
			`Input should be less than or equal to ${RETAB_MAX_LIMIT}`,
			'less_than_equal',
		);
	}
	const order = query.get('order') ?? 'desc';
	if (order !== 'asc' && order !== 'desc') {
		throw retabBadQuery('order', "Input should be 'asc' or 'desc'", 'enum');
	}
	const before = query.get('before');
	const after = query.get('after');
	if (before !== null && after !== null) {
		throw retabBadQuery('before', 'before and after are mutually exclusive');
	}
	return { before, after, limit, ascending: order === 'asc' };
}

export interface Page<Item> {
	items: Item[];
	before: string | null;
	after: string | null;
}

const BAD_CURSOR = 'Cursor does not match a resource in this organization and environment.';

/**
 * Cuts one page out of `all`, which is in the order asked for.
 * @param keep filters are applied around the cursor, so a cursor may point at an item that is filtered out
 * @param strict an unknown cursor is refused with 422 (runs) instead of being ignored (files)
 */
export function cutPage<Item extends { id: string }>(
	all: readonly Item[],
	keep: (item: Item) => boolean,
	{ before, after, limit }: PageRequest,
	strict = true,
): Page<Item> {
	const cursor = after ?? before;
	const at = cursor === null ? -1 : all.findIndex((item) => item.id === cursor);
	if (cursor !== null && at === -1 && strict) throw retabError(422, BAD_CURSOR);
	const page: Item[] = [];
	const backwards = before !== null && at !== -1;
	const step = backwards ? -1 : 1;
	let index = backwards ? at - 1 : at + 1;
	for (; index >= 0 && index < all.length && page.length < limit; index += step) {
		const item = all[index];
		if (item && keep(item)) page.push(item);
	}
	const rest = backwards ? all.slice(0, index + 1) : all.slice(index);
	const goesOn = page.length === limit && rest.some(keep);
	const items = backwards ? page.reverse() : page;
	const first = items[0]?.id ?? null;
	const last = items.at(-1)?.id ?? null;
	const cameFrom = cursor !== null && at !== -1;
	if (backwards) return { items, before: goesOn ? first : null, after: last };
	return { items, before: cameFrom ? first : null, after: goesOn ? last : null };
}

/** Today's envelope. */
export function envelope(page: Page<unknown>, data: JsonObject[]): JsonObject {
	return { data, list_metadata: { before: page.before, after: page.after } };
}

/** The envelope of jobs until 2026-05-22. */
export function legacyEnvelope(page: Page<{ id: string }>, data: JsonObject[]): JsonObject {
	return {
		object: 'list',
		data,
		first_id: page.items[0]?.id ?? null,
		last_id: page.items.at(-1)?.id ?? null,
		has_more: page.after !== null,
	};
}
