import { createHmac, timingSafeEqual } from 'crypto';
import { z } from 'zod';

import { SECOND, TEXT, WEBHOOK } from '../../core/config';
import type { JsonObject } from '../../core/runs/run';

/** What Extend's webhooks tell, and how they are signed (Extend: webhooks, SDK 1.17.0). */

/** Events as a person names them, with those of the Document Run Trigger under the same names. */
export const WEBHOOK_EVENTS = [
	'batchFailed',
	'batchFinished',
	'cancelled',
	'failed',
	'finished',
	'needsReview',
	'rejected',
] as const;

export type WebhookEventName = (typeof WEBHOOK_EVENTS)[number];

/** What a webhook can be about: all runs that were started by API, or those of one processor or workflow. */
export const RESOURCE_TYPES = ['all', 'classifier', 'extractor', 'splitter', 'workflow'] as const;

export type ResourceType = (typeof RESOURCE_TYPES)[number];

/** The kinds of runs that there are events of, by the beginning of the event type. */
const RUNS: Readonly<Record<string, string>> = {
	extract_run: 'extractRun',
	classify_run: 'classifyRun',
	split_run: 'splitRun',
	parse_run: 'parseRun',
	edit_run: 'editRun',
	workflow_run: 'workflowRun',
	batch_processor_run: 'batchRun',
	batch_parse_run: 'batchRun',
};

const BATCHES = ['batch_processor_run', 'batch_parse_run'];

type EventTypes = Partial<Record<WebhookEventName, readonly string[]>>;

function ofRuns(runs: readonly string[], batches: readonly string[]): EventTypes {
	const ending = (with_: string, of: readonly string[]) => of.map((run) => `${run}.${with_}`);
	return {
		finished: ending('processed', runs),
		failed: ending('failed', runs),
		batchFinished: ending('processed', batches),
		batchFailed: ending('failed', batches),
	};
}

/** Extend's own names of the events (WebhookEndpointEventType, WebhookSubscriptionEventType). */
export const EVENT_TYPES: Readonly<Record<ResourceType, EventTypes>> = {
	all: ofRuns(['extract_run', 'classify_run', 'split_run', 'parse_run', 'edit_run'], BATCHES),
	classifier: ofRuns(['classify_run'], ['batch_processor_run']),
	extractor: ofRuns(['extract_run'], ['batch_processor_run']),
	splitter: ofRuns(['split_run'], ['batch_processor_run']),
	// Only by a subscription to one workflow.
	workflow: {
		finished: ['workflow_run.completed'],
		failed: ['workflow_run.failed'],
		needsReview: ['workflow_run.needs_review'],
		rejected: ['workflow_run.rejected'],
		cancelled: ['workflow_run.cancelled'],
	},
};

/** The event of a type, and the resource of its run; nothing for a type that is not in the table. */
export function eventOf(type: string): { event: WebhookEventName; resource: string } | undefined {
	const resource = RUNS[type.slice(0, type.lastIndexOf('.'))];
	const found = Object.values(EVENT_TYPES)
		.flatMap((types) => Object.entries(types))
		.find(([, names]) => names.includes(type));
	return found && resource ? { event: found[0] as WebhookEventName, resource } : undefined;
}

const SIGNATURE = { timestamp: 'x-extend-request-timestamp', value: 'x-extend-request-signature' } as const;

/** Bytes of a SHA-256. */
const SIGNATURE_LENGTH = 32;

/** What arrives, before anything of it is believed. */
export interface SignedRequest {
	/** Names in lower case. */
	headers: Readonly<Record<string, string | string[] | undefined>>;
	/** As it was sent: JSON that was written anew would have another signature. */
	rawBody: Uint8Array;
}

/**
 * Why a request is refused; nothing when it was signed with this secret, and lately (SDK: wrapper/webhooks).
 *
 * @param now unix ms
 */
export function refusalOf(
	{ headers, rawBody }: SignedRequest,
	secret: string,
	now: number,
): string | undefined {
	const timestamp = headers[SIGNATURE.timestamp];
	const signature = headers[SIGNATURE.value];
	if (typeof timestamp !== 'string' || !/^\d{1,12}$/.test(timestamp)) return 'it has no timestamp';
	if (typeof signature !== 'string' || !/^[\da-f]{64}$/i.test(signature)) return 'it is not signed';
	const expected = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(rawBody).digest();
	const given = Buffer.from(signature, 'hex');
	if (given.length !== SIGNATURE_LENGTH || !timingSafeEqual(given, expected)) return 'its signature is wrong';
	const age = now - Number(timestamp) * SECOND;
	if (age > WEBHOOK.maxAge) return 'it was signed too long ago';
	return age < -WEBHOOK.maxAhead ? 'it was signed in the future' : undefined;
}

const webhookEvent = z.object({
	eventId: z.string().min(1).max(TEXT.id),
	eventType: z.string().min(1).max(TEXT.id),
	payload: z.object({ id: z.string().min(1).max(TEXT.id) }).passthrough(),
});

export interface WebhookEvent {
	eventId: string;
	eventType: string;
	/** The run, or a part of it, or a link to it. */
	payload: JsonObject & { id: string };
}

/** Nothing for a body that is no event. */
export function parseEvent({ rawBody }: SignedRequest): WebhookEvent | undefined {
	const parsed = webhookEvent.safeParse(jsonOf(rawBody));
	return parsed.success ? (parsed.data as WebhookEvent) : undefined;
}

function jsonOf(bytes: Uint8Array): unknown {
	try {
		return JSON.parse(new TextDecoder().decode(bytes));
	} catch {
		return undefined;
	}
}

/** Where the payload is to be fetched, without the key, when it is too large to come along. */
export function linkOf({ payload }: WebhookEvent): string | undefined {
	return payload.object === 'signed_data_url' && typeof payload.data === 'string' ? payload.data : undefined;
}
