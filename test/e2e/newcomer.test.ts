import { clickingIn, Editor } from './editor';
import { sandbox, stack } from './stack';

/** What somebody does who has installed the package a minute ago, and what can go wrong on the way. */

/** Words that people type who do not know the names of the nodes. */
const WORDS = [
	'retab',
	'extend',
	'document',
	'stuck',
	'timeout',
	'cancel',
	'notify',
	'ocr',
	'extract',
	'invoice',
	'idp',
];

/** n8n leaves out the word Trigger in its list. */
const TRIGGER = 'Document Run';

const NODES = ['Retab', 'Extend', 'Timeout Cancel', TRIGGER];

/** How many results fit onto the screen without scrolling. */
const ON_SCREEN = 9;

const INVOICE = {
	name: 'invoice.pdf',
	mimeType: 'application/pdf',
	buffer: Buffer.from('%PDF-1.7 an invoice'),
};

/** The name of Timeout Cancel on the canvas: n8n 1 names a node after its action, whatever the node says. */
const ON_CANVAS = stack.isN8n1 ? 'Wait for document run and cancel it on timeout' : 'Timeout Cancel';

/** Instead of the credential's own words, n8n 1 has the same ones for all keys that are refused. */
const REFUSED_KEY = stack.isN8n1
	? 'Authorization failed - please check your credentials'
	: 'Extend refused the API key (401). Check the API key in the Extend credential';

let editor: Editor;

const clicking = clickingIn(() => editor);

beforeAll(async () => {
	editor = await Editor.open();
	await editor.logIn();
});

afterAll(async () => {
	await editor.close();
});

describe('the search for nodes', () => {
	clicking('each word that people type finds all nodes, without scrolling', async () => {
		await editor.openNewWorkflow();
		await editor.searchNode('Retab');

		for (const word of WORDS) {
			const found = await editor.search(word, TRIGGER);
			expect({ word, found: found.slice(0, ON_SCREEN) }).toEqual({
				word,
				found: expect.arrayContaining(NODES) as unknown,
			});
		}
		await editor.picture('newcomer-search');
	});

	clicking('a name finds its node first', async () => {
		for (const name of ['Retab', 'Extend', 'Timeout Cancel']) {
			expect(await editor.search(name, name)).toHaveProperty('0', name);
		}
		expect(await editor.search('Document Run Trigger', TRIGGER)).toHaveProperty('0', TRIGGER);
	});

	clicking('the trigger lists its events', async () => {
		expect(await editor.actionsOf(TRIGGER)).toMatch(/Triggers \(5\)\n.*On run failed\n.*On run stuck/s);
	});
});

describe('a first workflow', () => {
	const step = 'No Operation, do nothing';

	clicking('a form takes a file', async () => {
		await editor.openNewWorkflow();
		await editor.searchNode('n8n Form');
		await editor.addNode('n8n Form', 'On new n8n Form event');
		await editor.fill('formTitle', 'Read an invoice');
		await editor.addRow('Add Form Element', { fieldLabel: 'Invoice' }, { fieldType: 'File' });

		await editor.submitForm(() => editor.executeStep(), INVOICE);

		await editor.output.getByText('Invoice', { exact: true }).first().waitFor();
		await editor.picture('newcomer-form');
		await editor.closePanel();
	});

	clicking('Retab extracts data from the file of the form', async () => {
		await editor.searchNode('Retab');
		await editor.addNode('Retab', 'Extract data from document');
		await editor.showsCredential('Retab (sandbox)');
		await editor.shows('schemaFrom', 'Fields');
		await editor.addRow('Add field', { name: 'invoice_number' }, { type: 'Text' });
		const total = { name: 'total', description: 'Total with tax, in euro' };
		await editor.addRow('Add field', total, { type: 'Number' });
		await editor.fill('binaryPropertyName', 'Invoice');

		await editor.executeStep();

		await editor.output.getByText('invoice.pdf').waitFor();
		await editor.picture('newcomer-extract');
		await editor.closePanel();
	});

	clicking(
		'Timeout Cancel keeps its name on the canvas and waits for the run of the step before',
		async () => {
			await editor.searchNode('Timeout Cancel');
			expect(await editor.actionsOf('Timeout Cancel')).toMatch(
				/Actions \(3\)\nWait for run and cancel it on timeout\nCheck run once and cancel it when overdue\nCancel stuck runs\n/,
			);
			await editor.chooseAction('Wait for run and cancel it on timeout');
			await editor.shows('operation', 'Wait, Cancel on Timeout');
			await editor.shows('resource', 'Extraction');
			await editor.closePanel();

			expect(await editor.outputsOf(ON_CANVAS)).toEqual(['Completed', 'Failed', 'Timed Out']);
		},
	);

	clicking('three branches are added, a submitted form goes through the first', async () => {
		for (const branch of ['', '1', '2']) {
			await editor.addBehind(ON_CANVAS, step);
			await editor.node(step + branch).waitFor();
		}
		await editor.tidyUp();

		await editor.submitForm(() => editor.execute(), INVOICE);

		await editor.succeeded(step);
		await editor.picture('newcomer-workflow');
	});

	clicking('the result is at the top of the item', async () => {
		await editor.openPanel(ON_CANVAS);
		await editor.output.getByText('outcome', { exact: true }).waitFor();

		const shown = await editor.output.innerText();

		expect(shown).toMatch(/Completed Branch \(1 item\)/);
		expect(shown).toMatch(
			/outcome\s+completed\s+id\s+extr_\w+\s+status\s+completed\s+output\s+(?:invoice_number\s+.+\s+)?total\s+1234\.5\s/,
		);
		await editor.picture('newcomer-result');
		await editor.closePanel();
	});
});

