/**
 * Time and chance, handed to the core from outside: n8n's own timers in a workflow, a fake clock in tests.
 */
export interface Clock {
	/** Unix milliseconds. */
	now(): number;
	/**
	 * Waits `ms` milliseconds (0 or less: returns on the next turn).
	 *
	 * @throws the signal's reason as soon as `signal` is aborted.
	 */
	sleep(ms: number, signal: AbortSignal): Promise<void>;
	/** A number from 0 (included) to 1 (excluded). */
	random(): number;
}

/** `base` with a spread of ± `spread` (0 to 1). */
export function jittered(base: number, spread: number, clock: Pick<Clock, 'random'>): number {
	return base * (1 + spread * (2 * clock.random() - 1));
}
