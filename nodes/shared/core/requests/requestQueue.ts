import type { Clock } from '../concurrency/clock';
import { ApiError } from './apiError';
import { REQUEST, RETRY } from '../config';
import { backoff } from './retry';
import { withTimeout } from './withTimeout';
import { type CancellationScope, isCancelReason } from '../concurrency/cancellationScope';
import { attempt } from '../concurrency/result';

/**
 * Who goes first, and who may be preempted (lose its slot and be sent again). In this order:
 *
 * - `urgent`: a cancel. If no slot is free, it preempts a poll, a read or a confirming read.
 * - `confirm`: a read after a cancel. Preempts a poll or a read. May be preempted itself: after a pause thousands of them are
 *   sent together, and no cancel waits for them.
 * - `call`: what a user asked for once (get, list, delete). Never preempted.
 * - `read`: the last read of an ended run, a page of a list.
 * - `poll`: a read that will be repeated anyway. Preempted first.
 */
export type Priority = 'urgent' | 'confirm' | 'call' | 'read' | 'poll';

/** Who gets the next free slot. */
const PRECEDENCE: readonly Priority[] = ['urgent', 'confirm', 'call', 'read', 'poll'];

/** Whose slots a priority may take, in this order. */
const PREEMPTIBLE: Partial<Record<Priority, readonly Priority[]>> = {
	urgent: ['poll', 'read', 'confirm'],
	confirm: ['poll', 'read'],
};

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
}

interface Waiter {
	priority: Priority;
	grant(slot: Slot): void;
	scope: CancellationScope;
}

/**
 * All requests to a provider pass here: limits the requests in flight, lets cancels go first, and pauses all after a 429 or
 * a `Retry-After`.
 */
export class RequestQueue {
	private readonly inFlight = new Set<Slot>();

	private readonly queues: Record<Priority, Set<Waiter>> = {
		urgent: new Set(),
		confirm: new Set(),
		call: new Set(),
		read: new Set(),
		poll: new Set(),
	};

	private pausedUntil = 0;

	/** @param limit requests in flight at most, 1 or more */
	constructor(
		private readonly limit: number,
		private readonly clock: Clock,
	) {}

	/**
	 * Pauses all requests for the `Retry-After` of the error; after a 429 without one, for the backoff after `failures` errors
	 * in a row. A longer pause stays.
	 */
	pauseFor(error: ApiError, failures: number): void {
		const asked = error.retryAfter ?? (error.kind === 'rateLimited' ? backoff(failures, this.clock) : 0);
		const pause = Math.min(asked, RETRY.maxRetryAfter);
		this.pausedUntil = Math.max(this.pausedUntil, this.clock.now() + pause);
	}

	/** Milliseconds until the pause ends; 0 without one. */
	pauseLeft(): number {
		return Math.max(0, this.pausedUntil - this.clock.now());
	}

	/**
	 * Sends one request: waits for a slot and the end of a pause, sets the timeout, and pauses all requests after a 429 or a
	 * `Retry-After`. A request that is preempted is sent again.
	 *
	 * @throws what `send` throws, ApiError `network` when the timeout is over, or the reason why `scope` was cancelled
	 */
	async request<T>(
		scope: CancellationScope,
		options: RequestOptions,
		send: (signal: AbortSignal) => Promise<T>,
	): Promise<T> {
		const { priority, timeout = REQUEST.timeout, failuresBefore = 0 } = options;
		// A child scope per request, so that waiting requests do not pile up listeners on a shared scope.
		const own = scope.child();
		try {
			for (;;) {
				const slot = await this.acquire(own, priority, options.ignorePauseAfter);
				const sent = await attempt(() => {
					// The scope may have been cancelled since the slot was granted.
					scope.signal.throwIfAborted();
					options.onSent?.();
					return withTimeout(this.clock, slot.scope, timeout, send);
				});
				// Before the slot is released: the next request must see the pause.
				if ('error' in sent && sent.error instanceof ApiError) this.pauseFor(sent.error, failuresBefore + 1);
				const preempted = isCancelReason(slot.scope.signal.reason, 'preempted');
				this.release(slot);
				if ('value' in sent) return sent.value;
				scope.signal.throwIfAborted();
				if (!preempted) throw sent.error;
			}
		} finally {
			own.dispose();
		}
	}

	private async acquire(
		scope: CancellationScope,
		priority: Priority,
		ignorePauseAfter = Number.POSITIVE_INFINITY,
	): Promise<Slot> {
		for (;;) {
			const slot = await this.slot(scope, priority);
			const wait = Math.min(this.pausedUntil, ignorePauseAfter) - this.clock.now();
			if (wait <= 0) return slot;
			this.release(slot);
			await this.clock.sleep(wait, scope.signal);
		}
	}

	private slot(scope: CancellationScope, priority: Priority): Promise<Slot> {
		if (scope.signal.aborted) return Promise.reject(scope.signal.reason);
		if (this.inFlight.size < this.limit) return Promise.resolve(this.open(scope, priority));
		return new Promise((resolve, reject) => {
			const queue = this.queues[priority];
			const onEnd = () => {
				queue.delete(waiter);
				reject(scope.signal.reason);
			};
			const waiter: Waiter = {
				priority,
				scope,
				grant: (slot) => {
					scope.signal.removeEventListener('abort', onEnd);
					resolve(slot);
				},
			};
			scope.signal.addEventListener('abort', onEnd, { once: true });
			queue.add(waiter);
			if (PREEMPTIBLE[priority]) this.preempt(waiter);
		});
	}

	/** Waits `REQUEST.preemptAfter` for a free slot, then takes that of the oldest request it may preempt. */
	private preempt(waiter: Waiter): void {
		const brief = waiter.scope.child();
		this.clock
			.sleep(REQUEST.preemptAfter, brief.signal)
			.then(() => {
				if (!this.queues[waiter.priority].has(waiter)) return;
				const slots = [...this.inFlight];
				for (const priority of PREEMPTIBLE[waiter.priority] ?? []) {
					const slot = slots.find((one) => one.priority === priority);
					if (!slot) continue;
					slot.scope.cancel('preempted');
					this.inFlight.delete(slot);
					// For this request, not for the first in the queue: each takes one slot for itself.
					this.grant(waiter);
					return;
				}
			})
			.catch(() => undefined)
			.finally(() => brief.dispose());
	}

	private open(scope: CancellationScope, priority: Priority): Slot {
		const slot: Slot = { priority, scope: scope.child() };
		this.inFlight.add(slot);
		return slot;
	}

	private release(slot: Slot): void {
		if (!this.inFlight.delete(slot)) return;
		slot.scope.dispose();
		for (const priority of PRECEDENCE) {
			const [next] = this.queues[priority];
			if (!next) continue;
			this.grant(next);
			return;
		}
	}

	private grant(waiter: Waiter): void {
		this.queues[waiter.priority].delete(waiter);
		waiter.grant(this.open(waiter.scope, waiter.priority));
	}
}
