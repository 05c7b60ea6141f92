import type {
	IAllExecuteFunctions,
	IExecuteFunctions,
	IHookFunctions,
	IHttpRequestOptions,
	ILoadOptionsFunctions,
	IN8nHttpFullResponse,
	IPollFunctions,
	IWebhookFunctions,
} from 'n8n-workflow';

import { attempt } from '../../core/concurrency/result';
import { ApiError, errorKindOf } from '../../core/requests/apiError';
import type {
	ApiResponse,
	ByteStream,
	FetchFile,
	RawBody,
	Send,
	SendBytes,
} from '../../providers/client/wire';
import type { ProviderSpec } from '../../providers/types';
import { redact } from '../output/text';
import type { CurrentAccess } from './currentAccess';

/** Of a trigger that polls, or of one with a webhook. */
export type TriggerContext = IPollFunctions | IHookFunctions | IWebhookFunctions;

export type RequestContext = IExecuteFunctions | ILoadOptionsFunctions | TriggerContext;

/**
 * Requests through n8n's own helper, so that proxies, SSRF guard and credential rules of the instance apply.
 *
 * The helper overwrites `abortSignal` with the signal of the execution. It takes that from the context it is called on, so
 * each request gets a context of its own whose signal is ours: that is how one request can have a deadline, and how a
 * cancel can still leave after the workflow was stopped. The helper reads the credential for each request, through that
 * context as well: so it is known with which key the request goes out.
 */
export function sendThrough(context: RequestContext, provider: ProviderSpec, access: CurrentAccess): Send {
	const readCredential = async (type: string) => {
		const data = await context.getCredentials(type);
		access.learn(data);
		return data;
	};
	const renew = () => attempt(() => readCredential(provider.credential));
	return async ({ method, path, query, body, raw, headers }, signal) => {
		const own = Object.create(context, {
			getExecutionCancelSignal: { value: () => signal },
			getCredentials: { value: readCredential },
		}) as IAllExecuteFunctions;
		const { baseUrl, secret } = access.value;
		const options: IHttpRequestOptions = {
			...ANSWER_AS_IT_IS,
			method,
			url: `${baseUrl}${path}`,
			qs: query === undefined ? undefined : { ...query },
			arrayFormat: 'repeat',
			headers: { ...(body && JSON_BODY), ...headers, ...(raw && headersOf(raw)) },
			body: raw ? raw.content : body && JSON.stringify(body),
			json: true,
		};
		try {
			const response = (await context.helpers.httpRequestWithAuthentication.call(
				own,
				provider.credential,
				options,
			)) as IN8nHttpFullResponse;
			if (REFUSED_KEY.has(response.statusCode)) await renew();
			return readable(response, [secret, access.value.secret]);
		} catch (error) {
			if (signal.aborted) throw signal.reason;
			// It may lead to another address by now.
			await renew();
			throw raw?.failure?.() ?? networkError(provider, error, [secret, access.value.secret]);
		}
	};
}

const REFUSED_KEY: ReadonlySet<number> = new Set([401, 403]);

/** Bytes to an upload address, through n8n's helper as well, but without the credential. */
export function sendBytesThrough(
	context: RequestContext,
	provider: ProviderSpec,
	access: CurrentAccess,
): SendBytes {
	return async ({ method, url, headers, raw }, signal) => {
		const options: IHttpRequestOptions = {
			...ANSWER_AS_IT_IS,
			method,
			url,
			headers: { ...headersOf(raw), ...headers },
			body: raw.content,
			abortSignal: signal,
		};
		try {
			const response = (await context.helpers.httpRequest(options)) as IN8nHttpFullResponse;
			return readable(response, [access.value.secret]);
		} catch (error) {
			if (signal.aborted) throw signal.reason;
			throw raw.failure?.() ?? networkError(provider, error, [access.value.secret]);
		}
	};
}

/**
 * Files from addresses of the web, through n8n's helper for its proxies and its SSRF guard, without the credential.
 *
 * No redirect is followed here: n8n's guard checks the address of each request, and there is one for each step.
 */
export function fetchThrough(context: RequestContext): FetchFile {
	return async (url, signal) => {
		const response = (await context.helpers.httpRequest({
			...ANSWER_AS_IT_IS,
			method: 'GET',
			url,
			// What arrives must be as long as announced, so it must not be packed on the way.
			headers: { accept: '*/*', 'accept-encoding': 'identity' },
			encoding: 'stream',
			abortSignal: signal,
		})) as IN8nHttpFullResponse;
		return {
			status: response.statusCode,
			headers: textHeaders(response),
			body: response.body as unknown as ByteStream,
		};
	};
}

/**
 * JSON from an address that a provider gave out, without the credential.
 *
 * @param timeout milliseconds
 * @throws ApiError
 */
