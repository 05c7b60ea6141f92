import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { CreationTimes } from '../../../../nodes/shared/core/watch/creationTimes';
import type { RunClient } from '../../../../nodes/shared/core/runs/runClient';
import { CancellationScope } from '../../../../nodes/shared/core/concurrency/cancellationScope';
import {
	type WatchOptions,
	type WatchReport,
	watchRuns,
} from '../../../../nodes/shared/core/watch/watchRuns';
import { FakeClock } from '../../../support/fakeClock';
import { GOOD_LISTS, type ListsPlan, RemoteApi, type RemotePlan } from '../../../support/remote';
import { PLAN, SECOND, reportOf } from '../../../support/watching';
import { accountOf } from '../../../support/queues';

const WATCHING_MD = readFileSync(join(__dirname, '../../../../docs/watching.md'), 'utf8');

/** Watches so many runs of an account, each to its end, and counts. */
interface Account {
	runs: number;
	/** Milliseconds after which a run ends; 60 s where nothing is said. */
	endsAt?: (index: number) => number;
	/** Milliseconds after which a run goes from the queue into work; 2 s where nothing is said. */
	startsAt?: number;
	lists?: Partial<ListsPlan>;
	given?: Partial<RemotePlan>;
	options?: Partial<WatchOptions>;
	countFrom?: 'now' | 'created' | 'started';
	timeout?: number;
	inFlight?: number;
	withoutLists?: boolean;
	cancel?: CancelPlan;
}

type CancelPlan = RemotePlan['runs'][number]['cancel'];

const AT_ONCE: CancelPlan = { takes: 0, ignored: false, finishesFirst: false, races: 0, answersLost: 0 };

async function watchAll(account: Account) {
	const { runs, endsAt = () => 60 * SECOND, startsAt = 2 * SECOND } = account;
	const clock = new FakeClock({ seed: 5 });
	const remote = new RemoteApi(clock, {
		dialect: 'extraction',
		lists: { ...GOOD_LISTS, ...account.lists },
		runs: Array.from({ length: runs }, (_, index) => ({
			createdAt: -index,
			startsAt,
			endsAt: endsAt(index),
			endsAs: 'completed' as const,
			invisibleReads: 0,
			cancel: account.cancel ?? AT_ONCE,
		})),
		faults: [],
		latency: 0,
		skew: 0,
		rowsPerPage: 100,
		seed: 5,
		...account.given,
	});
	const resource = remote.api();
	const client: RunClient = account.withoutLists
		? {
				title: resource.title,
				hasLightReads: resource.hasLightReads,
				read: (id, view, signal) => resource.read(id, view, signal),
				cancel: (id, commandId, signal) => resource.cancel(id, commandId, signal),
			}
		: resource;
	const { requestQueue, listPoller } = accountOf(account.inFlight ?? 100, clock);
	const polls = { mode: 'fixed' as const, interval: 2 * SECOND, maxInterval: 2 * SECOND };
	const results = await clock.finish(
		watchRuns(
			{
				client,
				requestQueue,
				listPoller,
				clock,
				scope: CancellationScope.from(undefined),
				creationTimes: new CreationTimes(client, requestQueue),
				commandId: (id) => id,
			},
			Array.from({ length: runs }, (_, index) => ({
				id: `run_${index}`,
				timeout: account.timeout ?? 3_600 * SECOND,
				countFrom: account.countFrom ?? 'now',
				options: { ...PLAN, polls, ...account.options },
			})),
		),
	);
	const { log } = remote;
	const reports = results.map(reportOf);
	return {
		log,
		reports,
		outcomes: new Set(reports.map(({ outcome }) => outcome)),
		pages: log.filter(({ kind }) => kind === 'list').length,
		reads: log.filter(({ kind }) => kind === 'read').length,
		/** All requests but the one read that every run needs at its end. */
		polls: log.length - runs,
		timersLeft: clock.sleeping,
	};
}

