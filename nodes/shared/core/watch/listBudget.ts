import { LIST_POLLER } from '../config';

/**
 * What lists may cost: no more than they save. A page is paid for with reads that rows have saved before; the first pages
 * with first reads that were deferred, or, where many runs are watched, with the seed: 5 % of a round of single reads.
 */
export class ListBudget {
	/** Reads saved so far, less the pages they were saved with. */
	private saved: number;

	/** First reads that may still be deferred: one for a page of each list, and few of the runs. */
	private deferrals: number;

	constructor(runs: number, lists: number) {
		this.saved = Math.floor(runs / LIST_POLLER.runsPerSeedPage);
		this.deferrals = Math.min(lists, Math.floor(runs / LIST_POLLER.minRuns));
	}

	allows(requests: number): boolean {
		return this.saved >= requests;
	}

	get canDefer(): boolean {
		return this.deferrals > 0;
	}

	defer(): void {
		this.deferrals -= 1;
	}

	earn(reads: number): void {
		this.saved += reads;
	}

	spend(requests: number): void {
		this.saved -= requests;
	}
}
