import { setTimeout as sleep } from 'node:timers/promises';

import type { E2eStack } from '../../scripts/e2e.mjs';
import { N8nClient, type Json, type Workflow } from '../../scripts/lib/n8n-client.mjs';
import { fillIn } from '../../scripts/lib/workflows.mjs';

/** What `npm run test:e2e` has started. */
export const stack = readStack();

function readStack(): E2eStack {
	const text = process.env['E2E_STACK'];
	if (text === undefined)
		throw new Error('These tests need a running n8n: start them with `npm run test:e2e`.');
	return JSON.parse(text) as E2eStack;
}

/** A client of n8n's REST interface that is logged in as the owner. */
export async function logIn(): Promise<N8nClient> {
	const client = new N8nClient(stack.n8nUrl);
	await client.logIn();
	return client;
}

/** An example with the sandbox's credentials and address in it. */
export function forSandbox(workflow: Workflow, parameters: Record<string, Json> = {}): Workflow {
	return fillIn(workflow, { credentials: stack.credentials, apiUrl: stack.sandboxUrl, parameters });
}

/** Restarts n8n on the same database; sessions stay valid. */
export async function restartN8n(): Promise<void> {
	const response = await fetch(`${stack.controlUrl}/restart`, { method: 'POST' });
	if (!response.ok) throw new Error(await response.text());
}

/** What the sandbox tells of a run. */
export interface SandboxRun {
	id: string;
	status: string;
	phase: string;
	cancelRequests: number;
	/** Body of the create call. */
	request: Json;
}

/** The sandbox's own doors, which no real API has. */
export const sandbox = {
	/** Puts a run into the sandbox without a create call. */
	async createRun(seed: {
		provider: string;
		resource: string;
		steering?: Json;
		request?: Json;
		/** Unix ms. */
		createdAt?: number;
	}): Promise<string> {
		const { ids } = (await call('POST', '/_sandbox/runs', seed)) as { ids: string[] };
		const [id] = ids;
		if (id === undefined) throw new Error('The sandbox created no run.');
		return id;
	},
	async run(id: string): Promise<SandboxRun> {
		return (await call('GET', `/_sandbox/runs/${id}`)) as SandboxRun;
	},
	/** Forgets a run. */
	async remove(id: string): Promise<void> {
		await call('DELETE', `/_sandbox/runs/${id}`);
	},
	/** Waits until somebody has asked the API for a run. */
	async polled(id: string): Promise<void> {
		await sandbox.requested(`**${id}`);
	},
	/**
	 * Waits until somebody has sent a request.
	 *
	 * @param path glob
	 * @param since Unix ms; earlier requests do not count
	 */
	async requested(path: string, since = 0): Promise<void> {
		await eventually(
			async () => {
				const found = await call('GET', `/_sandbox/requests?path=${path}&since=${String(since)}`);
				return (found as { total: number }).total > 0 ? found : undefined;
			},
			() => `nobody has asked for ${path}`,
		);
	},
	/** Waits until a run has ended. */
	async ended(id: string): Promise<SandboxRun> {
		return await eventually(
			async () => {
				const run = await sandbox.run(id);
				return ENDED.includes(run.phase) ? run : undefined;
			},
			() => `${id} has not ended`,
		);
	},
};

const ENDED = ['completed', 'failed', 'expired', 'rejected', 'cancelled'];

/** How long the sandbox may take to show something, in ms, and how often it is asked. */
const EVENTUALLY_MS = 20_000;
const LOOK_MS = 100;

/** Looks again and again until there is something to see. */
export async function eventually<T>(
	look: () => Promise<T | undefined>,
	complaint: () => string,
	withinMs = EVENTUALLY_MS,
): Promise<T> {
	const end = Date.now() + withinMs;
	for (;;) {
		const found = await look();
		if (found !== undefined) return found;
		if (Date.now() > end) throw new Error(`After ${String(withinMs)} ms: ${complaint()}.`);
		await sleep(LOOK_MS);
	}
}

async function call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
	const response = await fetch(stack.sandboxUrl + path, {
		method,
		headers: { 'content-type': 'application/json' },
		...(body === undefined ? {} : { body: JSON.stringify(body) }),
	});
	if (!response.ok) throw new Error(`${method} ${path}: ${String(response.status)} ${await response.text()}`);
	return response.status === 204 ? undefined : await response.json();
}
