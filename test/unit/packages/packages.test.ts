import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { INodeTypeDescription } from 'n8n-workflow';

import { Extend } from '../../../nodes/Extend/Extend.node';
import { namesFor } from '../../../nodes/shared/n8n/description/names';
import { ALL_PROVIDERS } from '../../../nodes/shared/providers';
import { NODES } from '../../../scripts/docs/parameters';
import { exampleOf } from '../../../scripts/packages/example';
import {
	PACKAGES,
	type PackagePlan,
	REGISTRY,
	foreignNames,
	isIn,
	registryOf,
} from '../../../scripts/packages/plan';
import { SECTIONS, readmeOf } from '../../../scripts/packages/readme';
import { type Codex, type Manifest, codexOf, manifestOf } from '../../../scripts/packages/texts';

/** What each package of this tree is made of. What the tarballs really hold: `npm run check:package`. */

const ROOT = join(__dirname, '..', '..', '..');

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const readJson = (file: string): unknown => JSON.parse(read(file));

function plan(name: string): PackagePlan {
	const found = PACKAGES.find((one) => one.name === name);
	if (!found) throw new Error(`No package ${name}`);
	return found;
}

const ALL = plan('n8n-nodes-document-runs');
const RETAB = plan('n8n-nodes-retab');
const EXTEND = plan('n8n-nodes-extend');
const SMALL = [RETAB, EXTEND];

const root = readJson('package.json') as Manifest;

/** The code of a source, without its comments. */
function codeOf(text: string): string {
	return text.replaceAll(/\/\*\*[\s\S]*?\*\/\n+/g, '').replaceAll(/\n{2,}/g, '\n');
}

test('there is one package for all services, and one for each', () => {
	expect(PACKAGES).toHaveLength(1 + ALL_PROVIDERS.length);
	expect(ALL.providers).toEqual(ALL_PROVIDERS);
	expect(ALL.name).toBe(root.name);
});

test('the registry of the tree is that of the package for all', () => {
	expect(codeOf(registryOf(ALL))).toBe(codeOf(read(REGISTRY)));
	expect(registryOf(RETAB)).toContain("PACKAGE = 'n8n-nodes-retab'");
	expect(foreignNames(RETAB, registryOf(RETAB))).toEqual([]);
});

test.each([
	['nodes/shared/providers/extend/create.ts', [ALL, EXTEND]],
	['nodes/Retab/Retab.node.ts', [ALL, RETAB]],
	['nodes/ExtendTrigger/ExtendTrigger.node.ts', [ALL, EXTEND]],
	['credentials/RetabApi.credentials.ts', [ALL, RETAB]],
	['nodes/TimeoutCancel/fields.ts', [ALL, RETAB, EXTEND]],
])('%s is where it belongs', (file, packages) => {
	expect(PACKAGES.filter((one) => isIn(one, file))).toEqual(packages);
});

test.each(['Extend', 'extendApi', 'api.extend.ai', '"extend"', 'EXTEND_KEY'])(
	'%s is found in a package for Retab',
	(text) => {
		expect(foreignNames(RETAB, text)).toHaveLength(1);
	},
);

test('verbs are no names, and a package may name its own service', () => {
	expect(foreignNames(RETAB, 'class Own extends Other, extended and extending; Retab')).toEqual([]);
	expect(foreignNames(EXTEND, 'Extend, extendApi')).toEqual([]);
});

describe('names of nodes', () => {
	const [retab, extend] = [RETAB, EXTEND].flatMap(({ providers }) => providers);
	if (!retab || !extend) throw new Error('A package has no provider');

	test('with several services they say what the nodes do', () => {
		expect(namesFor(ALL_PROVIDERS)).toEqual({
			timeoutCancel: 'Timeout Cancel',
			runTrigger: 'Document Run Trigger',
			services: 'Retab or Extend',
		});
	});

	test('with one service they begin with it', () => {
		expect(namesFor([retab])).toEqual({
			timeoutCancel: 'Retab Timeout Cancel',
			runTrigger: 'Retab Trigger',
			services: 'Retab',
		});
	});

	test('the plain name is left to an instant trigger', () => {
		const names = namesFor([{ ...extend, hasInstantTrigger: true }]);
		expect(names.runTrigger).toBe('Extend Polling Trigger');
	});
});