/** Longest time from the end of a run to our knowing it. */
function latest(reports: readonly WatchReport[], endsAt: (index: number) => number): number {
	return Math.max(...reports.map(({ elapsed }, index) => elapsed - endsAt(index)));
}

const staggered = (index: number) => 60 * SECOND + index * 10;

/** The table of what watching costs: runs, requests each by itself, requests with lists. */
const COSTS = [...WATCHING_MD.matchAll(/^\| ([\d,]+) +\| about ([\d,]+) +\| about ([\d,]+) +\|$/gm)].map(
	([, ...cells]) => cells.map((cell) => Number(cell.replace(',', ''))) as [number, number, number],
);

/** To two figures, as the page gives them. */
function rounded(count: number): number {
	const unit = 10 ** (Math.floor(Math.log10(count)) - 1);
	return Math.round(count / unit) * unit;
}

describe('requests', () => {
	let singly: Awaited<ReturnType<typeof watchAll>>;

	beforeAll(async () => {
		singly = await watchAll({ runs: 1_000, endsAt: staggered, withoutLists: true });
	}, 60_000);

	test('1,000 runs in an account of their own: less than a fiftieth of single reads, and no later', async () => {
		const own = await watchAll({ runs: 1_000, endsAt: staggered });
		expect(own.outcomes).toEqual(new Set(['completed']));
		expect(own.polls).toBeLessThanOrEqual(singly.polls / 50);
		expect(latest(own.reports, staggered)).toBeLessThanOrEqual(latest(singly.reports, staggered) + 1);
	});

	test.each(COSTS)(
		'the costs in docs/watching.md are true: %i runs',
		async (runs, documentedSingly, documented) => {
			const own = await watchAll({ runs, endsAt: staggered });
			const each = runs === 1_000 ? singly : await watchAll({ runs, endsAt: staggered, withoutLists: true });
			expect([rounded(each.polls), rounded(own.polls)]).toEqual([documentedSingly, documented]);
		},
	);

	test('lists of runs that wait are left alone once all of ours are being worked on: they do not go back', async () => {
		const { log } = await watchAll({ runs: 1_000 });
		const later = log.filter(({ kind, at }) => kind === 'list' && at >= 4 * SECOND && at < 60 * SECOND);
		expect(later).toHaveLength(28 * 10);
	});

	test('2,000 unfinished runs of others, older or newer: still less than a tenth', async () => {
		for (const others of [{ othersOlder: 2_000 }, { othersNewer: 2_000 }]) {
			const own = await watchAll({ runs: 1_000, endsAt: staggered, lists: others });
			expect(own.outcomes).toEqual(new Set(['completed']));
			expect(own.polls).toBeLessThanOrEqual(singly.polls / 10);
		}
	});

	test('10 runs: one page for each round, and one read as a control', async () => {
		const own = await watchAll({ runs: 10 });
		const singly = await watchAll({ runs: 10, withoutLists: true });
		expect(own.polls).toBeLessThan(singly.polls / 3);
	});

	test('10 runs among 2,000 newer ones of others are read singly, and never more often than that', async () => {
		const own = await watchAll({ runs: 10, lists: { othersNewer: 2_000 } });
		const singly = await watchAll({ runs: 10, withoutLists: true });
		expect(own.log.length).toBeLessThanOrEqual(singly.log.length);
	});

	test('runs that move on while the first lists are read are in none of them: from the next round on, pages answer', async () => {
		for (const startsAt of [20, 60, 100, 140, 180]) {
			const own = await watchAll({ runs: 200, startsAt, given: { latency: 100 } });
			expect(own.polls).toBeLessThan(2 * 200 + 200);
		}
	});

	test('two runs are read singly: a page and a control would be as many requests', async () => {
		expect((await watchAll({ runs: 2 })).pages).toBe(0);
	});

	test('a run that has gone from the lists is read once, as a whole', async () => {
		const { log, reports } = await watchAll({ runs: 30 });
		for (const { id } of reports) {
			const full = log.filter((entry) => entry.id === id && entry.view === 'full');
			expect(full.map(({ phase }) => phase)).toEqual(['completed']);
		}
	});

	test('a resource without a list is polled singly', async () => {
		const own = await watchAll({ runs: 50, withoutLists: true });
		expect(own.outcomes).toEqual(new Set(['completed']));
		expect(own.pages).toBe(0);
	});
});

