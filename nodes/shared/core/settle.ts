import { ApiFault } from './faults';

/** What came of some work: its value, or what it threw. */
export type Settled<T> = { value: T } | { error: unknown };

/**
 * Runs some work to its end, however it ends.
 *
 * Thousands of runs wait in several of these each: a chained promise holds a fraction of the memory of an async function.
 */
export function settle<T>(work: () => T | Promise<T>): Promise<Settled<T>> {
	const begun = settleNow(work);
	return 'error' in begun ? Promise.resolve(begun) : Promise.resolve(begun.value).then(asValue, asError);
}

/** Like `settle`, for work whose faults are to be handled: anything else it throws is thrown on. */
export function settleFault<T>(work: () => T | Promise<T>): Promise<{ value: T } | { fault: ApiFault }> {
	return settle(work).then(asFault);
}

/** `settle` for work that does not wait. */
export function settleNow<T>(work: () => T): Settled<T> {
	try {
		return { value: work() };
	} catch (error) {
		return { error };
	}
}

function asValue<T>(value: T): { value: T } {
	return { value };
}

function asError(error: unknown): { error: unknown } {
	return { error };
}

function asFault<T>(settled: Settled<T>): { value: T } | { fault: ApiFault } {
	if ('value' in settled) return settled;
	if (settled.error instanceof ApiFault) return { fault: settled.error };
	throw settled.error;
}
