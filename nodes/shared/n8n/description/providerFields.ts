import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import { PROVIDERS } from '../../providers';
import type { ProviderSpec, ResourceSpec } from '../../providers/types';
import { listed } from '../output/text';
import { pickerField } from './pickerField';

/** Parameters whose choices come from the tables of the providers. */

export const PROVIDER: INodeProperties = {
	displayName: 'Provider',
	name: 'provider',
	type: 'options',
	noDataExpression: true,
	options: Object.values(PROVIDERS)
		.map(({ name, title }) => ({ name: title, value: name }))
		.sort((a, b) => a.name.localeCompare(b.name)),
	default: 'retab',
	description: 'Whose runs to watch',
};

/** In the order of the table, which is the order of use. */
export function resourceOptions(
	resources: ReadonlyArray<readonly [string, Pick<ResourceSpec, 'label' | 'description'>]>,
): INodePropertyOptions[] {
	return resources.map(([value, spec]) => ({ name: spec.label, value, description: spec.description }));
}

/**
 * The kinds of runs that are looked for in lists. Those a provider cannot list are named, so that nobody thinks they are
 * covered.
 *
 * @param resources all of which the provider can list
 * @param purpose what is done with these kinds, and what that means for those that cannot be listed
 */
export function resourcesField(
	provider: ProviderSpec,
	resources: ReadonlyArray<readonly [string, ResourceSpec]>,
	purpose: { what: string; soThat: string },
	preselected: readonly string[],
	displayOptions: INodeProperties['displayOptions'],
): INodeProperties {
	const { title } = provider;
	return {
		displayName: 'Resources',
		name: 'resources',
		type: 'multiOptions',
		displayOptions,
		options: resourceOptions(resources),
		default: [...preselected],
		required: true,
		description: `Kinds of runs to ${purpose.what}. ${title} cannot list ${unlistedOf(provider)}, so ${purpose.soThat}.`,
	};
}

/** `batch runs, edits and splits`: the runs nothing can be found out about. */
function unlistedOf(provider: ProviderSpec): string {
	const unlisted = Object.values(provider.resources).filter((spec) => !spec.list);
	return listed(unlisted.map((spec) => spec.plural).sort());
}

/** Whose runs are meant: filters for the lists of runs, as entries of a collection. */
export const OWNER_FILTERS: INodeProperties[] = [
	pickerField(PROVIDERS.extend, 'extractorId', {
		displayName: 'Extractor, Classifier or Splitter',
		name: 'extractorId',
		displayOptions: { show: { '/provider': ['extend'] } },
		description:
			'Only runs of this extractor: one from the list, or the ID of one, or of a classifier, splitter or legacy processor',
	}),
	...Object.values(PROVIDERS).map((provider) =>
		pickerField(provider, 'workflowId', {
			displayName: 'Workflow',
			name: 'workflowId',
			displayOptions: { show: { '/provider': [provider.name] } },
			description: `Only runs of this workflow of ${provider.title}`,
		}),
	),
];
