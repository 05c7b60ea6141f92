import { ApiError } from '../requests/apiError';

/** The value of some work, or what it threw. */
export type Result<T> = { value: T } | { error: unknown };

/**
 * Runs some work and returns its result; never throws.
 *
 * A promise chain, not an async function: thousands of runs wait in several of these, and a chain takes a fraction of the
 * memory.
 */
export function attempt<T>(work: () => T | Promise<T>): Promise<Result<T>> {
	const begun = attemptSync(work);
	return 'error' in begun ? Promise.resolve(begun) : Promise.resolve(begun.value).then(asValue, asError);
}

/** Like `attempt`, but catches an ApiError only. */
export function attemptRequest<T>(work: () => T | Promise<T>): Promise<{ value: T } | { error: ApiError }> {
	return attempt(work).then(asApiError);
}

/** Like `attempt`, for synchronous work. */
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

function asApiError<T>(result: Result<T>): { value: T } | { error: ApiError } {
	if ('value' in result) return result;
	if (result.error instanceof ApiError) return { error: result.error };
	throw result.error;
}
