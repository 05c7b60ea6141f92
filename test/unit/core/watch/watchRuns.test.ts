import { getEventListeners } from 'node:events';

import { WatchError } from '../../../../nodes/shared/core/requests/apiError';
import { CreationTimes } from '../../../../nodes/shared/core/watch/creationTimes';
import { CancelReason, CancellationScope } from '../../../../nodes/shared/core/concurrency/cancellationScope';
import type { Outcome } from '../../../../nodes/shared/core/watch/outcome';
import { watchRuns } from '../../../../nodes/shared/core/watch/watchRuns';
import { FAKE_EPOCH, FakeClock } from '../../../support/fakeClock';
import {
	ScriptedClient,
	accepts,
	breaks,
	fails,
	garbles,
	hangs,
	hangsDeaf,
	refuses,
	says,
	takes,
} from '../../../support/scriptedClient';
import { MINUTE, SECOND, reportOf, startWatch, target, watch, watchOne } from '../../../support/watching';
import { accountOf } from '../../../support/queues';

function setUp(hasLightReads = false) {
	const clock = new FakeClock();
	return { clock, client: new ScriptedClient(clock, hasLightReads) };
}

describe('a run that ends by itself', () => {
	test.each<[string, Outcome]>([
		['completed', 'completed'],
		['failed', 'failed'],
		['expired', 'expired'],
		['rejected', 'rejected'],
		['cancelled', 'cancelledElsewhere'],
		['needsReview', 'needsReview'],
	])('%s → %s', async (status, outcome) => {
		const { clock, client } = setUp();
		client.reads('r', 'waiting', 'running', status);
		expect(await watchOne(clock, client, target('r'))).toMatchObject({
			id: 'r',
			outcome,
			timedOut: false,
			elapsed: 2 * SECOND,
			polls: 3,
			deadline: FAKE_EPOCH + MINUTE,
			run: { status },
			cancel: undefined,
			lastError: undefined,
		});
		expect(client.of('cancel')).toEqual([]);
	});

	test('what it went through is told, with the times', async () => {
		const { clock, client } = setUp();
		client.reads('r', 'waiting', 'waiting', 'HIBERNATING', 'running', 'completed');
		const watching = startWatch(clock, client, [target('r')]);
		const [result] = await clock.finish(watching.results);
		expect(reportOf(result).history).toEqual([
			{ status: 'waiting', phase: 'waiting', at: FAKE_EPOCH },
			{ status: 'HIBERNATING', phase: 'unknown', at: FAKE_EPOCH + 2 * SECOND },
			{ status: 'running', phase: 'running', at: FAKE_EPOCH + 3 * SECOND },
			{ status: 'completed', phase: 'completed', at: FAKE_EPOCH + 4 * SECOND },
		]);
		expect(watching.changes).toEqual(['r: waiting', 'r: HIBERNATING', 'r: running', 'r: completed']);
	});

	test('an unknown status ends no wait', async () => {
		const { clock, client } = setUp();
		client.reads('r', 'DONE_SORT_OF').cancels('r', accepts());
		expect(await watchOne(clock, client, target('r'))).toMatchObject({
			outcome: 'cancelPending',
			run: { phase: 'unknown' },
		});
		expect(client.times('cancel')).toEqual([MINUTE]);
	});
});

describe('a run whose time is up', () => {
	test.each<[string, Outcome]>([
		['cancelled', 'cancelled'],
		['completed', 'completed'],
		['failed', 'failed'],
		['expired', 'expired'],
		['rejected', 'rejected'],
	])('is cancelled, and a read says %s → %s', async (status, outcome) => {
		const { clock, client } = setUp();
		const sixty = Array.from({ length: 60 }, () => 'running');
		client.reads('r', ...sixty, status).cancels('r', accepts());
		expect(await watchOne(clock, client, target('r'))).toMatchObject({
			outcome,
			timedOut: true,
			deadline: FAKE_EPOCH + MINUTE,
			elapsed: MINUTE,
			cancel: { attempts: 1, requestedAt: FAKE_EPOCH + MINUTE, confirmedAt: FAKE_EPOCH + MINUTE },
			run: { status },
		});
	});

	test('accepted, never confirmed → cancelPending, after confirmFor', async () => {
		const { clock, client } = setUp();
		client.reads('r', 'running').cancels('r', accepts(true));
		const report = await watchOne(clock, client, target('r', { options: { confirmFor: 7 * SECOND } }));
		expect(report).toMatchObject({
			outcome: 'cancelPending',
			timedOut: true,
			elapsed: MINUTE + 7 * SECOND,
			cancel: { attempts: 1, confirmedAt: undefined },
			run: { status: 'running' },
		});
	});

	test('refused to the end → notCancellable, with the words of the API', async () => {
		const { clock, client } = setUp();
		client.reads('r', 'waiting').cancels('r', refuses(422));
		expect(await watchOne(clock, client, target('r'))).toMatchObject({
			outcome: 'notCancellable',
			timedOut: true,
			lastError: { status: 422 },
			run: { status: 'waiting' },
		});
	});

	test('refused because somebody else cancelled it → cancelledElsewhere', async () => {
		const { clock, client } = setUp();
		const sixty = Array.from({ length: 60 }, () => 'running');
		client.reads('r', ...sixty, 'cancelled').cancels('r', refuses(400));
		expect(await watchOne(clock, client, target('r'))).toMatchObject({
			outcome: 'cancelledElsewhere',
			timedOut: true,
		});
	});

	test('refused because it waits for a person → needsReview', async () => {
		const { clock, client } = setUp();
		const sixty = Array.from({ length: 60 }, () => 'running');
		client.reads('r', ...sixty, 'needsReview').cancels('r', refuses(400));
		expect(await watchOne(clock, client, target('r'))).toMatchObject({
			outcome: 'needsReview',
			timedOut: true,
		});
	});

	test.each([
		['the server fails every cancel', fails(503)],
		['no cancel is ever answered', hangs()],
		['every cancel is rate limited', fails(429)],
		['the key is refused', fails(401)],
	])('%s, while reads go well → unreachable, and what went wrong is told', async (_, cancel) => {
		const { clock, client } = setUp();
		client.reads('r', 'running').cancels('r', cancel);
		const report = await watchOne(clock, client, target('r'));
		expect(report).toMatchObject({ outcome: 'unreachable', timedOut: true, run: { status: 'running' } });
		expect(report.lastError).toBeDefined();
	});

	test('left alone where that is asked for → stillRunning', async () => {
		const { clock, client } = setUp();
		client.reads('r', 'running');
		const report = await watchOne(clock, client, target('r', { options: { atDeadline: 'leave' } }));
		expect(report).toMatchObject({ outcome: 'stillRunning', timedOut: true, elapsed: MINUTE });
		expect(client.of('cancel')).toEqual([]);
	});
});