describe('lists that cannot be trusted', () => {
	test.each<[string, Partial<ListsPlan>]>([
		['leave out every third run', { skips: 3 }],
		['leave out every run', { skips: 1 }],
		['show a new run only after half a minute', { newFrom: 30 * SECOND }],
		['repeat rows', { repeats: 1 }],
		['lead in a circle', { circular: true, othersNewer: 150 }],
		['ignore the filter', { ignoresStatus: true, othersOlder: 50 }],
	])('that %s: no run is lost, none is known later than two intervals', async (_, lists) => {
		const own = await watchAll({ runs: 50, endsAt: staggered, lists });
		expect(own.outcomes).toEqual(new Set(['completed']));
		expect(latest(own.reports, staggered)).toBeLessThanOrEqual(4 * SECOND + 1);
	});

	test('that stand still are found out by the control reads, and left alone', async () => {
		const own = await watchAll({ runs: 50, lists: { frozenFrom: 5 * SECOND } });
		expect(own.outcomes).toEqual(new Set(['completed']));
		expect(latest(own.reports, () => 60 * SECOND)).toBeLessThanOrEqual(8 * SECOND);
	});

	test.each([400, 403, 404])('that answer %i are not asked again', async (status) => {
		const fault = { from: 0, lasts: 1e9, on: 'list', every: 1, what: { kind: 'status', status } } as const;
		const own = await watchAll({ runs: 50, given: { faults: [fault] } });
		expect(own.outcomes).toEqual(new Set(['completed']));
		expect(own.pages).toBe(1);
	});

	test.each(['hang', 'reset', 'brokenJson'] as const)(
		'that %s for ever cost a few pages, and no run',
		async (kind) => {
			const fault = { from: 10 * SECOND, lasts: 1e9, on: 'list', every: 1, what: { kind } } as const;
			const own = await watchAll({ runs: 50, endsAt: staggered, given: { faults: [fault] } });
			const pages = own.log.filter(({ kind: what, at }) => what === 'list' && at >= 10 * SECOND);
			expect(own.outcomes).toEqual(new Set(['completed']));
			expect(pages.length).toBeLessThanOrEqual(4);
		},
	);

	test('one page that fails is asked for again, instead of a thousand reads', async () => {
		const fault = {
			from: 20 * SECOND,
			lasts: 100,
			on: 'list',
			every: 1,
			what: { kind: 'status', status: 503 },
		} as const;
		const own = await watchAll({ runs: 1_000, given: { faults: [fault] } });
		const reads = own.log.filter(({ kind, at }) => kind === 'read' && at > 15 * SECOND && at < 30 * SECOND);
		expect(reads.length).toBeLessThan(50);
	});
});

