import './environment';

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HookContext, WebhookContext } from 'n8n-core';
import {
	deepCopy,
	type IDataObject,
	type INodeExecutionData,
	type IWebhookData,
	type IWebhookResponseData,
	type IWorkflowExecuteAdditionalData,
	type Workflow,
	type WorkflowActivateMode,
} from 'n8n-workflow';

/** A trigger with a webhook, behind a real HTTP server that does with its calls what n8n's own does. */
export interface WebhookTrigger {
	/** The production address of the webhook. */
	readonly url: string;
	/** Items of the executions that the webhook has started, oldest first. */
	readonly executions: INodeExecutionData[];
	/** Publishes the workflow, as a user does, or n8n when it starts. */
	publish(): Promise<void>;
	unpublish(): Promise<void>;
	/** Presses "Listen for test event", and stops that. */
	listen(): Promise<void>;
	stopListening(): Promise<void>;
	/** The node's static data as n8n has stored it. */
	stored(): IDataObject;
	close(): Promise<void>;
}

export interface WebhookTriggerOptions {
	nodeName: string;
	/** Loads the workflow with the given static data, as n8n does for each call. */
	load: (staticData: IDataObject) => Workflow;
	additionalData: (overrides: Partial<IWorkflowExecuteAdditionalData>) => IWorkflowExecuteAdditionalData;
}

/** As much of express as n8n's webhooks use. */
interface ExpressResponse extends ServerResponse {
	status(code: number): ExpressResponse;
	json(body: unknown): void;
}

const PRODUCTION = '/webhook';
const TEST = '/webhook-test';

export async function createWebhookTrigger(options: WebhookTriggerOptions): Promise<WebhookTrigger> {
	const { nodeName, load } = options;
	const key = `node:${nodeName}`;
	const executions: INodeExecutionData[] = [];
	let stored: IDataObject = {};
	/** Of the test webhook: n8n keeps it aside, and never stores it. */
	let listening: Workflow | undefined;

	const server = createServer((incoming, outgoing) => {
		receive(incoming, asExpress(outgoing)).catch((error: unknown) => {
			if (!outgoing.headersSent)
				asExpress(outgoing)
					.status(500)
					.json({ message: String(error) });
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;

	function webhookOf(workflow: Workflow, isTest: boolean): IWebhookData {
		const node = workflow.getNode(nodeName);
		const description = node && workflow.nodeTypes.getByNameAndVersion(node.type).description.webhooks?.[0];
		if (!node || !description) throw new Error(`"${nodeName}" has no webhook`);
		return {
			httpMethod: 'POST',
			node: nodeName,
			path: '',
			webhookDescription: description,
			workflowId: workflow.id,
			workflowExecuteAdditionalData: additionalData(),
			isTest,
		};
	}

	function additionalData(overrides: Partial<IWorkflowExecuteAdditionalData> = {}) {
		return options.additionalData({
			webhookBaseUrl: `${origin}${PRODUCTION}`,
			webhookTestBaseUrl: `${origin}${TEST}`,
			...overrides,
		});
	}

	function hook(workflow: Workflow, activation: WorkflowActivateMode, isTest: boolean) {
		const node = workflow.getNode(nodeName);
		if (!node) throw new Error(`The workflow has no node "${nodeName}"`);
		const webhook = webhookOf(workflow, isTest);
		const mode = activation === 'manual' ? 'manual' : 'trigger';
		const context = new HookContext(
			workflow,
			node,
			webhook.workflowExecuteAdditionalData,
			mode,
			activation,
			webhook,
		);
		const { webhookMethods } = workflow.nodeTypes.getByNameAndVersion(node.type);
		const methods = webhookMethods?.default;
		if (!methods) throw new Error(`"${node.type}" has no webhook methods`);
		return {
			url: context.getNodeWebhookUrl('default') ?? '',
			register: async () => {
				if (!(await methods.checkExists.call(context))) await methods.create.call(context);
			},
			remove: async () => {
				await methods.delete.call(context);
			},
		};
	}

	async function receive(incoming: IncomingMessage, outgoing: ExpressResponse): Promise<void> {
		const isTest = incoming.url?.startsWith(`${TEST}/`) ?? false;
		const workflow = isTest ? listening : load(deepCopy(stored));
		if (!workflow) {
			outgoing.status(404).json({ message: 'Not registered' });
			return;
		}
		const parts: Buffer[] = [];
		for await (const part of incoming) parts.push(part as Buffer);
		const request = Object.assign(incoming, { rawBody: Buffer.concat(parts) });
		const data = additionalData({
			httpRequest: request,
			httpResponse: outgoing,
		});
		const node = workflow.getNode(nodeName);
		if (!node) throw new Error(`The workflow has no node "${nodeName}"`);
		const mode = isTest ? 'manual' : 'webhook';
		const context = new WebhookContext(workflow, node, data, mode, webhookOf(workflow, isTest), [], null);
		const type = workflow.nodeTypes.getByNameAndVersion(node.type);
		const result: IWebhookResponseData = (await type.webhook?.call(context)) ?? {};
		const answer = () => {
			if (!isTest && workflow.staticData.__dataChanged === true) stored = deepCopy(workflow.staticData);
			if (result.noWebhookResponse !== true) outgoing.status(200).json({ message: 'Workflow was started' });
		};
		if (result.noWebhookResponse === true || !result.workflowData) answer();
		if (!result.workflowData) return;
		// As n8n does to start an execution: it loads the workflow once more, on the same static data, which takes off the mark
		// that they have changed.
		load(workflow.staticData);
		executions.push(...(result.workflowData[0] ?? []));
		if (result.noWebhookResponse !== true) answer();
	}

	async function stopListening(): Promise<void> {
		if (listening) await hook(listening, 'update', true).remove();
		listening = undefined;
	}

	const inStored = async (work: (workflow: Workflow) => Promise<void>): Promise<void> => {
		const workflow = load(deepCopy(stored));
		await work(workflow);
		stored = deepCopy(workflow.staticData);
	};

	return {
		url: hook(load({}), 'activate', false).url,
		executions,
		publish: async () => await inStored((workflow) => hook(workflow, 'activate', false).register()),
		unpublish: async () => await inStored((workflow) => hook(workflow, 'update', false).remove()),
		listen: async () => {
			// The editor's workflow is loaded with what is stored for the published one.
			listening = load(deepCopy(stored));
			await hook(listening, 'manual', true).register();
		},
		stopListening,
		stored: () => deepCopy((stored[key] ?? {}) as IDataObject),
		close: async () => {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

function asExpress(response: ServerResponse): ExpressResponse {
	return Object.assign(response, {
		status(code: number) {
			response.statusCode = code;
			return response as ExpressResponse;
		},
		json(body: unknown) {
			response.setHeader('content-type', 'application/json');
			response.end(JSON.stringify(body));
		},
	});
}
