import type { Clock } from '../concurrency/clock';
import type { ApiError } from './apiError';
import type { RequestQueue } from './requestQueue';
import { REQUEST, RETRY } from '../config';
import { withTimeout } from '../runs/runClient';
import { backoff } from '../watch/pollDelay';
import type { CancellationScope } from '../concurrency/cancellationScope';
import { attemptRequest } from '../concurrency/result';

/**
 * Sends a request that may safely be repeated (a read, a delete) until it works: at most `RETRY.attempts` times, a 404 at
 * most `RETRY.notFoundInARow` times, with backoff.
 *
 * `tools.timeout` is the milliseconds that one attempt may take.
 *
 * @param onFault called before the request is repeated
 * @throws the last ApiError, or the reason why the scope ended
 */
export async function retry<T>(
	deps: { requestQueue: RequestQueue; clock: Clock; scope: CancellationScope; timeout?: number },
	request: (signal: AbortSignal) => Promise<T>,
	onFault?: (error: ApiError) => void,
): Promise<T> {
	const { requestQueue, clock, timeout = REQUEST.timeout } = deps;
	const scope = deps.scope.child();
	try {
		for (let failures = 1; ; failures++) {
			const sent = await attemptRequest(() =>
				requestQueue.run(scope, 'call', (slot) => withTimeout(clock, slot, timeout, request)),
			);
			if ('value' in sent) return sent.value;
			const { error } = sent;
			requestQueue.pauseFor(error, failures);
			const worthwhile =
				error.kind === 'notFound'
					? failures < RETRY.notFoundInARow
					: error.retryable && failures < RETRY.attempts;
			if (!worthwhile) throw error;
			onFault?.(error);
			await clock.sleep(backoff(failures, clock), scope.signal);
		}
	} finally {
		scope.dispose();
	}
}
