import { z } from 'zod';

import {
	type Access,
	apiKey,
	cleanBaseUrl,
	credentialData,
	maxRequestsPerSecond,
} from '../client/credential';
import { RETAB_HOST } from './hosts';

const retabCredential = z.object({
	apiKey,
	baseUrl: z.string().trim().default(RETAB_HOST),
	sendKeyAs: z.enum(['both', 'apiKey', 'bearer']).default('bearer'),
	maxRequestsPerSecond,
});

/** @throws RangeError that names the field of the credential that is wrong */
export function retabAccess(data: unknown): Access {
	const { apiKey, baseUrl, sendKeyAs, maxRequestsPerSecond } = credentialData(retabCredential, data);
	const headers: Record<string, string> = {};
	if (sendKeyAs !== 'bearer') headers['Api-Key'] = apiKey;
	if (sendKeyAs !== 'apiKey') headers.Authorization = `Bearer ${apiKey}`;
	// As Retab's SDKs do: a version that was typed into the base URL is not repeated.
	return {
		baseUrl: cleanBaseUrl(baseUrl).replace(/\/v\d+$/, ''),
		headers,
		secret: apiKey,
		maxRequestsPerSecond,
	};
}
