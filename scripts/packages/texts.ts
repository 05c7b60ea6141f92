import type { ProviderSpec } from '../../nodes/shared/providers/types';
import { PACKAGES, type PackagePlan, foreignProviders, isIn, onlyProvider } from './plan';

/** The files of a package that are not code, out of those of the repository. */

export interface Manifest {
	name: string;
	version: string;
	description: string;
	keywords: string[];
	homepage: string;
	files: string[];
	repository: { type: string; url: string };
	n8n: { n8nNodesApiVersion: number; strict: boolean; nodes: string[]; credentials: string[] };
	dependencies?: Record<string, string>;
	peerDependencies: Record<string, string>;
	scripts?: Record<string, string>;
	devDependencies?: Record<string, string>;
	[field: string]: unknown;
}

/** `Retab and Extend`, `Retab or Extend`, also in bold. */
const TOGETHER = new RegExp(
	(PACKAGES[0]?.providers ?? []).map(({ title }) => title).join('(?:\\*\\*)? (?:and|or) (?:\\*\\*)?'),
	'g',
);

function ownTitle(provider: ProviderSpec, text: string): string {
	return text.replaceAll(TOGETHER, provider.title);
}

/** package.json. A package for one service is not built from its folder, so it has no scripts and no development tools. */
export function manifestOf(plan: PackagePlan, root: Manifest, version: string): Manifest {
	const provider = onlyProvider(plan);
	if (!provider) return root;
	const { scripts: _scripts, devDependencies: _tools, ...rest } = root;
	const others = foreignProviders(plan).map(({ name }) => name);
	const own = (built: string) => isIn(plan, built.replace(/^dist\//, ''));
	const { nodes, credentials } = root.n8n;
	return {
		...rest,
		name: plan.name,
		version,
		description: ownTitle(provider, root.description),
		keywords: root.keywords.filter((word) => !others.includes(word)),
		files: [...root.files, 'examples'].sort(),
		n8n: { ...root.n8n, nodes: nodes.filter(own), credentials: credentials.filter(own) },
	};
}

export interface Codex {
	node: string;
	categories: string[];
	subcategories?: Record<string, string[]>;
	alias: string[];
	[field: string]: unknown;
}

/** n8n's category of nodes that steer a workflow. Verification takes none; ours all act at the service. */
export const FLOW_CATEGORY = 'Core Nodes';

/** A codex file. */
export function codexOf(plan: PackagePlan, codex: Codex): Codex {
	if (!onlyProvider(plan)) return codex;
	const { subcategories: _flow, ...rest } = codex;
	const others = foreignProviders(plan).map(({ name }) => name);
	return {
		...rest,
		node: codex.node.replace(/^[^.]+/, plan.name),
		categories: codex.categories.filter((category) => category !== FLOW_CATEGORY),
		alias: codex.alias.filter((word) => !others.includes(word)),
	};
}
