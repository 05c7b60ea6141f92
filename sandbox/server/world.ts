import type { Clock } from './clock';
import type { WebhookStore } from './extend/webhookStore';
import type { FaultRegistry } from './faults';
import type { RequestLog } from './log';
import type { JobTimes } from './steering';
import type { Store } from './store';

/** Things the documentation leaves open or that changed over time; switchable while the sandbox runs. */
export interface Switches {
	/** Status of Extend's refusal to cancel (undocumented). */
	extendCancelRefusal: 400 | 409 | 422;
	/** Shape of Extend's error bodies: as documented, inside `{error: …}`, or the legacy `{success, error}`. */
	extendErrors: 'plain' | 'nested' | 'legacy';
	/** Envelope of `GET /v1/jobs`: `list_metadata` (since 2026-05-22) or `first_id`, `last_id`, `has_more` (before). */
	jobsList: 'current' | 'legacy';
	/** Format of job times where a run is not steered: ISO (since 2026-05-23) or unix seconds (before). */
	jobTimes: JobTimes;
	/** Retab workflow runs with flat ids (schema) or inside `workflow` (older examples). */
	workflowIds: 'flat' | 'nested';
	/** Lists show the world as it was this many sandbox ms ago. */
	listLagMs: number;
	/** `/v1/jobs` may be gone from the server. */
	retabJobs: 'served' | 'removed';
	/** "Extractions may also answer 202": status of an extraction created in the background. */
	extractionCreated: 201 | 202;
	/** `/processor_runs` may be gone from the API version. */
	extendProcessorRuns: 'served' | 'removed';
	/** Requests per second and key; more are answered 429 with `Retry-After: 1`. 0 is no limit. */
	requestsPerSecond: number;
	/** Each delivery of an event waits a random time up to this, so that events overtake each other (real ms). */
	webhookDelayMs: number;
	/** Every nth event is delivered twice; 0 is none. */
	webhookRepeatEvery: number;
	/** Every nth event is never delivered; 0 is none. */
	webhookLoseEvery: number;
	/** Wait before the second attempt of a delivery; doubles with each further one (real ms; not documented). */
	webhookRetryMs: number;
	/** Payloads inside the event where the endpoint allows it, or always behind a link. */
	webhookPayload: 'json' | 'url';
}

export const DEFAULT_SWITCHES: Readonly<Switches> = {
	extendCancelRefusal: 400,
	extendErrors: 'plain',
	jobsList: 'current',
	jobTimes: 'iso',
	workflowIds: 'flat',
	listLagMs: 0,
	retabJobs: 'served',
	extendProcessorRuns: 'served',
	extractionCreated: 201,
	requestsPerSecond: 0,
	webhookDelayMs: 0,
	webhookRepeatEvery: 0,
	webhookLoseEvery: 0,
	webhookRetryMs: 5_000,
	webhookPayload: 'json',
};

/** Everything one sandbox holds. */
export interface World {
	readonly clock: Clock;
	readonly store: Store;
	readonly webhooks: WebhookStore;
	readonly switches: Switches;
	readonly faults: FaultRegistry;
	readonly log: RequestLog;
	/** `http://host:port` once the server listens. */
	origin: string;
	/** Aborted when the sandbox closes; ends every wait. */
	readonly closing: AbortSignal;
}
