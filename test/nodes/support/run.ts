import './environment';

import { WorkflowExecute } from 'n8n-core';
import type {
	ExecutionStatus,
	IDataObject,
	IHttpRequestOptions,
	INodeExecutionData,
	IPinData,
	IRun,
	IWorkflowExecuteAdditionalData,
	NodeExecutionHint,
	Workflow,
} from 'n8n-workflow';

import type { CredentialStore } from './credential-store';
import { createEmptyRunExecutionData, finalStatus, startRun } from './engine';
import { endNodeName } from './workflow';

/** `trigger` is a production run, `manual` one that a user started in the editor. */
export type RunMode = 'trigger' | 'manual';

export interface WorkflowError {
	message: string;
	/** What n8n shows below the message. */
	description?: string;
	/** The class: `NodeApiError`, `NodeOperationError`, `WorkflowOperationError`… */
	name: string;
	/** Of a `NodeApiError`: the HTTP status as text, or a code such as `ECONNREFUSED`. */
	httpCode?: string;
	/** The item that failed, where the error says so. */
	itemIndex?: number;
	/** The whole error as n8n stores it. */
	stored: IDataObject;
}

export interface WorkflowResult {
	status: ExecutionStatus;
	/** Of the whole execution; absent when it went well and when `onError` kept it going. */
	error?: WorkflowError;
	/** Items of each `main` output of the node under test (its last run), the error output last. */
	outputs: INodeExecutionData[][];
	/** The `json` of {@link outputs}. */
	json: IDataObject[][];
	/** What the end nodes made of the items of each output; see `collect`. */
	collected: IDataObject[][];
	/** Hints that the node under test added, which n8n shows beside its output. */
	hints: NodeExecutionHint[];
	/** Arguments of each `sendMessageToUI`; n8n sends them in manual mode only. */
	uiMessages: unknown[][];
	/** Every request that was given a credential, with its secrets, in order; grows while a node still sends some. */
	authenticatedRequests: IHttpRequestOptions[];
	/** How often each credential type was decrypted. */
	decryptions: Record<string, number>;
	/** From the start of the execution to its end. */
	durationMs: number;
	/** From `stop()` to the end of the execution; absent where nobody stopped it. */
	msAfterStop?: number;
	/** Items of each output of any node, by its name, in its last run or the one given. */
	outputsOf(nodeName: string, runIndex?: number): INodeExecutionData[][];
	/** How often a node ran, by its name (more than once in a loop). */
	runsOf(nodeName: string): number;
	/** The execution as n8n stores it. */
	run: IRun;
}

/** A workflow that is running. */
export interface WorkflowExecution {
	finished: Promise<WorkflowResult>;
	/** What the Stop button does. Resolves when the execution has ended. */
	stop(): Promise<WorkflowResult>;
}

export interface ExecutionParts {
	workflow: Workflow;
	mode: RunMode;
	additionalData: IWorkflowExecuteAdditionalData;
	credentials: CredentialStore;
	uiMessages: unknown[][];
	nodeUnderTest: string;
	outputCount: number;
	startNode?: string;
	pinData?: IPinData;
}

/** Hands a workflow to n8n's engine. Never rejects: what n8n refuses to start ends with status `error`. */
export function execute(parts: ExecutionParts): WorkflowExecution {
	const { workflow, mode, additionalData, pinData, startNode } = parts;
	const startedAt = performance.now();
	let stoppedAt: number | undefined;
	let cancel: () => void = () => undefined;

	const runInEngine = async (): Promise<IRun> => {
		try {
			const engine = new WorkflowExecute(additionalData, mode);
			const execution = startRun(engine, { workflow, pinData, startNode });
			cancel = () => execution.cancel();
			return await execution;
		} catch (error) {
			return refusedRun(error, mode);
		}
	};

	const finished = runInEngine().then((run) => {
		const endedAt = performance.now();
		const result = describeRun(run, parts, endedAt - startedAt);
		return stoppedAt === undefined ? result : { ...result, msAfterStop: endedAt - stoppedAt };
	});

	return {
		finished,
		stop: async () => {
			stoppedAt ??= performance.now();
			cancel();
			return await finished;
		},
	};
}

function refusedRun(error: unknown, mode: RunMode): IRun {
	const data = createEmptyRunExecutionData();
	const { message, stack, name } = error instanceof Error ? error : new Error(String(error));
	Object.assign(data.resultData, { error: { ...(error as object), message, stack, name } });
	const now = new Date();
	return { data, mode, status: 'error', startedAt: now, stoppedAt: now, storedAt: 'db' };
}

function describeRun(run: IRun, parts: ExecutionParts, durationMs: number): WorkflowResult {
	const { runData, error } = run.data.resultData;
	const runsOf = (nodeName: string) => runData[nodeName]?.length ?? 0;
	const outputsOf = (nodeName: string, runIndex = runsOf(nodeName) - 1) =>
		(runData[nodeName]?.[runIndex]?.data?.main ?? []).map((items) => items ?? []);
	const indexes = Array.from({ length: parts.outputCount }, (_, index) => index);
	const emitted = outputsOf(parts.nodeUnderTest);
	const outputs = indexes.map((index) => emitted[index] ?? []);
	return {
		status: finalStatus(run),
		...(error === undefined ? {} : { error: describeError(error as unknown as IDataObject) }),
		outputs,
		json: outputs.map(jsonOf),
		collected: indexes.map((index) => jsonOf(outputsOf(endNodeName(index))[0] ?? [])),
		hints: runData[parts.nodeUnderTest]?.at(-1)?.hints ?? [],
		uiMessages: parts.uiMessages,
		authenticatedRequests: parts.credentials.authenticatedRequests,
		decryptions: parts.credentials.decryptions,
		durationMs,
		outputsOf,
		runsOf,
		run,
	};
}

function jsonOf(items: INodeExecutionData[]): IDataObject[] {
	return items.map(({ json }) => json);
}

function describeError(stored: IDataObject): WorkflowError {
	const { itemIndex } = (stored.context ?? {}) as IDataObject;
	return {
		message: stored.message as string,
		name: typeof stored.name === 'string' ? stored.name : 'Error',
		...(typeof stored.description === 'string' ? { description: stored.description } : {}),
		...(typeof stored.httpCode === 'string' ? { httpCode: stored.httpCode } : {}),
		...(typeof itemIndex === 'number' ? { itemIndex } : {}),
		stored,
	};
}