export async function fetchJson(context: RequestContext, url: string, timeout: number): Promise<unknown> {
	const response = (await context.helpers.httpRequest({
		...ANSWER_AS_IT_IS,
		method: 'GET',
		url,
		json: true,
		abortSignal: AbortSignal.timeout(timeout),
	})) as IN8nHttpFullResponse;
	if (response.statusCode === 200) return response.body;
	const kind = errorKindOf(response.statusCode);
	throw new ApiError(kind, `The link to the payload of the event answered ${response.statusCode}`);
}

/** Status and headers instead of a thrown error, and no step along a redirect. */
const ANSWER_AS_IT_IS = {
	returnFullResponse: true,
	ignoreHttpStatusErrors: true,
	disableFollowRedirect: true,
	// The signal ends each request in its own time. n8n would end it after 5 minutes, which is too early for an upload or a
	// run that is waited for; 0 means no limit.
	timeout: 0,
} as const;

/**
 * JSON is sent as a text: from an object n8n would drop fields that are called `constructor` or `prototype`, and the whole
 * body when it is `{}`.
 */
const JSON_BODY = { 'content-type': 'application/json' };

function headersOf({ contentType, length }: RawBody): Record<string, string> {
	return { 'content-type': contentType, 'content-length': String(length) };
}

/** Some servers repeat the key: in error texts, in a request id, or in what they show of a request. */
function readable(response: IN8nHttpFullResponse, secrets: readonly string[]): ApiResponse {
	return {
		status: response.statusCode,
		headers: Object.fromEntries(
			Object.entries(textHeaders(response)).map(([name, value]) => [name, String(redactAll(value, secrets))]),
		),
		body: redactAll(response.body ?? '', secrets),
	};
}

/** The key of before and that of now, where it was changed in between. */
function redactAll(value: unknown, secrets: readonly string[]): unknown {
	return [...new Set(secrets)].reduce((text, secret) => redact(text, secret), value);
}

function textHeaders(response: IN8nHttpFullResponse): Record<string, string> {
	return Object.fromEntries(
		Object.entries(response.headers).flatMap(([name, value]) =>
			typeof value === 'string' ? [[name.toLowerCase(), value]] : [],
		),
	);
}

export interface NetworkProblem {
	text: string;
	notSent?: boolean;
	/** Refused by n8n itself: it stays as it is, however often it is tried. */
	blocked?: boolean;
}

const CHECK_ADDRESS =
	'Check the Base URL or Region in the credential, and that this n8n may reach it (network, proxy, firewall).';

/** Node's error codes, and the errors of n8n's own guard, in plain words. Their names must not be in a message: n8n rewrites messages that hold them. */
const NETWORK_PROBLEMS: Record<string, NetworkProblem> = {
	ECONNREFUSED: { text: 'the connection was refused', notSent: true },
	ENOTFOUND: { text: 'the host was not found', notSent: true },
	EAI_AGAIN: { text: 'the host name could not be looked up', notSent: true },
	EHOSTUNREACH: { text: 'there is no route to the host', notSent: true },
	ENETUNREACH: { text: 'there is no route to the network', notSent: true },
	ECONNRESET: { text: 'the connection was reset' },
	EPIPE: { text: 'the connection was closed' },
	ETIMEDOUT: { text: 'the connection timed out' },
	ECONNABORTED: { text: 'the connection timed out' },
	CERT_HAS_EXPIRED: { text: 'the TLS certificate of the host has expired', notSent: true },
	DEPTH_ZERO_SELF_SIGNED_CERT: {
		text: 'the TLS certificate of the host is self-signed',
		notSent: true,
	},
	SsrfBlockedIpError: {
		text: 'this n8n does not allow requests to its address',
		notSent: true,
		blocked: true,
	},
	SsrfBlockedHostnameError: {
		text: 'this n8n does not allow requests to that host',
		notSent: true,
		blocked: true,
	},
};

/** What stands behind an error of n8n's HTTP helper, where it is known. */
export function networkProblemOf(error: unknown): NetworkProblem | undefined {
	return codesOf(error)
		.map((code) => NETWORK_PROBLEMS[code])
		.find((problem) => problem !== undefined);
}

function networkError(provider: ProviderSpec, error: unknown, secrets: readonly string[]): ApiError {
	const known = networkProblemOf(error);
	const text = known?.text ?? redactAll(error instanceof Error ? error.message : 'unknown reason', secrets);
	return new ApiError('network', `${provider.title} could not be reached: ${String(text)}`, {
		notSent: known?.notSent,
		hint: CHECK_ADDRESS,
	});
}

/** The error codes and names along a chain of causes: n8n wraps the client's error, under different names in its versions. */
function codesOf(error: unknown): string[] {
	const codes: string[] = [];
	let at: unknown = error;
	for (let depth = 0; depth < 5 && typeof at === 'object' && at !== null; depth++) {
		const { code, httpCode, name, cause } = at as Record<string, unknown>;
		for (const found of [code, httpCode, name]) if (typeof found === 'string') codes.push(found);
		at = cause;
	}
	return codes;
}
