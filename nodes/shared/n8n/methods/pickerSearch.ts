import type { ILoadOptionsFunctions, INodeListSearchItems, INodeListSearchResult } from 'n8n-workflow';

import { REQUEST } from '../../core/config';
import type { JsonObject } from '../../core/runs/run';
import { parsePage, valueAt } from '../../providers/client/parseResponse';
import type { ListSpec, PickerSpec, ProviderSpec, Query } from '../../providers/types';
import { pickerMethod } from '../description/pickerField';
import { nodeError } from '../output/errors';
import { plainValue } from '../parameters/locator';
import { openClient } from '../transport/session';

type ListSearch = (
	this: ILoadOptionsFunctions,
	filter?: string,
	paginationToken?: string,
) => Promise<INodeListSearchResult>;

/** The list search methods of a provider's pickers, by the name that the fields use. */
export function pickerSearches(...providers: ProviderSpec[]): Record<string, ListSearch> {
	return Object.fromEntries(
		providers.flatMap((provider) =>
			Object.entries(provider.pickers).map(([name, picker]) => [
				pickerMethod(provider, name),
				searchOf(provider, picker),
			]),
		),
	);
}

function searchOf(provider: ProviderSpec, picker: PickerSpec): ListSearch {
	return async function (filter, paginationToken) {
		try {
			const owner = picker.needs && ownerOf(this, picker.needs.parameter);
			if (picker.needs && !owner) return explained(`Choose a ${picker.needs.noun} first`);
			const page = await readPage(this, provider, picker, { owner, filter, paginationToken });
			const items = page.rows.flatMap((row) => itemOf(picker, row) ?? []);
			const results = filter && !picker.search ? items.filter(({ name }) => contains(name, filter)) : items;
			const isEmpty = results.length === 0 && !filter && !paginationToken && !page.next;
			// The list has no other place to say why it is empty. Choosing the row chooses nothing.
			if (isEmpty) return explained(`No ${picker.plural} found. ${provider.keySees}`);
			return { results, paginationToken: page.next };
		} catch (error) {
			throw nodeError(this.getNode(), error);
		}
	};
}

interface Question {
	owner?: string;
	filter?: string;
	paginationToken?: string;
}

async function readPage(
	context: ILoadOptionsFunctions,
	provider: ProviderSpec,
	picker: PickerSpec,
	{ owner, filter, paginationToken }: Question,
) {
	const [anyResource = ''] = Object.keys(provider.resources);
	const client = await openClient(context, provider, anyResource);
	const query: Query = { [picker.pageSizeParam]: picker.pageSize, ...picker.query };
	if (filter && picker.search) query[picker.search] = filter;
	if (paginationToken) query[picker.paging === 'cursor' ? 'after' : 'nextPageToken'] = paginationToken;
	const inPath = picker.path.includes('{owner}');
	if (owner && picker.needs?.param) query[picker.needs.param] = owner;
	const path = inPath ? picker.path.replace('{owner}', encodeURIComponent(owner ?? '')) : picker.path;
	const signal = AbortSignal.timeout(REQUEST.timeout);
	const body = await client.exchange({ method: 'GET', path, query }, signal);
	const list: ListSpec = {
		paging: picker.paging,
		pageSize: picker.pageSize,
		pageSizeParams: [picker.pageSizeParam],
		newestFirst: {},
		filters: [],
	};
	return parsePage(provider, { ...client.spec, plural: picker.plural, list }, body);
}

/** The chosen owner: beside the picker at the top of the panel, or among the filters or additional fields. */
function ownerOf(context: ILoadOptionsFunctions, parameter: string): string | undefined {
	for (const place of [parameter, `filters.${parameter}`, `additionalFields.${parameter}`]) {
		const value = plainValue(context.getCurrentNodeParameter(place));
		// An expression has no value before the workflow runs.
		if (typeof value === 'string' && value !== '' && !value.startsWith('=')) return value;
	}
	return undefined;
}

/** `Invoices (wf_3kT9)` */
function itemOf(picker: PickerSpec, row: JsonObject): INodeListSearchItems | undefined {
	if (picker.types && !picker.types.some((type) => type === row.type)) return undefined;
	const value = valueAt(row, picker.valueAt);
	if (typeof value !== 'string' || value === '') return undefined;
	const names = picker.nameAt.map((path) => valueAt(row, path));
	const name = names.find((one): one is string => typeof one === 'string' && one !== '');
	return { name: name === undefined || name === value ? value : `${name} (${value})`, value };
}

function contains(name: string, filter: string): boolean {
	return name.toLowerCase().includes(filter.toLowerCase());
}

function explained(text: string): INodeListSearchResult {
	return { results: [{ name: text, value: '' }] };
}