describe('the deadline is exact', () => {
	test.each([
		['a poll that sleeps', says('running')],
		['a poll that hangs', hangs()],
		['a poll that hangs and cannot be told', hangsDeaf()],
		['a backoff', fails(503)],
		['a pause the provider asked for', fails(429, { retryAfter: 120 * SECOND })],
	])('it does not wait for %s', async (_, poll) => {
		const { clock, client } = setUp();
		client.reads('r', says('running'), poll).cancels('r', accepts());
		const options = { polls: { mode: 'fixed', interval: 35 * SECOND, maxInterval: 35 * SECOND } } as const;
		await watchOne(clock, client, target('r', { options }));
		expect(client.times('cancel')).toEqual([MINUTE]);
	});

	test('an interval longer than the timeout is fine', async () => {
		const { clock, client } = setUp();
		client.reads('r', 'running').cancels('r', accepts());
		const options = { polls: { mode: 'fixed', interval: 24 * 60 * MINUTE, maxInterval: MINUTE } } as const;
		await watchOne(clock, client, target('r', { options }));
		expect(client.times('cancel')).toEqual([MINUTE]);
	});

	test('thirty days are not too long', async () => {
		const { clock, client } = setUp();
		const days = 30 * 24 * 60 * MINUTE;
		client.reads('r', 'running').cancels('r', accepts());
		const options = { polls: { mode: 'fixed', interval: days, maxInterval: days } } as const;
		const watching = startWatch(clock, client, [target('r', { timeout: days, options })]);
		await clock.finish(watching.results, days + MINUTE);
		expect(client.times('cancel')).toEqual([days]);
	});

	test('it waits 20 ms at most for polls of other runs that take up all slots', async () => {
		const { clock, client } = setUp();
		client.reads('*', hangs()).reads('r', 'running').cancels('*', accepts());
		const others = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => target(id, { timeout: 5 * MINUTE }));
		await watch(clock, client, [target('r'), ...others], 3);
		expect(client.times('cancel', 'r')[0]).toBeLessThanOrEqual(MINUTE + 20);
	});

	test('it waits 20 ms at most for the full read of another run that has ended', async () => {
		const { clock, client } = setUp(true);
		client
			.reads('ended', takes(25 * SECOND, says('completed')))
			.fullReads('ended', hangs())
			.reads('r', hangs())
			.cancels('r', accepts());
		await watch(clock, client, [target('ended'), target('r', { timeout: 40 * SECOND })], 1);
		expect(client.times('cancel', 'r')[0]).toBeLessThanOrEqual(40 * SECOND + 20);
	});

	test('it waits for no list that another run reads', async () => {
		const { clock, client } = setUp();
		client.reads('*', 'running').lists(hangs()).cancels('*', accepts());
		const [, result] = await watch(clock, client, [
			target('patient', { timeout: 5 * MINUTE, countFrom: 'created' }),
			target('r', { timeout: 5 * SECOND, countFrom: 'created' }),
		]);
		expect(client.times('cancel', 'r')[0]).toBe(5 * SECOND);
		expect(reportOf(result).outcome).toBe('cancelPending');
	});
});

