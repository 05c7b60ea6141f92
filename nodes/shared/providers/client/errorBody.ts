import { z } from 'zod';

import { TEXT } from '../../core/config';

export interface ErrorText {
	message?: string;
	code?: string;
	/** What the answer itself says about trying again (Extend: error handling page). */
	retryable?: boolean;
}

/** A code that is a number or `null` must not hide the message beside it. */
const text = z.string().optional().catch(undefined);

const coded = z.object({ message: text, code: text, retryable: z.boolean().optional().catch(undefined) });

const located = z.object({ loc: z.array(z.union([z.string(), z.number()])).optional(), msg: z.string() });

/**
 * The forms in which the two APIs and what stands before them say what went wrong, most specific first
 * (Retab: OpenAPI and Core Concepts page; Extend: SDK ApiError, error handling page, legacy routes).
 */
const FORMS: ReadonlyArray<(body: unknown) => ErrorText | undefined> = [
	// { "detail": "text" }
	(body) => pick(z.object({ detail: z.string() }), body, ({ detail }) => ({ message: detail })),
	// { "detail": [{ "loc": ["body", "document"], "msg": "field required" }] }
	(body) =>
		pick(z.object({ detail: z.array(located) }), body, ({ detail }) => ({
			message: detail.map(({ loc, msg }) => (loc?.length ? `${loc.join('.')}: ${msg}` : msg)).join('; '),
		})),
	// { "detail": { "code", "message" } }
	(body) => pick(z.object({ detail: coded }), body, ({ detail }) => detail),
	// { "error": { "code", "message" } }
	(body) => pick(z.object({ error: coded }), body, ({ error }) => error),
	// { "success": false, "error": "text" }
	(body) => pick(z.object({ error: z.string() }), body, ({ error }) => ({ message: error })),
	// { "code", "message" }
	(body) => pick(coded, body, (found) => found),
	(body) => pick(z.string(), body, (text) => (text.trim().startsWith('<') ? undefined : { message: text })),
];

function pick<T>(
	schema: z.ZodType<T, z.ZodTypeDef, unknown>,
	body: unknown,
	read: (found: T) => ErrorText | undefined,
): ErrorText | undefined {
	const parsed = schema.safeParse(body);
	return parsed.success ? read(parsed.data) : undefined;
}

/** What an error answer says, in whatever form it says it; empty when it says nothing. */
export function describeErrorBody(body: unknown): ErrorText {
	for (const form of FORMS) {
		const found = form(body);
		if (!found?.message && !found?.code) continue;
		const message = found.message?.replace(/\s+/g, ' ').trim().slice(0, TEXT.view);
		return { message: message || undefined, code: found.code, retryable: found.retryable };
	}
	return {};
}
