import type { JsonObject } from '../json';
import type { Phase } from '../script';

export interface WebhookEndpoint {
	readonly id: string;
	url: string;
	name: string;
	status: 'enabled' | 'disabled';
	enabledEvents: string[];
	readonly apiVersion: string;
	advancedOptions: JsonObject | null;
	/** Sandbox ms. */
	readonly createdAt: number;
	/** Shown once, by the create call. */
	readonly signingSecret: string;
}

export interface WebhookSubscription {
	readonly id: string;
	readonly webhookEndpointId: string;
	readonly resourceType: string;
	readonly resourceId: string;
	enabledEvents: string[];
	/** Sandbox ms. */
	readonly createdAt: number;
}

/** One event on its way to one endpoint. */
export interface Delivery {
	eventId: string;
	eventType: string;
	endpointId: string;
	runId: string;
	/** 1 for the first attempt. */
	attempt: number;
	/** Real ms at which it was sent. */
	sentAt: number;
	/** Status of the answer; `lost` when it was never sent, `none` when there was no answer in time. */
	answer: number | 'lost' | 'none' | 'waiting';
	/** Beginning of the body of the answer. */
	text: string;
}

/** Endpoints, subscriptions, and what was delivered to them. */
export class WebhookStore {
	readonly endpoints = new Map<string, WebhookEndpoint>();
	readonly subscriptions = new Map<string, WebhookSubscription>();
	/** Oldest first. */
	readonly deliveries: Delivery[] = [];
	/** Payloads behind signed links, by the last part of the link. */
	readonly payloads = new Map<string, JsonObject>();
	/** The phase of each run that events have been sent for. */
	readonly known = new Map<string, Phase>();
	events = 0;

	removeEndpoint(id: string): boolean {
		for (const subscription of this.subscriptions.values()) {
			if (subscription.webhookEndpointId === id) this.subscriptions.delete(subscription.id);
		}
		return this.endpoints.delete(id);
	}

	clear(): void {
		this.endpoints.clear();
		this.subscriptions.clear();
		this.deliveries.length = 0;
		this.payloads.clear();
		this.known.clear();
		this.events = 0;
	}
}
