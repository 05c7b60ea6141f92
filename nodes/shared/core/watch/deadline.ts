import type { Run, TimeMark } from '../runs/run';

/** From which moment a timeout is counted: when watching begins, or one of the run's own times. */
export type CountFrom = 'now' | 'created' | 'started';

/** Milliseconds, and what they are counted from. */
export interface Timeout {
	timeout: number;
	countFrom: CountFrom;
}

/**
 * The run's own time to count from: the wanted one, else the nearest that is known. `undefined` when there is none.
 *
 * A run that has not started is counted from its creation; once it starts, the count starts again.
 *
 * @param listed the creation time in the list of runs, for runs that do not hold it themselves
 */
export function timeToCountFrom(
	{ created, started }: Run,
	countFrom: 'created' | 'started',
	listed?: TimeMark,
): TimeMark | undefined {
	return countFrom === 'created' ? (created ?? listed ?? started) : (started ?? created ?? listed);
}

/** When the time of a run is up, and what that is counted from. */
export class Deadline {
	/** Unix ms. Until the run's own times are known: the latest it can be. */
	at: number;

	isKnown: boolean;

	/** The run's own time that counts; absent when the begin of the watch does. */
	countedFrom?: TimeMark;

	/** From when each of the run's own times is counted (unix ms): as reported, but never from the future. */
	private clamped?: Map<number, number>;

	/**
	 * @param timeouts the earliest of them counts
	 * @param watchedSince unix ms
	 */
	constructor(
		private readonly timeouts: readonly Timeout[],
		private readonly watchedSince: number,
	) {
		this.at = watchedSince + Math.min(...timeouts.map(({ timeout }) => timeout));
		this.isKnown = timeouts.some(({ countFrom }) => countFrom === 'now');
	}

	/** True when the run itself holds no time for one of the timeouts. */
	needsListedTime(run: Run): boolean {
		return this.timeouts.some(({ countFrom }) => countFrom !== 'now' && !timeToCountFrom(run, countFrom));
	}

	/** Counts anew from what the run's own times say now. False when no time to count from is known. */
	update(run: Run, listed: TimeMark | undefined, now: number): boolean {
		let at = Number.POSITIVE_INFINITY;
		let countedFrom: TimeMark | undefined;
		for (const { countFrom, timeout } of this.timeouts) {
			const mark = countFrom === 'now' ? undefined : timeToCountFrom(run, countFrom, listed);
			if (countFrom !== 'now' && !mark) continue;
			const due = (mark ? this.clamp(mark.at, now) : this.watchedSince) + timeout;
			if (due >= at) continue;
			at = due;
			countedFrom = mark;
		}
		if (at === Number.POSITIVE_INFINITY) return false;
		this.at = at;
		this.countedFrom = countedFrom;
		this.isKnown = true;
		return true;
	}

	/** A run cannot have begun in the future: a server clock that is ahead must not move the deadline away. */
	private clamp(at: number, now: number): number {
		this.clamped ??= new Map();
		const from = this.clamped.get(at) ?? Math.min(at, now);
		this.clamped.set(at, from);
		return from;
	}
}
