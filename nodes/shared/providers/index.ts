import { extend } from './extend/resources';
import { retab } from './retab/resources';
import type { ProviderSpec, ResourceSpec } from './types';

export const PROVIDERS: Readonly<Record<ProviderSpec['name'], ProviderSpec>> = { retab, extend };

/** Names and rows of the resources whose runs can be cancelled. */
export function cancellable(provider: ProviderSpec): Array<[string, ResourceSpec]> {
	return Object.entries(provider.resources).filter(([, spec]) => spec.cancel);
}

/**
 * The row of a resource.
 *
 * @throws RangeError that names the resources there are
 */
export function resourceOf(provider: ProviderSpec, name: string): ResourceSpec {
	const spec = Object.hasOwn(provider.resources, name) ? provider.resources[name] : undefined;
	if (spec) return spec;
	throw new RangeError(
		`${provider.title} has no resource "${name}". There is: ${Object.keys(provider.resources).join(', ')}`,
	);
}
