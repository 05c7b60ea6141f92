import type { INodeParameters } from 'n8n-workflow';

import { useSandbox, type Provider } from './support/sandbox-instance';

/** Fields that are picked from a list of the provider: what the drop-down shows, and that what is chosen is sent. */

const lab = useSandbox();

const locator = (value: string, mode = 'list') => ({ __rl: true, mode, value });

async function names(
	node: Provider | 'timeoutCancel',
	method: string,
	parameters: INodeParameters = {},
	filter?: string,
): Promise<string[]> {
	const { results } = await lab.n8n.loadListSearch({ node, parameters, method, path: 'x', filter });
	return results.map(({ name }) => name);
}

const inWorkflow = { workflowId: locator('wf_sandbox_invoices') };
const RUN = { resource: 'evalRun', operation: 'create', ...inWorkflow };

test.each<[provider: Provider, method: string, parameters: INodeParameters, first: string]>([
	['retab', 'retabWorkflowId', {}, 'Claims (wf_sandbox_claims)'],
	['retab', 'retabStartBlockId', RUN, 'Invoices to read (start-document)'],
	['retab', 'retabBlockId', RUN, 'Invoices to read (start-document)'],
	['retab', 'retabEvalId', RUN, 'Invoices eval (wfeval_of_wf_sandbox_invoices)'],
	['retab', 'retabExperimentId', RUN, 'Invoices experiment (exp_of_wf_sandbox_invoices)'],
	['retab', 'retabTemplateId', {}, 'Tax form (edittplt_sandbox_tax_form)'],
	['retab', 'retabFileId', {}, 'invoice.pdf (file_sandbox)'],
	['extend', 'extendExtractorId', {}, 'Contracts (ex_sandbox_contracts)'],
	['extend', 'extendClassifierId', {}, 'Claims (cl_sandbox_claims)'],
	['extend', 'extendSplitterId', {}, 'Bundles (spl_sandbox_bundles)'],
	['extend', 'extendWorkflowId', {}, 'Claims (workflow_sandbox_claims)'],
	['extend', 'extendFileId', {}, 'invoice.pdf (file_sandbox)'],
])('%s %s shows the name and then the ID', async (provider, method, parameters, first) => {
	expect((await names(provider, method, parameters))[0]).toBe(first);
});

test('start blocks are those that take a document or JSON', async () => {
	expect(await names('retab', 'retabStartBlockId', RUN)).toHaveLength(2);
	expect(await names('retab', 'retabBlockId', RUN)).toHaveLength(3);
});

describe('versions', () => {
	const parameters = {
		resource: 'extractRun',
		operation: 'create',
		extractorId: locator('ex_sandbox_invoices'),
	};
	const LATEST = 'Latest Published Version';

	test('are those of the chosen extractor, below the names that always work', async () => {
		expect(await names('extend', 'extendExtractorVersion', parameters)).toEqual([
			LATEST,
			'Draft, Not Published Yet',
			'1.0',
			'0.2',
			'0.1',
		]);
	});

	test('a search finds those names as well', async () => {
		expect(await names('extend', 'extendExtractorVersion', parameters, 'late')).toEqual([LATEST]);
		expect(await names('extend', 'extendExtractorVersion', parameters, '0.')).toEqual(['0.2', '0.1']);
	});

	test('of an extractor that is not chosen yet, or only known when the workflow runs', async () => {
		const of = (value: string) =>
			names('extend', 'extendExtractorVersion', { ...parameters, extractorId: locator(value, 'id') });
		expect(await of('')).toEqual(['Choose the extractor first']);
		expect(await of('={{ $json.extractor }}')).toEqual([
			'The extractor is an expression, so there is no list yet: choose By ID and type it in',
		]);
	});
});

test('a list that depends on a choice says what to choose first, and asks for nothing', async () => {
	const before = lab.sandbox.requests.length;
	expect(await names('retab', 'retabStartBlockId')).toEqual(['Choose the workflow first']);
	expect(lab.sandbox.requests.length).toBe(before);
});

test('the workflow may be chosen among the filters as well', async () => {
	const parameters = { resource: 'evalRun', operation: 'getAll', filters: inWorkflow };
	expect(await names('retab', 'retabEvalId', parameters)).toHaveLength(1);
});

test('search works, on the server where it can and in the page where not', async () => {
	expect(await names('retab', 'retabTemplateId', {}, 'order')).toEqual([
		'Order form (edittplt_sandbox_order_form)',
	]);
	expect(lab.listQueries('/v1/edits/templates').at(-1)).toContain('name=order');
	expect(await names('extend', 'extendExtractorId', {}, 'receipt')).toEqual([
		'Receipts (ex_sandbox_receipts)',
	]);
});

test('an empty list says which environment the key sees', async () => {
	const parameters = { ...RUN, workflowId: locator('wf_other') };
	expect((await names('retab', 'retabEvalId', parameters))[0]).toMatch(
		/^No evals of this workflow found\. The Retab key selects the environment/,
	);
});

test('a list that fails says why', async () => {
	const credentials = { retabApi: { apiKey: 'rt_wrong', baseUrl: lab.sandbox.url } };
	const failing = lab.n8n.loadListSearch({
		node: 'retab',
		method: 'retabWorkflowId',
		path: 'x',
		parameters: {},
		credentials,
	});
	await expect(failing).rejects.toThrow(/^Retab refused the API key \(401\)/);
});

test('Timeout Cancel filters by a workflow picked from the list of the chosen provider', async () => {
	expect((await names('timeoutCancel', 'extendWorkflowId', { provider: 'extend' }))[0]).toMatch(
		/^Claims \(workflow_/,
	);
});

const fromFile = { documentSource: 'fileId', fileId: locator('file_sandbox') };

test.each<[provider: Provider, path: string, parameters: INodeParameters, sent: object]>([
	[
		'extend',
		'/extract_runs',
		{
			resource: 'extractRun',
			...fromFile,
			extractorId: locator('ex_sandbox_invoices'),
			extractorVersion: locator('1.0'),
		},
		{ extractor: { id: 'ex_sandbox_invoices', version: '1.0' }, file: { id: 'file_sandbox' } },
	],
	[
		'retab',
		'/v1/workflows/evals/runs',
		{ resource: 'evalRun', ...inWorkflow, scope: 'single', evalId: locator('wfeval_1', 'id') },
		{ workflow_id: 'wf_sandbox_invoices', scope: { type: 'single', eval_id: 'wfeval_1' } },
	],
	[
		'retab',
		'/v1/workflows/runs',
		{
			resource: 'workflowRun',
			...inWorkflow,
			documents: { rows: [{ ...fromFile, blockId: locator('start-document') }] },
		},
		{
			workflow_id: 'wf_sandbox_invoices',
			documents: { 'start-document': expect.anything() as object },
		},
	],
])('%s %s: what was picked is sent', async (node, path, parameters, sent) => {
	await lab.n8n.runWorkflow({ node, parameters: { operation: 'create', ...parameters } });
	const request = lab.sandbox.requests.filter((one) => one.path === path && one.method === 'POST').at(-1);
	expect(JSON.parse(request?.body ?? '{}')).toMatchObject(sent);
});

test('a filter that was picked is sent', async () => {
	const parameters = { resource: 'workflowRun', operation: 'getAll', filters: inWorkflow };
	await lab.n8n.runWorkflow({ node: 'retab', parameters });
	expect(lab.listQueries('/v1/workflows/runs').at(-1)).toContain('workflow_id=wf_sandbox_invoices');
});