describe('an extractor of Extend', () => {
	clicking('it and its version are picked from lists', async () => {
		await editor.openNewWorkflow();
		await editor.searchNode('Manual Trigger');
		await editor.addNode('Manual Trigger');
		await editor.searchNode('Extend');
		await editor.addNode('Extend', 'Extract data from document');
		await editor.showsCredential('Extend (sandbox)');

		expect(await editor.openList('extractorVersion')).toEqual([
			expect.stringMatching(/^Choose .*extractor first/),
		]);
		await editor.closeList();
		expect(await editor.openList('extractorId')).toContain('Invoices (ex_sandbox_invoices)');
		await editor.picture('newcomer-extractors');
		await editor.chooseEntry('Invoices');
		expect(await editor.openList('extractorVersion')).toContain('1.0');
		await editor.chooseEntry('1.0');
		await editor.choose('documentSource', 'Text');
		await editor.fill('documentText', 'Invoice 12: 99 euro in total');
		await editor.executeStep();

		const id = editor.output.getByText(/^exr_\w+$/).first();
		await id.waitFor();
		expect(await sandbox.run(await id.innerText())).toMatchObject({
			request: { extractor: { id: 'ex_sandbox_invoices', version: '1.0' } },
		});
	});

	clicking('Timeout Cancel behind it takes Extend, its credential and its kind of run', async () => {
		await editor.closePanel();
		await editor.searchNode('Timeout Cancel');
		await editor.addNode('Timeout Cancel', 'Wait for run and cancel it on timeout');
		await editor.choose('provider', 'Extend');
		await editor.choose('resource', 'Extract Run');
		await editor.chooseCredential('Extend (sandbox)');

		await editor.executeStep();

		await editor.branches().getByText('Completed Branch (1 item)').waitFor();
	});

	clicking('a timeout that is a text is explained', async () => {
		await editor.fillExpression('timeout', 'soon');
		await editor.executeStepWithError(/^Timeout must be a number/);

		const { message, description } = await editor.error();
		expect(message).toContain('it is the text "soon"');
		expect(description).toContain('Enter a number such as 60');
		await editor.picture('mistake-text-timeout');
		await editor.closePanel();
	});
});

describe('mistakes with a run', () => {
	const WRONG_KEY = 'Extend account';

	beforeAll(async () => {
		await editor.openNewWorkflow();
		await editor.searchNode('Manual Trigger');
		await editor.addNode('Manual Trigger');
		await editor.searchNode('Extend');
		await editor.addNode('Extend', 'Get extract run');
	});

	afterAll(async () => {
		await editor.deleteCredentials(WRONG_KEY);
	});

	clicking('an expression that gives no ID', async () => {
		await editor.executeStepWithError(/undefined/);

		const { message, description } = await editor.error();
		expect(message).toContain('the expression {{ $json.id }}');
		expect(description).toContain('Look at the input of this node');
		await editor.picture('mistake-empty-id');
	});

	clicking('an ID that does not exist', async () => {
		await editor.fillLocator('runId', 'exr_unknown');
		await editor.executeStepWithError(/404/);

		const { message, description } = await editor.error();
		expect(message).toContain('exr_unknown');
		expect(description).toContain('Check the run ID and the resource.');
		await editor.picture('mistake-wrong-id');
	});

	clicking('a key that Extend refuses is explained as soon as it is saved', async () => {
		await editor.startCredential();
		await editor.credentialField('apiKey').locator('input').fill('sk_wrong');
		await editor.credentialField('region').click();
		await editor.page.getByRole('option', { name: 'Custom' }).click();
		await editor.credentialField('baseUrl').locator('input').fill(stack.sandboxUrl);

		const refusal = await editor.saveRefusedCredential();

		expect(refusal).toContain('Couldn’t connect with these settings');
		expect(refusal).toContain(REFUSED_KEY);
		await editor.picture('mistake-wrong-key-credential');
		await editor.closeCredential();
	});

	clicking('the node says the same of that key', async () => {
		// In n8n 1, the panel has stayed open behind the credential.
		if (!stack.isN8n1) await editor.openPanel('Get extract run');
		await editor.showsCredential(WRONG_KEY);
		await editor.executeStepWithError(/401/);

		const { message, description } = await editor.error();
		expect(message).toContain('Extend refused the API key');
		expect(description).toContain('Check the API key in the Extend credential');
		await editor.picture('mistake-wrong-key');
		await editor.closePanel();
	});
});
