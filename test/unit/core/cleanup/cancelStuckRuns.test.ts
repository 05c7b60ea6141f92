import { Claims } from '../../../../nodes/shared/core/cleanup/claims';
import { LIST } from '../../../../nodes/shared/core/config';
import {
	HOUR,
	type ListPage,
	type ScriptedList,
	bornAt,
	clean,
	gives,
	listOf,
	outcomes,
	row,
	sourceOf,
	startCleanup,
} from '../../../support/cleaning';
import { FAKE_EPOCH, FakeClock } from '../../../support/fakeClock';
import {
	ScriptedClient,
	accepts,
	breaks,
	fails,
	fault,
	hangs,
	refuses,
	says,
	takes,
} from '../../../support/scriptedClient';
import { GOOD_LISTS, RemoteApi } from '../../../support/remote';
import { MINUTE, SECOND } from '../../../support/watching';

/** A run two hours old says that it is in this status. */
const old = (status: string) => says(status, { created: FAKE_EPOCH - 2 * HOUR });

/** An API whose runs are two hours old, run, and are cancelled by their first cancel. */
function account() {
	const clock = new FakeClock();
	const client = new ScriptedClient(clock);
	client.cancels('*', accepts(true));
	/** These runs are running, and cancelled when they are read after their cancel. */
	const stuck = (...ids: string[]) => ids.forEach((id) => client.reads(id, old('running'), old('cancelled')));
	const source = (...lists: ScriptedList[]) => sourceOf(client, lists);
	return { clock, client, stuck, source };
}

describe('which runs are stuck', () => {
	test('those that are old enough and not finished, oldest first, over all resources', async () => {
		const { clock, client, stuck } = account();
		stuck('second', 'first', 'third', 'waits');
		const jobs = listOf(clock, [
			row('second', { age: 4 * HOUR }),
			row('third', { age: 3 * HOUR }),
			row('young', { age: 59 * MINUTE }),
		]);
		const parses = listOf(
			clock,
			[
				row('done', { phase: 'completed' }),
				row('first', { age: 5 * HOUR }),
				row('waits', { phase: 'waiting' }),
			],
			false,
		);
		const report = await clean(clock, [
			sourceOf(client, [jobs], { resource: 'job' }),
			sourceOf(client, [parses], { resource: 'parse' }),
		]);
		expect(report.runs.map(({ resource, id, outcome }) => [resource, id, outcome])).toEqual([
			['parse', 'first', 'cancelled'],
			['job', 'second', 'cancelled'],
			['job', 'third', 'cancelled'],
			['parse', 'waits', 'cancelled'],
		]);
		// What the list shows as young or finished is not even read.
		expect(new Set(client.of('read').map(({ id }) => id))).toEqual(
			new Set(['first', 'second', 'third', 'waits']),
		);
		expect(report).toMatchObject({ incomplete: [], undated: 0, beyondLimit: 0, stopped: false });
	});

	test('one exactly as old as the limit counts, one a millisecond younger does not', async () => {
		const { clock, client, source } = account();
		client.reads('*', says('running', { created: FAKE_EPOCH - HOUR }), says('cancelled'));
		const list = listOf(clock, [row('just', { age: HOUR }), row('almost', { age: HOUR - 1 })]);
		expect(outcomes(await clean(clock, [source(list)]))).toEqual(['just: cancelled']);
	});

	test('a run that is in two lists is cleaned up once', async () => {
		const { clock, client, stuck, source } = account();
		stuck('moved');
		const queued = listOf(clock, [row('moved', { phase: 'waiting' })]);
		const running = listOf(clock, [row('moved')]);
		expect(outcomes(await clean(clock, [source(queued, running)]))).toEqual(['moved: cancelled']);
		expect(client.of('cancel')).toHaveLength(1);
	});

	test('the read decides: what turns out younger, in review or not meant is left alone', async () => {
		const { clock, client } = account();
		client.reads('young', says('running', { created: FAKE_EPOCH - MINUTE }));
		client.reads('review', old('needsReview'));
		client.reads('other', old('running'));
		client.reads('other-done', old('completed'));
		const list = listOf(
			clock,
			['young', 'review', 'other', 'other-done'].map((id) => row(id)),
		);
		const source = sourceOf(client, [list], { matches: ({ id }) => !id.startsWith('other') });
		expect((await clean(clock, [source])).runs).toEqual([]);
		expect(client.of('cancel')).toEqual([]);
	});

	test('a run in review is stuck only where the plan says so', async () => {
		const { clock, client, source } = account();
		client.reads('review', old('needsReview'), old('cancelled'));
		const list = listOf(clock, [row('review', { phase: 'needsReview' })]);
		const phases = new Set(['running', 'needsReview'] as const);
		expect(outcomes(await clean(clock, [source(list)], { phases }))).toEqual(['review: cancelled']);
	});

	test('a status that nobody knows counts as not finished', async () => {
		const { clock, client, source } = account();
		client.reads('r', old('ARCHIVING'), old('cancelled'));
		const list = listOf(clock, [row('r', { phase: 'unknown' })]);
		expect(outcomes(await clean(clock, [source(list)]))).toEqual(['r: cancelled']);
	});

	test('rows that do not tell their status: the unfinished are cancelled, the finished are no news', async () => {
		const { clock, client, stuck, source } = account();
		const rows = Array.from({ length: 30 }, (_, at) => row(`done${at}`, { age: 9 * HOUR, phase: 'unknown' }));
		rows.forEach(({ id }) => client.reads(id, old('completed')));
		stuck('r');
		const list = listOf(clock, [...rows, row('r', { phase: 'unknown' })]);
		// The old records come first, and do not use up the limit: or no cleanup would ever get beyond them.
		const report = await clean(clock, [source(list)], { limit: 2 });
		expect(outcomes(report)).toEqual(['r: cancelled']);
		expect(report.beyondLimit).toBe(0);
	});
});

