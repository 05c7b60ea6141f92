import { eventually } from '../../../scripts/lib/eventually.mjs';
import { itemsOf, type N8nClient } from '../../../scripts/lib/n8n-client.mjs';
import { N8N_PROCESSES } from '../../../scripts/lib/queue-stack.mjs';
import { CANCELLED_ONCE, EXECUTION_MS, LEFT, NOTICED_MS, publishGuarded, publishNet } from '../flows';
import {
	begin,
	beginIn,
	end,
	logIn,
	restore,
	sandbox,
	start,
	workerOf,
	type Begun,
	type Published,
} from '../stack';

/** n8n stores waits of 65 s and more, and looks for those that are over once a minute. */
const LOOP_WAIT_S = 65;
const LOOP_MS = 240_000;

/** Time of a run of the loop, in ms: it is up before the first wait is. */
const LOOP_TIMEOUT_MS = 20_000;

/** A watch that is still there when everything else in its test has been done, in seconds. */
const LONG_S = 600;

let n8n: N8nClient;

beforeAll(async () => {
	n8n = await logIn();
});

afterEach(restore);

/**
 * Waits until n8n has noticed the death of an execution for the last time: another worker finds its job without an owner.
 * Where the dead process is back before, it has found the execution in its journal: that is `crashed`, and the error
 * workflow is started then as well.
 */
async function died(executionId: string): Promise<void> {
	await n8n.executionWith(executionId, ['error'], NOTICED_MS);
}

/** Waits until the net has done its work, however often n8n has started it. */
async function netFinished(net: string): Promise<void> {
	const found = await eventually(
		async () => {
			const ids = await n8n.executionsOf(net);
			return ids.length > 0 ? ids : undefined;
		},
		() => 'the net was not started',
		NOTICED_MS,
	);
	for (const id of found) expect(await n8n.finished(id, EXECUTION_MS)).toMatchObject({ status: 'success' });
}

describe('the durable loop', () => {
	test(
		'kill -9 of its worker during the Wait: it goes on in another one',
		async () => {
			const workflow = await publishGuarded(n8n, {
				timeoutS: LOOP_TIMEOUT_MS / 1000,
				loopWaitS: LOOP_WAIT_S,
			});
			const { executionId, runId, worker } = await begin(n8n, workflow);
			await n8n.executionWith(executionId, ['waiting'], EXECUTION_MS);

			await end(worker, 'SIGKILL');

			const execution = await n8n.finished(executionId, LOOP_MS);
			expect(execution).toMatchObject({ status: 'success' });
			expect(itemsOf(execution, 'Guard', 2)).toMatchObject([{ id: runId, outcome: 'cancelled' }]);
			expect(await sandbox.run(runId)).toMatchObject(CANCELLED_ONCE);
			expect(await workerOf(executionId)).not.toBe(worker);
			await start(worker);
		},
		LOOP_MS + EXECUTION_MS,
	);

	test(
		'kill -9 during the check itself is its hole; the net closes it',
		async () => {
			const net = await publishNet(n8n);
			const loop = { timeoutS: LONG_S, loopWaitS: LOOP_WAIT_S };
			const bare = await publishGuarded(n8n, loop);
			const caught = await publishGuarded(n8n, { ...loop, settings: { errorWorkflow: net } });
			const lost = await beginCheck(bare);
			const saved = await beginCheck(caught);

			for (const worker of new Set([lost.worker, saved.worker])) {
				await end(worker, 'SIGKILL');
				await start(worker);
			}

			for (const { executionId } of [lost, saved]) await died(executionId);
			await netFinished(net);
			expect(await sandbox.run(saved.runId)).toMatchObject(CANCELLED_ONCE);
			expect(await sandbox.run(lost.runId)).toMatchObject(LEFT);
		},
		LOOP_MS + EXECUTION_MS,
	);

	/** Starts an execution whose first check gets no answer. */
	async function beginCheck(workflow: Published): Promise<Begun> {
		const fault = await sandbox.plantFault({ path: '/v1/extractions/*', method: 'GET', hang: true });
		const begun = await begin(n8n, workflow);
		await eventually(
			async () => ((await sandbox.faultApplied(fault)) ? true : undefined),
			() => 'there was no check',
		);
		return begun;
	}
});

