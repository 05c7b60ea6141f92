import { contender } from '../contenders';
import type { Plan } from '../plan';
import type { Processes } from '../processes';

export interface BatchSample {
	round: number;
	/** Time until all ends are read, divided by the duration of a run. */
	ratio: number;
	requests: number;
}

/** A batch of equal runs in real time. */
export async function measureBatch(
	processes: Processes,
	{ batch, rounds }: Plan,
	say: (text: string) => void,
): Promise<BatchSample[]> {
	const node = contender('node');
	const samples: BatchSample[] = [];
	for (let round = 0; round < rounds; round++) {
		const lives = [{ api: node.api, count: batch.runs, fromMs: batch.lifeMs }];
		await processes.prepare([node]);
		const { answer, seen } = await processes.watch(node, { load: { speed: 1, seed: round, lives } });
		const ratio = answer.costs.wallMs / batch.lifeMs;
		samples.push({ round, ratio, requests: seen.reads + seen.lists });
		say(`batch, round ${round + 1}: ${ratio.toFixed(3)} × the slowest run`);
	}
	return samples;
}