describe('how old a run is', () => {
	const creationTimes = (clock: FakeClock, created?: number) =>
		listOf(clock, [
			{ id: 'r', phase: 'running', created: created === undefined ? undefined : bornAt(created) },
		]);

	test.each([
		['its own creation before that of its row', { created: FAKE_EPOCH - 3 * HOUR }, 2 * HOUR, 3 * HOUR],
		['that of its row where it does not tell', {}, 2 * HOUR, 2 * HOUR],
		['its own where the row does not tell', { created: FAKE_EPOCH - 3 * HOUR }, undefined, 3 * HOUR],
		[
			'its start where nothing tells of a creation',
			{ started: FAKE_EPOCH - 90 * MINUTE },
			undefined,
			90 * MINUTE,
		],
	])('%s', async (_, times, created, age) => {
		const { clock, client, source } = account();
		client.reads('r', says('running', times));
		const report = await clean(clock, [source(creationTimes(clock, created))], { dryRun: true });
		expect(report.runs).toMatchObject([{ id: 'r', outcome: 'wouldCancel', age }]);
	});

	test('a row without a time does not make a young run old', async () => {
		const { clock, client, source } = account();
		client.reads('r', says('running', { created: FAKE_EPOCH - MINUTE }));
		expect(await clean(clock, [source(creationTimes(clock))])).toMatchObject({ runs: [], undated: 0 });
	});

	test('a run whose age nothing tells is left alone and counted', async () => {
		const { clock, client, source } = account();
		client.reads('r', says('running'));
		expect(await clean(clock, [source(creationTimes(clock))])).toMatchObject({ runs: [], undated: 1 });
		expect(client.of('cancel')).toEqual([]);
	});

	test('it is counted until the moment the run was looked at', async () => {
		const { clock, client, source } = account();
		client.reads('r', takes(7 * SECOND, old('running')));
		const report = await clean(clock, [source(creationTimes(clock, 2 * HOUR))], { dryRun: true });
		expect(report.runs[0]?.age).toBe(2 * HOUR + 7 * SECOND);
	});
});

