import { randomBytes } from 'node:crypto';

import type { Context, Hono } from 'hono';
import { z, type ZodRawShape } from 'zod';

import { iso } from '../clock';
import { EXTEND_API_VERSIONS } from '../defaults';
import type { AppEnv } from '../env';
import { extendError } from '../errors';
import type { JsonObject } from '../json';
import { checkExtendBody } from '../validate';
import type { World } from '../world';
import { cutOwnerPage } from './lists';
import { lists } from './queries';
import { readBody, readQuery } from './routes';
import { ENDPOINT_EVENTS, isResourceEvent, RESOURCE_TYPES } from './webhookEvents';
import type { WebhookEndpoint, WebhookSubscription } from './webhookStore';

/** `/webhook_endpoints` and `/webhook_subscriptions` (Extend: SDK 1.17.0). */

type ExtendContext = Context<AppEnv>;

const events = z.array(z.string());

const advancedOptions = z
	.object({
		headers: z.record(z.string()).optional(),
		payload: z
			.object({ format: z.enum(['json', 'url']), urlThresholdBytes: z.number().int().min(0).optional() })
			.strict()
			.optional(),
	})
	.strict();

const endpoint = {
	url: z.string().regex(/^https?:\/\/\S+$/, 'must be an http(s) URL'),
	name: z.string().min(1),
	status: z.enum(['enabled', 'disabled']).optional(),
	enabledEvents: events.refine(
		(given) => given.every((event) => ENDPOINT_EVENTS.includes(event)),
		'an event that is not known, or that needs a subscription',
	),
	advancedOptions: advancedOptions.optional(),
};

const endpointBody = z
	.object({ ...endpoint, apiVersion: z.enum(EXTEND_API_VERSIONS as [string, ...string[]]) })
	.strict();

const endpointChange = z.object(endpoint).strict().partial();

const subscriptionBody = z
	.object({
		webhookEndpointId: z.string().min(1),
		resourceType: z.enum(RESOURCE_TYPES),
		resourceId: z.string().min(1),
		enabledEvents: events.min(1),
	})
	.strict();

const subscriptionChange = z.object({ enabledEvents: events.min(1) }).strict();

const { maxPageSize, nextPageToken, sortDir } = lists.owner;
const pages = { maxPageSize, nextPageToken, sortDir };
const endpointList = { ...pages, status: endpoint.status };
const subscriptionList = {
	...pages,
	webhookEndpointId: z.string().optional(),
	resourceId: z.string().optional(),
};

const SECRET_BYTES = 24;

function shownEndpoint({ signingSecret, createdAt, ...rest }: WebhookEndpoint): JsonObject {
	return { object: 'webhook_endpoint', ...rest, createdAt: iso(createdAt), createdBy: null };
}

function shownSubscription({ createdAt, ...rest }: WebhookSubscription): JsonObject {
	return { object: 'webhook_subscription', ...rest, createdAt: iso(createdAt) };
}

function one<T>(c: ExtendContext, all: ReadonlyMap<string, T>, noun: string): T {
	const id = c.req.param('id') ?? '';
	const found = all.get(id);
	if (!found) throw extendError(404, `No ${noun} with id ${id}`);
	return found;
}

function page<T extends { id: string; createdAt: number }>(
	c: ExtendContext,
	shape: ZodRawShape,
	all: Iterable<T>,
	show: (row: T) => JsonObject,
): Response {
	const query = readQuery(c, shape);
	const { status, webhookEndpointId, resourceId } = query;
	const wanted = Object.entries({ status, webhookEndpointId, resourceId }).filter(([, value]) => value);
	const rows = [...all].filter((row) => wanted.every(([key, value]) => (row as JsonObject)[key] === value));
	const { items, nextPageToken } = cutOwnerPage(rows, query);
	return c.json({
		object: 'list',
		data: items.map(show),
		...(nextPageToken === undefined ? {} : { nextPageToken }),
	});
}

