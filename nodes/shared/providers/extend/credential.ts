import { z } from 'zod';

import {
	type Access,
	apiKey,
	cleanBaseUrl,
	credentialData,
	maxRequestsPerSecond,
} from '../client/credential';
import { EXTEND_API_VERSION, EXTEND_HOSTS } from './hosts';

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
