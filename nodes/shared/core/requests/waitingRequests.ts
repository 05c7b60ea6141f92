import type { CancellationScope } from '../concurrency/cancellationScope';
import type { Timer } from '../concurrency/timerQueue';
import { PRECEDENCE, type Priority } from './priority';

/** A request that waits to be sent. */
export interface WaitingRequest {
	readonly priority: Priority;
	readonly scope: CancellationScope;
	/** Unix ms from which on it does not heed a pause. */
	readonly ignorePauseAfter: number;
	/** Runs out when it may take the slot of another. */
	patience?: Timer;
	/** Lets it be sent now. */
	grant(now: number): void;
}

/** Requests that wait, by priority. */
export class WaitingRequests {
	private readonly lanes: Record<Priority, Lane> = {
		urgent: new Lane(),
		confirm: new Lane(),
		call: new Lane(),
		read: new Lane(),
		poll: new Lane(),
	};

	add(request: WaitingRequest): void {
		this.lanes[request.priority].add(request);
	}

	has(request: WaitingRequest): boolean {
		return this.lanes[request.priority].has(request);
	}

	/** @param wasSent its execution had its turn with this */
	delete(request: WaitingRequest, wasSent: boolean): void {
		this.lanes[request.priority].delete(request, wasSent);
	}

	/** @param isPaused only those count that do not heed a pause any more */
	next(isPaused: boolean, now: number): WaitingRequest | undefined {
		for (const priority of PRECEDENCE) {
			const next = this.lanes[priority].next(isPaused, now);
			if (next) return next;
		}
		return undefined;
	}

	/** Unix ms at which a pause is over for the next of them; never when there is none. */
	endOfPause(pausedUntil: number, now: number): number {
		const lanes = Object.values(this.lanes).filter(({ isEmpty }) => !isEmpty);
		if (lanes.length === 0) return Number.POSITIVE_INFINITY;
		return Math.min(pausedUntil, ...lanes.map((lane) => lane.endOfPatience(now)));
	}
}

/** Requests of one priority. Executions take turns, so that one with thousands does not hold up one with few. */
class Lane {
	/** By execution, the next one first. */
	private readonly byRoot = new Map<CancellationScope, Set<WaitingRequest>>();

	/** Those that will not heed a pause for ever. */
	private readonly impatient = new Set<WaitingRequest>();

	get isEmpty(): boolean {
		return this.byRoot.size === 0;
	}

	add(request: WaitingRequest): void {
		const { root } = request.scope;
		const waiting = this.byRoot.get(root) ?? new Set();
		this.byRoot.set(root, waiting.add(request));
		if (request.ignorePauseAfter !== Number.POSITIVE_INFINITY) this.impatient.add(request);
	}

	has(request: WaitingRequest): boolean {
		return this.byRoot.get(request.scope.root)?.has(request) ?? false;
	}

	delete(request: WaitingRequest, wasSent: boolean): void {
		const { root } = request.scope;
		const waiting = this.byRoot.get(root);
		this.impatient.delete(request);
		if (!waiting?.delete(request)) return;
		if (wasSent || waiting.size === 0) this.byRoot.delete(root);
		if (wasSent && waiting.size > 0) this.byRoot.set(root, waiting);
	}

	next(isPaused: boolean, now: number): WaitingRequest | undefined {
		if (isPaused && this.impatient.size === 0) return undefined;
		for (const waiting of this.byRoot.values()) {
			for (const request of waiting) if (!isPaused || request.ignorePauseAfter <= now) return request;
		}
		return undefined;
	}

	/** Unix ms, after now, at which the next of them does not heed a pause any more. */
	endOfPatience(now: number): number {
		let next = Number.POSITIVE_INFINITY;
		for (const { ignorePauseAfter } of this.impatient) {
			if (ignorePauseAfter > now) next = Math.min(next, ignorePauseAfter);
		}
		return next;
	}
}
