import type { Context, Hono } from 'hono';
import type { ZodRawShape } from 'zod';

import type { AppEnv } from '../env';
import { retabError, retabInvalid } from '../errors';
import type { JsonObject } from '../json';
import type { Snapshot } from '../resource';
import { addRun, createdSnapshot, isVisible, restart, snapshot } from '../runs';
import { SteeringError } from '../steering';
import { STORAGE_PREFIX } from '../storage';
import type { Run } from '../store';
import { checkRetabBody, checkRetabQuery, steeringRefusal } from '../validate';
import type { World } from '../world';
import { cancelWorkflowRunBody, noBody } from './bodies';
import { CANCELS } from './cancel';
import { filterBy } from './filters';
import { cutPage, envelope, legacyEnvelope, pageRequest } from './lists';
import { asOldRecord, jobDataIsGone, jobWithData } from './records';
import { RETAB_ROWS, type RetabRow } from './resources';

type RetabContext = Context<AppEnv>;

const OWN_STORAGE = 'https://storage.retab.com/';

/** The body as JSON; undefined when there is none. The sandbox's own storage stands for Retab's. */
export async function readBody(c: RetabContext, world: World): Promise<unknown> {
	const text = await c.req.text();
	if (text.trim() === '') return undefined;
	const storage = world.origin + STORAGE_PREFIX;
	const asRetab = (key: string, value: unknown): unknown =>
		key === 'url' && typeof value === 'string' && value.startsWith(storage)
			? OWN_STORAGE + value.slice(storage.length)
			: value;
	try {
		return JSON.parse(text, text.includes(storage) ? asRetab : undefined) as unknown;
	} catch {
		throw retabInvalid([{ loc: ['body', 0], msg: 'JSON decode error', type: 'json_invalid' }]);
	}
}

/** The checked query of a call. */
export function readQuery(c: RetabContext, shape: ZodRawShape = {}): JsonObject {
	return checkRetabQuery(shape, new URL(c.req.url).searchParams);
}

/** @throws ApiError 404 while the run is missing, deleted or not visible yet */
function runOf(c: RetabContext, world: World, row: RetabRow): Run {
	const id = c.req.param('id') ?? '';
	const run = world.store.find('retab', row.resource, id);
	if (!run || !isVisible(run, world.clock.now())) throw retabError(404, row.notFound(id));
	return run;
}

function checkFile(row: RetabRow, world: World, request: JsonObject): void {
	if (row.resource !== 'fileBlueprint') return;
	if (!world.store.findFile('retab', String(request.file_id))) throw retabError(404, 'File not found');
}

async function create(c: RetabContext, world: World, row: RetabRow): Promise<Response> {
	const request = checkRetabBody(row.body, (await readBody(c, world)) ?? {});
	checkFile(row, world, request);
	const key = row.idempotencyKey ? c.req.header('idempotency-key') : undefined;
	const known = key === undefined ? undefined : world.store.runOfKey(row.resource, key);
	if (known) return c.json(row.record(snapshot(world, row, known)), row.created);
	const synchronous = row.waits && request.background !== true;
	let run: Run;
	try {
		const metadata = (request.metadata ?? null) as JsonObject | null;
		run = addRun(world, row, { request, metadata, synchronous });
	} catch (error) {
		if (error instanceof SteeringError) throw steeringRefusal(error, 'retab');
		throw error;
	}
	if (key !== undefined) world.store.rememberKey(row.resource, key, run);
	const record = row.record(synchronous ? snapshot(world, row, run) : createdSnapshot(world, row, run));
	if (row.resource === 'extraction' && request.stream === true) {
		return c.body(`${JSON.stringify(record)}\n`, 200, { 'content-type': 'application/stream+json' });
	}
	const inBackground = row.resource === 'extraction' && !synchronous;
	return c.json(record, inBackground ? world.switches.extractionCreated : row.created);
}

function jobIncludes(query: JsonObject): { request: boolean; response: boolean } {
	return { request: query.include_request === true, response: query.include_response === true };
}

