import * as fc from 'fast-check';

import { CreationTimes } from '../../nodes/shared/core/watch/creationTimes';
import { PHASES, type Phase } from '../../nodes/shared/core/runs/run';
import { CancellationScope } from '../../nodes/shared/core/concurrency/cancellationScope';
import { type WatchOptions, type WatchResult, watchRuns } from '../../nodes/shared/core/watch/watchRuns';
import { getEventListeners } from 'node:events';
import { FakeClock } from '../support/fakeClock';
import {
	DIALECTS,
	type DialectName,
	type FaultKindPlan,
	type FaultPlan,
	GOOD_LISTS,
	type ListsPlan,
	RemoteApi,
	type RemotePlan,
	type RemoteRunPlan,
} from '../support/remote';
import { accountOf } from '../support/queues';

/** A whole story: what the remote runs do, what goes wrong, and what the user asked for. */
export interface WatchCase {
	remote: RemotePlan;
	targets: ReadonlyArray<{ run: number; timeout: number; countFrom: 'now' | 'created' | 'started' }>;
	limit: number;
	options: WatchOptions;
	/** Virtual ms at which the workflow is stopped; absent when it is not. */
	stopAt?: number;
}

/** What became of it. Times are virtual milliseconds from the begin. */
export interface Watched {
	story: WatchCase;
	remote: RemoteApi;
	results?: WatchResult[];
	/** What `watchRuns` threw, when it did. */
	thrown?: unknown;
	endedAt: number;
	/** Unix ms of the begin. */
	start: number;
	/** How many requests had left when the workflow was stopped. */
	sentBeforeStop?: number;
	timersLeft: number;
	listenersLeft: number;
}

export const idOf = (run: number) => `run_${run}`;

const ms = (min: number, max: number) => fc.integer({ min, max });

/** Round numbers meet each other: a deadline, a poll and an answer in the same millisecond. */
const instant = (min: number, max: number) =>
	fc.oneof(
		ms(min, max),
		ms(Math.ceil(min / 1_000), Math.floor(max / 1_000)).map((seconds) => seconds * 1_000),
	);

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const remoteRun: fc.Arbitrary<RemoteRunPlan> = fc.record({
	createdAt: instant(-90_000, 0),
	startsAt: instant(-60_000, 60_000),
	endsAt: optional(instant(-20_000, 120_000)),
	endsAs: fc.constantFrom<Phase>(...PHASES),
	reviewedAt: optional(instant(0, 120_000)),
	strangeFrom: fc.option(instant(0, 60_000), { nil: undefined, freq: 3 }),
	invisibleReads: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: ms(1, 4) }),
	cancel: fc.record({
		takes: fc.oneof(fc.constant(0), instant(0, 45_000)),
		ignored: fc.oneof(
			{ weight: 5, arbitrary: fc.constant(false) },
			{ weight: 1, arbitrary: fc.constant(true) },
		),
		finishesFirst: fc.oneof(
			{ weight: 5, arbitrary: fc.constant(false) },
			{ weight: 1, arbitrary: fc.constant(true) },
		),
		races: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: ms(1, 3) }),
		answersLost: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: ms(1, 3) }),
	}),
});

const retryAfter = optional(instant(0, 400_000));

const faultKind: fc.Arbitrary<FaultKindPlan> = fc.oneof(
	fc.record({
		kind: fc.constant('status' as const),
		status: fc.constantFrom(408, 429, 429, 500, 502, 503, 503),
		retryAfter,
		asDate: fc.boolean(),
	}),
	fc.record({
		kind: fc.constant('status' as const),
		status: fc.constantFrom(400, 401, 402, 403, 404, 404, 404, 410, 422),
	}),
	fc.record({
		kind: fc.constantFrom(
			'hang' as const,
			'hangDeaf' as const,
			'reset' as const,
			'refusedConnection' as const,
			'brokenJson' as const,
			'webPage' as const,
		),
	}),
);

const fault: fc.Arbitrary<FaultPlan> = fc.record({
	from: instant(0, 90_000),
	lasts: fc.oneof(ms(1, 5_000), ms(5_000, 120_000)),
	on: fc.constantFrom<FaultPlan['on']>('read', 'read', 'cancel', 'list', 'all'),
	every: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: ms(2, 7) }),
	what: faultKind,
});

/** Lists are hints, and may be wrong in any way. */
const lists: fc.Arbitrary<ListsPlan> = fc.oneof(
	{ weight: 1, arbitrary: fc.constant(GOOD_LISTS) },
	{
		weight: 2,
		arbitrary: fc.record({
			lag: fc.oneof(fc.constant(0), ms(0, 2_000), ms(0, 60_000)),
			newFrom: fc.oneof(fc.constant(Number.NEGATIVE_INFINITY), instant(0, 30_000)),
			skips: fc.constantFrom(0, 0, 1, 2, 3),
			repeats: fc.constantFrom(0, 0, 1, 3),
			circular: fc.boolean(),
			ignoresStatus: fc.boolean(),
			frozenFrom: fc.option(instant(0, 60_000), { nil: undefined, freq: 3 }),
			othersNewer: fc.constantFrom(0, 0, 1, 50, 300),
			othersOlder: fc.constantFrom(0, 0, 1, 50, 300),
			maxPageSize: fc.constantFrom(100, 100, 25),
		}),
	},
);