function checkEvents(resourceType: string, enabledEvents: readonly string[]): void {
	const wrong = enabledEvents.find((event) => !isResourceEvent(resourceType, event));
	if (wrong)
		throw extendError(400, `Invalid request: enabledEvents: ${wrong} is not an event of a ${resourceType}`);
}

function addEndpointRoutes(app: Hono<AppEnv>, world: World): void {
	const { endpoints } = world.webhooks;
	app.post('/webhook_endpoints', async (c) => {
		const body = checkExtendBody(endpointBody, await readBody(c)) as z.output<typeof endpointBody>;
		const created: WebhookEndpoint = {
			id: world.store.newId('wh_'),
			url: body.url,
			name: body.name,
			status: body.status ?? 'enabled',
			enabledEvents: body.enabledEvents,
			apiVersion: body.apiVersion,
			advancedOptions: body.advancedOptions ?? null,
			createdAt: world.clock.now(),
			signingSecret: `wss_${randomBytes(SECRET_BYTES).toString('hex')}`,
		};
		endpoints.set(created.id, created);
		return c.json({ ...shownEndpoint(created), signingSecret: created.signingSecret });
	});
	app.get('/webhook_endpoints', (c) => page(c, endpointList, endpoints.values(), shownEndpoint));
	app.get('/webhook_endpoints/:id', (c) => c.json(shownEndpoint(one(c, endpoints, 'webhook endpoint'))));
	app.post('/webhook_endpoints/:id', async (c) => {
		const body = checkExtendBody(endpointChange, await readBody(c));
		return c.json(shownEndpoint(Object.assign(one(c, endpoints, 'webhook endpoint'), body)));
	});
	app.delete('/webhook_endpoints/:id', (c) => {
		const { id } = one(c, endpoints, 'webhook endpoint');
		world.webhooks.removeEndpoint(id);
		return c.json({ object: 'webhook_endpoint', id });
	});
}

function addSubscriptionRoutes(app: Hono<AppEnv>, world: World): void {
	const { endpoints, subscriptions } = world.webhooks;
	app.post('/webhook_subscriptions', async (c) => {
		const body = checkExtendBody(subscriptionBody, await readBody(c)) as z.output<typeof subscriptionBody>;
		if (!endpoints.has(body.webhookEndpointId)) {
			throw extendError(404, `No webhook endpoint with id ${body.webhookEndpointId}`);
		}
		checkEvents(body.resourceType, body.enabledEvents);
		const known = [...subscriptions.values()].find(
			({ webhookEndpointId, resourceId }) =>
				webhookEndpointId === body.webhookEndpointId && resourceId === body.resourceId,
		);
		const subscription = known
			? Object.assign(known, { enabledEvents: body.enabledEvents })
			: { ...body, id: world.store.newId('whs_'), createdAt: world.clock.now() };
		subscriptions.set(subscription.id, subscription);
		return c.json(shownSubscription(subscription));
	});
	app.get('/webhook_subscriptions', (c) =>
		page(c, subscriptionList, subscriptions.values(), shownSubscription),
	);
	app.get('/webhook_subscriptions/:id', (c) =>
		c.json(shownSubscription(one(c, subscriptions, 'webhook subscription'))),
	);
	app.post('/webhook_subscriptions/:id', async (c) => {
		const { enabledEvents } = checkExtendBody(subscriptionChange, await readBody(c)) as z.output<
			typeof subscriptionChange
		>;
		const subscription = one(c, subscriptions, 'webhook subscription');
		checkEvents(subscription.resourceType, enabledEvents);
		return c.json(shownSubscription(Object.assign(subscription, { enabledEvents })));
	});
	app.delete('/webhook_subscriptions/:id', (c) => {
		const { id } = one(c, subscriptions, 'webhook subscription');
		subscriptions.delete(id);
		return c.json({ object: 'webhook_subscription', id });
	});
}

export function addExtendWebhookRoutes(app: Hono<AppEnv>, world: World): void {
	addEndpointRoutes(app, world);
	addSubscriptionRoutes(app, world);
}
