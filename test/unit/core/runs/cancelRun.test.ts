import { RunReader } from '../../../../nodes/shared/core/runs/runReader';
import {
	type CancelResult,
	type CancelDeps,
	confirmCancel,
} from '../../../../nodes/shared/core/runs/cancelRun';
import { CancelReason, CancellationScope } from '../../../../nodes/shared/core/concurrency/cancellationScope';
import { FAKE_EPOCH, FakeClock } from '../../../support/fakeClock';
import {
	ScriptedClient,
	accepts,
	breaks,
	fails,
	fault,
	garbles,
	hangs,
	hangsDeaf,
	refuses,
	says,
	takes,
} from '../../../support/scriptedClient';
import { queueOf } from '../../../support/queues';

const BUDGET = 30_000;

function cancelling(hasLightReads = false) {
	const clock = new FakeClock();
	const client = new ScriptedClient(clock, hasLightReads);
	const requestQueue = queueOf(5, clock);
	const scope = CancellationScope.from(undefined);
	const start = (budget = BUDGET, until: CancelDeps['until'] = 'confirmed'): Promise<CancelResult> => {
		const reader = new RunReader('r', { client, requestQueue, clock });
		const result = confirmCancel(
			{ client, requestQueue, clock, reader, commandId: 'c', until },
			scope,
			budget,
		);
		result.catch(() => undefined);
		return result;
	};
	return {
		clock,
		client,
		requestQueue,
		scope,
		start,
		run: (budget?: number, until?: CancelDeps['until']) => clock.finish(start(budget, until)),
	};
}

