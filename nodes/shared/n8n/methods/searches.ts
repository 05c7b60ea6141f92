import type { ILoadOptionsFunctions, INodeListSearchItems, INodeListSearchResult } from 'n8n-workflow';

import { REQUEST } from '../../core/config';
import type { JsonObject } from '../../core/runs/run';
import {
	type Page,
	fileNameOf,
	pageQuery,
	parsePage,
	parseRow,
	valueAt,
} from '../../providers/client/parseResponse';
import type { ProviderSpec, Query, ResourceSpec } from '../../providers/types';
import type { PickerSpec } from '../../providers/listTypes';
import { nodeError } from '../output/errors';
import { emptyListHint } from '../output/hints';
import { plainValue } from '../parameters/locator';
import { minuteAt } from '../parameters/timeZone';
import { openClient } from '../transport/session';

/** What the user has typed, and the page token; as n8n passes them on. */
type Asked = [filter?: string, paginationToken?: string];

/** One page of a list, as far as it is read for a picker. */
interface Choices {
	page: Page;
	itemOf: (row: JsonObject) => INodeListSearchItems | undefined;
	/** True where the API has searched already: then all rows count. */
	isSearched: boolean;
	/** Choices beside those of the page. */
	fixed?: INodeListSearchItems[];
	/** Shown where there is nothing to choose. */
	ifEmpty: string;
}

/** One page of runs, newest first where the API can sort. */
export async function searchRuns(
	context: ILoadOptionsFunctions,
	provider: ProviderSpec,
	...asked: Asked
): Promise<INodeListSearchResult> {
	return await search(context, asked, async (filter, token) => {
		const client = await openClient(context, provider, context.getCurrentNodeParameter('resource') as string);
		const { spec } = client;
		const query: Query = { ...spec.list?.newestFirst };
		const param = spec.list?.filters.find(({ name }) => name === spec.list?.searchFilter)?.param;
		if (filter && param) query[param] = filter;
		const page = await client.page(query, token, AbortSignal.timeout(REQUEST.timeout));
		const itemOf = (row: JsonObject) => runItem(spec, row, context.getTimezone());
		return { page, itemOf, isSearched: param !== undefined, ifEmpty: emptyListHint(provider, spec) };
	});
}

/** One page of what a picker lists. */
export async function searchPicker(
	context: ILoadOptionsFunctions,
	provider: ProviderSpec,
	picker: PickerSpec,
	...asked: Asked
): Promise<INodeListSearchResult> {
	const { needs, search: param } = picker;
	const [anyResource = ''] = Object.keys(provider.resources);
	return await search(context, asked, async (filter, token) => {
		const owner = needs && ownerOf(context, needs.parameter);
		if (needs && !owner) return `Choose the ${needs.noun} first`;
		// It has no value before the workflow runs.
		if (needs && owner?.startsWith('='))
			return `The ${needs.noun} is an expression, so there is no list yet: choose By ID and type it in`;
		const query = pageQuery(picker, token, picker.pageSize);
		if (filter && param) query[param] = filter;
		if (owner && needs.param) query[needs.param] = owner;
		const path = picker.path.replace('{owner}', encodeURIComponent(owner ?? ''));
		const client = await openClient(context, provider, anyResource);
		const body = await client.exchange({ method: 'GET', path, query }, AbortSignal.timeout(REQUEST.timeout));
		return {
			page: parsePage(provider, { plural: picker.plural, list: picker }, body),
			itemOf: (row) => pickerItem(picker, row),
			isSearched: param !== undefined,
			fixed: picker.fixed?.slice(),
			ifEmpty: emptyListHint(provider, picker),
		};
	});
}

/** @param read the page, or why there is nothing to choose */
async function search(
	context: ILoadOptionsFunctions,
	[filter, paginationToken]: Asked,
	read: (...asked: Asked) => Promise<Choices | string>,
): Promise<INodeListSearchResult> {
	try {
		const choices = await read(filter, paginationToken);
		if (typeof choices === 'string') return explained(choices);
		const { page, itemOf, isSearched, ifEmpty, fixed = [] } = choices;
		const found = (items: INodeListSearchItems[]) =>
			filter ? items.filter((item) => matches(item, filter)) : items;
		const isFixed = ({ value }: INodeListSearchItems) => fixed.some((one) => one.value === value);
		const items = page.rows.flatMap((row) => itemOf(row) ?? []).filter((item) => !isFixed(item));
		const results = [...(paginationToken ? [] : found(fixed)), ...(isSearched ? items : found(items))];
		const isEmpty = results.length === 0 && !filter && !paginationToken && !page.next;
		return isEmpty ? explained(ifEmpty) : { results, paginationToken: page.next };
	} catch (error) {
		throw nodeError(context.getNode(), error);
	}
}

/** The list has no other place to say why it is empty. Choosing the row chooses nothing. */
function explained(text: string): INodeListSearchResult {
	return { results: [{ name: text, value: '' }] };
}

function matches({ name, value }: INodeListSearchItems, filter: string): boolean {
	return `${name} ${String(value)}`.toLowerCase().includes(filter.toLowerCase());
}

/** `invoice.pdf – completed – 2026-01-31 09:30`, as far as the row tells, in the time zone of the workflow. */
function runItem(spec: ResourceSpec, row: JsonObject, timeZone: string): INodeListSearchItems | undefined {
	const known = parseRow(spec, row);
	if (!known) return undefined;
	const created = known.created && minuteAt(timeZone, known.created.at);
	const parts = [fileNameOf(row) ?? known.id, known.status, created].filter((part) => part !== undefined);
	return { name: parts.join(' – '), value: known.id };
}

/** `Invoices (wf_3kT9)` */
function pickerItem(
	{ types, nameAt, valueAt: at }: PickerSpec,
	row: JsonObject,
): INodeListSearchItems | undefined {
	if (types && !types.some((type) => type === row.type)) return undefined;
	const value = valueAt(row, at);
	if (typeof value !== 'string' || value === '') return undefined;
	const name = valueAt(row, nameAt);
	const isNamed = typeof name === 'string' && name !== '' && name !== value;
	return { name: isNamed ? `${name} (${value})` : value, value };
}

/** The chosen owner, or its expression: beside the picker at the top of the panel, or among the filters or additional fields. */
function ownerOf(context: ILoadOptionsFunctions, parameter: string): string | undefined {
	for (const place of [parameter, `filters.${parameter}`, `additionalFields.${parameter}`]) {
		const value = plainValue(context.getCurrentNodeParameter(place));
		if (typeof value === 'string' && value !== '') return value;
	}
	return undefined;
}
