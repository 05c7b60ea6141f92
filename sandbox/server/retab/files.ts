import type { Context, Hono } from 'hono';

import type { AppEnv } from '../env';
import { iso } from '../clock';
import { DOWNLOAD_LINK_TTL_MS, UPLOAD_SESSION_TTL_MS } from '../defaults';
import { retabError } from '../errors';
import type { JsonObject } from '../json';
import { mimeTypeOf } from '../samples';
import { signedUrl } from '../storage';
import type { StoredFile } from '../store';
import { checkRetabBody } from '../validate';
import type { World } from '../world';
import { completeUploadBody, uploadBody } from './bodies';
import { cutPage, envelope, pageRequest } from './lists';
import { lists } from './queries';
import { readBody, readQuery } from './routes';

/** Files of the Retab API: the three-step upload, reads and the download link. */

function mimeData(file: StoredFile): JsonObject {
	return { filename: file.filename, url: `https://storage.retab.com/files/${file.id}/${file.filename}` };
}

function fileRecord(file: StoredFile): JsonObject {
	return {
		object: 'file',
		id: file.id,
		filename: file.filename,
		mime_type: file.mimeType,
		created_at: iso(file.createdAt),
		updated_at: iso(file.createdAt),
		page_count: null,
	};
}

function readyFile(c: Context<AppEnv>, world: World): StoredFile {
	const file = world.store.findFile('retab', c.req.param('id') ?? '');
	if (file?.state !== 'ready') throw retabError(404, 'File not found');
	return file;
}

/** Step 1. The only answer of this API in camelCase. */
async function startUpload(c: Context<AppEnv>, world: World): Promise<Response> {
	const body = checkRetabBody(uploadBody, (await readBody(c, world)) ?? {});
	const filename = String(body.filename);
	const now = world.clock.now();
	const file: StoredFile = {
		id: world.store.newId('file_'),
		provider: 'retab',
		filename,
		mimeType: typeof body.content_type === 'string' ? body.content_type : mimeTypeOf(filename),
		createdAt: now,
		size: Number(body.size_bytes),
		sha256: typeof body.sha256 === 'string' ? body.sha256.toLowerCase() : null,
		state: 'reserved',
		expiresAt: now + UPLOAD_SESSION_TTL_MS,
		received: null,
	};
	world.store.addFile(file);
	return c.json({
		fileId: file.id,
		uploadUrl: signedUrl(world, `uploads/${file.id}`, file.expiresAt),
		uploadMethod: 'PUT',
		uploadHeaders: { 'content-type': file.mimeType },
		mimeData: mimeData(file),
		expiresAt: iso(file.expiresAt),
	});
}

/** Step 3: 404 unknown session, 410 expired, 422 size or hash mismatch. */
async function completeUpload(c: Context<AppEnv>, world: World): Promise<Response> {
	const body = checkRetabBody(completeUploadBody, (await readBody(c, world)) ?? {});
	const file = world.store.findFile('retab', c.req.param('id') ?? '');
	if (!file) throw retabError(404, 'Upload session not found');
	if (file.state !== 'ready' && world.clock.now() >= file.expiresAt) {
		throw retabError(410, 'Upload session expired');
	}
	const { received } = file;
	if (!received) throw retabError(422, 'No content was uploaded');
	if (received.size !== file.size) {
		throw retabError(422, `Size mismatch: expected ${file.size} bytes, got ${received.size}`);
	}
	const expected = [file.sha256, typeof body.sha256 === 'string' ? body.sha256.toLowerCase() : null];
	if (expected.some((hash) => hash !== null && hash !== received.sha256)) {
		throw retabError(422, 'Checksum mismatch');
	}
	file.state = 'ready';
	file.sha256 = received.sha256;
	return c.json(mimeData(file));
}

/** Unlike the runs' lists this one tolerates an unknown cursor. */
function listFiles(c: Context<AppEnv>, world: World): Response {
	const query = readQuery(c, lists.file);
	const page = pageRequest(query);
	const { filename, mime_type: mimeType, from_date: from = -Infinity, to_date: to = Infinity } = query;
	const files = world.store.listFiles('retab').filter(({ state }) => state === 'ready');
	const cut = cutPage(
		page.ascending ? files : files.reverse(),
		(file) =>
			(!(filename instanceof RegExp) || filename.test(file.filename)) &&
			(mimeType === undefined || file.mimeType === mimeType) &&
			file.createdAt >= Number(from) &&
			file.createdAt <= Number(to),
		page,
		false,
	);
	return c.json(envelope(cut, cut.items.map(fileRecord)));
}

function downloadLink(c: Context<AppEnv>, world: World): Response {
	const file = readyFile(c, world);
	const expiresAt = world.clock.now() + DOWNLOAD_LINK_TTL_MS;
	return c.json({
		download_url: signedUrl(world, `files/${file.id}`, expiresAt),
		expires_in: '60 minutes',
		filename: file.filename,
		mime_data: mimeData(file),
	});
}

export function addRetabFileRoutes(app: Hono<AppEnv>, world: World): void {
	app.post('/v1/files/upload', (c) => startUpload(c, world));
	app.post('/v1/files/upload/:id/complete', (c) => completeUpload(c, world));
	app.get('/v1/files', (c) => listFiles(c, world));
	app.get('/v1/files/:id', (c) => {
		readQuery(c);
		return c.json(fileRecord(readyFile(c, world)));
	});
	app.get('/v1/files/:id/download-link', (c) => downloadLink(c, world));
}
