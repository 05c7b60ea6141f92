import { type Dispatcher, errors, request } from 'undici';

import { ApiError } from '../../nodes/shared/core/requests/apiError';
import type { Access } from '../../nodes/shared/providers/client/credential';
import type { Send } from '../../nodes/shared/providers/client/wire';
import type { Query } from '../../nodes/shared/providers/types';

/** Requests over undici instead of n8n's helper: `agent` leads to the server, or plays it. */
export function sendOverUndici(agent: Dispatcher, access: Access): Send {
	return async ({ method, path, query, body }, signal) => {
		try {
			const response = await request(`${access.baseUrl}${path}${queryString(query)}`, {
				dispatcher: agent,
				method,
				headers: { ...access.headers, ...(body && { 'content-type': 'application/json' }) },
				body: body && JSON.stringify(body),
				signal,
			});
			const text = await response.body.text();
			return {
				status: response.statusCode,
				headers: Object.fromEntries(
					Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
				),
				body: parsed(text),
			};
		} catch (error) {
			if (signal.aborted) throw signal.reason;
			throw new ApiError('network', error instanceof errors.UndiciError ? error.code : String(error));
		}
	};
}

function queryString(query: Query | undefined): string {
	const pairs = Object.entries(query ?? {}).flatMap(([name, value]) =>
		(Array.isArray(value) ? value : [value]).map((one): [string, string] => [name, String(one)]),
	);
	return pairs.length > 0 ? `?${new URLSearchParams(pairs).toString()}` : '';
}

/** As n8n's helper does it: what is not JSON comes back as a text. */
function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}
