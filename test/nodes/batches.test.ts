import type { IDataObject, INode, INodeParameters } from 'n8n-workflow';

import { type WorkflowJson, type WorkflowResult } from './support';
import { onlyItem, quick, useSandbox } from './support/sandbox-instance';

/** Batches of Extend: started with one request, watched as one run, and their runs paired to the items that started them. */

const lab = useSandbox();

const FROM_URL = { documentSource: 'url', documentUrl: '={{ $json.url }}' };
const EXTRACTOR = { resource: 'extractRun', extractorId: 'ex_sandbox_invoices' };
const STEERED = (steering: Record<string, string>) => ({
	additionalFields: {
		metadata: {
			pairs: Object.entries(steering).map(([name, value]) => ({ name: `sandbox_${name}`, value })),
		},
	},
});

function documents(count: number, more: IDataObject = {}): IDataObject[] {
	return Array.from({ length: count }, (_, at) => ({ url: `https://files.example.com/${at}.pdf`, ...more }));
}

function createBatch(
	items: IDataObject[],
	parameters: INodeParameters = {},
	more: { onError?: 'continueRegularOutput' } = {},
): Promise<WorkflowResult> {
	return lab.n8n.runWorkflow({
		node: 'extend',
		parameters: { ...EXTRACTOR, ...FROM_URL, operation: 'createBatch', ...parameters },
		items,
		...more,
	});
}

interface Sent {
	path: string;
	body: IDataObject & { inputs: IDataObject[] };
}

function sentBatches(): Sent[] {
	return lab.sandbox.requests.flatMap(({ method, path, body }) =>
		method === 'POST' && path.endsWith('/batch')
			? [{ path, body: JSON.parse(body ?? '{}') as Sent['body'] }]
			: [],
	);
}

beforeEach(() => lab.sandbox.reset());

