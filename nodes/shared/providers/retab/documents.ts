import { z } from 'zod';

import { DOCUMENT } from '../../core/config';
import type { JsonObject } from '../../core/runs/run';
import { bytesOf, payloadOf } from '../client/documents';
import { UPLOAD_AGAIN } from '../client/http';
import { checked } from '../client/parseResponse';
import { lastPartOf } from '../client/webFile';
import type { DeliverDocument, DocumentRoutes, Payload } from '../client/wire';
import type { Subject } from '../types';

const retabDocument = z.object({ filename: z.string(), url: z.string() });

const retabUpload = z.object({
	fileId: z.string(),
	uploadUrl: z.string().url(),
	uploadMethod: z.enum(['PUT', 'POST']).default('PUT'),
	uploadHeaders: z.record(z.string()).nullish(),
});

const retabLink = z
	.object({
		mime_data: retabDocument.nullish(),
		download_url: z.string().optional(),
		filename: z.string().optional(),
	})
	.refine((link) => link.mime_data ?? link.download_url, { path: ['mime_data'], message: 'Required' });

/**
 * Retab takes `{ filename, url }`, where the url may be a data URL. Larger files go through its upload route: announce,
 * put the bytes, complete (Retab: files/upload/create and complete). A file that is there already is looked up, because a
 * bare id is refused.
 */
export function retabDelivery(subject: Subject, routes: DocumentRoutes): DeliverDocument {
	// All documents of a run travel in one request.
	let room = DOCUMENT.inlineUpTo;
	return async (input, asFileId) => {
		if (input.from === 'text') throw new RangeError('Retab takes files, not bare text');
		if (input.from === 'fileId') return asFileId ? input.id : await retabFile(subject, routes, input.id);
		if (input.from === 'url' && input.fetcher === 'provider') {
			return { filename: input.fileName ?? lastPartOf(input.url) ?? 'document', url: input.url };
		}
		const payload = await payloadOf(input, routes);
		if (asFileId) return (await retabUploadOf(subject, routes, payload)).fileId;
		if (payload.size > room) return (await retabUploadOf(subject, routes, payload)).document;
		room -= payload.size;
		const bytes = await bytesOf(await payload.open());
		return { filename: payload.fileName, url: dataUrl(payload.mimeType, bytes) };
	};
}

async function readLink(
	subject: Subject,
	routes: Pick<DocumentRoutes, 'call'>,
	id: string,
	ifMissing: string,
): Promise<z.infer<typeof retabLink>> {
	const answer = await routes.call({
		method: 'GET',
		path: `/v1/files/${encodeURIComponent(id)}/download-link`,
		hint: { 404: `${ifMissing} A Retab key only sees files of its own environment.` },
	});
	return checked(subject.provider, 'a file', retabLink, answer);
}

async function retabFile(subject: Subject, routes: DocumentRoutes, id: string): Promise<JsonObject> {
	const hint = 'Check the ID in the field File.';
	const { mime_data, download_url = '', filename = id } = await readLink(subject, routes, id, hint);
	return mime_data ?? { filename, url: download_url };
}

/** The address in `mime_data` is for other requests to Retab: a download takes the other one where there is one. */
export async function retabFileLink(
	subject: Subject,
	routes: Pick<DocumentRoutes, 'call'>,
	id: string,
): Promise<{ url: string; fileName: string }> {
	const hint =
		'The run itself has ended well, but its file is not there (any more): take Download File Into out of the options.';
	const { mime_data, download_url, filename } = await readLink(subject, routes, id, hint);
	return { url: download_url ?? mime_data?.url ?? '', fileName: filename ?? mime_data?.filename ?? id };
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
	const { fileId, uploadUrl, uploadMethod, uploadHeaders } = checked(
		subject.provider,
		'a file',
		retabUpload,
		announced,
	);
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
	return { fileId, document: checked(subject.provider, 'a file', retabDocument, completed) };
}

function dataUrl(mimeType: string, bytes: Uint8Array): string {
	// Parameters such as a charset stay out: they may hold what a data URL must not.
	return `data:${mimeType.split(';', 1)[0]?.trim()};base64,${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')}`;
}
