import type { Clock } from '../concurrency/clock';
import { LIST_POLLER } from '../config';
import { ApiError } from '../requests/apiError';
import { backoff } from '../requests/retry';

/** When lists may be read. Times are unix ms. */
export class ListSchedule {
	/** A page that failed is asked for again then; runs that are due wait for it. */
	retryAt = 0;

	private failures = 0;

	private closedUntil = 0;

	private exploresAt = 0;

	private weighsAt = 0;

	/** True when lists are neither left alone, nor were found not to be worth it a moment ago. */
	isOpen(now: number): boolean {
		return now >= this.closedUntil && now >= this.weighsAt;
	}

	/** True when it is time to read pages on which none of our runs is expected as well. */
	explores(now: number): boolean {
		return now >= this.exploresAt;
	}

	onExplored(now: number): void {
		this.exploresAt = now + LIST_POLLER.cooldown;
	}

	/** Lists are not worth it now. Thousands of runs that are due need not find that out one by one. */
	onNotWorthIt(now: number): void {
		this.weighsAt = now + LIST_POLLER.reconsiderAfter;
	}

	/** Lists that fail, or are out of date, are left alone for a while. */
	close(now: number): void {
		this.closedUntil = now + LIST_POLLER.cooldown;
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
		this.closedUntil = isRetryable ? now + LIST_POLLER.cooldown : Number.POSITIVE_INFINITY;
		return false;
	}
}
