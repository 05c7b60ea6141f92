import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { chromium, selectors, type Browser, type Locator, type Page } from 'playwright-core';

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
];

/** How long the editor may take to show something, in ms. It loads several megabytes of code on a busy machine. */
const PATIENCE_MS = 45_000;

/** How long the editor's transitions may take before a picture, in ms. */
const SETTLE_MS = 1_000;

/** Size of the pictures in the documentation. */
const VIEWPORT = { width: 1440, height: 900 };

/** n8n's editor in a headless Chromium, in the words of its users. */
export class Editor {
	/** What nodes have written into the browser's console while they ran. */
	readonly messages: string[] = [];

	private constructor(
		private readonly browser: Browser,
		readonly page: Page,
	) {
		page.on('console', (message) => this.messages.push(message.text()));
	}

	static async open(): Promise<Editor> {
		selectors.setTestIdAttribute('data-test-id');
		const browser = await chromium.launch({ executablePath: stack.browser, args: BROWSER_FLAGS });
		const page = await browser.newPage({ viewport: VIEWPORT });
		page.setDefaultTimeout(PATIENCE_MS);
		// The editor asks for news and statistics on the internet: not from here.
		await page.route(
			(url) => url.origin !== stack.n8nUrl,
			(route) => route.abort(),
		);
		return new Editor(browser, page);
	}

	async close(): Promise<void> {
		await this.browser.close();
	}

	async logIn(): Promise<void> {
		await this.page.goto(`${stack.n8nUrl}/signin`);
		await this.page.getByLabel(/email/i).fill(OWNER.email);
		await this.page.getByLabel(/password/i).fill(OWNER.password);
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
		for (const name of nodes) await this.node(name).getByTestId('canvas-node-status-success').waitFor();
	}

	/** The panel of the node that is open. */
	get panel(): Locator {
		return this.page.getByTestId('ndv');
	}

	/** The side of the panel that shows what the node gave. */
	get output(): Locator {
		return this.panel.getByTestId('output-panel');
	}

	/** Opens a node's panel. */
	async openPanel(name: string): Promise<void> {
		await this.node(name).dblclick();
		await this.panel.waitFor();
	}

	async closePanel(): Promise<void> {
		await this.panel.getByTestId('ndv-close-button').click();
		await this.panel.waitFor({ state: 'hidden' });
	}

	/** Clicks "Execute step" in the open panel. */
	async executeStep(): Promise<void> {
		await this.panel.getByTestId('node-execute-button').click();
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
		await this.holds(
			'the credential',
			this.panel.getByTestId('node-credentials-select').locator('input').first(),
			name,
		);
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

	/** Replaces the expression of a text parameter by a fixed value. */
	async fillFixed(parameter: string, value: string): Promise<void> {
		await this.parameter(parameter).hover();
		await this.panel
			.getByTestId(`${parameter}-parameter-input-options-container`)
			.getByTestId('radio-button-fixed')
			.click();
		await this.parameter(parameter).locator('input').fill(value);
	}

	/** Chooses an entry of a parameter that n8n fills with a list from the API. */
	async chooseFromList(parameter: string, entry: string): Promise<void> {
		await this.panel.getByTestId(`resource-locator-${parameter}`).getByTestId('rlc-input').click();
		await this.page.getByTestId('rlc-item').filter({ hasText: entry }).click();
	}

	/** The tabs above a node's output, for example "Completed Branch (1 item)". */
	branches(): Locator {
		return this.output.getByTestId('branches');
	}

	/** Opens the list of nodes and searches it. */
	async searchNode(name: string): Promise<void> {
		await this.page.getByTestId('node-creator-plus-button').click();
		await this.page.getByTestId('node-creator-search-bar').fill(name);
		await this.found(name).waitFor();
	}

	private found(name: string): Locator {
		const wholeName = new RegExp(`^\\s*${name}\\s*$`);
		return this.page.getByTestId('node-creator-item-name').filter({ hasText: wholeName }).first();
	}

	/** Adds a node that was searched for; `next` is what to click on its page of details, where it has one. */
	async addNode(name: string, next?: string): Promise<void> {
		const list = this.page.getByTestId('node-creator');
		await this.found(name).click();
		if (next !== undefined) await list.getByText(next, { exact: true }).click();
		await list.waitFor({ state: 'hidden' });
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
