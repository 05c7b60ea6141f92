import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import GithubSlugger from 'github-slugger';
import MarkdownIt from 'markdown-it';

import { ExtendApi } from '../../../credentials/ExtendApi.credentials';
import { RetabApi } from '../../../credentials/RetabApi.credentials';
import manifest from '../../../package.json';
import { PAGES, ROOT } from '../../../scripts/docs/paths';

/** Links inside the repository lead to files and headings that exist. */

const ALL_PAGES = [
	...PAGES,
	'CHANGELOG.md',
	'CONTRIBUTING.md',
	'SECURITY.md',
	'bench/README.md',
	'bench/list-rules.md',
	'examples/README.md',
	'sandbox/README.md',
];

const markdown = new MarkdownIt({ html: true });

function read(path: string): string {
	return readFileSync(join(ROOT, path), 'utf8');
}

/** What a page links to and shows. */
function targetsOf(page: string): string[] {
	const inline = markdown.parse(read(page), {}).flatMap(({ children }) => children ?? []);
	return inline.flatMap((token) => token.attrGet('href') ?? token.attrGet('src') ?? []);
}

function anchorsOf(page: string): string[] {
	const slugger = new GithubSlugger();
	const tokens = markdown.parse(read(page), {});
	return tokens.flatMap(({ type }, index) =>
		type === 'heading_open' ? [slugger.slug(plainText(tokens[index + 1]?.content ?? ''))] : [],
	);
}

function plainText(heading: string): string {
	return heading.replace(/\[(.*?)\]\(.*?\)/g, '$1').replaceAll('`', '');
}

const isOutside = (target: string) => /^[a-z]+:/.test(target);

function fileOf(page: string, target: string): string {
	const [path = ''] = target.split('#');
	return path === '' ? page : join(dirname(page), decodeURI(path));
}

function problemsOf(page: string, targets: readonly string[]): string[] {
	return targets
		.filter((target) => !isOutside(target))
		.flatMap((target) => {
			const file = fileOf(page, target);
			const anchor = target.split('#')[1];
			if (!existsSync(join(ROOT, file))) return [`${target}: ${file} does not exist`];
			const isMissing = anchor !== undefined && !anchorsOf(file).includes(anchor);
			return isMissing ? [`${target}: no such heading in ${file}`] : [];
		});
}

test.each(ALL_PAGES)('links and pictures of %s exist', (page) => {
	expect(problemsOf(page, targetsOf(page))).toEqual([]);
});

test('a wrong link is found', () => {
	expect(
		problemsOf('docs/trigger.md', ['nowhere.md', '../README.md#nowhere', '../README.md#installation']),
	).toEqual([
		'nowhere.md: docs/nowhere.md does not exist',
		'../README.md#nowhere: no such heading in README.md',
	]);
});

test('nodes and credentials link to pages of this repository', () => {
	const codex = ['Retab', 'Extend', 'ExtendTrigger', 'RunTrigger', 'TimeoutCancel'].map((name) =>
		read(`nodes/${name}/${name}.node.json`),
	);
	const inCodex = codex.flatMap((text) => [...text.matchAll(/"url": "([^"]+)"/g)].map(([, url = '']) => url));
	const urls = [...inCodex, new RetabApi().documentationUrl, new ExtendApi().documentationUrl];
	const home = `${manifest.homepage}/blob/main/`;
	expect(urls.filter((url) => !url.startsWith(home))).toEqual([]);
	const targets = urls.map((url) => url.slice(home.length));
	expect(problemsOf('README.md', targets)).toEqual([]);
});

test('every page can be reached from the README', () => {
	const reached = new Set(['README.md']);
	for (const page of reached) {
		const pages = targetsOf(page)
			.filter((target) => !isOutside(target))
			.map((target) => fileOf(page, target));
		for (const one of pages) if (one.endsWith('.md')) reached.add(one);
	}
	expect(PAGES.filter((page) => !reached.has(page))).toEqual([]);
});

test('every picture is shown', () => {
	const shown = ALL_PAGES.flatMap((page) => targetsOf(page).map((target) => fileOf(page, target)));
	const kept = readdirSync(join(ROOT, 'docs', 'images')).map((name) => `docs/images/${name}`);
	expect(kept.filter((picture) => !shown.includes(picture))).toEqual([]);
});
