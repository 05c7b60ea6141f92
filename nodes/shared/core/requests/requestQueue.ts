import type { Clock } from '../concurrency/clock';
import { CancellationScope, isCancelReason } from '../concurrency/cancellationScope';
import { attempt } from '../concurrency/result';
import { type Timer, TimerQueue } from '../concurrency/timerQueue';
import { REQUEST } from '../config';
import type { Allowance } from './allowances';
import type { ApiError } from './apiError';
import { PREEMPTIBLE, type Priority } from './priority';
import { Throttle } from './throttle';
import { type WaitingRequest, WaitingRequests } from './waitingRequests';
import { withTimeout } from './withTimeout';

export interface RequestOptions {
	priority: Priority;
	/** Milliseconds from sending to the response; `REQUEST.timeout` by default. */
	timeout?: number;
	/** Unix ms from which on pauses are ignored. Without it, they are waited for. */
	ignorePauseAfter?: number;
	/** Errors in a row before this request: they lengthen the pause after a 429 without `Retry-After`. */
	failuresBefore?: number;
	/** Called each time it is sent. */
	onSent?(): void;
}

interface Slot {
	priority: Priority;
	scope: CancellationScope;
	/** Unix ms. */
	sentAt: number;
	/** True when it was sent although all others had to wait: its refusal says nothing new. */
	isInPause: boolean;
}

/**
 * All requests of an account pass here: limits the requests in flight and per second, lets cancels go first, and pauses all
 * after a 429 or a `Retry-After`. Of requests of the same priority, executions send one after the other in turn.
 */
export class RequestQueue {
	private readonly inFlight = new Set<Slot>();

	private readonly waiting = new WaitingRequests();

	private readonly throttle: Throttle;

	private readonly timerQueue: TimerQueue;

	/** When the next request may be sent, where only time is in the way. */
	private alarm?: Timer;

	constructor(private readonly clock: Clock) {
		this.throttle = new Throttle(clock);
		this.timerQueue = new TimerQueue(clock, CancellationScope.from(undefined));
	}

	/**
	 * What an execution asks for, until its scope ends. The highest number of requests in flight counts, and the lowest number
	 * per second.
	 */
	allow(scope: CancellationScope, allowance: Allowance): void {
		this.throttle.allow(scope, allowance, () => this.dispatch());
	}

	/**
	 * Pauses all requests for the `Retry-After` of the error; after a 429 without one, for the backoff after `failures` errors
	 * in a row. A longer pause stays.
	 */
	pauseFor(error: ApiError, failures: number): void {
		this.throttle.pauseFor(error, failures);
	}

	/** Milliseconds until the pause ends; 0 without one. */
	pauseLeft(): number {
		return Math.max(0, this.throttle.pausedUntil - this.clock.now());
	}

	/**
	 * Sends one request: waits for a slot, the end of a pause and its turn within the rate, sets the timeout, and learns from
	 * the answer. A request that is preempted is sent again.
	 *
	 * @throws what `send` throws, ApiError `network` when the timeout is over, or the reason why `scope` was cancelled
	 */
	async request<T>(
		scope: CancellationScope,
		options: RequestOptions,
		send: (signal: AbortSignal) => Promise<T>,
	): Promise<T> {
		const { timeout = REQUEST.timeout, failuresBefore = 0 } = options;
		// A child scope per request, so that waiting requests do not pile up listeners on a shared scope.
		const own = scope.child();
		try {
			for (;;) {
				const slot = await this.slot(own, options);
				const sent = await attempt(() => {
					// Since it was granted, the scope may have been cancelled, or the slot taken away.
					slot.scope.signal.throwIfAborted();
					options.onSent?.();
					return withTimeout(this.clock, slot.scope, timeout, send);
				});
				const preempted = isCancelReason(slot.scope.signal.reason, 'preempted');
				// Before the slot is released: the next request must see the pause.
				this.throttle.learn(slot, sent, failuresBefore);
				this.release(slot);
				if ('value' in sent) return sent.value;
				scope.signal.throwIfAborted();
				if (!preempted) throw sent.error;
			}
		} finally {
			own.dispose();
		}
	}

