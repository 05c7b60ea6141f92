import type { Clock } from './clock';
import { CLOCK } from './limits';
import type { Scope } from './scope';

/** Something that happens at a time. */
export interface Alarm {
	/** Unix ms. */
	readonly at: number;
	/** Sets it to another time, also after it has rung or was cancelled. */
	move(at: number): void;
	cancel(): void;
}

const NOWHERE = -1;

class Entry implements Alarm {
	/** Its place in the heap. */
	index = NOWHERE;

	/** Decides among alarms of the same time: the one that was set first rings first. */
	turn = 0;

	constructor(
		private readonly timetable: Timetable,
		public at: number,
		readonly ring: () => void,
	) {}

	move(at: number): void {
		this.at = at;
		this.timetable.put(this);
	}

	cancel(): void {
		this.timetable.remove(this);
	}
}

/**
 * All alarms of a watch on one timer: thousands of deadlines and polls cost no timer, scope or listener each. Many that
 * are due together ring in small groups, so that whatever else waits in the process gets its turn between them.
 */
export class Timetable {
	/** A binary heap: the next one to ring is the first. */
	private readonly heap: Entry[] = [];

	private turns = 0;

	/** The timer under way, and the time it is set to. */
	private nap?: { scope: Scope; until: number };

	constructor(
		private readonly clock: Clock,
		private readonly scope: Scope,
	) {}

	/** @param at unix ms; a time in the past is on the next turn of the event loop */
	set(at: number, ring: () => void): Alarm {
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
		this.settle(entry);
		this.arm();
	}

	remove(entry: Entry): void {
		if (entry.index === NOWHERE) return;
		const last = this.heap.pop();
		if (last && last !== entry) {
			this.place(last, entry.index);
			this.settle(last);
		}
		entry.index = NOWHERE;
	}

	/** No alarm rings any more. */
	close(): void {
		for (const entry of this.heap) entry.index = NOWHERE;
		this.heap.length = 0;
		this.nap?.scope.release();
		this.nap = undefined;
	}

	/** A timer that is set too early does no harm: it finds nothing to ring and is set again. */
	private arm(): void {
		const [next] = this.heap;
		if (!next || (this.nap && this.nap.until <= next.at)) return;
		this.nap?.scope.release();
		const nap = { scope: this.scope.fork(), until: next.at };
		this.nap = nap;
		this.clock.sleep(next.at - this.clock.now(), nap.scope.signal).then(
			() => {
				nap.scope.release();
				// A sleep that has ended can still be too late to be called off.
				if (this.nap !== nap) return;
				this.nap = undefined;
				this.ring();
			},
			() => undefined,
		);
	}

	private ring(): void {
		const now = this.clock.now();
		for (let rung = 0; rung < CLOCK.alarmsPerTurn; rung++) {
			const [next] = this.heap;
			if (!next || next.at > now) break;
			this.remove(next);
			next.ring();
		}
		this.arm();
	}

	private settle(entry: Entry): void {
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
		this.place(a, b.index);
		this.place(b, index);
	}

	private place(entry: Entry, index: number): void {
		entry.index = index;
		this.heap[index] = entry;
	}
}

function isBefore(a: Entry, b: Entry): boolean {
	return a.at === b.at ? a.turn < b.turn : a.at < b.at;
}