describe('Create Batch', () => {
	test('items become the inputs of one request, in their order', async () => {
		const result = await createBatch(documents(3), {
			extractorVersion: 'latest',
			additionalFields: {
				priority: 7,
				overrideConfig: '{ "rules": ["be exact"] }',
				metadata: { pairs: [{ name: 'row', value: '={{ $itemIndex }}' }] },
			},
		});
		expect(result.error).toBeUndefined();
		expect(sentBatches()).toEqual([
			{
				path: '/extract_runs/batch',
				body: {
					extractor: {
						id: 'ex_sandbox_invoices',
						version: 'latest',
						overrideConfig: { rules: ['be exact'] },
					},
					priority: 7,
					inputs: [0, 1, 2].map((at) => ({
						file: { url: `https://files.example.com/${at}.pdf` },
						metadata: { row: String(at), n8n_item_index: at },
					})),
				},
			},
		]);
		expect(result.json[0]).toEqual([
			{
				object: 'batch_run',
				id: expect.stringMatching(/^bpr_/) as unknown,
				status: 'PENDING',
				runCount: 3,
				createdAt: expect.any(String) as unknown,
			},
		]);
		expect(result.outputs[0]?.[0]?.pairedItem).toEqual([{ item: 0 }, { item: 1 }, { item: 2 }]);
		expect(result.hints.map(({ message }) => message)).toEqual([
			'1 batch of extract runs started. Connect Timeout Cancel with the resource Batch Run to wait for it, then Get Batch for the results.',
		]);
	});

	test('more than 1,000 items become several batches', async () => {
		const result = await createBatch(documents(1_001), { simplify: true });
		expect(lab.sandbox.requests.map(({ path }) => path)).toEqual([
			'/extract_runs/batch',
			'/extract_runs/batch',
		]);
		expect(result.json[0]).toMatchObject([{ runCount: 1_000 }, { runCount: 1 }]);
		expect(result.outputs[0]?.[1]?.pairedItem).toEqual([{ item: 1_000 }]);
	}, 60_000);

	test('items with other settings are a batch of their own', async () => {
		const items = documents(4).map(({ url }, at) => ({ url, extractor: `ex_${at % 2}` }));
		await createBatch(items, { extractorId: '={{ $json.extractor }}' });
		expect(sentBatches().map(({ body }) => [body.extractor, body.inputs.map(({ file }) => file)])).toEqual([
			[{ id: 'ex_0' }, [{ url: items[0]?.url }, { url: items[2]?.url }]],
			[{ id: 'ex_1' }, [{ url: items[1]?.url }, { url: items[3]?.url }]],
		]);
	});

	test.each<[resource: string, parameters: INodeParameters, shared: IDataObject]>([
		[
			'classifyRun',
			{ classifierId: 'cl_1', documentSource: 'text', documentText: 'Hello' },
			{ classifier: { id: 'cl_1' } },
		],
		['splitRun', { splitterId: 'spl_1' }, { splitter: { id: 'spl_1' } }],
		[
			'parseRun',
			{
				additionalFields: { config: '{ "target": "markdown" }' },
				documentSource: 'text',
				documentText: 'Hello',
			},
			{ config: { target: 'markdown' } },
		],
	])('a batch of %s', async (resource, parameters, shared) => {
		const result = await createBatch(documents(2), { resource, ...parameters });
		expect(result.error).toBeUndefined();
		const [{ body } = {} as Sent] = sentBatches();
		expect(body).toEqual({ ...shared, inputs: [expect.anything(), expect.anything()] });
		expect(result.json[0]).toMatchObject([{ object: 'batch_run', runCount: 2 }]);
	});

	test('a batch of workflow runs is only an ID, and secrets belong to each run', async () => {
		const parameters = {
			resource: 'workflowRun',
			workflowId: 'workflow_1',
			additionalFields: { secrets: '={{ { key: $itemIndex } }}' },
		};
		const result = await createBatch(documents(2), { ...parameters, simplify: true });
		expect(result.json[0]).toEqual([{ id: expect.stringMatching(/^batch_/) as unknown }]);
		expect(sentBatches()[0]?.body.inputs.map(({ secrets }) => secrets)).toEqual([{ key: 0 }, { key: 1 }]);
		expect(result.hints[0]?.message).toContain('Extend does not tell the status of such a batch');
	});

	test('files are uploaded first, each once', async () => {
		const file = { content: '%PDF-1.4', fileName: 'a.pdf', mimeType: 'application/pdf' };
		const items = [
			await lab.n8n.binaryItem({}, { data: file }),
			await lab.n8n.binaryItem({}, { data: file }),
		];
		await lab.n8n.runWorkflow({
			node: 'extend',
			parameters: { ...EXTRACTOR, operation: 'createBatch', documentSource: 'binary' },
			items,
		});
		expect(lab.sandbox.requests.map(({ path }) => path)).toEqual([
			'/files/upload',
			'/files/upload',
			'/extract_runs/batch',
		]);
		const ids = sentBatches()[0]?.body.inputs.map(({ file: sent }) => (sent as IDataObject).id);
		expect(new Set(ids).size).toBe(2);
	});

	test('one wrong item: nothing is sent', async () => {
		const { error } = await createBatch([...documents(2), { url: '' }]);
		expect(error?.message).toMatch(/^Document URL is empty.* \[item 2\]$/);
		expect(lab.sandbox.requests).toEqual([]);
	});

	test('with On Error: Continue, the good items are started', async () => {
		const result = await createBatch(
			[{ url: '' }, ...documents(2)],
			{},
			{ onError: 'continueRegularOutput' },
		);
		expect(result.json[0]).toMatchObject([{ error: expect.any(String) as unknown }, { runCount: 2 }]);
		expect(result.outputs[0]?.[1]?.pairedItem).toEqual([{ item: 1 }, { item: 2 }]);
		expect(sentBatches()[0]?.body.inputs.map(({ metadata }) => metadata)).toEqual([
			{ n8n_item_index: 1 },
			{ n8n_item_index: 2 },
		]);
	});

	test('a batch whose answer is lost is not sent again', async () => {
		lab.sandbox.plantFault({ path: '/extract_runs/batch', status: 502, count: 1 });
		const { error } = await createBatch(documents(2));
		expect(error?.message).toMatch(/^It is not known whether the batch was started\. /);
		expect(error?.description).toMatch(
			/could start 2 runs twice\. Look for them with Get Many, newest first, before/,
		);
		expect(sentBatches()).toHaveLength(1);
	});

	test('a refusal fails all items of the batch', async () => {
		const result = await createBatch(
			documents(2, { extractor: 'ex_1' }),
			{ documentSource: 'fileId', fileId: 'file_nowhere' },
			{ onError: 'continueRegularOutput' },
		);
		expect(result.json[0]).toMatchObject([
			{ error: expect.stringContaining('No file with id file_nowhere') as unknown },
			{ error: expect.stringContaining('No file with id file_nowhere') as unknown },
		]);
	});
});

