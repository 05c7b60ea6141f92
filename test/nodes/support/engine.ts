import './environment';

import { createRequire } from 'node:module';
import * as core from 'n8n-core';
import type { BinaryDataConfig, WorkflowExecute } from 'n8n-core';
import * as workflow from 'n8n-workflow';
import type { ExecutionStatus, IPinData, IRun, IRunExecutionData, Logger, Workflow } from 'n8n-workflow';

import { ENGINES, NEWEST, SINCE } from '../../versions/table';

/**
 * Where the engines differ that these tests run on, from the oldest to the newest in `test/versions/table.ts`. The types are
 * those of the newest one.
 */

type ServiceToken<T> = abstract new (...dependencies: never[]) => T;

interface ServiceContainer {
	get<T>(token: ServiceToken<T>): T;
	set<T>(token: ServiceToken<T>, service: T): void;
}

interface SsrfConfig {
	enabled: boolean;
}

// n8n-core keeps its services in the container of its own dependency; resolving it from n8n-core's place gives
// that very copy, whichever version is installed.
const requireFromCore = createRequire(require.resolve('n8n-core'));

export const { Container } = requireFromCore('@n8n/di') as { Container: ServiceContainer };

const older = core as Partial<typeof core> & { Logger?: ServiceToken<Logger> };

/** n8n-core has its own logger up to 1.9x, and takes that of another package since. */
export const LoggerToken =
	older.Logger ?? (requireFromCore('@n8n/backend-common') as { Logger: ServiceToken<Logger> }).Logger;

/** The guard against internal addresses; n8n 1.x has none. */
export const { SsrfProtectionConfig } = requireFromCore('@n8n/config') as {
	SsrfProtectionConfig?: ServiceToken<SsrfConfig>;
};

/** For expressions with `$secrets`; older engines have a helper for them, which nothing here needs. */
export const externalSecretsProxy = (
	older.ExternalSecretsProxy ? new older.ExternalSecretsProxy() : undefined
) as core.ExternalSecretsProxy;

/** Settings of the store for files. Older engines have no service for them: `init` takes them. */
export function binaryDataConfig(localStoragePath: string): Pick<BinaryDataConfig, 'mode'> {
	if (older.BinaryDataConfig) return Container.get(older.BinaryDataConfig);
	return { mode: 'default', ...{ availableModes: ['default', 'filesystem'], localStoragePath } };
}

const olderWorkflow = workflow as Partial<typeof workflow> & {
	ExpressionEvaluatorProxy?: { setEvaluator?: (name: 'tournament') => void };
};

// n8n's server sets this at its start; newer engines have no other one.
olderWorkflow.ExpressionEvaluatorProxy?.setEvaluator?.('tournament');

export const isExpression: typeof workflow.isExpression =
	olderWorkflow.isExpression ??
	((value): value is string => typeof value === 'string' && value.startsWith('='));

export const createEmptyRunExecutionData: typeof workflow.createEmptyRunExecutionData =
	olderWorkflow.createEmptyRunExecutionData ??
	(() => ({ resultData: { runData: {} } }) as unknown as IRunExecutionData);

/** The status that n8n stores. Its oldest engines leave that to the server when an execution has failed. */
export function finalStatus({ status, data }: IRun): ExecutionStatus {
	return status === 'running' && data.resultData.error ? 'error' : status;
}

/** Whether this engine has something that older ones lack. */
export function engineHas(feature: keyof typeof SINCE): boolean {
	const place = (version: string) => ENGINES.findIndex(({ n8n }) => n8n === version);
	return place(process.env.N8N_ENGINE_VERSION ?? NEWEST.n8n) >= place(SINCE[feature]);
}

type Run = ReturnType<WorkflowExecute['run']>;

export interface RunArguments {
	workflow: Workflow;
	pinData?: IPinData;
	startNode?: string;
}

/** Starts an execution. n8n 1.x takes the arguments one by one. */
export function startRun(execution: WorkflowExecute, { workflow, pinData, ...rest }: RunArguments): Run {
	const startNode =
		rest.startNode === undefined ? undefined : (workflow.getNode(rest.startNode) ?? undefined);
	if (execution.run.length === 1) return execution.run({ workflow, pinData, startNode });
	const run = execution.run.bind(execution) as unknown as (...args: unknown[]) => Run;
	return run(workflow, startNode, undefined, pinData);
}
