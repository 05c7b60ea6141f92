import { PROVIDERS } from './registry';
import type { ProviderSpec, ResourceSpec } from './types';

export { PACKAGE, PROVIDERS } from './registry';

export type ProviderName = keyof typeof PROVIDERS;

/** Names of the providers, the default first. */
export const PROVIDER_NAMES = Object.keys(PROVIDERS) as [ProviderName, ...ProviderName[]];

export const ALL_PROVIDERS: readonly ProviderSpec[] = Object.values(PROVIDERS);

/** Names and rows of the resources whose runs can be cancelled. */
export function cancellable(provider: ProviderSpec): Array<[string, ResourceSpec]> {
	return Object.entries(provider.resources).filter(([, spec]) => spec.cancel);
}

/** Names and rows of the resources whose runs can be listed: no others can be watched by the trigger. */
export function listable(provider: ProviderSpec): Array<[string, ResourceSpec]> {
	return Object.entries(provider.resources).filter(([, spec]) => spec.list);
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
		`${provider.title} has no resource "${name}". Available: ${Object.keys(provider.resources).join(', ')}`,
	);
}