describe('reading lists', () => {
	const page = (ids: string[], next?: string): ListPage => ({ rows: ids.map((id) => row(id)), next });

	test('goes on to the last page', async () => {
		const { clock, stuck, source } = account();
		stuck('a', 'b', 'c');
		const list = listOf(clock, { '': page(['a'], 'p2'), p2: page(['b'], 'p3'), p3: page(['c']) });
		expect(outcomes(await clean(clock, [source(list)]))).toHaveLength(3);
		expect(list.asked).toEqual(['', 'p2', 'p3']);
	});

	test('a sorted list ends with the first run that is too young', async () => {
		const { clock, stuck, source } = account();
		stuck('a');
		const rows = [row('a'), row('young', { age: MINUTE })];
		const list = listOf(clock, { '': { rows, next: 'p2' } });
		const report = await clean(clock, [source(list)]);
		expect(outcomes(report)).toEqual(['a: cancelled']);
		expect(report.incomplete).toEqual([]);
	});

	test('a list that does not sort as asked is read on', async () => {
		const { clock, stuck, source } = account();
		stuck('a', 'b');
		const newestFirst = [row('young', { age: MINUTE }), row('middle', { age: 59 * MINUTE }), row('a')];
		const list = listOf(clock, {
			'': { rows: newestFirst.slice(0, 2), next: 'p2' },
			p2: { rows: newestFirst.slice(2), next: 'p3' },
			p3: page(['b']),
		});
		expect(outcomes(await clean(clock, [source(list)]))).toEqual(['a: cancelled', 'b: cancelled']);
	});

	test('a list that cannot sort is read to its end', async () => {
		const { clock, stuck, source } = account();
		stuck('a');
		const young = [row('young', { age: MINUTE })];
		const list = listOf(clock, { '': { rows: young, next: 'p2' }, p2: page(['a']) }, false);
		expect(outcomes(await clean(clock, [source(list)]))).toEqual(['a: cancelled']);
	});

	test('a page that fails is asked for again', async () => {
		const { clock, stuck, source } = account();
		stuck('a', 'b');
		const list = listOf(clock, {
			'': page(['a'], 'p2'),
			p2: [fails(503), breaks(), fails(429, { retryAfter: 2 * SECOND }), gives(page(['b']))],
		});
		const report = await clean(clock, [source(list)]);
		expect(outcomes(report)).toEqual(['a: cancelled', 'b: cancelled']);
		expect(report.incomplete).toEqual([]);
		expect(list.asked).toEqual(['', 'p2', 'p2', 'p2', 'p2']);
	});

	test('a page that never answers is given up after half a minute, four times', async () => {
		const { clock, stuck, source } = account();
		stuck('a');
		const list = listOf(clock, { '': page(['a'], 'p2'), p2: [hangs()] });
		const report = await clean(clock, [source(list)]);
		expect(outcomes(report)).toEqual(['a: cancelled']);
		expect(report.incomplete).toMatchObject([
			{ resource: 'job', reason: { message: 'The API did not answer within 30 s' } },
		]);
		expect(list.asked).toHaveLength(5);
	});

	test('a page that fails for good loses nothing that was read before, and nothing of other lists', async () => {
		const { clock, stuck, source } = account();
		stuck('a', 'b');
		const broken = listOf(clock, { '': page(['a'], 'p2'), p2: [fails(500)] });
		const report = await clean(clock, [source(broken, listOf(clock, [row('b')]))]);
		expect(outcomes(report)).toEqual(['a: cancelled', 'b: cancelled']);
		expect(report.incomplete).toEqual([
			{ resource: 'job', reason: expect.objectContaining({ status: 500 }) },
		]);
		expect(broken.asked).toEqual(['', 'p2', 'p2', 'p2', 'p2']);
	});

	test('when no list can be read, nothing is stuck would be a lie: that is an error', async () => {
		const { clock, source } = account();
		const refused = () => listOf(clock, { '': [fails(401)] });
		await expect(clean(clock, [source(refused(), refused())])).rejects.toMatchObject({ status: 401 });
	});

	test('one list that cannot be read is a gap, not an error, when another one can', async () => {
		const { clock, source } = account();
		const report = await clean(clock, [source(listOf(clock, { '': [fails(404)] }), listOf(clock, []))]);
		expect(report.runs).toEqual([]);
		expect(report.incomplete).toMatchObject([{ resource: 'job', reason: { status: 404 } }]);
	});

	test('an empty page with a page token is not the end', async () => {
		const { clock, stuck, source } = account();
		stuck('a');
		const list = listOf(clock, { '': page([], 'p2'), p2: page(['a']) });
		const report = await clean(clock, [source(list)]);
		expect(outcomes(report)).toEqual(['a: cancelled']);
		expect(report.incomplete).toEqual([]);
	});

	test('a page token that comes back ends the list, and is reported', async () => {
		const { clock, stuck, source } = account();
		stuck('a', 'b', 'c');
		const list = listOf(clock, { '': page(['a'], 'p2'), p2: page(['b'], 'p3'), p3: page(['c'], 'p2') });
		const report = await clean(clock, [source(list)]);
		expect(outcomes(report)).toHaveLength(3);
		expect(report.incomplete).toEqual([{ resource: 'job', reason: 'circular' }]);
		expect(list.asked).toEqual(['', 'p2', 'p3']);
	});

	test('a list without an end is read as far as makes sense, and reported', async () => {
		const { clock, stuck, source } = account();
		stuck('a');
		let pages = 0;
		const endless: ScriptedList = {
			oldestFirst: true,
			asked: [],
			page: async () => ({ rows: pages++ === 0 ? [row('a')] : [], next: `p${pages}` }),
		};
		const report = await clean(clock, [source(endless)]);
		expect(outcomes(report)).toEqual(['a: cancelled']);
		expect(report.incomplete).toEqual([{ resource: 'job', reason: 'tooLong' }]);
		expect(pages).toBe(LIST.cleanupPages);
	});
});

