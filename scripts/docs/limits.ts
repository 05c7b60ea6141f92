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
	comment: string;
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
			return [{ name: name.getText(), comment: commentOf(statement), entries }];
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

function settingRow({ name, value, comment }: Entry): string[] {
	const { default: preset, min, max } = value as { default: number; min: number; max: number };
	const numbers = [preset, min, max].map((number) => number.toLocaleString('en-US'));
	return [`\`${name}\``, ...numbers, comment];
}

function groupText({ name, comment, entries }: Group): string {
	const isSetting = name === 'SETTING';
	const header = isSetting ? ['Name', 'Default', 'From', 'To', 'Meaning'] : ['Name', 'Value', 'Meaning'];
	const rows = entries.map((entry) =>
		isSetting
			? settingRow(entry)
			: [`\`${name}.${entry.name}\``, valueText(entry.source, Number(entry.value)), entry.comment],
	);
	return [`## ${name}`, ...(comment ? [comment] : []), table(header, rows)].join('\n\n');
}

/** Every limit of the package. */
export function limits(): string {
	return groups().map(groupText).join('\n\n');
}

/** Limits without a comment: their meaning would be missing in the docs. */
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
