import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IDataObject, INodeProperties, INodeType } from 'n8n-workflow';

import manifest from '../../../package.json';
import { NODES } from '../../../scripts/docs/parameters';
import { ROOT } from '../../../scripts/docs/paths';

/** Examples can be imported: what they name exists. That they also run is tested in `test/nodes` and `test/e2e`. */

interface Example {
	nodes: Array<{
		name: string;
		type: string;
		typeVersion: number;
		position: [number, number];
		parameters: IDataObject;
		credentials?: Record<string, unknown>;
	}>;
	connections: Record<string, Record<string, Array<Array<{ node: string }> | null>>>;
}

const OWN = `${manifest.name}.`;

/** n8n offers a node a second time as a tool of an AI agent, under a name of its own. */
const AS_TOOL = /Tool$/;

/** Fields that n8n adds: to triggers that poll, and to tools. */
const ADDED_BY_N8N = new Set(['pollTimes', 'descriptionType', 'toolDescription']);

const OWN_NODES: Record<string, INodeType | undefined> = NODES;

function ownNode(type: string): INodeType | undefined {
	return type.startsWith(OWN) ? OWN_NODES[type.slice(OWN.length).replace(AS_TOOL, '')] : undefined;
}

const N8N = /^(?:n8n-nodes-base|@n8n\/n8n-nodes-langchain)\./;

const EXAMPLES = readdirSync(join(ROOT, 'examples'))
	.filter((file) => file.endsWith('.json'))
	.map((file): [string, Example] => [
		file,
		JSON.parse(readFileSync(join(ROOT, 'examples', file), 'utf8')) as Example,
	]);

const NOTE = 'n8n-nodes-base.stickyNote';

/** Nodes that only shape data: the list of examples does not name them. */
const UNNAMED = new Set([NOTE, 'n8n-nodes-base.set', 'n8n-nodes-base.noOp']);

/** Width and height of a node on n8n's canvas. */
const NODE_SIZE = 96;

/** Yellow: the note that says what to set up. The others have a colour for what their nodes do. */
const YELLOW = 1;

interface Note {
	name: string;
	text: string;
	color: unknown;
	left: number;
	top: number;
	right: number;
	bottom: number;
}

function notesOf({ nodes }: Example): Note[] {
	return nodes
		.filter(({ type }) => type === NOTE)
		.map(({ name, position: [left, top], parameters }) => ({
			name,
			text: typeof parameters.content === 'string' ? parameters.content : '',
			color: parameters.color,
			left,
			top,
			right: left + Number(parameters.width),
			bottom: top + Number(parameters.height),
		}));
}

function isObject(value: unknown): value is IDataObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is wrong with parameters, compared with the fields they are meant for. */
function problems(parameters: IDataObject, fields: readonly INodeProperties[]): string[] {
	return Object.entries(parameters).flatMap(([name, value]) => {
		const same = fields.filter((field) => field.name === name);
		if (same.length === 0) return [`no field "${name}"`];
		const options = same.flatMap((field) => field.options ?? []);
		if (same[0]?.type === 'collection') return problems(value as IDataObject, options as INodeProperties[]);
		if (same[0]?.type === 'fixedCollection') {
			const groups = Object.entries(value as IDataObject);
			return groups.flatMap(([group, rows]) => {
				const columns = options.flatMap((one) => ('values' in one && one.name === group ? one.values : []));
				if (columns.length === 0) return [`no group "${group}" in "${name}"`];
				return [rows].flat().flatMap((row) => (isObject(row) ? problems(row, columns) : []));
			});
		}
		if (!same.every(({ type }) => type === 'options' || type === 'multiOptions')) return [];
		const values = options.flatMap((one) => ('value' in one ? [one.value] : []));
		const given = [value].flat().filter((one) => typeof one === 'string' && !one.startsWith('=')) as string[];
		return given.filter((one) => !values.includes(one)).map((one) => `no "${one}" in "${name}"`);
	});
}