describe('what goes wrong on the way', () => {
	test.each([400, 402, 410, 422])('%i ends this run at once → unreachable', async (status) => {
		const { clock, client } = setUp();
		client.reads('r', 'running', fails(status)).reads('other', 'running', 'running', 'running', 'completed');
		const [result, other] = await watch(clock, client, [target('r'), target('other')]);
		expect(reportOf(result)).toMatchObject({
			outcome: 'unreachable',
			timedOut: false,
			elapsed: SECOND,
			run: { status: 'running' },
			lastError: { status },
		});
		expect(reportOf(other).outcome).toBe('completed');
		expect(client.of('cancel')).toEqual([]);
	});

	test.each([401, 403])('%i before anything was read ends this run at once', async (status) => {
		const { clock, client } = setUp();
		client.reads('r', fails(status));
		expect(await watchOne(clock, client, target('r'))).toMatchObject({ outcome: 'unreachable', elapsed: 0 });
	});

	test.each([401, 403])(
		'%i after a good read: asked again every ten seconds, and it heals',
		async (status) => {
			const { clock, client } = setUp();
			client.reads('r', 'running', fails(status), fails(status), 'completed');
			expect(await watchOne(clock, client, target('r'))).toMatchObject({ outcome: 'completed' });
			expect(client.times('read')).toEqual([0, SECOND, 11 * SECOND, 21 * SECOND]);
		},
	);

	test.each([401, 403])('%i until the deadline: the cancel is sent all the same', async (status) => {
		const { clock, client } = setUp();
		client.reads('r', 'running', fails(status)).cancels('r', accepts());
		expect(await watchOne(clock, client, target('r'))).toMatchObject({
			outcome: 'cancelPending',
			lastError: { status },
		});
		expect(client.times('cancel')).toEqual([MINUTE]);
	});

	test('a key that is refused at the cancel, too, is tried until Confirm Cancel For is over', async () => {
		const { clock, client } = setUp();
		client.reads('r', 'running', fails(401)).cancels('r', fails(401), fails(401), accepts());
		expect(await watchOne(clock, client, target('r'))).toMatchObject({ outcome: 'cancelPending' });
		expect(client.times('cancel')).toEqual([MINUTE, MINUTE + 10 * SECOND, MINUTE + 20 * SECOND]);
	});

	test('a run that was just created may be invisible: two 404 are nothing', async () => {
		const { clock, client } = setUp();
		client.reads('r', fails(404), fails(404), 'running', 'completed');
		expect(await watchOne(clock, client, target('r'))).toMatchObject({ outcome: 'completed', polls: 4 });
	});

	test('404 for an error of another kind in between is none in a row: the run is unreachable', async () => {
		const { clock, client } = setUp();
		client.reads('r', fails(404), fails(404), fails(500), fails(404), fails(404), fails(403));
		expect(await watchOne(clock, client, target('r'))).toMatchObject({ outcome: 'unreachable', polls: 6 });
	});

	test('a run that is gone at its deadline is not found', async () => {
		const { clock, client } = setUp();
		client.reads('r', fails(404)).cancels('r', fails(404));
		const report = await watchOne(clock, client, target('r', { options: { mode: 'none' } }));
		expect(report).toMatchObject({ outcome: 'notFound', timedOut: true, lastError: { status: 404 } });
	});

	test('three 404 in a row are final', async () => {
		const { clock, client } = setUp();
		client.reads('r', 'running', fails(404));
		expect(await watchOne(clock, client, target('r'))).toMatchObject({
			outcome: 'notFound',
			polls: 4,
			lastError: { status: 404 },
			run: { status: 'running' },
		});
	});

	test.each([
		['408', fails(408)],
		['500', fails(500)],
		['502', fails(502)],
		['503', fails(503)],
		['504', fails(504)],
		['a broken connection', breaks()],
		['broken JSON', garbles()],
	])('a burst of %s is outlived', async (_, step) => {
		const { clock, client } = setUp();
		client.reads('r', 'running', step, step, step, step, 'completed');
		const report = await watchOne(clock, client, target('r'));
		expect(report).toMatchObject({ outcome: 'completed', polls: 6, lastError: undefined });
		const times = client.times('read');
		const waits = times.slice(1).map((at, index) => at - (times[index] ?? 0));
		expect(waits[1]).toBeGreaterThanOrEqual(375);
		expect(waits[4]).toBeGreaterThanOrEqual(3_000);
	});

	test('a fault that stays is tried until the deadline, and then the run is cancelled', async () => {
		const { clock, client } = setUp();
		client.reads('r', 'running', fails(503)).cancels('r', accepts());
		expect(await watchOne(clock, client, target('r'))).toMatchObject({
			outcome: 'cancelPending',
			run: { status: 'running' },
			lastError: { status: 503 },
		});
		expect(client.times('cancel')).toEqual([MINUTE]);
	});

	test.each([408, 429, 500, 503])('%i with "retryable": false does not end a watch', async (status) => {
		const { clock, client } = setUp();
		client.reads('r', 'running', fails(status, { retryable: false })).cancels('r', accepts());
		expect(await watchOne(clock, client, target('r'))).toMatchObject({
			outcome: 'cancelPending',
			run: { status: 'running' },
		});
		expect(client.times('cancel')).toEqual([MINUTE]);
	});

	test('a request that hangs is given up after 30 s and sent again', async () => {
		const { clock, client } = setUp();
		client.reads('r', hangs(), 'completed');
		const report = await watchOne(clock, client, target('r', { timeout: 5 * MINUTE }));
		expect(report).toMatchObject({ outcome: 'completed', polls: 2 });
		expect(report.elapsed).toBeGreaterThanOrEqual(30 * SECOND + 375);
		expect(report.elapsed).toBeLessThanOrEqual(30 * SECOND + 625);
	});

	test('a pause holds back the requests about every run', async () => {
		const { clock, client } = setUp();
		client.reads('limited', fails(429, { retryAfter: 20 * SECOND }), 'completed');
		client.reads('other', 'running', 'completed');
		await watch(clock, client, [target('limited'), target('other')]);
		expect(client.times('read', 'other')).toEqual([0, 20 * SECOND]);
		expect(client.times('read', 'limited')).toEqual([0, 20 * SECOND]);
	});

	test('a pause holds back those that wait for a slot, too', async () => {
		const { clock, client } = setUp();
		client.reads('limited', takes(50, fails(429, { retryAfter: 20 * SECOND })), 'completed');
		client.reads('other', 'running', 'completed');
		await watch(clock, client, [target('limited'), target('other')], 1);
		expect(client.times('read', 'other')[0]).toBe(20 * SECOND + 50);
	});

	test('one run that cannot be watched leaves the others watched to their end', async () => {
		const { clock, client } = setUp();
		client.reads('bad', 'running').reads('good', 'running', 'running', 'completed');
		const [bad, good] = await watch(clock, client, [target('bad', { countFrom: 'created' }), target('good')]);
		expect(bad).toEqual({ error: expect.any(WatchError) });
		expect(reportOf(good).outcome).toBe('completed');
	});

	test('a bug in one does so, too', async () => {
		const { clock, client } = setUp();
		client
			.reads('bug', async () => Promise.reject(new TypeError('bug')))
			.reads('good', 'running', 'completed');
		const [bug, good] = await watch(clock, client, [target('bug'), target('good')]);
		expect(bug).toEqual({ error: expect.any(TypeError) });
		expect(reportOf(good).outcome).toBe('completed');
	});
});

