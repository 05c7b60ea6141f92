import { z } from 'zod';

import type { JsonObject } from '../../core/runs/run';
import { payloadOf } from '../client/documents';
import { checked } from '../client/parseResponse';
import type { DeliverDocument, DocumentRoutes, Payload } from '../client/wire';
import type { Subject } from '../types';

const extendFile = z.object({ id: z.string() });

/** Extend takes `{ url }`, `{ id }` or `{ text }`; a file of n8n is uploaded first (SDK: files client). */
export function extendDelivery(subject: Subject, routes: DocumentRoutes): DeliverDocument {
	return async (input): Promise<JsonObject> => {
		if (input.from === 'fileId') return { id: input.id };
		if (input.from === 'text') return { text: input.text };
		if (input.from === 'url' && input.fetcher === 'provider') {
			return input.fileName ? { url: input.url, name: input.fileName } : { url: input.url };
		}
		const payload = await payloadOf(input, routes);
		const answer = await routes.upload(async (signal) => ({
			method: 'POST',
			path: '/files/upload',
			raw: await multipart(payload, signal),
		}));
		return { id: checked(subject.provider, 'a file', extendFile, answer).id };
	};
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
			? Buffer.concat([head, file, tail])
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
