import type { ICredentialType, INodeProperties, INodePropertyOptions, INodeType } from 'n8n-workflow';

import { table } from '../docs/markdown';
import { PACKAGES, type PackagePlan, foreignNames, onlyProvider } from './plan';
import { SECTIONS } from './readme';
import { type Codex, FLOW_CATEGORY, type Manifest } from './texts';

/** n8n's rules for verified packages. `npm run check:package` checks them, and docs/verification.md is written from this. */

export interface Built {
	plan: PackagePlan;
	manifest: Manifest;
	/** Texts of the package by their paths. */
	files: ReadonlyMap<string, string>;
	nodes: readonly INodeType[];
	credentials: readonly ICredentialType[];
	/** The workflow that publishes it, and the script that this runs. */
	publish: string;
}

interface Rule {
	rule: string;
	/** What is wrong, one line each; or what else checks it: a test, or a program of n8n. */
	check: ((built: Built) => string[]) | string;
	/** Why the package for all services does not keep it. */
	notForAll?: string;
}

/** Which node or field breaks a rule. */
type Offence = (node: INodeType) => string[];

function ofNodes(offence: Offence): (built: Built) => string[] {
	return ({ nodes }) =>
		nodes.flatMap((node) => offence(node).map((what) => `${node.description.displayName}: ${what}`));
}

const isTrigger = ({ description }: INodeType): boolean => description.group.includes('trigger');

const fieldsOf = ({ description }: INodeType, name: string): INodeProperties[] =>
	description.properties.filter((field) => field.name === name);

function choicesOf(fields: readonly INodeProperties[]): INodePropertyOptions[] {
	return fields.flatMap(({ options = [] }) => options.flatMap((one) => ('value' in one ? [one] : [])));
}

/** All fields of a panel, those in collections included. */
function allFields(properties: readonly INodeProperties[]): INodeProperties[] {
	return properties.flatMap((field) => [
		field,
		...allFields(
			(field.options ?? []).flatMap((one) => ('values' in one ? one.values : 'type' in one ? [one] : [])),
		),
	]);
}

/** Operations that answer with runs: all but those of a node that lists what it has done. */
const WITHOUT_RUN = new Set(['delete', 'cleanup']);

function runOperations(node: INodeType): string[] {
	const values = choicesOf(fieldsOf(node, 'operation')).map(({ value }) => String(value));
	return [...new Set(values)].filter((value) => !WITHOUT_RUN.has(value));
}

/** Operations for which no field of this name is shown. */
function without(node: INodeType, name: string): string[] {
	const fields = fieldsOf(node, name);
	return runOperations(node).filter(
		(operation) =>
			!fields.some(({ displayOptions }) => displayOptions?.show?.operation?.includes(operation) ?? true),
	);
}

const previewsOf = ({ files }: Built): Array<[file: string, properties: string[]]> =>
	[...files].flatMap(([file, text]) => {
		if (!file.includes('/__schema__/')) return [];
		const { properties } = JSON.parse(text) as { properties: object };
		return [[file, Object.keys(properties)] as [string, string[]]];
	});

/** Fields of a simplified run, and of one with what the node says about it. */
const MOST_FIELDS = { run: 10, report: 12, event: 15 };

const fail = (is: boolean, what: string): string[] => (is ? [what] : []);

