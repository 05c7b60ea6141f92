import { ApiError } from '../../../../nodes/shared/core/requests/apiError';
import { CancelReason, CancellationScope } from '../../../../nodes/shared/core/concurrency/cancellationScope';
import { submit, UnknownOutcomeError } from '../../../../nodes/shared/core/requests/submit';
import { FakeClock } from '../../../support/fakeClock';
import { fault } from '../../../support/scriptedClient';
import { queueOf } from '../../../support/queues';

/** What happens to one attempt: the fault it ends with, no answer at all, or (after the last one) a run. */
type Attempt = ApiError | 'hangs';

const refused = () => new ApiError('network', 'refused', { notSent: true });
const reset = () => new ApiError('network', 'reset');
const broken = () => new ApiError('malformed', 'not JSON');

function starting(attempts: Attempt[], { idempotent = false, timeout = 60_000 } = {}) {
	const clock = new FakeClock();
	const began = clock.now();
	const scope = CancellationScope.from(undefined);
	const sentAt: number[] = [];
	const request = (): Promise<string> => {
		sentAt.push(clock.now() - began);
		const next = attempts[sentAt.length - 1];
		if (next === undefined) return Promise.resolve('run');
		return next === 'hangs' ? new Promise(() => undefined) : Promise.reject(next);
	};
	const requestQueue = queueOf(5, clock);
	const deps = { requestQueue, clock, scope, timeout, idempotent, hintIfUnknown: 'Look for it.' };
	const run = submit(deps, request);
	run.catch(() => undefined);
	return { clock, scope, requestQueue, run, sentAt };
}

async function failureOf({ clock, run }: ReturnType<typeof starting>): Promise<unknown> {
	return await clock.finish(run.catch((error: unknown) => error));
}

test('a run that starts is started once', async () => {
	const { clock, run, sentAt } = starting([]);
	await expect(clock.finish(run)).resolves.toBe('run');
	expect(sentAt).toEqual([0]);
	expect(clock.sleeping).toBe(0);
});

describe('without an idempotency key', () => {
	test.each<[string, () => Attempt]>([
		['a reset', reset],
		['500', () => fault(500)],
		['502', () => fault(502)],
		['503', () => fault(503)],
		['503 with Retry-After', () => fault(503, { retryAfter: 1_000 })],
		['408', () => fault(408)],
		['an answer that cannot be read', broken],
	])('%s: nobody knows, so it is not sent again', async (_what, attempt) => {
		const failed = attempt() as ApiError;
		const started = starting([failed]);
		const failure = await failureOf(started);
		expect(failure).toBeInstanceOf(UnknownOutcomeError);
		expect(failure).toMatchObject({
			error: failed,
			hint: 'Look for it.',
			message: `It is not known whether the run was started. ${failed.message}`,
		});
		expect(started.sentAt).toEqual([0]);
		expect(started.clock.sleeping).toBe(0);
	});

	test('no answer within the time limit: nobody knows either', async () => {
		const started = starting(['hangs'], { timeout: 5_000 });
		const began = started.clock.now();
		await expect(failureOf(started)).resolves.toMatchObject({
			name: 'UnknownOutcomeError',
			message: 'It is not known whether the run was started. The API did not answer within 5 s',
		});
		expect(started.clock.now() - began).toBe(5_000);
		expect(started.sentAt).toEqual([0]);
	});

	test.each([400, 401, 402, 403, 404, 409, 410, 413, 422, 307])(
		'%i: it was refused, and that is all there is to say',
		async (status) => {
			const refusal = fault(status);
			const started = starting([refusal]);
			await expect(failureOf(started)).resolves.toBe(refusal);
			expect(started.sentAt).toEqual([0]);
		},
	);

	test('what certainly did not arrive is sent again', async () => {
		const { clock, run, sentAt } = starting([refused(), refused()]);
		await expect(clock.finish(run)).resolves.toBe('run');
		expect(sentAt).toHaveLength(3);
	});

	test('after 429 it is sent again once the pause is over', async () => {
		const { clock, run, sentAt } = starting([fault(429, { retryAfter: 7_000 })]);
		await expect(clock.finish(run)).resolves.toBe('run');
		expect(sentAt).toEqual([0, 7_000]);
	});

	test('a refusal that asks to try again is sent again: it started nothing', async () => {
		const { clock, run, sentAt } = starting([fault(400, { retryable: true })]);
		await expect(clock.finish(run)).resolves.toBe('run');
		expect(sentAt).toHaveLength(2);
	});

	test('500 that says not to try again: nobody knows all the same', async () => {
		const failed = fault(500, { retryable: false });
		const started = starting([failed]);
		await expect(failureOf(started)).resolves.toMatchObject({ name: 'UnknownOutcomeError', error: failed });
		expect(started.sentAt).toEqual([0]);
	});

	test('the fourth refusal is the last, and it is clear that nothing was started', async () => {
		const last = refused();
		const started = starting([fault(429), refused(), fault(429), last]);
		await expect(failureOf(started)).resolves.toBe(last);
		expect(started.sentAt).toHaveLength(4);
	});

	test('sent again after 429, and lost then: nobody knows', async () => {
		const lost = reset();
		const started = starting([fault(429), lost]);
		await expect(failureOf(started)).resolves.toMatchObject({ name: 'UnknownOutcomeError', error: lost });
		expect(started.sentAt).toHaveLength(2);
	});
});

