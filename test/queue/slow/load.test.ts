import { eventually } from '../../../scripts/lib/eventually.mjs';
import { itemsOf, type N8nClient } from '../../../scripts/lib/n8n-client.mjs';
import { EXECUTION_MS, publishGuarded } from '../flows';
import { call, logIn, sandbox } from '../stack';

const EXECUTIONS = 200;

/** One of so many runs hangs. */
const HANGS_EVERY = 5;

/** How long all of them may take, in ms. Two workers do 20 at a time: about a minute. */
const ALL_MS = 400_000;

let n8n: N8nClient;

beforeAll(async () => {
	n8n = await logIn();
});

test(
	`${String(EXECUTIONS)} executions at once, one run each: every run ends in a known state`,
	async () => {
		const workflow = await publishGuarded(n8n, { timeoutS: 10, result: '={{ $json.query.result }}' });
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
		for (const { id, metadata } of runs) {
			const execution = await n8n.finished(String(metadata?.['n8n_execution_id']), EXECUTION_MS);
			expect(execution).toMatchObject({ status: 'success' });
			const [item] = [0, 1, 2].flatMap((output) => itemsOf(execution, 'Guard', output));
			const { phase, cancelRequests } = await sandbox.run(id);
			expect(item).toMatchObject({ id, outcome: phase });
			expect(cancelRequests).toBe(phase === 'cancelled' ? 1 : 0);
			outcomes.push(phase === 'cancelled' ? 'stuck' : phase);
		}
		expect(outcomes.sort()).toEqual(wanted.sort());
	},
	ALL_MS + EXECUTION_MS,
);
