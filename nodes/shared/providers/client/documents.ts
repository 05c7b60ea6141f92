import { z } from 'zod';

import { ApiError } from '../../core/requests/apiError';
import { DOCUMENT } from '../../core/config';
import type { JsonObject, JsonValue } from '../../core/runs/run';
import { type ApiRequest, type ByteStream, type Subject, type Upload, UPLOAD_AGAIN } from './http';
import type { DocumentsSpec, FetchBy, ProviderSpec } from '../types';
import { lastPartOf } from './webFile';

/** A document as the user hands it over. */
export type DocumentInput =
	| { from: 'binary'; payload: Payload }
	| { from: 'url'; url: string; fileName?: string; fetcher: Fetcher }
	| { from: 'fileId'; id: string }
	| { from: 'text'; text: string };

/** Who downloads a document that is given by its address. */
export type Fetcher = Exclude<FetchBy, 'auto'>;

/** A document on the web. */
export interface WebDocument {
	url: string;
	/** The name that the user has given it. */
	fileName?: string;
}

/** A file that n8n has, or has access to. */
export interface Payload {
	fileName: string;
	mimeType: string;
	/** Bytes. */
	size: number;
	/** Its bytes, as a stream where they are outside memory; each call begins anew. The signal ends what it reads from. */
	open: (signal?: AbortSignal) => Promise<Uint8Array | ByteStream>;
	/** Why what was opened last has ended early; absent where the file is in n8n. */
	failure?: () => ApiError | undefined;
}

/** How documents travel. Each call may be repeated: an upload that is sent twice starts nothing. */
export interface DocumentRoutes {
	/** A JSON request to the provider. @throws ApiError */
	call(request: ApiRequest): Promise<unknown>;
	/** A request that carries a file, with the time that takes. @throws ApiError */
	upload(request: (signal: AbortSignal) => Promise<ApiRequest>): Promise<unknown>;
	/** Bytes to an address outside the API. @throws ApiError */
	put(upload: (signal: AbortSignal) => Promise<Upload>): Promise<void>;
	/** A file on the web, without the key of the provider: in memory up to `DOCUMENT.inlineUpTo`. @throws ApiError */
	download(document: WebDocument): Promise<Payload>;
}

/**
 * Who downloads the document at an address.
 *
 * @throws RangeError when the provider is chosen and never fetches such an address
 */
export function fetcherOf(
	provider: Pick<ProviderSpec, 'title'>,
	{ fetchedHosts }: Pick<DocumentsSpec, 'fetchedHosts'>,
	url: string,
	choice: FetchBy,
): Fetcher {
	const { protocol, hostname, port, username, password } = new URL(url);
	// A data URL holds the document itself.
	if (protocol === 'data:') return 'provider';
	if (choice === 'n8n') return 'n8n';
	if (!fetchedHosts) return 'provider';
	if (choice === 'provider') {
		if (protocol === 'https:') return 'provider';
		throw new RangeError(`${provider.title} only fetches documents from https:// addresses`);
	}
	const plain = protocol === 'https:' && port === '' && username === '' && password === '';
	return plain && fetchedHosts.some((host) => host.test(hostname)) ? 'provider' : 'n8n';
}

/** Turns a document into what stands for it in a create body. */
export type DeliverDocument = (input: DocumentInput, asFileId: boolean) => Promise<JsonValue>;

const retabDocument = z.object({ filename: z.string(), url: z.string() });

const retabUpload = z.object({
	fileId: z.string(),
	uploadUrl: z.string().url(),
	uploadMethod: z.enum(['PUT', 'POST']).default('PUT'),
	uploadHeaders: z.record(z.string()).nullish(),
});

const retabLink = z.object({
	mime_data: retabDocument.nullish(),
	download_url: z.string().optional(),
	filename: z.string().optional(),
});

/**
 * Retab takes `{ filename, url }`, where the url may be a data URL. Larger files go through its upload route: announce,
 * put the bytes, complete (Retab: files/upload/create and complete). A file that is there already is looked up, because a
 * bare id is refused.
 */
export function retabDelivery(subject: Subject, routes: DocumentRoutes): DeliverDocument {
	// All documents of a run travel in one request.
	let room = DOCUMENT.inlineUpTo;
	return async (input, asFileId) => {
		switch (input.from) {
			case 'fileId':
				return asFileId ? input.id : await retabFile(subject, routes, input.id);
			case 'text':
				throw new RangeError('Retab takes files, not bare text');
			case 'url':
			case 'binary': {
				if (input.from === 'url' && input.fetcher === 'provider') {
					return { filename: input.fileName ?? lastPartOf(input.url) ?? 'document', url: input.url };
				}
				const payload = await payloadOf(input, routes);
				if (asFileId) return (await retabUploadOf(subject, routes, payload)).fileId;
				if (payload.size > room) return (await retabUploadOf(subject, routes, payload)).document;
				room -= payload.size;
				return {
					filename: payload.fileName,
					url: dataUrl(payload.mimeType, await bytesOf(await payload.open())),
				};
			}
		}
	};
}

