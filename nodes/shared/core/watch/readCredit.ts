import { LIST_POLLER } from '../config';

/**
 * What lists may cost: no more than they save. A page is paid for with reads that rows have saved before; the first pages with
 * first reads that were deferred, or, where many runs are watched, with the seed: 5 % of a round of single reads.
 */
export class ReadCredit {
	/** Runs that were watched so far. */
	private runs = 0;

	/** Reads saved so far, less the pages they were saved with. */
	private saved = 0;

	/** First reads that were deferred. */
	private deferred = 0;

	/** First reads that may be deferred: one for a page of each list, and few of the runs. */
	private deferrals = 0;

	/** @param runs that are watched from now on */
	grow(runs: number, lists: number): void {
		const seeds = (count: number) => Math.floor(count / LIST_POLLER.runsPerSeedPage);
		this.saved += seeds(this.runs + runs) - seeds(this.runs);
		this.runs += runs;
		this.deferrals = Math.min(lists, Math.floor(this.runs / LIST_POLLER.minRuns));
	}

	/** True when so many requests are paid for. */
	allows(requests: number): boolean {
		return this.saved >= requests;
	}

	earn(reads: number): void {
		this.saved += reads;
	}

	spend(requests: number): void {
		this.saved -= requests;
	}

	get canDefer(): boolean {
		return this.deferred < this.deferrals;
	}

	defer(): void {
		this.deferred += 1;
	}
}
