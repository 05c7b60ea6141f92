import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import { SETTING } from '../../core/config';
import type { FilterSpec } from '../../providers/listTypes';
import type { ProviderSpec, ResourceSpec } from '../../providers/types';
import { metadataField, numberField, toTitle } from './fields';
import { pickerField } from './pickerField';
import { alphabetical } from './alphabetical';

/** The fields of Get Many, out of the table of resources. */

/** As much of a row as its list needs. */
type Listed = Pick<ResourceSpec, 'list'>;

export function listFields(
	provider: ProviderSpec,
	resources: ReadonlyArray<readonly [string, Listed]>,
): INodeProperties[] {
	const listed = resources.filter(([, spec]) => spec.list).map(([name]) => name);
	return [
		{
			displayName: 'Return All',
			name: 'returnAll',
			type: 'boolean',
			default: false,
			displayOptions: { show: { resource: listed, operation: ['getAll'] } },
			description: 'Whether to return all results or only up to a given limit',
		},
		numberField(SETTING.limit, {
			displayName: 'Limit',
			name: 'limit',
			displayOptions: { show: { resource: listed, operation: ['getAll'], returnAll: [false] } },
			description: 'Max number of results to return',
		}),
		...resources.flatMap(([name, spec]) => filtersField(provider, name, spec)),
	];
}

function filtersField(provider: ProviderSpec, resource: string, spec: Listed): INodeProperties[] {
	if (!spec.list || spec.list.filters.length === 0) return [];
	return [
		{
			displayName: 'Filters',
			name: 'filters',
			type: 'collection',
			placeholder: 'Add filter',
			default: {},
			displayOptions: { show: { resource: [resource], operation: ['getAll'] } },
			options: alphabetical(spec.list.filters.map((filter) => filterField(provider, filter))),
		},
	];
}

function filterField(provider: ProviderSpec, filter: FilterSpec): INodeProperties {
	const common = { displayName: filter.label, name: filter.name, description: filter.description };
	if (filter.picker) return pickerField(provider, filter.picker, common);
	switch (filter.kind) {
		case 'text':
			return { ...common, type: 'string', default: '', placeholder: filter.placeholder };
		case 'number':
			return { ...common, type: 'number', typeOptions: { minValue: 0, numberPrecision: 0 }, default: 0 };
		case 'date':
			return { ...common, type: 'dateTime', default: '' };
		case 'options':
			return {
				...common,
				type: 'options',
				default: filter.options?.[0] ?? '',
				options: filterOptions(filter),
			};
		case 'several':
			return { ...common, type: 'multiOptions', default: [], options: filterOptions(filter) };
		case 'metadata':
			return { ...metadataField(filter.description), ...common };
	}
}

function filterOptions({ options = [] }: FilterSpec): INodePropertyOptions[] {
	return options.map((value) => ({ name: toTitle(value), value }));
}
