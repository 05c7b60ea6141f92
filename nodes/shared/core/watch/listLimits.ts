import type { Clock } from '../concurrency/clock';
import { LIST_POLLER } from '../config';
import { ApiError } from '../requests/apiError';
import { backoff } from '../requests/backoff';

/**
 * When lists may be read (times are unix ms), and what they may cost: no more than they save. A page is paid for with reads
 * that rows have saved before; the first pages with first reads that were deferred, or, where many runs are watched, with
 * the seed: 5 % of a round of single reads.
 */
export class ListLimits {
	/** Pages that failed are asked for again then; runs that are due wait for it. */
	retryAt = 0;

	/** From then on, pages are read on which none of our runs is expected as well. */
	exploresAt = 0;

	/** Until then, no list is read. */
	closedUntil = 0;

	private failures = 0;

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

	onPassRead(): void {
		this.failures = 0;
	}

	/** A page that failed is asked for once more before runs are read singly, unless that would be after `latest`. */
	retriesPage(error: unknown, clock: Clock, latest: number): boolean {
		const now = clock.now();
		this.retryAt = now + backoff(1, clock);
		this.failures += 1;
		const isRetryable = error instanceof ApiError && error.retryable;
		if (isRetryable && this.failures === 1 && this.retryAt <= latest) return true;
		this.failures = 0;
		this.retryAt = 0;
		// A rotated key heals; a key that must not list (403) stays as it is.
		const mayHeal = isRetryable || (error instanceof ApiError && error.status === 401);
		this.closedUntil = mayHeal ? now + LIST_POLLER.cooldown : Number.POSITIVE_INFINITY;
		return false;
	}
}
