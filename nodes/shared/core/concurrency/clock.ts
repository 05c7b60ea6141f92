/** Time and randomness, injected into the core: n8n's timers in a workflow, a fake clock in tests. */
export interface Clock {
	/** Unix milliseconds. */
	now(): number;
	/**
	 * Waits `ms` milliseconds (0 or less: until the next turn of the event loop).
	 *
	 * @throws the signal's reason as soon as `signal` is aborted.
	 */
	sleep(ms: number, signal: AbortSignal): Promise<void>;
	/** From 0 (included) to 1 (excluded). */
	random(): number;
}

/** `base` ± a random share of up to `spread` (0 to 1). */
export function jittered(base: number, spread: number, clock: Pick<Clock, 'random'>): number {
	return base * (1 + spread * (2 * clock.random() - 1));
}
