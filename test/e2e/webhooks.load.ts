import { setTimeout as delay } from 'node:timers/promises';

import { itemsOf } from '../../scripts/lib/n8n-client.mjs';
import { eventually, logIn, restartN8n, sandbox } from './stack';
import { FAULTLESS, triggered } from './webhooks';

// Hundreds of deliveries around a restart, apart from the other tests: npm run test:e2e -- --testMatch '**/webhooks.load.ts'

afterAll(async () => await sandbox.switch(FAULTLESS));

const RUNS = 500;
/** The runs end over this time, so that some end while n8n is down. */
const SPREAD_MS = 20_000;
const LOAD_MS = 240_000;
const LOSE_EVERY = 100;
/** Share of the events that may be lost because n8n ends while it starts their executions. */
const LOST_BY_RESTART = 0.05;
const SETTLE_MS = 3_000;

/** Start of an execution after the delivery was sent, in the middle of all. */
const MEDIAN_MS = 200;

/** The time at which the delivery was sent that an event was taken from; nothing for an event that was lost. */
async function sentTimes(): Promise<Map<string, number>> {
	const { deliveries } = await sandbox.webhooks();
	const times = new Map<string, number>();
	for (const { runId, sentAt, answer } of deliveries) {
		if (answer === 200) times.set(runId, Math.min(sentAt, times.get(runId) ?? Infinity));
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
		const before = new Set((await sandbox.webhooks()).endpoints.map((endpoint) => endpoint.id));
		const id = await n8n.activate(triggered('Load'));
		// Those of the tests before may be removed meanwhile.
		await eventually(
			async () => (await sandbox.webhooks()).endpoints.find((endpoint) => !before.has(endpoint.id)),
			() => 'no endpoint was registered',
		);
		await sandbox.switch({ webhookDelayMs: 2_000, webhookRepeatEvery: 3, webhookLoseEvery: LOSE_EVERY });
		const runs: string[] = [];
		for (let at = 0; at < RUNS; at += 10) {
			const durationMs = 500 + (SPREAD_MS * at) / RUNS;
			const seed = { provider: 'extend', resource: 'extractRun', steering: { durationMs } };
			runs.push(...(await sandbox.createRuns(10, seed)));
		}
		await delay(SPREAD_MS / 2);
		await restartN8n();
		// Behind hundreds of deliveries, n8n's database is not ready at once.
		n8n = await eventually(
			() => logIn().catch(() => undefined),
			() => 'n8n takes no login',
			LOAD_MS,
		);
		const told = RUNS - RUNS / LOSE_EVERY;
		await eventually(
			async () => ((await sentTimes()).size >= told ? true : undefined),
			() => 'not all events were taken',
			LOAD_MS,
		);
		// What n8n was starting when it ended may be lost: Extend was answered by then.
		const fewest = told * (1 - LOST_BY_RESTART);
		let count = -1;
		const starts = await eventually(
			async () => {
				await delay(SETTLE_MS);
				const found = await n8n.startsOf(id);
				const isSettled = found.length === count;
				count = found.length;
				return isSettled && found.length >= fewest ? found : undefined;
			},
			() => `only ${String(count)} events have started an execution`,
			LOAD_MS,
		);

		const sent = await sentTimes();
		const handled: string[] = [];
		const waits: number[] = [];
		for (const { id: executionId, startedAt } of starts) {
			const [item] = itemsOf(await n8n.execution(executionId), 'Extend Trigger');
			// It had begun when n8n ended.
			if (!item) continue;
			const run = String(item['id']);
			handled.push(run);
			waits.push(startedAt - (sent.get(run) ?? NaN));
			expect(item).toMatchObject({ event: 'finished', status: 'PROCESSED' });
		}
		expect(new Set(handled).size).toBe(handled.length);
		expect(handled.filter((run) => !runs.includes(run))).toEqual([]);
		expect(handled.length).toBeGreaterThanOrEqual(fewest);
		console.log(
			`${String(handled.length)} of ${String(told)} events; from a delivery to its execution: ${String(median(waits))} ms in the middle`,
		);
		expect(median(waits)).toBeLessThan(MEDIAN_MS);
		await n8n.deactivate(id);
	},
	LOAD_MS * 2,
);