const RULES: Rule[] = [
	{
		rule: 'One third-party service per package, triggers included',
		check: ({ plan, credentials, files }) => [
			...fail(!onlyProvider(plan), `for ${plan.providers.length} services`),
			...fail(credentials.length !== 1, `${credentials.length} credentials`),
			...[...files].flatMap(([file, text]) => foreignNames(plan, text).map((at) => `${file}: ${at}`)),
		],
		notForAll: 'it is for all services, and the packages for one are made from it',
	},
	{
		rule: 'No nodes of pure logic or flow control: each node needs a credential and acts at the service',
		check: ({ nodes, files }) => [
			...nodes.flatMap(({ description }) =>
				fail(
					!description.credentials?.some(({ required }) => required),
					`${description.displayName} needs no credential`,
				),
			),
			...[...files].flatMap(([file, text]) =>
				fail(
					file.endsWith('.node.json') && (JSON.parse(text) as Codex).categories.includes(FLOW_CATEGORY),
					`${file} is in ${FLOW_CATEGORY}`,
				),
			),
		],
		notForAll: 'Timeout Cancel is listed under Flow as well, where users look for it',
	},
	{
		rule: 'The name begins with `n8n-nodes-`, and the keyword for community nodes is there',
		check: ({ manifest }) => [
			...fail(!manifest.name.startsWith('n8n-nodes-'), 'name'),
			...fail(!manifest.keywords.includes('n8n-community-node-package'), 'keyword'),
		],
	},
	{
		rule: 'Licence MIT',
		check: ({ manifest, files }) =>
			fail(manifest.license !== 'MIT' || !files.get('LICENSE')?.startsWith('MIT License'), 'no MIT licence'),
	},
	{
		rule: 'A public repository, the same in package.json and homepage',
		check: ({ manifest }) =>
			fail(manifest.repository.url !== `git+${manifest.homepage}.git`, 'homepage and repository differ'),
	},
	{
		rule: 'Published by a GitHub Action with a statement of provenance',
		check: ({ publish }) =>
			['id-token: write', 'npm run publish:tag', '--provenance'].flatMap((text) =>
				fail(!publish.includes(text), `no ${text}`),
			),
	},
	{
		rule: 'No run-time dependencies, and n8n-workflow as the only peer',
		check: ({ manifest }) => [
			...Object.keys(manifest.dependencies ?? {}).map((name) => `depends on ${name}`),
			...fail(JSON.stringify(manifest.peerDependencies) !== '{"n8n-workflow":"*"}', 'peer dependencies'),
		],
	},
	{ rule: 'No access to environment variables, files or globals of Node.js', check: "n8n's scan" },
	{ rule: 'Passes the scan of community packages, sources and tarball', check: "n8n's scan" },
	{
		rule: 'Passes `n8n-node lint` in strict mode with the default configuration',
		check: '`n8n-node lint` on the sources of the package',
	},
	{ rule: '`n8n-node cloud-support` is enabled', check: '`n8n-node cloud-support` on the same' },
	{
		rule: "README after n8n's template, with an example and links to the vendor and n8n",
		check: ({ files, credentials }) => {
			const readme = files.get('README.md') ?? '';
			const titles = [...readme.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
			const links = [
				'https://docs.n8n.io/',
				...credentials.map((one) => one.httpRequestNode?.docsUrl ?? '?'),
			];
			return [
				...fail(titles.join() !== SECTIONS.join(), `sections: ${titles.join(', ')}`),
				...links.filter((link) => !readme.includes(link)).map((link) => `no link to ${link}`),
			];
		},
	},
	{
		rule: 'English only',
		check: ({ files }) =>
			[...files].flatMap(([file, text]) => {
				const letter = /(?=\p{L})\P{Script=Latin}/u.exec(text)?.[0];
				return letter === undefined ? [] : [`${file} has the letter ${letter}`];
			}),
	},
	{
		rule: 'Icons for both themes',
		check: ({ nodes, credentials, files }) =>
			[...nodes.map(({ description }) => description), ...credentials].flatMap(({ displayName, icon }) => {
				const themes = typeof icon === 'object' ? [icon.light, icon.dark] : [];
				const found = themes.map((theme) => {
					const name = theme.replace(/^.*[:/]/, '/');
					return [...files].find(([file]) => file.endsWith(name))?.[1];
				});
				return fail(!found[0] || !found[1] || found[0] === found[1], `${displayName} has no two icons`);
			}),
	},
	{
		rule: 'Each credential has a test',
		check: ({ credentials }) => credentials.flatMap(({ name, test }) => fail(!test, `${name} has none`)),
	},
	{
		rule: 'A resource locator for each single thing that the API can list, with the list first',
		check: ({ nodes, plan }) =>
			allFields(nodes.flatMap(({ description }) => description.properties)).flatMap((field) => {
				const { name, type, modes = [] } = field;
				const canBeListed = plan.providers.some(({ pickers }) => name in pickers);
				const hasList = modes[0]?.name === 'list' || name === 'runId';
				return [
					...fail(type === 'string' && canBeListed, `${name} is a text`),
					...fail(type === 'resourceLocator' && !hasList, `${name} has no list`),
				];
			}),
	},
	{
		rule: 'Simplify for outputs of more than 10 fields',
		check: ofNodes((node) => [
			...without(node, 'simplify').map((operation) => `no Simplify for ${operation}`),
			...fail(fieldsOf(node, 'simplify').length === 0, 'no Simplify'),
		]),
	},
	{
		rule: 'A simplified run has at most 10 fields, with the report of Timeout Cancel at most 12; of the 15 of an event, none has all',
		check: (built) =>
			previewsOf(built).flatMap(([file, fields]) => {
				const [, around = ''] = /\/(TimeoutCancel|\w*Trigger)\//.exec(file) ?? [];
				const own = around === 'TimeoutCancel' ? 'report' : around ? 'event' : 'run';
				return fail(fields.length > MOST_FIELDS[own], `${file}: ${fields.length} fields`);
			}),
	},
	{
		rule: 'As a tool of an agent, the output is a choice: Simplified, Raw, Selected Fields',
		check: ofNodes((node) => {
			if (isTrigger(node)) return [];
			const values = choicesOf(fieldsOf(node, 'output')).map(({ value }) => value);
			return [
				...fail(!node.description.usableAsTool, 'no tool'),
				...fail(values.join() !== 'raw,selected,simplified', `output: ${values.join()}`),
				...without(node, 'output').map((operation) => `no output choice for ${operation}`),
			];
		}),
	},
	{
		rule: 'Delete answers `deleted: true`',
		check: (built) =>
			previewsOf(built).flatMap(([file, fields]) =>
				fail(file.endsWith('/delete.json') && !fields.includes('deleted'), file),
			),
	},
	{
		rule: 'Actions in sentence case, without articles',
		check: ofNodes((node) =>
			choicesOf([...fieldsOf(node, 'operation'), ...fieldsOf(node, 'events')]).flatMap(({ action = '' }) =>
				fail(
					!/^[A-Z][a-z]+ /.test(action) || /\b(?:an|the(?! limit\b)|a(?! dry run\b))\b/.test(action),
					action,
				),
			),
		),
	},
	{
		rule: 'Names in Title Case, descriptions that say something',
		check: '`test/nodes/descriptions.test.ts`',
	},
	{
		rule: 'Errors say what happened and what to do; items are paired',
		check: '`test/nodes`, among them `bad-input.test.ts`',
	},
];

/** What is to be checked of a package here, by what is true when nothing is found. */
export function verify(built: Built): Array<[title: string, check: () => string[]]> {
	return RULES.flatMap(({ rule, check, notForAll }): Array<[string, () => string[]]> => {
		if (typeof check === 'string') return [];
		if (onlyProvider(built.plan) || !notForAll) return [[rule, () => check(built)]];
		// A page that says that a rule is not kept has to be true as well.
		return [[`Not for verification: ${notForAll}`, () => fail(check(built).length === 0, `Kept: ${rule}`)]];
	});
}

/** The table of docs/verification.md. */
export function verificationTable(): string {
	return table(
		['Rule', 'Checked by', ...PACKAGES.map(({ name }) => `\`${name}\``)],
		RULES.map(({ rule, check, notForAll }) => [
			rule,
			typeof check === 'string' ? check : '`npm run check:package`',
			...PACKAGES.map((plan) => (notForAll && !onlyProvider(plan) ? `no: ${notForAll}` : 'holds')),
		]),
	);
}
