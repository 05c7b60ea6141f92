import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { limitText, uncommented } from '../../../scripts/docs/limits';
import { PAGES, ROOT } from '../../../scripts/docs/paths';
import { BLOCK_NAMES, blocksIn, render } from '../../../scripts/docs/render';

const TEXTS = new Map(PAGES.map((page) => [page, readFileSync(join(ROOT, page), 'utf8')]));

test.each(PAGES)('%s has the tables of the code; if not, run `npm run docs`', (page) => {
	const text = TEXTS.get(page) ?? '';
	expect(text).toBe(render(text));
});

test('every table stands on some page', () => {
	const shown = blocksIn([...TEXTS.values()]);
	expect(BLOCK_NAMES.filter((name) => !shown.includes(name))).toEqual([]);
});

test('a change of the code is noticed', () => {
	const page = '<!-- generated: outcomes -->\n\nold\n\n<!-- end -->\n';
	expect(render(page)).toContain('| `completed`');
	expect(() => render(page.replace('outcomes', 'nothing'))).toThrow('Nothing generates "nothing"');
});

test('every limit has a comment, which is its meaning in the docs', () => {
	expect(uncommented()).toEqual([]);
});

/** `30 s (\`READ.budget\`)`: a value, and the limit that it is. */
const NAMED_LIMIT = /(\d[\d.,]*(?: (?:ms|s|min|h|d|[KMG]iB)\b)?) \(`([A-Z_]+\.\w+)`\)/g;

test.each(PAGES)('values in %s that name their limit are those of the code', (page) => {
	const named = [...(TEXTS.get(page) ?? '').matchAll(NAMED_LIMIT)];
	const wrong = named.filter(([, value, name = '']) => value !== limitText(name));
	expect(wrong.map(([text, , name = '']) => `${text} should be ${limitText(name)}`)).toEqual([]);
});
