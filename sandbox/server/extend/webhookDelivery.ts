import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import {
	LOG_LIMIT,
	WEBHOOK_ATTEMPTS,
	WEBHOOK_LINK_TTL_MS,
	WEBHOOK_LOGGED_TEXT,
	WEBHOOK_MAX_RETRY_MS,
	WEBHOOK_TICK_MS,
	WEBHOOK_TIMEOUT_MS,
} from '../defaults';
import { isObject, type JsonObject } from '../json';
import type { Snapshot } from '../resource';
import { snapshot } from '../runs';
import { signedUrl } from '../storage';
import type { World } from '../world';
import { EXTEND_ROWS, type ExtendRow } from './resources';
import { eventTypeOf, isRunOf, payloadOf } from './webhookEvents';
import type { Delivery, WebhookEndpoint } from './webhookStore';

/** Sends the events of runs to the endpoints that want them: signed, again after a failure, with the faults of the switches. */

interface WebhookEvent {
	eventId: string;
	eventType: string;
	runId: string;
	payload: JsonObject;
	/** Counts from 1, for the faults that befall each nth event. */
	number: number;
}

/** Looks for events as long as the sandbox runs. Runs have no timers, so their phases are compared with the last ones. */
export function deliverWebhooks(world: World): void {
	const timer = setInterval(() => sendNews(world), WEBHOOK_TICK_MS);
	timer.unref();
	world.closing.addEventListener('abort', () => clearInterval(timer));
}

function sendNews(world: World): void {
	const { endpoints, known } = world.webhooks;
	if (endpoints.size === 0) {
		known.clear();
		return;
	}
	// Nothing is told of what was over before there was an endpoint.
	const isFirst = known.size === 0;
	for (const row of Object.values<ExtendRow>(EXTEND_ROWS)) {
		for (const run of world.store.list('extend', row.resource)) {
			const shot = snapshot(world, row, run);
			const { phase } = shot.state;
			if (known.get(run.id) === phase) continue;
			known.set(run.id, phase);
			if (!isFirst || run.createdAt >= firstCreated(world)) send(world, row, shot);
		}
	}
}

function firstCreated(world: World): number {
	return Math.min(...[...world.webhooks.endpoints.values()].map(({ createdAt }) => createdAt));
}

function send(world: World, row: ExtendRow, shot: Snapshot): void {
	const eventType = eventTypeOf(shot);
	if (eventType === undefined) return;
	const wanting = [...world.webhooks.endpoints.values()].filter((one) => wants(world, one, eventType, shot));
	if (wanting.length === 0) return;
	const event: WebhookEvent = {
		eventId: world.store.newId('evt_'),
		eventType,
		runId: shot.run.id,
		payload: payloadOf(shot, row.record(shot)),
		number: (world.webhooks.events += 1),
	};
	for (const endpoint of wanting) deliver(world, endpoint, event);
}

function wants(world: World, endpoint: WebhookEndpoint, eventType: string, shot: Snapshot): boolean {
	if (endpoint.status === 'disabled') return false;
	if (endpoint.enabledEvents.includes(eventType)) return true;
	return [...world.webhooks.subscriptions.values()].some(
		({ webhookEndpointId, resourceType, resourceId, enabledEvents }) =>
			webhookEndpointId === endpoint.id &&
			enabledEvents.includes(eventType) &&
			isRunOf(shot, resourceType, resourceId),
	);
}

function deliver(world: World, endpoint: WebhookEndpoint, event: WebhookEvent): void {
	const { webhookLoseEvery, webhookRepeatEvery } = world.switches;
	const isNth = (nth: number): boolean => nth > 0 && event.number % nth === 0;
	if (isNth(webhookLoseEvery)) {
		log(world, endpoint, event, 1).answer = 'lost';
		return;
	}
	for (let copies = isNth(webhookRepeatEvery) ? 2 : 1; copies > 0; copies -= 1) {
		// The sandbox has ended: nobody waits for the delivery.
		attempts(world, endpoint, event).catch(() => undefined);
	}
}

/** Until there is a good answer, as real ms, whatever the sandbox clock does. */
async function attempts(world: World, endpoint: WebhookEndpoint, event: WebhookEvent): Promise<void> {
	const options = { signal: world.closing, ref: false };
	await sleep(Math.random() * world.switches.webhookDelayMs, undefined, options);
	for (let attempt = 1; attempt <= WEBHOOK_ATTEMPTS; attempt += 1) {
		if (!world.webhooks.endpoints.has(endpoint.id)) return;
		const delivery = log(world, endpoint, event, attempt);
		Object.assign(delivery, await post(world, endpoint, event));
		if (typeof delivery.answer === 'number' && delivery.answer >= 200 && delivery.answer < 300) return;
		const wait = world.switches.webhookRetryMs * 2 ** (attempt - 1);
		await sleep(Math.min(wait, WEBHOOK_MAX_RETRY_MS), undefined, options);
	}
}

function log(world: World, endpoint: WebhookEndpoint, event: WebhookEvent, attempt: number): Delivery {
	const { eventId, eventType, runId } = event;
	const delivery: Delivery = {
		eventId,
		eventType,
		endpointId: endpoint.id,
		runId,
		attempt,
		sentAt: Date.now(),
		answer: 'waiting',
		text: '',
	};
	world.webhooks.deliveries.push(delivery);
	if (world.webhooks.deliveries.length > LOG_LIMIT) world.webhooks.deliveries.shift();
	return delivery;
}

async function post(
	world: World,
	endpoint: WebhookEndpoint,
	{ eventId, eventType, payload }: WebhookEvent,
): Promise<Pick<Delivery, 'answer' | 'text'>> {
	const body = JSON.stringify({
		eventId,
		eventType,
		payload: sentPayload(world, endpoint, eventId, payload),
	});
	const timestamp = String(Math.floor(Date.now() / 1_000));
	const headers = isObject(endpoint.advancedOptions?.headers) ? endpoint.advancedOptions.headers : {};
	try {
		const response = await fetch(endpoint.url, {
			method: 'POST',
			redirect: 'manual',
			signal: AbortSignal.any([AbortSignal.timeout(WEBHOOK_TIMEOUT_MS), world.closing]),
			headers: {
				...(headers as Record<string, string>),
				'content-type': 'application/json',
				'x-extend-request-timestamp': timestamp,
				'x-extend-request-signature': signature(endpoint.signingSecret, timestamp, body),
			},
			body,
		});
		const text = (await response.text()).slice(0, WEBHOOK_LOGGED_TEXT);
		return { answer: response.status, text };
	} catch {
		return { answer: 'none', text: '' };
	}
}

/** Lower-case hex HMAC-SHA256 of `v0:<timestamp>:<body>` (Extend: SDK, wrapper/webhooks). */
function signature(secret: string, timestamp: string, body: string): string {
	return createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
}

/** A link to it where it is too large for the endpoint, or where the switch wants that. */
function sentPayload(
	world: World,
	{ advancedOptions }: WebhookEndpoint,
	eventId: string,
	payload: JsonObject,
): JsonObject {
	const options = isObject(advancedOptions?.payload) ? advancedOptions.payload : {};
	const isTooLarge =
		options.format === 'url' && JSON.stringify(payload).length > Number(options.urlThresholdBytes ?? 0);
	if (!isTooLarge && world.switches.webhookPayload === 'json') return payload;
	world.webhooks.payloads.set(eventId, payload);
	const data = signedUrl(world, `payloads/${eventId}`, world.clock.now() + WEBHOOK_LINK_TTL_MS);
	return { object: 'signed_data_url', data, id: payload.id, metadata: payload.metadata };
}
