import { ApiError } from '../../../../nodes/shared/core/requests/apiError';
import { withTimeout } from '../../../../nodes/shared/core/requests/withTimeout';
import { CancelReason, CancellationScope } from '../../../../nodes/shared/core/concurrency/cancellationScope';
import { FakeClock } from '../../../support/fakeClock';

function boxed<T>(ms: number, request: (signal: AbortSignal, clock: FakeClock) => Promise<T>) {
	const clock = new FakeClock();
	const scope = CancellationScope.from(undefined);
	const answer = withTimeout(clock, scope, ms, (signal) => request(signal, clock));
	answer.catch(() => undefined);
	return { clock, scope, answer };
}

test('an answer in time is the answer, and the timer is gone', async () => {
	const { clock, answer } = boxed(100, async (signal, time) => {
		await time.sleep(99, signal);
		return 'answer';
	});
	await expect(clock.finish(answer)).resolves.toBe('answer');
	expect(clock.sleeping).toBe(0);
});

test('a failure in time is the failure', async () => {
	const refused = new ApiError('auth', 'no');
	const { clock, answer } = boxed(100, async () => Promise.reject(refused));
	await expect(clock.finish(answer)).rejects.toBe(refused);
	expect(clock.sleeping).toBe(0);
});

test('no answer in time is a network fault, and the request is told to end', async () => {
	let told: unknown;
	const { clock, answer } = boxed(1_500, (signal) => {
		signal.addEventListener('abort', () => {
			told = signal.reason;
		});
		return new Promise(() => undefined);
	});
	const problem: unknown = await clock.finish(answer, 1_500).catch((error: unknown) => error);
	if (!(problem instanceof ApiError)) throw new Error('There should be a fault of the API');
	expect(problem.kind).toBe('network');
	expect(problem.message).toContain('did not answer within 1.5 s');
	expect(problem.retryable).toBe(true);
	expect(told).toEqual(new CancelReason('timeout'));
});

test.each(['stopped', 'deadline', 'preempted', 'timeout'] as const)(
	'when what it belongs to ends first (%s), that is the reason, and no fault of the API',
	async (kind) => {
		const { clock, scope, answer } = boxed(1_500, () => new Promise(() => undefined));
		await clock.advance(100);
		scope.cancel(kind);
		await expect(answer).rejects.toEqual(new CancelReason(kind));
		expect(clock.sleeping).toBe(0);
	},
);

test('a request that throws at once is handled like any other', async () => {
	const { clock, answer } = boxed(100, () => {
		throw new TypeError('bug');
	});
	await expect(clock.finish(answer)).rejects.toThrow(TypeError);
	expect(clock.sleeping).toBe(0);
});
