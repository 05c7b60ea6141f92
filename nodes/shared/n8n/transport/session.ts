import { createHash } from 'crypto';
import type { IExecuteFunctions, ILoadOptionsFunctions, IPollFunctions } from 'n8n-workflow';

import { RequestQueue } from '../../core/requests/requestQueue';
import { CancellationScope } from '../../core/concurrency/cancellationScope';
import { ResourceClient } from '../../providers/client/resourceClient';
import type { FetchFile, Send, SendBytes } from '../../providers/client/wire';
import { resourceOf } from '../../providers';
import { ServerClock } from '../../providers/client/serverClock';
import type { ProviderSpec } from '../../providers/types';
import { readCredential } from './readCredential';
import { systemClock } from './systemClock';
import { orInvalidParameter } from '../output/errors';
import { fetchThrough, type RequestContext, sendBytesThrough, sendThrough } from './httpRequest';

/** All that one execution of a node shares: the way to the provider, the bound on requests, the stop of the workflow. */
export interface Session {
	provider: ProviderSpec;
	requestQueue: RequestQueue;
	/** Requests in flight at most. */
	maxConcurrentRequests: number;
	/** Ends when the workflow is stopped. */
	scope: CancellationScope;
	/** @throws InvalidParameterError when the provider has no such resource */
	client(resource: string): ResourceClient;
	/** The same for each attempt to cancel the same run in this execution of this node. */
	commandId: (runId: string) => string;
	/**
	 * The same for each attempt to start the run of the same item in this execution of this node, and for no other: a node in
	 * a loop is executed many times, and two n8n instances that share an account count their executions alike.
	 */
	startId: (itemIndex: number) => string;
	sendBytes: SendBytes;
	fetchFile: FetchFile;
}

/**
 * @param maxConcurrentRequests requests in flight at most
 * @throws InvalidParameterError when the credential is not usable
 */
export async function openSession(
	context: IExecuteFunctions,
	provider: ProviderSpec,
	maxConcurrentRequests: number,
): Promise<Session> {
	const { send, sendBytes } = await connect(context, provider);
	const executionId = context.getExecutionId();
	const nodeId = context.getNode().id;
	const startId = (itemIndex: number): string => {
		const attempt = [context.getInstanceId(), executionId, nodeId, runIndexOf(context), itemIndex];
		return createHash('sha256').update(attempt.join(':')).digest('hex');
	};
	return {
		provider,
		requestQueue: new RequestQueue(maxConcurrentRequests, systemClock),
		maxConcurrentRequests,
		scope: CancellationScope.from(context.getExecutionCancelSignal()),
		client: (resource) => clientOf(provider, resource, send),
		sendBytes,
		fetchFile: fetchThrough(context),
		commandId: (runId) => `${executionId}:${nodeId}:${runId}`,
		startId,
	};
}

/** What one poll of a trigger shares. */
export interface PollSession extends Pick<Session, 'provider' | 'requestQueue' | 'scope' | 'client'> {
	/** Unix ms on the provider's clock, as far as its answers have told. */
	serverNow(): number;
}

/**
 * @param maxConcurrentRequests requests in flight at most
 * @throws InvalidParameterError when the credential is not usable
 */
export async function openPollSession(
	context: IPollFunctions,
	provider: ProviderSpec,
	maxConcurrentRequests: number,
): Promise<PollSession> {
	const { send } = await connect(context, provider);
	const serverClock = new ServerClock(() => systemClock.now());
	return {
		provider,
		requestQueue: new RequestQueue(maxConcurrentRequests, systemClock),
		// n8n tells a poll nothing about the workflow being stopped: it ends with its own time limit.
		scope: CancellationScope.from(undefined),
		client: (resource) => clientOf(provider, resource, serverClock.observing(send)),
		serverNow: () => serverClock.now(),
	};
}

/** Which time in this execution the node runs: 0, and on in a loop. n8n's own retries of a failed node do not count. */
function runIndexOf(context: IExecuteFunctions): number {
	return Number(context.getWorkflowDataProxy(0).$runIndex);
}

/** The API of a resource outside an execution: for the pickers of the panel. */
export async function openClient(
	context: ILoadOptionsFunctions,
	provider: ProviderSpec,
	resource: string,
): Promise<ResourceClient> {
	return clientOf(provider, resource, (await connect(context, provider)).send);
}

async function connect(
	context: RequestContext,
	provider: ProviderSpec,
): Promise<{ send: Send; sendBytes: SendBytes }> {
	const data = await readCredential(context, provider);
	const access = orInvalidParameter(
		() => provider.access(data),
		'Open the credential and correct it.',
		(reason) => `The ${provider.title} credential cannot be used: ${reason}`,
	);
	return {
		send: sendThrough(context, provider, access),
		sendBytes: sendBytesThrough(context, provider, access),
	};
}

function clientOf(provider: ProviderSpec, resource: string, send: Send): ResourceClient {
	const spec = orInvalidParameter(
		() => resourceOf(provider, resource),
		'Choose the resource in the list of the node.',
	);
	return new ResourceClient(provider, spec, send, () => systemClock.now());
}
