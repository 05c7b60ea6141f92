import './environment';

import { PollContext } from 'n8n-core';
import {
	deepCopy,
	type IDataObject,
	type INodeExecutionData,
	type IWorkflowExecuteAdditionalData,
	type Workflow,
} from 'n8n-workflow';

import type { RunMode } from './run';

/** A poll trigger in an active workflow (`trigger`), or one whose "Fetch test event" is pressed (`manual`). */
export interface PollTrigger {
	/**
	 * Activates the workflow, as a user does, or n8n when it starts: polls once, then stores what the node knows, whether
	 * there were items or not. An error fails the activation.
	 */
	activate(): Promise<INodeExecutionData[][] | null>;
	/** Polls once, as n8n's schedule does. `null` means that nothing new was found and no workflow starts. */
	poll(): Promise<INodeExecutionData[][] | null>;
	/** Restarts n8n: static data that was not stored is forgotten. */
	restart(): void;
	/** The node's static data as n8n has stored it. */
	stored(): IDataObject;
}

export interface PollTriggerOptions {
	nodeName: string;
	mode: RunMode;
	additionalData: IWorkflowExecuteAdditionalData;
	/** Loads the workflow with the given static data, as activation does. */
	load: (staticData: IDataObject) => Workflow;
	staticData?: IDataObject;
}

export function createPollTrigger(options: PollTriggerOptions): PollTrigger {
	const { nodeName, mode, additionalData, load } = options;
	const key = `node:${nodeName}`;
	let stored: IDataObject = { [key]: options.staticData ?? {} };
	let workflow = load(deepCopy(stored));

	async function poll(): Promise<INodeExecutionData[][] | null> {
		const node = workflow.getNode(nodeName);
		if (node === null) throw new Error(`The workflow has no node "${nodeName}"`);
		const nodeType = workflow.nodeTypes.getByNameAndVersion(node.type, node.typeVersion);
		if (nodeType.poll === undefined) throw new Error(`"${node.type}" is not a poll trigger`);
		const activation = mode === 'manual' ? 'manual' : 'activate';
		const context = new PollContext(workflow, node, additionalData, mode, activation);
		return await nodeType.poll.call(context);
	}

	/** n8n stores static data when a workflow is activated, and with the execution that items start; never in manual mode. */
	function store(): void {
		if (mode === 'trigger') stored = deepCopy(workflow.staticData);
	}

	return {
		async activate() {
			const items = await poll();
			store();
			return items;
		},
		async poll() {
			const items = await poll();
			if (items !== null) store();
			return items;
		},
		restart() {
			workflow = load(deepCopy(stored));
		},
		stored: () => deepCopy(stored[key] as IDataObject),
	};
}
