import type { IDataObject, INodeParameters } from 'n8n-workflow';

import { EXTEND_ROWS } from '../../sandbox/server/extend/resources';
import { RETAB_ROWS } from '../../sandbox/server/retab/resources';
import { PROVIDERS } from '../../nodes/shared/providers';
import { onlyItem, quick, useSandbox, type Provider } from './support/sandbox-instance';

/** What Simplify leaves of a run, in workflows and as an agent's tool. */

const lab = useSandbox();
const byId = { runId: { __rl: true, mode: 'id', value: '={{ $json.id }}' } };

function seed(provider: Provider, resource: string, result = 'completed'): string {
	const createdAt = Date.now() - 60_000;
	return lab.sandbox.createRun({
		provider,
		resource,
		createdAt,
		steering: { durationMs: 1_000, result },
	} as Parameters<typeof lab.sandbox.createRun>[0]).id;
}

const resources = [
	...Object.keys(RETAB_ROWS).map((resource) => ['retab', resource] as const),
	...Object.keys(EXTEND_ROWS).map((resource) => ['extend', resource] as const),
].filter(([provider, resource]) => resource in PROVIDERS[provider].resources);

test.each(resources)('get of %s %s gives the fields of its row', async (provider, resource) => {
	const id = seed(provider, resource);
	const parameters = { resource, operation: 'get', simplify: true, ...byId };
	const result = await lab.n8n.runWorkflow({ node: provider, parameters, items: [{ id }] });
	const [item = {}] = result.json[0] ?? [];
	const names = PROVIDERS[provider].resources[resource]?.simple.map(({ name }) => name) ?? [];
	expect(item).toMatchObject({ id });
	expect(names).toEqual(expect.arrayContaining(Object.keys(item)));
});

test('the simplified form is the default, and a list has it as well', async () => {
	const id = seed('retab', 'extraction');
	const parameters = {
		resource: 'extraction',
		operation: 'getAll',
		simplify: undefined,
	} as unknown as INodeParameters;
	const result = await lab.n8n.runWorkflow({ node: 'retab', parameters });
	const row = result.json[0]?.find((one) => one.id === id);
	expect(Object.keys(row ?? {})).toEqual([
		'id',
		'status',
		'fileName',
		'output',
		'metadata',
		'error',
		'createdAt',
		'credits',
	]);
});

const watch = (id: string, more: INodeParameters = {}, options: INodeParameters = {}) =>
	lab.n8n.runWorkflow({
		node: 'timeoutCancel',
		parameters: quick(
			{ operation: 'watch', provider: 'retab', resource: 'parse', simplify: true, ...more },
			options,
		),
		items: [{ id, orderNumber: 7, status: 'of the order' }],
	});

test('Timeout Cancel gives at most 12 fields, the result near the top', async () => {
	const id = seed('retab', 'parse');
	const { item } = onlyItem(await watch(id));
	expect(Object.keys(item)).toEqual([
		'outcome',
		'id',
		'status',
		'output',
		'text',
		'failure',
		'timedOut',
		'elapsedMs',
		'provider',
		'resource',
	]);
	expect(item).toMatchObject({ outcome: 'completed', text: (item.output as IDataObject).text });
});

test.each([
	['retab', 'extraction'],
	['extend', 'extractRun'],
] as const)('Timeout Cancel tells what a run of %s %s has used', async (provider, resource) => {
	const { item } = onlyItem(await watch(seed(provider, resource), { provider, resource }));
	expect(item.credits).toEqual(expect.any(Number));
	expect(Object.keys(item).length).toBeLessThanOrEqual(12);
});

test('off, the full item has its output right after the outcome', async () => {
	const { item } = onlyItem(await watch(seed('retab', 'parse'), { simplify: false }));
	expect(Object.keys(item).slice(0, 2)).toEqual(['outcome', 'output']);
	expect(item).toHaveProperty('run.output');
});

test('a failed run says why, under a name that makes n8n not run the node again', async () => {
	const { item, output } = onlyItem(await watch(seed('retab', 'parse', 'failed')));
	expect(output).toBe('Failed');
	expect(item).not.toHaveProperty('error');
	expect(item.failure).toEqual(expect.stringMatching(/\w: \w/));
});

test('Include Input Fields keeps what came in; the result wins', async () => {
	const id = seed('retab', 'parse');
	const kept = onlyItem(await watch(id, {}, { includeInputFields: true })).item;
	expect(kept).toMatchObject({ orderNumber: 7, status: 'completed', outcome: 'completed' });
	expect(onlyItem(await watch(id)).item).not.toHaveProperty('orderNumber');
});

test.each<[output: string, keys: unknown]>([
	['simplified', expect.not.arrayContaining(['model'])],
	['raw', expect.arrayContaining(['model', 'usage'])],
	['selected', ['id', 'output.text']],
])('an agent gets the %s output', async (output, keys) => {
	const id = seed('retab', 'parse');
	const { answers } = await lab.n8n.runAsTool({
		node: 'retab',
		parameters: {
			resource: 'parse',
			operation: 'get',
			output,
			fields: 'id, output.text',
			runId: { __rl: true, mode: 'id', value: id },
		},
		calls: [{}],
	});
	const [answer] = (answers[0] as { response: IDataObject[] }).response;
	expect(Object.keys(answer ?? {})).toEqual(keys);
});
