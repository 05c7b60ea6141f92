import { TRIGGER } from '../config';
import { PageCursor, paginate } from '../requests/paginate';
import { call } from '../requests/retry';
import type { EventList, EventSource, ListedRun } from './events';
import { type Poll, recordError } from './poll';

export interface Scan {
	rows: ListedRun[];
	/** True when the rows came newest first, and showed it: a few rows of equal times show nothing. */
	newestFirst: boolean;
	/** True when the list was read to its end, or as deep as was asked for. */
	whole: boolean;
	pages: number;
	/** Latest creation time of a row (unix ms, the provider's clock). */
	newest?: number;
	/** True when a page could not be read. */
	failed: boolean;
}

export interface ScanLimits {
	pages: number;
	/** Rows behind `pages` pages are given up, with a warning. */
	skipsRest?: boolean;
	/**
	 * Whether the rest of the list is of no interest. Without it, the whole list is read.
	 *
	 * @param youngest no run in the rest was created after this
	 * @param newest latest creation time so far
	 */
	isDeepEnough?: (youngest: number, newest: number) => boolean;
}

/**
 * Reads a list in whatever order it comes. It ends early only where the rows themselves show that older ones follow: with
 * one row out of order, the list is read to its end. After an error, the rows of earlier pages are kept.
 */
export async function scanList(
	poll: Poll,
	source: EventSource,
	list: EventList,
	{ pages: maxPages, skipsRest, isDeepEnough }: ScanLimits,
): Promise<Scan> {
	const scan: Scan = { rows: [], newestFirst: list.newestFirst, whole: false, pages: 0, failed: false };
	const cursor = new PageCursor();
	let oldest = Number.POSITIVE_INFINITY;
	let sorted = true;
	try {
		const pages = paginate(cursor, maxPages, (token) => call(poll, (signal) => list.page(token, signal)));
		for await (const page of pages) {
			scan.pages = cursor.pages;
			for (const { id, phase, created: mark } of page.rows) {
				const created = mark && mark.at <= poll.options.now() + TRIGGER.maxAhead ? mark.at : undefined;
				scan.rows.push({ id, phase, created });
				if (created === undefined) continue;
				// Servers stamp a run and insert it into their lists at slightly different moments.
				if (created > oldest + TRIGGER.orderSlack) sorted = false;
				if (created < oldest && oldest !== Number.POSITIVE_INFINITY) scan.newestFirst = true;
				oldest = Math.min(oldest, created);
				scan.newest = Math.max(scan.newest ?? created, created);
			}
			scan.newestFirst &&= sorted;
			const { newest = Number.NEGATIVE_INFINITY } = scan;
			const deepEnough = scan.newestFirst && isDeepEnough?.(oldest + TRIGGER.orderSlack, newest) === true;
			scan.whole = deepEnough || cursor.isAtEnd;
			if (deepEnough) break;
		}
		if (!scan.whole && skipsRest) {
			const what = `The list of "${source.resource}" runs is too long`;
			poll.result.warnings.push(`${what}: only its first ${maxPages} pages were read`);
			scan.whole = true;
		}
	} catch (error) {
		recordError(poll, source, error);
		scan.failed = true;
	}
	return scan;
}
