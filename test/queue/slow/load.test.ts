import { eventually } from '../../../scripts/lib/eventually.mjs';
import { itemsOf, type N8nClient } from '../../../scripts/lib/n8n-client.mjs';
import { EXECUTION_MS, publishGuarded } from '../flows';
import { call, logIn, sandbox } from '../stack';

const EXECUTIONS = 200;

/** One of so many runs hangs. */
const HANGS_EVERY = 5;

/** How long all of them may take, in ms. Two workers do 20 at a time: about a minute, longer behind a rate limit. */
const ALL_MS = 400_000;

let n8n: N8nClient;

beforeAll(async () => {
	n8n = await logIn();
});

afterEach(async () => {
	await sandbox.switch({ requestsPerSecond: 0 });
});

/** Plays so many executions at once, and checks that what each says of its run is so. Gives back how late each cancel was. */
async function playAll(timeoutS: number): Promise<number[]> {
	const workflow = await publishGuarded(n8n, { timeoutS, result: '={{ $json.query.result }}' });
	const wanted = Array.from({ length: EXECUTIONS }, (_, at) =>
		at % HANGS_EVERY === 0 ? 'stuck' : 'completed',
	);

	await Promise.all(wanted.map((result) => call(workflow.path, `result=${result}`)));
	const runs = await eventually(
		async () => {
			const created = await sandbox.runs('extraction');
			const ours = created.filter((run) => run.metadata?.['n8n_workflow_id'] === workflow.id);
			return ours.length >= EXECUTIONS ? ours : undefined;
		},
		() => 'not every execution has created its run',
		ALL_MS,
	);

	expect(runs).toHaveLength(EXECUTIONS);
	const outcomes: unknown[] = [];
	const late: number[] = [];
	for (const { id, metadata } of runs) {
		const execution = await n8n.finished(String(metadata?.['n8n_execution_id']), EXECUTION_MS);
		expect(execution).toMatchObject({ status: 'success' });
		const [item] = [0, 1, 2].flatMap((output) => itemsOf(execution, 'Guard', output));
		const { phase, cancelRequests, cancelAcceptedAt } = await sandbox.run(id);
		expect(item).toMatchObject({ id, outcome: phase });
		expect(cancelRequests).toBe(phase === 'cancelled' ? 1 : 0);
		outcomes.push(phase === 'cancelled' ? 'stuck' : phase);
		if (phase === 'cancelled') late.push(Number(cancelAcceptedAt) - Date.parse(String(item?.['deadline'])));
	}
	expect(outcomes.sort()).toEqual(wanted.sort());
	return late.sort((a, b) => a - b);
}

test(
	`${String(EXECUTIONS)} executions at once, one run each: every run ends in a known state`,
	async () => {
		await playAll(10);
	},
	ALL_MS + EXECUTION_MS,
);

test(
	`the same behind 10 requests a second, which two workers share unknowingly: no cancel is early, and half of them are at most 2 s late`,
	async () => {
		await sandbox.switch({ requestsPerSecond: 10 });

		const late = await playAll(20);

		expect(late).toHaveLength(EXECUTIONS / HANGS_EVERY);
		expect(late[0]).toBeGreaterThanOrEqual(0);
		expect(late[Math.floor(late.length / 2)]).toBeLessThanOrEqual(2_000);
		expect(late.at(-1)).toBeLessThanOrEqual(10_000);
	},
	ALL_MS + EXECUTION_MS,
);
