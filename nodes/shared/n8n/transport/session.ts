import { createHash } from 'crypto';
import type { IExecuteFunctions, ILoadOptionsFunctions } from 'n8n-workflow';

import type { Account } from '../../core/account';
import type { Claims } from '../../core/cleanup/claims';
import { CancellationScope } from '../../core/concurrency/cancellationScope';
import type { RequestQueue } from '../../core/requests/requestQueue';
import type { ListPoller } from '../../core/watch/listPoller';
import { ResourceClient } from '../../providers/client/resourceClient';
import type { Access } from '../../providers/client/credential';
import type { FetchFile, Send, SendBytes } from '../../providers/client/wire';
import { resourceOf } from '../../providers';
import { ServerClock } from '../../providers/client/serverClock';
import type { ProviderSpec } from '../../providers/types';
import { readCredential } from './readCredential';
import { systemClock } from './systemClock';
import { orInvalidParameter } from '../output/errors';
import { joinAccount } from './accounts';
import { CurrentAccess } from './currentAccess';
import {
	fetchThrough,
	type RequestContext,
	type TriggerContext,
	sendBytesThrough,
	sendThrough,
} from './httpRequest';

/**
 * All that one execution of a node shares: the way to the provider, its part in the account, the stop of the workflow. Has to
 * be closed.
 */
export interface Session {
	provider: ProviderSpec;
	/** Shared with all executions that use the same account, as the list pollers are. */
	requestQueue: RequestQueue;
	listPoller: (resource: string) => ListPoller;
	/** False once the credential was changed to one of another account: nothing that it reads is for the others then. */
	isOfAccount: () => boolean;
	claims: Claims;
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
	/** Ends what is still under way, and leaves the account. */
	close: () => void;
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
	const { access, current, send, sendBytes } = await connect(context, provider);
	const executionId = context.getExecutionId();
	const nodeId = context.getNode().id;
	const startId = (itemIndex: number): string => {
		const attempt = [context.getInstanceId(), executionId, nodeId, runIndexOf(context), itemIndex];
		return createHash('sha256').update(attempt.join(':')).digest('hex');
	};
	const scope = CancellationScope.from(context.getExecutionCancelSignal());
	const { account, close } = openAccount(provider, access, scope, maxConcurrentRequests);
	return {
		provider,
		requestQueue: account.requestQueue,
		listPoller: (resource) => account.listPoller(resource),
		isOfAccount: () => current.isOfAccount,
		claims: account.claims,
		maxConcurrentRequests,
		scope,
		close,
		client: (resource) => clientOf(provider, resource, send),
		sendBytes,
		fetchFile: fetchThrough(context),
		commandId: (runId) => `${executionId}:${nodeId}:${runId}`,
		startId,
	};
}

/** What one poll or webhook of a trigger shares. */
export interface TriggerSession extends Pick<
	Session,
	'provider' | 'requestQueue' | 'scope' | 'client' | 'close'
> {
	/** Unix ms on the provider's clock, as far as its answers have told. */
	serverNow(): number;
}

/**
 * @param maxConcurrentRequests requests in flight at most
 * @throws InvalidParameterError when the credential is not usable
 */
export async function openTriggerSession(
	context: TriggerContext,
	provider: ProviderSpec,
	maxConcurrentRequests: number,
): Promise<TriggerSession> {
	const { access, send } = await connect(context, provider);
	// n8n tells a trigger nothing about the workflow being stopped: it ends with its own time limit.
	const scope = CancellationScope.from(undefined);
	const { account, close } = openAccount(provider, access, scope, maxConcurrentRequests);
	const serverClock = new ServerClock(() => systemClock.now());
	return {
		provider,
		requestQueue: account.requestQueue,
		scope,
		close,
		client: (resource) => clientOf(provider, resource, serverClock.observing(send)),
		serverNow: () => serverClock.now(),
	};
}

/** Joins the account of a credential, until it is closed; also when the credential is changed meanwhile. */
function openAccount(
	provider: ProviderSpec,
	access: Access,
	scope: CancellationScope,
	inFlight: number,
): { account: Account; close: () => void } {
	const { account, leave } = joinAccount(provider, access);
	account.requestQueue.allow(scope, { inFlight, perSecond: access.maxRequestsPerSecond });
	const close = () => {
		scope.dispose();
		leave();
	};
	return { account, close };
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
): Promise<{ access: Access; current: CurrentAccess; send: Send; sendBytes: SendBytes }> {
	const data = await readCredential(context, provider);
	const { access: accessOf } = await provider.code();
	const access = orInvalidParameter(
		() => accessOf(data),
		'Open the credential and correct it.',
		(reason) => `The ${provider.title} credential cannot be used: ${reason}`,
	);
	const current = new CurrentAccess(provider, accessOf, access);
	return {
		access,
		current,
		send: sendThrough(context, provider, current),
		sendBytes: sendBytesThrough(context, provider, current),
	};
}

function clientOf(provider: ProviderSpec, resource: string, send: Send): ResourceClient {
	const spec = orInvalidParameter(
		() => resourceOf(provider, resource),
		'Choose the resource in the list of the node.',
	);
	return new ResourceClient(provider, spec, send, () => systemClock.now());
}
