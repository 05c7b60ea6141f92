import type { Context, Hono } from 'hono';
import type { ZodRawShape } from 'zod';

import type { AppEnv } from '../env';
import { ApiError, extendError } from '../errors';
import { isObject, itemsOf, type JsonObject } from '../json';
import type { Snapshot } from '../resource';
import { addRun, createdSnapshot, isVisible, requestCancel, snapshot, type NewRun } from '../runs';
import { isTerminal } from '../script';
import { SteeringError } from '../steering';
import type { Run } from '../store';
import { QUEUE_MS } from '../defaults';
import { checkExtendBody, checkExtendQuery, steeringRefusal } from '../validate';
import type { World } from '../world';
import { noBody, updateWorkflowRunBody } from './bodies';
import { cutRunPage, filterRuns } from './lists';
import { parseOutput, parseRunWithUrl } from './records';
import { EXTEND_ROWS, type ExtendRow } from './resources';

type ExtendContext = Context<AppEnv>;

/** The body as a JSON value; an empty one counts as `{}`. */
export async function readBody(c: ExtendContext): Promise<unknown> {
	const text = await c.req.text();
	if (text.trim() === '') return {};
	try {
		return JSON.parse(text) as unknown;
	} catch {
		throw extendError(400, 'Invalid request: body is not valid JSON');
	}
}

/** The checked query of a call. */
export function readQuery(c: ExtendContext, shape: ZodRawShape = {}): JsonObject {
	return checkExtendQuery(shape, new URL(c.req.url).searchParams);
}

/** @throws ApiError 404 while the run is missing, deleted or not visible yet */
function runOf(c: ExtendContext, world: World, row: ExtendRow): Run {
	const id = c.req.param('id') ?? '';
	const run = world.store.find('extend', row.resource, id);
	if (!run || !isVisible(run, world.clock.now())) throw extendError(404, `No ${row.object} with id ${id}`);
	return run;
}

/** Answers of the legacy endpoints are wrapped. */
function answer(c: ExtendContext, row: ExtendRow, record: JsonObject): Response {
	return c.json(row.legacy ? { success: true, processorRun: record } : record);
}

/** @throws ApiError 404 for a file id that was never uploaded */
function checkFiles(world: World, request: JsonObject): void {
	const packaged = isObject(request.package) ? itemsOf(request.package.files) : [];
	const inputs = itemsOf(request.inputs).map((input) => (isObject(input) ? input.file : undefined));
	for (const file of [request.file, ...packaged, ...inputs]) {
		const id = isObject(file) ? (file.id ?? file.fileId) : undefined;
		if (typeof id === 'string' && !world.store.findFile('extend', id)) {
			throw extendError(404, `No file with id ${id}`);
		}
	}
}

function start(world: World, row: ExtendRow, options: NewRun): Run {
	try {
		return addRun(world, row, options);
	} catch (error) {
		if (error instanceof SteeringError) throw steeringRefusal(error, 'extend');
		throw error;
	}
}

function metadataOf(request: JsonObject): JsonObject | null {
	return isObject(request.metadata) ? request.metadata : null;
}

async function create(c: ExtendContext, world: World, row: ExtendRow): Promise<Response> {
	const request = checkExtendBody(row.body, await readBody(c));
	checkFiles(world, request);
	const synchronous = row.legacy && request.sync === true;
	const run = start(world, row, { request, metadata: metadataOf(request), synchronous });
	const shot = synchronous ? snapshot(world, row, run) : createdSnapshot(world, row, run);
	return answer(c, row, row.record(shot));
}

/** Steering can be in the metadata of the batch (for all members) and of each input. */
async function createBatch(c: ExtendContext, world: World, row: ExtendRow): Promise<Response> {
	const { batch } = row;
	if (!batch) throw extendError(404, 'Not found');
	const request = checkExtendBody(batch.body, await readBody(c));
	checkFiles(world, request);
	const batchId = world.store.newId(batch.idPrefix);
	const shared = Object.fromEntries(
		batch.shared.flatMap((key) => (request[key] === undefined ? [] : [[key, request[key]]])),
	);
	const inputs = (request.inputs as JsonObject[]).map((input) => {
		const own = metadataOf(input);
		const inherited = metadataOf(request);
		const metadata = own || inherited ? { ...inherited, ...own } : null;
		return { request: { ...shared, file: input.file, metadata }, metadata };
	});
	const members: Run[] = [];
	try {
		for (const input of inputs) members.push(start(world, row, { ...input, batchId, queueMs: QUEUE_MS }));
	} catch (error) {
		// One bad input refuses the whole batch.
		members.forEach((member) => world.store.remove(member));
		throw error;
	}
	if (!batch.hasBatchRun) return c.json({ batchId });
	const batchRun = start(world, EXTEND_ROWS.batchRun, {
		request,
		id: batchId,
		members: members.map(({ id }) => id),
	});
	return c.json(EXTEND_ROWS.batchRun.record(snapshot(world, EXTEND_ROWS.batchRun, batchRun)));
}

