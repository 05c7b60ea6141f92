import * as fc from 'fast-check';

import { CreationTimes } from '../../nodes/shared/core/watch/creationTimes';
import type { RunClient } from '../../nodes/shared/core/runs/runClient';
import { CancellationScope } from '../../nodes/shared/core/concurrency/cancellationScope';
import { type WatchOptions, type WatchReport, watchRuns } from '../../nodes/shared/core/watch/watchRuns';
import { FakeClock } from '../support/fakeClock';
import {
	GOOD_LISTS,
	type ListsPlan,
	RemoteApi,
	type RemotePlan,
	type RemoteRunPlan,
} from '../support/remote';
import { reportOf } from '../support/watching';
import { runs } from './runs';
import { accountOf } from '../support/queues';

/**
 * What lists may cost, and how late they may be: the same story is watched twice, once with lists and once without. Both
 * ask at the same times (fixed interval, no latency, no faults), so that the numbers can be compared one to one.
 */
interface Story {
	remote: RemotePlan;
	interval: number;
	mode: WatchOptions['mode'];
}

interface Cost {
	requests: number;
	pages: number;
	reports: WatchReport[];
}

const TIMEOUT = 3_600_000;

async function play({ remote, interval, mode }: Story, withLists: boolean): Promise<Cost> {
	const clock = new FakeClock({ seed: remote.seed });
	const api = new RemoteApi(clock, remote);
	const resource = api.api();
	const client: RunClient = withLists ? resource : withoutLists(resource);
	const { requestQueue, listPoller } = accountOf(100, clock);
	const scope = CancellationScope.from(undefined);
	const options: WatchOptions = {
		polls: { mode: 'fixed', interval, maxInterval: interval },
		confirmFor: 30_000,
		atDeadline: 'leave',
		onStop: 'leave',
		mode,
	};
	const results = await clock.finish(
		watchRuns(
			{
				client,
				requestQueue,
				listPoller,
				clock,
				scope,
				creationTimes: new CreationTimes(client, requestQueue),
				commandId: (id) => id,
			},
			remote.runs.map((_, index) => ({
				id: `run_${index}`,
				timeout: TIMEOUT,
				countFrom: mode === 'once' ? ('created' as const) : ('now' as const),
				options,
			})),
		),
	);
	return {
		requests: api.log.length,
		pages: api.log.filter(({ kind }) => kind === 'list').length,
		reports: results.map(reportOf),
	};
}

function withoutLists(client: RunClient): RunClient {
	return {
		title: client.title,
		hasLightReads: client.hasLightReads,
		read: (id, view, signal) => client.read(id, view, signal),
		cancel: (id, commandId, signal) => client.cancel(id, commandId, signal),
	};
}

const ms = (min: number, max: number) => fc.integer({ min, max });

const run: fc.Arbitrary<RemoteRunPlan> = fc.record({
	createdAt: ms(-60_000, 0),
	startsAt: ms(-10_000, 10_000),
	endsAt: ms(-5_000, 40_000),
	endsAs: fc.constantFrom('completed' as const, 'failed' as const),
	invisibleReads: fc.constant(0),
	cancel: fc.constant({ takes: 0, ignored: false, finishesFirst: false, races: 0, answersLost: 0 }),
});

/** Lists that leave out what they like, but never show a run as unfinished that has ended. */
const truthful: fc.Arbitrary<ListsPlan> = fc.record({
	lag: fc.constant(0),
	newFrom: fc.oneof(fc.constant(Number.NEGATIVE_INFINITY), ms(0, 20_000)),
	skips: fc.constantFrom(0, 0, 1, 2, 3),
	repeats: fc.constantFrom(0, 1, 3),
	circular: fc.boolean(),
	ignoresStatus: fc.boolean(),
	othersNewer: fc.constantFrom(0, 0, 5, 50, 500),
	othersOlder: fc.constantFrom(0, 50, 500),
	maxPageSize: fc.constant(100),
});

const stories = (
	min: number,
	max: number,
	mode: WatchOptions['mode'],
	lists = truthful,
): fc.Arbitrary<Story> =>
	fc.record({
		remote: fc.record({
			dialect: fc.constantFrom('extraction' as const, 'workflowRun' as const, 'extractRun' as const),
			runs: fc.array(run, { minLength: min, maxLength: max, size: 'max' }),
			faults: fc.constant([]),
			latency: fc.constant(0),
			skew: fc.constant(0),
			lists,
			rowsPerPage: fc.oneof(ms(1, 10), fc.constant(100)),
			seed: fc.nat(),
		}),
		interval: ms(1_000, 5_000),
		mode: fc.constant(mode),
	});

async function check(story: fc.Arbitrary<Story>, rule: (own: Cost, singly: Cost, story: Story) => void) {
	await fc.assert(
		fc.asyncProperty(story, async (one) => rule(await play(one, true), await play(one, false), one)),
		{ numRuns: runs(40) },
	);
}

test('fewer than 20 runs never take more requests with lists than without', async () => {
	await check(stories(1, 19, 'untilSettled'), (own, singly) => {
		expect(own.requests).toBeLessThanOrEqual(singly.requests);
	});
}, 120_000);

test('20 runs and more take at most one request in twenty runs more, whatever the account holds', async () => {
	await check(stories(20, 60, 'untilSettled'), (own, singly, { remote }) => {
		expect(own.requests).toBeLessThanOrEqual(singly.requests + Math.floor(remote.runs.length / 20));
	});
}, 120_000);

test('a single look at fewer than 20 runs reads no list, at more it risks one page for twenty', async () => {
	await check(stories(1, 60, 'once'), (own, singly, { remote }) => {
		const trust = Math.floor(remote.runs.length / 20);
		expect(own.requests).toBeLessThanOrEqual(singly.requests + trust);
		if (trust === 0) expect(own.pages).toBe(0);
	});
}, 120_000);

test('no run is lost, and none is known later than an interval after a single read would have known it', async () => {
	await check(stories(1, 60, 'untilSettled'), (own, singly, { interval }) => {
		own.reports.forEach(({ outcome, elapsed }, index) => {
			expect(outcome).toBe(singly.reports[index]?.outcome);
			expect(elapsed).toBeLessThanOrEqual((singly.reports[index]?.elapsed ?? 0) + interval + 1);
		});
	});
}, 120_000);

test('lists that lag delay the news by their lag and an interval at most', async () => {
	const lagging = fc.record({ lag: ms(0, 20_000) }).map((lag): ListsPlan => ({ ...GOOD_LISTS, ...lag }));
	await check(stories(3, 40, 'untilSettled', lagging), (own, singly, { remote, interval }) => {
		own.reports.forEach(({ outcome, elapsed }, index) => {
			expect(outcome).toBe(singly.reports[index]?.outcome);
			const latest = (singly.reports[index]?.elapsed ?? 0) + remote.lists.lag + interval + 1;
			expect(elapsed).toBeLessThanOrEqual(latest);
		});
	});
}, 120_000);
