import type { CancellationScope } from '../concurrency/cancellationScope';
import type { Clock } from '../concurrency/clock';
import { attemptRequest } from '../concurrency/result';
import { RETRY } from '../config';
import type { ApiError } from './apiError';
import { backoff } from './backoff';
import type { RequestQueue } from './requestQueue';

/** What is sent again, after what. */
export interface RetryPolicy {
	/** @param failures errors so far, this one included */
	shouldRetry(error: ApiError, failures: number): boolean;
	/** Called before it is sent again. */
	onRetry?(error: ApiError): void;
}

/** A request that changes nothing by being repeated: `RETRY.attempts` in all, a 404 `RETRY.notFoundInARow` times. */
const REPEATABLE: RetryPolicy = {
	shouldRetry: (error, failures) =>
		error.kind === 'notFound'
			? failures < RETRY.notFoundInARow
			: error.retryable && failures < RETRY.attempts,
};

/**
 * Sends something until it works or the policy gives up, with backoff in between.
 *
 * @param send gets the number of errors so far
 * @throws the last ApiError, anything else that `send` throws, or the reason why the scope was cancelled
 */
export async function retry<T>(
	deps: { clock: Clock; scope: CancellationScope },
	policy: RetryPolicy,
	send: (failures: number) => Promise<T>,
): Promise<T> {
	const { clock, scope } = deps;
	for (let failures = 0; ;) {
		const before = failures;
		const sent = await attemptRequest(() => send(before));
		if ('value' in sent) return sent.value;
		failures += 1;
		if (!policy.shouldRetry(sent.error, failures)) throw sent.error;
		policy.onRetry?.(sent.error);
		await clock.sleep(backoff(failures, clock), scope.signal);
	}
}

export interface CallDeps {
	requestQueue: RequestQueue;
	clock: Clock;
	scope: CancellationScope;
	/** Milliseconds that one attempt may take; `REQUEST.timeout` where nothing is set. */
	timeout?: number;
}

/**
 * A request that a user asked for once, sent again as the policy says (a repeatable one where nothing else is said).
 *
 * @throws the last ApiError, or the reason why the scope was cancelled
 */
export async function call<T>(
	{ requestQueue, clock, scope, timeout }: CallDeps,
	send: (signal: AbortSignal) => Promise<T>,
	policy: Partial<RetryPolicy> = {},
): Promise<T> {
	return await retry({ clock, scope }, { ...REPEATABLE, ...policy }, (failuresBefore) =>
		requestQueue.request(scope, { priority: 'call', timeout, failuresBefore }, send),
	);
}
