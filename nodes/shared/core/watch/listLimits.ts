import type { Clock } from '../concurrency/clock';
import { LIST_POLLER } from '../config';
import { ApiError } from '../requests/apiError';
import { backoff } from '../requests/backoff';
import { ReadCredit } from './readCredit';

/** When lists may be read (times are unix ms), and what they may cost (`credit`). */
export class ListLimits {
	/** Pages that failed are asked for again then; runs that are due wait for it. */
	retryAt = 0;

	/** From then on, pages are read on which none of our runs is expected as well. */
	exploresAt = 0;

	/** Until then, no list is read. */
	closedUntil = 0;

	private failures = 0;

	readonly credit = new ReadCredit();

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
