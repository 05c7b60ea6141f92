import type { ILoadOptionsFunctions, INodeListSearchItems, INodeListSearchResult } from 'n8n-workflow';

import { REQUEST } from '../../core/config';
import type { JsonObject } from '../../core/runs/run';
import type { ProviderSpec, Query, ResourceSpec } from '../../providers/types';
import { fileNameOf, parseRow } from '../../providers/client/parseResponse';
import { nodeError } from '../output/errors';
import { emptyListHint } from '../output/hints';
import { openClient } from '../transport/session';

/** The picker behind "From List": one page of runs at a time, newest first where the API can sort. */
export function searchRunsOf(provider: ProviderSpec) {
	return async function searchRuns(
		this: ILoadOptionsFunctions,
		filter?: string,
		paginationToken?: string,
	): Promise<INodeListSearchResult> {
		try {
			const resource = this.getCurrentNodeParameter('resource') as string;
			const client = await openClient(this, provider, resource);
			const { spec } = client;
			const onServer = spec.list?.searchFilter;
			const query: Query = { ...spec.list?.newestFirst };
			const param = spec.list?.filters.find(({ name }) => name === onServer)?.param;
			if (filter && param) query[param] = filter;
			const size = spec.list?.pageSize ?? 0;
			const page = await client.page(query, paginationToken, size, AbortSignal.timeout(REQUEST.timeout));
			const results = page.rows.flatMap((row) => listItem(spec, row) ?? []);
			const wanted = filter && !param ? results.filter((item) => matches(item, filter)) : results;
			const isEmpty = wanted.length === 0 && !filter && !paginationToken && !page.next;
			// The list has no other place to say why it is empty. Choosing the row chooses nothing.
			return isEmpty
				? { results: [{ name: emptyListHint(client), value: '' }] }
				: { results: wanted, paginationToken: page.next };
		} catch (error) {
			throw nodeError(this.getNode(), error);
		}
	};
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
