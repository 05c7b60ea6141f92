/**
 * Kinds of errors, by what they mean for a run that is watched.
 *
 * | kind | when | what follows |
 * |---|---|---|
 * | `auth` | 401, 403 | ends the watch of a run that was never read; after a read, sent again slowly until the deadline |
 * | `request` | 400, 402, 405, 410, 413, 422, any other 4xx | ends the watch of the run |
 * | `redirect` | 3xx: never followed, so that the key stays on its host | ends the watch of the run |
 * | `notFound` | 404 | final after `RETRY.notFoundInARow` in a row |
 * | `rateLimited` | 429 | pauses all requests of the account, then sent again |
 * | `server` | 408, 409 on a read, 425, 5xx | sent again with backoff |
 * | `network` | refused, reset, no response in time | sent again with backoff |
 * | `malformed` | a response that is not as documented | sent again with backoff |
 *
 * `ApiErrorDetails.retryable`, from the response itself, overrides the kind, except `server` in a watch: only the deadline
 * ends that. Cancels differ: after any error that may hide a success, the run is read and the cancel sent again until
 * Confirm Cancel For is over.
 */
export const API_ERROR_KINDS = [
	'auth',
	'request',
	'redirect',
	'notFound',
	'rateLimited',
	'server',
	'network',
	'malformed',
] as const;

export type ApiErrorKind = (typeof API_ERROR_KINDS)[number];

/** Kinds that do not tell whether the request was carried out. */
const UNCLEAR: ReadonlySet<ApiErrorKind> = new Set(['server', 'network', 'malformed']);

const RETRYABLE: ReadonlySet<ApiErrorKind> = new Set(['rateLimited', 'server', 'network', 'malformed']);

export interface ApiErrorDetails {
	/** HTTP status, if there was a response. */
	status?: number;
	/** The API's own error code, such as `INVALID_REQUEST`. */
	code?: string;
	/** `Retry-After` in milliseconds. */
	retryAfter?: number;
	/** What the user can do. */
	hint?: string;
	/** The API's ID of the request, for its support. */
	requestId?: string;
	/** Whether the response says that sending the request again helps. Without it, the kind decides. */
	retryable?: boolean;
	/** True when the request certainly did not reach the API (connection refused, host not found). */
	notSent?: boolean;
}

export class ApiError extends Error {
	readonly status?: number;

	readonly code?: string;

	readonly retryAfter?: number;

	readonly hint?: string;

	readonly requestId?: string;

	readonly notSent: boolean;

	/** True when the same request may work later. */
	readonly retryable: boolean;

	constructor(
		readonly kind: ApiErrorKind,
		message: string,
		details: ApiErrorDetails = {},
	) {
		super(message);
		this.name = 'ApiError';
		this.status = details.status;
		this.code = details.code;
		this.retryAfter = details.retryAfter;
		this.hint = details.hint;
		this.requestId = details.requestId;
		this.notSent = details.notSent ?? false;
		this.retryable = details.retryable ?? RETRYABLE.has(kind);
	}

	/** True when the request may have been carried out although it failed. */
	get mayHaveWorked(): boolean {
		return UNCLEAR.has(this.kind) && !this.notSent;
	}
}

export function isNotFound(error: unknown): boolean {
	return error instanceof ApiError && error.kind === 'notFound';
}

/** The error after `ms` milliseconds without a response. */
export function noAnswer(ms: number): ApiError {
	return new ApiError('network', `The API did not answer within ${Math.round(ms / 100) / 10} s`, {
		hint: 'Try again later, and check that this n8n reaches the API quickly (network, proxy, firewall).',
	});
}

/** The kind of error of an HTTP status, for a read. */
export function errorKindOf(status: number): ApiErrorKind {
	if (status >= 500 || status === 408 || status === 409 || status === 425) return 'server';
	if (status === 429) return 'rateLimited';
	if (status === 404) return 'notFound';
	if (status === 401 || status === 403) return 'auth';
	if (status >= 400) return 'request';
	if (status >= 300) return 'redirect';
	return 'malformed';
}

/** A run cannot be watched as asked (for example: no time to count from). The message says what to change. */
export class WatchError extends Error {
	constructor(
		message: string,
		readonly hint: string,
	) {
		super(message);
		this.name = 'WatchError';
	}
}
