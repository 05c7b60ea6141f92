import { z } from 'zod';

import { SETTING } from '../../core/config';

/** The API key of a credential. */
export const apiKey = z
	.string({ invalid_type_error: 'The API key is missing', required_error: 'The API key is missing' })
	.trim()
	.min(1, 'The API key is empty')
	// Anything else cannot stand in a header, and mostly comes along when a key is copied.
	.regex(/^[\x21-\x7e]+$/, 'The API key holds spaces, line breaks or other characters that no key has');

const { max: most, default: learned } = SETTING.maxRequestsPerSecond;

const NO_RATE = `Max Requests per Second must be a number from 0 to ${most}`;

/** How many requests per second the account may get; nothing where that is to be found out. */
export const maxRequestsPerSecond = z.coerce
	.number({ invalid_type_error: NO_RATE })
	.min(SETTING.maxRequestsPerSecond.min, NO_RATE)
	.max(most, NO_RATE)
	.default(learned)
	.transform((rate) => rate || undefined);

/** What a credential comes down to: where requests go, and the headers that carry the key. */
export interface Access {
	/** Without a slash at the end. */
	baseUrl: string;
	headers: Record<string, string>;
	/** Must never appear in a message, log or item. */
	secret: string;
	/** Requests per second at most, where the user states it. */
	maxRequestsPerSecond?: number;
}

/** The data of a credential as its schema wants it. @throws RangeError that names the field that is wrong */
export function credentialData<T>(schema: z.ZodType<T, z.ZodTypeDef, unknown>, data: unknown): T {
	const parsed = schema.safeParse(data);
	if (parsed.success) return parsed.data;
	const issue = parsed.error.issues[0];
	throw new RangeError(
		`${issue?.message ?? 'Invalid value'} (credential field "${issue?.path.join('.') ?? ''}")`,
	);
}

/** An address without a slash at its end. @throws RangeError */
export function cleanBaseUrl(text: string): string {
	const allowed = 'It must be an address such as https://api.example.com';
	if (!URL.canParse(text)) throw new RangeError(`The Base URL is not a URL. ${allowed}`);
	const url = new URL(text);
	if (url.protocol !== 'https:' && url.protocol !== 'http:') {
		throw new RangeError(`The Base URL must begin with https:// or http://. ${allowed}`);
	}
	if (url.username || url.password) {
		throw new RangeError(`The Base URL must not hold a user name or password. ${allowed}`);
	}
	if (url.search || url.hash) throw new RangeError(`The Base URL must end with the path. ${allowed}`);
	return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** The fields of n8n's request options that say where a request goes; `uri` is the form of its older helper. */
export interface Destination {
	url?: string;
	uri?: string;
	baseURL?: string;
	headers?: object;
}

/**
 * The same request with the key added: only when it goes to the credential's own host, and never along a redirect.
 *
 * @throws RangeError when the request goes to another host
 */
export function withKey<T extends Destination>(
	access: Access,
	request: T,
): T & { headers: Record<string, unknown>; disableFollowRedirect: true; followRedirect: false } {
	const own = new URL(access.baseUrl);
	const address = request.url ?? request.uri ?? '';
	const base = request.baseURL ?? access.baseUrl;
	// `//other.example` and `https:host` are absolute to some clients and relative to others: no reading may lead away.
	const readings = [new URL(address, base), ...(URL.canParse(address) ? [new URL(address)] : [])];
	const other = readings.find(({ origin }) => origin !== own.origin);
	if (other) {
		throw new RangeError(`This credential sends its key to ${own.origin} only, not to ${other.origin}`);
	}
	return {
		...request,
		headers: { ...request.headers, ...access.headers },
		disableFollowRedirect: true,
		followRedirect: false,
	};
}