describe('deadlines', () => {
	test('are as exact as ever: a page that hangs in the only slot does not hold them up', async () => {
		const hang = { from: 9 * SECOND, lasts: 1e9, on: 'list', every: 1, what: { kind: 'hang' } } as const;
		const own = await watchAll({ runs: 60, timeout: 10 * SECOND, inFlight: 1, given: { faults: [hang] } });
		expect(own.outcomes).toEqual(new Set(['cancelled']));
		const cancels = own.log.filter(({ kind }) => kind === 'cancel');
		expect(cancels.map(({ at }) => at)).toEqual(Array(60).fill(10 * SECOND));
	});

	test('1,000 at the same instant: every run is cancelled once, at its deadline', async () => {
		const own = await watchAll({ runs: 1_000, timeout: 10 * SECOND });
		const cancels = own.log.filter(({ kind }) => kind === 'cancel');
		expect(cancels.map(({ at }) => at)).toEqual(Array(1_000).fill(10 * SECOND));
		expect(new Set(cancels.map(({ id }) => id)).size).toBe(1_000);
		expect(own.timersLeft).toBe(0);
	});

	test('200 cancels that take 20 s are confirmed through lists, and each by a read of its own', async () => {
		const slow = { runs: 200, timeout: 10 * SECOND, cancel: { ...AT_ONCE, takes: 20 * SECOND } };
		const singly = await watchAll({ ...slow, withoutLists: true });
		const own = await watchAll(slow);
		for (const { outcomes, timersLeft } of [singly, own]) {
			expect(outcomes).toEqual(new Set(['cancelled']));
			expect(timersLeft).toBe(0);
		}
		const afterDeadline = ({ log }: typeof own) =>
			log.filter(({ at, kind }) => at > 10 * SECOND && kind !== 'cancel');
		expect(afterDeadline(singly).length).toBeGreaterThan(2_000);
		// The first read and the last one of each, and pages.
		expect(afterDeadline(own).length).toBeLessThan(2.5 * 200);
		expect(Math.max(...own.reports.map(({ elapsed }) => elapsed))).toBeLessThan(33 * SECOND);
	});

	test('cancels are confirmed although the lists stand still, and none is given up', async () => {
		const own = await watchAll({
			runs: 60,
			timeout: 10 * SECOND,
			cancel: { ...AT_ONCE, takes: 5 * SECOND },
			lists: { lag: 3_600 * SECOND },
		});
		expect(own.outcomes).toEqual(new Set(['cancelled']));
		expect(own.timersLeft).toBe(0);
	});

	test('counted from the run’s own times come from reads: each run is read once at the begin', async () => {
		const own = await watchAll({ runs: 30, countFrom: 'created', timeout: 30 * SECOND });
		const first = own.log.filter(({ kind, at }) => kind === 'read' && at === 0);
		expect(first).toHaveLength(30);
		expect(own.reports.every(({ countedFrom }) => countedFrom?.field === 'created_at')).toBe(true);
	});

	test('counted from the start are learned anew when a list shows that the run has started', async () => {
		const own = await watchAll({
			runs: 30,
			countFrom: 'started',
			timeout: 30 * SECOND,
			given: { dialect: 'job' },
		});
		expect(own.reports.every(({ countedFrom }) => countedFrom?.field === 'started_at')).toBe(true);
	});
});

describe('a single look', () => {
	const look = { options: { mode: 'once' as const }, countFrom: 'created' as const };

	test('at 100 runs: a page for all that go on, with the deadline of each', async () => {
		const own = await watchAll({ ...look, runs: 100 });
		expect(own.outcomes).toEqual(new Set(['stillRunning']));
		expect(own.log.length).toBeLessThanOrEqual(3);
		const deadlines = own.reports.map(({ deadline = 0 }) => deadline);
		expect((deadlines[0] ?? 0) - (deadlines[7] ?? 0)).toBe(7);
		expect(own.reports[7]?.run?.status).toBe('queued');
	});

	test('a run whose time is up by the list is read before it is cancelled', async () => {
		const own = await watchAll({ ...look, runs: 30, timeout: 1 });
		const id = own.reports.find(({ outcome }) => outcome === 'cancelled')?.id;
		const kinds = own.log.filter((entry) => entry.id === id).map(({ kind }) => kind);
		expect(kinds.slice(0, 2)).toEqual(['read', 'cancel']);
	});

	test('at fewer than 20 runs reads each of them', async () => {
		const own = await watchAll({ ...look, runs: 19 });
		expect([own.pages, own.reads]).toEqual([0, 19]);
	});
});

test('what a list showed is in the history, and never takes a run back', async () => {
	const { reports } = await watchAll({ runs: 100, lists: { lag: SECOND } });
	for (const { history } of reports)
		expect(history.map(({ status }) => status)).toEqual(['queued', 'in_progress', 'completed']);
});

test('at its end nothing is left: no timer, no page under way', async () => {
	const { timersLeft, log } = await watchAll({ runs: 100, given: { latency: 100 } });
	expect(timersLeft).toBe(0);
	expect(log.every(({ endedAt }) => Number.isFinite(endedAt))).toBe(true);
});
