import { type Clock, jittered } from './clock';
import { POLL, RETRY } from './limits';

export interface PollSettings {
	mode: 'adaptive' | 'fixed';
	/** Milliseconds between two polls: the fixed delay, or the shortest one in adaptive mode. */
	interval: number;
	/** Milliseconds: the longest delay in adaptive mode. At least `interval`. */
	maxInterval: number;
}

/**
 * Milliseconds to wait before a run is asked again.
 *
 * Adaptive: a run is asked again when it has been watched 10 % longer, never sooner than `interval`, never later than
 * `maxInterval`. So a run that ends after ten seconds is seen within a second, one of an hour costs no more than a poll
 * every `maxInterval`, and the delay of the news stays a small, constant share of the wait.
 *
 * @param watchedFor milliseconds since the run was first asked
 */
export function nextPollDelay(settings: PollSettings, watchedFor: number, clock: Clock): number {
	if (settings.mode === 'fixed') return settings.interval;
	const grown = Math.max(settings.interval, watchedFor * POLL.growth);
	const capped = Math.min(settings.maxInterval, jittered(grown, POLL.jitter, clock));
	return Math.max(settings.interval, capped);
}

/**
 * Milliseconds to wait after `failures` failed requests in a row (1 or more): doubling from `RETRY.first` to
 * `RETRY.max`, with jitter.
 */
export function backoff(failures: number, clock: Clock): number {
	return jittered(Math.min(RETRY.max, RETRY.first * 2 ** (failures - 1)), RETRY.jitter, clock);
}