describe('a dry run', () => {
	test('says what it would do and sends no cancel', async () => {
		const { clock, client, source } = account();
		client.reads('a', old('running')).reads('b', old('completed'));
		const report = await clean(clock, [source(listOf(clock, [row('a'), row('b')]))], { dryRun: true });
		expect(report.runs).toMatchObject([
			{ id: 'a', outcome: 'wouldCancel', age: 2 * HOUR, run: { status: 'running' } },
			{ id: 'b', outcome: 'alreadyFinished', run: { status: 'completed' } },
		]);
		expect(report.runs.map(({ cancel }) => cancel)).toEqual([undefined, undefined]);
		expect(client.of('cancel')).toEqual([]);
	});
});

describe('the limit', () => {
	const five = (clock: FakeClock) =>
		listOf(
			clock,
			[5, 4, 3, 2, 1.5].map((age) => row(`age${age}`, { age: age * HOUR })),
		);

	test('takes the oldest, and counts what is left', async () => {
		const { clock, client, stuck, source } = account();
		stuck('age5', 'age4', 'age3', 'age2', 'age1.5');
		const report = await clean(clock, [source(five(clock))], { limit: 2 });
		expect(outcomes(report)).toEqual(['age5: cancelled', 'age4: cancelled']);
		expect(report.beyondLimit).toBe(3);
		expect(client.of('cancel')).toHaveLength(2);
	});

	test('runs that turn out not to be stuck do not count', async () => {
		const { clock, client, stuck, source } = account();
		stuck('age3', 'age2', 'age1.5');
		client.reads('age5', says('running', { created: FAKE_EPOCH }));
		client.reads('age4', old('needsReview'));
		const report = await clean(clock, [source(five(clock))], { limit: 2 });
		expect(outcomes(report)).toEqual(['age3: cancelled', 'age2: cancelled']);
		expect(report.beyondLimit).toBe(1);
	});

	test('runs whose row does not tell its age come last', async () => {
		const { clock, stuck, source } = account();
		stuck('ageless', 'age5', 'age4', 'age3', 'age2', 'age1.5');
		const undated = listOf(clock, [{ id: 'ageless', phase: 'running' }]);
		const report = await clean(clock, [source(undated, five(clock))], { limit: 5 });
		expect(report.runs.at(-1)?.id).toBe('age1.5');
		expect(report.beyondLimit).toBe(1);
	});
});

