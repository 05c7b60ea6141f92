import type { IHookFunctions } from 'n8n-workflow';

import { attempt } from '../shared/core/concurrency/result';
import { RETRY, SETTING, WEBHOOK } from '../shared/core/config';
import { call } from '../shared/core/requests/retry';
import { isOutOfReach } from '../shared/core/requests/privateHost';
import { NAMES } from '../shared/n8n/description/names';
import { InvalidParameterError, nodeError } from '../shared/n8n/output/errors';
import { safeMessage } from '../shared/n8n/output/text';
import { parametersOf } from '../shared/n8n/parameters/values';
import { readCredential } from '../shared/n8n/transport/readCredential';
import { type TriggerSession, openTriggerSession } from '../shared/n8n/transport/session';
import { systemClock } from '../shared/n8n/transport/systemClock';
import { PROVIDERS } from '../shared/providers';
import type { Access } from '../shared/providers/client/credential';
import {
	WebhookEndpoints,
	type WantedWebhook,
	type WebhookRequests,
} from '../shared/providers/extend/webhookEndpoints';
import { forgetEndpoint, recall, store, type Slot } from './memory';
import { readWanted } from './parameters';

const { extend } = PROVIDERS;

/** Whether the webhook is registered as it is wanted. What was changed by hand is repaired. */
export async function webhookExists(context: IHookFunctions): Promise<boolean> {
	return await withEndpoints(context, async (endpoints) => {
		const slot = slotOf(context);
		const memory = recall(context, slot);
		if (!memory.endpoint) return false;
		const isThere = await endpoints.repair(memory.endpoint, await wantedBy(context));
		if (isThere) store(context, slot, memory);
		else forgetEndpoint(context, slot);
		return isThere;
	});
}

export async function createWebhook(context: IHookFunctions): Promise<boolean> {
	return await withEndpoints(context, async (endpoints) => {
		const slot = slotOf(context);
		const endpoint = await endpoints.create(await wantedBy(context));
		store(context, slot, Object.assign(recall(context, slot), { endpoint }));
		return true;
	});
}

/**
 * n8n takes a webhook off whether this works or not, so it never throws: what could not be removed is named in the log, and
 * is found again when the workflow is published the next time.
 */
export async function deleteWebhook(context: IHookFunctions): Promise<boolean> {
	const url = urlOf(context);
	const slot = (['live', 'test'] as const).find((one) => recall(context, one).endpoint?.url === url);
	const id = slot && recall(context, slot).endpoint?.id;
	const removed = await attempt(async () => {
		// n8n also takes off what was refused when it was published.
		if (id === undefined && isOutOfReach(url, (await accessOf(context)).baseUrl)) return;
		await withEndpoints(context, (endpoints) =>
			id === undefined ? endpoints.removeAt(url) : endpoints.remove(id),
		);
	});
	if ('error' in removed) {
		const { message } = nodeError(context.getNode(), removed.error);
		const what = id === undefined ? 'The webhook endpoint' : `The webhook endpoint ${id}`;
		context.logger.error(
			safeMessage(
				`${what} of Extend could not be removed: ${message}. Delete it in the dashboard of Extend.`,
			),
		);
		return false;
	}
	if (slot) forgetEndpoint(context, slot);
	return true;
}

/** Only what the editor listens for is created by hand. */
function slotOf(context: IHookFunctions): Slot {
	return context.getActivationMode() === 'manual' ? 'test' : 'live';
}

function urlOf(context: IHookFunctions): string {
	return context.getNodeWebhookUrl('default') ?? '';
}

async function wantedBy(context: IHookFunctions): Promise<WantedWebhook> {
	const { baseUrl, headers } = await accessOf(context);
	const url = urlOf(context);
	if (isOutOfReach(url, baseUrl)) {
		throw new InvalidParameterError(
			`Extend cannot reach this n8n at ${new URL(url).origin}`,
			`Set WEBHOOK_URL to its public address and restart n8n. Where it has none, use ${NAMES.runTrigger}, which polls.`,
		);
	}
	return {
		...readWanted(parametersOf(context)),
		url,
		name: `n8n: ${context.getWorkflow().name ?? ''}`.slice(0, WEBHOOK.name),
		apiVersion: headers['x-extend-api-version'] ?? '',
	};
}

async function accessOf(context: IHookFunctions): Promise<Access> {
	const { access } = await extend.code();
	return access(await readCredential(context, extend));
}

async function withEndpoints<T>(
	context: IHookFunctions,
	work: (endpoints: WebhookEndpoints) => Promise<T>,
): Promise<T> {
	let session: TriggerSession | undefined;
	try {
		session = await openTriggerSession(context, extend, SETTING.maxConcurrentRequests.default);
		return await work(new WebhookEndpoints(extend, requestsOf(session), () => systemClock.now()));
	} catch (error) {
		throw nodeError(context.getNode(), error, { alone: true });
	} finally {
		session?.close();
	}
}

function requestsOf(session: TriggerSession): WebhookRequests {
	const client = session.client(extend.defaultResource);
	const deps = { requestQueue: session.requestQueue, scope: session.scope, clock: systemClock };
	return {
		repeatable: (request) =>
			call(deps, (signal) => client.exchange(request, signal), {
				// What is gone stays gone.
				shouldRetry: (error, failures) =>
					error.kind !== 'notFound' && error.retryable && failures < RETRY.attempts,
			}),
		once: (request) =>
			call(deps, (signal) => client.exchange(request, signal), {
				shouldRetry: (error, failures) =>
					error.retryable && !error.mayHaveWorked && failures < RETRY.attempts,
			}),
	};
}
