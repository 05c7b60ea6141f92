import { LIST_POLLER } from '../config';
import type { ListBudget } from './listBudget';
import type { ListPass } from './listPass';
import type { TrackedRun, TrackedRuns } from './trackedRuns';

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
