import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { chromium, selectors, type BrowserContext, type Locator, type Page } from 'playwright-core';

import { OWNER } from '../../scripts/lib/n8n-client.mjs';
import { eventually, stack } from './stack';

/** Flags for a browser that runs unattended, also as root in a container, and asks nobody on the internet. */
const BROWSER_FLAGS = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
	// The editor asks for news and statistics on the internet: not from here. Unlike a route of Playwright, this leaves the
	// browser its cache, without which each page loads all of the editor again.
	'--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

/** How long the editor may take to show something, in ms. It loads several megabytes of code on a busy machine. */
const PATIENCE_MS = 45_000;

/** After this long without an effect, a click is made once more, in ms: a step that has just ended may swallow it. */
const READY_MS = 10_000;

/** How long the editor's transitions may take before a picture, in ms. */
const SETTLE_MS = 1_000;

/** n8n's cookie of a user who is logged in. */
const LOGIN_COOKIE = 'n8n-auth';

/** Size of the pictures in the documentation. */
const VIEWPORT = { width: 1440, height: 900 };

/** n8n's editor in a headless Chromium, in the words of its users. */
export class Editor {
	/** What nodes have written into the browser's console while they ran. */
	readonly messages: string[] = [];

	private constructor(
		private readonly browser: BrowserContext,
		readonly page: Page,
	) {
		page.on('console', (message) => this.messages.push(message.text()));
	}

	static async open(): Promise<Editor> {
		selectors.setTestIdAttribute('data-test-id');
		// All test files use one profile: one login, and one cache for what the editor loads.
		const browser = await chromium.launchPersistentContext(stack.profile, {
			executablePath: stack.browser,
			args: BROWSER_FLAGS,
			viewport: VIEWPORT,
		});
		browser.setDefaultTimeout(PATIENCE_MS);
		const [page = await browser.newPage()] = browser.pages();
		return new Editor(browser, page);
	}

	async close(): Promise<void> {
		await this.browser.close();
	}

	async logIn(): Promise<void> {
		const cookies = await this.browser.cookies(stack.n8nUrl);
		if (cookies.some(({ name }) => name === LOGIN_COOKIE)) return;
		await this.page.goto(`${stack.n8nUrl}/signin`);
		await this.page.locator('input[type=email]').fill(OWNER.email);
		await this.page.locator('input[type=password]').fill(OWNER.password);
		await this.page.getByRole('button', { name: /sign in/i }).click();
		await this.page.waitForURL((url) => !url.pathname.startsWith('/signin'));
	}

	async openWorkflow(id: string): Promise<void> {
		await this.page.goto(`${stack.n8nUrl}/workflow/${id}`);
		await this.page.getByTestId('canvas-node').first().waitFor();
	}

	async openNewWorkflow(): Promise<void> {
		await this.page.goto(`${stack.n8nUrl}/workflow/new`);
		await this.page.getByTestId('canvas-plus-button').waitFor();
	}

	async openCredentials(): Promise<void> {
		await this.page.goto(`${stack.n8nUrl}/home/credentials`);
		await this.page.getByTestId('resources-list-item').first().waitFor();
	}

	/** Opens one of the list of credentials, which makes n8n test it. */
	async openCredential(name: string): Promise<void> {
		await this.page.getByTestId('resources-list-item').getByText(name, { exact: true }).click();
		await this.page.getByTestId('credential-edit-dialog').waitFor();
	}

	/** Opens the dialog for a new credential of the open panel's node. */
	async startCredential(): Promise<void> {
		await this.credentialOfNode().click();
		await this.page.getByText('Create new credential').click();
		await this.page.getByTestId('credential-edit-dialog').waitFor();
	}

	/** A field of the credential that is open. */
	credentialField(name: string): Locator {
		return this.page.getByTestId('credential-edit-dialog').getByTestId(`parameter-input-${name}`);
	}

	/** Saves the credential that is open, which makes n8n test it, and gives the text of the test's refusal. */
	async saveRefusedCredential(): Promise<string> {
		await this.page.getByTestId('credential-save-button').click();
		const dialog = this.page.getByTestId('credential-edit-dialog');
		await dialog.getByText('More details').click();
		return await dialog.innerText();
	}

