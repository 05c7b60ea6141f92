import { randomUUID } from 'node:crypto';

import type { Json, Workflow } from '../../scripts/lib/n8n-client.mjs';
import { PACKAGE, readExample } from '../../scripts/lib/workflows.mjs';
import { clickingIn, Editor } from './editor';
import { forSandbox, logIn, sandbox } from './stack';
import { triggered } from './webhooks';

/** What panels show where a newcomer has stumbled. */

let editor: Editor;

beforeAll(async () => {
	editor = await Editor.open();
	await editor.logIn();
});

afterAll(async () => await editor.close());

const clicking = clickingIn(() => editor);

/** Opens a new workflow in the editor. */
async function open(workflow: Workflow): Promise<string> {
	const n8n = await logIn();
	const { id } = await n8n.createWorkflow(workflow);
	await editor.openWorkflow(id);
	return id;
}

/** A chain of nodes of this package behind a manual trigger. */
function chain(...nodes: Array<{ name: string; type: string; parameters: Json }>): Workflow {
	const start = { name: 'Start', type: 'n8n-nodes-base.manualTrigger', parameters: {} };
	const all = [start, ...nodes.map((node) => ({ ...node, type: `${PACKAGE}.${node.type}` }))];
	return forSandbox({
		name: all.map(({ name }) => name).join(', '),
		nodes: all.map((node, at) => ({ ...node, id: randomUUID(), typeVersion: 1, position: [at * 220, 0] })),
		connections: Object.fromEntries(
			all
				.slice(1)
				.map(({ name }, at) => [all[at]?.name, { main: [[{ node: name, type: 'main', index: 0 }]] }]),
		),
		settings: { executionOrder: 'v1' },
	});
}

const review = (name: string, operation: string): { name: string; type: string; parameters: Json } => ({
	name,
	type: 'retab',
	parameters: { resource: 'review', operation },
});

clicking('Approve directly behind Get Many has the version that was listed', async () => {
	const run = await sandbox.createRun({
		provider: 'retab',
		resource: 'workflowRun',
		steering: { result: 'needs_review', durationMs: 0 },
	});
	await open(
		chain(review('Get Many', 'getAll'), review('Approve', 'approve'), review('Correct', 'createVersion')),
	);
	await editor.openPanel('Get Many');
	await editor.executeStep();
	await editor.output.getByText(run).first().waitFor();
	await editor.closePanel();
	await editor.openPanel('Approve');
	// In the item, and as what Version stands for.
	await editor.panel
		.getByText(/^rvr_[A-Z2-7]{26}$/)
		.nth(1)
		.waitFor();
	await editor.closePanel();
	await editor.openPanel('Correct');
	await editor.panel.getByText('e.g. { "total": 118.5 }').waitFor();
	await editor.closePanel();
	await sandbox.remove(run);
});

clicking('Extend Trigger: Runs Of may change, and the chosen events stay', async () => {
	await open(triggered('Runs of', { events: ['failed'] }));
	await editor.openPanel('Extend Trigger');
	await editor.choose('resourceType', 'Workflow');
	await editor.shows('resourceType', 'Workflow');
	expect(await editor.parameter('events').innerText()).toMatch(/^\s*Failed\s*$/);
	await editor.closePanel();
});

clicking('Extend Trigger: an event that only workflow runs have is named', async () => {
	await open(triggered('Cancelled', { events: ['cancelled'] }));
	await editor.openPanel('Extend Trigger');
	await editor.panel.getByText('only come for one workflow: choose Workflow under Runs Of').waitFor();
	await editor.closePanel();
});

clicking('Timeout Cancel says where its default is short', async () => {
	await open(
		chain({
			name: 'Timeout Cancel',
			type: 'timeoutCancel',
			parameters: { provider: 'extend', resource: 'batchRun', operation: 'watch' },
		}),
	);
	await editor.openPanel('Timeout Cancel');
	const notice = editor.panel.getByText('60 seconds are short for');
	await notice.waitFor();
	await editor.fill('timeout', '3600');
	await editor.page.keyboard.press('Tab');
	await notice.waitFor({ state: 'hidden' });
	await editor.closePanel();
});

clicking('publishing what Extend cannot reach says what to set', async () => {
	const n8n = await logIn();
	const account = { apiKey: 'no-key', region: 'us' };
	const { id, name } = await n8n.createCredential('Extend (public)', 'extendApi', account);
	const workflow = triggered('Out of reach');
	const workflowId = await open({
		...workflow,
		nodes: workflow.nodes.map((node) =>
			node.name === 'Extend Trigger' ? { ...node, credentials: { extendApi: { id, name } } } : node,
		),
	});
	await editor.publish();
	await editor.page.getByText('Set WEBHOOK_URL to its public address').waitFor();
	await n8n.deactivate(workflowId);
	await editor.deleteCredentials(name);
});

clicking('both triggers say where a test event comes from', async () => {
	await open(triggered('Waits'));
	await editor.openPanel('Extend Trigger');
	await editor.panel.getByText('start a run by API while this step waits').waitFor();
	await editor.closePanel();
	await open(forSandbox(await readExample('notify')));
	await editor.openPanel('Failed or Stuck');
	await editor.panel.getByText('Shows up to 3 runs of the chosen kinds').waitFor();
	await editor.closePanel();
});
