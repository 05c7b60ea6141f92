import {
	NodeConnectionTypes,
	type EngineRequest,
	type EngineResponse,
	type IConnections,
	type IDataObject,
	type IExecuteFunctions,
	type INode,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import type { WorkflowResult } from './run';
import { START_NODE, type WorkflowJson } from './workflow';

/**
 * How the agent uses the tool. `engine`: n8n's current agent asks the engine to run the tool's node and reads the
 * stored result. `invoke`: older agents, and agents inside agents, call the tool object themselves.
 */
export type ToolCallStyle = 'engine' | 'invoke';

/** What a language model is told about the tool. */
export interface ToolDefinition {
	name: string;
	description: string;
	/** Arguments by name; one for each `$fromAI(…)` in the node's parameters. */
	arguments: Record<string, { type: string; description?: string }>;
}

/** What the agent hands back to the language model after one call: an answer, or the message of an error. */
export type ToolAnswer = { response: unknown } | { error: string };

export interface ToolResult extends WorkflowResult {
	tool: ToolDefinition;
	/** One for each call, in order. */
	answers: ToolAnswer[];
}

/** The part of LangChain's tool object that an agent uses. */
interface ConnectedTool {
	name: string;
	description: string;
	schema: { shape: Record<string, { description?: string; _def: { typeName: string } }> };
	invoke(toolArguments: IDataObject): Promise<string>;
}

export const AGENT_TYPE = '@n8n/n8n-nodes-langchain.agent';

const AGENT_NODE = 'AI Agent';

interface AgentOutput extends IDataObject {
	tool: ToolDefinition & IDataObject;
	answers: Array<ToolAnswer & IDataObject>;
}

/** An agent without a language model: it calls its one connected tool with the arguments written in its parameters. */
export class ScriptedAgent implements INodeType {
	description: INodeTypeDescription = {
		name: 'agent',
		displayName: AGENT_NODE,
		description: 'Calls the connected tool as told',
		group: ['transform'],
		version: 1,
		defaults: { name: AGENT_NODE },
		inputs: [NodeConnectionTypes.Main, { type: NodeConnectionTypes.AiTool, required: true }],
		outputs: [NodeConnectionTypes.Main],
		properties: [
			{ displayName: 'Calls', name: 'calls', type: 'json', default: '[]' },
			{ displayName: 'Style', name: 'style', type: 'string', default: 'engine' },
			{ displayName: 'Tool Node', name: 'toolNode', type: 'string', default: '' },
		],
	};

	async execute(
		this: IExecuteFunctions,
		response?: EngineResponse,
	): Promise<INodeExecutionData[][] | EngineRequest> {
		const calls = JSON.parse(this.getNodeParameter('calls', 0) as string) as IDataObject[];
		const tools = (await this.getInputConnectionData(NodeConnectionTypes.AiTool, 0)) as ConnectedTool[];
		const [tool] = tools;
		if (tool === undefined) throw new Error('The agent has no tool');

		let answers: ToolAnswer[] = [];
		if (this.getNodeParameter('style', 0) === 'invoke') {
			for (const call of calls) answers.push(await invoke(tool, call));
		} else if (calls.length > 0 && !response?.actionResponses.length) {
			return askEngine(this.getNodeParameter('toolNode', 0) as string, calls);
		} else {
			answers = (response?.actionResponses ?? []).map(readStoredAnswer);
		}
		return [[{ json: { tool: define(tool), answers }, pairedItem: { item: 0 } }]];
	}
}

function define({ name, description, schema }: ConnectedTool): ToolDefinition {
	const described = Object.entries(schema.shape).map(([key, argument]) => {
		const type = argument._def.typeName.replace('Zod', '').toLowerCase();
		return [key, { type, ...(argument.description ? { description: argument.description } : {}) }];
	});
	return { name, description, arguments: Object.fromEntries(described) };
}

async function invoke(tool: ConnectedTool, toolArguments: IDataObject): Promise<ToolAnswer> {
	try {
		const text = await tool.invoke(toolArguments);
		return { response: parse(text) };
	} catch (error) {
		return { error: (error as Error).message };
	}
}

function parse(text: string | undefined): unknown {
	if (text === undefined) return undefined;
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}

function askEngine(nodeName: string, calls: IDataObject[]): EngineRequest {
	return {
		actions: calls.map((input, index) => ({
			actionType: 'ExecutionNodeAction',
			nodeName,
			input,
			type: NodeConnectionTypes.AiTool,
			id: `call-${index}`,
			metadata: { itemIndex: 0 },
		})),
		metadata: {},
	};
}

function readStoredAnswer({ data }: EngineResponse['actionResponses'][number]): ToolAnswer {
	if (data.error !== undefined) return { error: data.error.message };
	return { response: data.data?.[NodeConnectionTypes.AiTool]?.[0]?.map(({ json }) => json) };
}

export interface ToolWorkflowOptions {
	/** The node under test, already of its tool variant's type. */
	toolNode: INode;
	calls: IDataObject[];
	style: ToolCallStyle;
}

/** A start node, the agent, and the tool connected to it. */
export function toolWorkflow({ toolNode, calls, style }: ToolWorkflowOptions): WorkflowJson {
	const start: INode = {
		id: 'id-of-start',
		name: START_NODE,
		type: 'n8n-nodes-base.manualTrigger',
		typeVersion: 1,
		position: [0, 0],
		parameters: {},
	};
	const agent: INode = {
		id: 'id-of-agent',
		name: AGENT_NODE,
		type: AGENT_TYPE,
		typeVersion: 1,
		position: [200, 0],
		parameters: { calls: JSON.stringify(calls), style, toolNode: toolNode.name },
	};
	const connections: IConnections = {
		[START_NODE]: { main: [[{ node: AGENT_NODE, type: NodeConnectionTypes.Main, index: 0 }]] },
		[toolNode.name]: {
			ai_tool: [[{ node: AGENT_NODE, type: NodeConnectionTypes.AiTool, index: 0 }]],
		},
	};
	return {
		name: `${toolNode.name} as a tool`,
		nodes: [start, agent, toolNode],
		connections,
		pinData: { [START_NODE]: [{ json: {} }] },
	};
}

/** Adds what the agent saw to the result of its workflow. */
export function readToolResult(result: WorkflowResult): ToolResult {
	const [item] = result.outputsOf(AGENT_NODE)[0] ?? [];
	if (item === undefined) {
		const reason = result.error?.message ?? `status ${result.status}`;
		throw new Error(`The agent's workflow ended before the agent did: ${reason}`);
	}
	const { tool, answers } = item.json as AgentOutput;
	return { ...result, tool, answers };
}
