import type { Clock } from './clock';
import { ApiFault } from './faults';
import { REQUEST, RETRY } from './limits';
import { backoff } from './schedule';
import { type Scope, isInterruption } from './scope';
import { settle } from './settle';

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
export type Lane = 'urgent' | 'confirm' | 'call' | 'read' | 'poll';

/** Who gets the next free slot. */
const PRECEDENCE: readonly Lane[] = ['urgent', 'confirm', 'call', 'read', 'poll'];

/** Whose slot they may take who cannot wait, in this order. */
const PREEMPTIBLE: Partial<Record<Lane, readonly Lane[]>> = {
	urgent: ['poll', 'read', 'confirm'],
	confirm: ['poll', 'read'],
};

interface Flight {
	lane: Lane;
	scope: Scope;
}

interface Ticket {
	lane: Lane;
	take(flight: Flight): void;
	scope: Scope;
}

/**
 * The one way out to a provider: bounds the requests in flight, lets deadlines go first, and holds everything back
 * while the provider asked for a pause.
 */
export class RequestGate {
	private readonly inFlight = new Set<Flight>();

	private readonly queues: Record<Lane, Set<Ticket>> = {
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
	heed(fault: ApiFault, failures: number): void {
		const asked = fault.retryAfter ?? (fault.kind === 'rateLimited' ? backoff(failures, this.clock) : 0);
		const pause = Math.min(asked, RETRY.maxRetryAfter);
		this.pausedUntil = Math.max(this.pausedUntil, this.clock.now() + pause);
	}

	/** Milliseconds that the provider still wants to be left alone; 0 without a pause. */
	pauseLeft(): number {
		return Math.max(0, this.pausedUntil - this.clock.now());
	}

	/**
	 * Runs `work` when there is a slot and no pause. `work` gets a scope of its own and must end when that scope ends;
	 * in the `read` and `poll` lanes it may be started again after it lost its slot.
	 *
	 * @param ignorePauseAfter unix ms from which on a pause no longer holds this call back (default: always waits)
	 * @throws what `work` throws, or the reason why `scope` ended
	 */
	async run<T>(
		scope: Scope,
		lane: Lane,
		work: (scope: Scope) => Promise<T>,
		ignorePauseAfter = Number.POSITIVE_INFINITY,
	): Promise<T> {
		// A scope of its own per call: what waits in the queues must not pile up listeners on a scope that many share.
		const call = scope.fork();
		try {
			for (;;) {
				const flight = await this.admit(call, lane, ignorePauseAfter);
				const worked = await settle(() => {
					// Between being handed a slot and using it, the scope may have ended.
					scope.signal.throwIfAborted();
					return work(flight.scope);
				});
				// Before the slot goes to the next one, who would not know of the pause yet.
				if ('error' in worked && worked.error instanceof ApiFault) this.heed(worked.error, 1);
				const preempted = isInterruption(flight.scope.signal.reason, 'preempted');
				this.leave(flight);
				if ('value' in worked) return worked.value;
				scope.signal.throwIfAborted();
				if (!preempted) throw worked.error;
			}
		} finally {
			call.release();
		}
	}

	private async admit(scope: Scope, lane: Lane, ignorePauseAfter: number): Promise<Flight> {
		for (;;) {
			const flight = await this.slot(scope, lane);
			const wait = Math.min(this.pausedUntil, ignorePauseAfter) - this.clock.now();
			if (wait <= 0) return flight;
			this.leave(flight);
			await this.clock.sleep(wait, scope.signal);
		}
	}

	private slot(scope: Scope, lane: Lane): Promise<Flight> {
		if (scope.signal.aborted) return Promise.reject(scope.signal.reason);
		if (this.inFlight.size < this.limit) return Promise.resolve(this.enter(scope, lane));
		return new Promise((resolve, reject) => {
			const queue = this.queues[lane];
			const onEnd = () => {
				queue.delete(ticket);
				reject(scope.signal.reason);
			};
			const ticket: Ticket = {
				lane,
				scope,
				take: (flight) => {
					scope.signal.removeEventListener('abort', onEnd);
					resolve(flight);
				},
			};
			scope.signal.addEventListener('abort', onEnd, { once: true });
			queue.add(ticket);
			if (PREEMPTIBLE[lane]) this.insist(ticket);
		});
	}

	/** Who cannot wait still waits a moment for a free slot, then takes the one of what may be repeated and is under way longest. */
	private insist(ticket: Ticket): void {
		const patience = ticket.scope.fork();
		this.clock
			.sleep(REQUEST.preemptAfter, patience.signal)
			.then(() => {
				if (!this.queues[ticket.lane].has(ticket)) return;
				const flights = [...this.inFlight];
				for (const lane of PREEMPTIBLE[ticket.lane] ?? []) {
					const flight = flights.find((one) => one.lane === lane);
					if (!flight) continue;
					flight.scope.end('preempted');
					this.inFlight.delete(flight);
					// Not to whoever is first in the queue: each that is out of patience takes one slot, for itself.
					this.letIn(ticket);
					return;
				}
			})
			.catch(() => undefined)
			.finally(() => patience.release());
	}

	private enter(scope: Scope, lane: Lane): Flight {
		const flight: Flight = { lane, scope: scope.fork() };
		this.inFlight.add(flight);
		return flight;
	}

	private leave(flight: Flight): void {
		if (!this.inFlight.delete(flight)) return;
		flight.scope.release();
		for (const lane of PRECEDENCE) {
			const [next] = this.queues[lane];
			if (!next) continue;
			this.letIn(next);
			return;
		}
	}

	private letIn(ticket: Ticket): void {
		this.queues[ticket.lane].delete(ticket);
		ticket.take(this.enter(ticket.scope, ticket.lane));
	}
}
