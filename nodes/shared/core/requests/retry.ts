import type { CancellationScope } from '../concurrency/cancellationScope';
import type { Clock } from '../concurrency/clock';
import { attemptRequest } from '../concurrency/result';
import { RETRY } from '../config';
import type { ApiError } from './apiError';
import { backoff } from './backoff';
import type { RequestQueue } from './requestQueue';

/** When a request is sent again. */
export interface RetryPolicy {
	/** @param failures errors so far, including this one */
	shouldRetry(error: ApiError, failures: number): boolean;
	/** Called before each retry. */
	onRetry?(error: ApiError): void;
}

/** For requests that may be repeated: `RETRY.attempts` in all, `RETRY.notFoundInARow` after a 404. */
const REPEATABLE: RetryPolicy = {
	shouldRetry: (error, failures) =>
		error.kind === 'notFound'
			? failures < RETRY.notFoundInARow
			: error.retryable && failures < RETRY.attempts,
};

/**
 * Sends until it works or the policy gives up, with backoff.
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
		// A scope of its own: hundreds of waits would pile up listeners on a shared one, and Node.js warns of more than ten.
		const waiting = scope.child();
		try {
			await clock.sleep(delayAfter(sent.error, failures, clock), waiting.signal);
		} finally {
			waiting.dispose();
		}
	}
}

/** Milliseconds before a request is sent again. */
export function delayAfter({ kind }: ApiError, failures: number, clock: Clock): number {
	return kind === 'auth' ? RETRY.refusedKey : backoff(failures, clock);
}

export interface CallDeps {
	requestQueue: RequestQueue;
	clock: Clock;
	/** Cancelled when the workflow is stopped. */
	scope: CancellationScope;
	/** Milliseconds per attempt; `REQUEST.timeout` by default. */
	timeout?: number;
}

/**
 * A request that a user asked for once, retried by the policy; by default as one that may be repeated.
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
