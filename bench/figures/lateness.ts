import { contender } from '../contenders';
import { queueLateness } from '../lib/queue';
import { orderOfRound } from '../lib/order';
import { quantile } from '../lib/stats';
import type { Load } from '../messages';
import type { Plan } from '../plan';
import type { Pass, Processes } from '../processes';

/** The cancels of one pass. Times in real ms. */
export interface LatenessSample {
	contender: string;
	kind: 'spread' | 'atOnce';
	/** Runs with a deadline. */
	runs: number;
	inFlight: number;
	round: number;
	p50Ms: number;
	p99Ms: number;
	maxMs: number;
	/** The p99 that the limit on requests in flight alone would cause. */
	boundP99Ms: number;
	/** From the last deadline until the last cancel was confirmed. */
	doneAfterMs: number;
	/** Cancelled too early, or without a deadline, or reported as cancelled without being so. */
	wrong: number;
	/** Not cancelled, or not reported as cancelled. */
	missing: number;
	/** 429 responses. */
	refused: number;
}

/** The core without n8n shows what n8n costs: measured at the largest load only. */
function contendersOf(isLargest: boolean): string[] {
	return isLargest ? ['node', 'core'] : ['node'];
}

/** The deadline and the arrival of a request are known to a millisecond each. */
const CLOCK_ERROR_MS = 2;

const NO_DEADLINE_S = 3_600;

/** Deadlines of stuck runs one after the other, and all at once, with 429s and slow responses. */
export async function measureLateness(
	processes: Processes,
	{ lateness, atOnce, answerMs, rounds }: Plan,
	say: (text: string) => void,
): Promise<LatenessSample[]> {
	const cases = [
		...lateness.sizes.map((runs) => {
			const spreadMs = Math.max(lateness.shortestMs, (runs / lateness.perSecond) * 1_000);
			const { healthy, leadMs, inFlight } = lateness;
			const keys = contendersOf(runs === Math.max(...lateness.sizes));
			return { kind: 'spread' as const, keys, runs, healthy, leadMs, spreadMs, inFlight };
		}),
		...atOnce.inFlight.map((inFlight) => {
			const { runs, leadMs } = atOnce;
			const keys = contendersOf(inFlight === Math.max(...atOnce.inFlight));
			return { kind: 'atOnce' as const, keys, runs, healthy: 0, leadMs, spreadMs: 0, inFlight };
		}),
	];
	const samples: LatenessSample[] = [];
	for (const { kind, keys, runs, healthy, leadMs, spreadMs, inFlight } of cases) {
		const due = Array.from({ length: runs }, (_, at) => (leadMs + (at / runs) * spreadMs) / 1_000);
		const timeouts = [...due, ...Array.from({ length: healthy }, () => NO_DEADLINE_S)];
		for (let round = 0; round < rounds; round++) {
			for (const key of orderOfRound(keys, round)) {
				const one = contender(key);
				const load: Load = {
					speed: 1,
					seed: round,
					trouble: true,
					answerMs,
					lives: [
						{ api: one.api, count: runs, stuck: true },
						{ api: one.api, count: healthy, fromMs: leadMs / 2, toMs: leadMs + spreadMs },
					],
				};
				await processes.prepare([one]);
				const pass = await processes.watch(one, { load, inFlight, timeouts });
				const sample = { contender: key, kind, runs, inFlight, round, ...judged(pass, inFlight) };
				samples.push(sample);
				say(
					`${runs} deadlines ${kind === 'spread' ? 'spread' : 'at once'}, ${inFlight} in flight, round ${round + 1}: ${one.title}: p99 ${sample.p99Ms.toFixed(1)} ms late`,
				);
			}
		}
	}
	return samples;
}

type Judged = Omit<LatenessSample, 'contender' | 'kind' | 'runs' | 'inFlight' | 'round'>;

/** Compares the result of the contender with what the sandbox received. */
function judged({ answer, seen, opened }: Pass, inFlight: number): Judged {
	const stuck = new Set(opened.ids[0]);
	const cancelled = new Set(seen.cancelled);
	const deadlines = answer.runs.filter(({ id }) => stuck.has(id)).map(({ deadline }) => deadline);
	const late: number[] = [];
	let wrong = 0;
	let missing = opened.ids.flat().length - answer.runs.length;
	for (const { id, outcome, deadline } of answer.runs) {
		const arrived = seen.cancelledAt[id];
		const lateMs = (arrived ?? Number.NaN) - deadline;
		const isEarly = arrived !== undefined && (!stuck.has(id) || lateMs < -CLOCK_ERROR_MS);
		const isOnlyReported = outcome === 'cancelled' && !cancelled.has(id);
		if (isEarly || isOnlyReported) wrong += 1;
		if (stuck.has(id) && (!cancelled.has(id) || outcome !== 'cancelled')) missing += 1;
		if (stuck.has(id) && arrived !== undefined) late.push(Math.max(0, lateMs));
	}
	const { startedAt, wallMs } = answer.costs;
	return {
		p50Ms: quantile(late, 0.5),
		p99Ms: quantile(late, 0.99),
		maxMs: quantile(late, 1),
		boundP99Ms: quantile(queueLateness(deadlines, inFlight, seen.cancelAnswerMs), 0.99),
		doneAfterMs: startedAt + wallMs - quantile(deadlines, 1),
		wrong,
		missing,
		refused: seen.refused,
	};
}
