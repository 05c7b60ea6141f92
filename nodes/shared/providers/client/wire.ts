import type { ApiError } from '../../core/requests/apiError';
import type { JsonObject, JsonValue } from '../../core/runs/run';

/** What goes over the wire, in the words that providers, client and transport share. */

export type QueryValue = string | number | boolean | readonly string[];

export type Query = Record<string, QueryValue>;

export interface ApiRequest {
	method: 'GET' | 'POST' | 'DELETE';
	/** Path below the base URL, with every id already encoded. */
	path: string;
	query?: Query;
	body?: JsonObject;
	/** Bytes instead of a JSON body. */
	raw?: RawBody;
	headers?: Readonly<Record<string, string>>;
	/** What it asks for, where that is no run: it is named where it is not found. */
	about?: string;
	/**
	 * What the user can do about certain answers, by status, where that differs from what helps with a run; it may depend on
	 * what the answer says.
	 */
	hint?: Readonly<Record<number, string | ((said: string) => string | undefined)>>;
}

/** Names of a response's headers are in lower case. */
export type ResponseHeaders = Readonly<Record<string, string | undefined>>;

export interface ApiResponse {
	status: number;
	headers: ResponseHeaders;
	/** Parsed JSON; text as it came when it was not JSON; an empty string when there was no body. */
	body: unknown;
}

/** As much of a Node stream as is needed here. */
export interface ByteStream extends AsyncIterable<Uint8Array> {
	compose(through: (source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>): ByteStream;
	destroy(): void;
	on(event: 'error', listener: (error: unknown) => void): void;
}

export interface RawBody {
	content: Uint8Array | ByteStream;
	contentType: string;
	/** Bytes. */
	length: number;
	/** Why the content has ended early, where it comes from elsewhere: then it was not the request that went wrong. */
	failure?: () => ApiError | undefined;
}

export interface Upload {
	method: 'PUT' | 'POST';
	url: string;
	headers: Readonly<Record<string, string>>;
	raw: RawBody;
}

export interface FileResponse {
	status: number;
	headers: ResponseHeaders;
	body: ByteStream;
}

/**
 * Sends one request to the provider's host, with its key. Never follows a redirect, never retries.
 *
 * @throws ApiError `network` when there is no answer, the signal's reason when it is aborted
 */
export type Send = (request: ApiRequest, signal: AbortSignal) => Promise<ApiResponse>;

/** The same to an address that the provider gave out for an upload: another host, so without the key. */
export type SendBytes = (upload: Upload, signal: AbortSignal) => Promise<ApiResponse>;

/**
 * Requests a file from any address with GET, without the key. Never follows a redirect, never retries. The body must be
 * read or destroyed.
 *
 * @throws whatever the HTTP client throws when there is no answer, or when the signal is aborted
 */
export type FetchFile = (url: string, signal: AbortSignal) => Promise<FileResponse>;

/** A document as the user hands it over; `blockId` is the start block of a workflow that takes it. */
export type DocumentInput = { blockId?: string } & (
	| { from: 'binary'; payload: Payload }
	| { from: 'url'; url: string; fileName?: string; fetcher: Fetcher }
	| { from: 'fileId'; id: string }
	| { from: 'text'; text: string }
);

/** Who downloads a document that is given by its address. */
export type Fetcher = 'n8n' | 'provider';

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

/** How documents travel. Each call may be repeated: an upload that is sent twice starts nothing. @throws ApiError */
export interface DocumentRoutes {
	/** A JSON request to the provider. */
	call(request: ApiRequest): Promise<unknown>;
	/** A request that carries a file, with the time that takes. */
	upload(request: (signal: AbortSignal) => Promise<ApiRequest>): Promise<unknown>;
	/** Bytes to an address outside the API. */
	put(upload: (signal: AbortSignal) => Promise<Upload>): Promise<void>;
	/** A file on the web, without the key of the provider: in memory up to `DOCUMENT.inlineUpTo`. */
	download(document: WebDocument): Promise<Payload>;
}

/** Turns a document into what stands for it in a create body. */
export type DeliverDocument = (input: DocumentInput, asFileId: boolean) => Promise<JsonValue>;