	/** Deletes the credentials of a name, so that n8n again finds one for each service. */
	async deleteCredentials(name: string): Promise<void> {
		const browserId = await this.page.evaluate(() => localStorage.getItem('n8n-browserId') ?? '');
		const headers = { 'browser-id': browserId };
		const credentials = `${stack.n8nUrl}/rest/credentials`;
		const response = await this.page.request.get(credentials, { headers });
		const { data } = (await response.json()) as { data: Array<{ id: string; name: string }> };
		for (const { id } of data.filter((credential) => credential.name === name)) {
			await this.page.request.delete(`${credentials}/${id}`, { headers });
		}
	}

	async closeCredential(): Promise<void> {
		await this.page.keyboard.press('Escape');
		await this.page.getByTestId('credential-edit-dialog').waitFor({ state: 'hidden' });
	}

	/** A node on the canvas. */
	node(name: string): Locator {
		return this.page.locator(`[data-test-id="canvas-node"][data-node-name="${name}"]`);
	}

	/** The names on a node's outputs, from top to bottom. */
	async outputsOf(node: string): Promise<string[]> {
		return await this.node(node).getByTestId('canvas-node-output-handle').allInnerTexts();
	}

	/** Names of the nodes on the canvas that n8n marks as not ready to run. */
	async nodesWithIssues(): Promise<string[]> {
		const marked = this.page.getByTestId('canvas-node').filter({ has: this.page.getByTestId('node-issues') });
		return await marked.evaluateAll((nodes) =>
			nodes.map((node) => node.getAttribute('data-node-name') ?? ''),
		);
	}

	/** Clicks "Execute workflow" and waits until every given node is through. */
	async execute(...nodes: string[]): Promise<void> {
		await this.page.getByTestId('execute-workflow-button').click();
		for (const name of nodes) await this.succeeded(name);
	}

	/** Clicks "Publish", and again in the dialog that asks for a name of the version. */
	async publish(): Promise<void> {
		await this.page.getByRole('button', { name: 'Publish' }).first().click();
		await this.page.getByRole('dialog').getByRole('button', { name: 'Publish' }).click();
	}

	/** Waits until a node on the canvas is through. */
	async succeeded(node: string): Promise<void> {
		await this.node(node).getByTestId('canvas-node-status-success').waitFor();
	}

	/** The panel of the node that is open. */
	get panel(): Locator {
		return this.page.getByTestId('ndv');
	}

	/** The side of the panel that shows what the node gave. */
	get output(): Locator {
		return this.panel.getByTestId('output-panel');
	}

	/** Puts the nodes in order and moves the canvas so that all can be seen. */
	async tidyUp(): Promise<void> {
		await this.page.getByTestId('tidy-up-button').click();
		await this.page.getByTestId('zoom-to-fit').click();
	}

	/** Opens a node's panel. */
	async openPanel(name: string): Promise<void> {
		await this.node(name).dblclick();
		await this.panel.waitFor();
	}

	async closePanel(): Promise<void> {
		const old = this.page.getByTestId('back-to-canvas');
		await this.panel.getByTestId('ndv-close-button').or(old).click();
		await this.panel.waitFor({ state: 'hidden' });
	}

	/** Clicks "Execute step" in the open panel. */
	async executeStep(): Promise<void> {
		await this.panel.getByTestId('node-execute-button').first().click();
	}

	/** Clicks "Execute step" and waits for an error that says this; clicks again where the editor was not ready yet. */
	async executeStepWithError(text: RegExp): Promise<void> {
		const error = this.output.getByTestId('node-error-message').getByText(text);
		await this.executeStep();
		try {
			await error.waitFor({ timeout: READY_MS });
		} catch {
			await this.executeStep();
			await error.waitFor();
		}
	}

	/** A parameter in the open panel, by its internal name. */
	parameter(name: string): Locator {
		return this.panel.getByTestId(`parameter-input-${name}`);
	}

	/** Waits until a drop-down or a number field of the open panel shows something. */
	async shows(parameter: string, value: string | number): Promise<void> {
		await this.holds(parameter, this.parameter(parameter).locator('input').first(), value);
	}

	/** Waits until the open panel shows this credential as chosen; '' when none is. */
	async showsCredential(name: string): Promise<void> {
		await this.holds('the credential', this.credentialOfNode(), name);
	}

	async chooseCredential(name: string): Promise<void> {
		await this.credentialOfNode().click();
		await this.page.getByRole('option', { name }).click();
	}