/** A chain of nodes, each in front of the next. */
function chain(...nodes: Array<Pick<INode, 'name' | 'type' | 'typeVersion' | 'parameters'>>): WorkflowJson {
	const placed = nodes.map((node, at) => ({
		...node,
		id: node.name,
		position: [at * 200, 0] as [number, number],
	}));
	const connections = placed.slice(1).map(({ name }, at) => {
		const before = placed[at]?.name ?? '';
		return [before, { main: [[{ node: name, type: 'main' as const, index: 0 }]] }];
	});
	return { nodes: placed, connections: Object.fromEntries(connections) as WorkflowJson['connections'] };
}

const MANUAL = { name: 'Start', type: 'n8n-nodes-base.manualTrigger', typeVersion: 1, parameters: {} };
const extendNode = (name: string, parameters: INodeParameters) => ({
	name,
	type: 'n8n-nodes-document-runs.extend',
	typeVersion: 1,
	parameters,
});
const setNode = (name: string, fields: Record<string, string>) => ({
	name,
	type: 'n8n-nodes-base.set',
	typeVersion: 3.4,
	parameters: {
		assignments: {
			assignments: Object.entries(fields).map(([field, value]) => ({
				id: field,
				name: field,
				type: 'string',
				value,
			})),
		},
		options: {},
	},
});

describe('Get Batch', () => {
	const runId = { runId: { __rl: true, mode: 'id', value: '={{ $json.id }}' } };

	test('its runs are paired to the items that started them, also behind Timeout Cancel', async () => {
		const result = await lab.n8n.runWorkflow({
			workflow: chain(
				MANUAL,
				extendNode('Create Batch', {
					...EXTRACTOR,
					...FROM_URL,
					operation: 'createBatch',
					...STEERED({ duration_ms: '={{ 300 - 100 * $itemIndex }}' }),
				}),
				{
					name: 'Timeout Cancel',
					type: 'n8n-nodes-document-runs.timeoutCancel',
					typeVersion: 1,
					parameters: quick({ provider: 'extend', resource: 'batchRun', operation: 'watch', timeout: 20 }),
				},
				extendNode('Get Batch', { resource: 'extractRun', operation: 'getBatch', ...runId }),
				setNode('After', {
					url: "={{ $('Start').item.json.url }}",
					file: '={{ $json.fileName }}',
					outcome: "={{ $('Timeout Cancel').item.json.outcome }}",
					total: '={{ $json.output.total }}',
				}),
			),
			pinData: { Start: documents(3) },
			mode: 'manual',
			nodeUnderTest: 'After',
		});
		expect(result.error).toBeUndefined();
		expect(result.outputsOf('Timeout Cancel')[0]?.map(({ json }) => json)).toMatchObject([
			{ outcome: 'completed', resource: 'batchRun', status: 'PROCESSED' },
		]);
		expect(result.json[0]).toEqual(
			[0, 1, 2].map((at) => ({
				url: `https://files.example.com/${at}.pdf`,
				file: `${at}.pdf`,
				outcome: 'completed',
				total: expect.anything() as unknown,
			})),
		);
	});

	test('runs of a batch that was started elsewhere belong to the item of the batch', async () => {
		const batchId = lab.sandbox.createRun({ provider: 'extend', resource: 'batchRun' }).id;
		for (const filename of ['a', 'b'])
			lab.sandbox.createRun({
				provider: 'extend',
				resource: 'parseRun',
				batchId,
				request: { file: { url: `https://files.example.com/${filename}.pdf` } },
			});
		const result = await lab.n8n.runWorkflow({
			node: 'extend',
			parameters: { resource: 'parseRun', operation: 'getBatch', ...runId },
			items: [{ id: batchId }],
		});
		expect(result.json[0]).toHaveLength(2);
		expect(result.outputs[0]?.map(({ pairedItem }) => pairedItem)).toEqual([[{ item: 0 }], [{ item: 0 }]]);
	});

	test('an empty answer says what to check', async () => {
		const { json, hints } = await lab.n8n.runWorkflow({
			node: 'extend',
			parameters: { resource: 'splitRun', operation: 'getBatch', ...runId },
			items: [{ id: 'bpr_of_others' }],
		});
		expect(json[0]).toEqual([]);
		expect(hints[0]?.message).toMatch(
			/^No split runs found in a batch\. Check its ID, and that it is a batch of split runs\./,
		);
	});
});

