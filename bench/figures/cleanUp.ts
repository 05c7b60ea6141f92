import { contender } from '../contenders';
import type { Plan } from '../plan';
import type { Processes } from '../processes';

export interface CleanUpSample {
	inFlight: number;
	round: number;
	runs: number;
	/** Real ms until all were cancelled and confirmed. */
	wallMs: number;
	/** Not cancelled. */
	missing: number;
}

const AGE_MS = 2 * 60 * 60_000;

/** The cleanup operation finds runs that are stuck for two hours, and cancels them. */
export async function measureCleanUp(
	processes: Processes,
	{ cleanUp, answerMs, rounds }: Plan,
	say: (text: string) => void,
): Promise<CleanUpSample[]> {
	const samples: CleanUpSample[] = [];
	const { runs } = cleanUp;
	const node = contender('node');
	for (let round = 0; round < rounds; round++) {
		for (const inFlight of cleanUp.inFlight) {
			const lives = [{ api: 'retab' as const, count: runs, stuck: true, ageMs: AGE_MS }];
			const load = { speed: 1, seed: round, lives, answerMs };
			await processes.prepare([node]);
			const { answer, seen } = await processes.cleanUp(node, load, { limit: runs, inFlight });
			const missing = runs - Math.min(answer.cancelled, seen.cancelled.length);
			const { wallMs } = answer.costs;
			samples.push({ inFlight, round, runs, wallMs, missing });
			say(`cleanup, ${inFlight} in flight, round ${round + 1}: ${(wallMs / 1_000).toFixed(1)} s`);
		}
	}
	return samples;
}
