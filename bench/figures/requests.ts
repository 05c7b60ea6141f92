import { CONTENDERS, type Contender, contender } from '../contenders';
import { orderOfRound } from '../lib/order';
import { mean, quantile } from '../lib/stats';
import { LIVES, type Plan } from '../plan';
import type { Pass, Processes } from '../processes';

/** One contender watching one load to its end. */
export interface WatchSample {
	contender: string;
	runs: number;
	round: number;
	/** All requests for runs and lists. */
	requests: number;
	/** Beyond the one read that each run needs at its end. */
	beyond: number;
	/** From the end of a run to the response that shows it, in ms of the sandbox's clock. */
	delayMeanMs: number;
	delayP99Ms: number;
	/** Time until all ends are read, divided by the end of the slowest run. */
	wallRatio: number;
	cpuMs: number;
	heapGrowthMb: number;
	liveGrowthMb: number;
	loopDelayP99Ms: number;
	/** Runs that were not read after their end, or not reported as ended. */
	missed: number;
}

export function takesPart({ from = 1, upTo }: Contender, runs: number): boolean {
	return runs >= from && (upTo === undefined || runs <= upTo.runs);
}

/** Every contender watches the same runs to their end. */
export async function measureRequests(
	processes: Processes,
	plan: Plan,
	say: (text: string) => void,
): Promise<WatchSample[]> {
	const samples: WatchSample[] = [];
	for (const { runs, speed, together } of plan.requests) {
		const contenders = CONTENDERS.filter((one) => takesPart(one, runs));
		for (let round = 0; round < plan.rounds; round++) {
			const measure = async (one: Contender): Promise<void> => {
				const lives = [{ api: one.api, count: runs, ...LIVES }];
				const load = { speed: speed[one.api], seed: runs + round, lives };
				const sample = sampleOf(one, runs, round, await processes.watch(one, { load }));
				samples.push(sample);
				say(`${runs} runs, round ${round + 1}: ${one.title}: ${sample.requests} requests`);
			};
			const ordered = orderOfRound(contenders, round);
			for (const group of together ? [ordered] : ordered.map((one) => [one])) {
				await processes.prepare(group);
				await Promise.all(group.map(measure));
			}
		}
	}
	return samples;
}

/**
 * Few runs in an account with many other unfinished runs, which fill the lists. They are as old as ours, half of them created
 * before and half after.
 */
export async function measureCrowd(
	processes: Processes,
	{ crowd, rounds }: Plan,
	say: (text: string) => void,
): Promise<WatchSample[]> {
	const { runs, others, speed } = crowd;
	const contenders = crowd.contenders.map(contender);
	const samples: WatchSample[] = [];
	for (let round = 0; round < rounds; round++) {
		await processes.prepare(contenders);
		const measure = async (one: Contender): Promise<void> => {
			const half = { api: one.api, count: others / 2, stuck: true };
			const lives = [half, { api: one.api, count: runs, ...LIVES }, half];
			const load = { speed, seed: runs + round, lives };
			const sample = sampleOf(one, runs, round, await processes.watch(one, { load, group: 1 }));
			samples.push(sample);
			say(`${runs} among ${others}, round ${round + 1}: ${one.title}: ${sample.requests} requests`);
		};
		await Promise.all(contenders.map(measure));
	}
	return samples;
}

function sampleOf({ key }: Contender, runs: number, round: number, { answer, seen }: Pass): WatchSample {
	const { startedAt, wallMs, cpuMs, heapGrowthMb, liveGrowthMb, loopDelayP99Ms } = answer.costs;
	const requests = seen.reads + seen.lists;
	return {
		contender: key,
		runs,
		round,
		requests,
		beyond: requests - runs,
		delayMeanMs: mean(seen.delays),
		delayP99Ms: quantile(seen.delays, 0.99),
		wallRatio: wallMs / (seen.lastEnd - startedAt),
		cpuMs,
		heapGrowthMb,
		liveGrowthMb,
		loopDelayP99Ms,
		missed: Math.max(seen.unread, runs - answer.ended),
	};
}
