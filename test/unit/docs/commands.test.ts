import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import manifest from '../../../package.json';
import demo from '../../../sandbox/n8n/package.json';
import { PAGES, ROOT } from '../../../scripts/docs/paths';

/** Commands, options and versions that the pages name exist. */

const ALL_PAGES = [...PAGES, 'CONTRIBUTING.md', 'bench/README.md', 'sandbox/README.md'];

function read(path: string): string {
	return readFileSync(join(ROOT, path), 'utf8');
}

const scripts: Record<string, string> = manifest.scripts;

test.each(ALL_PAGES)('npm scripts of %s exist', (page) => {
	const named = [...read(page).matchAll(/\bnpm run ([\w:]+)/g)].map(([, name = '']) => name);
	expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

test.each(ALL_PAGES)('options of %s are known to the commands', (page) => {
	const programs = ['scripts', 'bench', 'sandbox/server'].flatMap((folder) =>
		readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
	);
	const sources = programs.filter((path) => /(?<!node_modules.*)\.(?:mjs|m?ts)$/.test(path)).map(read);
	const named = [...read(page).matchAll(/(?<=`|npm run [\w:]+ -- (?:.*? )?)--[a-z][\w-]+/g)].map(
		([option]) => option,
	);
	const unknown = named.filter(
		(option) => !sources.some((text) => new RegExp(`${option}(?![\\w-])`).test(text)),
	);
	expect(unknown).toEqual([]);
});

test('files that npm scripts start exist', () => {
	const paths = Object.values(scripts).flatMap((script) => script.match(/\S+\.(?:m?ts|m?js)\b/g) ?? []);
	expect(paths.length).toBeGreaterThan(0);
	expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test('the README names the versions that are tested', () => {
	const readme = read('README.md');
	const { n8n } = demo.dependencies;
	expect(readme).toContain(n8n);
	const versions = [...readme.matchAll(/\bn8n (2\.\d+\.\d+)/g)].map(([, version]) => version);
	expect(versions.filter((version) => version !== n8n)).toEqual([]);
	expect(readme).toContain(`Node.js ${manifest.engines.node.replace('>=', '')} or later`);
});

test.each(PAGES)('files and folders of the source that %s names exist', (page) => {
	const named = [
		...read(page).matchAll(/`((?:nodes|test|sandbox|scripts|bench|docs|examples)\/[^`\s*…]+)`/g),
	];
	const paths = named.map(([, path = '']) => path);
	expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});
