import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
	NodeOperationError,
	sleep,
	type INodeExecutionData,
	type INodeTypeDescription,
	type IPollFunctions,
} from 'n8n-workflow';

import { createTestInstance, eventually, type WorkflowJson } from '../support';
import {
	KEY,
	EchoApi,
	SignedApi,
	nodeType,
	instanceWith,
	getEachItem,
	threeOutputs,
	PATH,
	type Execute,
	startEcho,
} from './tinyNode';

/** Facts about n8n that this package relies on. How n8n runs workflows, tools of an agent and poll triggers. */

const echo = startEcho();

describe('as a tool of an AI agent', () => {
	const asTool: Partial<INodeTypeDescription> = {
		...threeOutputs,
		usableAsTool: true,
		description: 'Watches runs',
		properties: [
			{
				displayName: 'Resource',
				name: 'resource',
				type: 'options',
				options: [{ name: 'Job', value: 'job' }],
				default: 'job',
			},
			{
				displayName: 'Operation',
				name: 'operation',
				type: 'options',
				displayOptions: { show: { resource: ['job'] } },
				options: [{ name: 'Watch', value: 'watch', action: 'Watch a job' }],
				default: 'watch',
			},
			{ ...PATH, default: '' },
		],
	};
	const outputsSeen: Execute = async function () {
		const types = this.getNodeOutputs().map(({ type }) => type);
		const path = this.getNodeParameter('path', 0) as string;
		if (path === 'bad') throw new NodeOperationError(this.getNode(), 'The run id is not valid');
		return [[{ json: { types, path } }], [{ json: { seen: 'never' } }]];
	};
	const parameters = { path: "={{ $fromAI('runId', 'The id of the run', 'string') }}" };

	test.each(['engine', 'invoke'] as const)(
		'called by %s, the agent sees what the first output holds',
		async (style) => {
			const n8n = instanceWith(outputsSeen, asTool);

			const result = await n8n.runAsTool({
				node: 'tiny',
				name: 'Watch a run',
				parameters,
				calls: [{ runId: 'job_1' }, { runId: 'bad' }],
				style,
			});

			expect(result.status).toBe('success');
			expect(result.tool).toEqual({
				name: 'Watch_a_run',
				description: 'Watch a job in tiny',
				arguments: { runId: { type: 'string', description: 'The id of the run' } },
			});
			expect(result.answers).toEqual([
				{ response: [{ types: ['ai_tool'], path: 'job_1' }] },
				{ error: 'The run id is not valid' },
			]);
		},
	);

	test('stopping the agent stops the tool', async () => {
		const n8n = instanceWith(async function () {
			return await getEachItem.call(this).catch(() => []);
		}, asTool);
		echo.answerNext = () => 'never';

		const execution = n8n.startAsTool({ node: 'tiny', parameters: { path: '/x' }, calls: [{}] });
		const request = await eventually(() => echo.server.requests[0]);
		const result = await execution.stop();

		await eventually(() => request.aborted);
		expect(result.status).toBe('canceled');
	});

	test('a node that is not usable as a tool is refused', async () => {
		const n8n = instanceWith(outputsSeen);

		await expect(n8n.runAsTool({ node: 'tiny', calls: [] })).rejects.toThrow('not usable as a tool');
	});
});

