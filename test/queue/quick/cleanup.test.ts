import { randomUUID } from 'node:crypto';

import { itemsOf, type N8nClient } from '../../../scripts/lib/n8n-client.mjs';
import { EXECUTION_MS, cleanup } from '../flows';
import { logIn, sandbox } from '../stack';

const RUNS = 40;
const TWO_HOURS_MS = 2 * 3_600_000;

let n8n: N8nClient;

beforeAll(async () => {
	n8n = await logIn();
});

test('two cleanups at once: each run is cancelled, and neither says what is not true', async () => {
	const batch = randomUUID();
	const ids = await sandbox.createRuns(RUNS, {
		provider: 'retab',
		resource: 'extraction',
		steering: { result: 'stuck' },
		metadata: { batch },
		createdAt: Date.now() - TWO_HOURS_MS,
	});
	const { id } = await n8n.createWorkflow(cleanup(batch));

	const started = await Promise.all([1, 2].map(() => n8n.runWorkflow(id, 'Start')));
	const executions = await Promise.all(started.map((one) => n8n.finished(one, EXECUTION_MS)));

	const outcomes = new Map<unknown, unknown[]>();
	for (const execution of executions) {
		expect(execution).toMatchObject({ status: 'success' });
		for (const item of itemsOf(execution, 'Clean Up')) {
			outcomes.set(item['id'], [...(outcomes.get(item['id']) ?? []), item['outcome']]);
		}
	}
	expect([...outcomes.keys()].sort()).toEqual([...ids].sort());
	for (const said of outcomes.values()) {
		expect(said).toContain('cancelled');
		expect(['cancelled', 'alreadyFinished']).toEqual(expect.arrayContaining(said));
	}
	for (const one of ids) {
		const run = await sandbox.run(one);
		expect(run).toMatchObject({ phase: 'cancelled' });
		// Two processes know nothing of each other: both may have sent one.
		expect([1, 2]).toContain(run.cancelRequests);
		await sandbox.remove(one);
	}
});
