import { TEXT } from '../../core/config';
import { isObject } from './parseResponse';

export interface ErrorText {
	message?: string;
	code?: string;
	/** What the answer itself says about trying again (Extend: error handling page). */
	retryable?: boolean;
}

/**
 * What an error answer says; empty when it says nothing. The two APIs and what stands before them have several forms
 * (Retab: OpenAPI and Core Concepts page; Extend: SDK ApiError, error handling page, legacy routes):
 *
 * - `{ "detail": … }` or `{ "error": … }`, with a text, a list of `{ "loc": ["body", "document"], "msg": "field required" }`,
 *   or an object as the next one
 * - `{ "code", "message", "retryable" }`
 * - a text, unless it is a web page
 */
export function describeErrorBody(body: unknown): ErrorText {
	const isText = typeof body === 'string' && !body.trim().startsWith('<');
	for (const place of isObject(body) ? [body.detail, body.error, body] : isText ? [body] : []) {
		const { message, code, retryable } = textOf(place);
		if (!message && !code) continue;
		const short = message?.replace(/\s+/g, ' ').trim().slice(0, TEXT.detail);
		return { message: short || undefined, code, retryable };
	}
	return {};
}

/** A code that is a number or `null` must not hide the message beside it. */
function textOf(place: unknown): ErrorText {
	if (typeof place === 'string') return { message: place };
	if (Array.isArray(place)) return { message: place.flatMap(problemOf).join('; ') };
	if (!isObject(place)) return {};
	const { message, code, retryable } = place;
	return {
		message: typeof message === 'string' ? message : undefined,
		code: typeof code === 'string' ? code : undefined,
		retryable: typeof retryable === 'boolean' ? retryable : undefined,
	};
}

function problemOf(problem: unknown): string[] {
	if (!isObject(problem) || typeof problem.msg !== 'string') return [];
	const parts = Array.isArray(problem.loc) ? problem.loc.filter((part) => typeof part !== 'object') : [];
	return [parts.length > 0 ? `${parts.join('.')}: ${problem.msg}` : problem.msg];
}
