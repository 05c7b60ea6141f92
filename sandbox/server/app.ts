import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

import { addControlRoutes, CONTROL_PREFIX, type Reset } from './control';
import { LOGGED_BODY_BYTES } from './defaults';
import { deliver } from './deliver';
import type { AppEnv } from './env';
import { ApiError, extendError, retabError } from './errors';
import { checkExtendKey } from './extend/auth';
import { addExtendFileRoutes } from './extend/files';
import { addExtendWebhookRoutes } from './extend/webhooks';
import { addExtendRoutes, extendErrorBody, outputOf } from './extend/routes';
import type { JsonObject } from './json';
import type { LoggedRequest } from './log';
import { addExtendOwnerRoutes, addRetabOwnerRoutes } from './owners';
import { checkRetabKey } from './retab/auth';
import { addRetabFileRoutes } from './retab/files';
import { RateLimit } from './rateLimit';
import { addRetabReviewRoutes } from './retab/reviews';
import { addRetabRoutes } from './retab/routes';
import { addStorageRoutes, piecesOf, STORAGE_PREFIX } from './storage';
import type { World } from './world';

type Family = 'retab' | 'extend' | 'storage';

function familyOf(path: string): Family {
	if (path.startsWith('/v1/')) return 'retab';
	return path.startsWith(STORAGE_PREFIX) ? 'storage' : 'extend';
}

const REQUEST_ID_HEADERS: Record<Exclude<Family, 'storage'>, string> = {
	retab: 'x-request-id',
	extend: 'x-extend-request-id',
};

/** Uploads are counted as they stream; everything else is small and read at once. */
function isUpload(request: Request): boolean {
	return request.method === 'PUT' || (request.headers.get('content-type') ?? '').startsWith('multipart/');
}

async function logBody(entry: LoggedRequest, read: () => Promise<string>): Promise<void> {
	const text = await read();
	entry.bodySize = Buffer.byteLength(text);
	entry.body = text !== '' && entry.bodySize <= LOGGED_BODY_BYTES ? text : null;
}

function familyError(family: Family, status: number, message: string): ApiError {
	return family === 'retab' ? retabError(status, message) : extendError(status, message);
}

function errorBody(world: World, family: Family, error: ApiError, requestId: string): JsonObject {
	return family === 'extend' ? extendErrorBody(world, error, requestId) : error.body;
}

/** Both APIs and the file storage, without faults. */
function createApi(world: World): Hono<AppEnv> {
	const app = new Hono<AppEnv>();
	const rateLimit = new RateLimit();
	app.use('*', async (c, next) => {
		c.set('entry', c.env.entry);
		c.set('requestId', world.store.newId('req_'));
		if (!isUpload(c.req.raw)) await logBody(c.env.entry, () => c.req.text());
		const family = familyOf(c.req.path);
		if (family === 'retab') checkRetabKey(c.req.raw.headers);
		if (family === 'extend') checkExtendKey(c.req.raw.headers);
		const { requestsPerSecond } = world.switches;
		if (family !== 'storage' && requestsPerSecond > 0 && !rateLimit.takes(family, requestsPerSecond)) {
			c.header('retry-after', '1');
			throw familyError(family, 429, 'Too many requests');
		}
		await next();
		if (family !== 'storage') c.header(REQUEST_ID_HEADERS[family], c.get('requestId'));
	});
	addRetabFileRoutes(app, world);
	addRetabOwnerRoutes(app);
	addRetabReviewRoutes(app, world);
	addRetabRoutes(app, world);
	addExtendFileRoutes(app, world);
	addExtendRoutes(app, world);
	addExtendOwnerRoutes(app, world);
	addExtendWebhookRoutes(app, world);
	addStorageRoutes(app, world, (id) => outputOf(world, id));
	app.notFound((c) => {
		throw familyError(familyOf(c.req.path), 404, 'Not Found');
	});
	app.onError((error, c) => {
		const family = familyOf(c.req.path);
		const bug = `The sandbox has a bug: ${error.message}`;
		const known = error instanceof ApiError ? error : familyError(family, 500, bug);
		const requestId = c.get('requestId');
		if (family !== 'storage') c.header(REQUEST_ID_HEADERS[family], requestId);
		return c.json(errorBody(world, family, known, requestId), known.status as ContentfulStatusCode);
	});
	return app;
}

/** The whole sandbox as one fetch handler: control endpoints, request log, faults, APIs. */
export function createHandler(
	world: World,
	reset: Reset,
): (request: Request, env: HttpBindings) => Promise<Response> {
	const api = createApi(world);
	const control = new Hono();
	addControlRoutes(control, world, reset);

	return async (request, env) => {
		const url = new URL(request.url);
		if (url.pathname === CONTROL_PREFIX || url.pathname.startsWith(`${CONTROL_PREFIX}/`)) {
			return control.fetch(request);
		}
		const entry = world.log.open(env.incoming, env.outgoing, url, world.clock.now());
		const carryOut = async (): Promise<Response> => api.fetch(request, { ...env, entry });
		const fault = world.faults.take(entry.method, entry.path, entry.query);
		if (!fault) {
			const response = await carryOut();
			entry.status = response.status;
			return response;
		}
		entry.fault = fault.id;
		return deliver({
			world,
			fault,
			entry,
			outgoing: env.outgoing,
			carryOut,
			discard: async () => {
				if (!isUpload(request)) return logBody(entry, () => request.text());
				for await (const piece of piecesOf(request.body)) entry.bodySize += piece.length;
			},
			finish: (status, body) => {
				const family = familyOf(entry.path);
				if (family === 'storage') return { headers: {}, body };
				const requestId = world.store.newId('req_');
				const shown = status < 400 ? body : errorBody(world, family, new ApiError(status, body), requestId);
				return { headers: { [REQUEST_ID_HEADERS[family]]: requestId }, body: shown };
			},
		});
	};
}
