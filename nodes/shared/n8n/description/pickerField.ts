import type { INodeProperties } from 'n8n-workflow';

import type { ProviderSpec } from '../../providers/types';

/** `retabWorkflowId` */
export function pickerMethod(provider: ProviderSpec, picker: string): string {
	return `${provider.name}${picker.charAt(0).toUpperCase()}${picker.slice(1)}`;
}

/** A field that names something at the provider: picked from its list, or by its ID. */
export function pickerField(
	provider: ProviderSpec,
	picker: string,
	field: Omit<INodeProperties, 'type' | 'default' | 'modes'>,
): INodeProperties {
	const { placeholder, ...rest } = field;
	const example = placeholder ?? `e.g. ${provider.pickers[picker]?.example ?? ''}`;
	return {
		...rest,
		type: 'resourceLocator',
		default: { mode: 'list', value: '' },
		modes: [
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				typeOptions: { searchListMethod: pickerMethod(provider, picker), searchable: true },
			},
			{ displayName: 'By ID', name: 'id', type: 'string', placeholder: example },
		],
	};
}
