import type { E2eStack } from '../../scripts/e2e.mjs';
import { N8nClient, type Json, type Workflow } from '../../scripts/lib/n8n-client.mjs';
import { SandboxClient } from '../../scripts/lib/sandbox-client.mjs';
import { fillIn } from '../../scripts/lib/workflows.mjs';

export { eventually } from '../../scripts/lib/eventually.mjs';
export type { SandboxRun } from '../../scripts/lib/sandbox-client.mjs';

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

/** The sandbox's own doors, which no real API has. */
export const sandbox = new SandboxClient(stack.sandboxUrl);
