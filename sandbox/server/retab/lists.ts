import { retabError } from '../errors';
import type { JsonObject } from '../json';

/** Cursor pages of the Retab API: `before` and `after` are ids, `limit` is 1–100, `order` is by creation. */

export interface PageRequest {
	before: string | null;
	after: string | null;
	limit: number;
	ascending: boolean;
}

/** The page that a checked query asks for. */
export function pageRequest(query: JsonObject): PageRequest {
	const cursor = (value: unknown): string | null => (typeof value === 'string' ? value : null);
	return {
		before: cursor(query.before),
		after: cursor(query.after),
		limit: Number(query.limit),
		ascending: query.order === 'asc',
	};
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
