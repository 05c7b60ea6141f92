/** Runs nodes in n8n's real engine, in this process, over real HTTP. Start with {@link createTestInstance}. */
export { engineHas } from './engine';
export { eventually } from './eventually';
export {
	createTestInstance,
	type BinaryFile,
	type InstanceOptions,
	type JsonWorkflowRun,
	type ListSearchRun,
	type PollTriggerRun,
	type PredefinedCredentialRequest,
	type RunOptions,
	type SingleNodeRun,
	type TestInstance,
	type ToolRun,
	type WebhookTriggerRun,
} from './instance';
export type { CredentialData, CredentialTypeClass } from './credential-store';
export type { CredentialTestResult } from './credential-test';
export type { NodeTypeClass } from './node-types';
export type { PollTrigger } from './poll-trigger';
export type { WebhookTrigger } from './webhook-trigger';
export type { RunMode, WorkflowError, WorkflowExecution, WorkflowResult } from './run';
export {
	logEntries,
	setBinaryDataMode,
	setSsrfProtection,
	type BinaryDataMode,
	type LogEntry,
} from './services';
export {
	startTestServer,
	type Answer,
	type Handler,
	type ReceivedRequest,
	type TestServer,
} from './test-server';
export type { ToolAnswer, ToolCallStyle, ToolDefinition, ToolResult } from './tool';
export type { InputItems, NodeSettings, SingleNodeWorkflow, WorkflowJson } from './workflow';
