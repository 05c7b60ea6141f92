import './environment';

import {
	deepCopy,
	NodeConnectionTypes,
	NodeHelpers,
	Workflow,
	type IConnections,
	type IDataObject,
	type INode,
	type INodeCredentials,
	type INodeExecutionData,
	type INodeParameters,
	type IPinData,
	type IWorkflowSettings,
} from 'n8n-workflow';

import type { InstalledNodeTypes } from './node-types';

export type InputItems = ReadonlyArray<IDataObject | INodeExecutionData>;

const NODE_SETTINGS = [
	'onError',
	'continueOnFail',
	'retryOnFail',
	'maxTries',
	'waitBetweenTries',
	'alwaysOutputData',
	'executeOnce',
] as const;

/** The settings a user finds on a node's Settings tab. */
export type NodeSettings = Partial<Pick<INode, (typeof NODE_SETTINGS)[number]>>;

/** One node between a start node that emits `items` and an end node for each of its outputs. */
export interface SingleNodeWorkflow extends NodeSettings {
	/** Type name: `timeoutCancel`, or a full one such as `n8n-nodes-base.set`. */
	node: string;
	/** Defaults to the newest version of the type. */
	typeVersion?: number;
	/** The node's name in the workflow; defaults to its display name. */
	name?: string;
	/** As in the editor: fields left out have their default, values that start with `=` are expressions. */
	parameters?: INodeParameters;
	/** JSON of each item, or whole items (with `json`, `binary`, `pairedItem`). Defaults to one empty item. */
	items?: InputItems;
	/** Fields of the end nodes, as expressions over each item that arrives: `{ from: "={{ $('Start').item.json.id }}" }`. */
	collect?: Record<string, string>;
	settings?: IWorkflowSettings;
}

/** A workflow as n8n exports it. */
export interface WorkflowJson {
	name?: string;
	nodes: INode[];
	connections: IConnections;
	settings?: IWorkflowSettings;
	pinData?: IPinData;
}

export const START_NODE = 'Start';

export const WORKFLOW_ID = 'workflow-under-test';

const GRID = 200;

const ITEM_KEYS = new Set(['json', 'binary', 'pairedItem', 'error', 'metadata']);

export function toItems(items: InputItems): INodeExecutionData[] {
	return items.map((item) => {
		const whole = isItem(item) ? item : { json: item };
		return { ...whole, json: deepCopy(whole.json) };
	});
}

function isItem(item: IDataObject | INodeExecutionData): item is INodeExecutionData {
	const { json } = item;
	if (typeof json !== 'object' || json === null || Array.isArray(json)) return false;
	return Object.keys(item).every((key) => ITEM_KEYS.has(key));
}

/** The name of the end node behind an output of a {@link SingleNodeWorkflow}. */
export function endNodeName(outputIndex: number): string {
	return `After output ${outputIndex}`;
}

/** Builds the node of a {@link SingleNodeWorkflow} alone. */
export function createNode(nodeTypes: InstalledNodeTypes, single: SingleNodeWorkflow): INode {
	const type = nodeTypes.fullName(single.node);
	const typeVersion = single.typeVersion ?? nodeTypes.latestVersion(type);
	const settings = NODE_SETTINGS.filter((setting) => single[setting] !== undefined);
	return {
		id: `id-of-${single.node}`,
		name: single.name ?? nodeTypes.getByNameAndVersion(type, typeVersion).description.displayName,
		type,
		typeVersion,
		position: [GRID, 0],
		parameters: deepCopy(single.parameters ?? {}),
		...Object.fromEntries(settings.map((setting) => [setting, single[setting]])),
	};
}

/** Writes out the workflow that a {@link SingleNodeWorkflow} stands for. */
export function expandSingleNode(
	nodeTypes: InstalledNodeTypes,
	single: SingleNodeWorkflow,
): WorkflowJson & { nodeUnderTest: string } {
	const node = createNode(nodeTypes, single);
	const outputs = mainOutputCount(nodeTypes, node);
	const endNodes = Array.from({ length: outputs }, (_, index) => createEndNode(index, single.collect));
	const start: INode = {
		id: 'id-of-start',
		name: START_NODE,
		type: 'n8n-nodes-base.manualTrigger',
		typeVersion: 1,
		position: [0, 0],
		parameters: {},
	};
	return {
		name: `Test of ${node.name}`,
		nodes: [start, node, ...endNodes],
		connections: {
			[START_NODE]: { main: [[{ node: node.name, type: NodeConnectionTypes.Main, index: 0 }]] },
			[node.name]: {
				main: endNodes.map(({ name }) => [{ node: name, type: NodeConnectionTypes.Main, index: 0 }]),
			},
		},
		settings: single.settings,
		pinData: { [START_NODE]: toItems(single.items ?? [{}]) },
		nodeUnderTest: node.name,
	};
}

