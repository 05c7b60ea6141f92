import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

import { PAGES, ROOT } from '../../../scripts/docs/paths';

/** A message that users look up in the tables of the docs is one that the code can write. */

/** Shorter pieces of text stand in too many messages to tell them apart. */
const TELLING = 5;

/** How much of a documented message the code has to hold literally; the rest are names and values. */
const LITERAL_SHARE = 0.6;

/** The literal pieces of texts in the code: `a ${b} c` → `a `, ` c`. */
function piecesOfCode(): string[] {
	const files = ['nodes', 'credentials'].flatMap((folder) =>
		readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
			join(ROOT, folder, name),
		),
	);
	const pieces = new Set<string>();
	for (const file of files.filter((name) => name.endsWith('.ts'))) {
		const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022);
		const visit = (node: ts.Node): void => {
			if (
				ts.isStringLiteralLike(node) ||
				ts.isTemplateHead(node) ||
				ts.isTemplateMiddleOrTemplateTail(node)
			) {
				pieces.add(node.text.trim());
			}
			ts.forEachChild(node, visit);
		};
		visit(source);
	}
	return [...pieces].filter((piece) => piece.length >= TELLING);
}

function documentedMessages(): string[] {
	return PAGES.flatMap((page) => {
		let isMessages = false;
		return readFileSync(join(ROOT, page), 'utf8')
			.split('\n')
			.flatMap((line) => {
				const [, first = ''] = line.split('|').map((cell) => cell.trim());
				if (!line.startsWith('|')) isMessages = false;
				else if (['Message', 'Hint'].includes(first)) isMessages = true;
				return isMessages ? [...first.matchAll(/`([^`]+)`/g)].map(([, message = '']) => message) : [];
			});
	});
}

const pieces = piecesOfCode();

const documented = documentedMessages();

test('messages are documented', () => {
	expect(documented.length).toBeGreaterThan(50);
});

/** Share of a message, without `…`, that stands literally in the code. */
function literalShare(message: string): number {
	const found = pieces.filter((piece) => message.includes(piece));
	const isLiteral = new Array<boolean>(message.length).fill(false);
	for (const piece of found)
		isLiteral.fill(true, message.indexOf(piece), message.indexOf(piece) + piece.length);
	return isLiteral.filter(Boolean).length / message.replace(/[\s…]/g, '').length;
}

test.each(documented)('%s', (message) => {
	expect(literalShare(message)).toBeGreaterThanOrEqual(LITERAL_SHARE);
});

test.each(['Retab is quite busy (429): …', 'This run takes too long: …'])(
	'nothing in the code writes "%s"',
	(message) => {
		expect(literalShare(message)).toBeLessThan(LITERAL_SHARE);
	},
);
