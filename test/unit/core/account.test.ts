import { Accounts } from '../../../nodes/shared/core/account';
import { CancelReason } from '../../../nodes/shared/core/concurrency/cancellationScope';
import type { RunClient } from '../../../nodes/shared/core/runs/runClient';
import type { WatchOptions } from '../../../nodes/shared/core/watch/watchRuns';
import { startExecution } from '../../support/executions';
import { FakeClock } from '../../support/fakeClock';
import { type DialectName, GOOD_LISTS, RemoteApi, type RemotePlan } from '../../support/remote';
import { SECOND, reportOf, target } from '../../support/watching';

/** An account with so many runs, of a minute each. */
function remoteOf(clock: FakeClock, runs: number, given: Partial<RemotePlan> = {}, endsAs = 'completed') {
	return new RemoteApi(clock, {
		dialect: 'extraction',
		lists: GOOD_LISTS,
		runs: Array.from({ length: runs }, (_, index) => ({
			createdAt: -index,
			startsAt: 2 * SECOND,
			endsAt: 60 * SECOND + index * 10,
			endsAs: endsAs as 'completed',
			invisibleReads: 0,
			cancel: { takes: 0, ignored: false, finishesFirst: false, races: 0, answersLost: 0 },
		})),
		faults: [],
		latency: 20,
		skew: 0,
		rowsPerPage: 100,
		seed: 5,
		...given,
	});
}

const polls: WatchOptions['polls'] = { mode: 'adaptive', interval: SECOND, maxInterval: 30 * SECOND };

const targetsFor = (ids: readonly number[]) =>
	ids.map((index) => target(`run_${index}`, { timeout: 3_600 * SECOND, options: { polls } }));

/** Executions with one run each, begun so many milliseconds one after the other. */
async function watchEach(given: Partial<RemotePlan>, runs: number, apart: number) {
	const clock = new FakeClock({ seed: 3 });
	const accounts = new Accounts(clock);
	const remote = remoteOf(clock, runs, given);
	const all = [];
	for (let index = 0; index < runs; index++) {
		all.push(startExecution(clock, accounts, 'account', remote.api(), targetsFor([index])).results);
		if (apart > 0) await clock.advance(apart);
	}
	const reports = (await clock.finish(Promise.all(all))).flat().map(reportOf);
	return { clock, accounts, log: remote.log, reports };
}

/** One execution with as many runs. */
async function watchTogether(given: Partial<RemotePlan>, runs: number) {
	const clock = new FakeClock({ seed: 3 });
	const remote = remoteOf(clock, runs, given);
	const targets = targetsFor(Array.from({ length: runs }, (_, index) => index));
	await clock.finish(startExecution(clock, new Accounts(clock), 'account', remote.api(), targets).results);
	return remote.log;
}

describe('many executions of one account', () => {
	test.each<[DialectName, number]>([
		['extraction', 0],
		['extraction', 5],
		['extractRun', 0],
		['extractRun', 5],
	])(
		'%s, begun %i ms apart: 150 with one run each take few more requests than one with 150',
		async (dialect, apart) => {
			const together = await watchTogether({ dialect }, 150);
			const { log, reports, accounts, clock } = await watchEach({ dialect }, 150, apart);
			expect(new Set(reports.map(({ outcome }) => outcome))).toEqual(new Set(['completed']));
			expect(log.length).toBeLessThanOrEqual(1.2 * together.length);
			expect([accounts.size, clock.sleeping]).toEqual([0, 0]);
		},
	);

	test('60 hear one 429: few are refused, and all wait', async () => {
		const limited = { kind: 'status' as const, status: 429, retryAfter: 10 * SECOND };
		const faults = [{ from: 5 * SECOND, lasts: 10 * SECOND, on: 'all' as const, every: 1, what: limited }];
		const { log, reports } = await watchEach({ faults }, 60, 0);
		const refused = log.filter(({ status }) => status === 429);
		expect(refused.length).toBeGreaterThan(0);
		expect(refused.length).toBeLessThanOrEqual(12);
		expect(new Set(reports.map(({ outcome }) => outcome))).toEqual(new Set(['completed']));
	});

	test('a run that two of them watch is known to both, and each reads it itself', async () => {
		const clock = new FakeClock();
		const accounts = new Accounts(clock);
		const remote = remoteOf(clock, 20);
		const [one, other] = [1, 2].map(() =>
			startExecution(clock, accounts, 'account', remote.api(), targetsFor([0, 1, 2, 3, 4])),
		);
		const results = await clock.finish(Promise.all([one?.results, other?.results]));
		for (const own of results) {
			expect(own?.map((result) => reportOf(result).outcome)).toEqual(Array(5).fill('completed'));
		}
	});
});

