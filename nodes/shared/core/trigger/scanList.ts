import type { Clock } from '../concurrency/clock';
import type { RunRef } from './seenRuns';
import type { RequestQueue } from '../requests/requestQueue';
import { TRIGGER } from '../config';
import { PageCursor, paginate } from '../requests/paginate';
import { call } from '../requests/retry';
import type { RunList } from '../runs/runClient';
import type { Phase } from '../runs/run';
import type { CancellationScope } from '../concurrency/cancellationScope';

export interface EventList {
	/** True where the API promises this order. Where it does not, the order is taken from what the list shows. */
	newestFirst: boolean;
	page: RunList['page'];
}

/** A run as it was found, before it is read. */
export interface Sighting extends RunRef {
	/** What a list said; `unknown` when it did not tell, or when the run was in no list. */
	phase: Phase;
}

export interface Scan {
	rows: Sighting[];
	/** True when the rows came newest first, and showed it: a few rows of equal times show nothing. */
	newestFirst: boolean;
	/** True when the list was read to its end, or as deep as was asked for. */
	whole: boolean;
	pages: number;
	/** Latest creation time of a row (unix ms, the provider's clock). */
	newest?: number;
	/** Why reading ended before that. */
	error?: unknown;
}

export interface ScanLimits {
	pages: number;
	/** A creation time after this (unix ms, the provider's clock) is a mistake of the API. */
	latest(): number;
	/**
	 * Whether the rest of the list is of no interest.
	 *
	 * @param youngest no run in the rest was created after this
	 * @param newest latest creation time so far
	 */
	isDeepEnough(youngest: number, newest: number): boolean;
}

/**
 * Reads a list in whatever order it comes. It ends early only where the rows themselves show that older ones follow: one
 * row out of order, and the list is read to its end. A page that fails ends the reading; what came before is kept.
 */
export async function scanList(
	deps: { requestQueue: RequestQueue; clock: Clock; scope: CancellationScope },
	list: EventList,
	limits: ScanLimits,
): Promise<Scan> {
	const listing: Scan = { rows: [], newestFirst: list.newestFirst, whole: false, pages: 0 };
	const cursor = new PageCursor();
	let oldest = Number.POSITIVE_INFINITY;
	let newest = Number.NEGATIVE_INFINITY;
	let sorted = true;
	try {
		const pages = paginate(cursor, limits.pages, (token) => call(deps, (signal) => list.page(token, signal)));
		for await (const page of pages) {
			listing.pages = cursor.pages;
			for (const { id, phase, created: mark } of page.rows) {
				const created = mark && mark.at <= limits.latest() ? mark.at : undefined;
				listing.rows.push({ id, phase, created });
				if (created === undefined) continue;
				// Servers stamp a run and put it in its place at slightly different moments.
				if (created > oldest + TRIGGER.orderSlack) sorted = false;
				if (created < oldest && oldest !== Number.POSITIVE_INFINITY) listing.newestFirst = true;
				oldest = Math.min(oldest, created);
				newest = Math.max(newest, created);
				listing.newest = newest;
			}
			listing.newestFirst &&= sorted;
			const deepEnough = listing.newestFirst && limits.isDeepEnough(oldest + TRIGGER.orderSlack, newest);
			listing.whole = deepEnough || cursor.isAtEnd;
			if (deepEnough) break;
		}
	} catch (error) {
		listing.error = error;
	}
	return listing;
}
