import { readFileSync } from 'node:fs';
import type { INodeParameters } from 'n8n-workflow';

import { eventually } from './support';
import { quick, sideBySide, useSandbox } from './support/sandbox-instance';

/** The nodes as tools of an AI agent, which only sees their first output and the texts of their errors. */

const lab = useSandbox();
const scenario = sideBySide();

const FROM_AI = "={{ $fromAI('runId', 'ID of the run', 'string') }}";
const byAi = { runId: { __rl: true, mode: 'id', value: FROM_AI } };

function watchTool(more: INodeParameters = {}, options: INodeParameters = {}): INodeParameters {
	return quick(
		{ operation: 'watch', provider: 'retab', resource: 'extraction', runId: FROM_AI, timeout: 20, ...more },
		options,
	);
}

describe('what the agent is told', () => {
	test.each<[description: string, node: string, parameters: INodeParameters]>([
		['Get extraction in Retab', 'retab', { resource: 'extraction', operation: 'get', ...byAi }],
		['Wait for job to finish in Retab', 'retab', { resource: 'job', operation: 'poll', ...byAi }],
		['Cancel extract run in Extend', 'extend', { resource: 'extractRun', operation: 'cancel', ...byAi }],
		['Get many workflow runs in Extend', 'extend', { resource: 'workflowRun', operation: 'getAll' }],
		['Wait for document run and cancel it on timeout in Timeout Cancel', 'timeoutCancel', watchTool()],
		[
			'Check document run once and cancel it when overdue in Timeout Cancel',
			'timeoutCancel',
			watchTool({ operation: 'check' }),
		],
		[
			'Find and cancel stuck document runs in Timeout Cancel',
			'timeoutCancel',
			{ operation: 'cleanup', provider: 'retab', resources: ['job'] },
		],
	])('%s', async (description, node, parameters) => {
		const { tool } = await lab.n8n.runAsTool({ node, parameters, calls: [] });
		expect(tool.description).toBe(description);
		const asksForRun = JSON.stringify(parameters).includes('fromAI');
		expect(tool.arguments).toEqual(
			asksForRun ? { runId: { type: 'string', description: 'ID of the run' } } : {},
		);
	});
});

describe.each(['engine', 'invoke'] as const)('an agent that calls the tool by %s', (style) => {
	scenario('gets a run of Retab', async () => {
		const { id } = lab.sandbox.createRun({ provider: 'retab', resource: 'parse' });
		const { answers } = await lab.n8n.runAsTool({
			node: 'retab',
			parameters: { resource: 'parse', operation: 'get', ...byAi },
			calls: [{ runId: id }],
			style,
		});
		expect(answers).toMatchObject([{ response: [{ id }] }]);
	});

	scenario('polls a run of Extend until it has ended', async () => {
		const { id } = lab.sandbox.createRun({
			provider: 'extend',
			resource: 'extractRun',
			steering: { durationMs: 500 },
		});
		const { answers } = await lab.n8n.runAsTool({
			node: 'extend',
			parameters: { resource: 'extractRun', operation: 'poll', options: { interval: 0.2 }, ...byAi },
			calls: [{ runId: id }],
			style,
		});
		expect(answers).toMatchObject([{ response: [{ id, status: 'PROCESSED' }] }]);
	});

	scenario('lists runs', async () => {
		const { id } = lab.sandbox.createRun({
			provider: 'retab',
			resource: 'partition',
			request: { document: { filename: `${style}.pdf` } },
		});
		const { answers } = await lab.n8n.runAsTool({
			node: 'retab',
			parameters: { resource: 'partition', operation: 'getAll', filters: { filename: style } },
			calls: [{}],
			style,
		});
		expect(answers).toMatchObject([{ response: [{ id }] }]);
	});

	/** One run for each output that the node has in a workflow. */
	const ends = [
		['completed', { durationMs: 300 }],
		['failed', { durationMs: 300, result: 'failed' }],
		['cancelled', { result: 'stuck' }],
	] as const;

	for (const [outcome, steering] of ends) {
		scenario(`watches a run that ends as ${outcome}: the answer is on the one output it sees`, async () => {
			const { id } = lab.sandbox.createRun({ provider: 'retab', resource: 'extraction', steering });
			const timeout = outcome === 'cancelled' ? 1 : 20;
			const { answers } = await lab.n8n.runAsTool({
				node: 'timeoutCancel',
				parameters: watchTool({ timeout }),
				calls: [{ runId: id }],
				style,
			});
			expect(answers).toMatchObject([{ response: [{ outcome, id }] }]);
		});
	}

	scenario('checks a run that is still running: so is that', async () => {
		const { id } = lab.sandbox.createRun({
			provider: 'extend',
			resource: 'extractRun',
			steering: { result: 'stuck' },
		});
		const { answers } = await lab.n8n.runAsTool({
			node: 'timeoutCancel',
			parameters: {
				operation: 'check',
				provider: 'extend',
				resource: 'extractRun',
				runId: FROM_AI,
				timeout: 3_600,
			},
			calls: [{ runId: id }],
			style,
		});
		expect(answers).toMatchObject([{ response: [{ outcome: 'stillRunning', id, status: 'PROCESSING' }] }]);
	});

	const errors: Array<
		[what: string, node: string, parameters: INodeParameters, runId: string, text: string]
	> = [
		[
			'an ID that cannot be one',
			'retab',
			{ resource: 'parse', operation: 'get', ...byAi },
			'../../secrets',
			'Parse: an ID may only hold letters, digits and _ - : ~ @ = +',
		],
		[
			'an ID that does not exist',
			'extend',
			{ resource: 'extractRun', operation: 'get', ...byAi },
			'exr_missing',
			'Extend did not find the run or resource (404): No extract_run with id exr_missing',
		],
		['an empty ID', 'timeoutCancel', watchTool(), ' ', 'Run ID is empty'],
	];
	for (const [what, node, parameters, runId, text] of errors) {
		scenario(`is told of ${what} as a text`, async () => {
			const { answers } = await lab.n8n.runAsTool({ node, parameters, calls: [{ runId }], style });
			expect(answers).toEqual([{ error: expect.stringContaining(text) }]);
		});
	}

	scenario('calls it more than once: each call has its own answer', async () => {
		const ids = [1, 2].map(() => lab.sandbox.createRun({ provider: 'retab', resource: 'edit' }).id);
		const { answers } = await lab.n8n.runAsTool({
			node: 'retab',
			parameters: { resource: 'edit', operation: 'get', ...byAi },
			calls: ids.map((runId) => ({ runId })),
			style,
		});
		expect(answers).toMatchObject(ids.map((id) => ({ response: [{ id }] })));
	});
});

