import type { JsonObject, JsonValue } from '../../core/runs/run';
import type { CreateSpec, DocumentFacts, DocumentsSpec, FetchBy, ProviderSpec, Subject } from '../types';
import type { ByteStream, DocumentInput, DocumentRoutes, Fetcher, Payload } from './wire';

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

/** The body of a create with its documents in it. @throws ApiError when one could not be delivered */
export async function withDocuments(
	subject: Subject,
	{ documents: place }: CreateSpec,
	{ body, documents }: { body: JsonObject; documents: readonly DocumentInput[] },
	routes: DocumentRoutes,
): Promise<JsonObject> {
	if (!place || documents.length === 0) return body;
	const { delivery } = await subject.provider.code();
	const deliver = delivery(subject, routes);
	const delivered = await Promise.all(documents.map((input) => deliver(input, place.form === 'fileId')));
	switch (place.form) {
		case 'one':
		case 'fileId':
			return { ...body, [place.key]: delivered[0] ?? null };
		case 'list':
			return { ...body, [place.key]: delivered };
		case 'byBlock':
			return { ...body, [place.key]: byBlock(documents, delivered) };
		case 'oneOrPackage':
			return delivered.length > 1
				? { ...body, ...place.several?.(delivered) }
				: { ...body, [place.key]: delivered[0] ?? null };
	}
}

function byBlock(documents: readonly DocumentInput[], delivered: readonly JsonValue[]): JsonObject {
	return Object.fromEntries(documents.map(({ blockId = '' }, at) => [blockId, delivered[at] ?? null]));
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
	return Buffer.concat(parts);
}