describe('package.json', () => {
	test('of the package for all is the one of the repository', () => {
		expect(manifestOf(ALL, root, root.version)).toBe(root);
	});

	test.each(SMALL)('of $name names its own nodes, credential and service, and no tools', (one) => {
		const { name, n8n, keywords, description, scripts, devDependencies, version } = manifestOf(
			one,
			root,
			root.version,
		);
		expect({ name, version }).toEqual({ name: one.name, version: root.version });
		expect(n8n.credentials).toHaveLength(1);
		expect(n8n.nodes).toEqual(expect.arrayContaining([expect.stringContaining('TimeoutCancel') as string]));
		expect(n8n.strict).toBe(true);
		expect(keywords).toContain(one.providers[0]?.name);
		expect(description).toContain(one.providers[0]?.title);
		expect({ scripts, devDependencies }).toEqual({});
		expect(foreignNames(one, JSON.stringify(manifestOf(one, root, root.version)))).toEqual([]);
	});
});

test('a codex file: the node of the package, no flow control, and no other service in the search', () => {
	const codex = readJson('nodes/TimeoutCancel/TimeoutCancel.node.json') as Codex;
	const { node, categories, alias, subcategories } = codexOf(RETAB, codex);
	expect(node).toBe('n8n-nodes-retab.timeoutCancel');
	expect({ categories, subcategories }).toEqual({ categories: ['Utility'], subcategories: undefined });
	expect(alias).toContain('retab');
	expect(alias).not.toContain('extend');
	expect(codexOf(ALL, codex)).toBe(codex);
});

/** The example of the repository, as a package has it. */
function exampleFor(one: PackagePlan, description: INodeTypeDescription) {
	return exampleOf(
		one,
		readJson('examples/timeout-cancel.json') as Parameters<typeof exampleOf>[1],
		description,
	);
}

describe('the example', () => {
	test('of a package for one service has its nodes, and no choice of a provider', () => {
		const { nodes } = exampleFor(EXTEND, new Extend().description);
		const own = nodes.filter(({ type }) => type.startsWith('n8n-nodes-extend.'));
		expect(own.map(({ type }) => type.split('.')[1])).toEqual(['extend', 'timeoutCancel']);
		expect(own.map(({ parameters }) => parameters.resource)).toEqual(['extractRun', 'extractRun']);
		expect(own[0]?.parameters).toMatchObject({
			extractorId: { __rl: true, mode: 'id', value: 'ex_xK9m' },
			documentUrl: '={{ $json.url }}',
		});
		expect(own[1]?.parameters).not.toHaveProperty('provider');
		expect(own[0]?.parameters).not.toHaveProperty('schemaFields');
	});

	test('says in its note what to choose there', () => {
		const text = JSON.stringify(exampleFor(EXTEND, new Extend().description));
		expect(text).toContain('under **Extractor**');
		expect(foreignNames(EXTEND, text)).toEqual([]);
	});
});

test("the README has n8n's sections, the operations, the credential and the example", () => {
	const example = exampleFor(EXTEND, NODES.extend.description);
	const readme = readmeOf({
		plan: EXTEND,
		manifest: manifestOf(EXTEND, root, root.version),
		root: read('README.md'),
		nodes: [NODES.extend.description, NODES.timeoutCancel.description],
		credentials: [],
		example,
	});
	expect([...readme.matchAll(/^## (.+)$/gm)].map(([, title]) => title)).toEqual([...SECTIONS]);
	expect(readme).toMatch(
		/\| Extract Run +\|.*Create, Poll Until Finished, Get, Get Many, Create Batch, Get Batch, Cancel, Delete/,
	);
	expect(readme).toMatch(/\| Check Once +\|/);
	const [, compatibility = ''] = /^## Compatibility\n+(.+?)\n/ms.exec(readme) ?? [];
	expect(compatibility).toMatch(/^n8n \d.*Node\.js \d+ or later/);
	expect(compatibility).not.toMatch(/\]\((?!https:)/);
	const [, inside = ''] = /```json\n(.*?)```/s.exec(readme) ?? [];
	expect(JSON.parse(inside)).toEqual(example);
});