describe.each(EXAMPLES)('%s', (file, example) => {
	const { nodes, connections } = example;

	test('uses nodes that exist', () => {
		const unknown = nodes.filter(({ type }) => !N8N.test(type) && !ownNode(type));
		expect(unknown.map(({ type }) => type)).toEqual([]);
	});

	test('sets fields and choices that exist', () => {
		const wrong = nodes.flatMap(({ name, type, typeVersion, parameters, credentials = {} }) => {
			const description = ownNode(type)?.description;
			if (!description) return [];
			const known = (description.credentials ?? []).map((credential) => credential.name);
			const given = Object.entries(parameters).filter(([field]) => !ADDED_BY_N8N.has(field));
			return [
				...problems(Object.fromEntries(given), description.properties),
				...([description.version].flat().includes(typeVersion) ? [] : [`no version ${typeVersion}`]),
				...Object.keys(credentials).filter((credential) => !known.includes(credential)),
			].map((problem) => `${name}: ${problem}`);
		});
		expect(wrong).toEqual([]);
	});

	test('connects nodes that are there', () => {
		const names = nodes.map(({ name }) => name);
		const targets = Object.values(connections).flatMap((outputs) =>
			Object.values(outputs).flatMap((lists) =>
				lists.flatMap((list) => (list ?? []).map(({ node }) => node)),
			),
		);
		expect([...Object.keys(connections), ...targets].filter((name) => !names.includes(name))).toEqual([]);
	});

	test('is linked from the docs', () => {
		expect(readFileSync(join(ROOT, 'docs', 'examples.md'), 'utf8')).toContain(`../examples/${file}`);
	});

	test('is in the list of examples, with the nodes it uses', () => {
		const rows = readFileSync(join(ROOT, 'examples', 'README.md'), 'utf8').split('\n');
		const row = rows.find((line) => line.includes(`](${file})`)) ?? '';
		const own = nodes.flatMap(({ type }) => ownNode(type)?.description.displayName ?? []);
		expect([...new Set(own)].filter((name) => !row.includes(name))).toEqual([]);
		const cells = row.split('|').map((cell) => cell.trim());
		const others = nodes.filter(({ type }) => !UNNAMED.has(type) && !ownNode(type)).map(({ type }) => type);
		expect(cells[4]?.split(', ')).toHaveLength(new Set([...own, ...others]).size);
	});

	test('has nothing in it for the sandbox, no credential and no address of a real host', () => {
		const text = JSON.stringify(example);
		expect(text).not.toMatch(/sandbox/i);
		expect(nodes.filter(({ credentials }) => credentials)).toEqual([]);
		const hosts = [...text.matchAll(/https?:\/\/([\w.-]+)\/([^"\\]*)/g)].map(([address = '']) => address);
		const placeholders = /your-server\.example\.com|YOUR-SPREADSHEET/;
		expect(hosts.filter((address) => !placeholders.test(address))).toEqual([]);
		const mails = [...text.matchAll(/[\w.-]+@([\w-]+(?:\.[\w-]+)+)/g)].map(([, host = '']) => host);
		expect(mails.filter((host) => !host.endsWith('.example.com'))).toEqual([]);
	});

	test('a yellow note says in 3 or 4 steps what to do, in the words of n8n 2', () => {
		const [main, ...more] = notesOf(example).filter(({ color }) => color === YELLOW);
		expect(more).toEqual([]);
		const steps = main?.text.match(/^\d\. .+$/gm) ?? [];
		expect(steps.map((step) => step.slice(0, 2))).toEqual(['1.', '2.', '3.', '4.'].slice(0, steps.length));
		expect(steps.length).toBeGreaterThanOrEqual(3);
		const wrong = /activate the workflow|workflow is active|\bSave\b/i;
		expect(notesOf(example).filter(({ text }) => wrong.test(text))).toEqual([]);
		const starts = nodes.some(({ type }) =>
			/(?:schedule|form|error|run|extend)Trigger$|emailReadImap$|\.webhook$/.test(type),
		);
		expect(main?.text.includes('**Publish**')).toBe(starts);
	});

	test('each node lies on one coloured note', () => {
		const notes = notesOf(example);
		const [main] = notes.filter(({ color }) => color === YELLOW);
		const areas = notes.filter((note) => note !== main);
		const around = ([x, y]: [number, number]) =>
			areas.filter(
				({ left, top, right, bottom }) =>
					left < x && top < y && x + NODE_SIZE < right && y + NODE_SIZE < bottom,
			);
		const alone = nodes.filter(({ type, position }) => type !== NOTE && around(position).length !== 1);
		expect(alone.map(({ name }) => name)).toEqual([]);
	});

	test('notes do not overlap', () => {
		const notes = notesOf(example);
		const overlapping = notes.flatMap((a, at) =>
			notes
				.slice(at + 1)
				.filter((b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
				.map((b) => `${a.name} and ${b.name}`),
		);
		expect(overlapping).toEqual([]);
	});
});

test('a field, a choice and a group that do not exist are found', () => {
	const { properties } = NODES.timeoutCancel.description;
	expect(problems({ runid: 'x' }, properties)).toEqual(['no field "runid"']);
	expect(problems({ operation: 'wait' }, properties)).toEqual(['no "wait" in "operation"']);
	expect(problems({ options: { intervals: 1 } }, properties)).toEqual(['no field "intervals"']);
	expect(problems({ filters: { metadata: { rows: [] } } }, properties)).toEqual([
		'no group "rows" in "metadata"',
	]);
});