describe('from when the time is counted', () => {
	const created = FAKE_EPOCH - 20 * SECOND;
	const started = FAKE_EPOCH - 5 * SECOND;

	test.each([
		['now', MINUTE, undefined],
		['created', 40 * SECOND, { at: created, field: 'created_at' }],
		['started', 55 * SECOND, { at: started, field: 'started_at' }],
	] as const)('%s', async (countFrom, cancelledAfter, countedFrom) => {
		const { clock, client } = setUp();
		client.reads('r', says('running', { created, started })).cancels('r', accepts());
		const report = await watchOne(clock, client, target('r', { countFrom }));
		expect(report).toMatchObject({ deadline: FAKE_EPOCH + cancelledAfter, countedFrom });
		expect(client.times('cancel')).toEqual([cancelledAfter]);
	});

	test('a run that is too old already is cancelled after the first look', async () => {
		const { clock, client } = setUp();
		client
			.reads('r', takes(30, says('running', { created: FAKE_EPOCH - 90 * SECOND })))
			.cancels('r', accepts());
		const report = await watchOne(clock, client, target('r', { countFrom: 'created' }));
		expect(report).toMatchObject({ timedOut: true, deadline: FAKE_EPOCH - 30 * SECOND });
		expect(client.times('cancel')).toEqual([30]);
	});

	test('a run that ended before it was too old to be looked at is what it is', async () => {
		const { clock, client } = setUp();
		client.reads('r', says('completed', { created: FAKE_EPOCH - 90 * SECOND }));
		const report = await watchOne(clock, client, target('r', { countFrom: 'created' }));
		expect(report).toMatchObject({ outcome: 'completed', timedOut: false });
	});

	test('started: a run that waits is counted from its creation, and anew once it starts', async () => {
		const { clock, client } = setUp();
		const late = FAKE_EPOCH + 30 * SECOND;
		const waiting = Array.from({ length: 31 }, () => says('waiting', { created }));
		client.reads('r', ...waiting, says('running', { created, started: late })).cancels('r', accepts());
		const report = await watchOne(clock, client, target('r', { countFrom: 'started' }));
		expect(report.deadline).toBe(late + MINUTE);
		expect(client.times('cancel')).toEqual([90 * SECOND]);
	});

	test('a server clock that is ahead does not move the deadline away', async () => {
		const { clock, client } = setUp();
		client
			.reads('r', takes(40, says('running', { created: FAKE_EPOCH + 60 * MINUTE })))
			.cancels('r', accepts());
		await watchOne(clock, client, target('r', { countFrom: 'created' }));
		expect(client.times('cancel')).toEqual([MINUTE + 40]);
	});

	test('a time that only the list knows is used and named', async () => {
		const { clock, client } = setUp();
		client
			.reads('r', 'running')
			.lists(async () => ({ rows: [{ id: 'r', created: { at: created, field: 'createdAt' } }] }))
			.cancels('r', accepts());
		const report = await watchOne(clock, client, target('r', { countFrom: 'created' }));
		expect(report).toMatchObject({
			deadline: FAKE_EPOCH + 40 * SECOND,
			countedFrom: { at: created, field: 'createdAt' },
		});
		expect(client.of('list')).toHaveLength(1);
	});

	test('created: a time that the list told stays, also when the run starts later', async () => {
		const { clock, client } = setUp();
		const late = FAKE_EPOCH + 30 * SECOND;
		const waiting = Array.from({ length: 31 }, () => says('waiting'));
		client
			.reads('r', ...waiting, says('running', { started: late }))
			.lists(async () => ({ rows: [{ id: 'r', created: { at: created, field: 'createdAt' } }] }))
			.cancels('r', accepts());
		const report = await watchOne(clock, client, target('r', { countFrom: 'created' }));
		expect(report.countedFrom).toEqual({ at: created, field: 'createdAt' });
		expect(client.times('cancel')).toEqual([40 * SECOND]);
	});

	test('no time known anywhere: an error at once that says what to do', async () => {
		const { clock, client } = setUp();
		client.reads('r', 'running').lists(async () => ({ rows: [] }));
		const [result] = await watch(clock, client, [target('r', { countFrom: 'created' })]);
		expect(result).toEqual({ error: expect.any(WatchError) });
		if (!result || !('error' in result) || !(result.error instanceof WatchError)) throw new Error('no error');
		expect(result.error.message).toBe('No time to count from is known for Test run r');
		expect(result.error.hint).toContain('Count the timeout from Now');
		expect(clock.now()).toBe(FAKE_EPOCH);
		expect(client.of('cancel')).toEqual([]);
	});

	test('no time known, but the run has ended: there is nothing left to count', async () => {
		const { clock, client } = setUp();
		client.reads('r', 'completed');
		expect(await watchOne(clock, client, target('r', { countFrom: 'created' }))).toMatchObject({
			outcome: 'completed',
			deadline: undefined,
		});
	});

	test('a run that could never be read is cancelled when its time is up at the latest', async () => {
		const { clock, client } = setUp();
		client.reads('r', fails(503)).cancels('r', accepts());
		const report = await watchOne(clock, client, target('r', { countFrom: 'created' }));
		expect(report).toMatchObject({ timedOut: true, deadline: undefined });
		expect(client.times('cancel')).toEqual([MINUTE]);
	});
});

