import { z } from 'zod';

import { attempt, attemptRequest } from '../../core/concurrency/result';
import { WEBHOOK } from '../../core/config';
import { isNotFound } from '../../core/requests/apiError';
import type { JsonObject } from '../../core/runs/run';
import { checked, pageQuery, parsePage } from '../client/parseResponse';
import type { ApiRequest } from '../client/wire';
import type { Paging } from '../listTypes';
import type { ProviderSpec } from '../types';
import type { ResourceType } from './webhookEvents';

/** Extend's endpoints and subscriptions (SDK 1.17.0, webhookEndpoints and webhookSubscriptions). */

const ENDPOINTS = '/webhook_endpoints';
const SUBSCRIPTIONS = '/webhook_subscriptions';

const LIST: Paging = { paging: 'pageToken', pageSizeParams: ['maxPageSize'], pageSize: 100 };

/** Where Extend refuses the address of the endpoint. Whatever else it refuses, it names itself. */
const URL_HINT: ApiRequest['hint'] = {
	400: (said) =>
		/\b(?:urls?|https?|hosts?|hostname|address|domain|reachable)\b/i.test(said)
			? 'Check WEBHOOK_URL of this n8n: Extend needs a public address with https.'
			: undefined,
};

/** What a trigger wants to be told, and where. */
export interface WantedWebhook {
	url: string;
	name: string;
	apiVersion: string;
	events: readonly string[];
	/** Absent for all runs. */
	resource?: { type: Exclude<ResourceType, 'all'>; id: string };
}

/** What Extend has registered. */
export interface Registration {
	/** Of the endpoint. */
	id: string;
	url: string;
	/** Shown once, when the endpoint is created. */
	secret: string;
	subscriptionId?: string;
	/** Unix ms. */
	createdAt: number;
}

export const registrationSchema = z.object({
	id: z.string().min(1),
	url: z.string(),
	secret: z.string().min(1),
	subscriptionId: z.string().optional(),
	createdAt: z.number(),
});

const endpointSchema = z.object({
	id: z.string().min(1),
	url: z.string(),
	status: z.string(),
	enabledEvents: z.array(z.string()),
	apiVersion: z.string(),
});

const createdSchema = z.object({ id: z.string().min(1), signingSecret: z.string().min(1) });

const subscriptionSchema = z.object({
	id: z.string().min(1),
	resourceType: z.string(),
	resourceId: z.string(),
	enabledEvents: z.array(z.string()),
});

/** How requests are sent: those that may be repeated, and those that may not. @throws ApiError */
export interface WebhookRequests {
	repeatable(request: ApiRequest): Promise<unknown>;
	once(request: ApiRequest): Promise<unknown>;
}

export class WebhookEndpoints {
	constructor(
		private readonly provider: ProviderSpec,
		private readonly requests: WebhookRequests,
		/** Unix ms. */
		private readonly now: () => number,
	) {}

	/**
	 * Makes what is registered what is wanted: enabled again, with these events, at this address. False where it is gone, or
	 * cannot be made so.
	 *
	 * @throws ApiError
	 */
	async repair(known: Registration, wanted: WantedWebhook): Promise<boolean> {
		const body = await this.find(ENDPOINTS, known.id);
		if (body === undefined) return false;
		const endpoint = checked(this.provider, 'the webhook endpoint', endpointSchema, body);
		if (endpoint.apiVersion !== wanted.apiVersion) {
			await this.remove(known.id);
			return false;
		}
		const fields = { url: wanted.url, enabledEvents: [...globalEvents(wanted)], status: 'enabled' };
		if (endpoint.url !== fields.url || endpoint.status !== fields.status || !sameEvents(endpoint, fields)) {
			const path = at(ENDPOINTS, known.id);
			await this.requests.repeatable({ method: 'POST', path, body: fields, hint: URL_HINT });
			known.url = wanted.url;
		}
		await this.repairSubscription(known, wanted);
		return true;
	}

	/**
	 * Registers anew. Whatever is left of an earlier time at the very same address is removed, as its secret is not known any
	 * more; should something fail, nothing stays behind.
	 *
	 * @throws ApiError
	 */
	async create(wanted: WantedWebhook): Promise<Registration> {
		await this.removeAt(wanted.url);
		const registered = await attempt(() => this.register(wanted));
		if ('value' in registered) return registered.value;
		await attempt(() => this.removeAt(wanted.url));
		throw registered.error;
	}

