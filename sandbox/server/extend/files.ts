import type { Context, Hono } from 'hono';

import type { AppEnv } from '../env';
import { iso } from '../clock';
import { extendError } from '../errors';
import { MultipartError, readFileField } from '../multipart';
import { extensionOf, mimeTypeOf } from '../samples';
import { ByteCounter, piecesOf } from '../storage';
import type { World } from '../world';

/** Reads the body once, counting on the way what the request log shows. */
async function* counted(c: Context<AppEnv>): AsyncGenerator<Uint8Array> {
	for await (const piece of piecesOf(c.req.raw.body)) {
		c.get('entry').bodySize += piece.length;
		yield piece;
	}
}

/** `POST /files/upload`: multipart field `file`; only its size and hash are kept. */
async function upload(c: Context<AppEnv>, world: World): Promise<Response> {
	const counter = new ByteCounter(c.get('entry'));
	let name: string | undefined;
	try {
		name = await readFileField(counted(c), c.req.header('content-type'), 'file', (piece) =>
			counter.add(piece),
		);
	} catch (error) {
		if (error instanceof MultipartError) throw extendError(400, `Invalid request: ${error.message}`);
		throw error;
	}
	if (name === undefined) throw extendError(400, 'Invalid request: file: Required');
	const received = counter.finish();
	const now = world.clock.now();
	const id = world.store.newId('file_');
	world.store.addFile({
		id,
		provider: 'extend',
		filename: name,
		mimeType: mimeTypeOf(name),
		createdAt: now,
		size: received.size,
		sha256: received.sha256,
		state: 'ready',
		expiresAt: Infinity,
		received,
	});
	return c.json({
		object: 'file',
		id,
		name,
		type: extensionOf(name).toUpperCase() || null,
		parentFileId: null,
		metadata: {},
		createdAt: iso(now),
		updatedAt: iso(now),
	});
}

export function addExtendFileRoutes(app: Hono<AppEnv>, world: World): void {
	app.post('/files/upload', (c) => {
		c.get('entry').operation = 'file.upload';
		return upload(c, world);
	});
}