describe('one of several', () => {
	test('is stopped while it reads a page: another one reads it again, and all others go on', async () => {
		const clock = new FakeClock();
		const accounts = new Accounts(clock);
		const remote = remoteOf(clock, 40, { latency: 400 });
		const executions = [
			[0, 20],
			[20, 40],
		].map(([from = 0, to = 0]) =>
			startExecution(
				clock,
				accounts,
				'account',
				remote.api(),
				targetsFor(Array.from({ length: to - from }, (_, index) => from + index)),
			),
		);
		const [first, second] = executions;
		const isPageInFlight = () =>
			remote.log.some(({ kind, endedAt }) => kind === 'list' && endedAt === Number.POSITIVE_INFINITY);
		while (!isPageInFlight()) await clock.advance(10);
		const before = remote.log.length;
		first?.stop();
		await expect(clock.finish(first?.results ?? Promise.resolve([]))).rejects.toEqual(
			new CancelReason('stopped'),
		);
		await clock.advance(SECOND);
		expect(remote.log.slice(before).some(({ kind }) => kind === 'list')).toBe(true);
		const results = await clock.finish(second?.results ?? Promise.resolve([]));
		expect(results.map((result) => reportOf(result).outcome)).toEqual(Array(20).fill('completed'));
		expect([accounts.size, clock.sleeping]).toEqual([0, 0]);
	});

	test('has a broken way to the provider: only its own runs suffer', async () => {
		const clock = new FakeClock();
		const accounts = new Accounts(clock);
		const remote = remoteOf(clock, 40);
		const broken = withBrokenTransport(remote.api());
		const ids = Array.from({ length: 20 }, (_, index) => index);
		const bad = startExecution(clock, accounts, 'account', broken, targetsFor(ids));
		const good = startExecution(
			clock,
			accounts,
			'account',
			remote.api(),
			targetsFor(ids.map((id) => id + 20)),
		);
		const results = await clock.finish(good.results);
		expect(results.map((result) => reportOf(result).outcome)).toEqual(Array(20).fill('completed'));
		const suffered = await clock.finish(bad.results);
		expect(suffered.every((result) => 'error' in result)).toBe(true);
		expect(remote.log.some(({ kind }) => kind === 'list')).toBe(true);
	});

	test('has got the key of another account meanwhile: it reads no page for the others any more', async () => {
		const clock = new FakeClock();
		const accounts = new Accounts(clock);
		const [old, next] = [remoteOf(clock, 40), remoteOf(clock, 40)];
		const ids = Array.from({ length: 20 }, (_, index) => index);
		let isOfAccount = true;
		const client = eitherOf(old.api(), next.api(), () => isOfAccount);
		const changed = startExecution(clock, accounts, 'account', client, targetsFor(ids), 5, {
			isOfAccount: () => isOfAccount,
		});
		const others = targetsFor(ids.map((id) => id + 20));
		const good = startExecution(clock, accounts, 'account', old.api(), others);
		await clock.advance(10 * SECOND);
		expect(old.log.some(({ kind }) => kind === 'list')).toBe(true);
		isOfAccount = false;
		await clock.finish(Promise.all([changed.results, good.results]));
		expect(next.log.some(({ kind }) => kind === 'read')).toBe(true);
		expect(next.log.filter(({ kind }) => kind === 'list')).toEqual([]);
		expect(old.log.some(({ kind, at }) => kind === 'list' && at > 10 * SECOND)).toBe(true);
	});

	test('throws when it is told of a change: the others do not notice', async () => {
		const clock = new FakeClock();
		const accounts = new Accounts(clock);
		const remote = remoteOf(clock, 40);
		const ids = Array.from({ length: 20 }, (_, index) => index);
		const loud = startExecution(clock, accounts, 'account', remote.api(), targetsFor(ids), 5, {
			onChange: () => {
				throw new TypeError('no browser listens');
			},
		});
		const good = startExecution(
			clock,
			accounts,
			'account',
			remote.api(),
			targetsFor(ids.map((id) => id + 20)),
		);
		const results = await clock.finish(good.results);
		expect(results.map((result) => reportOf(result).outcome)).toEqual(Array(20).fill('completed'));
		expect((await clock.finish(loud.results)).every((result) => 'error' in result)).toBe(true);
	});
});

