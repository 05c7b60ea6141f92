import type { IWebhookFunctions } from 'n8n-workflow';

import { attempt } from '../shared/core/concurrency/result';
import { isCancelReason } from '../shared/core/concurrency/cancellationScope';
import { SECOND, SETTING, WEBHOOK } from '../shared/core/config';
import { call } from '../shared/core/requests/retry';
import type { Run } from '../shared/core/runs/run';
import { readOutputShape, shapeEvent } from '../shared/n8n/output/simplify';
import { safeMessage } from '../shared/n8n/output/text';
import { parametersOf } from '../shared/n8n/parameters/values';
import { fetchJson } from '../shared/n8n/transport/httpRequest';
import { openTriggerSession } from '../shared/n8n/transport/session';
import { systemClock } from '../shared/n8n/transport/systemClock';
import { PROVIDERS, resourceOf } from '../shared/providers';
import { parseRun } from '../shared/providers/client/parseResponse';
import { type WebhookEvent, eventOf, linkOf } from '../shared/providers/extend/webhookEvents';

const { extend } = PROVIDERS;

/**
 * What the workflow gets of an event. Never fails: an event is told once, so what cannot be read goes out as it came, with
 * the reason.
 */
export async function itemOf(context: IWebhookFunctions, event: WebhookEvent): Promise<object> {
	const { event: name, resource } = eventOf(event.eventType) ?? { event: event.eventType, resource: '' };
	const parameters = parametersOf(context);
	const isRead = parameters.getNodeParameter('readRun', 0, true) !== false;
	const read = isRead ? await attempt(() => readRun(context, resource, event.payload.id)) : undefined;
	const found = read && 'value' in read ? read : await attempt(() => payloadRun(context, resource, event));
	const run = 'value' in found ? found.value : undefined;
	const failure = [read, found].find((result) => result && 'error' in result);
	const item = {
		event: name,
		eventId: event.eventId,
		eventType: event.eventType,
		provider: extend.name,
		resource,
		id: event.payload.id,
		status: run?.status ?? null,
		phase: run?.phase ?? 'unknown',
		createdAt: run?.created ? new Date(run.created.at).toISOString() : null,
		detectedAt: new Date(systemClock.now()).toISOString(),
		run: run?.body ?? null,
	};
	const shaped = shapeEvent(readOutputShape(parameters, 0), resourceOf(extend, resource), item);
	return failure && 'error' in failure ? { ...shaped, lastError: reasonOf(failure.error) } : shaped;
}

async function readRun(context: IWebhookFunctions, resource: string, id: string): Promise<Run> {
	const session = await openTriggerSession(
		readingOnce(context),
		extend,
		SETTING.maxConcurrentRequests.default,
	);
	try {
		const { requestQueue, scope } = session;
		scope.cancelIn(WEBHOOK.readBudget, 'deadline', systemClock);
		const client = session.client(resource);
		return await call({ requestQueue, scope, clock: systemClock }, (signal) =>
			client.read(id, 'full', signal),
		);
	} finally {
		session.close();
	}
}

/**
 * The same context, where what the session has read of the credential also serves its first request: n8n's default engine for
 * expressions takes about 0.1 s for each read, and an event needs one request as a rule.
 */
function readingOnce(context: IWebhookFunctions): IWebhookFunctions {
	let fresh: ReturnType<IWebhookFunctions['getCredentials']> | undefined;
	const getCredentials = (type: string) => {
		const read = fresh ?? context.getCredentials(type);
		fresh = fresh ? undefined : read;
		return read;
	};
	return Object.create(context, { getCredentials: { value: getCredentials } }) as IWebhookFunctions;
}

/** The run as the event brings it, or the link in it. */
async function payloadRun(context: IWebhookFunctions, resource: string, event: WebhookEvent): Promise<Run> {
	const link = linkOf(event);
	const body = link === undefined ? event.payload : await fetchJson(context, link, WEBHOOK.readBudget);
	return parseRun(extend, resourceOf(extend, resource), body);
}

function reasonOf(error: unknown): string {
	if (isCancelReason(error)) return `The run could not be read within ${WEBHOOK.readBudget / SECOND} s`;
	return safeMessage(error instanceof Error ? error.message : String(error));
}