describe('what becomes of a stuck run', () => {
	async function cleanUpOne(script: (client: ScriptedClient) => void, confirmFor = 3 * SECOND) {
		const { clock, client, source } = account();
		script(client);
		const report = await clean(clock, [source(listOf(clock, [row('r')]))], { confirmFor });
		expect(clock.sleeping).toBe(0);
		expect(report.runs).toHaveLength(1);
		return { one: report.runs[0], cancels: client.of('cancel').length };
	}

	test('cancelled, as a read shows', async () => {
		const { one } = await cleanUpOne((client) => client.reads('r', old('running'), old('cancelled')));
		expect(one).toMatchObject({
			resource: 'job',
			outcome: 'cancelled',
			age: 2 * HOUR,
			run: { status: 'cancelled' },
			cancel: { attempts: 1, requestedAt: FAKE_EPOCH, confirmedAt: FAKE_EPOCH },
		});
		expect(one?.lastError).toBeUndefined();
	});

	test('cancelled after a race and a lost answer', async () => {
		const { one, cancels } = await cleanUpOne((client) =>
			client
				.cancels('r', refuses(409), fails(503), accepts())
				.reads('r', old('running'), old('running'), old('running'), old('cancelled')),
		);
		expect(one).toMatchObject({ outcome: 'cancelled', cancel: { attempts: 3 } });
		expect(cancels).toBe(3);
	});

	test('accepted and not confirmed in time', async () => {
		const { one, cancels } = await cleanUpOne((client) => client.reads('r', old('running')));
		expect(one).toMatchObject({ outcome: 'cancelPending', cancel: { attempts: 1, confirmedAt: undefined } });
		expect(cancels).toBe(1);
	});

	test.each(['completed', 'failed', 'expired', 'rejected'])('finished first as %s', async (end) => {
		const { one } = await cleanUpOne((client) =>
			client.cancels('r', refuses(400)).reads('r', old('running'), old(end)),
		);
		expect(one).toMatchObject({ outcome: 'alreadyFinished', run: { status: end } });
	});

	test('cancelled by somebody else meanwhile', async () => {
		const { one } = await cleanUpOne((client) =>
			client.cancels('r', refuses(400)).reads('r', old('running'), old('cancelled')),
		);
		expect(one?.outcome).toBe('alreadyFinished');
	});

	test('finished between the list and the read: no cancel is sent', async () => {
		const { one, cancels } = await cleanUpOne((client) => client.reads('r', old('failed')));
		expect(one).toMatchObject({ outcome: 'alreadyFinished', age: 2 * HOUR, run: { status: 'failed' } });
		expect(cancels).toBe(0);
	});

	test('refused to the end, with the reason', async () => {
		const { one } = await cleanUpOne((client) =>
			client.cancels('r', refuses(400)).reads('r', old('waiting')),
		);
		expect(one).toMatchObject({
			outcome: 'notCancellable',
			run: { status: 'waiting' },
			lastError: { status: 400 },
		});
	});

	test('moved into review while it was refused', async () => {
		const { one, cancels } = await cleanUpOne((client) =>
			client.cancels('r', refuses(400)).reads('r', old('running'), old('needsReview')),
		);
		expect(one).toMatchObject({ outcome: 'notCancellable', run: { status: 'needsReview' } });
		expect(cancels).toBe(1);
	});

	test('on its way to be cancelled already', async () => {
		const { one, cancels } = await cleanUpOne((client) =>
			client.cancels('r', refuses(400)).reads('r', old('cancelling')),
		);
		expect(one?.outcome).toBe('cancelPending');
		expect(cancels).toBe(1);
	});

	test.each([
		['that is gone', fails(404), 3, 404],
		['the key may not see', fails(403), 1, 403],
		['of a server that is down', fails(500), 4, 500],
		['of a server that only says to slow down', fails(429, { retryAfter: SECOND }), 20, 429],
	])('a run %s cannot be read', async (_, step, reads, status) => {
		const { clock, client, source } = account();
		client.reads('r', step);
		const report = await clean(clock, [source(listOf(clock, [row('r')]))]);
		expect(report.runs).toMatchObject([{ id: 'r', outcome: 'unreachable', lastError: { status } }]);
		expect([report.runs[0]?.run, report.runs[0]?.cancel]).toEqual([undefined, undefined]);
		expect(client.of('read')).toHaveLength(reads);
		expect(client.of('cancel')).toEqual([]);
	});

	test('a cancel that is forbidden, as long as Confirm Cancel For lasts: the key may have been changed', async () => {
		const { one, cancels } = await cleanUpOne((client) =>
			client.cancels('r', fails(403)).reads('r', old('running')),
		);
		expect(one).toMatchObject({
			outcome: 'unreachable',
			run: { status: 'running' },
			lastError: { status: 403 },
		});
		expect(cancels).toBe(4);
	});

	test('cancels that never get an answer', async () => {
		const { one } = await cleanUpOne((client) => client.cancels('r', hangs()).reads('r', old('running')));
		expect(one).toMatchObject({
			outcome: 'unreachable',
			run: { status: 'running' },
			cancel: { requestedAt: FAKE_EPOCH },
		});
	});

	test('one bad run leaves the others alone', async () => {
		const { clock, client, stuck, source } = account();
		stuck('a', 'c');
		client.reads('b', fails(403));
		const report = await clean(clock, [
			source(
				listOf(
					clock,
					['a', 'b', 'c'].map((id) => row(id)),
				),
			),
		]);
		expect(outcomes(report)).toEqual(['a: cancelled', 'b: unreachable', 'c: cancelled']);
	});

	test('each run keeps its command id over all attempts', async () => {
		const { clock, client, source } = account();
		client.cancels('r', refuses(409), accepts()).reads('r', old('running'), old('running'), old('cancelled'));
		await clean(clock, [source(listOf(clock, [row('r')]))]);
		expect(client.of('cancel').map(({ commandId }) => commandId)).toEqual(['command:r', 'command:r']);
	});
});

