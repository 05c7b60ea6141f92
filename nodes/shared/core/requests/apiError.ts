/**
 * What can go wrong between us and an API, by what it means for a run that is being watched.
 *
 * | kind | when | what follows |
 * |---|---|---|
 * | `auth` | 401, 403 | stops the run at once |
 * | `request` | 400, 402, 405, 410, 413, 422, any other 4xx | stops the run at once |
 * | `redirect` | 3xx: never followed, the key stays on its host | stops the run at once |
 * | `notFound` | 404 | final when it comes `RETRY.notFoundInARow` times in a row |
 * | `rateLimited` | 429 | pauses all requests to the provider, then tried again |
 * | `server` | 408, 409 on a read, 425, 5xx | tried again with backoff |
 * | `network` | refused, reset, no answer in time | tried again with backoff |
 * | `malformed` | an answer that is not what it should be | tried again with backoff |
 *
 * The answer itself may say whether trying again helps (`FaultDetails.retryable`): then that counts instead. A cancel is the
 * exception: as long as a bad answer may hide one that worked, the run is read and the cancel tried again in its time.
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

/** Kinds of which nobody knows whether the request was carried out. */
const UNCLEAR: ReadonlySet<ApiErrorKind> = new Set(['server', 'network', 'malformed']);

const RETRYABLE: ReadonlySet<ApiErrorKind> = new Set(['rateLimited', 'server', 'network', 'malformed']);

export interface ApiErrorDetails {
	/** HTTP status, when there was an answer. */
	status?: number;
	/** The API's own error code, such as `INVALID_REQUEST`. */
	code?: string;
	/** Milliseconds the server asked us to wait. */
	retryAfter?: number;
	/** What the user can check or do. */
	hint?: string;
	/** The API's id of the request, for its support. */
	requestId?: string;
	/** What the answer says about trying the same request again. Absent where the kind alone decides. */
	retryable?: boolean;
	/** True when the request certainly did not reach the API (refused connection, unknown host). */
	notSent?: boolean;
}

export class ApiError extends Error {
	readonly status?: number;

	readonly code?: string;

	readonly retryAfter?: number;

	readonly hint?: string;

	readonly requestId?: string;

	readonly notSent: boolean;

	/** True when the same request may well work a moment later. */
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

	/** True when the request may have been carried out all the same. */
	get mayHaveWorked(): boolean {
		return UNCLEAR.has(this.kind) && !this.notSent;
	}
}

export function isNotFound(error: unknown): boolean {
	return error instanceof ApiError && error.kind === 'notFound';
}

/** Which kind of error an HTTP status is, for a read. */
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
