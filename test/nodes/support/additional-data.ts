import './environment';

import { ExecutionLifecycleHooks } from 'n8n-core';
import type {
	IDataObject,
	IWorkflowBase,
	IWorkflowExecuteAdditionalData,
	WorkflowExecuteMode,
} from 'n8n-workflow';

import type { CredentialStore } from './credential-store';
import { createEmptyRunExecutionData, externalSecretsProxy } from './engine';

const INSTANCE_URL = 'http://n8n.invalid/';

export type AdditionalDataOverrides = Partial<IWorkflowExecuteAdditionalData>;

export interface AdditionalDataOptions {
	credentials: CredentialStore;
	mode: WorkflowExecuteMode;
	workflow: Pick<IWorkflowBase, 'id' | 'name' | 'nodes' | 'connections'>;
	/** Called with the arguments of each `sendMessageToUI` of a manual run. */
	onUiMessage?: (messages: unknown[]) => void;
	overrides?: AdditionalDataOverrides;
}

let lastExecutionId = 0;

/** What n8n's server hands to the engine for one execution. Parts no node of ours may use reject when used. */
export function createAdditionalData(options: AdditionalDataOptions): IWorkflowExecuteAdditionalData {
	const executionId = String(++lastExecutionId);
	const now = new Date();
	const workflowData: IWorkflowBase = {
		...options.workflow,
		active: false,
		isArchived: false,
		createdAt: now,
		updatedAt: now,
		activeVersionId: null,
	};
	const unavailable = (what: string) => async (): Promise<never> => {
		throw new Error(`${what} is not available in this test instance`);
	};
	return {
		credentialsHelper: options.credentials,
		externalSecretsProxy,
		executionId,
		workflowId: workflowData.id,
		currentNodeExecutionIndex: 0,
		hooks: new ExecutionLifecycleHooks(options.mode, executionId, workflowData),
		setExecutionStatus: () => undefined,
		sendDataToUI: (type, data) => {
			if (type !== 'sendConsoleMessage') return;
			options.onUiMessage?.((data as IDataObject).messages as unknown[]);
		},
		executeWorkflow: unavailable('Running another workflow'),
		startRunnerTask: unavailable('The task runner'),
		getRuntimeCredential: unavailable('A runtime credential'),
		getRunExecutionData: async () => createEmptyRunExecutionData(),
		logAiEvent: () => undefined,
		variables: {},
		restApiUrl: `${INSTANCE_URL}rest`,
		instanceBaseUrl: INSTANCE_URL,
		formBaseUrl: `${INSTANCE_URL}form`,
		formWaitingBaseUrl: `${INSTANCE_URL}form-waiting`,
		formTestBaseUrl: `${INSTANCE_URL}form-test`,
		webhookBaseUrl: `${INSTANCE_URL}webhook`,
		webhookWaitingBaseUrl: `${INSTANCE_URL}webhook-waiting`,
		webhookTestBaseUrl: `${INSTANCE_URL}webhook-test`,
		mcpBaseUrl: `${INSTANCE_URL}mcp`,
		mcpTestBaseUrl: `${INSTANCE_URL}mcp-test`,
		...options.overrides,
	};
}
