import { pipeline } from 'node:stream/promises';

import busboy from 'busboy';

/** A streaming reader for uploads: the file is passed on in chunks, so that large files need little memory. */

export class MultipartError extends Error {
	constructor(message: string) {
		super(message);
		this.name = 'MultipartError';
	}
}

const FALLBACK_NAME = 'file';

/**
 * Reads the whole body and hands the bytes of the field `field` to `bytes`.
 * @returns the name of its file; undefined when there is no such file
 * @throws MultipartError when the body is no multipart form or ends in the middle
 */
export async function readFileField(
	pieces: AsyncIterable<Uint8Array>,
	contentType: string | undefined,
	field: string,
	bytes: (piece: Uint8Array) => void,
): Promise<string | undefined> {
	let filename: string | undefined;
	try {
		const form = busboy({ headers: { 'content-type': contentType }, defParamCharset: 'utf8' });
		form.on('file', (name, stream, info) => {
			// The form fails with the same error; without a listener this one would end the process.
			stream.on('error', () => undefined);
			if (name !== field) return void stream.resume();
			filename = info.filename || FALLBACK_NAME;
			stream.on('data', bytes);
		});
		await pipeline(pieces, form);
	} catch (error) {
		throw new MultipartError(error instanceof Error ? error.message : String(error));
	}
	return filename;
}