	/** Removes an endpoint with its subscriptions; one that is gone already is fine. @throws ApiError */
	async remove(id: string): Promise<void> {
		await this.delete(at(ENDPOINTS, id));
	}

	/** Removes all endpoints with exactly this address. @throws ApiError */
	async removeAt(url: string): Promise<void> {
		const ids: string[] = [];
		let token: string | undefined;
		for (let pages = 0; pages < WEBHOOK.pages; pages += 1) {
			const query = pageQuery(LIST, token, LIST.pageSize);
			const body = await this.requests.repeatable({ method: 'GET', path: ENDPOINTS, query });
			const page = parsePage(this.provider, { plural: 'webhook endpoints', list: LIST }, body);
			ids.push(
				...page.rows.flatMap((row) => (row.url === url && typeof row.id === 'string' ? [row.id] : [])),
			);
			token = page.next;
			if (token === undefined) break;
		}
		for (const id of ids) await this.remove(id);
	}

	private async register(wanted: WantedWebhook): Promise<Registration> {
		const { url, name, apiVersion } = wanted;
		const body: JsonObject = {
			url,
			name,
			apiVersion,
			enabledEvents: [...globalEvents(wanted)],
			advancedOptions: { payload: { format: 'url', urlThresholdBytes: WEBHOOK.inlineUpTo } },
		};
		const answer = await this.requests.once({ method: 'POST', path: ENDPOINTS, body, hint: URL_HINT });
		const { id, signingSecret } = checked(this.provider, 'the new webhook endpoint', createdSchema, answer);
		const registration: Registration = { id, url, secret: signingSecret, createdAt: this.now() };
		registration.subscriptionId = await this.subscribe(id, wanted);
		return registration;
	}

	private async repairSubscription(known: Registration, wanted: WantedWebhook): Promise<void> {
		const { subscriptionId: id } = known;
		const body = id === undefined ? undefined : await this.find(SUBSCRIPTIONS, id);
		const found =
			body === undefined
				? undefined
				: checked(this.provider, 'the webhook subscription', subscriptionSchema, body);
		const { resource } = wanted;
		const isWanted = found?.resourceType === resource?.type && found?.resourceId === resource?.id;
		if (found && isWanted && sameEvents(found, { enabledEvents: wanted.events })) return;
		if (found && !isWanted) await this.delete(at(SUBSCRIPTIONS, found.id));
		known.subscriptionId = await this.subscribe(known.id, wanted);
	}

	/** The same endpoint and resource are one subscription, so it may be sent again. */
	private async subscribe(
		webhookEndpointId: string,
		{ resource, events }: WantedWebhook,
	): Promise<string | undefined> {
		if (!resource) return undefined;
		const body: JsonObject = {
			webhookEndpointId,
			resourceType: resource.type,
			resourceId: resource.id,
			enabledEvents: [...events],
		};
		const answer = await this.requests.repeatable({
			method: 'POST',
			path: SUBSCRIPTIONS,
			body,
			about: `the ${resource.type} ${resource.id}`,
			hint: {
				404: `Choose the ${resource.type} anew: it is gone, or of another workspace or environment than the key.`,
			},
		});
		return checked(this.provider, 'the webhook subscription', subscriptionSchema.pick({ id: true }), answer)
			.id;
	}

	private async find(path: string, id: string): Promise<unknown> {
		const read = await attemptRequest(() => this.requests.repeatable({ method: 'GET', path: at(path, id) }));
		if ('value' in read) return read.value;
		if (isNotFound(read.error)) return undefined;
		throw read.error;
	}

	private async delete(path: string): Promise<void> {
		const deleted = await attemptRequest(() => this.requests.repeatable({ method: 'DELETE', path }));
		if ('error' in deleted && !isNotFound(deleted.error)) throw deleted.error;
	}
}

/** Those of one resource come by its subscription alone. */
function globalEvents({ resource, events }: WantedWebhook): readonly string[] {
	return resource ? [] : events;
}

function sameEvents(
	a: { enabledEvents: readonly string[] },
	b: { enabledEvents: readonly string[] },
): boolean {
	const sorted = ({ enabledEvents }: typeof a) => [...enabledEvents].sort().join();
	return sorted(a) === sorted(b);
}

function at(path: string, id: string): string {
	return `${path}/${encodeURIComponent(id)}`;
}
