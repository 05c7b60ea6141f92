import { ApiFault } from './faults';

/** What came of some work: its value, or what it threw. */
export type Settled<T> = { value: T } | { error: unknown };

/** Runs some work to its end, however it ends. */
export async function settle<T>(work: () => T | Promise<T>): Promise<Settled<T>> {
	try {
		return { value: await work() };
	} catch (error) {
		return { error };
	}
}

/** Like `settle`, for work whose faults are to be handled: anything else it throws is thrown on. */
export async function settleFault<T>(
	work: () => T | Promise<T>,
): Promise<{ value: T } | { fault: ApiFault }> {
	const settled = await settle(work);
	if ('value' in settled) return settled;
	if (settled.error instanceof ApiFault) return { fault: settled.error };
	throw settled.error;
}

/** `settle` for work that does not wait. */
export function settleNow<T>(work: () => T): Settled<T> {
	try {
		return { value: work() };
	} catch (error) {
		return { error };
	}
}
