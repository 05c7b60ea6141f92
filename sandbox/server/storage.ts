import { createHash } from 'node:crypto';

import type { Context, Hono } from 'hono';

import { OUTPUT_URL_TTL_MS } from './defaults';
import type { AppEnv } from './env';
import type { LoggedRequest } from './log';
import type { World } from './world';

/**
 * The file storage both APIs point at with signed URLs: uploads, downloads and outputs. It takes no key, and refuses
 * one: a client that sends its key to a storage host leaks it.
 */

export const STORAGE_PREFIX = '/_storage/';

export function signedUrl(world: World, path: string, expiresAt: number): string {
	return `${world.origin}${STORAGE_PREFIX}${path}?expires=${Math.floor(expiresAt)}`;
}

/** A link to what a run has made, signed anew for each read. */
export function resultUrl(world: World, path: string): string {
	return signedUrl(world, path, world.clock.now() + OUTPUT_URL_TTL_MS);
}

function refusal(c: Context<AppEnv>, status: 400 | 403 | 404, code: string): Response {
	const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code></Error>`;
	return c.body(body, status, { 'content-type': 'application/xml' });
}

/** Undefined when the signed URL may be used. */
function checkUrl(c: Context<AppEnv>, world: World): Response | undefined {
	if (c.req.header('authorization') !== undefined || c.req.header('api-key') !== undefined) {
		return refusal(c, 400, 'InvalidArgument');
	}
	const expires = Number(c.req.query('expires'));
	return world.clock.now() < expires ? undefined : refusal(c, 403, 'ExpiredToken');
}

/** Counts and hashes a stream of bytes without storing them. */
export class ByteCounter {
	size = 0;
	private readonly hash = createHash('sha256');

	constructor(private readonly entry: LoggedRequest) {}

	add(bytes: Uint8Array): void {
		this.size += bytes.length;
		this.hash.update(bytes);
	}

	/** Also adds the size to the request log. */
	finish(): { size: number; sha256: string } {
		this.entry.bodySize = Math.max(this.entry.bodySize, this.size);
		return { size: this.size, sha256: this.hash.digest('hex') };
	}
}

/** The pieces of a request body, as they arrive. */
export async function* piecesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
	const reader = body?.getReader();
	if (!reader) return;
	for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
}

async function upload(c: Context<AppEnv>, world: World): Promise<Response> {
	const refused = checkUrl(c, world);
	if (refused) return refused;
	const file = world.store.findFile('retab', c.req.param('id') ?? '');
	if (!file) return refusal(c, 404, 'NoSuchKey');
	if (c.req.header('content-type') !== file.mimeType) return refusal(c, 403, 'SignatureDoesNotMatch');
	const counter = new ByteCounter(c.get('entry'));
	for await (const piece of piecesOf(c.req.raw.body)) counter.add(piece);
	file.received = counter.finish();
	if (file.state === 'reserved') file.state = 'received';
	return c.body(null, 200);
}

const SAMPLE_PDF = '%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n';

function download(c: Context<AppEnv>, world: World): Response {
	const refused = checkUrl(c, world);
	if (refused) return refused;
	const file = world.store.findFile('retab', c.req.param('id') ?? '');
	if (!file) return refusal(c, 404, 'NoSuchKey');
	return c.body(SAMPLE_PDF, 200, { 'content-type': file.mimeType });
}

/** A file that a run has made. */
function result(c: Context<AppEnv>, world: World): Response {
	return checkUrl(c, world) ?? c.body(SAMPLE_PDF, 200, { 'content-type': 'application/pdf' });
}

/** `outputOf` gives the output of a finished run, for `outputUrl` of Extend parse runs. */
export function addStorageRoutes(
	app: Hono<AppEnv>,
	world: World,
	outputOf: (runId: string) => unknown,
): void {
	app.put(`${STORAGE_PREFIX}uploads/:id`, (c) => upload(c, world));
	app.get(`${STORAGE_PREFIX}files/:id`, (c) => download(c, world));
	app.get(`${STORAGE_PREFIX}results/:name`, (c) => result(c, world));
	app.get(`${STORAGE_PREFIX}payloads/:id`, (c) => {
		const payload = world.webhooks.payloads.get(c.req.param('id'));
		return checkUrl(c, world) ?? (payload ? c.json(payload) : refusal(c, 404, 'NoSuchKey'));
	});
	app.get(`${STORAGE_PREFIX}outputs/:id`, (c) => {
		const refused = checkUrl(c, world);
		if (refused) return refused;
		const output = outputOf(c.req.param('id'));
		return output === undefined ? refusal(c, 404, 'NoSuchKey') : c.json(output);
	});
}