describe('with an idempotency key', () => {
	test('500 that says not to try again is not sent again', async () => {
		const started = starting([fault(500, { retryable: false })], { idempotent: true });
		await expect(failureOf(started)).resolves.toMatchObject({ name: 'UnknownOutcomeError' });
		expect(started.sentAt).toEqual([0]);
	});

	test.each<[string, Attempt]>([
		['a reset', reset()],
		['500', fault(500)],
		['an answer that cannot be read', broken()],
		['no answer', 'hangs'],
		['409: the first attempt is still being worked on', fault(409)],
	])('%s: sent again', async (_what, attempt) => {
		const { clock, run, sentAt } = starting([attempt], { idempotent: true });
		await expect(clock.finish(run)).resolves.toBe('run');
		expect(sentAt).toHaveLength(2);
	});

	test('the fourth failure is the last', async () => {
		const last = fault(503);
		const started = starting([reset(), reset(), reset(), last], { idempotent: true });
		await expect(failureOf(started)).resolves.toMatchObject({ name: 'UnknownOutcomeError', error: last });
		expect(started.sentAt).toHaveLength(4);
	});

	test('a later refusal does not undo what an earlier attempt may have started', async () => {
		const lost = reset();
		const started = starting([lost, fault(403)], { idempotent: true });
		await expect(failureOf(started)).resolves.toMatchObject({ name: 'UnknownOutcomeError', error: lost });
		expect(started.sentAt).toHaveLength(2);
	});

	test('a refusal of the first attempt is clear', async () => {
		const refusal = fault(422);
		const started = starting([refusal], { idempotent: true });
		await expect(failureOf(started)).resolves.toBe(refusal);
	});
});

test('a stop ends it at once, also while it waits to send again', async () => {
	for (const attempts of [['hangs' as const], [refused()]]) {
		const started = starting(attempts);
		await started.clock.advance(100);
		started.scope.cancel('stopped');
		await expect(failureOf(started)).resolves.toBeInstanceOf(CancelReason);
		expect(started.clock.sleeping).toBe(0);
		expect(started.sentAt).toEqual([0]);
	}
});

test('a mistake of ours is not taken for an answer of the API', async () => {
	const clock = new FakeClock();
	const deps = {
		requestQueue: queueOf(1, clock),
		clock,
		scope: CancellationScope.from(undefined),
		timeout: 1_000,
		idempotent: true,
		hintIfUnknown: '',
	};
	const mistake = new RangeError('ours');
	await expect(submit(deps, () => Promise.reject(mistake))).rejects.toBe(mistake);
});