/** A run can only end in ways its resource knows. */
function possible(dialect: DialectName, run: RemoteRunPlan): RemoteRunPlan {
	const { statuses }: { statuses: Partial<Record<Phase, string>> } = DIALECTS[dialect];
	const known = run.endsAs !== 'waiting' && run.endsAs !== 'running' && run.endsAs !== 'cancelling';
	return { ...run, endsAs: known && statuses[run.endsAs] !== undefined ? run.endsAs : 'completed' };
}

const remote = (maxRuns: number): fc.Arbitrary<RemotePlan> =>
	fc
		.record({
			dialect: fc.constantFrom(...(Object.keys(DIALECTS) as DialectName[])),
			runs: fc.array(remoteRun, { minLength: 1, maxLength: maxRuns }),
			faults: fc.array(fault, { maxLength: 3 }),
			latency: fc.constantFrom(0, 5, 100, 2_000),
			skew: fc.oneof(
				{ weight: 4, arbitrary: fc.constant(0) },
				{ weight: 1, arbitrary: ms(-120_000, 120_000) },
			),
			lists,
			rowsPerPage: fc.oneof(ms(1, 10), fc.constant(100)),
			seed: fc.nat(),
		})
		.map((options) => ({ ...options, runs: options.runs.map((run) => possible(options.dialect, run)) }));

const options: fc.Arbitrary<WatchOptions> = fc
	.record({
		pollMode: fc.constantFrom<WatchOptions['polls']['mode']>('adaptive', 'fixed'),
		interval: fc.oneof(ms(500, 3_000), ms(3_000, 90_000)),
		stretch: ms(0, 30_000),
		confirmFor: fc.oneof(ms(100, 5_000), ms(5_000, 40_000)),
		atDeadline: fc.oneof(
			{ weight: 6, arbitrary: fc.constant('cancel' as const) },
			{ weight: 1, arbitrary: fc.constant('leave' as const) },
		),
		onStop: fc.constantFrom<WatchOptions['onStop']>('leave', 'cancel'),
		mode: fc.oneof(
			{ weight: 6, arbitrary: fc.constant('untilSettled' as const) },
			{ weight: 2, arbitrary: fc.constant('once' as const) },
			{ weight: 1, arbitrary: fc.constant('none' as const) },
		),
	})
	.map(({ pollMode, interval, stretch, ...rest }) => ({
		polls: { mode: pollMode, interval, maxInterval: interval + stretch },
		...rest,
	}));

type Target = WatchCase['targets'][number];

/** As the nodes offer it: a single look is counted from the run's own times, and a cancel is for now. */
function asOffered(target: Target, mode: WatchOptions['mode']): Target {
	if (mode === 'none') return { ...target, countFrom: 'now', timeout: 0 };
	if (mode === 'once' && target.countFrom === 'now') return { ...target, countFrom: 'created' };
	return target;
}

export const watchCases: fc.Arbitrary<WatchCase> = fc
	.record({
		remote: fc.oneof(
			{ weight: 8, arbitrary: remote(5) },
			{ weight: 3, arbitrary: remote(20) },
			{ weight: 1, arbitrary: remote(50) },
		),
		picks: fc.array(
			fc.record({
				run: fc.nat(),
				timeout: instant(1, 90_000),
				countFrom: fc.constantFrom('now' as const, 'created' as const, 'started' as const),
			}),
			{ minLength: 1, maxLength: 20 },
		),
		limit: ms(1, 5),
		options,
		stopAt: fc.option(instant(0, 120_000), { nil: undefined, freq: 2 }),
	})
	.map(({ picks, ...story }) => ({
		...story,
		// Each run is watched, some of them more than once.
		targets: [...story.remote.runs.keys()]
			.map((run, index) => ({ timeout: 30_000, countFrom: 'now' as const, ...picks[index], run }))
			.concat(
				picks
					.slice(story.remote.runs.length)
					.map((pick) => ({ ...pick, run: pick.run % story.remote.runs.length })),
			)
			.map((target) => asOffered(target, story.options.mode)),
	}));

/** Plays a story on a fake clock. */
export async function playStory(story: WatchCase): Promise<Watched> {
	const clock = new FakeClock({ seed: story.remote.seed, ties: 'shuffled' });
	const start = clock.now();
	const remoteApi = new RemoteApi(clock, story.remote);
	const client = remoteApi.api();
	const host = new AbortController();
	const scope = CancellationScope.from(host.signal);
	const { requestQueue, listPoller } = accountOf(story.limit, clock);
	const creationTimes = new CreationTimes(client, requestQueue);
	const deps = {
		client,
		requestQueue,
		listPoller,
		clock,
		scope,
		creationTimes,
		commandId: (id: string) => `command:${id}`,
	};
	const targets = story.targets.map(({ run, ...target }) => ({
		id: idOf(run),
		...target,
		options: story.options,
	}));

	const watched: Watched = { story, remote: remoteApi, start, endedAt: 0, timersLeft: 0, listenersLeft: 0 };
	const done = new AbortController();
	if (story.stopAt !== undefined) {
		clock.sleep(story.stopAt, done.signal).then(
			() => {
				host.abort();
				watched.sentBeforeStop = remoteApi.log.length;
			},
			() => undefined,
		);
	}
	const work = watchRuns(deps, targets).then(
		(results) => {
			watched.results = results;
		},
		(error: unknown) => {
			watched.thrown = error;
		},
	);
	await clock.finish(work, 3_600_000);
	watched.endedAt = clock.now() - start;
	done.abort();
	scope.dispose();
	await clock.settle();
	watched.timersLeft = clock.sleeping;
	watched.listenersLeft = getEventListeners(host.signal, 'abort').length;
	return watched;
}
