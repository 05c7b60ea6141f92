import { contender } from '../contenders';
import type { Plan } from '../plan';
import type { Processes } from '../processes';

export interface ManySample {
	runs: number;
	round: number;
	requests: number;
	heapGrowthMb: number;
	liveGrowthMb: number;
	loopDelayP99Ms: number;
	loopDelayMaxMs: number;
	/** Not watched to their end. */
	missed: number;
}

/** Memory and event loop delay of one node with very many runs, in real time. */
export async function measureMany(
	processes: Processes,
	{ many, rounds }: Plan,
	say: (text: string) => void,
): Promise<ManySample[]> {
	const samples: ManySample[] = [];
	const { runs, fromMs, toMs, collectEveryMs } = many;
	const node = contender('node');
	for (let round = 0; round < rounds; round++) {
		const lives = [{ api: node.api, count: runs, fromMs, toMs }];
		await processes.prepare([node]);
		const { answer, seen } = await processes.watch(node, {
			load: { speed: 1, seed: round, lives },
			collectEveryMs,
		});
		const { heapGrowthMb, liveGrowthMb, loopDelayP99Ms, loopDelayMaxMs } = answer.costs;
		samples.push({
			runs,
			round,
			requests: seen.reads + seen.lists,
			heapGrowthMb,
			liveGrowthMb,
			loopDelayP99Ms,
			loopDelayMaxMs,
			missed: Math.max(seen.unread, runs - answer.ended),
		});
		say(`${runs} runs, round ${round + 1}: ${liveGrowthMb.toFixed(0)} MB more heap`);
	}
	return samples;
}