describe('what became of a cancel', () => {
	test('accepted, and a read shows it', async () => {
		const { client, run } = cancelling();
		client.cancels('r', takes(50, accepts())).reads('r', takes(30, says('cancelled')));
		expect(await run()).toMatchObject({
			verdict: 'settled',
			cancelledByUs: true,
			attempts: 1,
			requestedAt: FAKE_EPOCH,
			confirmedAt: FAKE_EPOCH + 80,
			run: { phase: 'cancelled' },
		});
	});

	test('500 that says not to try again may hide a cancel that worked: a read tells', async () => {
		const { client, run } = cancelling();
		client.cancels('r', fails(500, { retryable: false })).reads('r', 'cancelled');
		expect(await run()).toMatchObject({
			verdict: 'settled',
			cancelledByUs: true,
			run: { phase: 'cancelled' },
		});
	});

	test('a claim to be cancelled is not believed: a read has to say so', async () => {
		const { client, run } = cancelling();
		client.cancels('r', accepts(true)).reads('r', 'running');
		expect(await run()).toMatchObject({ verdict: 'pending', cancelledByUs: true, confirmedAt: undefined });
	});

	test('slow: it is read until it shows, and the cancel is not sent again', async () => {
		const { client, run } = cancelling();
		client.cancels('r', accepts()).reads('r', 'running', 'running', 'cancelling', 'running', 'cancelled');
		expect(await run()).toMatchObject({ verdict: 'settled', attempts: 1 });
		expect(client.of('cancel')).toHaveLength(1);
	});

	test('ignored: pending, exactly when the budget is used up', async () => {
		const { clock, client, run } = cancelling();
		client.cancels('r', accepts()).reads('r', 'running');
		expect(await run()).toMatchObject({ verdict: 'pending', attempts: 1 });
		expect(clock.now()).toBe(FAKE_EPOCH + BUDGET);
		expect(clock.sleeping).toBe(0);
	});

	test('the run finished first (200, unchanged): settled, and the phase says how', async () => {
		const { client, run } = cancelling();
		client.cancels('r', accepts(true)).reads('r', 'completed');
		expect(await run()).toMatchObject({ verdict: 'settled', run: { phase: 'completed' } });
	});

	test.each([400, 404, 409, 422])('the run finished first (%i): settled, and not by us', async (status) => {
		const { client, run } = cancelling();
		client.cancels('r', refuses(status)).reads('r', 'failed');
		expect(await run()).toMatchObject({
			verdict: 'settled',
			cancelledByUs: false,
			attempts: 1,
			run: { phase: 'failed' },
			error: { status },
		});
	});

	test('a race (409), then accepted', async () => {
		const { client, run } = cancelling();
		client.cancels('r', refuses(409), accepts()).reads('r', 'running', 'cancelled');
		expect(await run()).toMatchObject({ verdict: 'settled', cancelledByUs: true, attempts: 2 });
	});

	test('not cancellable yet, later accepted', async () => {
		const { client, run } = cancelling();
		client
			.cancels('r', refuses(400), refuses(400), refuses(400), accepts())
			.reads('r', 'waiting', 'waiting', 'running', 'running', 'cancelled');
		expect(await run()).toMatchObject({ verdict: 'settled', cancelledByUs: true, attempts: 4 });
	});

	test('refused to the end', async () => {
		const { clock, client, run } = cancelling();
		client.cancels('r', refuses(422)).reads('r', 'waiting');
		const result = await run();
		expect(result).toMatchObject({ verdict: 'refused', cancelledByUs: false, error: { status: 422 } });
		expect(result.attempts).toBeGreaterThan(10);
		expect(clock.now()).toBe(FAKE_EPOCH + BUDGET);
	});

	test('refused to the end, with the budget running out in the middle of an attempt', async () => {
		const { client, run } = cancelling();
		client.cancels('r', refuses(422), takes(BUDGET, refuses(422))).reads('r', 'waiting');
		expect(await run(1_000)).toMatchObject({ verdict: 'refused' });
	});

	test('a run in review whose cancel is refused waits for a person', async () => {
		const { client, run } = cancelling();
		client.cancels('r', refuses(400)).reads('r', 'needsReview');
		expect(await run()).toMatchObject({ verdict: 'settled', attempts: 1, run: { phase: 'needsReview' } });
	});

	test('a run in review whose cancel is accepted is waited for', async () => {
		const { client, run } = cancelling();
		client.cancels('r', accepts()).reads('r', 'needsReview', 'cancelled');
		expect(await run()).toMatchObject({ verdict: 'settled', run: { phase: 'cancelled' } });
	});

	test('an unknown status is no end', async () => {
		const { client, run } = cancelling();
		client.cancels('r', accepts()).reads('r', 'HIBERNATING', 'HIBERNATING', 'cancelled');
		expect(await run()).toMatchObject({ verdict: 'settled', run: { phase: 'cancelled' } });
	});

	test('cancelled by somebody else before we asked: not ours', async () => {
		const { client, run } = cancelling();
		client.cancels('r', refuses(400)).reads('r', 'cancelled');
		expect(await run()).toMatchObject({
			verdict: 'settled',
			cancelledByUs: false,
			run: { phase: 'cancelled' },
		});
	});
});

describe('when the answer to a cancel is lost', () => {
	test.each([
		['the connection breaks', breaks()],
		['the server fails', fails(502)],
		['the answer is broken', garbles()],
		['no answer comes', hangs()],
		['no answer comes and nobody can be told', hangsDeaf()],
	])('%s: a read shows that it was carried out', async (_, lost) => {
		const { client, run } = cancelling();
		client.cancels('r', lost).reads('r', 'cancelled');
		expect(await run()).toMatchObject({ verdict: 'settled', cancelledByUs: true, attempts: 1 });
	});

	test('the run goes on: the cancel is sent again', async () => {
		const { client, run } = cancelling();
		client.cancels('r', breaks(), accepts()).reads('r', 'running', 'cancelled');
		expect(await run()).toMatchObject({ verdict: 'settled', cancelledByUs: true, attempts: 2 });
	});

	test('carried out slowly, and refused when sent again: the end is ours all the same', async () => {
		const { client, run } = cancelling();
		client.cancels('r', breaks(), refuses(400)).reads('r', 'running', 'running', 'cancelled');
		expect(await run()).toMatchObject({ verdict: 'settled', cancelledByUs: true });
	});

	test('a run that is being cancelled is not cancelled again, and is pending at the end', async () => {
		const { client, run } = cancelling();
		client.cancels('r', breaks(), refuses(400)).reads('r', 'cancelling');
		expect(await run()).toMatchObject({ verdict: 'pending', attempts: 1 });
	});

	test('a connection that was refused lost nothing: the cancel never arrived', async () => {
		const { client, run } = cancelling();
		client.cancels('r', breaks({ notSent: true }), refuses(400)).reads('r', 'cancelled');
		expect(await run()).toMatchObject({ verdict: 'settled', cancelledByUs: false, attempts: 2 });
	});

	test('a rate limit lost nothing either', async () => {
		const { client, run } = cancelling();
		client.cancels('r', fails(429, { retryAfter: 1_000 }), refuses(400)).reads('r', 'cancelled');
		expect(await run()).toMatchObject({ verdict: 'settled', cancelledByUs: false, attempts: 2 });
	});

	test('every time, while reads go well: unreachable, and what went wrong is told', async () => {
		const { client, run } = cancelling();
		client.cancels('r', fails(503)).reads('r', 'running');
		expect(await run()).toMatchObject({
			verdict: 'unreachable',
			cancelledByUs: true,
			error: { status: 503 },
		});
	});
});

