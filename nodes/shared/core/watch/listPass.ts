import type { CancellationScope } from '../concurrency/cancellationScope';
import type { Clock } from '../concurrency/clock';
import { LIST_POLLER } from '../config';
import type { ListedRun } from '../runs/runClient';
import type { ListBudget } from './listBudget';
import type { ListPages } from './listPages';
import type { TrackedRun, TrackedRuns } from './trackedRuns';
import type { WatchDeps } from './types';

type PassDeps = Pick<WatchDeps, 'requestQueue' | 'clock'> & { budget: ListBudget };

/** One reading of the lists, for all runs that wait. */
export class ListPass {
	/** Unix ms. */
	readonly startedAt: number;

	/** One draw for all: what was read together stays together. */
	readonly random: Pick<Clock, 'random'>;

	/** The lists still showed a run as unfinished that had been seen at its end before. */
	isStale = false;

	/** @param open runs that are due, or nearly, and were not found yet */
	constructor(
		readonly scope: CancellationScope,
		private readonly deps: PassDeps,
		readonly pages: ListPages,
		readonly open: Set<TrackedRun>,
	) {
		this.startedAt = deps.clock.now();
		const random = deps.clock.random();
		this.random = { random: () => random };
	}

	/**
	 * @param onRow true when the row is about one of our runs and tells something new
	 * @throws ApiError, or the reason why the scope ended
	 */
	async read(onRow: (row: ListedRun, askedAt: number) => boolean): Promise<void> {
		const { requestQueue, clock, budget } = this.deps;
		let askedAt = 0;
		const onSent = () => {
			askedAt = clock.now();
			budget.spend(1);
		};
		const options = { priority: 'read' as const, timeout: LIST_POLLER.pageTimeout, onSent };
		while (!this.isStale && budget.allows(1)) {
			const cursor = this.pages.next();
			if (!cursor) return;
			const { known, token } = cursor;
			const page = await requestQueue.request(this.scope, options, (signal) =>
				known.list.page(token, signal),
			);
			const found = page.rows.filter((row) => onRow(row, askedAt)).length;
			this.pages.advance(cursor, page, found);
		}
	}
}

/** How many runs a pass of so many pages has read singly. */
export function spotChecksFor(pages: number): number {
	return Math.max(1, Math.ceil(pages / LIST_POLLER.pagesPerSpotCheck));
}

/** Has some of the runs that the lists show as unfinished read all the same: those whose last read is longest ago. */
export function spotCheck(pass: ListPass, runs: TrackedRuns, budget: ListBudget, now: number): void {
	for (let left = spotChecksFor(pass.pages.count); left > 0; left--) {
		let oldest: TrackedRun | undefined;
		for (const tracked of runs.waiting.values()) {
			if (tracked.foundIn !== pass || tracked.view) continue;
			if (tracked.lastRead < (oldest?.lastRead ?? now - tracked.run.options.polls.interval)) oldest = tracked;
		}
		if (!oldest || !budget.allows(1)) return;
		budget.spend(1);
		oldest.view = 'light';
		runs.setTimer(oldest, now);
	}
}