	private slot(scope: CancellationScope, options: RequestOptions): Promise<Slot> {
		if (scope.signal.aborted) return Promise.reject(scope.signal.reason);
		const { priority, ignorePauseAfter = Number.POSITIVE_INFINITY } = options;
		return new Promise((resolve, reject) => {
			const leave = (wasSent: boolean) => {
				scope.signal.removeEventListener('abort', onEnd);
				this.waiting.delete(request, wasSent);
				request.patience?.cancel();
			};
			const onEnd = () => {
				leave(false);
				reject(scope.signal.reason);
				this.dispatch();
			};
			const request: WaitingRequest = {
				priority,
				scope,
				ignorePauseAfter,
				grant: (now) => {
					leave(true);
					this.throttle.spend(priority === 'urgent');
					const isInPause = now < this.throttle.pausedUntil;
					const slot = { priority, scope: scope.child(), sentAt: now, isInPause };
					this.inFlight.add(slot);
					resolve(slot);
				},
			};
			scope.signal.addEventListener('abort', onEnd, { once: true });
			this.waiting.add(request);
			this.dispatch();
			// Once it was sent, its slot is what counts.
			if (PREEMPTIBLE[priority] && this.waiting.has(request)) this.setPatience(request);
		});
	}

	/** Sends what may be sent, in the order of precedence, and sees to it that the rest is sent in time. */
	private dispatch(): void {
		const now = this.clock.now();
		const isPaused = now < this.throttle.pausedUntil;
		let at = Number.POSITIVE_INFINITY;
		while (this.inFlight.size < this.throttle.inFlight) {
			const next = this.waiting.next(isPaused, now);
			const wait = next ? this.throttle.wait(next.priority === 'urgent') : 0;
			if (next && wait === 0) {
				next.grant(now);
				continue;
			}
			if (next) at = now + wait;
			if (isPaused) at = Math.min(at, this.waiting.endOfPause(this.throttle.pausedUntil, now));
			break;
		}
		if (at === Number.POSITIVE_INFINITY) this.alarm?.cancel();
		else if (this.alarm) this.alarm.reschedule(at);
		else this.alarm = this.timerQueue.set(at, () => this.dispatch());
	}

	/** Lets it wait `REQUEST.preemptAfter` for a free slot, from the moment at which it may be sent. */
	private setPatience(request: WaitingRequest): void {
		const now = this.clock.now();
		const pause = Math.max(0, Math.min(this.throttle.pausedUntil, request.ignorePauseAfter) - now);
		const wait = Math.max(pause, this.throttle.wait(request.priority === 'urgent'));
		const at = now + wait + REQUEST.preemptAfter;
		if (request.patience) request.patience.reschedule(at);
		else request.patience = this.timerQueue.set(at, () => this.onPatienceOver(request));
	}

	/** Takes the slot of the oldest request that it may preempt. */
	private onPatienceOver(request: WaitingRequest): void {
		const now = this.clock.now();
		const mayBeSent = now >= Math.min(this.throttle.pausedUntil, request.ignorePauseAfter);
		const isInTurn = this.throttle.wait(request.priority === 'urgent') === 0;
		if (!mayBeSent || !isInTurn || this.inFlight.size < this.throttle.inFlight) {
			this.setPatience(request);
			return;
		}
		const slots = [...this.inFlight];
		for (const priority of PREEMPTIBLE[request.priority] ?? []) {
			const slot = slots.find((one) => one.priority === priority);
			if (!slot) continue;
			slot.scope.cancel('preempted');
			this.inFlight.delete(slot);
			// For this request, not for the first in the queue: each takes one slot for itself.
			request.grant(now);
			return;
		}
	}

	private release(slot: Slot): void {
		if (!this.inFlight.delete(slot)) return;
		slot.scope.dispose();
		this.dispatch();
	}
}