describe('an agent that is stopped', () => {
	test('takes its tool along', async () => {
		const { id } = lab.sandbox.createRun({
			provider: 'retab',
			resource: 'extraction',
			steering: { result: 'stuck' },
		});
		const execution = lab.n8n.startAsTool({
			node: 'timeoutCancel',
			parameters: watchTool({ timeout: 60 }),
			calls: [{ runId: id }],
		});
		await eventually(() => lab.requestsAbout(id).length > 1);
		const result = await execution.stop();
		expect(result.status).toBe('canceled');
		expect(result.msAfterStop).toBeLessThan(500);
		expect(lab.sandbox.getRun(id)).toMatchObject({ cancelRequests: 0 });
	});
});

describe.each(['engine', 'invoke'] as const)('the example with tools, called by %s', (style) => {
	const { nodes } = JSON.parse(readFileSync('examples/agent-tools.json', 'utf8')) as {
		nodes: Array<{ name: string; type: string; parameters: INodeParameters }>;
	};

	/** Calls a tool of the example as an agent does. */
	async function call(name: string, id: string) {
		const tool = nodes.find((node) => node.name === name);
		expect(tool?.type).toBe('n8n-nodes-document-runs.retabTool');
		return await lab.n8n.runAsTool({
			node: 'retab',
			name,
			parameters: tool?.parameters,
			calls: [{ run_id: id }],
			style,
		});
	}

	scenario('Get Extraction reads, Cancel Extraction cancels', async () => {
		const { id } = lab.sandbox.createRun({
			provider: 'retab',
			resource: 'extraction',
			createdAt: Date.now() - 10_000,
			steering: { durationMs: 3_600_000 },
		});
		const read = await call('Get Extraction', id);
		expect(read.tool).toEqual({
			name: 'Get_Extraction',
			description: expect.stringMatching(/^Reads an extraction at Retab by its ID\./) as string,
			arguments: { run_id: { type: 'string', description: 'ID of the extraction, such as extr_01J9' } },
		});
		expect(read.answers).toMatchObject([{ response: [{ id, status: 'in_progress' }] }]);
		expect((await call('Cancel Extraction', id)).answers).toMatchObject([
			{ response: [{ id, status: 'cancelled' }] },
		]);
	});
});
