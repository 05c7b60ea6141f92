import type { CancellationScope } from '../concurrency/cancellationScope';
import type { Clock } from '../concurrency/clock';
import { LIST_POLLER } from '../config';
import { PageCursor } from '../requests/paginate';
import type { ListedRun } from '../runs/runClient';
import type { ListLimits } from './listLimits';
import type { ListMembers } from './listMembers';
import type { TrackedRun, TrackedRuns } from './trackedRuns';

/** A list, and how many of our runs were on each of its pages the last time. */
export interface KnownList {
	/** Its place among the lists of the resource. */
	index: number;
	/** The raw status that all of its runs are in, where the list is narrowed to one. */
	status?: string;
	hits?: readonly number[];
	/** It had none of our runs, and is tried again since one of them has come into it. */
	isReopened?: boolean;
}

/** A list that had none of our runs says nothing any more once one of them has come into it: they change status. */
export function reopenLists(lists: readonly KnownList[], status: string): void {
	for (const known of lists) {
		const wasEmpty = known.hits?.every((count) => count === 0) ?? false;
		if (known.status !== status || !wasEmpty || known.isReopened) continue;
		known.isReopened = true;
		known.hits = undefined;
	}
}

/** Pages that were worth it the last time, and those that were never read but must hold some of our runs. */
export function usualPages(lists: readonly KnownList[], waiting: Iterable<TrackedRun>): number {
	const runs = [...waiting];
	return lists.reduce((pages, { status, hits }) => {
		if (hits) return pages + hits.filter((count) => count >= LIST_POLLER.minHits).length;
		if (status === undefined) return pages;
		return pages + Number(countIn(runs, status) >= LIST_POLLER.minHits);
	}, 0);
}

/** How many runs are in a status, or may be as theirs is not known. */
function countIn(runs: Iterable<TrackedRun>, status: string): number {
	let count = 0;
	for (const { run } of runs) count += Number((run.reader.last?.status ?? status) === status);
	return count;
}

/** How far a pass has come in a list. */
interface Cursor extends PageCursor {
	known: KnownList;
	hits: number[];
}

/** One reading of the lists, for all runs that wait. */
export class ListPass {
	/** Unix ms. */
	readonly startedAt: number;

	/** One draw for all: what was read together stays together. */
	readonly random: Pick<Clock, 'random'>;

	readonly cursors: readonly Cursor[];

	/** The lists still showed a run as unfinished that had been seen at its end before. */
	isStale = false;

	/** Pages in a row that held other people's runs only. */
	private emptyPages = 0;

	/** How many runs were due, or nearly, when the pass began. */
	private readonly wanted: number;

	/**
	 * @param open runs that are due, or nearly, and were not found yet
	 * @param watched how many runs are watched
	 * @param explores also reads pages on which none of our runs is expected
	 */
	constructor(
		readonly scope: CancellationScope,
		private readonly clock: Clock,
		lists: readonly KnownList[],
		readonly open: Set<TrackedRun>,
		private readonly watched: number,
		public explores: boolean,
	) {
		this.startedAt = clock.now();
		const random = clock.random();
		this.random = { random: () => random };
		this.cursors = lists.map((known) => Object.assign(new PageCursor(), { known, hits: [] }));
		this.wanted = open.size;
	}

	/**
	 * @param onRow true when the row is about one of our runs and tells something new
	 * @throws ApiError, or the reason why the scope ended
	 */
	async read(
		members: ListMembers,
		limits: ListLimits,
		onRow: (row: ListedRun, askedAt: number) => boolean,
	): Promise<void> {
		let askedAt = 0;
		const onSent = () => {
			askedAt = this.clock.now();
			limits.credit.spend(1);
		};
		const options = { priority: 'read' as const, timeout: LIST_POLLER.pageTimeout, onSent };
		while (!this.isStale && limits.credit.allows(1)) {
			const cursor = this.next();
			if (!cursor) return;
			const { known, token, hits } = cursor;
			const page = await members.page(known.index, token, this.scope, options);
			const found = page.rows.filter((row) => onRow(row, askedAt)).length;
			hits.push(found);
			cursor.advance(page);
			if (found > 0) this.emptyPages = 0;
			else if (page.rows.length > 0) this.emptyPages += 1;
		}
	}