function get(c: RetabContext, world: World, row: RetabRow): Response {
	const query = readQuery(c, row.getQuery);
	const shot = snapshot(world, row, runOf(c, world, row));
	if (row.cancelKind === 'job') return c.json(jobWithData(shot, jobIncludes(query)));
	const light = row.emptyOutput !== undefined && query.include_output === false;
	return c.json(light ? { ...row.record(shot), ...row.emptyOutput } : row.record(shot));
}

function rowRecord(
	row: RetabRow,
	shot: Snapshot,
	include: { request: boolean; response: boolean },
): JsonObject {
	const record = row.cancelKind === 'job' ? jobWithData(shot, include) : row.record(shot);
	return shot.run.steering.oldRecord ? asOldRecord(record) : record;
}

function list(c: RetabContext, world: World, row: RetabRow): Response {
	const query = readQuery(c, row.listQuery);
	const page = pageRequest(query);
	const keep = filterBy(query);
	const include = jobIncludes(query);
	const at = world.clock.now() - world.switches.listLagMs;
	const runs = world.store.list('retab', row.resource);
	const ordered = page.ascending ? runs : [...runs].reverse();
	const cut = cutPage(
		ordered,
		(run) => run.createdAt <= at && isVisible(run, at) && keep(snapshot(world, row, run, at)),
		page,
	);
	const data = cut.items.map((run) => rowRecord(row, snapshot(world, row, run, at), include));
	const legacy = row.cancelKind === 'job' && world.switches.jobsList === 'legacy';
	return c.json(legacy ? legacyEnvelope(cut, data) : envelope(cut, data));
}

function remove(c: RetabContext, world: World, row: RetabRow): Response {
	world.store.remove(runOf(c, world, row));
	return c.body(null, 204);
}

async function cancel(c: RetabContext, world: World, row: RetabRow): Promise<Response> {
	const takes = row.cancelKind === 'workflowRun' ? cancelWorkflowRunBody : noBody;
	const body = checkRetabBody(takes, await readBody(c, world)) as JsonObject | null | undefined;
	const commandId = typeof body?.command_id === 'string' ? body.command_id : null;
	const run = runOf(c, world, row);
	return c.json(CANCELS[row.cancelKind]({ world, row, run, commandId }));
}

const RETRYABLE = ['failed', 'cancelled', 'expired'];

/** Keeps the id; refused unless failed, cancelled or expired, and once the data is cleaned. */
function retry(c: RetabContext, world: World, row: RetabRow): Response {
	const run = runOf(c, world, row);
	const { state, status } = snapshot(world, row, run);
	if (!RETRYABLE.includes(state.phase)) throw retabError(400, `Cannot retry job in '${status}' status`);
	if (jobDataIsGone(run, world.clock.now())) throw retabError(400, 'Cannot retry job: its data has expired');
	restart(world, run, run.steering.retryResult ?? 'completed');
	if (run.steering.retry === 'delayed') throw retabError(503, 'Retry queued; dispatch is delayed');
	return c.json(row.record(createdSnapshot(world, row, run)));
}

/** Registers every endpoint that the resource has; the others answer 404 as unknown paths do. */
function addResource(app: Hono<AppEnv>, world: World, row: RetabRow): void {
	const named =
		(
			operation: string,
			handler: (c: RetabContext, world: World, row: RetabRow) => Response | Promise<Response>,
		) =>
		(c: RetabContext): Response | Promise<Response> => {
			c.get('entry').operation = `${row.resource}.${operation}`;
			if (row.cancelKind === 'job' && world.switches.retabJobs === 'removed')
				throw retabError(404, 'Not Found');
			if (operation !== 'get' && operation !== 'list') readQuery(c);
			return handler(c, world, row);
		};
	const has = (operation: (typeof row.operations)[number]): boolean => row.operations.includes(operation);
	if (has('create')) app.post(row.path, named('create', create));
	if (has('list')) app.get(row.path, named('list', list));
	if (has('get')) app.get(`${row.path}/:id`, named('get', get));
	if (has('delete')) app.delete(`${row.path}/:id`, named('delete', remove));
	if (has('cancel')) app.post(`${row.path}/:id/cancel`, named('cancel', cancel));
	if (has('retry')) app.post(`${row.path}/:id/retry`, named('retry', retry));
}

export function addRetabRoutes(app: Hono<AppEnv>, world: World): void {
	for (const row of Object.values(RETAB_ROWS)) addResource(app, world, row);
}
