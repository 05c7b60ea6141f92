import { request } from 'undici';

import { ApiError } from '../../nodes/shared/core/requests/apiError';
import { PROVIDERS } from '../../nodes/shared/providers';
import { ResourceClient } from '../../nodes/shared/providers/client/resourceClient';
import { type Access } from '../../nodes/shared/providers/client/credential';
import type { Send } from '../../nodes/shared/providers/client/wire';
import type { ProviderSpec, ResourceSpec } from '../../nodes/shared/providers/types';
import { parseRow } from '../../nodes/shared/providers/client/parseResponse';
import { extendAccess } from '../../nodes/shared/providers/extend/credential';
import { retabAccess } from '../../nodes/shared/providers/retab/credential';

/**
 * `npm run check:live`: do the real APIs still answer the way the tables say? Only reads: one page of each list, then the
 * newest run of it, light and full. Run it by hand with keys of a test account before a release.
 *
 * RETAB_API_KEY and/or EXTEND_API_KEY; optional RETAB_BASE_URL, EXTEND_BASE_URL, EXTEND_REGION, EXTEND_WORKSPACE_ID.
 */
const TIMEOUT_MS = 30_000;
const ROWS = 5;

const { env } = process;

function accesses(): Array<[ProviderSpec, Access]> {
	const found: Array<[ProviderSpec, Access]> = [];
	if (env.RETAB_API_KEY) {
		const data = { apiKey: env.RETAB_API_KEY, baseUrl: env.RETAB_BASE_URL };
		found.push([PROVIDERS.retab, retabAccess(data)]);
	}
	if (env.EXTEND_API_KEY) {
		const region = env.EXTEND_BASE_URL ? 'custom' : (env.EXTEND_REGION ?? 'us');
		const data = {
			apiKey: env.EXTEND_API_KEY,
			region,
			baseUrl: env.EXTEND_BASE_URL,
			workspaceId: env.EXTEND_WORKSPACE_ID,
		};
		found.push([PROVIDERS.extend, extendAccess(data)]);
	}
	return found;
}

function sendTo({ baseUrl, headers }: Access): Send {
	return async ({ method, path, query }, signal) => {
		const response = await request(`${baseUrl}${path}`, { method, headers, query, signal });
		const text = await response.body.text();
		return {
			status: response.statusCode,
			headers: Object.fromEntries(
				Object.entries(response.headers).map(([name, value]) => [name, value?.toString()]),
			),
			body: jsonOrText(text),
		};
	};
}

function jsonOrText(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}

/** What one resource answered, in a few words. */
async function look(provider: ProviderSpec, spec: ResourceSpec, access: Access): Promise<string> {
	const client = new ResourceClient(provider, spec, sendTo(access), Date.now);
	const signal = AbortSignal.timeout(TIMEOUT_MS);
	const page = await client.page(spec.list?.newestFirst ?? {}, undefined, signal, ROWS);
	const newest = page.rows.flatMap((row) => parseRow(spec, row) ?? [])[0];
	if (!newest) return 'list ok, no runs to read';
	const light = await client.read(newest.id, 'light', signal);
	const full = await client.read(newest.id, 'full', signal);
	if (full.phase === 'unknown') throw new Error(`unknown status "${full.status}"`);
	const times = (full.created ?? full.started ?? newest.created) ? '' : ', no time to count from';
	return `list, light and full read ok (${light.status}${times})`;
}

async function main(): Promise<void> {
	const found = accesses();
	if (found.length === 0) {
		console.error(
			'Set RETAB_API_KEY and/or EXTEND_API_KEY. Only reads are sent; nothing is created or changed.',
		);
		process.exitCode = 2;
		return;
	}
	let failed = 0;
	for (const [provider, access] of found) {
		for (const [name, spec] of Object.entries(provider.resources)) {
			if (!spec.list) {
				console.log(`skip    ${provider.name} ${name}: cannot be listed, so there is no run to read`);
				continue;
			}
			try {
				console.log(`ok      ${provider.name} ${name}: ${await look(provider, spec, access)}`);
			} catch (error) {
				failed += 1;
				const advice = error instanceof ApiError && error.hint ? ` ${error.hint}` : '';
				console.log(`not ok  ${provider.name} ${name}: ${String(error)}${advice}`);
			}
		}
	}
	process.exitCode = failed === 0 ? 0 : 1;
}

void main();
