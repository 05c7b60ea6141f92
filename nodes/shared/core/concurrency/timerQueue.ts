import type { Clock } from './clock';
import { CLOCK } from '../config';
import type { CancellationScope } from './cancellationScope';

/** A callback at a time. */
export interface Timer {
	/** Unix ms. */
	readonly at: number;
	/** Sets another time, also after it has fired or was cancelled. */
	reschedule(at: number): void;
	cancel(): void;
}

const NOWHERE = -1;

class Entry implements Timer {
	/** Position in the heap. */
	index = NOWHERE;

	/** Order among timers of the same time: first set, first fired. */
	turn = 0;

	constructor(
		private readonly timerQueue: TimerQueue,
		public at: number,
		readonly fire: () => void,
	) {}

	reschedule(at: number): void {
		this.at = at;
		this.timerQueue.put(this);
	}

	cancel(): void {
		this.timerQueue.remove(this);
	}
}

/**
 * All timers of a watch on one timer of the clock: thousands of deadlines and polls need no timer, scope and listener each.
 * Timers that are due together fire in small groups, so that the event loop is not blocked.
 */
export class TimerQueue {
	/** Binary heap: the next to fire comes first. */
	private readonly heap: Entry[] = [];

	private turns = 0;

	/** The running timer of the clock, and its time. */
	private sleeping?: { scope: CancellationScope; until: number };

	constructor(
		private readonly clock: Clock,
		private readonly scope: CancellationScope,
	) {}

	/** @param at unix ms; a time in the past fires on the next turn of the event loop */
	set(at: number, fire: () => void): Timer {
		const entry = new Entry(this, at, fire);
		this.put(entry);
		return entry;
	}

	put(entry: Entry): void {
		entry.turn = this.turns++;
		if (entry.index === NOWHERE) {
			entry.index = this.heap.length;
			this.heap.push(entry);
		}
		this.siftEntry(entry);
		this.arm();
	}

	remove(entry: Entry): void {
		if (entry.index === NOWHERE) return;
		const last = this.heap.pop();
		if (last && last !== entry) {
			this.tracked(last, entry.index);
			this.siftEntry(last);
		}
		entry.index = NOWHERE;
	}

	/** Cancels all timers. */
	close(): void {
		for (const entry of this.heap) entry.index = NOWHERE;
		this.heap.length = 0;
		this.sleeping?.scope.dispose();
		this.sleeping = undefined;
	}

	/** A timer that is too early is harmless: nothing is due, and it is set again. */
	private arm(): void {
		const [next] = this.heap;
		if (!next || (this.sleeping && this.sleeping.until <= next.at)) return;
		this.sleeping?.scope.dispose();
		const sleep = { scope: this.scope.child(), until: next.at };
		this.sleeping = sleep;
		this.clock.sleep(next.at - this.clock.now(), sleep.scope.signal).then(
			() => {
				sleep.scope.dispose();
				// It may have ended just before it was replaced.
				if (this.sleeping !== sleep) return;
				this.sleeping = undefined;
				this.fireDue();
			},
			() => undefined,
		);
	}

	private fireDue(): void {
		const now = this.clock.now();
		for (let fired = 0; fired < CLOCK.timersPerTurn; fired++) {
			const [next] = this.heap;
			if (!next || next.at > now) break;
			this.remove(next);
			next.fire();
		}
		this.arm();
	}

	private siftEntry(entry: Entry): void {
		const { heap } = this;
		for (let above = (entry.index - 1) >> 1; entry.index > 0; above = (entry.index - 1) >> 1) {
			const parent = heap[above];
			if (!parent || !isBefore(entry, parent)) break;
			this.swap(entry, parent);
		}
		for (;;) {
			const left = heap[2 * entry.index + 1];
			const right = heap[2 * entry.index + 2];
			const first = left && right && isBefore(right, left) ? right : left;
			if (!first || !isBefore(first, entry)) return;
			this.swap(entry, first);
		}
	}

	private swap(a: Entry, b: Entry): void {
		const { index } = a;
		this.tracked(a, b.index);
		this.tracked(b, index);
	}

	private tracked(entry: Entry, index: number): void {
		entry.index = index;
		this.heap[index] = entry;
	}
}

function isBefore(a: Entry, b: Entry): boolean {
	return a.at === b.at ? a.turn < b.turn : a.at < b.at;
}
