import { eventually } from '../../../scripts/lib/eventually.mjs';
import { itemsOf, type N8nClient } from '../../../scripts/lib/n8n-client.mjs';
import { readExample } from '../../../scripts/lib/workflows.mjs';
import { end, forSandbox, logIn, restore, sandbox, start } from '../stack';

const RUNS = 200;

/** How the main process ends, in order. */
const RESTARTS = ['SIGTERM', 'SIGKILL', 'SIGTERM', 'SIGKILL', 'SIGTERM', 'SIGKILL'] as const;

/** n8n polls at its start, and once a minute. */
const TWO_POLLS_MS = 150_000;

/** Six starts of n8n, and two polls. */
const TEST_MS = 600_000;

let n8n: N8nClient;

beforeAll(async () => {
	n8n = await logIn();
});

afterEach(restore);

test(
	`the trigger tells of each of ${String(RUNS)} failed runs once, over ${String(RESTARTS.length)} restarts`,
	async () => {
		const since = Date.now();
		const workflow = await n8n.activate(forSandbox(await readExample('notify')));
		// n8n says that a workflow is active before its trigger has polled, and what is older is not reported.
		await sandbox.requested('/v1/extractions', since);
		const failing = {
			provider: 'retab',
			resource: 'extraction',
			steering: { result: 'failed', durationMs: 2_000 },
		};
		const share = Math.ceil(RUNS / (2 * RESTARTS.length));
		const ids: string[] = [];
		const seed = async (): Promise<void> => {
			const count = Math.min(share, RUNS - ids.length);
			if (count > 0) ids.push(...(await sandbox.createRuns(count, failing)));
		};

		for (const signal of RESTARTS) {
			await seed();
			await end('main', signal);
			await seed();
			await start('main');
		}

		expect(ids).toHaveLength(RUNS);
		await eventually(
			async () => (new Set(await toldBy(workflow)).size >= RUNS ? true : undefined),
			() => 'not every run was told of',
			TWO_POLLS_MS,
		);
		// The next poll tells of none again.
		await sandbox.requested('/v1/extractions', Date.now(), TWO_POLLS_MS);
		expect((await toldBy(workflow)).sort()).toEqual([...ids].sort());
		await n8n.deactivate(workflow);
	},
	TEST_MS,
);

/** IDs of the runs that the executions of a workflow have begun with, as often as they were told. */
async function toldBy(workflow: string): Promise<unknown[]> {
	const told: unknown[] = [];
	for (const id of await n8n.executionsOf(workflow)) {
		const execution = await n8n.execution(id);
		told.push(...itemsOf(execution, 'Failed or Stuck').map((item) => item['id']));
	}
	return told;
}