function get(c: ExtendContext, world: World, row: ExtendRow): Response {
	const { responseType } = readQuery(c, row.getQuery);
	const shot = snapshot(world, row, runOf(c, world, row));
	return answer(c, row, responseType === 'url' ? parseRunWithUrl(shot) : row.record(shot));
}

function list(c: ExtendContext, world: World, row: ExtendRow): Response {
	if (!row.list) throw extendError(404, 'Not found');
	const query = readQuery(c, row.list.query);
	const at = world.clock.now() - world.switches.listLagMs;
	const keep = filterRuns(row.list, query);
	const shots: Snapshot[] = [];
	for (const run of world.store.list('extend', row.resource)) {
		if (run.createdAt > at || !isVisible(run, at)) continue;
		const shot = snapshot(world, row, run, at);
		if (keep(shot)) shots.push(shot);
	}
	const { items, nextPageToken } = cutRunPage(row.list, shots, query);
	const { summary } = row.list;
	const data = items.map((shot) => summary(row.record(shot), shot));
	const token = nextPageToken === undefined ? {} : { nextPageToken };
	return c.json(
		row.legacy ? { success: true, processorRuns: data, ...token } : { object: 'list', data, ...token },
	);
}

function remove(c: ExtendContext, world: World, row: ExtendRow): Response {
	const run = runOf(c, world, row);
	world.store.remove(run);
	if (!row.legacy) return c.json({ object: row.object, id: run.id });
	return c.json({
		success: true,
		documentProcessorRunId: run.id,
		message: 'The processor run and its data were deleted',
	});
}

/** Not idempotent: what is over, waits (unless it is a workflow run) or is in review is refused. */
async function cancel(c: ExtendContext, world: World, row: ExtendRow): Promise<Response> {
	checkExtendBody(noBody, await readBody(c));
	const run = runOf(c, world, row);
	const outcome = requestCancel(world, row, run);
	if (outcome === 'raced')
		throw extendError(409, 'The status of the run changed, please retry', { retryable: true });
	const shot = snapshot(world, row, run);
	if (outcome === 'refused') {
		const reason = isTerminal(shot.state.phase) ? 'cannot cancel terminal run' : 'cannot cancel run';
		throw extendError(world.switches.extendCancelRefusal, `${reason}: its status is ${shot.status}`, {
			code: 'INVALID_REQUEST',
		});
	}
	return answer(c, row, row.record(shot));
}

/** `POST /workflow_runs/{id}` sets the name and merges the metadata. */
async function update(c: ExtendContext, world: World, row: ExtendRow): Promise<Response> {
	const body = checkExtendBody(updateWorkflowRunBody, await readBody(c));
	const run = runOf(c, world, row);
	if (typeof body.name === 'string') run.name = body.name;
	if (isObject(body.metadata)) run.metadata = { ...run.metadata, ...body.metadata };
	run.changedAt = world.clock.now();
	return answer(c, row, row.record(snapshot(world, row, run)));
}

type Handler = (c: ExtendContext, world: World, row: ExtendRow) => Response | Promise<Response>;

function addResource(app: Hono<AppEnv>, world: World, row: ExtendRow): void {
	const named =
		(operation: string, handler: Handler) =>
		(c: ExtendContext): Response | Promise<Response> => {
			c.get('entry').operation = `${row.resource}.${operation}`;
			if (row.legacy && world.switches.extendProcessorRuns === 'removed') {
				throw extendError(404, 'This endpoint is not part of the API version', { code: 'ENDPOINT_REMOVED' });
			}
			if (operation !== 'get' && operation !== 'list') readQuery(c);
			return handler(c, world, row);
		};
	const has = (operation: (typeof row.operations)[number]): boolean => row.operations.includes(operation);
	if (has('create')) app.post(row.path, named('create', create));
	if (has('batch')) app.post(`${row.path}/batch`, named('batch', createBatch));
	if (has('list')) app.get(row.path, named('list', list));
	if (has('get')) app.get(`${row.path}/:id`, named('get', get));
	if (has('delete')) app.delete(`${row.path}/:id`, named('delete', remove));
	if (has('cancel')) app.post(`${row.path}/:id/cancel`, named('cancel', cancel));
	if (has('update')) app.post(`${row.path}/:id`, named('update', update));
}

export function addExtendRoutes(app: Hono<AppEnv>, world: World): void {
	for (const row of Object.values(EXTEND_ROWS)) addResource(app, world, row);
}

/** What `outputUrl` of a parse run leads to; undefined while there is no output. */
export function outputOf(world: World, runId: string): unknown {
	const row = EXTEND_ROWS.parseRun;
	const run = world.store.find('extend', row.resource, runId);
	if (!run || snapshot(world, row, run).state.phase !== 'completed') return undefined;
	return parseOutput();
}

/** The error body in the shape that is switched on; every shape carries the request id where it has room for it. */
export function extendErrorBody(world: World, error: ApiError, requestId: string): JsonObject {
	const body = { ...error.body, requestId };
	switch (world.switches.extendErrors) {
		case 'nested':
			return { error: body };
		case 'legacy':
			return { success: false, error: error.body.message };
		default:
			return body;
	}
}