	private credentialOfNode(): Locator {
		return this.panel.getByTestId('node-credentials-select').locator('input').first();
	}

	private async holds(what: string, field: Locator, value: string | number): Promise<void> {
		let shown = '';
		await eventually(
			async () => {
				shown = await field.inputValue();
				// The editor may draw 3 as "3.000".
				return (typeof value === 'number' ? Number(shown) === value : shown === value) ? true : undefined;
			},
			() => `${what} shows "${shown}", not "${String(value)}"`,
		);
	}

	/** Chooses an entry of a drop-down in the open panel. */
	async choose(parameter: string, option: string): Promise<void> {
		await this.parameter(parameter).click();
		await this.page.getByRole('option', { name: option }).first().click();
	}

	/** Types into a text or number field of the open panel. */
	async fill(parameter: string, value: string): Promise<void> {
		await this.parameter(parameter).locator('input, textarea').first().fill(value);
	}

	/** Adds a row to a parameter that takes several, and fills it in: texts, and the entries of drop-downs. */
	async addRow(
		button: string,
		texts: Record<string, string>,
		choices: Record<string, string>,
	): Promise<void> {
		await this.panel.getByRole('button', { name: button }).first().click();
		for (const [name, value] of Object.entries(texts)) {
			const field = this.parameter(name).last().locator('input');
			await field.fill(value);
			// A tip for the field that is written in covers the one below it.
			await field.blur();
		}
		for (const [name, option] of Object.entries(choices)) {
			await this.parameter(name).last().click();
			const text = this.page.getByText(option, { exact: true });
			await this.page.getByRole('option').filter({ has: text }).first().click();
		}
	}

	/** Replaces the expression of a text parameter by a fixed value. */
	async fillFixed(parameter: string, value: string): Promise<void> {
		await this.switchTo('fixed', parameter);
		await this.fill(parameter, value);
	}

	/** Replaces the fixed value of a parameter by an expression. */
	async fillExpression(parameter: string, value: string): Promise<void> {
		await this.switchTo('expression', parameter);
		await this.parameter(parameter).locator('.cm-content').click();
		await this.page.keyboard.press('Control+A');
		await this.page.keyboard.insertText(value);
		await this.parameter(parameter).getByText(value).first().waitFor();
	}

	/** Clicks "Fixed" or "Expression" of a parameter. */
	private async switchTo(mode: 'fixed' | 'expression', parameter: string): Promise<void> {
		await this.parameter(parameter).or(this.locatorOf(parameter)).first().hover();
		await this.panel
			.getByTestId(`${parameter}-parameter-input-options-container`)
			.getByTestId(`radio-button-${mode}`)
			.click();
	}

	/** A parameter for one thing of the API, from a list or by its ID. */
	private locatorOf(parameter: string): Locator {
		return this.panel.getByTestId(`resource-locator-${parameter}`);
	}

	/** Replaces the ID of the item, which such a parameter begins with, by a fixed one. */
	async fillLocator(parameter: string, id: string): Promise<void> {
		await this.switchTo('fixed', parameter);
		await this.locatorOf(parameter).getByTestId('rlc-input').fill(id);
	}

	/** Sets such a parameter, which begins with the ID of the item, to "From list". */
	async pickFromList(parameter: string): Promise<void> {
		await this.switchTo('fixed', parameter);
		await this.locatorOf(parameter).getByTestId('rlc-mode-selector').click();
		await this.page.getByRole('option', { name: 'From list' }).click();
	}

	/** Opens such a list of the API and gives its entries. */
	async openList(parameter: string): Promise<string[]> {
		// n8n 1 keeps a list that was closed, out of sight.
		const entries = this.page.getByTestId('rlc-item').filter({ visible: true });
		await entries.first().waitFor({ state: 'hidden' });
		await this.locatorOf(parameter).getByTestId('rlc-input').click();
		await entries.first().waitFor();
		return await entries.allInnerTexts();
	}

	/** Closes the list that is open, by a click beside it: in n8n 1, Escape does not. */
	async closeList(): Promise<void> {
		await this.page.getByTestId('ndv').getByText('Parameters', { exact: true }).click();
	}

	/** Chooses an entry of the list that is open. */
	async chooseEntry(entry: string): Promise<void> {
		await this.page.getByTestId('rlc-item').filter({ hasText: entry, visible: true }).first().click();
	}

