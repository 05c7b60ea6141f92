import './environment';

import { readFileSync } from 'node:fs';
import { prepareBinaryData } from 'n8n-core';
import type {
	ICredentialDataDecryptedObject,
	IDataObject,
	IHttpRequestMethods,
	INodeExecutionData,
	INodeListSearchResult,
	INodeParameters,
	IWorkflowExecuteAdditionalData,
	Workflow,
} from 'n8n-workflow';

import { PACKAGE } from '../../../nodes/shared/providers';
import { createAdditionalData, type AdditionalDataOverrides } from './additional-data';
import { CredentialStore, type CredentialData, type CredentialTypeClass } from './credential-store';
import { testCredential, type CredentialTestResult } from './credential-test';
import { engineHas } from './engine';
import { loadListSearch, type ListSearchOptions } from './list-search';
import { installN8nNodes } from './n8n-nodes';
import { InstalledNodeTypes, type NodeTypeClass } from './node-types';
import { createPollTrigger, type PollTrigger } from './poll-trigger';
import { execute, type RunMode, type WorkflowExecution, type WorkflowResult } from './run';
import { binaryDataService } from './services';
import {
	AGENT_TYPE,
	readToolResult,
	ScriptedAgent,
	toolWorkflow,
	type ToolCallStyle,
	type ToolResult,
} from './tool';
import { createWebhookTrigger, type WebhookTrigger } from './webhook-trigger';
import {
	createNode,
	expandSingleNode,
	findNode,
	loadWorkflow,
	mainOutputCount,
	toItems,
	withParameters,
	WORKFLOW_ID,
	type InputItems,
	type SingleNodeWorkflow,
	type WorkflowJson,
} from './workflow';

const newestToolStyle = engineHas('engineTools') ? 'engine' : 'invoke';

export interface InstanceOptions {
	/** The community package that is installed; defaults to this project's name. */
	packageName?: string;
	nodes: NodeTypeClass[];
	/** Parameters of every single node that does not say otherwise, tools apart. */
	parameters?: INodeParameters;
	credentialTypes?: CredentialTypeClass[];
	/** Saved credentials, by credential type name; a function where a server's address is not known yet. */
	credentials?: CredentialData | (() => CredentialData);
	/** Nodes of `n8n-nodes-base` that take the place of the small stand-ins, by name: `httpRequest`. */
	n8nNodes?: Record<string, NodeTypeClass>;
	/** Whether results hold every request that was given a credential (default); a benchmark must not pay for that. */
	recordsRequests?: boolean;
}

export interface RunOptions {
	/** Saved credentials of this run, by type name; replace the instance's own of the same type. */
	credentials?: CredentialData;
	/** Defaults to `trigger`, a production run. */
	mode?: RunMode;
	/** Parts of what n8n's server hands to the engine, such as `executionTimeoutTimestamp`. */
	additionalData?: AdditionalDataOverrides;
}

export interface SingleNodeRun extends SingleNodeWorkflow, RunOptions {}

export interface JsonWorkflowRun extends RunOptions {
	/** Workflow JSON as n8n exports it, or the path of a file that holds it. */
	workflow: WorkflowJson | string;
	/** Name of the node to report on; defaults to the first one of the package under test. */
	nodeUnderTest?: string;
	/** Defaults to the workflow's trigger. */
	startNode?: string;
	/** Output of nodes that then do not run, by node name. */
	pinData?: Record<string, InputItems>;
	/** Parameters that replace the workflow's own, by node name. */
	parameters?: Record<string, INodeParameters>;
}

export interface ToolRun extends Omit<SingleNodeRun, 'items' | 'collect'> {
	/** Arguments of each call that the agent makes. */
	calls: IDataObject[];
	/** Defaults to that of the agents that came with this engine. */
	style?: ToolCallStyle;
}

export type ListSearchRun = Pick<SingleNodeRun, 'node' | 'parameters' | 'credentials' | 'typeVersion'> &
	ListSearchOptions;

export interface PollTriggerRun extends Pick<
	SingleNodeRun,
	'node' | 'parameters' | 'credentials' | 'typeVersion' | 'mode'
> {
	/** What an earlier poll stored. */
	staticData?: IDataObject;
}

export interface WebhookTriggerRun extends Pick<
	SingleNodeRun,
	'node' | 'parameters' | 'credentials' | 'typeVersion'
> {
	/** Tells the node from others: n8n gives each one an id of its own. */
	nodeId: string;
}

export interface PredefinedCredentialRequest {
	url: string;
	method?: IHttpRequestMethods;
	body?: IDataObject;
	/** Defaults to `requestWithAuthentication`, which the HTTP Request node uses. */
	helper?: 'requestWithAuthentication' | 'httpRequestWithAuthentication';
}

