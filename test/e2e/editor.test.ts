import { WITHOUT_ACCOUNT, exampleNames, readExample } from '../../scripts/lib/workflows.mjs';
import { clickingIn, Editor } from './editor';
import { forSandbox, logIn, sandbox, stack } from './stack';

let editor: Editor;

beforeAll(async () => {
	editor = await Editor.open();
	await editor.logIn();
});

afterAll(async () => {
	await editor.close();
});

const clicking = clickingIn(() => editor);

describe('the example in the editor', () => {
	beforeAll(async () => {
		const n8n = await logIn();
		const example = forSandbox(await readExample('timeout-cancel'), { 'Timeout Cancel': { timeout: 3 } });
		const { id } = await n8n.createWorkflow(example);
		await editor.openWorkflow(id);
	});

	clicking('the three outputs of Timeout Cancel have their names on the canvas', async () => {
		expect(await editor.outputsOf('Timeout Cancel')).toEqual(['Completed', 'Failed', 'Timed Out']);
	});

	clicking('the panel shows the parameters of a watch', async () => {
		await editor.openPanel('Timeout Cancel');

		await editor.shows('provider', 'Retab');
		await editor.shows('resource', 'Extraction');
		await editor.shows('operation', 'Wait, Cancel on Timeout');
		expect(await editor.parameter('runId').innerText()).toContain('{{ $json.id }}');
		await editor.shows('timeout', 3);
		await editor.shows('timeoutUnit', 'Seconds');
		await editor.shows('countFrom', 'Now');
		await editor.closePanel();
	});

	clicking('running it by a click sends one item through each output', async () => {
		await editor.execute('Timeout Cancel', 'Use the Result', 'Handle the Failure', 'It Took Too Long');
		expect(editor.messages.join('\n')).toMatch(/Watching 3 runs: extr_\w+ is /);

		await editor.openPanel('Timeout Cancel');
		await editor.branches().getByText('Timed Out Branch (1 item)').waitFor();
		expect(await editor.branches().innerText()).toMatch(
			/Completed Branch \(1 item\)\s+Failed Branch \(1 item\)\s+Timed Out Branch \(1 item\)/,
		);
		await editor.branches().getByText('Timed Out Branch (1 item)').click();
		await editor.output.getByTestId('radio-button-json').click();
		await editor.output.getByText('"cancelled"').first().waitFor();
		await editor.picture('timeout-cancel-panel');
		await editor.closePanel();
	});
});

describe('the durable loop in the editor', () => {
	clicking('Check Once has a fourth output for runs that go on', async () => {
		const n8n = await logIn();
		const { id } = await n8n.createWorkflow(forSandbox(await readExample('durable-loop')));
		await editor.openWorkflow(id);

		expect(await editor.outputsOf('Check Once')).toEqual([
			'Completed',
			'Failed',
			'Timed Out',
			'Still Running',
		]);
	});
});

describe('every example in the editor', () => {
	for (const name of exampleNames()) {
		clicking(`${name}: n8n knows each node and misses nothing`, async () => {
			const n8n = await logIn();
			const example = forSandbox(await readExample(name));
			const { id } = await n8n.createWorkflow(example);
			await editor.openWorkflow(id);

			const nodes = example.nodes.filter(({ type }) => type !== 'n8n-nodes-base.stickyNote');
			for (const node of nodes) await editor.node(node.name).waitFor();
			const waiting: Record<string, string[]> = WITHOUT_ACCOUNT;
			expect(await editor.nodesWithIssues()).toEqual(waiting[name] ?? []);
			await editor.picture(`example-${name}`);
		});
	}
});

describe('the trigger in the editor', () => {
	clicking('its panel shows what it watches for, and fetches a recent event', async () => {
		const n8n = await logIn();
		const failed = await sandbox.createRun({
			provider: 'retab',
			resource: 'parse',
			steering: { result: 'failed', durationMs: 200 },
		});
		await sandbox.ended(failed);
		const { id } = await n8n.createWorkflow(forSandbox(await readExample('notify')));
		await editor.openWorkflow(id);
		await editor.openPanel('Failed or Stuck');

		await editor.shows('provider', 'Retab');
		await editor.shows('stuckAfter', 60);
		await editor.executeStep();

		await editor.output.getByText(failed).first().waitFor();
		await editor.picture('trigger-panel');
		await editor.closePanel();
	});
});

describe('credentials in the editor', () => {
	clicking('both test green', async () => {
		await editor.openCredentials();

		for (const { name, type } of stack.credentials) {
			await editor.openCredential(name);
			await editor.page.getByText('Connection tested successfully').waitFor();
			await editor.picture(type === 'retabApi' ? 'retab-credential' : 'extend-credential');
			await editor.closeCredential();
		}
	});
});

describe('a workflow built by clicking', () => {
	clicking('Timeout Cancel is found by its name', async () => {
		await editor.openNewWorkflow();
		await editor.searchNode('Manual Trigger');
		await editor.addNode('Manual Trigger');
		await editor.searchNode('Timeout Cancel');
		await editor.picture('node-search');
		await editor.addNode('Timeout Cancel', 'Wait for run and cancel it on timeout');

		// n8n has chosen the only credential that fits.
		await editor.showsCredential('Retab (sandbox)');
	});

	clicking('it is set up and run', async () => {
		const runId = await sandbox.createRun({
			provider: 'retab',
			resource: 'job',
			steering: { result: 'stuck' },
		});
		await editor.choose('resource', 'Job');
		await editor.fillFixed('runId', runId);
		await editor.fill('timeout', '2');
		await editor.executeStep();

		await editor.branches().getByText('Timed Out Branch (1 item)').click();
		await editor.output.getByText('cancelled').first().waitFor();
		expect(await sandbox.run(runId)).toMatchObject({ phase: 'cancelled', cancelRequests: 1 });
	});

	clicking('another provider brings its own credential and resources', async () => {
		await editor.choose('provider', 'Extend');

		await editor.showsCredential('');
		await editor.choose('resource', 'Extract Run');
		await editor.shows('resource', 'Extract Run');
		await editor.closePanel();
	});

	clicking('a run is chosen from the list of runs', async () => {
		const runId = await sandbox.createRun({
			provider: 'extend',
			resource: 'extractRun',
			request: { file: { name: 'chosen.pdf', url: 'https://example.com/chosen.pdf' } },
		});
		await editor.openNewWorkflow();
		await editor.searchNode('Manual Trigger');
		await editor.addNode('Manual Trigger');
		await editor.searchNode('Extend');
		await editor.addNode('Extend', 'Get extract run');

		await editor.pickFromList('runId');
		await editor.openList('runId');
		await editor.chooseEntry('chosen.pdf');
		await editor.executeStep();

		await editor.output.getByText(runId).first().waitFor();
	});
});