describe('the load on the API', () => {
	const many = (count: number) => Array.from({ length: count }, (_, at) => `r${at}`);

	/** All runs are running until they are cancelled; `before` may keep a request from being carried out. */
	function responsive(client: ScriptedClient, latency: number, before: () => void = () => undefined): void {
		const cancelled = new Set<string>();
		client.reads(
			'*',
			takes(latency, async (context) => {
				before();
				return await old(cancelled.has(context.id) ? 'cancelled' : 'running')(context);
			}),
		);
		client.cancels(
			'*',
			takes(latency, async (context) => {
				before();
				cancelled.add(context.id);
				return await accepts(true)(context);
			}),
		);
	}

	test('requests in flight stay within the bound', async () => {
		const { clock, client, source } = account();
		responsive(client, 30);
		const report = await clean(
			clock,
			[
				source(
					listOf(
						clock,
						many(40).map((id) => row(id)),
					),
				),
			],
			{},
			7,
		);
		expect(report.runs.filter(({ outcome }) => outcome === 'cancelled')).toHaveLength(40);
		expect(client.mostInFlight).toBe(7);
	});

	test('reads that hang do not keep the cancels of other runs waiting', async () => {
		const { clock, client, stuck, source } = account();
		stuck('good');
		client.reads('hangs', hangs());
		const list = listOf(clock, [row('good'), row('hangs')]);
		const report = await clean(clock, [source(list)], {}, 1);
		expect(outcomes(report)).toEqual(['good: cancelled', 'hangs: unreachable']);
		expect(client.times('cancel', 'good')[0]).toBeLessThan(100);
	});

	test('after a 429 everything waits as long as was asked for', async () => {
		const { clock, client, source } = account();
		client.reads('a', fails(429, { retryAfter: 20 * SECOND }), old('running'), old('cancelled'));
		['b', 'c'].forEach((id) => client.reads(id, old('running'), old('cancelled')));
		const list = listOf(
			clock,
			['a', 'b', 'c'].map((id) => row(id)),
		);
		const report = await clean(clock, [source(list)], {}, 1);
		expect(outcomes(report)).toEqual(['a: cancelled', 'b: cancelled', 'c: cancelled']);
		expect(client.times('read').filter((at) => at > 0 && at < 20 * SECOND)).toEqual([]);
	});

	test('a tight rate limit makes a cleanup slow, not incomplete', async () => {
		const { clock, client, source } = account();
		// Ten requests in each second, whatever they are; the others are told to slow down, without a time.
		let second = 0;
		let used = 0;
		const withinRate = () => {
			const now = Math.floor(clock.now() / SECOND);
			used = now === second ? used + 1 : 1;
			second = now;
			if (used > 10) throw fault(429);
		};
		responsive(client, 50, withinRate);
		const report = await clean(clock, [
			source(
				listOf(
					clock,
					many(100).map((id) => row(id)),
				),
			),
		]);
		expect(report.runs.filter(({ outcome }) => outcome === 'cancelled')).toHaveLength(100);
	});
});