async function retabFile(subject: Subject, routes: DocumentRoutes, id: string): Promise<JsonObject> {
	const answer = await routes.call({
		method: 'GET',
		path: `/v1/files/${encodeURIComponent(id)}/download-link`,
		hint: { 404: 'Check the File ID. A Retab key only sees files of its own environment.' },
	});
	const { mime_data, download_url, filename } = expect(subject, retabLink, answer);
	if (mime_data) return mime_data;
	if (!download_url) throw unexpected(subject, 'mime_data');
	return { filename: filename ?? id, url: download_url };
}

async function retabUploadOf(
	subject: Subject,
	routes: DocumentRoutes,
	payload: Payload,
): Promise<{ fileId: string; document: JsonObject }> {
	const announced = await routes.call({
		method: 'POST',
		path: '/v1/files/upload',
		body: { filename: payload.fileName, size_bytes: payload.size, content_type: payload.mimeType },
	});
	const { fileId, uploadUrl, uploadMethod, uploadHeaders } = expect(subject, retabUpload, announced);
	await routes.put(async (signal) => ({
		method: uploadMethod,
		url: uploadUrl,
		headers: uploadHeaders ?? {},
		raw: {
			content: await payload.open(signal),
			contentType: payload.mimeType,
			length: payload.size,
			failure: payload.failure,
		},
	}));
	const completed = await routes.call({
		method: 'POST',
		path: `/v1/files/upload/${encodeURIComponent(fileId)}/complete`,
		body: {},
		hint: { 404: UPLOAD_AGAIN, 410: UPLOAD_AGAIN, 422: UPLOAD_AGAIN },
	});
	return { fileId, document: expect(subject, retabDocument, completed) };
}

const extendFile = z.object({ id: z.string() });

/** Extend takes `{ url }`, `{ id }` or `{ text }`; a file of n8n is uploaded first (SDK: files client). */
export function extendDelivery(subject: Subject, routes: DocumentRoutes): DeliverDocument {
	return async (input): Promise<JsonObject> => {
		switch (input.from) {
			case 'fileId':
				return { id: input.id };
			case 'text':
				return { text: input.text };
			case 'url':
			case 'binary': {
				if (input.from === 'url' && input.fetcher === 'provider') {
					return input.fileName ? { url: input.url, name: input.fileName } : { url: input.url };
				}
				const payload = await payloadOf(input, routes);
				const answer = await routes.upload(async (signal) => ({
					method: 'POST',
					path: '/files/upload',
					raw: await multipart(payload, signal),
				}));
				return { id: expect(subject, extendFile, answer).id };
			}
		}
	};
}

/** A file that is handed over by us, wherever it is now. */
async function payloadOf(
	input: Extract<DocumentInput, { from: 'binary' | 'url' }>,
	routes: DocumentRoutes,
): Promise<Payload> {
	return input.from === 'binary' ? input.payload : await routes.download(input);
}

/** A form with the file as its only part. The file is passed through, never held as a whole. */
async function multipart({ fileName, mimeType, size, open, failure }: Payload, signal: AbortSignal) {
	const boundary = `----document-runs-${size}-${Date.now().toString(36)}`;
	const encode = (text: string) => new TextEncoder().encode(text);
	const quoted = fileName.replace(/["\r\n]/g, '_');
	const head = encode(
		`--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${quoted}"\r\ncontent-type: ${mimeType}\r\n\r\n`,
	);
	const tail = encode(`\r\n--${boundary}--\r\n`);
	const file = await open(signal);
	const content =
		file instanceof Uint8Array
			? joined([head, file, tail])
			: file.compose(async function* (source) {
					yield head;
					yield* source;
					yield tail;
				});
	return {
		content,
		contentType: `multipart/form-data; boundary=${boundary}`,
		length: head.length + size + tail.length,
		failure,
	};
}

async function bytesOf(content: Uint8Array | ByteStream): Promise<Uint8Array> {
	if (content instanceof Uint8Array) return content;
	const parts: Uint8Array[] = [];
	for await (const part of content) parts.push(part);
	return joined(parts);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
	return Buffer.concat(parts);
}

function dataUrl(mimeType: string, bytes: Uint8Array): string {
	// Parameters such as a charset stay out: they may hold what a data URL must not.
	return `data:${mimeType.split(';', 1)[0]?.trim()};base64,${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')}`;
}

function expect<T>(subject: Subject, schema: z.ZodType<T, z.ZodTypeDef, unknown>, answer: unknown): T {
	const parsed = schema.safeParse(answer);
	if (parsed.success) return parsed.data;
	throw unexpected(subject, parsed.error.issues[0]?.path.join('.') ?? '');
}

function unexpected({ provider }: Subject, field: string): ApiError {
	return new ApiError(
		'malformed',
		`${provider.title} gave an answer about a file that cannot be used: ${field}`,
	);
}