	/** True when the list that a run was in the last time was read to its end without it: most likely it has ended. */
	isMissing({ run }: TrackedRun): boolean {
		const status = run.reader.last?.status;
		return this.cursors.some(({ known, isAtEnd }) => isAtEnd && (known.status ?? status) === status);
	}

	/** Where the next page is to be read: where most of the runs that are still open are to be expected. */
	private next(): Cursor | undefined {
		const { open } = this;
		const hits = hitsOf(this);
		const patience = Math.max(1, Math.floor((this.watched - hits) / LIST_POLLER.runsPerEmptyPage));
		if (open.size < LIST_POLLER.minHits || this.emptyPages >= patience) return undefined;
		const movable = [...open].filter(mayHaveMoved).length * LIST_POLLER.moved;
		let best: Cursor | undefined;
		let most = this.explores ? -1 : LIST_POLLER.minHits - 1;
		for (const cursor of this.cursors) {
			const expected = cursor.isAtEnd ? -1 : Math.min(open.size, expectedOn(cursor, open, movable));
			if (expected <= most) continue;
			best = cursor;
			most = expected;
		}
		// Where most of our runs have suddenly gone from where they were, they are looked for elsewhere at once.
		const isLost = !best && !this.explores && hits < this.wanted / 2;
		const mayBeElsewhere = (tracked: TrackedRun) => mayHaveMoved(tracked) || !this.isMissing(tracked);
		if (!isLost || [...open].filter(mayBeElsewhere).length < LIST_POLLER.minHits) return best;
		this.explores = true;
		return this.next();
	}
}

/** True when a run may have gone on to another list: one that is being worked on does not wait again, it ends. */
function mayHaveMoved({ run }: TrackedRun): boolean {
	return (run.reader.last?.phase ?? 'waiting') === 'waiting';
}

/** How many of the open runs are to be expected on the next page of a list. */
function expectedOn(
	{ known: { status, hits: before }, hits }: Cursor,
	open: ReadonlySet<TrackedRun>,
	movable: number,
): number {
	const there = before?.[hits.length] ?? 0;
	const last = hits.at(-1);
	if (last !== undefined) return Math.max(last, there);
	if (before) return Math.max(there, movable);
	return Math.max(movable, status === undefined ? open.size : countIn(open, status));
}

export function pageCountOf({ cursors }: ListPass): number {
	return cursors.reduce((sum, { pages }) => sum + pages, 0);
}

/** How many of our runs a pass has found. */
export function hitsOf({ cursors }: ListPass): number {
	return cursors.reduce((sum, { hits }) => sum + hits.reduce((all, found) => all + found, 0), 0);
}

/** How many runs a pass of so many pages has read singly. */
export function spotChecksFor(pages: number): number {
	return Math.max(1, Math.ceil(pages / LIST_POLLER.pagesPerSpotCheck));
}

/** Has some of the runs that the lists show as unfinished read all the same: those whose last read is longest ago. */
export function spotCheck(pass: ListPass, runs: TrackedRuns, limits: ListLimits, now: number): void {
	for (let left = spotChecksFor(pageCountOf(pass)); left > 0; left--) {
		let oldest: TrackedRun | undefined;
		for (const tracked of runs.waiting) {
			if (tracked.foundIn !== pass || tracked.view) continue;
			if (tracked.lastRead < (oldest?.lastRead ?? now - tracked.run.options.polls.interval)) oldest = tracked;
		}
		if (!oldest || !limits.credit.allows(1)) return;
		limits.credit.spend(1);
		oldest.view = 'light';
		runs.setTimer(oldest, now);
	}
}
