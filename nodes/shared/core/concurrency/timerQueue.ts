import type { Clock } from './clock';
import { CLOCK } from '../config';
import type { CancellationScope } from './cancellationScope';

const NOWHERE = -1;

/** A callback at a time. */
export class Timer {
	/** Position in the heap. */
	index = NOWHERE;

	/** Order among timers of the same time: first set, first fired. */
	turn = 0;

	constructor(
		private readonly timerQueue: TimerQueue,
		/** Unix ms. */
		public at: number,
		readonly fire: () => void,
	) {}

	/** Sets another time, also after it has fired or was cancelled. */
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
	private readonly heap: Timer[] = [];

	private turns = 0;

	/** The running timer of the clock, and its time. */
	private sleeping?: { scope: CancellationScope; until: number };

	constructor(
		private readonly clock: Clock,
		private readonly scope: CancellationScope,
	) {}

	/** @param at unix ms; a time in the past fires on the next turn of the event loop */
	set(at: number, fire: () => void): Timer {
		const timer = new Timer(this, at, fire);
		this.put(timer);
		return timer;
	}

	put(timer: Timer): void {
		timer.turn = this.turns++;
		if (timer.index === NOWHERE) {
			timer.index = this.heap.length;
			this.heap.push(timer);
		}
		this.sift(timer);
		this.arm();
	}

	remove(timer: Timer): void {
		if (timer.index === NOWHERE) return;
		const last = this.heap.pop();
		if (last && last !== timer) {
			this.place(last, timer.index);
			this.sift(last);
		}
		timer.index = NOWHERE;
		if (this.heap.length === 0) this.disarm();
	}

	/** Cancels all timers. */
	close(): void {
		for (const timer of this.heap) timer.index = NOWHERE;
		this.heap.length = 0;
		this.disarm();
	}

	/** Nothing is left to wait for. */
	private disarm(): void {
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

	private sift(timer: Timer): void {
		const { heap } = this;
		for (let above = (timer.index - 1) >> 1; timer.index > 0; above = (timer.index - 1) >> 1) {
			const parent = heap[above];
			if (!parent || !isBefore(timer, parent)) break;
			this.swap(timer, parent);
		}
		for (;;) {
			const left = heap[2 * timer.index + 1];
			const right = heap[2 * timer.index + 2];
			const first = left && right && isBefore(right, left) ? right : left;
			if (!first || !isBefore(first, timer)) return;
			this.swap(timer, first);
		}
	}

	private swap(a: Timer, b: Timer): void {
		const { index } = a;
		this.place(a, b.index);
		this.place(b, index);
	}

	private place(timer: Timer, index: number): void {
		timer.index = index;
		this.heap[index] = timer;
	}
}

function isBefore(a: Timer, b: Timer): boolean {
	return a.at === b.at ? a.turn < b.turn : a.at < b.at;
}
