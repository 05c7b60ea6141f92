import { z } from 'zod';

import {
	type Access,
	apiKey,
	cleanBaseUrl,
	credentialData,
	maxRequestsPerSecond,
} from '../client/credential';

/** Extend's API hosts by region (Extend: deployments). */
export const EXTEND_HOSTS = {
	us: 'https://api.extend.ai',
	us2: 'https://api.us2.extend.app',
	eu: 'https://api.eu1.extend.ai',
} as const;

/** Extend: API versioning; without the header a raw call gets 400 or a legacy version. */
export const EXTEND_API_VERSION = '2026-02-09';

const extendCredential = z.object({
	apiKey,
	region: z.enum(['us', 'us2', 'eu', 'custom']).default('us'),
	baseUrl: z.string().trim().default(''),
	apiVersion: z.string().trim().default(EXTEND_API_VERSION),
	workspaceId: z.string().trim().default(''),
	maxRequestsPerSecond,
});

/** @throws RangeError that names the field of the credential that is wrong */
export function extendAccess(data: unknown): Access {
	const { apiKey, region, baseUrl, apiVersion, workspaceId, maxRequestsPerSecond } = credentialData(
		extendCredential,
		data,
	);
	const headers: Record<string, string> = {
		Authorization: `Bearer ${apiKey}`,
		'x-extend-api-version': apiVersion || EXTEND_API_VERSION,
	};
	if (workspaceId) headers['x-extend-workspace-id'] = workspaceId;
	return {
		baseUrl: cleanBaseUrl(region === 'custom' ? baseUrl : EXTEND_HOSTS[region]),
		headers,
		secret: apiKey,
		maxRequestsPerSecond,
	};
}
