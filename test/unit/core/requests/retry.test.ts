import { getEventListeners } from 'node:events';

import { ApiError } from '../../../../nodes/shared/core/requests/apiError';
import { call } from '../../../../nodes/shared/core/requests/retry';
import { CancelReason, CancellationScope } from '../../../../nodes/shared/core/concurrency/cancellationScope';
import { FakeClock } from '../../../support/fakeClock';
import { fault } from '../../../support/scriptedClient';
import { queueOf } from '../../../support/queues';

/** A request that fails with these faults, one after another, and then works. */
function persisting(...faults: ApiError[]) {
	const clock = new FakeClock();
	const start = clock.now();
	const scope = CancellationScope.from(undefined);
	const sentAt: number[] = [];
	const repeated: ApiError[] = [];
	const request = async () => {
		sentAt.push(clock.now() - start);
		const next = faults[sentAt.length - 1];
		if (next) throw next;
		return 'answer';
	};
	const deps = { requestQueue: queueOf(5, clock), clock, scope };
	const answer = call(deps, request, { onRetry: (one) => repeated.push(one) });
	answer.catch(() => undefined);
	return { clock, scope, answer, sentAt, repeated };
}

test('what works at once is sent once', async () => {
	const { clock, answer, sentAt } = persisting();
	await expect(clock.finish(answer)).resolves.toBe('answer');
	expect(sentAt).toEqual([0]);
});

test('5xx, network faults and broken answers are tried again, with a growing wait', async () => {
	const faults = [fault(503), new ApiError('network', 'reset'), new ApiError('malformed', 'not JSON')];
	const { clock, answer, sentAt, repeated } = persisting(...faults);
	await expect(clock.finish(answer)).resolves.toBe('answer');
	const waits = sentAt.slice(1).map((at, index) => at - (sentAt[index] ?? 0));
	expect(waits[0]).toBeGreaterThanOrEqual(375);
	expect(waits[1]).toBeGreaterThanOrEqual(750);
	expect(waits[2]).toBeGreaterThanOrEqual(1_500);
	expect(repeated).toEqual(faults);
});

test('the fourth failure is the last', async () => {
	const last = fault(502);
	const { clock, answer, sentAt } = persisting(fault(500), fault(500), fault(500), last);
	await expect(clock.finish(answer)).rejects.toBe(last);
	expect(sentAt).toHaveLength(4);
});

test.each([400, 401, 402, 403, 410, 422, 301])('%i is never tried again', async (status) => {
	const refused = fault(status);
	const { clock, answer, sentAt, repeated } = persisting(refused);
	await expect(clock.finish(answer)).rejects.toBe(refused);
	expect(sentAt).toEqual([0]);
	expect(repeated).toEqual([]);
});

test('a run may be invisible for a moment: the third 404 is final', async () => {
	const early = persisting(fault(404), fault(404));
	await expect(early.clock.finish(early.answer)).resolves.toBe('answer');
	const missing = persisting(fault(404), fault(404), fault(404));
	await expect(missing.clock.finish(missing.answer)).rejects.toMatchObject({ kind: 'notFound' });
	expect(missing.sentAt).toHaveLength(3);
});

test('Retry-After is kept', async () => {
	const { clock, answer, sentAt } = persisting(fault(429, { retryAfter: 7_000 }));
	await clock.finish(answer);
	expect(sentAt).toEqual([0, 7_000]);
});

test('a request that hangs is given up after 30 s and sent again', async () => {
	const clock = new FakeClock();
	const start = clock.now();
	const sentAt: number[] = [];
	const deps = { requestQueue: queueOf(5, clock), clock, scope: CancellationScope.from(undefined) };
	const answer = call(deps, async () => {
		sentAt.push(clock.now() - start);
		return sentAt.length === 1 ? new Promise<string>(() => undefined) : 'answer';
	});
	await expect(clock.finish(answer)).resolves.toBe('answer');
	expect(sentAt[1]).toBeGreaterThanOrEqual(30_375);
	expect(sentAt[1]).toBeLessThanOrEqual(30_625);
});

test('stopping the workflow ends the wait between two tries', async () => {
	const { clock, scope, answer, sentAt } = persisting(fault(503));
	await clock.advance(100);
	scope.cancel('stopped');
	await expect(answer).rejects.toEqual(new CancelReason('stopped'));
	await clock.advance(60_000);
	expect(sentAt).toEqual([0]);
	expect(clock.sleeping).toBe(0);
});

test('a bug is not taken for a fault of the API', async () => {
	const clock = new FakeClock();
	const deps = { requestQueue: queueOf(5, clock), clock, scope: CancellationScope.from(undefined) };
	const request = jest.fn(async () => Promise.reject(new TypeError('bug')));
	await expect(clock.finish(call(deps, request))).rejects.toThrow(TypeError);
	expect(request).toHaveBeenCalledTimes(1);
});

test('a hundred that wait at the same time leave no listeners on the scope that they share', async () => {
	const clock = new FakeClock();
	const scope = CancellationScope.from(undefined);
	const deps = { requestQueue: queueOf(100, clock), clock, scope };
	const failsOnce = () => {
		let sent = 0;
		return () => (sent++ === 0 ? Promise.reject(fault(503)) : Promise.resolve('answer'));
	};
	const answers = Promise.all(Array.from({ length: 100 }, () => call(deps, failsOnce())));
	await clock.advance(100);
	expect(clock.sleeping).toBeGreaterThanOrEqual(100);
	expect(getEventListeners(scope.signal, 'abort')).toEqual([]);
	await expect(clock.finish(answers)).resolves.toEqual(Array(100).fill('answer'));
});