test('SIGTERM with a grace that is too short: the net cancels exactly once', async () => {
	const net = await publishNet(n8n);
	const workflow = await publishGuarded(n8n, { timeoutS: LONG_S, settings: { errorWorkflow: net } });
	const { there, elsewhere } = await beginIn(n8n, 'hasty', workflow);

	const exitCode = await end('hasty', 'SIGTERM');
	await start('hasty');

	expect(exitCode).toBe(1);
	await died(there.executionId);
	await netFinished(net);
	expect(await sandbox.run(there.runId)).toMatchObject(CANCELLED_ONCE);
	for (const { executionId, runId } of elsewhere) {
		expect(await sandbox.run(runId)).toMatchObject(LEFT);
		await n8n.stopExecution(executionId);
	}
});

test('kill -9 of the main process: the workers go on watching', async () => {
	const workflow = await publishGuarded(n8n, { timeoutS: 10 });
	const { executionId, runId } = await begin(n8n, workflow);

	await end('main', 'SIGKILL');
	await sandbox.ended(runId);
	await start('main');

	const execution = await n8n.finished(executionId, EXECUTION_MS);
	expect(execution).toMatchObject({ status: 'success' });
	expect(itemsOf(execution, 'Guard', 2)).toMatchObject([{ id: runId, outcome: 'cancelled' }]);
	expect(await sandbox.run(runId)).toMatchObject(CANCELLED_ONCE);
});

test(
	'kill -9 of everything: the loop goes on after the restart, watches are lost, the net cancels exactly once',
	async () => {
		const net = await publishNet(n8n);
		const loop = await publishGuarded(n8n, { timeoutS: LOOP_TIMEOUT_MS / 1000, loopWaitS: LOOP_WAIT_S });
		const bare = await publishGuarded(n8n, { timeoutS: LONG_S });
		const caught = await publishGuarded(n8n, { timeoutS: LONG_S, settings: { errorWorkflow: net } });
		const looping = await begin(n8n, loop);
		const lost = await begin(n8n, bare);
		const saved = await begin(n8n, caught);
		await n8n.executionWith(looping.executionId, ['waiting'], EXECUTION_MS);

		await Promise.all(N8N_PROCESSES.map((name) => end(name, 'SIGKILL')));
		for (const name of N8N_PROCESSES) await start(name);

		for (const { executionId } of [lost, saved]) {
			await n8n.executionWith(executionId, ['crashed', 'error'], NOTICED_MS);
		}
		await netFinished(net);
		expect(await sandbox.run(saved.runId)).toMatchObject(CANCELLED_ONCE);
		const execution = await n8n.finished(looping.executionId, LOOP_MS);
		expect(execution).toMatchObject({ status: 'success' });
		const [item] = itemsOf(execution, 'Guard', 2);
		expect(item).toMatchObject({ id: looping.runId, outcome: 'cancelled' });
		// The deadline is the one from before the restart.
		const { createdAt } = await sandbox.run(looping.runId);
		expect(Math.abs(Date.parse(String(item?.['deadline'])) - createdAt - LOOP_TIMEOUT_MS)).toBeLessThan(
			1_000,
		);
		expect(await sandbox.run(looping.runId)).toMatchObject(CANCELLED_ONCE);
		// A minute later it still holds.
		expect(await sandbox.run(saved.runId)).toMatchObject(CANCELLED_ONCE);
		expect(await sandbox.run(lost.runId)).toMatchObject(LEFT);
	},
	LOOP_MS + 3 * EXECUTION_MS,
);
