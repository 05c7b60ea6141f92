import type { CancellationScope } from '../concurrency/cancellationScope';
import type { Clock } from '../concurrency/clock';
import { attempt } from '../concurrency/result';
import { ApiError } from './apiError';

/** The error after `ms` milliseconds without a response. */
export function noAnswer(ms: number): ApiError {
	return new ApiError('network', `The API did not answer within ${Math.round(ms / 100) / 10} s`, {
		hint: 'Try again later, and check that this n8n reaches the API quickly (network, proxy, firewall).',
	});
}

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
	const ended = new Promise<never>((_, reject) => {
		if (own.signal.aborted) reject(own.signal.reason);
		else own.signal.addEventListener('abort', () => reject(own.signal.reason), { once: true });
	});
	clock.sleep(ms, own.signal).then(
		() => own.cancel('timeout'),
		() => undefined,
	);
	const answered = await attempt(() => Promise.race([request(own.signal), ended]));
	const timedOut = own.signal.aborted;
	own.dispose();
	ended.catch(() => undefined);
	if ('value' in answered) return answered.value;
	// The scope may have a timeout of its own, which says nothing about the API.
	if (scope.signal.aborted) throw scope.signal.reason;
	throw timedOut ? noAnswer(ms) : answered.error;
}
