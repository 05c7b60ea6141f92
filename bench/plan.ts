import type { Api, Polls } from './messages';

/** Sizes, durations and limits of the benchmark, in ms of the sandbox's clock unless a name says otherwise. */

const SECOND = 1_000;

/** Durations of the runs: spread evenly, the same for all contenders of a round. */
export const LIVES = { fromMs: 6 * SECOND, toMs: 18 * SECOND };

/** The defaults of the node. */
export const DEFAULT_POLLS: Polls = { mode: 'adaptive', interval: SECOND, maxInterval: 30 * SECOND };

export function every(seconds: number): Polls {
	return { mode: 'adaptive', interval: seconds * SECOND, maxInterval: seconds * SECOND };
}

/** Most requests in flight of ours; the others have no limit. */
export const IN_FLIGHT = 10;

export interface RequestsStep {
	runs: number;
	/**
	 * How many times faster than real time: all waits get shorter. The shortest interval of our node (0.1 s) allows 10 at most.
	 * Contenders are compared within one API, so each API can have another speed, at which they keep up.
	 */
	speed: Record<Api, number>;
	/** All contenders at the same time, each with its own server: for loads that leave the machine idle most of the time. */
	together?: boolean;
}

export interface Plan {
	rounds: number;
	requests: RequestsStep[];
	/** Few runs of an account with many other unfinished runs. */
	crowd: { runs: number; others: number; speed: number; contenders: string[] };
	/** One execution for each run, against one execution with all. */
	executions: Array<{ runs: number; speed: number }>;
	/** Response time of the sandbox where cancels are measured, in real ms. */
	answerMs: number;
	lateness: {
		/** Runs with a deadline. */
		sizes: number[];
		/** Other runs, which end before their deadline and must not be cancelled. */
		healthy: number;
		/** Real ms from the start to the first deadline. */
		leadMs: number;
		/** Rate of the deadlines, which are spread over `shortestMs` at least. */
		perSecond: number;
		shortestMs: number;
		inFlight: number;
	};
	atOnce: { runs: number; leadMs: number; inFlight: number[] };
	cleanUp: { runs: number; inFlight: number[] };
	many: { runs: number; fromMs: number; toMs: number; collectEveryMs: number };
	batch: { runs: number; lifeMs: number };
	/** How many new processes load the package. */
	loads: number;
}

export const FULL: Plan = {
	rounds: 3,
	requests: [
		{ runs: 1, speed: { retab: 6, extend: 6 }, together: true },
		{ runs: 10, speed: { retab: 6, extend: 6 }, together: true },
		{ runs: 100, speed: { retab: 8, extend: 5 } },
		{ runs: 1_000, speed: { retab: 1, extend: 1 } },
		{ runs: 5_000, speed: { retab: 1, extend: 1 } },
	],
	crowd: { runs: 10, others: 1_000, speed: 5, contenders: ['node', 'node2s', 'retabDocs'] },
	executions: [
		{ runs: 1, speed: 6 },
		{ runs: 10, speed: 6 },
		{ runs: 100, speed: 3 },
		{ runs: 1_000, speed: 1 },
	],
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

/** For a quick look: few rounds, nothing is written. */
export const QUICK: Plan = {
	...FULL,
	rounds: 1,
	requests: [
		{ runs: 1, speed: { retab: 6, extend: 6 }, together: true },
		{ runs: 10, speed: { retab: 6, extend: 6 }, together: true },
		{ runs: 1_000, speed: { retab: 4, extend: 4 } },
	],
	executions: [{ runs: 100, speed: 3 }],
	lateness: { ...FULL.lateness, sizes: [10, 500] },
	atOnce: { ...FULL.atOnce, inFlight: [100] },
	cleanUp: { ...FULL.cleanUp, inFlight: [100] },
	many: { ...FULL.many, runs: 2_000, toMs: 12 * SECOND },
	loads: 2,
};

/** Limits of the checks. */
export const LIMITS = {
	/** Requests beyond the last reads, as a share of those of each contender that polls run by run. */
	shareOfRequests: 1 / 50,
	sharedAt: 1_000,
	/** Requests of many executions, as a multiple of those of one execution with as many runs; from so many on. */
	splitRatio: 1.2,
	splitFrom: 100,
	/** Delays within this factor count as equal: the spread of a median of few rounds. */
	sameDelay: 1.05,
	smallBatch: 10,
	latenessP99Ms: 50,
	/** The latest of a few cancels while the healthy runs of `lateness` are polled too. */
	latestCancelMs: 100,
	batchRatio: 1.1,
	heapGrowthMb: 100,
	loopDelayP99Ms: 20,
	packedBytes: 150_000,
	loadMs: 50,
} as const;