describe('runs that are watched together', () => {
	test('results come in the order of the targets, whichever ends first', async () => {
		const { clock, client } = setUp();
		client
			.reads('slow', 'running', 'running', 'failed')
			.reads('quick', 'completed')
			.reads('mid', 'running', 'expired');
		const results = await watch(clock, client, [target('slow'), target('quick'), target('mid')]);
		expect(results.map((result) => reportOf(result).outcome)).toEqual(['failed', 'completed', 'expired']);
	});

	test('all are watched at once, within the bound on requests', async () => {
		const { clock, client } = setUp();
		client.reads('*', takes(100, says('running')), takes(100, says('completed')));
		const ids = Array.from({ length: 20 }, (_, index) => `r${index}`);
		for (const id of ids) client.reads(id, takes(100, says('running')), takes(100, says('completed')));
		await watch(
			clock,
			client,
			ids.map((id) => target(id)),
			4,
		);
		expect(client.mostInFlight).toBe(4);
		expect(clock.now() - FAKE_EPOCH).toBeLessThan(2_000);
	});

	test('equal ids are watched once, and each gets the report', async () => {
		const { clock, client } = setUp();
		client.reads('twin', 'running', 'completed').reads('single', 'completed');
		const results = await watch(clock, client, [target('twin'), target('single'), target('twin')]);
		expect(results.map((result) => reportOf(result).id)).toEqual(['twin', 'single', 'twin']);
		expect(client.of('read', 'twin')).toHaveLength(2);
	});

	test('equal ids: the earliest deadline counts', async () => {
		const { clock, client } = setUp();
		client.reads('twin', says('running', { created: FAKE_EPOCH - 10 * SECOND })).cancels('twin', accepts());
		const results = await watch(clock, client, [
			target('twin', { timeout: 50 * SECOND }),
			target('twin', { timeout: 45 * SECOND, countFrom: 'created' }),
			target('twin', { timeout: 40 * SECOND }),
		]);
		expect(client.times('cancel')).toEqual([35 * SECOND]);
		expect(results.map((result) => reportOf(result).countedFrom?.field)).toEqual([
			'created_at',
			'created_at',
			'created_at',
		]);
	});

	test('equal ids: one that cannot be counted leaves the run guarded by the others', async () => {
		const { clock, client } = setUp();
		client.reads('twin', 'running').cancels('twin', accepts());
		const results = await watch(clock, client, [target('twin', { countFrom: 'created' }), target('twin')]);
		expect(results.map((result) => reportOf(result).outcome)).toEqual(['cancelPending', 'cancelPending']);
		expect(client.times('cancel')).toEqual([MINUTE]);
	});

	test('none at all', async () => {
		const { clock, client } = setUp();
		await expect(watch(clock, client, [])).resolves.toEqual([]);
	});
});

