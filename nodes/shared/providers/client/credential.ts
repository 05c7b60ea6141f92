import { z } from 'zod';

import type { ProviderSpec } from '../types';

/** Extend's API hosts by region (Extend: deployments). */
export const EXTEND_HOSTS = {
	us: 'https://api.extend.ai',
	us2: 'https://api.us2.extend.app',
	eu: 'https://api.eu1.extend.ai',
} as const;

export const RETAB_HOST = 'https://api.retab.com';

/** Extend: API versioning; without the header a raw call gets 400 or a legacy version. */
export const EXTEND_API_VERSION = '2026-02-09';

const key = z
	.string({ invalid_type_error: 'The API key is missing', required_error: 'The API key is missing' })
	.trim()
	.min(1, 'The API key is empty')
	// Anything else cannot stand in a header, and mostly comes along when a key is copied.
	.regex(/^[\x21-\x7e]+$/, 'The API key holds spaces, line breaks or other characters that no key has');

const retabCredential = z.object({
	apiKey: key,
	baseUrl: z.string().trim().default(RETAB_HOST),
	sendKeyAs: z.enum(['both', 'apiKey', 'bearer']).default('bearer'),
});

const extendCredential = z.object({
	apiKey: key,
	region: z.enum(['us', 'us2', 'eu', 'custom']).default('us'),
	baseUrl: z.string().trim().default(''),
	apiVersion: z.string().trim().default(EXTEND_API_VERSION),
	workspaceId: z.string().trim().default(''),
});

/** What a credential comes down to: where requests go, and the headers that carry the key. */
export interface Access {
	/** Without a slash at the end. */
	baseUrl: string;
	headers: Record<string, string>;
	/** Must never appear in a message, log or item. */
	secret: string;
}

/**
 * @param data the decrypted data of the provider's credential
 * @throws RangeError that says which field of the credential is wrong
 */
export function accessOf(provider: ProviderSpec['name'], data: unknown): Access {
	return provider === 'retab' ? retabAccess(data) : extendAccess(data);
}

function retabAccess(data: unknown): Access {
	const { apiKey, baseUrl, sendKeyAs } = checked(retabCredential, data);
	const headers: Record<string, string> = {};
	if (sendKeyAs !== 'bearer') headers['Api-Key'] = apiKey;
	if (sendKeyAs !== 'apiKey') headers.Authorization = `Bearer ${apiKey}`;
	// As Retab's SDKs do: a version that was typed into the base URL is not repeated.
	return { baseUrl: cleanBaseUrl(baseUrl).replace(/\/v\d+$/, ''), headers, secret: apiKey };
}

function extendAccess(data: unknown): Access {
	const { apiKey, region, baseUrl, apiVersion, workspaceId } = checked(extendCredential, data);
	const headers: Record<string, string> = {
		Authorization: `Bearer ${apiKey}`,
		'x-extend-api-version': apiVersion || EXTEND_API_VERSION,
	};
	if (workspaceId) headers['x-extend-workspace-id'] = workspaceId;
	return {
		baseUrl: cleanBaseUrl(region === 'custom' ? baseUrl : EXTEND_HOSTS[region]),
		headers,
		secret: apiKey,
	};
}

function checked<T>(schema: z.ZodType<T, z.ZodTypeDef, unknown>, data: unknown): T {
	const parsed = schema.safeParse(data);
	if (parsed.success) return parsed.data;
	const issue = parsed.error.issues[0];
	throw new RangeError(
		`${issue?.message ?? 'Invalid value'} (credential field "${issue?.path.join('.') ?? ''}")`,
	);
}

function cleanBaseUrl(text: string): string {
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
