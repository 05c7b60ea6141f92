import type { CancellationScope } from '../concurrency/cancellationScope';
import type { Clock } from '../concurrency/clock';
import { attempt } from '../concurrency/result';
import { noAnswer } from './apiError';

/**
 * Runs one request with a timeout of `ms` milliseconds.
 *
 * @throws ApiError `network` when the time is over, the scope's reason when the scope ended first
 */
export async function withTimeout<T>(
	clock: Clock,
	scope: CancellationScope,
	ms: number,
	request: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
	const own = scope.child();
	own.cancelIn(ms, 'timeout', clock);
	const answered = await attempt(() => own.race(request(own.signal)));
	const timedOut = own.signal.aborted;
	own.dispose();
	if ('value' in answered) return answered.value;
	// The scope may have a timeout of its own, which says nothing about the API.
	if (scope.signal.aborted) throw scope.signal.reason;
	throw timedOut ? noAnswer(ms) : answered.error;
}