describe('what no second try can help', () => {
	test.each([401, 402, 403, 405, 410])('a cancel that is answered %i', async (status) => {
		const { clock, client, run } = cancelling();
		client.cancels('r', fails(status)).reads('r', 'running');
		expect(await run()).toMatchObject({ verdict: 'unreachable', cancelledByUs: false, attempts: 1 });
		expect(clock.now()).toBe(FAKE_EPOCH);
	});

	test('a read that is answered 401', async () => {
		const { clock, client, run } = cancelling();
		client.cancels('r', refuses(409)).reads('r', fails(401));
		expect(await run()).toMatchObject({ verdict: 'unreachable' });
		expect(clock.now()).toBe(FAKE_EPOCH);
	});

	test('a run that three reads do not find', async () => {
		const { client, run } = cancelling();
		client.cancels('r', refuses(404)).reads('r', fails(404));
		expect(await run()).toMatchObject({ verdict: 'notFound', attempts: 3 });
		expect(client.of('read')).toHaveLength(3);
	});
});

describe('the time a cancel takes', () => {
	test('one call may take 10 s, then the run is read and the cancel sent again', async () => {
		const { client, run } = cancelling();
		client.cancels('r', hangs(), accepts()).reads('r', 'running', 'cancelled');
		await run();
		expect(client.times('cancel')).toEqual([0, 10_200]);
	});

	test('with a small budget a call may take a third of it, at least a second', async () => {
		const six = cancelling();
		six.client.cancels('r', hangs(), accepts()).reads('r', 'running', 'cancelled');
		await six.run(6_000);
		expect(six.client.of('cancel')[0]?.endedAt).toBe(2_000);
		const one = cancelling();
		one.client.cancels('r', hangs(), accepts()).reads('r', 'running', 'cancelled');
		await one.run(2_000);
		expect(one.client.of('cancel')[0]?.endedAt).toBe(1_000);
	});

	test('a read that hangs does not use up the budget', async () => {
		const { client, run } = cancelling();
		client.cancels('r', refuses(409), accepts()).reads('r', hangs(), 'cancelled');
		expect(await run()).toMatchObject({ verdict: 'settled', attempts: 2 });
	});

	test('everything hangs: it ends when the budget does', async () => {
		const { clock, client, run } = cancelling();
		client.cancels('r', hangsDeaf()).reads('r', hangsDeaf());
		expect(await run()).toMatchObject({ verdict: 'unreachable' });
		expect(clock.now()).toBe(FAKE_EPOCH + BUDGET);
		expect(clock.sleeping).toBe(0);
	});

	test('reads follow quickly at first, then every 2 s', async () => {
		const { client, run } = cancelling();
		client.cancels('r', accepts()).reads('r', 'running');
		await run();
		const reads = client.times('read');
		const waits = reads.slice(1).map((at, index) => Math.round(at - (reads[index] ?? 0)));
		expect(waits.slice(0, 8)).toEqual([200, 300, 450, 675, 1_013, 1_519, 2_000, 2_000]);
	});

	test('the workflow stops before a cancel was sent: it throws that reason', async () => {
		const { clock, client, scope, start } = cancelling();
		scope.cancel('stopped');
		await expect(clock.finish(start())).rejects.toEqual(new CancelReason('stopped'));
		expect(client.requests).toEqual([]);
	});

	test('the moment at which the API accepted is told apart from the first attempt', async () => {
		const { client, run } = cancelling();
		client.cancels('r', refuses(409), takes(300, accepts())).reads('r', 'running', 'cancelled');
		const { requestedAt, acceptedAt, attempts } = await run();
		expect([requestedAt, acceptedAt, attempts]).toEqual([FAKE_EPOCH, FAKE_EPOCH + 500, 2]);
	});

	test('a cancel that was never accepted has no such moment', async () => {
		const { client, run } = cancelling();
		client.cancels('r', refuses(409)).reads('r', 'running');
		expect((await run()).acceptedAt).toBeUndefined();
	});

	test('the workflow stops: it ends at once, with what is known by then', async () => {
		const { clock, client, scope, start } = cancelling();
		client.cancels('r', hangsDeaf()).reads('r', 'running');
		const result = start();
		await clock.advance(1_000);
		scope.cancel('stopped');
		await expect(clock.finish(result)).resolves.toMatchObject({ verdict: 'unreachable', attempts: 1 });
		expect(clock.now()).toBe(FAKE_EPOCH + 1_000);
		expect(clock.sleeping).toBe(0);
	});

	test('until accepted: nobody waits for the confirmation', async () => {
		const { clock, client, run } = cancelling();
		client.cancels('r', refuses(409), takes(40, accepts())).reads('r', 'running');
		expect(await run(BUDGET, 'accepted')).toMatchObject({
			verdict: 'pending',
			cancelledByUs: true,
			attempts: 2,
		});
		expect(clock.now()).toBe(FAKE_EPOCH + 240);
	});
});

