import { contender } from '../contenders';
import { mean } from '../lib/stats';
import { LIVES, type Plan } from '../plan';
import type { Processes } from '../processes';

/** So many runs, watched by one execution, or each by an execution of its own. */
export interface ExecutionsSample {
	contender: string;
	isSplit: boolean;
	runs: number;
	round: number;
	requests: number;
	/** From the end of a run to the response that shows it, in ms of the sandbox's clock. */
	delayMeanMs: number;
	missed: number;
}

/** Ours polls at the same interval in both; the others poll each run by itself in any case. */
export const IN_EXECUTIONS = ['node2s', 'retabDocs', 'n8nLoop', 'node1sExtend', 'extendSdk'] as const;

/** One execution for each run, as people start one for each document. */
export async function measureExecutions(
	processes: Processes,
	{ executions, rounds }: Plan,
	say: (text: string) => void,
): Promise<ExecutionsSample[]> {
	const samples: ExecutionsSample[] = [];
	for (const { runs, speed } of executions) {
		for (const one of IN_EXECUTIONS.map(contender)) {
			const lives = [{ api: one.api, count: runs, ...LIVES }];
			for (let round = 0; round < rounds; round++) {
				for (const isSplit of one.ours ? [false, true] : [false]) {
					const load = { speed, seed: runs + round, lives };
					await processes.prepare([one]);
					const { answer, seen } = await processes.watch(one, { load, isSplit });
					const requests = seen.reads + seen.lists;
					const missed = Math.max(seen.unread, runs - answer.ended);
					const delayMeanMs = mean(seen.delays);
					samples.push({ contender: one.key, isSplit, runs, round, requests, delayMeanMs, missed });
					const how = isSplit ? 'executions' : 'runs';
					say(`${runs} ${how}, round ${round + 1}: ${one.title}: ${requests} requests`);
				}
			}
		}
	}
	return samples;
}