describe('light and full reads', () => {
	test('polls are light, and the full object is read exactly once, at the end', async () => {
		const { clock, client } = setUp(true);
		client.reads('r', 'running', 'running', 'completed').fullReads('r', says('completed'));
		const report = await watchOne(clock, client, target('r'));
		expect(client.of('read').map(({ view }) => view)).toEqual(['light', 'light', 'light', 'full']);
		expect(report.polls).toBe(4);
	});

	test('an API without light reads is not asked again', async () => {
		const { clock, client } = setUp(false);
		client.reads('r', 'running', 'completed');
		await watchOne(clock, client, target('r'));
		expect(client.of('read')).toHaveLength(2);
	});

	test('after a cancel, too', async () => {
		const { clock, client } = setUp(true);
		client
			.reads('r', ...Array.from({ length: 60 }, () => 'running'), 'cancelled')
			.fullReads('r', 'cancelled')
			.cancels('r', accepts());
		const report = await watchOne(clock, client, target('r'));
		expect(report.outcome).toBe('cancelled');
		expect(client.of('read').filter(({ view }) => view === 'full')).toHaveLength(1);
		expect(client.of('read').at(-1)?.view).toBe('full');
	});

	test('once only when a full read has confirmed the cancel already', async () => {
		const { clock, client } = setUp(true);
		client.reads('r', 'running').fullReads('r', 'cancelled').cancels('r', accepts(true));
		await watchOne(clock, client, target('r'));
		expect(client.of('read').filter(({ view }) => view === 'full')).toHaveLength(1);
	});

	test('a full read that fails for a moment is tried again', async () => {
		const { clock, client } = setUp(true);
		client.reads('r', 'completed').fullReads('r', fails(503), fails(503), 'completed');
		const report = await watchOne(clock, client, target('r'));
		expect(report).toMatchObject({ outcome: 'completed', lastError: undefined, polls: 4 });
	});

	test('an ended run stays ended, whatever the full read brings', async () => {
		for (const full of [fails(503), fails(404), fails(401), hangsDeaf(), garbles()]) {
			const { clock, client } = setUp(true);
			client.reads('r', 'completed').fullReads('r', full);
			const report = await watchOne(clock, client, target('r'));
			expect(report).toMatchObject({ outcome: 'completed', run: { phase: 'completed' } });
			expect(report.elapsed).toBeLessThanOrEqual(30 * SECOND);
			expect(report.lastError).toBeDefined();
		}
	});

	test('a pause is waited out for a result', async () => {
		const { clock, client } = setUp(true);
		client.reads('r', 'completed').fullReads('r', fails(429, { retryAfter: 2 * MINUTE }), 'completed');
		const report = await watchOne(clock, client, target('r'));
		expect(report).toMatchObject({ outcome: 'completed', lastError: undefined, polls: 3 });
		expect(report.elapsed).toBe(2 * MINUTE);
	});

	test('but not for ever', async () => {
		const { clock, client } = setUp(true);
		client.reads('r', 'completed').fullReads('r', fails(429, { retryAfter: 10 * MINUTE }));
		const report = await watchOne(clock, client, target('r'));
		expect(report).toMatchObject({ outcome: 'completed', lastError: { kind: 'rateLimited' } });
		expect(report.elapsed).toBe(5 * MINUTE + 30 * SECOND);
	});

	test('where there is no result, a long pause does not hold up the end', async () => {
		const { clock, client } = setUp(true);
		client.reads('r', fails(429, { retryAfter: 4 * MINUTE }), 'cancelled').cancels('r', accepts());
		const report = await watchOne(clock, client, target('r'));
		expect(report).toMatchObject({ outcome: 'cancelled', lastError: { kind: 'rateLimited' } });
		expect(client.of('read').every(({ view }) => view === 'light')).toBe(true);
	});

	test('the outcome is what the last read said: a person decided between the light and the full one', async () => {
		const { clock, client } = setUp(true);
		client.reads('r', 'needsReview').fullReads('r', 'rejected');
		expect(await watchOne(clock, client, target('r'))).toMatchObject({
			outcome: 'rejected',
			run: { phase: 'rejected' },
		});
	});
});

