import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import manifest from '../../../package.json';
import { ROOT } from '../../../scripts/docs/paths';

/** The README is for people who see the package for the first time, on npm: everything else is in `docs/`. */

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

const MAX_WORDS = 1_300;

/** Sections of the README template for n8n community nodes, in its order. */
const SECTIONS = [
	'Installation',
	'Operations',
	'Credentials',
	'Compatibility',
	'Usage',
	'Resources',
	'Version history',
];

test(`has at most ${MAX_WORDS} words`, () => {
	expect(README.split(/\s+/).filter(Boolean).length).toBeLessThanOrEqual(MAX_WORDS);
});

test("has the sections of n8n's template", () => {
	expect([...README.matchAll(/^## (.+)$/gm)].map(([, title]) => title)).toEqual(SECTIONS);
});

test('the first commands clone the repository', () => {
	const [, commands = ''] = /```sh\n(.*?)```/s.exec(README) ?? [];
	expect(commands).toMatch(new RegExp(`^git clone ${manifest.homepage} (\\S+)\ncd \\1\nnpm run `));
});
