import { ApiError, type ApiErrorKind, errorKindOf } from '../../core/requests/apiError';
import { TEXT } from '../../core/config';
import type { ProviderSpec, ResourceSpec, Subject } from '../types';
import { type ErrorText, describeErrorBody } from './errorBody';
import { wrongApiHint } from './parseResponse';
import type { ApiRequest, ApiResponse, ResponseHeaders, Send, SendBytes, Upload } from './wire';

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
	if (!isGood(response)) throw errorOf(subject, response, now(), request);
	if (typeof response.body !== 'string') return response.body;
	// An empty answer to a POST or DELETE (204) is an answer; to a GET it is a broken one.
	if (response.body.trim() === '' && request.method !== 'GET') return undefined;
	throw malformed(subject.provider, request, response);
}

/**
 * Sends a file to an upload address.
 *
 * @throws ApiError of the storage behind it: it has nothing to do with the key
 */
export async function sendFile(
	{ provider }: Subject,
	send: SendBytes,
	upload: Upload,
	signal: AbortSignal,
	now: () => number,
): Promise<void> {
	const response = await send(upload, signal);
	const { status, headers, body } = response;
	if (isGood(response)) return;
	const text = `The file storage of ${provider.title} did not take the file (${status})${saidIn(describeErrorBody(body))}`;
	const details = { status, retryAfter: retryAfterOf(headers, now()), hint: UPLOAD_AGAIN };
	throw new ApiError(errorKindOf(status), text, details);
}

export const UPLOAD_AGAIN = 'No run was started. Run the node again: it uploads the file anew.';

function isGood({ status }: ApiResponse): boolean {
	return status >= 200 && status <= 299;
}

function saidIn({ message }: ErrorText): string {
	return message ? `: ${message}` : '';
}

function errorOf(
	{ provider, spec }: Subject,
	response: ApiResponse,
	now: number,
	{ about, hint: hints = {} }: ApiRequest,
): ApiError {
	const { status, headers } = response;
	const kind = errorKindOf(status);
	const body = describeErrorBody(response.body);
	const notFound = kind === 'notFound' && about !== undefined ? `did not find ${about}` : undefined;
	const what = notFound ?? AT_STATUS[status] ?? WHAT_HAPPENED[kind];
	const hint = hints[status];
	const own = typeof hint === 'function' ? hint(body.message ?? '') : hint;
	return new ApiError(kind, `${provider.title} ${what} (${status})${saidIn(body)}`, {
		status,
		code: body.code,
		retryable: obeysFlag(kind, status) ? body.retryable : undefined,
		retryAfter: retryAfterOf(headers, now),
		requestId: headers[provider.requestIdHeader],
		hint: own ?? hintFor(kind, response, provider, spec),
	});
}

/**
 * Where the `retryable` of an error body (Extend: error handling page) decides whether a request is tried again:
 *
 * | status | without the flag | with it |
 * |---|---|---|
 * | 401, 402, 403, 404, 410, 3xx | as their kind says | makes no difference: only the user can change anything |
 * | 429 | tried again | makes no difference: the request was not carried out |
 * | any other 4xx | not tried again; 408, 409 and 425 are | as the flag says |
 * | 5xx | tried again | as the flag says; a watch goes on either way |
 */
function obeysFlag(kind: ApiErrorKind, status: number): boolean {
	return kind === 'server' || (kind === 'request' && status !== PAYMENT_REQUIRED && status !== GONE);
}

const WHAT_HAPPENED: Record<ApiErrorKind, string> = {
	auth: 'refused the API key',
	request: 'refused the request',
	redirect: 'answered with a redirect, which is not followed',
	notFound: 'did not find the run or resource',
	rateLimited: 'is rate limiting this account',
	server: 'had a server error',
	network: 'could not be reached',
	malformed: 'gave an answer that cannot be used',
};

const PAYMENT_REQUIRED = 402;
/** Tried again as a problem of the server is, but it is the run that is in between two states. */
const CONFLICT = 409;
const GONE = 410;

/** Statuses that the words for their kind do not fit. */
const AT_STATUS: Readonly<Record<number, string>> = {
	408: 'took too long',
	[CONFLICT]: 'reported a conflict',
	[GONE]: 'no longer has the run or resource',
	413: 'refused the request as too large',
	425: 'was not ready for the request',
};

function hintFor(
	kind: ApiErrorKind,
	{ status, body }: ApiResponse,
	{ title, keyHint, notFoundHint }: ProviderSpec,
	{ goneHint }: ResourceSpec,
): string {
	if (isHtml(body) && kind !== 'server') {
		return `The answer is a web page: check that the Base URL in the ${title} credential is the one of the API, not of the website.`;
	}
	if (status === PAYMENT_REQUIRED) return `Check the credits and the billing of the ${title} account.`;
	if (status === CONFLICT) return 'The run was changing at that moment. Try again later.';
	if (status === GONE || kind === 'notFound') return [notFoundHint, goneHint].filter(Boolean).join(' ');
	switch (kind) {
		case 'auth':
			return keyHint;
		case 'redirect':
			return `Check the Base URL in the ${title} credential: it must be the final address of the API.`;
		case 'rateLimited':
			return 'Send fewer requests: a longer interval, or fewer requests in flight.';
		case 'server':
			return `This is a problem on the side of ${title}. Try again later.`;
		default:
			return `Correct the field that ${title} names, or compare the fields of this node with the documentation of ${title}.`;
	}
}

function malformed(provider: ProviderSpec, { method }: ApiRequest, response: ApiResponse): ApiError {
	const text = String(response.body).trim();
	const what = text === '' ? 'an empty answer' : isHtml(text) ? 'a web page' : 'something that is not JSON';
	const start = text === '' || isHtml(text) ? '' : `: "${text.slice(0, TEXT.detail)}"`;
	return new ApiError('malformed', `${provider.title} answered ${method} with ${what}${start}`, {
		status: response.status,
		requestId: response.headers[provider.requestIdHeader],
		hint: wrongApiHint(provider),
	});
}

function isHtml(body: unknown): boolean {
	return typeof body === 'string' && /^\s*<(?:!doctype|html|head|body)\b/i.test(body);
}

/** Milliseconds from a `Retry-After` header: seconds, or a date (counted from the server's own `Date` where it sends one). */
export function retryAfterOf(headers: ResponseHeaders, now: number): number | undefined {
	const value = headers['retry-after']?.trim();
	if (!value) return undefined;
	if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1_000;
	const until = Date.parse(value);
	if (Number.isNaN(until)) return undefined;
	const serverNow = Date.parse(headers.date ?? '');
	return Math.max(0, until - (Number.isNaN(serverNow) ? now : serverNow));
}