describe('a batch whose time is up', () => {
	interface Member {
		steering: NonNullable<Parameters<typeof lab.sandbox.createRun>[0]['steering']>;
		resource?: 'extractRun' | 'parseRun';
	}

	function seedBatch(members: Member[]): { batchId: string; ids: string[] } {
		const batchId = `bpr_${Math.random().toString(36).slice(2)}`;
		const ids = members.map(
			({ steering, resource = 'extractRun' }) =>
				lab.sandbox.createRun({ provider: 'extend', resource, batchId, steering }).id,
		);
		lab.sandbox.createRun({ provider: 'extend', resource: 'batchRun', id: batchId, members: ids });
		return { batchId, ids };
	}

	async function guard(batchId: string, more: INodeParameters = {}) {
		return onlyItem(
			await lab.n8n.runWorkflow({
				node: 'timeoutCancel',
				parameters: quick(
					{ provider: 'extend', resource: 'batchRun', operation: 'watch', timeout: 1, ...more },
					{ confirmFor: 3 },
				),
				items: [{ id: batchId }],
			}),
		);
	}

	test('its members are cancelled, each confirmed, and counted', async () => {
		const { batchId, ids } = seedBatch([
			{ steering: { result: 'stuck' } },
			{ steering: { durationMs: 100 } },
			{ steering: { durationMs: 100, result: 'failed' } },
			{ steering: { result: 'stuck' } },
		]);
		const { output, item } = await guard(batchId, { simplify: true });
		expect(output).toBe('Timed Out');
		expect(item).toMatchObject({
			outcome: 'cancelled',
			id: batchId,
			timedOut: true,
			members: { cancelled: 2, completed: 1, failed: 1 },
			cancel: { attempts: 2, confirmedAt: expect.any(String) as unknown },
		});
		expect(ids.map((id) => lab.sandbox.getRun(id)?.phase)).toEqual([
			'cancelled',
			'completed',
			'failed',
			'cancelled',
		]);
		expect(lab.sandbox.requests.filter(({ path }) => path === `/batch_runs/${batchId}/cancel`)).toEqual([]);
	});

	test('a member that waits is cancelled as soon as it runs', async () => {
		const { batchId } = seedBatch([
			{ steering: { result: 'stuck', pendingMs: 2_000 }, resource: 'parseRun' },
			{ steering: { result: 'stuck' }, resource: 'parseRun' },
		]);
		const { item } = await guard(batchId);
		expect(item).toMatchObject({ outcome: 'cancelled', members: { cancelled: 2 } });
	});

	test('as long as one may go on, the batch is not called cancelled', async () => {
		const { batchId } = seedBatch([
			{ steering: { result: 'stuck' } },
			{ steering: { result: 'stuck', cancel: 'ignored' } },
		]);
		const { output, item } = await guard(batchId);
		expect(output).toBe('Timed Out');
		expect(item).toMatchObject({
			outcome: 'cancelPending',
			members: { cancelled: 1, cancelPending: 1 },
			cancel: { confirmedAt: null },
		});
	});

	test('members that finish first: the batch has completed', async () => {
		const { batchId } = seedBatch([{ steering: { result: 'stuck', cancel: 'finishes_first' } }]);
		const { output, item } = await guard(batchId);
		expect([output, item.outcome, item.members]).toEqual(['Completed', 'completed', { completed: 1 }]);
	});

	test('a list that fails: the batch may still be going on', async () => {
		const { batchId } = seedBatch([{ steering: { result: 'stuck' } }]);
		lab.sandbox.plantFault({ path: '/extract_runs', method: 'GET', status: 422, count: 'always' });
		const { output, item } = await guard(batchId);
		expect([output, item.outcome]).toEqual(['Failed', 'unreachable']);
		expect(item.lastError).toMatchObject({ httpCode: 422 });
	});

	test('lists that show no member say so', async () => {
		const batchId = lab.sandbox.createRun({
			provider: 'extend',
			resource: 'batchRun',
			steering: { result: 'stuck' },
		}).id;
		const { output, item } = await guard(batchId);
		expect([output, item.outcome]).toEqual(['Timed Out', 'notCancellable']);
		expect(item.lastError).toMatchObject({
			message: expect.stringMatching(/no member of the batch/) as unknown,
		});
	});

	test('the operation Cancel does the same at once', async () => {
		const { batchId, ids } = seedBatch([
			{ steering: { result: 'stuck' } },
			{ steering: { result: 'stuck' } },
		]);
		const result = await lab.n8n.runWorkflow({
			node: 'extend',
			parameters: {
				resource: 'batchRun',
				operation: 'cancel',
				runId: { __rl: true, mode: 'id', value: batchId },
			},
		});
		expect(result.error).toBeUndefined();
		expect(result.json[0]).toMatchObject([{ id: batchId, status: 'CANCELLED' }]);
		expect(ids.map((id) => lab.sandbox.getRun(id)?.phase)).toEqual(['cancelled', 'cancelled']);
	});
});
