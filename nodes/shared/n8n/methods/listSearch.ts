import type { ILoadOptionsFunctions, INodeListSearchResult } from 'n8n-workflow';

import type { ProviderSpec } from '../../providers/types';
import { pickerMethod } from '../description/pickerField';

// What asks the API is loaded when a list is opened, as what runs a node is with its first execution: n8n loads all nodes when
// it starts, and two thirds of the code are not needed to show them.

type ListSearch = (
	this: ILoadOptionsFunctions,
	filter?: string,
	paginationToken?: string,
) => Promise<INodeListSearchResult>;

/** The picker behind "From List" of a run. */
export function searchRunsOf(provider: ProviderSpec): ListSearch {
	return async function (...asked) {
		const { searchRuns } = await import('./searches');
		return await searchRuns(this, provider, ...asked);
	};
}

/** The list search methods of a provider's pickers, by the name that the fields use. */
export function pickerSearches(...providers: ProviderSpec[]): Record<string, ListSearch> {
	return Object.fromEntries(
		providers.flatMap((provider) =>
			Object.entries(provider.pickers).map(([name, picker]): [string, ListSearch] => [
				pickerMethod(provider, name),
				async function (...asked) {
					const { searchPicker } = await import('./searches');
					return await searchPicker(this, provider, picker, ...asked);
				},
			]),
		),
	);
}
