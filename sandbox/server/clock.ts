/** Sandbox time. It starts at the real start time and can run faster than real time. */
export interface Clock {
	/** Sandbox time in ms since the epoch. */
	now(): number;
}

/**
 * @param realNow the time source, in ms since the epoch
 * @param speed how many sandbox ms pass in one ms of `realNow`; above 0
 * @throws RangeError when `speed` is not a positive number
 */
export function createClock(realNow: () => number, speed: number): Clock {
	if (!Number.isFinite(speed) || speed <= 0) {
		throw new RangeError(`speed must be a number above 0, got ${speed}`);
	}
	const start = realNow();
	return { now: () => start + (realNow() - start) * speed };
}

/** RFC 3339 in UTC, as both APIs write times. */
export function iso(ms: number): string {
	return new Date(ms).toISOString();
}

/** `null` stays `null`. */
export function isoOrNull(ms: number | null): string | null {
	return ms === null ? null : iso(ms);
}
