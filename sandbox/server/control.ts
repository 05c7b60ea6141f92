import type { Hono, Context } from 'hono';
import { z } from 'zod';

import { EXTEND_KEY, RETAB_KEY } from './defaults';
import { FaultError, globToRegExp, type PlantedFault } from './faults';
import type { JsonObject } from './json';
import { asSeed, changeRun, PHASES, seedRun, viewOf } from './seed';
import { JOB_TIMES, SteeringError } from './steering';
import type { World } from './world';

/** `/_sandbox/…`: calls that control the sandbox itself. They need no key. */

export const CONTROL_PREFIX = '/_sandbox';

const DEFAULT_ROWS = 100;
const MAX_SEEDS = 100_000;

const switchesSchema = z
	.object({
		extendCancelRefusal: z.union([z.literal(400), z.literal(409), z.literal(422)]),
		extendErrors: z.enum(['plain', 'nested', 'legacy']),
		jobsList: z.enum(['current', 'legacy']),
		jobTimes: z.enum(JOB_TIMES),
		workflowIds: z.enum(['flat', 'nested']),
		listLagMs: z.number().min(0),
		retabJobs: z.enum(['served', 'removed']),
		extendProcessorRuns: z.enum(['served', 'removed']),
		extractionCreated: z.union([z.literal(201), z.literal(202)]),
		requestsPerSecond: z.number().min(0),
		webhookDelayMs: z.number().min(0),
		webhookRepeatEvery: z.number().int().min(0),
		webhookLoseEvery: z.number().int().min(0),
		webhookRetryMs: z.number().min(0),
		webhookPayload: z.enum(['json', 'url']),
	})
	.strict()
	.partial();

const changeSchema = z
	.object({
		phase: z.enum(PHASES as [(typeof PHASES)[number], ...Array<(typeof PHASES)[number]>]),
		steering: z.record(z.unknown()),
	})
	.strict()
	.partial();

class BadRequest extends Error {}

async function json(c: Context): Promise<unknown> {
	try {
		return (await c.req.json()) as unknown;
	} catch {
		throw new BadRequest('body is not JSON');
	}
}

