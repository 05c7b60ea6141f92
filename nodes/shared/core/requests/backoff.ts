import { type Clock, jittered } from '../concurrency/clock';
import { RETRY } from '../config';

/**
 * Milliseconds to wait after `failures` errors in a row (1 or more): doubles from `RETRY.first` to `RETRY.max`, with
 * jitter.
 */
export function backoff(failures: number, clock: Pick<Clock, 'random'>): number {
	return jittered(Math.min(RETRY.max, RETRY.first * 2 ** (failures - 1)), RETRY.jitter, clock);
}
