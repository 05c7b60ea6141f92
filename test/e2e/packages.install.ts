import { readFileSync } from 'node:fs';
import path from 'node:path';
import { itemsOf, type N8nClient } from '../../scripts/lib/n8n-client.mjs';
import { readExample } from '../../scripts/lib/workflows.mjs';
import { Editor } from './editor';
import { forSandbox, logIn, stack } from './stack';

/** The packages for one service in a fresh n8n: started by `npm run test:e2e -- --packages`, each alone and all together. */

const EXECUTION_MS = 120_000;

const packages = stack.packages.map((folder) => {
	const { name } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { name: string };
	const service = name.replace('n8n-nodes-', '');
	return { name, folder, service, title: service.charAt(0).toUpperCase() + service.slice(1) };
});

let n8n: N8nClient;
let editor: Editor;

beforeAll(async () => {
	n8n = await logIn();
	editor = await Editor.open();
	await editor.logIn();
});

afterAll(async () => {
	await editor.close();
});

test('no node of another package of ours is there', async () => {
	const names = (await n8n.types('nodes')).map(({ name }) => name.split('.')[0] ?? '');
	const own = names.filter((name) => /^n8n-nodes-(?!base$)/.test(name));
	expect([...new Set(own)].sort()).toEqual(packages.map(({ name }) => name).sort());
});

describe.each(packages)('$name', ({ name, folder, service, title }) => {
	test('n8n loads its nodes and its credential', async () => {
		const names = (await n8n.types('nodes')).map((type) => type.name);
		expect(names).toEqual(
			expect.arrayContaining([`${name}.${service}`, `${name}.timeoutCancel`, `${name}.runTrigger`]),
		);
		expect((await n8n.types('credentials')).map((type) => type.name)).toContain(`${service}Api`);
	});

	test('the search of the editor finds its nodes', async () => {
		await editor.openNewWorkflow();
		await editor.searchNode(`${title} Timeout Cancel`);
		const found = await editor.search(title, `${title} Timeout Cancel`);
		// n8n leaves out the word Trigger in its list.
		const trigger = service === 'extend' ? expect.stringMatching(/^Extend(?: Polling)?$/) : title;
		expect(found).toEqual(expect.arrayContaining([title, trigger, `${title} Timeout Cancel`]));
		expect(found.filter((one) => one.startsWith(title)).length).toBeGreaterThanOrEqual(3);
	});

	test('its example runs: one run finishes, one fails, one hangs and is cancelled', async () => {
		const example = await readExample('timeout-cancel', path.join(folder, 'examples'));
		const { id } = await n8n.createWorkflow(forSandbox(example, { 'Timeout Cancel': { timeout: 3 } }));
		const execution = await n8n.finished(await n8n.runWorkflow(id, 'Start'), EXECUTION_MS);

		expect(execution).toMatchObject({ status: 'success' });
		const outcomes = [0, 1, 2].map((output) =>
			itemsOf(execution, 'Timeout Cancel', output).map(({ outcome }) => outcome),
		);
		expect(outcomes).toEqual([['completed'], ['failed'], ['cancelled']]);
	});
});
