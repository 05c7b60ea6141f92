import type { INodeCredentialDescription, INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import { ALL_PROVIDERS, PROVIDER_NAMES } from '../../providers';
import type { ProviderSpec, ResourceSpec } from '../../providers/types';
import { listed } from '../output/text';
import { pickerField } from './pickerField';
import { alphabetical } from './alphabetical';

/** Parameters whose choices come from the tables of the providers. */

/** With one provider there is no field, and no condition names it. */
const HAS_CHOICE = ALL_PROVIDERS.length > 1;

const [FIRST] = PROVIDER_NAMES;

export const PROVIDER_FIELD: INodeProperties[] = HAS_CHOICE
	? [
			{
				displayName: 'Provider',
				name: 'provider',
				type: 'options',
				noDataExpression: true,
				options: alphabetical(ALL_PROVIDERS.map(({ name, title }) => ({ name: title, value: name }))),
				default: FIRST,
				description: 'Whose runs to watch',
			},
		]
	: [];

/**
 * Shows a field for one provider, on further conditions.
 *
 * @param path of the field Provider, from where the field stands
 */
export function shownFor(
	{ name }: ProviderSpec,
	more: Record<string, string[]> = {},
	path: 'provider' | '/provider' = 'provider',
): INodeProperties['displayOptions'] {
	const show = { ...(HAS_CHOICE && { [path]: [name] }), ...more };
	return Object.keys(show).length > 0 ? { show } : undefined;
}

/**
 * The credentials of a node for all providers: that of the chosen one. With `show`, the editor would take Provider for a
 * choice of authentication and leave it out of the panel.
 */
export const CREDENTIALS: INodeCredentialDescription[] = ALL_PROVIDERS.map(({ name, credential }) => {
	const others = ALL_PROVIDERS.flatMap((other) => (other.name === name ? [] : [other.name]));
	return {
		name: credential,
		required: true,
		...(HAS_CHOICE && { displayOptions: { hide: { provider: others } } }),
	};
});

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
	...ownerFilter(
		'extractorId',
		'Extractor, Classifier or Splitter',
		() =>
			'Only runs of this extractor: one from the list, or the ID of one, or of a classifier, splitter or legacy processor',
	),
	...ownerFilter('workflowId', 'Workflow', ({ title }) => `Only runs of this workflow of ${title}`),
];

/** For each provider that has a list to pick the owner from. */
function ownerFilter(
	name: string,
	displayName: string,
	describe: (provider: ProviderSpec) => string,
): INodeProperties[] {
	return ALL_PROVIDERS.filter(({ pickers }) => name in pickers).map((provider) =>
		pickerField(provider, name, {
			displayName,
			name,
			displayOptions: shownFor(provider, {}, '/provider'),
			description: describe(provider),
		}),
	);
}
