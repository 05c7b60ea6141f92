import { type Clock, jittered } from '../concurrency/clock';
import { COMPLETION_TIMES, POLL } from '../config';

export interface PollSettings {
	mode: 'adaptive' | 'fixed';
	/** Milliseconds between two polls: the fixed delay, or the shortest one in adaptive mode. */
	interval: number;
	/** Milliseconds: the longest delay in adaptive mode. At least `interval`. */
	maxInterval: number;
}

/**
 * Milliseconds to wait before a run is read again.
 *
 * Adaptive: a run is read again when it has been watched 10 % longer, never sooner than `interval`, never later than
 * `maxInterval`. So a run that ends after ten seconds is seen within a second, one of an hour costs no more than a poll
 * every `maxInterval`, and the delay of the news stays a small, constant share of the wait.
 *
 * Once it is known when runs of the kind usually end, a run is left alone until then, and then read at least ten times
 * as long as most have ended; both within the same two limits.
 *
 * @param watchedFor milliseconds since the run was first read
 * @param quantiles when runs of its kind have ended, and its own age (milliseconds); absent where too few have
 */
export function nextPollDelay(
	settings: PollSettings,
	watchedFor: number,
	random: Pick<Clock, 'random'>,
	quantiles?: CompletionQuantiles & { age: number },
): number {
	const { mode, interval, maxInterval } = settings;
	if (mode === 'fixed') return interval;
	const within = (delay: number) => Math.max(interval, Math.min(maxInterval, delay));
	const growing = within(jittered(Math.max(interval, watchedFor * POLL.growth), POLL.jitter, random));
	if (!quantiles || quantiles.age > quantiles.until) return growing;
	const { from, until, age } = quantiles;
	return age < from ? within(from - age) : Math.min(growing, within((until - from) * POLL.growth));
}

/** The ages (milliseconds) at which most runs of a kind have ended so far. */
export interface CompletionQuantiles {
	from: number;
	until: number;
}

/** How old the runs of one kind were when they ended: the last `COMPLETION_TIMES.maxRuns` of them. */
export class CompletionTimes {
	/** Milliseconds, sorted: ages at which they were last seen unfinished, and first seen at their end. */
	private readonly before: number[] = [];

	private readonly after: number[] = [];

	/** The same in the order in which they came. */
	private readonly ended: Array<{ before: number; after: number }> = [];

	/** A run ended between these two ages (milliseconds). */
	record(before: number, after: number): void {
		insert(this.before, before);
		insert(this.after, after);
		this.ended.push({ before, after });
		const oldest = this.ended.length > COMPLETION_TIMES.maxRuns ? this.ended.shift() : undefined;
		if (!oldest) return;
		this.before.splice(this.before.indexOf(oldest.before), 1);
		this.after.splice(this.after.indexOf(oldest.after), 1);
	}

	/** Absent while too few runs have ended. */
	get quantiles(): CompletionQuantiles | undefined {
		if (this.after.length < COMPLETION_TIMES.minRuns) return undefined;
		const cut = Math.floor(this.after.length * COMPLETION_TIMES.cut);
		return { from: this.before[cut] ?? 0, until: this.after[this.after.length - 1 - cut] ?? 0 };
	}
}

function insert(sorted: number[], value: number): void {
	let low = 0;
	let high = sorted.length;
	while (low < high) {
		const middle = (low + high) >>> 1;
		if ((sorted[middle] ?? 0) <= value) low = middle + 1;
		else high = middle;
	}
	sorted.splice(low, 0, value);
}
