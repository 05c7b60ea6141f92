import { itemsOf, type N8nClient } from '../../../scripts/lib/n8n-client.mjs';
import { eventually } from '../../../scripts/lib/eventually.mjs';
import { CANCELLED_ONCE, EXECUTION_MS, LEFT, NOTICED_MS, publishGuarded, publishNet } from '../flows';
import { begin, beginIn, end, logIn, restore, sandbox, start } from '../stack';

/** A watch that is still there when everything else in its test has been done, in seconds. */
const LONG_S = 300;

let n8n: N8nClient;

beforeAll(async () => {
	n8n = await logIn();
});

afterEach(restore);

describe('a production webhook', () => {
	test('its run is created and watched to its end in a worker', async () => {
		const workflow = await publishGuarded(n8n, { timeoutS: 60, result: 'completed' });

		const { executionId, runId, worker } = await begin(n8n, workflow);
		const execution = await n8n.finished(executionId, EXECUTION_MS);

		expect(worker).not.toBe('main');
		expect(execution).toMatchObject({ status: 'success' });
		expect(itemsOf(execution, 'Guard', 0)).toMatchObject([{ id: runId, outcome: 'completed' }]);
		expect(await sandbox.run(runId)).toMatchObject({ phase: 'completed', cancelRequests: 0 });
	});

	test('its run is cancelled when its time is up', async () => {
		const workflow = await publishGuarded(n8n, { timeoutS: 3 });

		const { executionId, runId } = await begin(n8n, workflow);
		const execution = await n8n.finished(executionId, EXECUTION_MS);

		expect(execution).toMatchObject({ status: 'success' });
		expect(itemsOf(execution, 'Guard', 2)).toMatchObject([{ id: runId, outcome: 'cancelled' }]);
		expect(await sandbox.run(runId)).toMatchObject(CANCELLED_ONCE);
	});
});

describe.each([
	{ onWorkflowStop: 'leave', left: LEFT },
	{ onWorkflowStop: 'cancel', left: CANCELLED_ONCE },
] as const)('with "$onWorkflowStop" when the workflow is stopped', ({ onWorkflowStop, left }) => {
	test('Stop reaches the worker', async () => {
		const workflow = await publishGuarded(n8n, { timeoutS: LONG_S, onWorkflowStop });
		const { executionId, runId } = await begin(n8n, workflow);
		await sandbox.polled(runId);

		await n8n.stopExecution(executionId);

		expect(await n8n.finished(executionId, EXECUTION_MS)).toMatchObject({ status: 'canceled' });
		if (onWorkflowStop === 'cancel') await sandbox.ended(runId);
		expect(await sandbox.run(runId)).toMatchObject(left);
	});

	test("n8n's own timeout of the workflow counts as a stop", async () => {
		const settings = { executionTimeout: 4 };
		const workflow = await publishGuarded(n8n, { timeoutS: LONG_S, onWorkflowStop, settings });

		const { executionId, runId } = await begin(n8n, workflow);

		expect(await n8n.finished(executionId, EXECUTION_MS)).toMatchObject({ status: 'canceled' });
		if (onWorkflowStop === 'cancel') await sandbox.ended(runId);
		expect(await sandbox.run(runId)).toMatchObject(left);
	});
});

describe('a worker that ends', () => {
	test('SIGTERM with a long grace: the watch ends properly', async () => {
		const workflow = await publishGuarded(n8n, { timeoutS: 15 });
		const { there, elsewhere } = await beginIn(n8n, 'patient', workflow);

		const exitCode = await end('patient', 'SIGTERM');
		await start('patient');

		expect(exitCode).toBe(0);
		for (const { executionId, runId } of [there, ...elsewhere]) {
			const execution = await n8n.finished(executionId, EXECUTION_MS);
			expect(execution).toMatchObject({ status: 'success' });
			expect(itemsOf(execution, 'Guard', 2)).toMatchObject([{ id: runId, outcome: 'cancelled' }]);
			expect(await sandbox.run(runId)).toMatchObject(CANCELLED_ONCE);
		}
	});

	test('kill -9: its executions end as failed, and the net cancels their runs exactly once', async () => {
		const net = await publishNet(n8n);
		const bare = await publishGuarded(n8n, { timeoutS: LONG_S });
		const caught = await publishGuarded(n8n, { timeoutS: LONG_S, settings: { errorWorkflow: net } });
		const lost = await beginIn(n8n, 'hasty', bare);
		const saved = await beginIn(n8n, 'hasty', caught);

		await end('hasty', 'SIGKILL');

		for (const { there } of [lost, saved]) {
			expect(await n8n.finished(there.executionId, NOTICED_MS)).toMatchObject({ status: 'error' });
		}
		const [netExecution = ''] = await eventually(
			async () => {
				const found = await n8n.executionsOf(net);
				return found.length > 0 ? found : undefined;
			},
			() => 'the net was not started',
			EXECUTION_MS,
		);
		expect(await n8n.finished(netExecution, EXECUTION_MS)).toMatchObject({ status: 'success' });
		expect(await sandbox.run(saved.there.runId)).toMatchObject(CANCELLED_ONCE);
		expect(await sandbox.run(lost.there.runId)).toMatchObject(LEFT);
		// The other worker has not noticed anything.
		for (const { executionId, runId } of [...lost.elsewhere, ...saved.elsewhere]) {
			expect(await n8n.execution(executionId)).toMatchObject({ status: 'running' });
			expect(await sandbox.run(runId)).toMatchObject(LEFT);
			await n8n.stopExecution(executionId);
		}
		await start('hasty');
	});
});
