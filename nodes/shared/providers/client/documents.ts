import type { z } from 'zod';

import { ApiError } from '../../core/requests/apiError';
import type { JsonObject, JsonValue } from '../../core/runs/run';
import type { CreateSpec, DocumentFacts, DocumentsSpec, FetchBy, ProviderSpec } from '../types';
import type { ApiRequest, ByteStream, Subject, Upload } from './http';

/** A document as the user hands it over; `blockId` is the start block of a workflow that takes it. */
export type DocumentInput = { blockId?: string } & (
	| { from: 'binary'; payload: Payload }
	| { from: 'url'; url: string; fileName?: string; fetcher: Fetcher }
	| { from: 'fileId'; id: string }
	| { from: 'text'; text: string }
);

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

/** What is known of a document before it is sent. */
export function factsOf(input: DocumentInput): DocumentFacts {
	switch (input.from) {
		case 'binary':
			return { fileName: input.payload.fileName, mimeType: input.payload.mimeType };
		case 'url': {
			const { protocol, pathname } = new URL(input.url);
			if (protocol === 'data:') return { fileName: input.fileName, mimeType: pathname.split(/[;,]/, 1)[0] };
			return { fileName: input.fileName ?? pathname };
		}
		case 'fileId':
		case 'text':
			return {};
	}
}

/** Turns a document into what stands for it in a create body. */
export type DeliverDocument = (input: DocumentInput, asFileId: boolean) => Promise<JsonValue>;

/** The body of a create with its documents in it. @throws ApiError when one could not be delivered */
export async function withDocuments(
	subject: Subject,
	{ documents: place }: CreateSpec,
	{ body, documents }: { body: JsonObject; documents: readonly DocumentInput[] },
	routes: DocumentRoutes,
): Promise<JsonObject> {
	if (!place || documents.length === 0) return body;
	const deliver = subject.provider.delivery(subject, routes);
	const delivered = await Promise.all(documents.map((input) => deliver(input, place.form === 'fileId')));
	switch (place.form) {
		case 'one':
		case 'fileId':
			return { ...body, [place.key]: delivered[0] ?? null };
		case 'list':
			return { ...body, [place.key]: delivered };
		case 'byBlock':
			return {
				...body,
				[place.key]: Object.fromEntries(
					documents.map(({ blockId = '' }, at): [string, JsonValue] => [blockId, delivered[at] ?? null]),
				),
			};
		case 'oneOrPackage':
			return delivered.length > 1
				? { ...body, ...place.several?.(delivered) }
				: { ...body, [place.key]: delivered[0] ?? null };
	}
}

/** A file that is handed over by us, wherever it is now. */
export async function payloadOf(
	input: Extract<DocumentInput, { from: 'binary' | 'url' }>,
	routes: DocumentRoutes,
): Promise<Payload> {
	return input.from === 'binary' ? input.payload : await routes.download(input);
}

export async function bytesOf(content: Uint8Array | ByteStream): Promise<Uint8Array> {
	if (content instanceof Uint8Array) return content;
	const parts: Uint8Array[] = [];
	for await (const part of content) parts.push(part);
	return joined(parts);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
	return Buffer.concat(parts);
}

/** An answer about a file. @throws ApiError `malformed` */
export function fileAnswer<T>(
	subject: Subject,
	schema: z.ZodType<T, z.ZodTypeDef, unknown>,
	answer: unknown,
): T {
	const parsed = schema.safeParse(answer);
	if (parsed.success) return parsed.data;
	throw unexpected(subject, parsed.error.issues[0]?.path.join('.') ?? '');
}

export function unexpected({ provider }: Subject, field: string): ApiError {
	return new ApiError(
		'malformed',
		`${provider.title} gave an answer about a file that cannot be used: ${field}`,
	);
}
