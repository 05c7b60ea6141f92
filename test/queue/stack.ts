import type { QueueStackForTests } from '../../scripts/queue.mjs';
import { eventually } from '../../scripts/lib/eventually.mjs';
import { N8nClient, type Json, type Workflow } from '../../scripts/lib/n8n-client.mjs';
import type { N8nProcess } from '../../scripts/lib/queue-stack.mjs';
import { SandboxClient, type SandboxRun } from '../../scripts/lib/sandbox-client.mjs';
import { fillIn } from '../../scripts/lib/workflows.mjs';

/** What `npm run test:queue` has started. */
const stack = readStack();

function readStack(): QueueStackForTests {
	const text = process.env['QUEUE_STACK'];
	if (text !== undefined) return JSON.parse(text) as QueueStackForTests;
	throw new Error('These tests need n8n in queue mode: start them with `npm run test:queue`.');
}

export const sandbox = new SandboxClient(stack.sandboxUrl);

/** How long n8n may take to begin an execution and its first node, in ms. */
const BEGIN_MS = 60_000;

/** So many executions are started until one is in the wanted worker. Which one takes a job is chance. */
const TRIES = 20;

/** A client of the main process that is logged in as the owner. */
export async function logIn(): Promise<N8nClient> {
	const client = new N8nClient(stack.n8nUrl);
	await client.logIn();
	return client;
}

/** A workflow with the sandbox's credentials in it. */
export function forSandbox(workflow: Workflow, parameters: Record<string, Json> = {}): Workflow {
	return fillIn(workflow, { credentials: stack.credentials, apiUrl: stack.sandboxUrl, parameters });
}

async function control(method: 'GET' | 'POST', place: string): Promise<unknown> {
	const response = await fetch(stack.controlUrl + place, { method });
	if (!response.ok) throw new Error(`${place}: ${await response.text()}`);
	return response.status === 204 ? undefined : await response.json();
}

/** Ends a process of n8n. Returns its exit code once it has ended: null when the signal has ended it. */
export async function end(name: N8nProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
	return ((await control('POST', `/${name}/end?signal=${signal}`)) as { exitCode: number | null }).exitCode;
}

/** Starts a process of n8n again on its data, and waits until it is ready. */
export async function start(name: N8nProcess): Promise<void> {
	await control('POST', `/${name}/start`);
}

/** Starts the processes of n8n that a test has left ended. */
export async function restore(): Promise<void> {
	await control('POST', '/restore');
}

/** The worker that has begun an execution last. */
export async function workerOf(executionId: string): Promise<N8nProcess> {
	return await eventually(
		async () => {
			const { worker } = (await control('GET', `/executions/${executionId}/worker`)) as {
				worker: N8nProcess | null;
			};
			return worker ?? undefined;
		},
		() => `no worker has begun the execution ${executionId}`,
		BEGIN_MS,
	);
}

/** An execution that has created its run. */
export interface Begun {
	executionId: string;
	runId: string;
	worker: N8nProcess;
}

/** The run that an execution has created with Tag With Execution. */
export async function runOf(executionId: string): Promise<SandboxRun> {
	return await eventually(
		async () =>
			(await sandbox.runs('extraction')).find((run) => run.metadata?.['n8n_execution_id'] === executionId),
		() => `the execution ${executionId} has created no run`,
		BEGIN_MS,
	);
}

/** Calls the production webhook of a published workflow. Only 404 is tried again: n8n has started nothing then. */
export async function call(path: string, query = ''): Promise<void> {
	await eventually(
		async () => {
			const response = await fetch(`${stack.n8nUrl}/webhook/${path}?${query}`);
			if (response.ok) return true;
			if (response.status === 404) return undefined;
			throw new Error(`The webhook answered ${String(response.status)}: ${await response.text()}`);
		},
		() => `there is no webhook ${path}`,
		BEGIN_MS,
	);
}

/** Starts an execution of a workflow by its webhook, and waits until its run is watched. */
export async function begin(n8n: N8nClient, workflow: Published): Promise<Begun> {
	const before = await n8n.executionsOf(workflow.id);
	await call(workflow.path);
	const executionId = await eventually(
		async () => (await n8n.executionsOf(workflow.id)).find((id) => !before.includes(id)),
		() => 'the webhook has started nothing',
		BEGIN_MS,
	);
	const { id: runId } = await runOf(executionId);
	return { executionId, runId, worker: await workerOf(executionId) };
}

/** Starts executions until one is in the given worker. The last one is there, the others are elsewhere. */
export async function beginIn(
	n8n: N8nClient,
	worker: N8nProcess,
	workflow: Published,
): Promise<{ there: Begun; elsewhere: Begun[] }> {
	const elsewhere: Begun[] = [];
	for (let tries = 0; tries < TRIES; tries += 1) {
		const begun = await begin(n8n, workflow);
		if (begun.worker === worker) return { there: begun, elsewhere };
		elsewhere.push(begun);
	}
	throw new Error(`Of ${String(TRIES)} executions none was in the worker ${worker}.`);
}

export interface Published {
	id: string;
	/** Of its webhook. */
	path: string;
}