describe('when the workflow is stopped', () => {
	test('before anything was found, nothing happens and nothing is reported', async () => {
		const { clock, client, source } = account();
		const { report, stop } = startCleanup(clock, [source(listOf(clock, { '': [hangs()] }))]);
		await clock.advance(SECOND);
		stop();
		expect(await clock.finish(report)).toMatchObject({ runs: [], stopped: true });
		expect(clock.sleeping).toBe(0);
		expect(client.requests).toEqual([]);
	});

	test('in the middle, what was done is reported, and nothing is asked any more', async () => {
		const { clock, client, stuck, source } = account();
		stuck('done');
		client.reads('pending', old('running'));
		client.cancels('flying', hangs()).reads('flying', old('running'));
		client.cancels('refused', refuses(409)).reads('refused', old('waiting'));
		client.reads('unread', hangs());
		const ids = ['done', 'pending', 'flying', 'refused', 'unread'];
		const list = listOf(
			clock,
			ids.map((id) => row(id)),
		);
		const { report, stop } = startCleanup(clock, [source(list)]);
		await clock.advance(1.5 * SECOND);
		const before = client.requests.length;
		stop();
		const stoppedAt = clock.now();
		const result = await clock.finish(report);
		expect(result.stopped).toBe(true);
		expect(outcomes(result)).toEqual([
			'done: cancelled',
			'pending: cancelPending',
			'flying: unreachable',
			'refused: notCancellable',
		]);
		expect(result.runs[2]?.cancel).toMatchObject({ requestedAt: FAKE_EPOCH, attempts: 1 });
		expect(clock.now()).toBe(stoppedAt);
		await clock.advance(HOUR);
		expect(client.requests).toHaveLength(before);
		expect(clock.sleeping).toBe(0);
	});

	test('while it waits for a rate limit to pass', async () => {
		const { clock, client, source } = account();
		client.reads('r', fails(429, { retryAfter: 4 * MINUTE }));
		const { report, stop } = startCleanup(clock, [source(listOf(clock, [row('r')]))]);
		await clock.advance(SECOND);
		stop();
		expect(await clock.finish(report)).toMatchObject({ runs: [], stopped: true });
		expect(clock.now()).toBe(FAKE_EPOCH + SECOND);
		expect(clock.sleeping).toBe(0);
	});
});

describe('two cleanups of one account that meet at the same runs', () => {
	test('cancel none twice, and only one of them says that it did', async () => {
		const { clock, client, source } = account();
		for (const id of ['a', 'b']) client.reads(id, takes(50, old('running')), takes(50, old('cancelled')));
		client.cancels('*', takes(100, accepts(true)));
		const claims = new Claims();
		const rows = [row('a'), row('b')];
		const both = [1, 2].map(() => startCleanup(clock, [source(listOf(clock, rows))], {}, 5, claims).report);
		const reports = await clock.finish(Promise.all(both));
		expect(reports.map(outcomes)).toEqual([
			['a: cancelled', 'b: cancelled'],
			['a: alreadyFinished', 'b: alreadyFinished'],
		]);
		expect(client.of('cancel').map(({ id }) => id)).toEqual(['a', 'b']);
	});

	test('the one that waits ends with its workflow', async () => {
		const { clock, client, source } = account();
		client.reads('a', old('running')).cancels('a', hangs());
		const claims = new Claims();
		const [first, second] = [1, 2].map(() =>
			startCleanup(clock, [source(listOf(clock, [row('a')]))], {}, 5, claims),
		);
		await clock.advance(SECOND);
		second?.stop();
		expect(await clock.finish(second?.report ?? Promise.reject(new Error('none')), 0)).toMatchObject({
			runs: [],
			stopped: true,
		});
		first?.stop();
		await clock.finish(first?.report ?? Promise.reject(new Error('none')));
		expect(clock.sleeping).toBe(0);
	});
});

test('100 cancels that take 20 s are confirmed through lists, and each by a read of its own', async () => {
	const clock = new FakeClock({ seed: 5 });
	const cancel = { takes: 20 * SECOND, ignored: false, finishesFirst: false, races: 0, answersLost: 0 };
	const life = {
		createdAt: -2 * HOUR,
		startsAt: -2 * HOUR,
		endsAt: 1e9,
		endsAs: 'completed',
		cancel,
	} as const;
	const remote = new RemoteApi(clock, {
		dialect: 'extraction',
		lists: GOOD_LISTS,
		runs: Array.from({ length: 100 }, () => ({ ...life, invisibleReads: 0 })),
		faults: [],
		latency: 0,
		skew: 0,
		rowsPerPage: 100,
		seed: 5,
	});
	const [list] = remote.api().unfinished ?? [];
	if (!list) throw new Error('Extractions have lists');
	const source = sourceOf(remote.api(), [
		{ oldestFirst: true, page: (token, signal) => list.page(token, signal) },
	]);
	const { runs } = await clean(clock, [source]);
	expect(runs.map(({ outcome }) => outcome)).toEqual(Array(100).fill('cancelled'));
	// One to find out that it is stuck, one after its cancel, one at the end; and pages.
	expect(remote.log.filter(({ kind }) => kind !== 'cancel').length).toBeLessThan(3.7 * 100);
	expect(clock.sleeping).toBe(0);
});
