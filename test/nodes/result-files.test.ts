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

describe('a run of Retab without the address of its file', () => {
	const PDF = Buffer.from('%PDF-1.7 filled');
	const get = (resource: string, id: string) =>
		lab.n8n.runWorkflow({
			node: 'retab',
			parameters: { resource, operation: 'get', ...byId, options: { download: 'data' } },
			items: [{ id }],
		});
	const edited = (more: object) => ({ output: { form_data: [], ...more } });
	const answer = (path: string, body: object) =>
		lab.sandbox.plantFault({ path: `GET ${path}`, status: 200, body });

	test.each<[resource: string, path: string, wrap: (edit: object) => object]>([
		['edit', '/v1/edits/edt_1', (edit) => ({ id: 'edt_1', status: 'completed', ...edit })],
		['job', '/v1/jobs/job_1', (edit) => ({ id: 'job_1', status: 'completed', response: { body: edit } })],
	])('%s: the stored file is asked for its link', async (resource, path, wrap) => {
		const stored = createRun('retab', 'edit');
		const expires = Date.now() + 60_000;
		const id = path.split('/').at(-1) ?? '';
		answer(
			path,
			wrap({
				...edited({ filled_document: { filename: '', url: '' } }),
				filled_document_ref: { id: 'file_7' },
			}),
		);
		answer('/v1/files/file_7/download-link', {
			download_url: `${lab.sandbox.url}/_storage/results/${stored}.pdf?expires=${expires}`,
			filename: 'filled.pdf',
		});
		await run('retab', { resource: 'edit', operation: 'poll', ...byId }, {}, stored);
		const result = await get(resource, id);
		expect(result.error).toBeUndefined();
		expect(result.outputs[0]?.[0]?.binary?.data).toMatchObject({
			mimeType: 'application/pdf',
			fileName: 'filled.pdf',
		});
	});

	test('a job with a data URL needs no request for it', async () => {
		const url = `data:application/pdf;base64,${PDF.toString('base64')}`;
		const body = edited({ filled_document: { filename: 'form.pdf', url } });
		answer('/v1/jobs/job_2', { id: 'job_2', status: 'completed', response: { body } });
		const before = lab.sandbox.requests.length;
		const file = (await get('job', 'job_2')).outputs[0]?.[0]?.binary?.data;
		expect(file).toMatchObject({ mimeType: 'application/pdf', fileName: 'form.pdf' });
		expect(Buffer.from(file?.data ?? '', 'base64').toString()).toBe(PDF.toString());
		expect(lab.sandbox.requests.length).toBe(before + 1);
	});

	test('a stored file that is gone: what to do is said', async () => {
		answer('/v1/edits/edt_3', {
			id: 'edt_3',
			status: 'completed',
			...edited({}),
			filled_document_ref: { id: 'file_gone' },
		});
		const { error } = await get('edit', 'edt_3');
		expect(error?.message).toMatch(/^Retab did not find the run or resource \(404\)/);
		expect(error?.description).toMatch(
			/^The run itself has ended well, but its file is not there .* take Download File Into out of the options\. A Retab key only sees files of its own environment\./,
		);
	});
});
