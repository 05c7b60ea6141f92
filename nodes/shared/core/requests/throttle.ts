import type { CancellationScope } from '../concurrency/cancellationScope';
import type { Clock } from '../concurrency/clock';
import type { Result } from '../concurrency/result';
import { RETRY } from '../config';
import { type Allowance, Allowances } from './allowances';
import { ApiError } from './apiError';
import { backoff } from './backoff';
import { RequestRate } from './requestRate';

/** What an account may send now: requests in flight, the pause after a refusal, and the stated or learned rate. */
export class Throttle {
	/** Unix ms. */
	pausedUntil = 0;

	private readonly allowances = new Allowances();

	private readonly rate: RequestRate;

	constructor(private readonly clock: Clock) {
		this.rate = new RequestRate(clock);
	}

	/** Requests in flight at most. */
	get inFlight(): number {
		return this.allowances.inFlight;
	}

	/** @param onChange called now, and when the scope has ended and its allowance with it */
	allow(scope: CancellationScope, allowance: Allowance, onChange: () => void): void {
		const apply = () => {
			this.rate.stated = this.allowances.perSecond;
			onChange();
		};
		this.allowances.add(scope, allowance, apply);
		apply();
	}

	/** Pauses all requests, as `RequestQueue.pauseFor` says. */
	pauseFor(error: ApiError, failures: number): void {
		const asked = error.retryAfter ?? (error.kind === 'rateLimited' ? backoff(failures, this.clock) : 0);
		const pause = Math.min(asked, RETRY.maxRetryAfter);
		this.pausedUntil = Math.max(this.pausedUntil, this.clock.now() + pause);
	}

	/** Milliseconds until the rate lets a request be sent; 0 when it may be sent now. */
	wait(isUrgent: boolean): number {
		return this.rate.wait(isUrgent);
	}

	/** A request is sent. */
	spend(isUrgent: boolean): void {
		this.rate.spend(isUrgent);
	}

	/**
	 * What an answer says about the rate and about a pause.
	 *
	 * @param request sent at `sentAt` (unix ms); a refusal of one that was sent in a pause says nothing new
	 */
	learn(
		{ sentAt, isInPause }: { sentAt: number; isInPause: boolean },
		sent: Result<unknown>,
		failuresBefore: number,
	): void {
		const error = 'error' in sent ? sent.error : undefined;
		if (error !== undefined && !(error instanceof ApiError)) return;
		if (error) this.pauseFor(error, failuresBefore + 1);
		const isRefused = error?.kind === 'rateLimited' || error?.retryAfter !== undefined;
		if (isRefused && !isInPause) this.rate.onRefused(sentAt, this.pausedUntil);
		else if (!error || (error.status !== undefined && !isRefused)) this.rate.onTaken();
	}
}
