import type {
	ICredentialType,
	INodeProperties,
	INodePropertyOptions,
	INodeTypeDescription,
} from 'n8n-workflow';

import { table } from '../docs/markdown';
import type { Example } from './example';
import type { PackagePlan } from './plan';
import type { Manifest } from './texts';

/** The README of a package for one service, after n8n's template. Its tables come from what the package has built. */

export const SECTIONS = [
	'Installation',
	'Operations',
	'Credentials',
	'Compatibility',
	'Usage',
	'Resources',
	'Version history',
] as const;

type Section = (typeof SECTIONS)[number];

export interface ReadmeParts {
	plan: PackagePlan;
	manifest: Manifest;
	/** The README of the repository. */
	root: string;
	nodes: readonly INodeTypeDescription[];
	credentials: readonly ICredentialType[];
	example: Example;
}

const N8N_DOCS = 'https://docs.n8n.io/integrations/community-nodes';

export function readmeOf(parts: ReadmeParts): string {
	const { plan, manifest, nodes } = parts;
	const texts: Record<Section, string> = {
		Installation: installation(plan),
		Operations: nodes.map(operations).join('\n\n'),
		Credentials: parts.credentials.map(credentials).join('\n\n'),
		Compatibility: compatibility(parts),
		Usage: usage(parts),
		Resources: resources(parts),
		'Version history': 'See the [changelog](CHANGELOG.md).',
	};
	const intro = [
		`# ${plan.name}`,
		`${manifest.description}. An n8n community package for ${services(plan)} and nothing else.`,
		'Each run gets a time limit: results go on in your workflow, and runs that hang are cancelled at the service and read again until the cancel is confirmed.',
	];
	const sections = SECTIONS.map((name) => `## ${name}\n\n${texts[name]}`);
	return `${[...intro, ...sections].join('\n\n')}\n`;
}

function services({ providers }: PackagePlan): string {
	return providers.map(({ title }) => title).join(' and ');
}

function installation({ name }: PackagePlan): string {
	return [
		`Follow the [installation guide](${N8N_DOCS}/installation/) of n8n for community nodes. The name is \`${name}\`:`,
		`- **n8n**: **Settings → Community nodes → Install**, name \`${name}\`.`,
		'- **Docker**: keep `/home/node/.n8n` on a volume, or the package is lost with the container.',
		'- **Queue mode**: the main process and each worker need the same version of the package.',
	].join('\n');
}

function optionsOf(fields: readonly INodeProperties[], name: string): INodePropertyOptions[] {
	return fields
		.filter((field) => field.name === name)
		.flatMap(({ options = [] }) => options.flatMap((one) => ('value' in one ? [one] : [])));
}

function operations({ displayName, description, properties }: INodeTypeDescription): string {
	const [what, choices] = properties.some(({ name }) => name === 'events')
		? ['Event', optionsOf(properties, 'events')]
		: ['Operation', optionsOf(properties, 'operation')];
	const heads = [`### ${displayName}`, description];
	const perResource = properties.filter(({ name }) => name === 'operation').length > 2;
	return [...heads, perResource ? byResource(properties) : listOf(what, choices)].join('\n\n');
}

function listOf(what: string, choices: readonly INodePropertyOptions[]): string {
	const seen = new Map(choices.map(({ name, description = '' }) => [name, description]));
	return table([what, 'What it does'], [...seen]);
}

/** Which resource has which operations. */
function byResource(properties: readonly INodeProperties[]): string {
	const rows = optionsOf(properties, 'resource').map(({ name, value, description = '' }) => {
		const own = properties.filter(({ displayOptions }) =>
			displayOptions?.show?.resource?.includes(String(value)),
		);
		const names = optionsOf(own, 'operation').map((one) => one.name);
		return [name, description, names.join(', ')];
	});
	return table(['Resource', 'What it is', 'Operations'], rows);
}

function credentials({ displayName, properties }: ICredentialType): string {
	const rows = properties.map((field) => {
		const preset =
			typeof field.default === 'string' || typeof field.default === 'number' ? field.default : '';
		return [field.displayName, preset === '' ? '' : `\`${preset}\``, field.description ?? ''];
	});
	return [
		`In n8n, create a credential **${displayName}**. n8n tests it when you save, and sends the key to the host of the credential only.`,
		table(['Field', 'Default', 'Meaning'], rows),
	].join('\n\n');
}

/** The section of the repository's README, so that it is written once. */
function compatibility({ root, manifest }: ReadmeParts): string {
	const [, text = ''] = /^## Compatibility\n+(.+?)\n+## /ms.exec(root) ?? [];
	return text
		.replaceAll(/<!-- .+? -->\n*/g, '')
		.trim()
		.replaceAll(/\]\((?!https?:)([^)]+)\)/g, `](${manifest.homepage}/blob/main/$1)`);
}

function usage({ nodes, example }: ReadmeParts): string {
	const names = nodes.map(({ displayName }) => `**${displayName}**`).join(', ');
	return [
		`Press **+** in the editor and search for the service: you find ${names}.`,
		'The workflow below starts one run for each document, waits for all of them at once, and cancels those that take more than 60 seconds. Copy it, press Ctrl+V (Cmd+V) on an empty canvas, choose your credential in two nodes, and follow the yellow note. It is also in the package: `examples/timeout-cancel.json`.',
		`<details>\n<summary>The workflow</summary>\n\n\`\`\`json\n${JSON.stringify(example, undefined, '\t')}\n\`\`\`\n\n</details>`,
		'What comes out of the timeout node:',
		table(
			['Output', 'Meaning'],
			[
				['Completed', 'The run has finished, or waits for a person. The result is in `output`'],
				['Failed', 'It failed, was cancelled by somebody else, or was not found; `outcome` says which'],
				['Timed Out', 'Its time was up; `outcome` is `cancelled` once a read of the run has confirmed it'],
			],
		),
		'All nodes but triggers can be tools of an AI agent. Without an account, nothing is sent: each node needs the credential.',
	].join('\n\n');
}

function resources({ credentials: types, manifest, plan }: ReadmeParts): string {
	const vendor = types.flatMap(({ httpRequestNode }) =>
		httpRequestNode ? [`- [${httpRequestNode.name} documentation](${httpRequestNode.docsUrl})`] : [],
	);
	return [
		...vendor,
		`- [n8n: community nodes](${N8N_DOCS}/)`,
		`- [Source and all documentation](${manifest.homepage}#readme), shared with the other packages of this project`,
		`- [Report a problem](${manifest.homepage}/issues) with \`${plan.name}\``,
	].join('\n');
}
