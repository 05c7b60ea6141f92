import type { INodeParameters } from 'n8n-workflow';

import { quick, useSandbox, type Provider } from './support/sandbox-instance';

/** Download File Into: the form that was filled, or the PDF that was edited, as a file of the item. */

const lab = useSandbox();

const KINDS: Array<[Provider, string]> = [
	['retab', 'edit'],
	['extend', 'editRun'],
];

function createRun(provider: Provider, resource: string, result = 'completed'): string {
	const steering = { durationMs: 200, result };
	return lab.sandbox.createRun({ provider, resource, steering } as Parameters<
		typeof lab.sandbox.createRun
	>[0]).id;
}

const run = async (node: string, parameters: INodeParameters, options: INodeParameters, id: string) => {
	const { timeout, ...own } = quick({ ...parameters, timeout: 60 }, options);
	return await lab.n8n.runWorkflow({
		node,
		parameters: node === 'timeoutCancel' ? { ...own, timeout } : own,
		items: [{ id }],
	});
};

const byId = { runId: { __rl: true, mode: 'id', value: '={{ $json.id }}' } };

describe.each(KINDS)('%s %s', (provider, resource) => {
	test('poll puts the file into the field named, with no key sent to the storage', async () => {
		const id = createRun(provider, resource);
		for (const simplify of [true, false]) {
			const parameters = { resource, operation: 'poll', simplify, ...byId };
			const result = await run(provider, parameters, { download: 'form' }, id);
			expect(result.error).toBeUndefined();
			expect(result.outputs[0]?.[0]?.binary?.form).toMatchObject({ mimeType: 'application/pdf' });
			expect(result.outputs[0]?.[0]?.binary?.form?.fileName).toMatch(/\.pdf$/);
		}
	});

	test('without the option, and from a run without a file, the item has none', async () => {
		const id = createRun(provider, resource);
		const parameters = { resource, operation: 'poll', ...byId };
		expect((await run(provider, parameters, {}, id)).outputs[0]?.[0]?.binary).toBeUndefined();
		const failed = createRun(provider, resource, 'failed');
		const result = await run(provider, parameters, { download: 'data' }, failed);
		expect(result.status).toBe('success');
		expect(result.outputs[0]?.[0]?.binary).toBeUndefined();
	});

	test('get does so as well, and says what to do when the file cannot be had', async () => {
		const id = createRun(provider, resource);
		await run(provider, { resource, operation: 'poll', ...byId }, {}, id);
		const parameters = { resource, operation: 'get', ...byId, options: { download: 'data' } };
		const get = () => lab.n8n.runWorkflow({ node: provider, parameters, items: [{ id }] });
		expect((await get()).outputs[0]?.[0]?.binary?.data).toBeDefined();
		lab.sandbox.plantFault({ path: 'GET /_storage/**', status: 403 });
		const { error } = await get();
		expect(error?.message).toMatch(
			/^The file of the run at .* could not be downloaded: its server answered 403/,
		);
		expect(error?.description).toContain('Get it again for a new link');
	});
});

test('Timeout Cancel does so when it has waited', async () => {
	const id = createRun('retab', 'edit');
	const parameters = { operation: 'watch', provider: 'retab', resource: 'edit' };
	const result = await run('timeoutCancel', parameters, { download: 'data' }, id);
	expect(result.json[0]).toMatchObject([{ outcome: 'completed' }]);
	expect(result.outputs[0]?.[0]?.binary?.data).toMatchObject({ mimeType: 'application/pdf' });
});
