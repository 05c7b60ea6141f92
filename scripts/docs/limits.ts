import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

import * as config from '../../nodes/shared/core/config';
import { table } from './markdown';
import { ROOT } from './paths';

/** Tables of the limits, from `nodes/shared/core/config.ts`: the values from the module, the meanings from its comments. */

const FILE = 'nodes/shared/core/config.ts';

interface Entry {
	name: string;
	comment: string;
	/** The expression that gives the value: it names the unit. */
	source: string;
	value: unknown;
}

interface Group {
	name: string;
	entries: Entry[];
}

function commentOf(node: ts.Node): string {
	const [comment] = ts.getJSDocCommentsAndTags(node);
	return (ts.getTextOfJSDocComment(comment?.comment) ?? '').replace(/\s*\n\s*/g, ' ');
}

function groups(): Group[] {
	const source = ts.createSourceFile(
		FILE,
		readFileSync(join(ROOT, FILE), 'utf8'),
		ts.ScriptTarget.ES2022,
		true,
	);
	return source.statements.filter(ts.isVariableStatement).flatMap((statement) =>
		statement.declarationList.declarations.flatMap(({ name, initializer }) => {
			const object = initializer && ts.isAsExpression(initializer) ? initializer.expression : undefined;
			if (!object || !ts.isObjectLiteralExpression(object)) return [];
			const values = config[name.getText() as keyof typeof config] as unknown as Record<string, unknown>;
			const entries = object.properties.filter(ts.isPropertyAssignment).map((property) => ({
				name: property.name.getText(),
				comment: commentOf(property),
				source: property.initializer.getText(),
				value: values[property.name.getText()],
			}));
			return [{ name: name.getText(), entries }];
		}),
	);
}

const DURATION_UNITS: Array<[string, number]> = [
	['d', config.DAY],
	['h', config.HOUR],
	['min', config.MINUTE],
	['s', config.SECOND],
	['ms', 1],
];

const SIZE_UNITS: Array<[string, number]> = [
	['GiB', 1024 ** 3],
	['MiB', 1024 ** 2],
	['KiB', 1024],
];

function valueText(source: string, value: number): string {
	const units = /SECOND|MINUTE|HOUR|DAY/.test(source)
		? DURATION_UNITS
		: /1024/.test(source)
			? SIZE_UNITS
			: [];
	const unit = units.find(([, size]) => value >= size);
	return unit ? `${value / unit[1]} ${unit[0]}` : value.toLocaleString('en-US');
}

function rowsOf({ name, entries }: Group): string[][] {
	return entries.map((entry) => [
		`\`${name}.${entry.name}\``,
		valueText(entry.source, Number(entry.value)),
		entry.comment,
	]);
}

/** Groups that users do not meet, or whose values stand on the pages of fields, of Create and of the trigger. */
const NOT_SHOWN = new Set([
	'CLOCK',
	'COMPLETION_TIMES',
	'DOCUMENT',
	'DOWNLOAD',
	'LIST_POLLER',
	'POLL',
	'SEEN_RUNS',
	'SETTING',
	'TEXT',
	'TRIGGER',
]);

/** The limits that a user can meet. */
export function limits(): string {
	const shown = groups().filter(({ name }) => !NOT_SHOWN.has(name));
	return table(['Name', 'Value', 'Meaning'], shown.flatMap(rowsOf));
}

/** Limits without a comment, which is their meaning in the docs. */
export function uncommented(): string[] {
	return groups().flatMap(({ name, entries }) =>
		entries.flatMap((entry) => (entry.comment ? [] : [`${name}.${entry.name}`])),
	);
}

/** What the docs write for a limit, such as `30 s` for `READ.budget`. */
export function limitText(path: string): string | undefined {
	const [group, name] = path.split('.');
	const entry = groups()
		.find((one) => one.name === group)
		?.entries.find((one) => one.name === name);
	return entry && valueText(entry.source, Number(entry.value));
}