describe('running workflow JSON', () => {
	/** Start → Edit Fields → tiny → If done: End, else Wait → tiny. */
	const loop: WorkflowJson = {
		nodes: [
			{ id: '1', name: 'When clicking', type: 'n8n-nodes-base.manualTrigger' },
			{
				id: '2',
				name: 'Edit Fields',
				type: 'n8n-nodes-base.set',
				typeVersion: 3.4,
				parameters: {
					assignments: {
						assignments: [
							{ id: 'a', name: 'run.id', value: '=job_{{ 1 + 1 }}', type: 'string' },
							{ id: 'b', name: 'round', value: '0', type: 'number' },
						],
					},
				},
			},
			{
				id: '3',
				name: 'Tiny',
				type: 'n8n-nodes-document-runs.tiny',
				credentials: { echoApi: { id: 'xyz', name: 'Of the author' } },
			},
			{
				id: '4',
				name: 'If',
				type: 'n8n-nodes-base.if',
				typeVersion: 2.2,
				parameters: {
					conditions: {
						options: { caseSensitive: true, leftValue: '', typeValidation: 'strict', version: 2 },
						combinator: 'and',
						conditions: [
							{
								id: 'c',
								leftValue: '={{ $json.round }}',
								rightValue: 3,
								operator: { type: 'number', operation: 'gte' },
							},
						],
					},
				},
			},
			{
				id: '5',
				name: 'Wait',
				type: 'n8n-nodes-base.wait',
				typeVersion: 1.1,
				parameters: { amount: 30, unit: 'seconds' },
			},
			{ id: '6', name: 'End', type: 'n8n-nodes-base.noOp' },
			{ id: '7', name: 'Note', type: 'n8n-nodes-base.stickyNote', parameters: { content: 'How to' } },
		].map((node) => ({ typeVersion: 1, position: [0, 0], parameters: {}, ...node })),
		connections: {
			'When clicking': { main: [[{ node: 'Edit Fields', type: 'main', index: 0 }]] },
			'Edit Fields': { main: [[{ node: 'Tiny', type: 'main', index: 0 }]] },
			Tiny: { main: [[{ node: 'If', type: 'main', index: 0 }]] },
			If: {
				main: [[{ node: 'End', type: 'main', index: 0 }], [{ node: 'Wait', type: 'main', index: 0 }]],
			},
			Wait: { main: [[{ node: 'Tiny', type: 'main', index: 0 }]] },
		},
	};
	const countRounds: Execute = async function () {
		const { apiKey } = await this.getCredentials('echoApi');
		return [
			this.getInputData().map(({ json }, item) => ({
				json: { ...json, apiKey, round: Number(json.round) + 1 },
				pairedItem: { item },
			})),
		];
	};

	test.each(['manual', 'trigger'] as const)('a loop in %s mode, with shorter waits', async (mode) => {
		const result = await instanceWith(countRounds).runWorkflow({
			workflow: loop,
			mode,
			parameters: { Wait: { amount: 0.01 } },
		});

		expect(result.status).toBe('success');
		expect(result.runsOf('Tiny')).toBe(3);
		expect(result.outputsOf('Tiny', 0)[0]?.[0]?.json.round).toBe(1);
		expect(result.outputsOf('End')[0]?.[0]?.json).toEqual({
			run: { id: 'job_2' },
			round: 3,
			apiKey: KEY,
		});
		expect(result.json).toEqual([[{ run: { id: 'job_2' }, round: 3, apiKey: KEY }]]);
	});

	test('pinned nodes do not run', async () => {
		const result = await instanceWith(countRounds).runWorkflow({
			workflow: loop,
			pinData: { Tiny: [{ round: 3 }] },
		});

		expect(result.json).toEqual([[{ round: 3 }]]);
		expect(result.decryptions).toEqual({});
	});

	test("the workflow's own pinned data counts in manual mode only", async () => {
		const workflow: WorkflowJson = { ...loop, pinData: { 'Edit Fields': [{ json: { round: 7 } }] } };
		const n8n = instanceWith(countRounds);
		const parameters = { Wait: { amount: 0.01 } };

		const manual = await n8n.runWorkflow({ workflow, mode: 'manual', parameters });
		const production = await n8n.runWorkflow({ workflow, mode: 'trigger', parameters });

		expect(manual.json[0]?.[0]?.round).toBe(8);
		expect(production.json[0]?.[0]?.round).toBe(3);
	});

	test('a workflow may be given as a file', async () => {
		const folder = String(process.env.N8N_USER_FOLDER);
		const file = join(folder, 'loop.json');
		mkdirSync(folder, { recursive: true });
		writeFileSync(file, JSON.stringify(loop));

		const result = await instanceWith(countRounds).runWorkflow({
			workflow: file,
			nodeUnderTest: 'Edit Fields',
			pinData: { Tiny: [{ round: 3 }] },
		});

		expect(result.json).toEqual([[{ run: { id: 'job_2' }, round: 0 }]]);
	});

	test('stopping ends a wait', async () => {
		const execution = instanceWith(countRounds).startWorkflow({ workflow: loop });
		await sleep(30);
		const result = await execution.stop();

		expect(result.status).toBe('canceled');
		expect(result.runsOf('Tiny')).toBe(1);
		expect(result.msAfterStop).toBeLessThan(500);
	});
});

