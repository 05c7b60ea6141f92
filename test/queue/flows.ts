import { randomUUID } from 'node:crypto';

import type { Json, N8nClient, Workflow, WorkflowNode } from '../../scripts/lib/n8n-client.mjs';
import { PACKAGE, readExample } from '../../scripts/lib/workflows.mjs';
import { forSandbox, type Published } from './stack';

/** Workflows of the tests, as somebody would build them for production, and what the tests expect of them. */

/** How long an execution may take beyond its own time, in ms. */
export const EXECUTION_MS = 90_000;

/** How long n8n may take to notice that a worker is dead, in ms: 25 s with the settings of these tests. */
export const NOTICED_MS = 120_000;

/** A run that nobody has cancelled. */
export const LEFT = { phase: 'running', cancelRequests: 0 };

export const CANCELLED_ONCE = { phase: 'cancelled', cancelRequests: 1 };

export interface Choices {
	/** Of the Timeout Cancel node, in seconds. */
	timeoutS: number;
	onWorkflowStop?: 'leave' | 'cancel';
	/** What the sandbox lets the runs do; a run hangs unless told otherwise. */
	result?: string;
	/** Settings of the workflow beside its execution order. */
	settings?: Json;
	/** `check` in a loop with a Wait node, instead of `watch`. */
	loopWaitS?: number;
}

const node = (name: string, type: string, typeVersion: number, parameters: Json): WorkflowNode => ({
	id: name,
	name,
	type,
	typeVersion,
	position: [0, 0],
	parameters,
});

/** Publishes a workflow that starts with a webhook, creates an extraction and guards it. */
export async function publishGuarded(n8n: N8nClient, choices: Choices): Promise<Published> {
	const path = randomUUID();
	const id = await n8n.activate(forSandbox(guarded(path, choices)));
	return { id, path };
}

function guarded(path: string, choices: Choices): Workflow {
	const { timeoutS, onWorkflowStop = 'leave', result = 'stuck', settings = {}, loopWaitS } = choices;
	const webhook = {
		...node('Webhook', 'n8n-nodes-base.webhook', 2, { path, options: {} }),
		webhookId: path,
	};
	const create = node('Create', `${PACKAGE}.retab`, 1, {
		resource: 'extraction',
		operation: 'create',
		schemaFrom: 'json',
		jsonSchema: '{ "type": "object" }',
		documentSource: 'url',
		documentUrl: 'https://storage.googleapis.com/example/invoice.pdf',
		additionalFields: { metadata: { pairs: [{ name: 'sandbox_result', value: result }] } },
		options: { tagWithExecution: true },
	});
	const guard = node('Guard', `${PACKAGE}.timeoutCancel`, 1, {
		operation: loopWaitS === undefined ? 'watch' : 'check',
		provider: 'retab',
		resource: 'extraction',
		timeout: timeoutS,
		timeoutUnit: 'seconds',
		simplify: false,
		options: loopWaitS === undefined ? { onWorkflowStop } : {},
	});
	const wait = { ...node('Wait', 'n8n-nodes-base.wait', 1.1, waitFor(loopWaitS)), webhookId: randomUUID() };
	const to = (name: string) => [{ node: name, type: 'main', index: 0 }];
	return {
		name: `Guarded ${path}`,
		nodes: loopWaitS === undefined ? [webhook, create, guard] : [webhook, create, guard, wait],
		connections: {
			Webhook: { main: [to('Create')] },
			Create: { main: [to('Guard')] },
			...(loopWaitS !== undefined && {
				Guard: { main: [[], [], [], to('Wait')] },
				Wait: { main: [to('Guard')] },
			}),
		},
		settings: { executionOrder: 'v1', ...settings },
	};
}

const waitFor = (amount = 0): Json => ({ resume: 'timeInterval', amount, unit: 'seconds' });

/** Publishes the example that cancels what a crashed execution has left behind. */
export async function publishNet(n8n: N8nClient): Promise<string> {
	const example = await readExample('crash-net');
	return await n8n.activate(forSandbox(example, { 'Wait a Moment': { amount: 2, unit: 'seconds' } }));
}

/** The two cleanups that a schedule and a person start at the same moment. */
export function cleanup(metadata: string): Workflow {
	return forSandbox({
		name: 'Clean up',
		nodes: [
			node('Start', 'n8n-nodes-base.manualTrigger', 1, {}),
			node('Clean Up', `${PACKAGE}.timeoutCancel`, 1, {
				operation: 'cleanup',
				provider: 'retab',
				resources: ['extraction'],
				olderThan: 60,
				olderThanUnit: 'minutes',
				dryRun: false,
				limit: 100,
				filters: { metadata: { pairs: [{ name: 'batch', value: metadata }] } },
				options: {},
			}),
		],
		connections: { Start: { main: [[{ node: 'Clean Up', type: 'main', index: 0 }]] } },
		settings: { executionOrder: 'v1' },
	});
}