describe('a pause the provider asked for', () => {
	test('does not hold back the first cancel, but the read after it', async () => {
		const { client, requestQueue, run } = cancelling();
		requestQueue.pauseFor(fault(429, { retryAfter: 5_000 }), 1);
		client.cancels('r', accepts()).reads('r', 'cancelled');
		await run();
		expect(client.times('cancel')).toEqual([0]);
		expect(client.times('read')).toEqual([5_000]);
	});

	test('holds back the second cancel', async () => {
		const { client, run } = cancelling();
		client.cancels('r', fails(429, { retryAfter: 8_000 }), accepts()).reads('r', 'cancelled');
		await run();
		expect(client.times('cancel')).toEqual([0, 8_000]);
	});

	test('that is longer than the budget ends one second before it: a last try', async () => {
		const { clock, client, run } = cancelling();
		client.cancels('r', fails(429, { retryAfter: 120_000 }), accepts()).reads('r', 'cancelled');
		expect(await run()).toMatchObject({ verdict: 'settled', attempts: 2 });
		expect(client.times('cancel')).toEqual([0, 29_000]);
		expect(clock.now()).toBe(FAKE_EPOCH + 29_000);
	});

	test('counts when it comes with a refusal, too', async () => {
		const { client, run } = cancelling();
		client.cancels('r', refuses(409, { retryAfter: 4_000 }), accepts()).reads('r', 'running', 'cancelled');
		await run();
		expect(client.times('read')[0]).toBe(4_000);
	});
});

describe('light and full reads', () => {
	test('a claim that the run has ended is checked with a full read, so that one read is enough', async () => {
		const { client, run } = cancelling(true);
		client.cancels('r', accepts(true)).reads('r', 'cancelled');
		await run();
		expect(client.of('read').map(({ view }) => view)).toEqual(['full']);
	});

	test('otherwise reads are light', async () => {
		const { client, run } = cancelling(true);
		client.cancels('r', refuses(409), accepts()).reads('r', 'running', 'running', 'cancelled');
		await run();
		expect(client.of('read').map(({ view }) => view)).toEqual(['light', 'light', 'light']);
	});
});

test('each attempt carries the same command id', async () => {
	const { client, run } = cancelling();
	client.cancels('r', breaks(), refuses(409), accepts()).reads('r', 'running', 'running', 'cancelled');
	await run();
	expect(client.of('cancel').map(({ commandId }) => commandId)).toEqual(['c', 'c', 'c']);
});