test('two accounts share nothing: neither pauses nor rows', async () => {
	const clock = new FakeClock();
	const accounts = new Accounts(clock);
	const limited = { kind: 'status' as const, status: 429, retryAfter: 60 * SECOND };
	const faults = [{ from: 5 * SECOND, lasts: SECOND, on: 'all' as const, every: 1, what: limited }];
	const paused = remoteOf(clock, 30, { faults }, 'failed');
	const free = remoteOf(clock, 30);
	const ids = Array.from({ length: 30 }, (_, index) => index);
	const one = startExecution(clock, accounts, 'one', paused.api(), targetsFor(ids));
	const other = startExecution(clock, accounts, 'other', free.api(), targetsFor(ids));
	expect(accounts.size).toBe(2);
	const [failed, completed] = await clock.finish(Promise.all([one.results, other.results]));
	expect(new Set(failed.map((result) => reportOf(result).outcome))).toEqual(new Set(['failed']));
	expect(new Set(completed.map((result) => reportOf(result).outcome))).toEqual(new Set(['completed']));
	const during = ({ at }: { at: number }) => at > 7 * SECOND && at < 60 * SECOND;
	expect(paused.log.filter(during)).toEqual([]);
	expect(free.log.filter(during).length).toBeGreaterThan(20);
	expect([accounts.size, clock.sleeping]).toEqual([0, 0]);
});

test('an account is forgotten with the last execution that uses it', () => {
	const accounts = new Accounts(new FakeClock());
	const [one, other] = [accounts.join('key'), accounts.join('key')];
	expect(other.account).toBe(one.account);
	one.leave();
	one.leave();
	expect(accounts.size).toBe(1);
	other.leave();
	expect(accounts.size).toBe(0);
	expect(accounts.join('key').account).not.toBe(one.account);
});

/** Every request ends with an error that is none of the API. */
function withBrokenTransport(client: RunClient): RunClient {
	const broken = () => Promise.reject(new TypeError('The proxy of this workflow is not set up'));
	return {
		title: client.title,
		hasLightReads: client.hasLightReads,
		read: broken,
		cancel: broken,
		unfinished: client.unfinished?.map((list) => ({ ...list, page: broken })),
	};
}

/** A client whose requests go to the first account until its key is changed, and to the second one from then on. */
function eitherOf(first: RunClient, second: RunClient, isFirst: () => boolean): RunClient {
	const now = () => (isFirst() ? first : second);
	return {
		title: first.title,
		hasLightReads: first.hasLightReads,
		read: (...request) => now().read(...request),
		cancel: (...request) => now().cancel(...request),
		unfinished: first.unfinished?.map((list, index) => ({
			...list,
			page: (...request) => (now().unfinished?.[index] ?? list).page(...request),
		})),
	};
}
