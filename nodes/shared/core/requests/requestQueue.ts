import type { Clock } from '../concurrency/clock';
import { ApiError } from './apiError';
import { REQUEST, RETRY } from '../config';
import { backoff } from './backoff';
import { withTimeout } from './withTimeout';
import { type CancellationScope, isCancelReason } from '../concurrency/cancellationScope';
import { attempt } from '../concurrency/result';

/**
 * Who may go first, and who may be interrupted.
 *
 * - `urgent`: a cancel. Overtakes everything; takes the slot of whatever may be repeated when none is free.
 * - `confirm`: a read that finds out what became of a cancel. Overtakes all but cancels, and takes the slot of a poll or of a
 *   read. Thousands of them are held back by one pause and leave together: no deadline waits behind them.
 * - `call`: something the user asked for once (get, list, delete). Never interrupted.
 * - `read`: the last read of a run that has ended, a page of the list. Goes before polls; as it may be repeated, it may
 *   lose its slot and be sent again.
 * - `poll`: a read that will be repeated anyway. The first to lose its slot.
 */
export type Priority = 'urgent' | 'confirm' | 'call' | 'read' | 'poll';

/** Who gets the next free slot. */
const PRECEDENCE: readonly Priority[] = ['urgent', 'confirm', 'call', 'read', 'poll'];

/** Whose slot they may take who cannot wait, in this order. */
const PREEMPTIBLE: Partial<Record<Priority, readonly Priority[]>> = {
	urgent: ['poll', 'read', 'confirm'],
	confirm: ['poll', 'read'],
};

export interface RequestOptions {
	priority: Priority;
	/** Milliseconds it may take from the moment it is sent; `REQUEST.timeout` where nothing is set. */
	timeout?: number;
	/** Unix ms from which on a pause no longer holds it back. Without it, it waits for the end of each pause. */
	ignorePauseAfter?: number;
	/** Failed requests in a row before this one: they lengthen the pause after a 429 without `Retry-After`. */
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
 * The one way out to a provider: bounds the requests in flight, lets deadlines go first, and holds everything back
 * while the provider asked for a pause.
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
	 * Holds all requests back for as long as the provider asked for it; after a 429 that names no time, for the backoff
	 * that belongs to `failures` in a row. A longer pause under way stays.
	 */
	pauseFor(error: ApiError, failures: number): void {
		const asked = error.retryAfter ?? (error.kind === 'rateLimited' ? backoff(failures, this.clock) : 0);
		const pause = Math.min(asked, RETRY.maxRetryAfter);
		this.pausedUntil = Math.max(this.pausedUntil, this.clock.now() + pause);
	}

	/** Milliseconds that the provider still wants to be left alone; 0 without a pause. */
	pauseLeft(): number {
		return Math.max(0, this.pausedUntil - this.clock.now());
	}

	/**
	 * Sends one request: waits for a slot and for the end of a pause, bounds the time it takes, and lets everything pause
	 * after a 429 or a `Retry-After`. In the `read` and `poll` priorities it may lose its slot and be sent again.
	 *
	 * @throws what `send` throws, ApiError `network` when the timeout is over, or the reason why `scope` was cancelled
	 */
	async request<T>(
		scope: CancellationScope,
		options: RequestOptions,
		send: (signal: AbortSignal) => Promise<T>,
	): Promise<T> {
		const { priority, timeout = REQUEST.timeout, failuresBefore = 0 } = options;
		// A child scope per request: what waits in the queues must not pile up listeners on a scope that many share.
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
				// Before the slot goes to the next request, which would not know of the pause yet.
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

	/** Who cannot wait still waits a moment for a free slot, then takes the one of what may be repeated and is under way longest. */
	private preempt(waiter: Waiter): void {
		const patience = waiter.scope.child();
		this.clock
			.sleep(REQUEST.preemptAfter, patience.signal)
			.then(() => {
				if (!this.queues[waiter.priority].has(waiter)) return;
				const slots = [...this.inFlight];
				for (const priority of PREEMPTIBLE[waiter.priority] ?? []) {
					const slot = slots.find((one) => one.priority === priority);
					if (!slot) continue;
					slot.scope.cancel('preempted');
					this.inFlight.delete(slot);
					// Not to whoever is first in the queue: each that is out of patience takes one slot, for itself.
					this.grant(waiter);
					return;
				}
			})
			.catch(() => undefined)
			.finally(() => patience.dispose());
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
