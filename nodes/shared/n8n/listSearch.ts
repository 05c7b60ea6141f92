import type { ILoadOptionsFunctions, INodeListSearchItems, INodeListSearchResult } from 'n8n-workflow';

import { REQUEST } from '../core/limits';
import type { JsonObject } from '../core/run';
import type { ProviderSpec, Query, ResourceSpec } from '../providers/types';
import { parseRow } from '../providers/wire';
import { nodeError } from './errors';
import { openApi } from './session';

/** The picker behind "From List": one page of runs at a time, newest first where the API can sort. */
export function searchRunsOf(provider: ProviderSpec) {
	return async function searchRuns(
		this: ILoadOptionsFunctions,
		filter?: string,
		paginationToken?: string,
	): Promise<INodeListSearchResult> {
		try {
			const resource = this.getCurrentNodeParameter('resource') as string;
			const { spec, ...api } = await searchable(this, provider, resource);
			const onServer = spec.list?.searchFilter;
			const query: Query = { ...spec.list?.newestFirst };
			const param = spec.list?.filters.find(({ name }) => name === onServer)?.param;
			if (filter && param) query[param] = filter;
			const page = await api.page(query, paginationToken);
			const results = page.rows.flatMap((row) => listItem(spec, row) ?? []);
			const wanted = filter && !param ? results.filter((item) => matches(item, filter)) : results;
			return { results: wanted, paginationToken: page.next };
		} catch (error) {
			throw nodeError(this.getNode(), error);
		}
	};
}

async function searchable(context: ILoadOptionsFunctions, provider: ProviderSpec, resource: string) {
	const api = await openApi(context, provider, resource);
	const size = api.spec.list?.pageSize ?? 0;
	const signal = AbortSignal.timeout(REQUEST.timeout);
	return { spec: api.spec, page: (query: Query, token?: string) => api.page(query, token, size, signal) };
}

function matches(item: INodeListSearchItems, filter: string): boolean {
	return `${item.name} ${String(item.value)}`.toLowerCase().includes(filter.toLowerCase());
}

/** `invoice.pdf – completed – 2026-01-31 09:30`, as far as the row tells. */
function listItem(spec: ResourceSpec, row: JsonObject): INodeListSearchItems | undefined {
	const known = parseRow(spec, row);
	if (!known) return undefined;
	const created = known.created && new Date(known.created.at).toISOString().slice(0, 16).replace('T', ' ');
	const parts = [fileNameOf(row) ?? known.id, known.status, created].filter((part) => part !== undefined);
	return { name: parts.join(' – '), value: known.id };
}

/** Retab: `file.filename`; Extend: `file.name`. */
function fileNameOf(row: JsonObject): string | undefined {
	const file = row.file;
	if (typeof file !== 'object' || file === null || Array.isArray(file)) return undefined;
	const name = file.filename ?? file.name;
	return typeof name === 'string' && name !== '' ? name : undefined;
}
