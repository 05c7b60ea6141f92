import type { JsonObject } from './json';

/** An error response in the format of the API. */
export class ApiError extends Error {
	constructor(
		readonly status: number,
		readonly body: JsonObject,
	) {
		super(JSON.stringify(body));
		this.name = 'ApiError';
	}
}

/** One entry of Retab's 422 body. */
export interface RetabProblem {
	loc: Array<string | number>;
	msg: string;
	type: string;
}

/** `{"detail": "text"}`, Retab's shape for 400, 401, 403, 404, 409, 410, 429 and plain 422. */
export function retabError(status: number, detail: string): ApiError {
	return new ApiError(status, { detail });
}

/** `{"detail": [{loc, msg, type}]}`, Retab's shape for failed validation. */
export function retabInvalid(problems: RetabProblem[]): ApiError {
	return new ApiError(422, { detail: problems });
}

/** Error codes of the Extend API (Extend: general/error-handling); 403 and 409 have no documented code. */
const EXTEND_CODES: Record<number, string> = {
	400: 'INVALID_REQUEST',
	401: 'UNAUTHORIZED',
	402: 'USAGE_BLOCKED',
	403: 'FORBIDDEN',
	404: 'NOT_FOUND',
	409: 'CONFLICT',
	410: 'ENDPOINT_REMOVED',
	422: 'INVALID_REQUEST',
	429: 'RATE_LIMIT_EXCEEDED',
};

/** Retryable codes (Extend: general/error-handling). */
const RETRYABLE_CODES: ReadonlySet<string> = new Set(['RATE_LIMIT_EXCEEDED', 'INTERNAL_ERROR']);

/** `{code, message, retryable}`; the request id is added when the response is written. A domain code names its own flag. */
export function extendError(
	status: number,
	message: string,
	{ code = EXTEND_CODES[status] ?? 'INTERNAL_ERROR', retryable = RETRYABLE_CODES.has(code) } = {},
): ApiError {
	return new ApiError(status, { code, message, retryable });
}

const PLAIN_MESSAGES: Record<number, string> = {
	400: 'Bad request',
	401: 'Invalid API key',
	402: 'No credits left',
	403: 'Forbidden',
	404: 'Not found',
	408: 'Request timeout',
	409: 'Status changed, please retry',
	410: 'Gone',
	422: 'Unprocessable entity',
	429: 'Rate limit exceeded. Please try again later.',
	500: 'Internal server error',
	502: 'Bad gateway',
	503: 'Service unavailable',
	504: 'Gateway timeout',
};

/** The error response of an API for the `status` of a fault. */
export function plainMessage(status: number): string {
	return PLAIN_MESSAGES[status] ?? `Status ${status}`;
}
