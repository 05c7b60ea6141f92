import { z } from 'zod';

import { DOCUMENT } from '../../core/config';
import type { JsonObject } from '../../core/runs/run';
import {
	type DeliverDocument,
	type DocumentRoutes,
	type Payload,
	bytesOf,
	fileAnswer,
	payloadOf,
	unexpected,
} from '../client/documents';
import { type Subject, UPLOAD_AGAIN } from '../client/http';
import { lastPartOf } from '../client/webFile';

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
	const { mime_data, download_url, filename } = fileAnswer(subject, retabLink, answer);
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
	const { fileId, uploadUrl, uploadMethod, uploadHeaders } = fileAnswer(subject, retabUpload, announced);
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
	return { fileId, document: fileAnswer(subject, retabDocument, completed) };
}

function dataUrl(mimeType: string, bytes: Uint8Array): string {
	// Parameters such as a charset stay out: they may hold what a data URL must not.
	return `data:${mimeType.split(';', 1)[0]?.trim()};base64,${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')}`;
}
