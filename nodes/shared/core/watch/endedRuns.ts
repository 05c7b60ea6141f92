import { LIST_POLLER } from '../config';
import { isUnfinished } from '../runs/run';
import type { ListedRun } from '../runs/runClient';

/** Runs that were seen at their end: a list that still shows one as unfinished long after is out of date. */
export class EndedRuns {
	/** Until when (unix ms) a list may still show a run as unfinished. */
	private readonly all = new Map<string, number>();

	remember(id: string, staleAt: number): void {
		this.all.set(id, staleAt);
		const [oldest] = this.all.keys();
		if (this.all.size > LIST_POLLER.rememberEnded && oldest !== undefined) this.all.delete(oldest);
	}

	/** True when a row of a page that was asked for at `askedAt` (unix ms) is out of date. */
	contradicts(row: ListedRun, askedAt: number): boolean {
		const staleAt = this.all.get(row.id);
		return staleAt !== undefined && askedAt > staleAt && isUnfinished(row.phase);
	}
}