describe('a single look', () => {
	const once = { mode: 'once' } as const;
	const created = FAKE_EPOCH - 20 * SECOND;

	test('a run that has ended', async () => {
		const { clock, client } = setUp();
		client.reads('r', 'failed');
		expect(await watchOne(clock, client, target('r', { options: once }))).toMatchObject({
			outcome: 'failed',
			polls: 1,
		});
	});

	test('a run whose time is not up → stillRunning', async () => {
		const { clock, client } = setUp();
		client.reads('r', takes(70, says('running', { created })));
		const report = await watchOne(clock, client, target('r', { countFrom: 'created', options: once }));
		expect(report).toMatchObject({
			outcome: 'stillRunning',
			timedOut: false,
			polls: 1,
			elapsed: 70,
			deadline: created + MINUTE,
		});
	});

	test('a run whose time is up is cancelled and confirmed', async () => {
		const { clock, client } = setUp();
		client.reads('r', says('running', { created }), 'running', 'cancelled').cancels('r', accepts());
		const options = { countFrom: 'created', timeout: 10 * SECOND, options: once } as const;
		expect(await watchOne(clock, client, target('r', options))).toMatchObject({
			outcome: 'cancelled',
			timedOut: true,
		});
	});

	test('a fault is tried again, for thirty seconds', async () => {
		const { clock, client } = setUp();
		client.reads('r', fails(503), fails(503), says('running', { created }));
		const target1 = target('r', { countFrom: 'created', options: once });
		expect(await watchOne(clock, client, target1)).toMatchObject({ outcome: 'stillRunning', polls: 3 });
	});

	test.each([
		['fails', fails(503)],
		['hangs', hangs()],
		['hangs and cannot be told', hangsDeaf()],
		['asks for a long pause', fails(429, { retryAfter: 5 * MINUTE })],
	])('a server that only %s → unreachable, with what went wrong', async (_, step) => {
		const { clock, client } = setUp();
		client.reads('r', step);
		const report = await watchOne(clock, client, target('r', { countFrom: 'created', options: once }));
		expect(report).toMatchObject({ outcome: 'unreachable', timedOut: false, elapsed: 30 * SECOND });
		expect(report.lastError).toBeDefined();
		expect(client.of('cancel')).toEqual([]);
	});

	test('a timeout shorter than the look is still the deadline of the run, not of the look', async () => {
		const { clock, client } = setUp();
		client.reads('r', takes(5 * SECOND, says('running', { created }))).cancels('r', accepts());
		const report = await watchOne(
			clock,
			client,
			target('r', { countFrom: 'created', timeout: 21 * SECOND, options: once }),
		);
		expect(report.deadline).toBe(FAKE_EPOCH + SECOND);
		expect(client.times('cancel')).toEqual([5 * SECOND]);
	});
});

describe('no look at all: the user asked to cancel', () => {
	const none = { mode: 'none' } as const;

	test('the cancel is the first request', async () => {
		const { clock, client } = setUp();
		client.reads('r', 'cancelled').cancels('r', accepts());
		const report = await watchOne(clock, client, target('r', { timeout: 0, options: none }));
		expect(report).toMatchObject({ outcome: 'cancelled', cancel: { attempts: 1, requestedAt: FAKE_EPOCH } });
		expect(client.requests.map(({ kind }) => kind)).toEqual(['cancel', 'read']);
	});

	test('a run that has ended says so', async () => {
		const { clock, client } = setUp();
		client.reads('r', 'completed').cancels('r', refuses(400));
		expect(await watchOne(clock, client, target('r', { timeout: 0, options: none }))).toMatchObject({
			outcome: 'completed',
			cancel: { attempts: 1 },
		});
	});
});

