import { setTimeout as delay } from 'node:timers/promises';

import { itemsOf } from '../../scripts/lib/n8n-client.mjs';
import { eventually, logIn, restartN8n, sandbox } from './stack';
import { FAULTLESS, triggered } from './webhooks';

// Hundreds of deliveries around a restart, apart from the other tests: npm run test:e2e -- --load

afterAll(async () => await sandbox.switch(FAULTLESS));

const RUNS = 500;
/** The runs end over this time, so that some end while n8n is down: about six a second, and two repeats. */
const SPREAD_MS = 80_000;
const LOSE_EVERY = 100;
/** How long n8n may take to catch up. */
const CATCH_UP_MS = 120_000;
/** The count of executions has settled when it is the same after this time. */
const SETTLE_MS = 3_000;

/** Start of an execution after the delivery was sent, in the middle of those outside of the restart. */
const MEDIAN_MS = 200;

/** What n8n answers, with 200, from when it listens until its database is ready: the trigger never gets to know of it. */
const STARTING_UP = 'n8n is starting up';

/** Share of the events that may be lost by the restart: those whose execution was just beginning. */
const LOST_BY_RESTART = 0.01;

/** The times at which the first delivery was sent that n8n or the trigger took of each run. */
async function takenBy(who: 'n8n' | 'trigger'): Promise<Map<string, number>> {
	const { deliveries } = await sandbox.webhooks();
	const times = new Map<string, number>();
	for (const { runId, sentAt, answer, text } of deliveries) {
		if (answer !== 200 || text.startsWith(STARTING_UP) !== (who === 'n8n')) continue;
		times.set(runId, Math.min(sentAt, times.get(runId) ?? Infinity));
	}
	return times;
}

function median(values: number[]): number {
	return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

test(
	`${String(RUNS)} runs with late, repeated, reordered and lost deliveries and a restart: each event at most once`,
	async () => {
		let n8n = await logIn();
		const id = await n8n.activate(triggered('Load'));
		await eventually(
			async () => (await sandbox.webhooks()).endpoints[0],
			() => 'no endpoint was registered',
		);
		await sandbox.switch({ webhookDelayMs: 2_000, webhookRepeatEvery: 3, webhookLoseEvery: LOSE_EVERY });
		const runs: string[] = [];
		for (let at = 0; at < RUNS; at += 1) {
			const durationMs = 500 + (SPREAD_MS * at) / RUNS;
			const seed = { provider: 'extend', resource: 'extractRun', steering: { durationMs } };
			runs.push(...(await sandbox.createRuns(1, seed)));
		}
		await delay(SPREAD_MS / 2);
		const down = { from: Date.now(), to: 0 };
		await restartN8n();
		down.to = Date.now();
		n8n = await logIn();
		const told = RUNS - RUNS / LOSE_EVERY;
		await eventually(
			async () => {
				const taken = [...(await takenBy('trigger')).keys(), ...(await takenBy('n8n')).keys()];
				return new Set(taken).size >= told ? true : undefined;
			},
			() => 'not all events were taken',
			SPREAD_MS + CATCH_UP_MS,
		);
		let count = -1;
		const starts = await eventually(
			async () => {
				await delay(SETTLE_MS);
				const found = await n8n.startsOf(id);
				const isSettled = found.length === count;
				count = found.length;
				return isSettled ? found : undefined;
			},
			() => 'executions go on starting',
			CATCH_UP_MS,
		);

		const sent = await takenBy('trigger');
		const handled: string[] = [];
		const waits: number[] = [];
		for (const { id: executionId, startedAt } of starts) {
			const [item] = itemsOf(await n8n.execution(executionId), 'Extend Trigger');
			// Its beginning was cut off: it never ran.
			if (!item) continue;
			const run = String(item['id']);
			handled.push(run);
			const sentAt = sent.get(run) ?? NaN;
			if (sentAt < down.from || sentAt > down.to) waits.push(startedAt - sentAt);
			expect(item).toMatchObject({ event: 'finished', status: 'PROCESSED' });
		}
		const byN8n = [...(await takenBy('n8n')).keys()].filter((run) => !handled.includes(run));
		const lost = [...sent.keys()].filter((run) => !handled.includes(run));
		console.log(
			[
				`${String(handled.length)} of ${String(told)} events were reported;`,
				`n8n was down for ${String(down.to - down.from)} ms and took ${String(byN8n.length)} while it started;`,
				`${String(lost.length)} were lost after the trigger had taken them;`,
				`${String(median(waits))} ms from a delivery to its execution, in the middle of ${String(waits.length)}`,
			].join('\n'),
		);
		expect(new Set(handled).size).toBe(handled.length);
		expect(handled.filter((run) => !runs.includes(run))).toEqual([]);
		expect(handled.length).toBeGreaterThanOrEqual(told * (1 - LOST_BY_RESTART));
		expect(median(waits)).toBeLessThan(MEDIAN_MS);
		await n8n.deactivate(id);
	},
	SPREAD_MS + 3 * CATCH_UP_MS,
);