export interface BinaryFile {
	content: Buffer | string;
	fileName?: string;
	mimeType?: string;
}

/** An n8n with a community package installed and credentials saved. */
export interface TestInstance {
	/** Runs a workflow to its end. */
	runWorkflow(options: SingleNodeRun | JsonWorkflowRun): Promise<WorkflowResult>;
	/** Starts a workflow, to stop it or to look at it while it runs. */
	startWorkflow(options: SingleNodeRun | JsonWorkflowRun): WorkflowExecution;
	/** Lets an AI agent use the node as its tool. */
	runAsTool(options: ToolRun): Promise<ToolResult>;
	/** As {@link runAsTool}, to stop the agent while its tool works. */
	startAsTool(options: ToolRun): WorkflowExecution;
	/** Presses "Test" in the credential window. */
	testCredential(type: string, data: ICredentialDataDecryptedObject): Promise<CredentialTestResult>;
	/** Sends a request as the HTTP Request node does when the credential is its predefined credential type. */
	requestWithCredential(
		type: string,
		request: PredefinedCredentialRequest,
		credentials?: CredentialData,
	): Promise<WorkflowResult>;
	/** Opens the "From list" drop-down of a resource locator. */
	loadListSearch(options: ListSearchRun): Promise<INodeListSearchResult>;
	/** Activates a poll trigger; the test calls `poll()` in place of n8n's schedule. */
	activatePollTrigger(options: PollTriggerRun): PollTrigger;
	/** Opens the address of a trigger with a webhook; the test publishes it, and closes it in the end. */
	openWebhookTrigger(options: WebhookTriggerRun): Promise<WebhookTrigger>;
	/** An item with files, stored the way the current binary data mode stores them. */
	binaryItem(json: IDataObject, files: Record<string, BinaryFile>): Promise<INodeExecutionData>;
	/** Content of a file of an item. */
	readBinary(item: INodeExecutionData, property: string): Promise<Buffer>;
}

interface PreparedRun {
	json: WorkflowJson;
	options: RunOptions;
	nodeUnderTest: string;
	outputCount: number;
	startNode?: string;
}

interface LoadedRun {
	workflow: Workflow;
	additionalData: IWorkflowExecuteAdditionalData;
	credentials: CredentialStore;
	uiMessages: unknown[][];
	mode: RunMode;
}