describe('poll triggers', () => {
	/** Emits what is newer than the last poll. */
	const poll = async function (this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		const staticData = this.getWorkflowStaticData('node');
		const seen = Number(staticData.seen ?? 0);
		const { newest } = (await this.helpers.httpRequestWithAuthentication.call(this, 'echoApi', {
			url: echo.server.url,
		})) as { newest: number };
		staticData.seen = newest;
		staticData.polls = Number(staticData.polls ?? 0) + 1;
		return newest > seen ? [[{ json: { newest } }]] : null;
	};
	const n8n = createTestInstance({
		nodes: [nodeType('trigger', { poll }, { polling: true, inputs: [], group: ['trigger'] })],
		credentialTypes: [EchoApi, SignedApi],
		credentials: { echoApi: { apiKey: KEY } },
	});

	test('keep static data between polls, and store it when they emitted something', async () => {
		const trigger = n8n.activatePollTrigger({ node: 'trigger' });
		echo.answerNext = () => ({ body: { newest: 5 } });

		expect(await trigger.poll()).toEqual([[{ json: { newest: 5 } }]]);
		expect(await trigger.poll()).toBeNull();
		expect(trigger.stored()).toEqual({ seen: 5, polls: 1 });

		trigger.restart();
		expect(await trigger.poll()).toBeNull();
		echo.answerNext = () => ({ body: { newest: 6 } });
		expect(await trigger.poll()).toEqual([[{ json: { newest: 6 } }]]);
		expect(trigger.stored()).toEqual({ seen: 6, polls: 3 });
	});

	test('start with what was stored, and store nothing in manual mode', async () => {
		const trigger = n8n.activatePollTrigger({ node: 'trigger', mode: 'manual', staticData: { seen: 4 } });
		echo.answerNext = () => ({ body: { newest: 5 } });

		expect(await trigger.poll()).toEqual([[{ json: { newest: 5 } }]]);
		expect(trigger.stored()).toEqual({ seen: 4 });
	});
});

describe('the instance', () => {
	test('keeps its files in a temporary folder of its own', async () => {
		const folder = String(process.env.N8N_USER_FOLDER);

		await instanceWith(getEachItem).runWorkflow({ node: 'tiny' });

		expect(folder.startsWith(tmpdir())).toBe(true);
		expect(existsSync(join(folder, '.n8n', 'config'))).toBe(true);
	});

	test('names what is installed when a test asks for something else', async () => {
		const n8n = instanceWith(getEachItem);

		await expect(n8n.runWorkflow({ node: 'huge' })).rejects.toThrow(
			/Unknown node type "n8n-nodes-document-runs.huge". Installed: n8n-nodes-document-runs.tiny/,
		);
		await expect(n8n.runWorkflow({ node: 'tiny', credentials: { other: {} } })).rejects.toThrow(
			'Unknown credential type "other". Installed: echoApi, signedApi',
		);
		await expect(n8n.loadListSearch({ node: 'tiny', method: 'runs', path: 'runId' })).rejects.toThrow(
			'has no list search "runs"',
		);
		const workflow: WorkflowJson = { nodes: [], connections: {} };
		await expect(n8n.runWorkflow({ workflow })).rejects.toThrow('has no node of n8n-nodes-document-runs');
		await expect(n8n.runWorkflow({ workflow, parameters: { Wait: {} } })).rejects.toThrow(
			'The workflow has no node "Wait"',
		);
	});
});
