import { ApiError } from '../requests/apiError';

/** What came of some work: its value, or what it threw. */
export type Result<T> = { value: T } | { error: unknown };

/**
 * Runs some work to its end, however it ends.
 *
 * Thousands of runs wait in several of these each: a chained promise holds a fraction of the memory of an async function.
 */
export function attempt<T>(work: () => T | Promise<T>): Promise<Result<T>> {
	const begun = attemptSync(work);
	return 'error' in begun ? Promise.resolve(begun) : Promise.resolve(begun.value).then(asValue, asError);
}

/** Like `settle`, for work whose faults are to be handled: anything else it throws is thrown on. */
export function attemptRequest<T>(work: () => T | Promise<T>): Promise<{ value: T } | { error: ApiError }> {
	return attempt(work).then(asFault);
}

/** `settle` for work that does not wait. */
export function attemptSync<T>(work: () => T): Result<T> {
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

function asFault<T>(result: Result<T>): { value: T } | { error: ApiError } {
	if ('value' in result) return result;
	if (result.error instanceof ApiError) return { error: result.error };
	throw result.error;
}