function createEndNode(outputIndex: number, collect?: Record<string, string>): INode {
	// A type that n8n does not know leaves the value as the expression made it.
	const assignments = Object.entries(collect ?? {}).map(([name, value]) => ({
		id: name,
		name,
		value,
		type: 'any',
	}));
	const position: INode['position'] = [2 * GRID, outputIndex * GRID];
	const id = `id-of-end-${outputIndex}`;
	const name = endNodeName(outputIndex);
	if (collect === undefined) {
		return { id, name, position, type: 'n8n-nodes-base.noOp', typeVersion: 1, parameters: {} };
	}
	return {
		id,
		name,
		position,
		type: 'n8n-nodes-base.set',
		typeVersion: 3.4,
		parameters: { assignments: { assignments } },
	};
}

/** How many `main` outputs a node has, the error output included. */
export function mainOutputCount(nodeTypes: InstalledNodeTypes, node: INode): number {
	const workflow = new Workflow({
		nodes: [deepCopy(node)],
		connections: {},
		active: false,
		nodeTypes,
	});
	const { description } = nodeTypes.getByNameAndVersion(node.type, node.typeVersion);
	const prepared = workflow.getNode(node.name) ?? node;
	const outputs = NodeHelpers.getConnectionTypes(NodeHelpers.getNodeOutputs(workflow, prepared, description));
	return outputs.filter((type) => type === NodeConnectionTypes.Main).length;
}

/** Replaces single parameters of nodes, by node name. The JSON is not changed. */
export function withParameters(
	json: WorkflowJson,
	parameters: Record<string, INodeParameters>,
): WorkflowJson {
	for (const name of Object.keys(parameters)) findNode(json, name);
	const nodes = json.nodes.map((node) => ({
		...node,
		parameters: { ...node.parameters, ...parameters[node.name] },
	}));
	return { ...json, nodes };
}

export function findNode({ nodes }: WorkflowJson, name: string): INode {
	const node = nodes.find((candidate) => candidate.name === name);
	if (node === undefined) {
		throw new Error(`The workflow has no node "${name}". It has: ${nodes.map((n) => n.name).join(', ')}`);
	}
	return node;
}

export interface WorkflowOptions {
	nodeTypes: InstalledNodeTypes;
	/** Set on each node whose type asks for a credential of that type. */
	credentials: INodeCredentials;
	staticData?: IDataObject;
}

/** Loads workflow JSON as n8n loads it from its database. The JSON is not changed. */
export function loadWorkflow(json: WorkflowJson, options: WorkflowOptions): Workflow {
	const { nodeTypes, credentials, staticData } = options;
	const nodes = json.nodes.map((original) => {
		const node = deepCopy(original);
		const usable = usableCredentials(nodeTypes, node, credentials);
		return Object.keys(usable).length === 0 ? node : { ...node, credentials: usable };
	});
	return new Workflow({
		id: WORKFLOW_ID,
		name: json.name ?? 'Workflow under test',
		nodes,
		connections: deepCopy(json.connections),
		active: false,
		nodeTypes,
		staticData,
		settings: { executionOrder: 'v1', ...json.settings },
	});
}

function usableCredentials(
	nodeTypes: InstalledNodeTypes,
	node: INode,
	credentials: INodeCredentials,
): INodeCredentials {
	const { description } = nodeTypes.getByNameAndVersion(node.type, node.typeVersion);
	const declared = (description.credentials ?? []).map(({ name }) => name);
	const predefined = node.parameters.nodeCredentialType;
	const names = typeof predefined === 'string' ? [...declared, predefined] : declared;
	return Object.fromEntries(Object.entries(credentials).filter(([type]) => names.includes(type)));
}