export function createTestInstance(instance: InstanceOptions): TestInstance {
	const { packageName = PACKAGE, credentialTypes = [] } = instance;
	const nodeTypes = new InstalledNodeTypes(packageName);
	nodeTypes.install(...instance.nodes);
	nodeTypes.installAs(AGENT_TYPE, ScriptedAgent);
	installN8nNodes(nodeTypes);
	for (const [name, type] of Object.entries(instance.n8nNodes ?? {})) {
		nodeTypes.installAs(`n8n-nodes-base.${name}`, type);
	}

	function load(json: WorkflowJson, options: RunOptions): LoadedRun {
		const { mode = 'trigger' } = options;
		const saved = typeof instance.credentials === 'function' ? instance.credentials() : instance.credentials;
		const credentials = new CredentialStore(
			credentialTypes,
			{ ...saved, ...options.credentials },
			instance.recordsRequests,
		);
		const workflow = loadWorkflow(json, { nodeTypes, credentials: credentials.savedReferences() });
		const uiMessages: unknown[][] = [];
		const additionalData = createAdditionalData({
			credentials,
			mode,
			workflow: {
				id: WORKFLOW_ID,
				name: workflow.name ?? '',
				nodes: Object.values(workflow.nodes),
				connections: json.connections,
			},
			onUiMessage: (messages) => uiMessages.push(messages),
			overrides: options.additionalData,
		});
		return { workflow, additionalData, credentials, uiMessages, mode };
	}

	function start({ json, options, ...rest }: PreparedRun): WorkflowExecution {
		return execute({ ...load(json, options), pinData: json.pinData, ...rest });
	}

	function withDefaults<Single extends SingleNodeWorkflow>(options: Single): Single {
		return { ...options, parameters: { ...instance.parameters, ...options.parameters } };
	}

	function prepare(options: SingleNodeRun | JsonWorkflowRun): PreparedRun {
		if (!('workflow' in options)) {
			const { nodeUnderTest, ...json } = expandSingleNode(nodeTypes, withDefaults(options));
			return { json, options, nodeUnderTest, outputCount: countOutputs(json, nodeUnderTest) };
		}
		const json = withParameters(readWorkflow(options.workflow), options.parameters ?? {});
		const nodeUnderTest = options.nodeUnderTest ?? firstUnderTest(json);
		const pinned = Object.entries(options.pinData ?? {}).map(([name, items]) => [name, toItems(items)]);
		// Only manual runs use the data that a user pinned in the editor.
		const ownPinData = options.mode === 'manual' ? json.pinData : {};
		return {
			json: { ...json, pinData: { ...ownPinData, ...Object.fromEntries(pinned) } },
			options,
			nodeUnderTest,
			outputCount: countOutputs(json, nodeUnderTest),
			startNode: options.startNode,
		};
	}

	function countOutputs(json: WorkflowJson, nodeName: string): number {
		return mainOutputCount(nodeTypes, findNode(json, nodeName));
	}

	function firstUnderTest({ nodes }: WorkflowJson): string {
		const node = nodes.find(({ type }) => nodeTypes.isUnderTest(type));
		if (node === undefined) throw new Error(`The workflow has no node of ${packageName}`);
		return node.name;
	}

	function startAsTool({ calls, style = newestToolStyle, ...options }: ToolRun): WorkflowExecution {
		const toolType = `${nodeTypes.fullName(options.node)}Tool`;
		const toolNode = createNode(nodeTypes, { ...options, node: toolType });
		const json = toolWorkflow({ toolNode, calls, style });
		return start({ json, options, nodeUnderTest: toolNode.name, outputCount: 0 });
	}

	/** A workflow with nothing but the node, for what happens outside of an execution. */
	function loneNode(options: SingleNodeWorkflow): { json: WorkflowJson; name: string } {
		const node = createNode(nodeTypes, options);
		return { json: { nodes: [node], connections: {} }, name: node.name };
	}

	return {
		startWorkflow: (options) => start(prepare(options)),
		runWorkflow: async (options) => await start(prepare(options)).finished,
		startAsTool,
		runAsTool: async (options) => readToolResult(await startAsTool(options).finished),

		testCredential: async (type, data) => await testCredential(credentialTypes, type, data),

		async requestWithCredential(type, { url, method = 'GET', body, helper }, credentials) {
			const parameters: INodeParameters = { url, method, nodeCredentialType: type };
			if (body !== undefined) parameters.jsonBody = JSON.stringify(body);
			if (helper !== undefined) parameters.helper = helper;
			const options = { node: 'n8n-nodes-base.httpRequest', parameters, credentials };
			return await start(prepare(options)).finished;
		},

		async loadListSearch(options) {
			const { json, name } = loneNode(options);
			const { workflow, additionalData } = load(json, options);
			return await loadListSearch(workflow, name, additionalData, options);
		},

		activatePollTrigger(options) {
			const { json, name } = loneNode(withDefaults(options));
			const { additionalData, credentials, mode } = load(json, options);
			const reload = (staticData: IDataObject) =>
				loadWorkflow(json, { nodeTypes, credentials: credentials.savedReferences(), staticData });
			return createPollTrigger({
				nodeName: name,
				mode,
				additionalData,
				load: reload,
				staticData: options.staticData,
			});
		},

		async openWebhookTrigger(options) {
			const { json, name } = loneNode(withDefaults(options));
			const nodes = json.nodes.map((node) => ({ ...node, id: options.nodeId, webhookId: options.nodeId }));
			return await createWebhookTrigger({
				nodeName: name,
				additionalData: (overrides) => load(json, { ...options, additionalData: overrides }).additionalData,
				load: (staticData) => {
					const { credentials } = load(json, options);
					return loadWorkflow(
						{ ...json, nodes },
						{ nodeTypes, credentials: credentials.savedReferences(), staticData },
					);
				},
			});
		},

		async binaryItem(json, files) {
			const stored = Object.entries(files).map(async ([property, { content, fileName, mimeType }]) => {
				const buffer = typeof content === 'string' ? Buffer.from(content) : content;
				const file = await prepareBinaryData(buffer, 'items', WORKFLOW_ID, fileName, mimeType);
				return [property, file] as const;
			});
			return { json, binary: Object.fromEntries(await Promise.all(stored)) };
		},

		async readBinary(item, property) {
			const file = item.binary?.[property];
			if (file === undefined) throw new Error(`The item has no file "${property}"`);
			return await binaryDataService().getAsBuffer(file);
		},
	};
}

function readWorkflow(workflow: WorkflowJson | string): WorkflowJson {
	if (typeof workflow !== 'string') return workflow;
	return JSON.parse(readFileSync(workflow, 'utf8')) as WorkflowJson;
}
