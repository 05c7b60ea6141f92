import type { Clock } from './clock';
import { CLOCK } from '../config';
import type { CancellationScope } from './cancellationScope';

/** Something that happens at a time. */
export interface Timer {
	/** Unix ms. */
	readonly at: number;
	/** Sets it to another time, also after it has rung or was cancelled. */
	reschedule(at: number): void;
	cancel(): void;
}

const NOWHERE = -1;

class Entry implements Timer {
	/** Its place in the heap. */
	index = NOWHERE;

	/** Decides among alarms of the same time: the one that was set first rings first. */
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
 * All alarms of a watch on one timer: thousands of deadlines and polls cost no timer, scope or listener each. Many that
 * are due together ring in small groups, so that whatever else waits in the process gets its turn between them.
 */
export class TimerQueue {
	/** A binary heap: the next one to ring is the first. */
	private readonly heap: Entry[] = [];

	private turns = 0;

	/** The timer under way, and the time it is set to. */
	private nap?: { scope: CancellationScope; until: number };

	constructor(
		private readonly clock: Clock,
		private readonly scope: CancellationScope,
	) {}

	/** @param at unix ms; a time in the past is on the next turn of the event loop */
	set(at: number, ring: () => void): Timer {
		const entry = new Entry(this, at, ring);
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

	/** No alarm rings any more. */
	close(): void {
		for (const entry of this.heap) entry.index = NOWHERE;
		this.heap.length = 0;
		this.nap?.scope.dispose();
		this.nap = undefined;
	}

	/** A timer that is set too early does no harm: it finds nothing to ring and is set again. */
	private arm(): void {
		const [next] = this.heap;
		if (!next || (this.nap && this.nap.until <= next.at)) return;
		this.nap?.scope.dispose();
		const nap = { scope: this.scope.child(), until: next.at };
		this.nap = nap;
		this.clock.sleep(next.at - this.clock.now(), nap.scope.signal).then(
			() => {
				nap.scope.dispose();
				// A sleep that has ended can still be too late to be called off.
				if (this.nap !== nap) return;
				this.nap = undefined;
				this.fireDue();
			},
			() => undefined,
		);
	}

	private fireDue(): void {
		const now = this.clock.now();
		for (let rung = 0; rung < CLOCK.timersPerTurn; rung++) {
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