	/** The tabs above a node's output, for example "Completed Branch (1 item)". */
	branches(): Locator {
		return this.output.getByTestId('branches');
	}

	/** Opens the list of nodes and searches it for one. */
	async searchNode(name: string): Promise<void> {
		await this.page.getByTestId('node-creator-plus-button').click();
		await this.type(name);
		await this.found(name).waitFor();
	}

	/** The names of the nodes that the open list finds, best first; waits for one of them. */
	async search(text: string, expected: string): Promise<string[]> {
		// The list keeps its last results for a moment.
		await this.type('');
		await this.found(expected).waitFor({ state: 'hidden' });
		await this.type(text);
		await this.found(expected).waitFor();
		return await this.page.getByTestId('node-creator-item-name').allInnerTexts();
	}

	private async type(text: string): Promise<void> {
		await this.page.getByTestId('node-creator-search-bar').fill(text);
	}

	/** Clicks the plus on the first output of a node that leads nowhere, and adds a node there. */
	async addBehind(node: string, name: string): Promise<void> {
		await this.node(node).getByTestId('canvas-handle-plus').first().click();
		await this.type(name);
		await this.addNode(name);
		await this.closePanel();
	}

	/** Opens a node of the list: what it says of itself, and its actions. */
	async actionsOf(name: string): Promise<string> {
		await this.found(name).click();
		const list = this.page.getByTestId('node-creator');
		await list.getByText(/^(?:Actions|Triggers) \(\d+\)$/).waitFor();
		return await list.innerText();
	}

	private found(name: string): Locator {
		const wholeName = new RegExp(`^\\s*${name}\\s*$`);
		return this.page.getByTestId('node-creator-item-name').filter({ hasText: wholeName }).first();
	}

	/** Adds a node that was searched for; `next` is what to click on its page of details, where it has one. */
	async addNode(name: string, next?: string): Promise<void> {
		const list = this.page.getByTestId('node-creator');
		await this.found(name).click();
		if (next !== undefined) await this.chooseAction(next);
		await list.waitFor({ state: 'hidden' });
	}

	/** Adds a node by one of the actions that its page of details lists. */
	async chooseAction(action: string): Promise<void> {
		const list = this.page.getByTestId('node-creator');
		await list.getByText(action, { exact: true }).click();
		await list.waitFor({ state: 'hidden' });
	}

	/** Clicks what opens a form, and answers the form with a file. */
	async submitForm(open: () => Promise<void>, file: { name: string; mimeType: string; buffer: Buffer }) {
		const [form] = await Promise.all([this.browser.waitForEvent('page'), open()]);
		await form.locator('input[type=file]').setInputFiles(file);
		await form.getByRole('button', { name: 'Submit' }).click();
		await form.getByText('Form Submitted').waitFor();
		await form.close();
	}

	/** The two lines of the error in the open panel: what happened, and what to do. */
	async error(): Promise<{ message: string; description: string }> {
		return {
			message: await this.output.getByTestId('node-error-message').innerText(),
			description: await this.output.getByTestId('node-error-description').innerText(),
		};
	}

	/** Takes a picture for the documentation, where one was asked for. */
	async picture(name: string): Promise<void> {
		if (stack.images === undefined) return;
		// What fades in has to be there, and messages that fade away are not part of it.
		const message = this.page.locator('.el-notification__closeBtn');
		if (await message.first().isVisible()) await message.first().click();
		await this.page.mouse.move(VIEWPORT.width / 2, 0);
		await sleep(SETTLE_MS);
		await this.page.screenshot({ path: path.join(stack.images, `${name}.png`) });
	}

	/** Runs a test's steps; when one fails, the error says where a picture of that moment is. */
	async watched(steps: () => Promise<void>): Promise<void> {
		try {
			await steps();
		} catch (error) {
			const folder = await mkdtemp(path.join(os.tmpdir(), 'document-runs-e2e-'));
			const file = path.join(folder, 'failure.png');
			await this.page.screenshot({ path: file });
			throw new Error(`${String(error)}\nPicture: ${file}`, { cause: error });
		}
	}
}

/** Tests of the editor, of which each leaves a picture when it fails. */
export function clickingIn(editor: () => Editor): (name: string, steps: () => Promise<void>) => void {
	return (name, steps) => {
		test(name, () => editor().watched(steps));
	};
}
