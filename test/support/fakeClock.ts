import type { Clock } from '../../nodes/shared/core/concurrency/clock';

interface Timer {
	due: number;
	/** Decides among timers that are due at the same time. */
	tie: number;
	fire(): void;
}

export interface FakeClockOptions {
	/** Unix ms at which the clock starts. */
	start?: number;
	/** Seed of `random()`. */
	seed?: number;
	/**
	 * Which of several timers that are due at the same millisecond fires first. Node gives no promise about it, so
	 * property tests shuffle.
	 */
	ties?: 'inOrder' | 'shuffled';
}

/** 2026-01-01T00:00:00.000Z */
export const FAKE_EPOCH = Date.UTC(2026, 0, 1);

/**
 * Time that only moves when a test says so. Timers fire one by one, each after all promises that the one before it set
 * going have settled, just as Node empties its microtask queue between two timers.
 */
export class FakeClock implements Clock {
	private time: number;

	private readonly timers: Timer[] = [];

	private readonly ties: 'inOrder' | 'shuffled';

	private created = 0;

	private readonly chance: () => number;

	private readonly tieChance: () => number;

	constructor(options: FakeClockOptions = {}) {
		this.time = options.start ?? FAKE_EPOCH;
		this.ties = options.ties ?? 'inOrder';
		this.chance = seededRandom(options.seed ?? 1);
		this.tieChance = seededRandom((options.seed ?? 1) + 1);
	}

	now(): number {
		return this.time;
	}

	random(): number {
		return this.chance();
	}

	sleep(ms: number, signal: AbortSignal): Promise<void> {
		return new Promise((resolve, reject) => {
			if (signal.aborted) {
				reject(signal.reason);
				return;
			}
			const onAbort = () => {
				this.timers.splice(this.timers.indexOf(timer), 1);
				reject(signal.reason);
			};
			const timer: Timer = {
				due: this.time + Math.max(0, ms),
				tie: this.ties === 'shuffled' ? this.tieChance() : this.created++,
				fire: () => {
					signal.removeEventListener('abort', onAbort);
					resolve();
				},
			};
			signal.addEventListener('abort', onAbort, { once: true });
			this.add(timer);
		});
	}

	/** Sleepers that still wait. 0 after a piece of work is done, or it has left a timer behind. */
	get sleeping(): number {
		return this.timers.length;
	}

	/** Lets every promise chain that can go on without time passing come to rest. */
	settle(): Promise<void> {
		// Node turns to its immediates only once the microtask queue is empty, however long the chains are.
		return new Promise((resolve) => setImmediate(resolve));
	}

	/** Moves time on by `ms` and fires what becomes due on the way. */
	async advance(ms: number): Promise<void> {
		const until = this.time + ms;
		await this.settle();
		for (let next = this.timers[0]; next && next.due <= until; next = this.timers[0]) await this.fire(next);
		this.time = until;
	}

	/**
	 * Moves time from timer to timer until `work` settles, and gives back what came of it.
	 *
	 * @param within virtual ms, by default six hours; more than this is an endless loop
	 * @throws what `work` throws; an Error when nothing is left that could ever wake it up
	 */
	async finish<T>(work: Promise<T>, within = 6 * 3_600_000): Promise<T> {
		const until = this.time + within;
		const state = { result: false };
		const note = () => {
			state.result = true;
		};
		work.then(note, note);
		for (;;) {
			await this.settle();
			if (state.result) return work;
			const next = this.timers[0];
			if (!next) throw new Error('Stuck: the work waits, but no timer is left to wake it up');
			if (next.due > until) throw new Error(`Not done after ${within} ms of virtual time`);
			await this.fire(next);
		}
	}

	private async fire(timer: Timer): Promise<void> {
		this.timers.splice(this.timers.indexOf(timer), 1);
		this.time = Math.max(this.time, timer.due);
		timer.fire();
		await this.settle();
	}

	private add(timer: Timer): void {
		let low = 0;
		let high = this.timers.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			const other = this.timers[middle];
			if (other && (other.due < timer.due || (other.due === timer.due && other.tie <= timer.tie))) {
				low = middle + 1;
			} else {
				high = middle;
			}
		}
		this.timers.splice(low, 0, timer);
	}
}

/** Numbers from 0 (included) to 1 (excluded): the same ones for the same seed (a linear congruential generator). */
export function seededRandom(seed: number): () => number {
	let state = seed >>> 0;
	const next = () => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return state / 2 ** 32;
	};
	// The first numbers of neighbouring seeds are neighbours too.
	next();
	next();
	return next;
}