function check<Output>(schema: z.ZodType<Output, z.ZodTypeDef, unknown>, value: unknown): Output {
	const parsed = schema.safeParse(value);
	if (parsed.success) return parsed.data;
	throw new BadRequest(
		parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`).join('; '),
	);
}

function numberOf(c: Context, name: string): number | undefined {
	const value = c.req.query(name);
	if (value === undefined) return undefined;
	const number = Number(value);
	if (value === '' || !Number.isFinite(number) || number < 0) throw new BadRequest(`${name}: not a number`);
	return number;
}

/** JSON has no Infinity. */
function shownFault(fault: PlantedFault): JsonObject {
	return { ...fault, remaining: Number.isFinite(fault.remaining) ? fault.remaining : 'always' };
}

/** The switches this change sets. @throws BadRequest for an unknown switch or value */
export function checkSwitches(change: unknown): z.output<typeof switchesSchema> {
	return check(switchesSchema, change);
}

/** Deletes runs, files, faults and the request log, and resets the switches to their start values. */
export type Reset = () => void;

function requests(c: Context, world: World): Response {
	const since = numberOf(c, 'since') ?? -Infinity;
	const after = numberOf(c, 'after') ?? 0;
	const method = c.req.query('method')?.toUpperCase();
	const path = c.req.query('path');
	const pattern = path === undefined ? undefined : globToRegExp(path);
	const found = world.log.requests.filter(
		(entry) =>
			entry.time >= since &&
			entry.seq > after &&
			(method === undefined || entry.method === method) &&
			(pattern === undefined || pattern.test(entry.path)),
	);
	const limit = numberOf(c, 'limit') ?? found.length;
	return c.json({ total: found.length, data: found.slice(Math.max(0, found.length - limit)) });
}

function runs(c: Context, world: World): Response {
	const { provider, resource, status, phase } = c.req.query();
	const views = world.store
		.all()
		.filter(
			(run) => (provider ?? run.provider) === run.provider && (resource ?? run.resource) === run.resource,
		)
		.map((run) => viewOf(world, run))
		.filter((view) => (status ?? view.status) === view.status && (phase ?? view.phase) === view.phase);
	const limit = numberOf(c, 'limit') ?? DEFAULT_ROWS;
	return c.json({ total: views.length, data: views.slice(0, limit) });
}

/** One seed, an array of seeds, or a seed with `count`. */
async function seed(c: Context, world: World): Promise<Response> {
	const body = await json(c);
	const list = Array.isArray(body) ? body : [body];
	const ids = list.flatMap((one: unknown) => {
		const { count = 1, ...rest } = one as { count?: unknown };
		if (typeof count !== 'number' || !Number.isInteger(count) || count < 1 || count > MAX_SEEDS) {
			throw new BadRequest(`count: must be a whole number from 1 to ${MAX_SEEDS}`);
		}
		return Array.from({ length: count }, () => seedRun(world, asSeed(rest)).id);
	});
	return c.json({ ids }, 201);
}

export function addControlRoutes(app: Hono, world: World, reset: Reset): void {
	const routes = app.basePath(CONTROL_PREFIX);

	routes.get('/', (c) =>
		c.json({
			name: 'Retab and Extend sandbox',
			urls: { retab: world.origin, extend: world.origin },
			keys: { retab: RETAB_KEY, extend: EXTEND_KEY },
			now: new Date(world.clock.now()).toISOString(),
			runs: world.store.all().length,
			requests: world.log.requests.length,
			faults: world.faults.list().length,
			switches: world.switches,
		}),
	);

	routes.get('/faults', (c) => c.json({ data: world.faults.list().map(shownFault) }));
	routes.post('/faults', async (c) => c.json(shownFault(world.faults.plant(await json(c))), 201));
	routes.delete('/faults', (c) => {
		world.faults.clear();
		return c.body(null, 204);
	});
	routes.delete('/faults/:id', (c) =>
		world.faults.remove(c.req.param('id')) ? c.body(null, 204) : c.json({ error: 'fault not found' }, 404),
	);

	routes.post('/reset', (c) => {
		reset();
		return c.body(null, 204);
	});

	routes.get('/requests', (c) => requests(c, world));
	routes.delete('/requests', (c) => {
		world.log.clear();
		return c.body(null, 204);
	});

	routes.get('/runs', (c) => runs(c, world));
	routes.post('/runs', (c) => seed(c, world));
	routes.get('/runs/:id', (c) => {
		const run = world.store.get(c.req.param('id'));
		return run ? c.json(viewOf(world, run)) : c.json({ error: 'no such run' }, 404);
	});
	routes.patch('/runs/:id', async (c) => {
		const run = world.store.get(c.req.param('id'));
		if (!run) return c.json({ error: 'no such run' }, 404);
		changeRun(world, run, check(changeSchema, await json(c)));
		return c.json(viewOf(world, run));
	});
	routes.delete('/runs/:id', (c) => {
		const run = world.store.get(c.req.param('id'));
		if (!run) return c.json({ error: 'no such run' }, 404);
		world.store.remove(run);
		return c.body(null, 204);
	});

	routes.get('/webhooks', (c) => {
		const { endpoints, subscriptions, deliveries } = world.webhooks;
		return c.json({
			endpoints: [...endpoints.values()],
			subscriptions: [...subscriptions.values()],
			deliveries,
		});
	});

	routes.get('/switches', (c) => c.json(world.switches));
	routes.patch('/switches', async (c) => {
		Object.assign(world.switches, checkSwitches(await json(c)));
		return c.json(world.switches);
	});

	app.notFound((c) => c.json({ error: `There is no ${c.req.method} ${c.req.path}` }, 404));
	app.onError((error, c) => {
		const mistake =
			error instanceof BadRequest || error instanceof FaultError || error instanceof SteeringError;
		return c.json({ error: error.message }, mistake || error.constructor === Error ? 400 : 500);
	});
}
