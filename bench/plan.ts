import type { Api, Polls } from './messages';

/** Every size, time and limit of the benchmark, once. Times are in ms of the sandbox's clock unless a name says otherwise. */

const SECOND = 1_000;

/** Lives of the runs that are watched to their end: spread evenly, the same for all contenders of a round. */
export const LIVES = { fromMs: 6 * SECOND, toMs: 18 * SECOND };

/** How ours is told to ask: as the node does by default, and at the intervals of the others. */
export const POLLS = {
	default: { mode: 'adaptive', interval: SECOND, maxInterval: 30 * SECOND },
	everySecond: { mode: 'adaptive', interval: SECOND, maxInterval: SECOND },
	everyTwoSeconds: { mode: 'adaptive', interval: 2 * SECOND, maxInterval: 2 * SECOND },
	/** At the intervals of the others a page that is followed by a read tells later than their reads. These make up for it. */
	asSoonAsEverySecond: { mode: 'adaptive', interval: 0.75 * SECOND, maxInterval: 0.75 * SECOND },
	asSoonAsEveryTwoSeconds: { mode: 'adaptive', interval: 1.6 * SECOND, maxInterval: 1.6 * SECOND },
	asSoonAsWaitingTwoSeconds: { mode: 'adaptive', interval: 2.4 * SECOND, maxInterval: 2.4 * SECOND },
	everyThreeSeconds: { mode: 'adaptive', interval: 3 * SECOND, maxInterval: 3 * SECOND },
} as const satisfies Record<string, Polls>;

/** Requests in flight at most, of ours; the others have no such bound. */
export const IN_FLIGHT = 10;

export interface RequestsStep {
	runs: number;
	/**
	 * Whoever waits, waits so many times shorter; the shortest interval of our node (0.1 s) allows 10 at most. The contenders
	 * of one API are compared with each other, so each API may have a speed of its own: one at which they keep up.
	 */
	speed: Record<Api, number>;
	/**
	 * All contenders at the same moment, each against a server of its own, instead of one after another: for loads that leave
	 * the machine idle most of the time.
	 */
	together?: boolean;
}

export interface Plan {
	/** How often everything is repeated. */
	rounds: number;
	requests: RequestsStep[];
	/** Few runs among so many others of the same account that go on, as seen by these contenders at the same moment. */
	crowd: { runs: number; others: number; speed: number; contenders: string[] };
	/** How long the sandbox takes for an answer where cancels are measured, in real ms. */
	answerMs: number;
	lateness: {
		/** Runs with a deadline. */
		sizes: number[];
		/** Among them, runs that end by themselves in good time, and must not be cancelled. */
		healthy: number;
		/** Real ms from the start to the first deadline. */
		leadMs: number;
		/** Deadlines come at this rate, per second, but not all within less than `shortestMs`. */
		perSecond: number;
		shortestMs: number;
		inFlight: number;
	};
	atOnce: { runs: number; leadMs: number; inFlight: number[] };
	cleanUp: { runs: number; inFlight: number[] };
	many: { runs: number; fromMs: number; toMs: number; collectEveryMs: number };
	batch: { runs: number; lifeMs: number };
	/** Fresh processes that load the package. */
	loads: number;
}

export const FULL: Plan = {
	rounds: 5,
	requests: [
		{ runs: 1, speed: { retab: 6, extend: 6 }, together: true },
		{ runs: 10, speed: { retab: 6, extend: 6 }, together: true },
		{ runs: 100, speed: { retab: 8, extend: 5 } },
		{ runs: 1_000, speed: { retab: 1, extend: 1 } },
		{ runs: 5_000, speed: { retab: 1, extend: 1 } },
	],
	crowd: { runs: 10, others: 1_000, speed: 5, contenders: ['node', 'node2s', 'retabDocs'] },
	answerMs: 15,
	lateness: {
		sizes: [10, 100, 1_000],
		healthy: 200,
		leadMs: 2_500,
		perSecond: 70,
		shortestMs: 2_000,
		inFlight: 20,
	},
	atOnce: { runs: 1_000, leadMs: 2_500, inFlight: [10, 100] },
	cleanUp: { runs: 1_000, inFlight: [10, 100] },
	many: { runs: 10_000, fromMs: 8 * SECOND, toMs: 16 * SECOND, collectEveryMs: 4_000 },
	batch: { runs: 100, lifeMs: 10 * SECOND },
	loads: 5,
};

/** To try the benchmark: the figures say little, and nothing is written. */
export const QUICK: Plan = {
	...FULL,
	rounds: 1,
	requests: [
		{ runs: 1, speed: { retab: 6, extend: 6 }, together: true },
		{ runs: 10, speed: { retab: 6, extend: 6 }, together: true },
		{ runs: 1_000, speed: { retab: 4, extend: 4 } },
	],
	lateness: { ...FULL.lateness, sizes: [10, 500] },
	atOnce: { ...FULL.atOnce, inFlight: [100] },
	cleanUp: { ...FULL.cleanUp, inFlight: [100] },
	many: { ...FULL.many, runs: 2_000, toMs: 12 * SECOND },
	loads: 2,
};

/** What is promised for watching many runs. */
export const LIMITS = {
	/** Requests beyond the last reads, against each contender that polls singly. */
	shareOfRequests: 1 / 50,
	sharedAt: 1_000,
	/** Delays that differ by less count as the same: the spread of a median of few rounds. */
	sameDelay: 1.05,
	smallBatch: 10,
	latenessP99Ms: 50,
	/** The latest of a few cancels while the healthy runs of `lateness` are polled besides. */
	latestCancelMs: 100,
	batchRatio: 1.1,
	heapGrowthMb: 100,
	loopDelayP99Ms: 20,
} as const;
