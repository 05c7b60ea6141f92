import type { CancellationScope } from '../concurrency/cancellationScope';
import type { Clock } from '../concurrency/clock';
import { attempt } from '../concurrency/result';
import { ApiError } from './apiError';

/** The error of an API that was silent for `ms` milliseconds. */
export function noAnswer(ms: number): ApiError {
	return new ApiError('network', `The API did not answer within ${Math.round(ms / 100) / 10} s`, {
		hint: 'Try again later, and check that this n8n reaches the API quickly (network, proxy, firewall).',
	});
}

/**
 * Runs one request that may take at most `ms` milliseconds.
 *
 * @throws ApiError `network` when the time is over, the scope's reason when the scope ended first
 */
export async function withTimeout<T>(
	clock: Clock,
	scope: CancellationScope,
	ms: number,
	request: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
	const box = scope.child();
	const ended = new Promise<never>((_, reject) => {
		if (box.signal.aborted) reject(box.signal.reason);
		else box.signal.addEventListener('abort', () => reject(box.signal.reason), { once: true });
	});
	clock.sleep(ms, box.signal).then(
		() => box.cancel('timeout'),
		() => undefined,
	);
	const answered = await attempt(() => Promise.race([request(box.signal), ended]));
	const timeIsOver = box.signal.aborted;
	box.dispose();
	ended.catch(() => undefined);
	if ('value' in answered) return answered.value;
	// The scope may end by a time limit of its own: only the box's own limit says anything about the API.
	if (scope.signal.aborted) throw scope.signal.reason;
	throw timeIsOver ? noAnswer(ms) : answered.error;
}
