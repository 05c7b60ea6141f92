import { PACKAGE, ALL_PROVIDERS } from '../../nodes/shared/providers';
import type { ProviderSpec } from '../../nodes/shared/providers/types';

/** The packages that this tree makes. Each is a list of providers; all else about a package follows from that. */

export interface PackagePlan {
	name: string;
	providers: readonly ProviderSpec[];
}

/** The one for all services, which is this repository, and one for each service, as n8n's verification asks. */
export const PACKAGES: PackagePlan[] = [
	{ name: PACKAGE, providers: ALL_PROVIDERS },
	...ALL_PROVIDERS.map((provider) => ({ name: `n8n-nodes-${provider.name}`, providers: [provider] })),
];

/** The provider of a package for one service. */
export function onlyProvider({ providers }: PackagePlan): ProviderSpec | undefined {
	return providers.length === 1 ? providers[0] : undefined;
}

/** The providers that a package has nothing of. */
export function foreignProviders({ providers }: PackagePlan): ProviderSpec[] {
	return ALL_PROVIDERS.filter(({ name }) => !providers.some((own) => own.name === name));
}

/** Whether a source belongs to a provider alone: its tables, the nodes and the credentials whose names begin with it. */
function belongsTo({ name, title }: ProviderSpec, file: string): boolean {
	return new RegExp(
		`^(?:nodes/shared/providers/${name}/|nodes/${title}(?![a-z])|credentials/${title}(?![a-z]))`,
	).test(file);
}

/** Whether a package has a source, by its path such as `nodes/Retab/Retab.node.ts`. */
export function isIn(plan: PackagePlan, file: string): boolean {
	return !foreignProviders(plan).some((provider) => belongsTo(provider, file));
}

/**
 * The name of a service in a text, or in a name of the code such as `extendApi`. The English verbs (extends, extended,
 * extending) are no names.
 */
export function nameOf({ name }: ProviderSpec): RegExp {
	return new RegExp(`${name}(?!(?:s|ed|ing)\\b)`, 'gi');
}

/** What a text names of services that the package is not for, such as `Extend` and where it stands. */
export function foreignNames(plan: PackagePlan, text: string): string[] {
	return foreignProviders(plan).flatMap((provider) =>
		[...text.matchAll(nameOf(provider))].map(({ index }) =>
			text.slice(Math.max(0, index - 30), index + 30).replaceAll(/\s+/g, ' '),
		),
	);
}

export const REGISTRY = 'nodes/shared/providers/registry.ts';

/** The registry of a package: the only source that is not the same in all of them. */
export function registryOf({ name, providers }: PackagePlan): string {
	const names = providers.map((provider) => provider.name);
	return [
		...[...names].sort().map((one) => `import { ${one} } from './${one}/resources';`),
		"import type { ProviderSpec } from './types';",
		'',
		`export const PACKAGE = '${name}';`,
		'',
		`export const PROVIDERS = { ${names.join(', ')} } as const satisfies Record<string, ProviderSpec>;`,
		'',
	].join('\n');
}