describe('the workflow is stopped', () => {
	test.each([
		['a poll is under way', hangs()],
		['a poll is under way that cannot be told', hangsDeaf()],
		['polls sleep', says('running')],
		['a backoff sleeps', fails(503)],
		['the provider asked for a pause', fails(429, { retryAfter: 60 * SECOND })],
	])('leave: it ends at once, and nothing is sent any more; %s', async (_, step) => {
		const { clock, client } = setUp();
		client.reads('*', step).cancels('*', accepts());
		const targets = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((id) => target(id));
		const watching = startWatch(clock, client, targets, 3);
		await clock.advance(10_500);
		const sent = client.requests.length;
		watching.stop();
		await expect(clock.finish(watching.results, 0)).rejects.toEqual(new CancelReason('stopped'));
		await clock.advance(10 * MINUTE);
		expect(client.requests).toHaveLength(sent);
		expect(clock.sleeping).toBe(0);
	});

	test('leave: during a cancel it ends at once, too', async () => {
		const { clock, client } = setUp();
		client.reads('r', 'running').cancels('r', hangsDeaf());
		const watching = startWatch(clock, client, [target('r')]);
		await clock.advance(MINUTE + 500);
		watching.stop();
		await expect(clock.finish(watching.results, 0)).rejects.toEqual(new CancelReason('stopped'));
		await clock.advance(MINUTE);
		expect(client.requests.at(-1)?.at).toBe(MINUTE);
	});

	test('leave: stopped before it began, nothing is sent', async () => {
		const { clock, client } = setUp();
		client.reads('r', 'running');
		const scope = CancellationScope.from(AbortSignal.abort());
		const { requestQueue, listPoller } = accountOf(5, clock);
		const creationTimes = new CreationTimes(client, requestQueue);
		const deps = {
			client,
			requestQueue,
			listPoller,
			clock,
			scope,
			creationTimes,
			commandId: (id: string) => id,
		};
		await expect(clock.finish(watchRuns(deps, [target('r')]))).rejects.toEqual(new CancelReason('stopped'));
		expect(client.requests).toEqual([]);
	});

	test('cancel: runs that have not ended are cancelled, the others are not', async () => {
		const { clock, client } = setUp();
		client
			.reads('open', 'running')
			.reads('done', 'completed')
			.reads('unread', hangs())
			.cancels('*', accepts());
		const options = { onStop: 'cancel' } as const;
		const targets = ['open', 'done', 'unread'].map((id) => target(id, { options }));
		const watching = startWatch(clock, client, targets);
		await clock.advance(5_500);
		watching.stop();
		await expect(clock.finish(watching.results, 10 * SECOND)).rejects.toEqual(new CancelReason('stopped'));
		expect(client.of('cancel').map(({ id, at }) => [id, at])).toEqual([
			['open', 5_500],
			['unread', 5_500],
		]);
	});

	test('cancel: a refusal is tried again, for ten seconds at most', async () => {
		const { clock, client } = setUp();
		client.reads('r', 'waiting').cancels('r', refuses(400));
		const watching = startWatch(clock, client, [target('r', { options: { onStop: 'cancel' } })]);
		await clock.advance(5_500);
		watching.stop();
		await expect(clock.finish(watching.results)).rejects.toEqual(new CancelReason('stopped'));
		expect(clock.now() - FAKE_EPOCH).toBe(15_500);
		expect(client.of('cancel').length).toBeGreaterThan(4);
	});

	test('cancel: a thousand runs are all cancelled when each cancel takes 150 ms', async () => {
		const { clock, client } = setUp();
		client.reads('*', 'running').cancels('*', takes(150, accepts()));
		const ids = Array.from({ length: 1_000 }, (_, index) => `r${index}`);
		const watching = startWatch(
			clock,
			client,
			ids.map((id) => target(id, { options: { onStop: 'cancel' } })),
		);
		await clock.advance(5_500);
		watching.stop();
		await expect(clock.finish(watching.results, 10 * SECOND)).rejects.toEqual(new CancelReason('stopped'));
		expect(new Set(client.of('cancel').map(({ id }) => id)).size).toBe(1_000);
		expect(watching.missed).toEqual([]);
		expect(clock.sleeping).toBe(0);
	});

	test('cancel: runs that could not be cancelled are named', async () => {
		const { clock, client } = setUp();
		client
			.reads('*', 'running')
			.cancels('fine', accepts())
			.cancels('refused', refuses(400))
			.cancels('silent', hangs());
		const targets = ['fine', 'refused', 'silent'].map((id) => target(id, { options: { onStop: 'cancel' } }));
		const watching = startWatch(clock, client, targets);
		await clock.advance(5_500);
		watching.stop();
		await expect(clock.finish(watching.results)).rejects.toEqual(new CancelReason('stopped'));
		expect(watching.missed.sort()).toEqual(['refused', 'silent']);
		expect(clock.now() - FAKE_EPOCH).toBe(5_500 + 10_000 + 2 * 200);
	});

	test('cancel: a cancel that was accepted before is not sent again', async () => {
		const { clock, client } = setUp();
		client.reads('r', 'running').cancels('r', accepts());
		const watching = startWatch(clock, client, [target('r', { options: { onStop: 'cancel' } })]);
		await clock.advance(MINUTE + 5 * SECOND);
		watching.stop();
		await expect(clock.finish(watching.results)).rejects.toEqual(new CancelReason('stopped'));
		expect(client.times('cancel')).toEqual([MINUTE]);
	});

	test('cancel: a cancel whose answer was cut off is sent again, with the same command id', async () => {
		const { clock, client } = setUp();
		client.reads('r', 'running').cancels('r', hangs(), accepts());
		const watching = startWatch(clock, client, [target('r', { options: { onStop: 'cancel' } })]);
		await clock.advance(MINUTE + SECOND);
		watching.stop();
		await expect(clock.finish(watching.results)).rejects.toEqual(new CancelReason('stopped'));
		expect(client.of('cancel').map(({ at, commandId }) => [at, commandId])).toEqual([
			[MINUTE, 'command:r'],
			[MINUTE + SECOND, 'command:r'],
		]);
	});
});

test('nothing stays behind: no timer, no listener, no scope', async () => {
	const { clock, client } = setUp(true);
	client.reads('*', 'running').cancels('*', accepts()).reads('ended', 'completed').reads('gone', fails(404));
	const host = new AbortController();
	const scope = CancellationScope.from(host.signal);
	const { requestQueue, listPoller } = accountOf(2, clock);
	const creationTimes = new CreationTimes(client, requestQueue);
	const deps = {
		client,
		requestQueue,
		listPoller,
		clock,
		scope,
		creationTimes,
		commandId: (id: string) => id,
	};
	await clock.finish(
		watchRuns(
			deps,
			['a', 'b', 'ended', 'gone'].map((id) => target(id)),
		),
	);
	expect(clock.sleeping).toBe(0);
	expect((scope as unknown as { children: Set<CancellationScope> }).children.size).toBe(0);
	scope.dispose();
	expect(getEventListeners(host.signal, 'abort')).toHaveLength(0);
});
