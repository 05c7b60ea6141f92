import { ApiError, type ApiErrorDetails, type ApiErrorKind, errorKindOf } from '../../core/requests/apiError';
import { TEXT } from '../../core/config';
import type { JsonObject } from '../../core/runs/run';
import { describeErrorBody } from './errorBody';
import type { ProviderSpec, Query, ResourceSpec } from '../types';

export interface ApiRequest {
	method: 'GET' | 'POST' | 'DELETE';
	/** Path below the base URL, with every id already encoded. */
	path: string;
	query?: Query;
	body?: JsonObject;
	/** Bytes instead of a JSON body. */
	raw?: RawBody;
	headers?: Readonly<Record<string, string>>;
	/** What the user can do about certain answers, by status, where that differs from what helps with a run. */
	hint?: Readonly<Record<number, string>>;
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

export interface ApiResponse {
	status: number;
	/** Names in lower case. */
	headers: Readonly<Record<string, string | undefined>>;
	/** Parsed JSON; text as it came when it was not JSON; an empty string when there was no body. */
	body: unknown;
}

/**
 * Sends one request to the provider's host, with its key. Never follows a redirect, never retries.
 *
 * @throws ApiError `network` when there is no answer, the signal's reason when it is aborted
 */
export type Send = (request: ApiRequest, signal: AbortSignal) => Promise<ApiResponse>;

/**
 * Sends bytes to an address that the provider gave out for an upload: another host, so without the key.
 *
 * @throws ApiError `network` when there is no answer, the signal's reason when it is aborted
 */
export type SendBytes = (upload: Upload, signal: AbortSignal) => Promise<ApiResponse>;

/**
 * Requests a file from any address with GET, without the key. Never follows a redirect, never retries. The body must be
 * read or destroyed.
 *
 * @throws whatever the HTTP client throws when there is no answer, or when the signal is aborted
 */
export type FetchFile = (url: string, signal: AbortSignal) => Promise<FileResponse>;

export interface FileResponse {
	status: number;
	/** Names in lower case. */
	headers: Readonly<Record<string, string | undefined>>;
	body: ByteStream;
}

export interface Upload {
	method: 'PUT' | 'POST';
	url: string;
	headers: Readonly<Record<string, string>>;
	raw: RawBody;
}

/** What a request is about, for messages and advice. */
export interface Subject {
	provider: ProviderSpec;
	spec: ResourceSpec;
}

/**
 * Sends a request and gives back the body of a good answer.
 *
 * @param now unix milliseconds, to turn a `Retry-After` date into a wait
 * @throws ApiError for any answer that is not 2xx, or not JSON
 */
export async function exchange(
	subject: Subject,
	send: Send,
	request: ApiRequest,
	signal: AbortSignal,
	now: () => number,
): Promise<unknown> {
	const response = await send(request, signal);
	if (response.status < 200 || response.status > 299) throw errorOf(subject, response, now(), request.hint);
	if (typeof response.body !== 'string') return response.body;
	// An empty answer to a POST or DELETE (204) is an answer; to a GET it is a broken one.
	if (response.body.trim() === '' && request.method !== 'GET') return undefined;
	throw malformed(subject.provider, request, response);
}

/** The fault that an answer outside 2xx stands for. */
export function errorOf(
	{ provider, spec }: Subject,
	response: ApiResponse,
	now: number,
	advice: ApiRequest['hint'] = {},
): ApiError {
	const kind = errorKindOf(response.status);
	const { message, code, retryable } = describeErrorBody(response.body);
	const details: ApiErrorDetails = {
		status: response.status,
		code,
		retryable: obeysFlag(kind, response.status) ? retryable : undefined,
		retryAfter: retryAfterOf(response.headers, now),
		requestId: response.headers[provider.requestIdHeader],
		hint: advice[response.status] ?? adviceOn(kind, response, provider, spec),
	};
	const what = response.status === CONFLICT ? 'reported a conflict' : WHAT_HAPPENED[kind];
	const said = message ? `: ${message}` : '';
	return new ApiError(kind, `${provider.title} ${what} (${response.status})${said}`, details);
}

/**
 * Where the `retryable` of an error body (Extend: error handling page) decides whether a request is tried again:
 *
 * | status | without the flag | with it |
 * |---|---|---|
 * | 401, 402, 403, 404, 410, 3xx | as their kind says | makes no difference: only the user can change anything |
 * | 429 | tried again | makes no difference: the request was not carried out |
 * | any other 4xx | not tried again; 408, 409 and 425 are | as the flag says |
 * | 5xx | tried again | as the flag says |
 */
function obeysFlag(kind: ApiErrorKind, status: number): boolean {
	return kind === 'server' || (kind === 'request' && status !== PAYMENT_REQUIRED && status !== GONE);
}

/** The fault that an answer of the storage behind an upload address stands for: it has nothing to do with the key. */
export function uploadErrorOf({ provider }: Subject, response: ApiResponse, now: number): ApiError {
	const { message } = describeErrorBody(response.body);
	const said = message ? `: ${message}` : '';
	return new ApiError(
		errorKindOf(response.status),
		`The file storage of ${provider.title} did not take the file (${response.status})${said}`,
		{
			status: response.status,
			retryAfter: retryAfterOf(response.headers, now),
			hint: UPLOAD_AGAIN,
		},
	);
}

export const UPLOAD_AGAIN = 'No run was started. Run the node again: it uploads the file anew.';

const WHAT_HAPPENED: Record<ApiErrorKind, string> = {
	auth: 'refused the API key',
	request: 'refused the request',
	redirect: 'answered with a redirect, which is not followed',
	notFound: 'did not find what was asked for',
	rateLimited: 'asked to slow down',
	server: 'had a problem of its own',
	network: 'could not be reached',
	malformed: 'gave an answer that cannot be used',
};

const PAYMENT_REQUIRED = 402;
/** Tried again as a problem of the server is, but it is the run that is in between two states. */
const CONFLICT = 409;
const GONE = 410;

function adviceOn(
	kind: ApiErrorKind,
	response: ApiResponse,
	provider: ProviderSpec,
	spec: ResourceSpec,
): string | undefined {
	if (isHtml(response.body) && kind !== 'server') {
		return `The answer is a web page: check that the Base URL in the ${provider.title} credential is the one of the API, not of the website.`;
	}
	if (response.status === PAYMENT_REQUIRED) {
		return `Check the credits and the billing of the ${provider.title} account.`;
	}
	if (response.status === CONFLICT) return 'The run was changing at that moment. Try again later.';
	if (response.status === GONE || kind === 'notFound') {
		return [provider.notFoundHint, spec.goneHint].filter(Boolean).join(' ');
	}
	switch (kind) {
		case 'auth':
			return provider.keyHint;
		case 'redirect':
			return `Check the Base URL in the ${provider.title} credential: it must be the final address of the API.`;
		case 'rateLimited':
			return 'Send fewer requests: a longer interval, or fewer requests in flight.';
		case 'server':
			return `This is a problem on the side of ${provider.title}. Try again later.`;
		default:
			return undefined;
	}
}

function malformed(provider: ProviderSpec, request: ApiRequest, response: ApiResponse): ApiError {
	const text = String(response.body).trim();
	const what = text === '' ? 'an empty answer' : isHtml(text) ? 'a web page' : 'something that is not JSON';
	const start = text === '' || isHtml(text) ? '' : `: "${text.slice(0, TEXT.detail)}"`;
	return new ApiError('malformed', `${provider.title} answered ${request.method} with ${what}${start}`, {
		status: response.status,
		requestId: response.headers[provider.requestIdHeader],
		hint: `Check that the Base URL in the ${provider.title} credential is the one of the API, and that no proxy changes the answers on the way.`,
	});
}

function isHtml(body: unknown): boolean {
	return typeof body === 'string' && /^\s*<(?:!doctype|html|head|body)\b/i.test(body);
}

/** Milliseconds from a `Retry-After` header: seconds, or a date (counted from the server's own `Date` where it sends one). */
export function retryAfterOf(headers: ApiResponse['headers'], now: number): number | undefined {
	const value = headers['retry-after']?.trim();
	if (!value) return undefined;
	if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1_000;
	const until = Date.parse(value);
	if (Number.isNaN(until)) return undefined;
	const serverNow = Date.parse(headers.date ?? '');
	return Math.max(0, until - (Number.isNaN(serverNow) ? now : serverNow));
}
