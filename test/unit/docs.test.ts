import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';

import type {
	IDataObject,
	IExecuteFunctions,
	INode,
	INodeExecutionData,
	INodeProperties,
	INodeType,
	IPollFunctions,
	NodeExecutionHint,
} from 'n8n-workflow';

import { ExtendApi } from '../../credentials/ExtendApi.credentials';
import { RetabApi } from '../../credentials/RetabApi.credentials';
import { Extend } from '../../nodes/Extend/Extend.node';
import { Retab } from '../../nodes/Retab/Retab.node';
import { RunTrigger } from '../../nodes/RunTrigger/RunTrigger.node';
import { OUTPUT_NAMES } from '../../nodes/TimeoutCancel/fields';
import { OUTPUT_OF, reportItem } from '../../nodes/TimeoutCancel/report';
import { TimeoutCancel } from '../../nodes/TimeoutCancel/TimeoutCancel.node';
import type { CleanupOutcome } from '../../nodes/shared/core/cleanup/cleanRun';
import type { Clock } from '../../nodes/shared/core/concurrency/clock';
import {
	ApiError,
	API_ERROR_KINDS,
	type ApiErrorKind,
	errorKindOf,
} from '../../nodes/shared/core/requests/apiError';
import * as limits from '../../nodes/shared/core/config';
import { RequestQueue } from '../../nodes/shared/core/requests/requestQueue';
import { type Phase, isTerminal } from '../../nodes/shared/core/runs/run';
import { type PollSettings, nextPollDelay } from '../../nodes/shared/core/watch/pollDelay';
import { CancellationScope } from '../../nodes/shared/core/concurrency/cancellationScope';
import { UnknownOutcomeError, submit } from '../../nodes/shared/core/requests/submit';
import { hasOperation } from '../../nodes/shared/n8n/description/runFields';
import { PROVIDERS, cancellable } from '../../nodes/shared/providers';
import { EXTEND_HOSTS, accessOf, withKey } from '../../nodes/shared/providers/client/credential';
import type { ProviderSpec, ResourceSpec } from '../../nodes/shared/providers/types';
import manifest from '../../package.json';
import demoN8n from '../../sandbox/n8n/package.json';

/** The README and `docs/` say what the code says: whatever they name, number or promise literally is compared with it. */

const ROOT = join(__dirname, '..', '..');

const PAGES = ['README.md', ...readdirSync(join(ROOT, 'docs')).flatMap((name) => docsPage(name) ?? [])];

function docsPage(name: string): string | undefined {
	return name.endsWith('.md') ? `docs/${name}` : undefined;
}

function read(path: string): string {
	return readFileSync(join(ROOT, path), 'utf8');
}

const README = read('README.md');

// ------------------------------------------------------------------------------------------------------ Markdown

const FENCE = /^```.*?^```$/gms;

interface Table {
	/** The nearest heading above it. */
	heading: string;
	header: string[];
	rows: string[][];
}

function tablesOf(page: string): Table[] {
	const tables: Table[] = [];
	let heading = '';
	let open: Table | undefined;
	for (const line of read(page).replace(FENCE, '').split('\n')) {
		heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading;
		if (!line.startsWith('|')) {
			open = undefined;
			continue;
		}
		const cells = line
			.slice(1, -1)
			.split('|')
			.map((cell) => cell.trim());
		if (!open) tables.push((open = { heading, header: cells, rows: [] }));
		else if (!cells.every((cell) => /^:?-+:?$/.test(cell))) open.rows.push(cells);
	}
	return tables;
}

/** The rows of the tables below a heading that have this header. Fails when there is none. */
function rowsOf(page: string, heading: string, ...header: string[]): string[][] {
	const found = tablesOf(page).filter(
		(table) => table.heading === heading && table.header.join('|') === header.join('|'),
	);
	if (found.length === 0) throw new Error(`${page} has no table ${header.join(' | ')} below "${heading}"`);
	return found.flatMap(({ rows }) => rows);
}

/** The code spans of a text: `a` and `b` → ['a', 'b']. */
function spans(text: string | undefined): string[] {
	return [...(text ?? '').matchAll(/`([^`]+)`/g)].map(([, span]) => span ?? '');
}

function anchorsOf(page: string): string[] {
	return [
		...read(page)
			.replace(FENCE, '')
			.matchAll(/^#+ (.*)$/gm),
	].map(([, title]) =>
		(title ?? '')
			.toLowerCase()
			.replace(/[^\w\- ]/g, '')
			.replace(/ /g, '-'),
	);
}

// ------------------------------------------------------------------------------------------------ Fields and settings

interface Field {
	label: string;
	name: string;
	/** As text; empty for none. */
	default: string;
	/** Values of a choice. */
	values: string[];
}

/** The fields that a panel shows for some operations, those under Options and Filters included. */
function fieldsOf(properties: readonly INodeProperties[], operations: readonly string[]): Field[] {
	return properties.flatMap((property) => {
		const shownFor = property.displayOptions?.show?.operation;
		if (shownFor && !operations.some((operation) => shownFor.includes(operation))) return [];
		const inner = property.options ?? [];
		const nested = property.type === 'collection' ? (inner as INodeProperties[]) : [];
		const values =
			property.type === 'options' ? inner.flatMap((one) => ('value' in one ? [one.value] : [])) : [];
		return [
			{
				label: property.displayName,
				name: property.name,
				default: shownDefault(property.default),
				values: values.map(String),
			},
			...fieldsOf(nested, operations),
		];
	});
}

/** Between the values of a default that has several. */
const SEVERAL = '\n';

function shownDefault(value: INodeProperties['default']): string {
	if (Array.isArray(value)) return value.filter((one) => typeof one === 'string').join(SEVERAL);
	return typeof value === 'object' ? '' : String(value);
}

/** Which setting is behind which field. */
const SETTING_OF: Record<string, keyof typeof limits.SETTING> = {
	timeout: 'timeout',
	interval: 'interval',
	maxInterval: 'maxInterval',
	confirmFor: 'confirmFor',
	maxWait: 'maxWait',
	maxConcurrentRequests: 'maxConcurrentRequests',
	limit: 'limit',
	olderThan: 'olderThan',
	stuckAfter: 'stuckAfter',
	lookBack: 'lookBack',
	'cleanup limit': 'cleanupLimit',
};

const DAY_S = limits.DAY / limits.SECOND;

function rangeOf(setting: keyof typeof limits.SETTING): string {
	const { default: preset, min, max } = limits.SETTING[setting];
	const inDays = ['timeout', 'olderThan', 'stuckAfter', 'lookBack'].includes(setting);
	const most = inDays ? `${max / DAY_S} days` : max.toLocaleString('en-US');
	return min === 0 && preset > 0 ? `more than 0, at most ${most}` : `${min} to ${most}`;
}

/** Compares a table of fields, in both directions. */
function compareFields(rows: string[][], properties: readonly INodeProperties[], operations: string[]): void {
	const fields = fieldsOf(properties, operations);
	const documented = new Set<string>();
	for (const [label = '', nameCell, defaultCell, allowed = ''] of rows) {
		const [name = ''] = spans(nameCell);
		const same = fields.filter((field) => field.name === name);
		expect({ name, exists: same.length > 0 }).toEqual({ name, exists: true });
		if (!label.startsWith('(')) expect({ name, labels: labelsOf(same) }).toEqual({ name, labels: [label] });
		const presets = same.flatMap((field) => field.default.split(SEVERAL));
		const defaults = [...new Set(presets.filter((text) => text !== ''))];
		expect({ name, defaults: spans(defaultCell).sort() }).toEqual({ name, defaults: defaults.sort() });
		const values = [...new Set(same.flatMap((field) => field.values))].sort();
		const isListedElsewhere = name === 'resource' || name === 'operation';
		if (values.length > 0 && (!isListedElsewhere || spans(allowed).length > 0)) {
			const shown = values.filter((value) => name !== 'operation' || operations.includes(value));
			expect({ name, values: [...new Set(spans(allowed))].sort() }).toEqual({ name, values: shown });
		}
		const setting = SETTING_OF[operations.includes('cleanup') ? `cleanup ${name}` : name] ?? SETTING_OF[name];
		if (setting) expect({ name, allowed }).toEqual({ name, allowed: rangeOf(setting) });
		documented.add(name);
	}
	const missing = [...new Set(fields.map(({ name }) => name))].filter((name) => !documented.has(name));
	expect(missing).toEqual([]);
}

function labelsOf(fields: readonly Field[]): string[] {
	return [...new Set(fields.map(({ label }) => label))];
}

const FIELD_HEADER = ['Field', 'Name', 'Default', 'Allowed', 'Meaning'];

const timeoutCancel = new TimeoutCancel();

const runTrigger = new RunTrigger();

const TRIGGER = 'docs/trigger.md';

const { properties: FIELDS } = timeoutCancel.description;

function operationsOf(properties: readonly INodeProperties[]): string[] {
	const offered = fieldsOf(
		properties.filter(({ name }) => name === 'operation'),
		[],
	);
	return [...new Set(offered.flatMap(({ values }) => values))];
}

describe('fields', () => {
	test('of Timeout Cancel while it watches', () => {
		const rows = rowsOf('README.md', 'The Timeout Cancel node', ...FIELD_HEADER);
		compareFields(rows, FIELDS, ['check', 'watch']);
	});

	test('of Timeout Cancel while it cleans up', () => {
		const filters = rowsOf('docs/cleanup.md', 'Fields', 'Filter', 'Name', 'Meaning');
		const own = rowsOf('docs/cleanup.md', 'Fields', ...FIELD_HEADER);
		const shared = ['confirmFor', 'maxConcurrentRequests'];
		const fields = fieldsOf(FIELDS, ['cleanup']).filter(({ name }) => !shared.includes(name));
		const names = [...own, ...filters].map(([label, name]) => `${label}: ${spans(name).join()}`);
		expect(names.sort()).toEqual([...new Set(fields.map(({ label, name }) => `${label}: ${name}`))].sort());
		const withoutNested = FIELDS.filter(({ name }) => name !== 'filters' && name !== 'options');
		const flat = own.filter(([, name]) => !['filters', 'options'].includes(spans(name)[0] ?? ''));
		compareFields(flat, withoutNested, ['cleanup']);
	});

	test('of the trigger', () => {
		const rows = rowsOf(TRIGGER, 'Fields', ...FIELD_HEADER);
		compareFields(rows, runTrigger.description.properties, []);
	});

	test('of the Retab and Extend nodes', () => {
		const common = rowsOf('README.md', 'Fields of both nodes', ...FIELD_HEADER);
		const elsewhere = ['resource', ...OPTIONS_IN_WORDS, ...filterNames()];
		for (const node of [new Retab(), new Extend()]) {
			const properties = node.description.properties.filter(
				(property) => property.name !== 'resource' && !isOfCreate(property),
			);
			const withoutNested = properties.map((property) => {
				if (property.type !== 'collection') return property;
				const options = (property.options as INodeProperties[]).filter(
					({ name }) => !elsewhere.includes(name),
				);
				return { ...property, options };
			});
			compareFields(common, withoutNested, operationsOf(properties));
		}
	});

	test('every node and operation is documented', () => {
		const inReadme = spans(README.replace(FENCE, ''));
		for (const node of [timeoutCancel, new Retab(), new Extend()]) {
			for (const operation of operationsOf(node.description.properties))
				expect(inReadme).toContain(operation);
		}
		expect(inReadme).toContain(runTrigger.description.name);
	});

	test('every setting is behind a documented field, with its default', () => {
		const nodes = [timeoutCancel, runTrigger, new Retab(), new Extend()];
		const shown = nodes.flatMap(({ description: { properties } }) => {
			const operations = operationsOf(properties);
			return fieldsOf(properties, operations).map(({ name }) => name);
		});
		const settings = Object.keys(limits.SETTING).filter((name) => shown.includes(name));
		expect(settings.filter((name) => !(name in SETTING_OF))).toEqual([]);
		const rows = [...PAGES.flatMap((page) => tablesOf(page))].flatMap(({ header, rows: all }) =>
			header.join() === FIELD_HEADER.join() ? all : [],
		);
		for (const [key, setting] of Object.entries(SETTING_OF)) {
			const name = key.replace('cleanup ', '');
			const found = rows.filter(
				([, cell, , allowed]) => spans(cell)[0] === name && allowed === rangeOf(setting),
			);
			const defaults = [...new Set(found.map(([, , cell]) => spans(cell)[0]))];
			expect({ setting, defaults }).toEqual({
				setting,
				defaults: [String(limits.SETTING[setting].default)],
			});
		}
	});

	test('switches of Get are named with their defaults', () => {
		const said = /^Options: `poll`.*$/m.exec(README)?.[0] ?? '';
		const switches = allSpecs().flatMap(({ readOptions }) => readOptions ?? []);
		for (const { label, name, default: preset } of switches) {
			const state = new RegExp(`${label} \\(\`${name}\`, (?:default )?(on|off)\\)`).exec(said)?.[1];
			expect({ name, state }).toEqual({ name, state: preset ? 'on' : 'off' });
		}
	});

	test('of the credentials', () => {
		for (const [heading, type] of [
			['Retab', new RetabApi()],
			['Extend', new ExtendApi()],
		] as const) {
			const page = rowsOf('docs/credentials.md', heading, 'Field', 'Name', 'Default', 'Meaning');
			const inReadme =
				new RegExp(`^- \\*\\*${type.displayName}\\*\\*: (.*)\\.$`, 'm').exec(README)?.[1] ?? '';
			const own = inReadme.split('), ').map((text) => [text.split(' (')[0], ...spans(text)]);
			const expected = fieldsOf(type.properties, []).map((field) => [field.label, field.name, field.default]);
			expect(page.map(([label, name, preset]) => [label, ...spans(name), spans(preset)[0] ?? ''])).toEqual(
				expected,
			);
			expect(own.map(([label, name, preset = '']) => [label, name, preset])).toEqual(expected);
		}
	});

	test('choices of the credentials', () => {
		const regions = rowsOf('docs/credentials.md', 'Extend', 'Region', 'In the panel', 'Address');
		const hosts = Object.fromEntries(
			regions.map(([value, , host]) => [spans(value)[0] ?? '', spans(host)[0]]),
		);
		expect(hosts).toEqual({ ...EXTEND_HOSTS, custom: undefined });
		const headers = rowsOf('docs/credentials.md', 'Retab', 'Value', 'In the panel', 'Headers');
		for (const [value, , sent] of headers) {
			const access = accessOf('retab', { apiKey: 'key', sendKeyAs: spans(value)[0] });
			expect(Object.keys(access.headers)).toEqual(spans(sent));
		}
		const choices = [...new ExtendApi().properties, ...new RetabApi().properties].flatMap(
			({ options }) => options ?? [],
		);
		const shown = [...regions, ...headers].map(([value, label]) => [spans(value)[0], label]);
		expect(shown.sort()).toEqual(choices.map((one) => ['value' in one ? one.value : '', one.name]).sort());
	});
});

/** Whether a field of the Retab or Extend node is one of Create alone. */
function isOfCreate({ displayOptions }: INodeProperties): boolean {
	return displayOptions?.show?.operation?.every((operation) => operation === 'create') ?? false;
}

/** Options that the README names in a sentence, because each belongs to one operation or is explained above. */
const OPTIONS_IN_WORDS = [
	...['intervalMode', 'interval', 'maxInterval', 'confirmFor', 'maxConcurrentRequests'],
	...allSpecs().flatMap(({ readOptions }) => (readOptions ?? []).map(({ name }) => name)),
];

function allSpecs(): ResourceSpec[] {
	return Object.values(PROVIDERS).flatMap(({ resources }) => Object.values(resources));
}

function filterNames(): string[] {
	return allSpecs().flatMap(({ list }) => (list?.filters ?? []).map(({ name }) => name));
}

// ------------------------------------------------------------------------------------------------- Resources

const MATRIX = ['Create', 'Get', 'Get Many', 'Poll Until Finished', 'Cancel', 'Delete'] as const;

const OPERATION_NAMED = {
	Create: 'create',
	Get: 'get',
	'Get Many': 'getAll',
	'Poll Until Finished': 'poll',
	Cancel: 'cancel',
	Delete: 'delete',
} as const;

function resourcesOf({ resources }: ProviderSpec): Array<[string, ResourceSpec]> {
	return Object.entries(resources).sort(([, a], [, b]) => a.label.localeCompare(b.label));
}

describe('resources', () => {
	test.each([
		['The Retab node', PROVIDERS.retab],
		['The Extend node', PROVIDERS.extend],
	])('%s: who has which operation', (heading, provider) => {
		const rows = rowsOf('README.md', heading, 'Resource', '`resource`', ...MATRIX);
		expect(rows).toEqual(
			resourcesOf(provider).map(([name, spec]) => [
				spec.label,
				`\`${name}\``,
				...MATRIX.map((operation) => (hasOperation(spec, OPERATION_NAMED[operation]) ? 'yes' : '–')),
			]),
		);
	});

	test.each([
		['Retab', PROVIDERS.retab],
		['Extend', PROVIDERS.extend],
	])('%s: what a cancel does, and from when the time counts', (heading, provider) => {
		const rows = rowsOf('docs/timeout-cancel.md', heading, 'Resource', 'Counted from', 'What a cancel does');
		expect(rows.map(([name, times]) => [spans(name)[0], spans(times)])).toEqual(
			cancellable(provider).map(([name, { createdPath, startedPath }]) => [
				name,
				[createdPath, startedPath].flatMap((path) => (path ? [path.join('.')] : [])),
			]),
		);
	});

	test('statuses', () => {
		const rows = rowsOf(
			'docs/timeout-cancel.md',
			'Statuses',
			...['Resources', 'Goes on', 'Ended', 'Waits for a person'],
		);
		const named: string[] = [];
		for (const [whose, goesOn, ended, review] of rows) {
			const provider = whose?.startsWith('Retab') ? PROVIDERS.retab : PROVIDERS.extend;
			for (const name of spans(whose)) {
				named.push(`${provider.name} ${name}`);
				const having = (test: (phase: Phase) => boolean) =>
					Object.entries(provider.resources[name]?.phases ?? {})
						.flatMap(([status, phase]) => (test(phase) ? [status] : []))
						.sort();
				expect({ name, statuses: spans(ended).sort() }).toEqual({ name, statuses: having(isTerminal) });
				const inReview = having((phase) => phase === 'needsReview');
				expect({ name, statuses: spans(review) }).toEqual({ name, statuses: inReview });
				const others = having((phase) => !isTerminal(phase) && phase !== 'needsReview');
				expect({ name, statuses: spans(goesOn).sort() }).toEqual({ name, statuses: others });
			}
		}
		const all = Object.values(PROVIDERS).flatMap(({ name, resources }) =>
			Object.keys(resources).map((resource) => `${name} ${resource}`),
		);
		expect(named.sort()).toEqual(all.sort());
	});

	test('whose runs the trigger can narrow down by their workflow', () => {
		const row = rowsOf(TRIGGER, 'Fields', ...FIELD_HEADER).find(([label]) => label === 'Workflow ID');
		const said = /For (.*)$/.exec(row?.[4] ?? '')?.[1] ?? '';
		const narrowed = allSpecs().filter(({ list }) => list?.filters.some(({ role }) => role === 'workflow'));
		const named = said.replace("Retab's ", '').split(/, and for | and |, /);
		expect(named.map((name) => name.replace(/ runs$/, '')).sort()).toEqual(
			[...new Set(narrowed.map(({ plural }) => plural.replace(/ runs$/, '')))].sort(),
		);
	});

	test('what the trigger costs in requests', () => {
		const rows = rowsOf(TRIGGER, 'What it costs in requests', 'What', 'Requests');
		const page = rows.map((row) => row.join(' ')).join('\n');
		const pageSizes = (provider: ProviderSpec) => [
			...new Set(Object.values(provider.resources).flatMap(({ list }) => list?.pageSize ?? [])),
		];
		expect(page).toContain(
			`1 for each further ${pageSizes(PROVIDERS.retab).join()} (Extend: ${pageSizes(PROVIDERS.extend).join()})`,
		);
		expect(page).toContain(`Up to ${limits.TRIGGER.directReads} older runs`);
		const lists = Object.values(PROVIDERS).flatMap((provider) =>
			Object.values(provider.resources).flatMap(({ list, phases }) => {
				const status = list?.filters.find(({ role }) => role === 'status');
				const goesOn = (status?.options ?? []).filter((name) => phases[name] && !isTerminal(phases[name]));
				return status ? [goesOn.length] : [];
			}),
		);
		expect(page).toContain(`${Math.min(...lists)} to ${Math.max(...lists)} lists`);
		const unfiltered = allSpecs().filter(
			({ list }) => list && !list.filters.some(({ role }) => role === 'status'),
		);
		expect(unfiltered).toEqual([PROVIDERS.retab.resources.parse]);
		const unordered = allSpecs().filter(({ list }) => list && Object.keys(list.newestFirst).length === 0);
		expect(unordered).toEqual([PROVIDERS.extend.resources.parseRun]);
	});

	test.each(['docs/cleanup.md', TRIGGER])('what cannot be listed: %s', (page) => {
		const said = /^Retab has no list of .*$/m.exec(read(page))?.[0] ?? '';
		for (const { list, plural } of allSpecs()) {
			const isNamed = said.includes(plural.replace(/ runs$/, ''));
			if (!list) expect({ plural, isNamed }).toEqual({ plural, isNamed: true });
		}
	});
});

// ----------------------------------------------------------------------------------------------------------- Create

const CREATE = 'docs/create.md';

/** What a field may hold, and what the fields inside it are called: those of a collection or of its rows. */
interface CreateField extends Field {
	resource: string;
	isRequired: boolean;
	/** `1 to 16`; nothing without a range. */
	range: string | undefined;
	inside: CreateField[];
}

/** The fields of Create as they are built, without Options, which all operations have. */
function createFieldsOf({ description }: INodeType): CreateField[] {
	return description.properties.filter(isOfCreate).flatMap((property) => {
		const resources = property.displayOptions?.show?.resource ?? [];
		return resources.flatMap((name) => (typeof name === 'string' ? [createField(property, name)] : []));
	});
}

function createField(property: INodeProperties, resource: string): CreateField {
	const [field] = fieldsOf([{ ...property, displayOptions: undefined }], []);
	if (!field) throw new Error(`${property.name} has no field`);
	const { minValue, maxValue } = property.typeOptions ?? {};
	const inside = (property.options ?? []).flatMap((option) => {
		if ('values' in option) return option.values;
		return property.type === 'collection' ? [option as INodeProperties] : [];
	});
	return {
		...field,
		resource,
		isRequired: property.required === true,
		range: minValue === undefined ? undefined : `${minValue} to ${maxValue?.toLocaleString('en-US')}`,
		inside: inside.map((one) => createField(one, resource)),
	};
}

const SOURCE_HEADER = ['Document From', 'Value', 'Field', 'Name', 'Default', 'What it holds'];

const CREATING: Array<[string, INodeType, string[]]> = [
	['Retab', new Retab(), ['Resource', 'Document from', 'Background', 'Required', 'Additional Fields']],
	['Extend', new Extend(), ['Resource', 'Document from', 'Required', 'Additional Fields']],
];

describe('create', () => {
	const sourceRows = rowsOf(CREATE, 'Where the document comes from', ...SOURCE_HEADER);
	const ofSources = ['documentSource', ...sourceRows.flatMap(([, , , name]) => spans(name))];

	test.each(CREATING)('%s: what each resource takes', (heading, node, header) => {
		const all = createFieldsOf(node);
		const expected = [...new Set(all.map(({ resource }) => resource))].map((resource) => {
			const own = all.filter((field) => field.resource === resource);
			const within = (name: string) => own.find((field) => field.name === name)?.inside ?? [];
			const sources = [...own, ...within('documents')].find(({ name }) => name === 'documentSource');
			const required = own.filter(({ name, isRequired }) => isRequired && !ofSources.includes(name));
			return {
				Resource: [resource],
				'Document from': sources?.values ?? [],
				Background: own.some(({ name }) => name === 'background'),
				Required: required.map(({ name }) => name),
				'Additional Fields': within('additionalFields').map(({ name }) => name),
			};
		});
		const documented = rowsOf(CREATE, heading, ...header).map((row) => {
			const cell = (name: string) => row[header.indexOf(name)];
			return {
				Resource: spans(cell('Resource')),
				'Document from': spans(cell('Document from')),
				Background: cell('Background') === 'yes',
				Required: spans(cell('Required')),
				'Additional Fields': spans(cell('Additional Fields')),
			};
		});
		expect(documented).toEqual(
			expected.sort((a, b) => (a.Resource[0] ?? '').localeCompare(b.Resource[0] ?? '')),
		);
	});

	test.each(CREATING)('%s: fields, in both directions', (heading, node) => {
		const groups = ['additionalFields', 'background', 'documents', 'options', ...ofSources];
		const fields = createFieldsOf(node)
			.flatMap((field) => (field.name === 'additionalFields' ? field.inside : [field]))
			.filter(({ name }) => !groups.includes(name));
		const rows = rowsOf(CREATE, heading, ...FIELD_HEADER);
		const documented = rows.map(([label, name, preset, allowed, meaning]) => {
			const same = fields.filter((field) => field.name === spans(name)[0]);
			const isChoice = same.some(({ values }) => values.length > 0);
			const inWords = /the \d+ routes/.exec(allowed ?? '') ?? [];
			const inside = same.flatMap((field) => field.inside);
			const isLikeAnother = meaning?.startsWith('As Categories');
			const inMeaning = spans(meaning).concat(isLikeAnother ? ['name', 'description'] : []);
			return {
				label: [label],
				name: spans(name)[0],
				defaults: spans(preset),
				values: isChoice ? [...inWords, ...spans(allowed)].sort() : [],
				ranges: [...(allowed ?? '').matchAll(/\d+ to \d+(?:,\d{3})*/g)].map(([range]) => range),
				inside: inside.length > 0 ? inMeaning.sort() : [],
			};
		});
		const names = [...new Set(fields.map(({ name }) => name))];
		const expected = names.map((name) => {
			const same = fields.filter((field) => field.name === name);
			const ranges = new Set(same.flatMap(({ range }) => range ?? []));
			const values = [...new Set(same.flatMap((field) => field.values))].sort();
			return {
				label: labelsOf(same),
				name,
				defaults: [...new Set(same.map((field) => field.default).filter((text) => text !== ''))],
				// The routes of a job are too many for a cell: their number is there.
				values: values.length > 4 ? [`the ${values.length} routes`] : values,
				ranges: [...ranges],
				inside: [...new Set(same.flatMap((field) => field.inside.map((one) => one.name)))].sort(),
			};
		});
		const sorted = expected.sort((a, b) => (a.label[0] ?? '').localeCompare(b.label[0] ?? ''));
		expect(documented).toEqual(sorted);
	});

	test('sources of a document, in both directions', () => {
		const all = CREATING.flatMap(([, node]) => createFieldsOf(node));
		const flat = all.flatMap((field) => (field.name === 'documents' ? field.inside : [field]));
		const choices = CREATING.flatMap(([, node]) => node.description.properties.filter(isOfCreate))
			.filter(({ name }) => name === 'documentSource')
			.flatMap(({ options }) => options ?? [])
			.flatMap((one) => ('value' in one ? [`${one.name}: ${one.value}`] : []));
		expect(sourceRows.map(([label, value]) => `${label}: ${spans(value)[0]}`).sort()).toEqual(
			[...new Set(choices)].sort(),
		);
		for (const [, , label, nameCell, preset] of sourceRows) {
			const name = spans(nameCell)[0] ?? '';
			const same = flat.filter((field) => field.name === name);
			expect({ name, labels: labelsOf(same) }).toEqual({ name, labels: [label] });
			expect({ name, presets: [...new Set(same.map((field) => field.default))] }).toEqual({
				name,
				presets: [spans(preset)[0] ?? ''],
			});
		}
		const rows = all.filter(({ name }) => name === 'documents').flatMap(({ inside }) => inside);
		const outside = rows.filter(({ name }) => !ofSources.includes(name));
		const page = read(CREATE);
		expect(outside.length).toBeGreaterThan(0);
		for (const { label, name } of outside) expect(page).toContain(`**${label}** (\`${name}\`)`);
		const switches = all.filter(({ name }) => name === 'background');
		for (const { label, name, default: preset } of switches) {
			expect(page).toContain(`**${label}** (\`${name}\`, default \`${preset}\`)`);
		}
	});

	test('limits of documents and metadata', () => {
		const page = read(CREATE);
		for (const { create, noun } of allSpecs()) {
			if (create?.documents?.max) expect(page).toContain(`up to ${create.documents.max} as one package`);
			for (const { limits: pairs } of create?.fields ?? []) {
				if (pairs?.bytes) expect(page).toContain(`- Extend: at most ${pairs.bytes / 1024} KB in all`);
				if (pairs?.pairs) {
					const said = `at most ${pairs.pairs} pairs, names of ${pairs.name} and values of ${pairs.value} characters`;
					expect(page).toContain(`- Retab ${noun}s: ${said}`);
				}
			}
		}
		expect(page).toContain(`up to ${limits.DOCUMENT.inlineUpTo / 1024 ** 2} MiB) travel inside the request`);
		expect(page).toContain(`up to ${limits.REQUEST.foregroundTimeout / limits.MINUTE} minutes`);
	});

	test('runs that carry an idempotency key, runs without a list, runs that metadata finds', () => {
		const page = read(CREATE);
		const plurals = (test: (spec: ResourceSpec) => unknown) =>
			allSpecs().flatMap((spec) => (spec.create && test(spec) ? [spec.plural.replace(/ runs$/, '')] : []));
		const said = (pattern: RegExp) => pattern.exec(page)?.[1] ?? '';
		const keyed = said(/Retab takes such a key for (.*?)\. /);
		expect(keyed.split(' and ').sort()).toEqual(plurals(({ create }) => create?.idempotent).sort());
		const unlisted = said(/^2\. (.*) have no list/m).toLowerCase();
		const named = unlisted.replace(/ of (?:retab|extend)| runs|,$/g, '').split(/,? and |, /);
		expect(named.sort()).toEqual(plurals(({ list }) => !list).sort());
		const found = said(/Get Many can filter Retab (.*) by it/);
		const filtered = plurals(({ list }) => list?.filters.some(({ kind }) => kind === 'metadata'));
		expect(found.replace(' and ', ', ').replaceAll(' runs', '').split(', ').sort()).toEqual(filtered.sort());
	});

	const repeats = rowsOf(
		CREATE,
		'Never twice',
		...['Kind', 'What happened', 'Sent again', 'With an idempotency key'],
	);

	test.each(
		repeats.flatMap(([kinds = '', , without, withKey]) =>
			spans(kinds).flatMap((kind) => [
				[kind, kinds.includes('never arrived'), false, without] as const,
				[kind, kinds.includes('never arrived'), true, withKey] as const,
			]),
		),
	)('after %s (never arrived: %s; key: %s): sent again: %s', async (kind, notSent, idempotent, said) => {
		expect(await triesAfter(kind as ApiErrorKind, notSent, idempotent)).toBe(said);
	});

	test('every kind of fault is in that table', () => {
		const named = repeats.flatMap(([kinds]) => spans(kinds));
		expect([...new Set(named)].sort()).toEqual([...API_ERROR_KINDS].sort());
	});
});

/** What a start does that always meets the same fault, in the words of the page. */
async function triesAfter(kind: ApiErrorKind, notSent: boolean, idempotent: boolean): Promise<string> {
	const timeout = limits.REQUEST.startTimeout;
	let now = 0;
	const clock: Clock = {
		now: () => now,
		random: () => 0.5,
		// Waits between two tries are over at once, the time limit of a try never is.
		sleep: (ms) => {
			if (ms === timeout) return new Promise(() => undefined);
			now += ms;
			return Promise.resolve();
		},
	};
	const requestQueue = new RequestQueue(1, clock);
	const scope = CancellationScope.from(undefined);
	const tools = { requestQueue, clock, scope, timeout, idempotent, hintIfUnknown: '' };
	let tries = 0;
	const failed: unknown = await submit(tools, () => {
		tries += 1;
		return Promise.reject(new ApiError(kind, 'Fault', { notSent }));
	}).catch((error: unknown) => error);
	if (tries === limits.RETRY.attempts) return 'yes';
	return failed instanceof UnknownOutcomeError ? 'no, nobody knows' : 'no, it was not started';
}

// ------------------------------------------------------------------------------------------------- Outcomes and items

describe('outcomes', () => {
	const rows = rowsOf('README.md', 'Outcomes and outputs', '`outcome`', 'Output', 'Meaning');

	test('each is documented with its output', () => {
		expect(Object.fromEntries(rows.map(([outcome, output]) => [spans(outcome)[0], output]))).toEqual(
			OUTPUT_OF,
		);
	});

	test('the outputs are named in their order', () => {
		expect([...new Set(rows.map(([, output]) => output))]).toEqual(OUTPUT_NAMES);
		expect(README).toContain('Outputs are Completed, Failed, Timed Out and, with `check`, Still Running.');
	});

	test('the example item has the fields of an item', () => {
		const example = JSON.parse(/```json\n(.*?)```/s.exec(README)?.[1] ?? '') as object;
		const at = Date.UTC(2026, 0, 31, 9, 31);
		const item = reportItem(
			{
				id: 'extr_01J9',
				outcome: 'cancelled',
				timedOut: true,
				run: { id: 'extr_01J9', status: 'cancelled', phase: 'cancelled', body: {} },
				deadline: at,
				countedFrom: { at: at - 60_000, field: 'created_at' },
				elapsed: 60_213,
				polls: 30,
				history: [{ status: 'cancelled', phase: 'cancelled', at }],
				cancel: { requestedAt: at + 4, attempts: 1, confirmedAt: at + 213 },
			},
			'retab',
			'extraction',
		);
		expect(shapeOf(example)).toEqual(shapeOf(item));
	});

	test('the example item of the trigger has the fields of an item', async () => {
		const example = JSON.parse(/```json\n(.*?)```/s.exec(read(TRIGGER))?.[1] ?? '') as object;
		const { items } = await failedExtraction();
		expect(shapeOf(example)).toEqual(shapeOf(items[0]));
	});

	test('events of the trigger', () => {
		const documented = rowsOf(TRIGGER, 'Events', 'Event', 'Value', 'On by default', 'When');
		const events = runTrigger.description.properties.find(({ name }) => name === 'events');
		const byDefault = events?.default as string[];
		expect(documented.map(([label, value, preset]) => [label, spans(value)[0], preset])).toEqual(
			(events?.options ?? []).map((one) => {
				const value = 'value' in one ? String(one.value) : '';
				return [one.name, value, byDefault.includes(value) ? 'yes' : 'no'];
			}),
		);
		const reviewed = allSpecs().filter(({ phases }) => Object.values(phases).includes('needsReview'));
		expect(new Set(reviewed.map(({ plural }) => plural))).toEqual(new Set(['workflow runs']));
	});

	test('of a cleanup', () => {
		const documented = rowsOf('docs/cleanup.md', 'What it does', '`outcome`', 'Meaning');
		const all: Record<CleanupOutcome, true> = {
			wouldCancel: true,
			cancelled: true,
			cancelPending: true,
			alreadyFinished: true,
			notCancellable: true,
			unreachable: true,
		};
		expect(documented.map(([outcome]) => spans(outcome)[0])).toEqual(Object.keys(all));
	});

	test('at the end of Confirm Cancel For', () => {
		const last = rowsOf('docs/timeout-cancel.md', 'Cancel and confirm', 'The last cancel was', 'Outcome');
		for (const [, outcome] of last) expect(Object.keys(OUTPUT_OF)).toContain(spans(outcome)[0]);
	});
});

/** Names of fields, not of those inside `run`, which are the provider's. */
function shapeOf(value: unknown): unknown {
	if (Array.isArray(value)) return shapeOf(value[0]);
	if (typeof value !== 'object' || value === null) return typeof value;
	return Object.fromEntries(
		Object.entries(value).map(([key, inner]) => [key, key === 'run' ? 'run' : shapeOf(inner)]),
	);
}

// ------------------------------------------------------------------------------------------------------------ Numbers

const UNIT_MS = { s: limits.SECOND, min: limits.MINUTE, h: limits.HOUR } as const;

/** `0.5 s` → 500, `15 %` → 0.15, `2,916` → 2916, `2 MiB` → 2097152. */
function numberOf(text: string): number {
	const [amount = '', unit = ''] = text.replaceAll(',', '').split(' ');
	const inMs = Object.entries({ ...UNIT_MS, ms: 1, MiB: 1024 ** 2 }).find(([name]) => name === unit)?.[1];
	return Number(amount) * (unit === '%' ? 0.01 : (inMs ?? 1));
}

/** Reads of a run until it has taken `duration` milliseconds, without chance. */
function readsUntil(duration: number, settings: PollSettings): number {
	const clock: Clock = { now: () => 0, sleep: () => Promise.resolve(), random: () => 0.5 };
	let reads = 0;
	for (let at = 0; at < duration; at += nextPollDelay(settings, at, clock)) reads += 1;
	return reads;
}

describe('numbers', () => {
	test('what a timeout costs in requests', () => {
		const { interval, maxInterval } = limits.SETTING;
		const adaptive: PollSettings = {
			mode: 'adaptive',
			interval: interval.default * limits.SECOND,
			maxInterval: maxInterval.default * limits.SECOND,
		};
		const rows = rowsOf(
			'README.md',
			'What a timeout costs in requests',
			...['The run takes', 'Adaptive (default)', 'Adaptive, Max Poll Interval 120', 'Fixed, Poll Interval 5'],
		);
		for (const [duration = '', ...reads] of rows) {
			const ms = numberOf(duration);
			expect([duration, ...reads.map(numberOf)]).toEqual([
				duration,
				readsUntil(ms, adaptive),
				readsUntil(ms, { ...adaptive, maxInterval: 120 * limits.SECOND }),
				readsUntil(ms, { ...adaptive, mode: 'fixed', interval: 5 * limits.SECOND }),
			]);
		}
		const formula = (s: number) =>
			s <= 10 ? s : s <= 300 ? 10 + 24 * Math.log10(s / 10) : 46 + (s - 300) / 30;
		for (const s of [5, 10, 60, 300, 600, 3_600, 86_400]) {
			expect(Math.abs(formula(s) - readsUntil(s * limits.SECOND, adaptive))).toBeLessThan(1);
		}
		expect(read('docs/timeout-cancel.md')).toContain(
			'`T` reads up to 10 s, `10 + 24 × log10(T / 10)` up to 300 s, `46 + (T − 300) / 30` beyond',
		);
	});

	test.each([
		['docs/timeout-cancel.md', 'Fixed times and limits'],
		[CREATE, 'Never twice'],
		[TRIGGER, 'Fixed times and limits'],
	])('%s: %s', (page, heading) => {
		const rows = rowsOf(page, heading, 'What', 'Value', 'Name');
		for (const [, shown = '', cell] of rows) {
			const [name = ''] = spans(cell);
			const value = name
				.split('.')
				.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], limits);
			expect({ name, value: numberOf(shown) }).toEqual({ name, value });
		}
	});

	test('times that are named in sentences', () => {
		const { CANCEL, READ, LIST, RETRY } = limits;
		const pageSize = PROVIDERS.extend.resources.parseRun?.list?.pageSize ?? 0;
		const stop = `There are ${CANCEL.stopBudget / limits.SECOND} seconds for that`;
		expect(README).toContain(stop);
		expect(README).toContain(`at most ${RETRY.maxRetryAfter / limits.MINUTE} minutes`);
		expect(README).toContain(`the ${LIST.lookupPages * pageSize} newest runs of the list`);
		const { listDelay, reads, budget, examples, searchPages, pages } = limits.TRIGGER;
		const trigger = read(TRIGGER);
		expect(trigger).toContain(`Up to ${listDelay / limits.MINUTE} minutes are allowed for`);
		expect(trigger).toContain(`${reads} runs are read, for at most ${budget / limits.MINUTE} minutes`);
		expect(trigger).toContain(`shows up to ${['no', 'one', 'two', 'three'][examples]} recent runs`);
		const ofParses = PROVIDERS.retab.resources.parse?.list?.pageSize ?? 0;
		expect(trigger).toContain(`up to ${searchPages} pages of ${ofParses} runs`);
		expect(trigger).toContain(`only its first ${pages} pages`);
		const page = read('docs/timeout-cancel.md');
		expect(page).toContain(`keeps trying for ${READ.budget / limits.SECOND} seconds`);
		expect(page).toContain(`through ${LIST.lookupPages} pages of ${pageSize} runs`);
		expect(page).toContain(
			`at least ${CANCEL.minCallTimeout / limits.SECOND} s and at most ${CANCEL.callTimeout / limits.SECOND} s`,
		);
	});

	test('kinds of faults', () => {
		const rows = rowsOf(
			'docs/timeout-cancel.md',
			'What can go wrong, and what follows',
			...['Kind', 'When', 'While watching'],
		);
		expect(rows.map(([kind]) => spans(kind)[0])).toEqual(API_ERROR_KINDS);
		for (const [kind, when = '', follows = ''] of rows) {
			const [name] = spans(kind);
			for (const [status] of when.matchAll(/\b[345]\d\d\b/g)) {
				expect([status, errorKindOf(Number(status))]).toEqual([status, name]);
			}
			const found = API_ERROR_KINDS.find((one) => one === name) ?? 'auth';
			const asksAgain = !follows.startsWith('Ends') && found !== 'notFound';
			expect([name, asksAgain]).toEqual([name, new ApiError(found, '').retryable]);
		}
	});

	test('versions', () => {
		const { n8n } = demoN8n.dependencies;
		expect(README).toContain(`Tested is n8n ${n8n} with n8n-core ${manifest.devDependencies['n8n-core']}`);
		expect(README).toContain(`Node.js ${manifest.engines.node.replace('>=', '')} or later`);
		for (const [, version] of README.matchAll(/\bn8n (2\.\d+\.\d+)/g)) expect(version).toBe(n8n);
	});
});

// ------------------------------------------------------------------------------------------------------------ Recipes

describe('recipes', () => {
	const recipes: Array<[string, string, string, INodeType, string | undefined]> = [
		['README.md', 'Cancel after a timeout', 'Timeout Cancel', timeoutCancel, 'examples/timeout-cancel.json'],
		[
			'README.md',
			'A loop that survives a restart',
			'Check Once',
			timeoutCancel,
			'examples/durable-loop.json',
		],
		['README.md', 'Be told when a run fails or hangs', 'Failed or Stuck', runTrigger, 'examples/notify.json'],
		['README.md', 'Poll and branch', 'Retab', new Retab(), undefined],
		['docs/cleanup.md', 'Recipe: a net for the night', 'Timeout Cancel', timeoutCancel, undefined],
		['docs/cleanup.md', 'Recipe: call off a batch', 'Timeout Cancel', timeoutCancel, undefined],
	];

	test.each(recipes)('%s: %s', (page, heading, nodeName, node, example) => {
		const { properties } = node.description;
		const parameters = example === undefined ? undefined : exampleParameters(example, nodeName);
		for (const [label, cell = ''] of rowsOf(page, heading, 'Field', 'Value')) {
			const same = properties.filter(({ displayName }) => displayName === label);
			expect({ label, exists: same.length > 0 }).toEqual({ label, exists: true });
			const value = valueIn(same, cell);
			expect({ label, cell, isValid: value !== undefined }).toEqual({ label, cell, isValid: true });
			if (parameters) expect({ label, value: parameters[same[0]?.name ?? ''] }).toEqual({ label, value });
		}
		if (example) expect(read(page)).toContain(`(${example})`);
	});

	test('the examples are drawn with their nodes', () => {
		for (const name of readdirSync(join(ROOT, 'examples'))) {
			if (!README.includes(`(examples/${name})`)) continue;
			for (const node of exampleNodes(`examples/${name}`)) {
				if (!node.type.endsWith('.stickyNote')) expect(README).toContain(node.name);
			}
		}
	});
});

interface ExampleNode {
	name: string;
	type: string;
	parameters: Record<string, unknown>;
}

function exampleNodes(path: string): ExampleNode[] {
	return (JSON.parse(read(path)) as { nodes: ExampleNode[] }).nodes;
}

function exampleParameters(path: string, nodeName: string): Record<string, unknown> {
	return exampleNodes(path).find(({ name }) => name === nodeName)?.parameters ?? {};
}

/** What is stored for a value as it is shown in the panel; `undefined` when the field cannot have it. */
function valueIn(fields: readonly INodeProperties[], cell: string): unknown {
	const [expression] = spans(cell);
	if (expression) return expression;
	const choice = fields
		.flatMap(({ options }) => options ?? [])
		.find((option) => 'value' in option && option.name === cell);
	if (choice && 'value' in choice) return choice.value;
	const isNumber = fields.some(({ type }) => type === 'number') && /^[\d.]+$/.test(cell);
	return isNumber ? Number(cell) : undefined;
}

// ----------------------------------------------------------------------------------------------------------- Messages

interface Answer {
	statusCode: number;
	body: unknown;
}

type Respond = (request: { method: string; url: string; qs?: IDataObject }) => Answer | Promise<Answer>;

const KEY = 'rt_test_secret';

/** Everything a node says in one execution: a thrown error, the `lastError` of its items, and its hints. */
async function saidBy(
	node: INodeType,
	parameters: Record<string, unknown>,
	respond: Respond,
	credential: object = {},
): Promise<string[]> {
	const hints: NodeExecutionHint[] = [];
	const self: INode = { id: '1', name: 'Node', type: '', typeVersion: 1, position: [0, 0], parameters: {} };
	const context = {
		getNode: () => self,
		getInputData: () => [{ json: {}, binary: { empty: { data: '', mimeType: 'text/plain' } } }],
		getNodeParameter: (name: string, _itemIndex: number, fallback?: unknown) => parameters[name] ?? fallback,
		getNodeOutputs: () => [{ type: 'main' }],
		getCredentials: () => Promise.resolve({ apiKey: KEY, baseUrl: 'https://api.example.com', ...credential }),
		getExecutionId: () => '1',
		getInstanceId: () => '1',
		getExecutionCancelSignal: () => undefined,
		continueOnFail: () => false,
		sendMessageToUI: () => undefined,
		addExecutionHints: (...more: NodeExecutionHint[]) => hints.push(...more),
		helpers: {
			getBinaryDataBuffer: () => Promise.resolve(Buffer.alloc(0)),
			// What n8n downloads is a web page, or not there.
			httpRequest: ({ url }: { url: string }) =>
				Promise.resolve({
					statusCode: url.endsWith('/page') ? 200 : 404,
					headers: {},
					body: Readable.from([Buffer.from('<html>')]),
				}),
			httpRequestWithAuthentication: async (_type: string, request: { method: string; url: string }) => ({
				headers: {},
				...(await respond(request)),
			}),
		},
	} as unknown as IExecuteFunctions;
	const said: string[] = [];
	try {
		const outputs = (await node.execute?.call(context)) as INodeExecutionData[][];
		for (const { json } of outputs.flat()) {
			const fault = json.lastError as { message: string } | undefined;
			if (fault) said.push(fault.message);
		}
	} catch (error) {
		said.push((error as Error).message);
	}
	return [...said, ...hints.map(({ message }) => message)].map((text) => text.replace(' [item 0]', ''));
}

const WATCH = {
	operation: 'watch',
	provider: 'retab',
	resource: 'extraction',
	runId: 'extr_1',
	timeout: 0.05,
};

const QUICKLY = { options: { confirmFor: 0.1 } };

const runIs =
	(status: string): Respond =>
	() => ({ statusCode: 200, body: { id: 'extr_1', status } });

const answers =
	(statusCode: number, body: unknown): Respond =>
	() => ({ statusCode, body });

const fails =
	(code: string): Respond =>
	() =>
		Promise.reject(Object.assign(new Error('failed'), { code }));

const refusesCancel: Respond = ({ method }) =>
	method === 'POST'
		? { statusCode: 409, body: { detail: 'Not now' } }
		: runIs('in_progress')({ method, url: '' });

const watching = (changes: object, respond: Respond = runIs('completed'), credential?: object) =>
	saidBy(timeoutCancel, { ...WATCH, ...QUICKLY, ...changes }, respond, credential);

const doing = (node: INodeType, operation: string, changes: object = {}, respond = runIs('completed')) =>
	saidBy(node, { operation, resource: 'extraction', runId: 'extr_1', ...QUICKLY, ...changes }, respond);

const creating = (node: INodeType, changes: object, respond: Respond = runIs('queued')) =>
	saidBy(
		node,
		{
			operation: 'create',
			documentSource: 'url',
			documentUrl: 'https://storage.googleapis.com/a.pdf',
			...changes,
		},
		respond,
	);

const extracting = (additionalFields: object, changes: object = {}, respond?: Respond) =>
	creating(
		new Retab(),
		{ resource: 'extraction', jsonSchema: '{"type":"object"}', additionalFields, ...changes },
		respond,
	);

/** One execution for each message of the documentation. */
const SITUATIONS: ReadonlyArray<() => Promise<string[]>> = [
	() => watching({}, answers(401, { detail: `Invalid API key ${KEY}` })),
	() => watching({}, runIs('completed'), { apiKey: '' }),
	() => watching({}, runIs('completed'), { baseUrl: 'api.example.com' }),
	() => watching({}, runIs('completed'), { baseUrl: 'ftp://api.example.com' }),
	() => watching({}, runIs('completed'), { baseUrl: 'https://me@api.example.com' }),
	() => watching({}, runIs('completed'), { baseUrl: 'https://api.example.com?a=1' }),
	() => watching({}, answers(302, '')),
	() => watching({}, fails('ECONNREFUSED')),
	() => watching({}, fails('ENOTFOUND')),
	() => watching({}, fails('ECONNRESET')),
	() => watching({}, () => new Promise(() => undefined)),
	() => watching({}, answers(200, '<!doctype html><p>Hello</p>')),
	() => watching({}, ({ method }) => ({ statusCode: method === 'GET' ? 200 : 503, body: '' })),
	() => doing(new Retab(), 'poll', { maxWait: 0.1 }, answers(200, '')),
	() => watching({}, answers(200, 'Hello')),
	() => doing(new Retab(), 'poll', { maxWait: 0.1 }, answers(200, {})),
	() => watching({}, answers(404, { detail: 'Not here' })),
	() => watching({}, answers(400, { detail: 'Bad' })),
	() => watching({}, refusesCancel),
	() => watching({}, answers(429, { detail: 'Slow down' })),
	() => watching({}, answers(500, { detail: 'Oops' })),
	() => watching({ runId: '' }),
	() => watching({ runId: 5 }),
	() => watching({ runId: 'a/b' }),
	() => watching({ runId: 'a'.repeat(256) }),
	() => watching({ timeout: '60' }),
	() => watching({ options: { interval: 0 } }),
	() => watching({ options: { maxConcurrentRequests: 1.5 } }),
	() => watching({ options: { interval: 60, maxInterval: 30 } }),
	() => doing(new Extend(), 'poll', { resource: 'parseRun', maxWait: 0 }),
	() => doing(new Retab(), 'getAll', { limit: 0 }),
	() => doing(new Retab(), 'getAll', { filters: { fromDate: 'soon' } }),
	() => watching({ countFrom: 'tomorrow' }),
	() => watching({ resource: 'schemaGeneration', countFrom: 'created', timeout: 9 }, runIs('queued')),
	() => watching({ resource: 'invoice' }),
	() => doing(new Retab(), 'delete', { resource: 'job' }),
	() => watching({ provider: 'extend', resource: 'editRun' }),
	() => doing(new Retab(), 'poll', { maxWait: 0.1 }, runIs('in_progress')),
	() => doing(new Retab(), 'poll', { maxWait: 0.1 }, () => new Promise(() => undefined)),
	() => doing(new Retab(), 'cancel', {}, refusesCancel),
	() => watching({}, runIs('paused')),
	() => watching({}, runIs('in_progress')),
	() => doing(new Retab(), 'cancel'),
	() => Promise.resolve([toAnotherHost()]),
	() => extracting({}, {}, answers(500, { detail: 'Oops' })),
	() => extracting({}, { documentSource: 'binary', binaryPropertyName: 'data' }),
	() => extracting({}, { documentSource: 'binary', binaryPropertyName: 'empty' }),
	() => extracting({}, { jsonSchema: '{}' }),
	() => extracting({}, { jsonSchema: '{' }),
	() => extracting({}, { jsonSchema: '[1]' }),
	() => extracting({ nConsensus: 17 }),
	() => creating(new Retab(), { resource: 'parse', additionalFields: { tableParsingFormat: 'csv' } }),
	() => extracting({}, { documentUrl: 'example.com/a.pdf' }),
	() => extracting({}, { documentUrl: 'http://example.com/a.pdf', options: { fetchBy: 'provider' } }),
	() => extracting({}, { documentUrl: 'https://example.com/a.pdf' }),
	() => extracting({}, { documentUrl: 'https://example.com/page' }),
	() => extracting({}, { documentSource: 'fileId', fileId: 'a/b' }),
	() => creating(new Extend(), { resource: 'extractRun', documentUrl: Array(51).fill('https://a.b').join() }),
	() => creating(new Retab(), { resource: 'workflowRun', workflowId: 'wf_1', documents: SAME_BLOCK_TWICE }),
	() => creating(new Retab(), { resource: 'classification', categories: { rows: [] } }),
	() => extracting({ metadata: { pairs: [{ name: '', value: 'a' }] } }),
	() => creating(new Extend(), { resource: 'classifyRun' }),
	() =>
		creating(new Extend(), {
			resource: 'extractRun',
			additionalFields: { extractorId: 'ex_1', config: '{"schema":{}}' },
		}),
	() => creating(new Extend(), { resource: 'extractRun', additionalFields: { extractorVersion: 'draft' } }),
	() => creating(new Retab(), { resource: 'evalRun', workflowId: 'w', additionalFields: { scope: 'block' } }),
	() => extracting({}, { documentSource: 'fileId', fileId: 'file_1' }, answers(200, {})),
	() => polling({ resources: [] }),
	() => polling({ resources: ['fileBlueprint'] }),
	() => polling({ events: [] }),
	() => polling({ events: ['needsReview'] }),
	() => polling({ events: ['stuck'], stuckAfter: 0 }),
	() => polling({ options: { lookBack: 721 } }),
	() => polling({ filters: { workflowId: '' } }),
	() => polling({ filters: { workflowId: 'wf_1' } }),
	() => polling({}, () => new Promise(() => undefined), 50),
	() => polling({}, answers(401, { detail: `Invalid API key ${KEY}` })),
	() => polling({}, endless),
	() => polling({}, thousandsGoOn),
	async () => (await failedExtraction()).said,
];

/** Everything the trigger says in its first poll, in n8n's log or as an error, and its items. */
async function polled(
	parameters: Record<string, unknown>,
	respond: Respond,
	budget?: number,
): Promise<{ said: string[]; items: IDataObject[] }> {
	const said: string[] = [];
	const self: INode = { id: '1', name: 'Node', type: '', typeVersion: 1, position: [0, 0], parameters: {} };
	const all: Record<string, unknown> = { ...FAILED_EXTRACTIONS, ...parameters };
	const context = {
		getNode: () => self,
		getNodeParameter: (name: string, fallback?: unknown) => all[name] ?? fallback,
		getMode: () => 'trigger',
		getWorkflowStaticData: () => ({}),
		getCredentials: () => Promise.resolve({ apiKey: KEY, baseUrl: 'https://api.example.com' }),
		...(budget !== undefined && { getPollBudgetMs: () => budget }),
		logger: { warn: (message: string) => said.push(message) },
		helpers: {
			returnJsonArray: (items: IDataObject[]) => items.map((json) => ({ json })),
			httpRequestWithAuthentication: async (_type: string, request: { method: string; url: string }) => ({
				headers: {},
				...(await respond(request)),
			}),
		},
	} as unknown as IPollFunctions;
	try {
		const outputs = (await runTrigger.poll.call(context)) ?? [];
		return { said, items: outputs.flat().map(({ json }) => json) };
	} catch (error) {
		return { said: [...said, (error as Error).message], items: [] };
	}
}

const FAILED_EXTRACTIONS = { provider: 'retab', resources: ['extraction'], events: ['failed'] };

const nothingListed = answers(200, { data: [], list_metadata: {} });

const polling = async (changes: object, respond: Respond = nothingListed, budget?: number) =>
	(await polled({ ...changes }, respond, budget)).said;

/** A list that never ends. */
const endless: Respond = ({ qs }) => {
	const at = Number(qs?.after ?? 0) + 1;
	const row = { id: `extr_${at}`, status: 'completed', created_at: '2026-01-31T09:30:00Z' };
	return { statusCode: 200, body: { data: qs?.status ? [] : [row], list_metadata: { after: String(at) } } };
};

/** Old runs that go on, and a new one that is over. */
const thousandsGoOn: Respond = ({ qs }) => {
	const rowsIn = (status: string, count: number, created_at: string) =>
		Array.from({ length: count }, (_, index) => ({ id: `extr_${status}_${index}`, status, created_at }));
	const queued = rowsIn('queued', 2_000, '2026-01-31T09:30:00Z');
	const over = rowsIn('completed', 1, '2026-02-01T09:30:00Z');
	const ofStatus = qs?.status === 'queued' ? queued : [];
	return { statusCode: 200, body: { data: qs?.status ? ofStatus : over, list_metadata: {} } };
};

/** An extraction that has failed, in front of parses that may not be listed. */
function failedExtraction(): ReturnType<typeof polled> {
	const run = { id: 'extr_1', status: 'failed', created_at: new Date().toISOString() };
	return polled({ resources: ['extraction', 'parse'], options: { lookBack: 1 } }, ({ url }) => {
		if (url.includes('/parses')) return { statusCode: 403, body: { detail: 'Not yours' } };
		const body = url.endsWith('/extr_1') ? run : { data: [run], list_metadata: {} };
		return { statusCode: 200, body };
	});
}

const SAME_BLOCK_TWICE = {
	rows: [1, 2].map(() => ({ blockId: 'start', documentSource: 'fileId', fileId: 'file_1' })),
};

function toAnotherHost(): string {
	try {
		withKey(accessOf('retab', { apiKey: KEY }), { url: 'https://example.com/x' });
		return 'the key was sent to another host';
	} catch (error) {
		return (error as Error).message;
	}
}

/** A message of the documentation as a pattern: `…` stands for any text. */
function patternOf(message: string): RegExp {
	const parts = message.split('…').map((part) => part.trimEnd().replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
	return new RegExp(`^${parts.join('.*').replaceAll('.* ', '.* ?')}$`, 's');
}

describe('messages', () => {
	let said: string[][] = [];

	beforeAll(async () => {
		said = await Promise.all(SITUATIONS.map((situation) => situation()));
	});

	const documented = PAGES.flatMap((page) =>
		tablesOf(page).flatMap(({ header, rows }) =>
			header[0] === 'Message' || header[0] === 'Hint'
				? rows.flatMap(([message]) => spans(message).map((text) => [page, text]))
				: [],
		),
	);

	test.each(documented)('%s: %s', (page, message = '') => {
		// Messages about a credential are the second half of one that is documented beside them.
		const start = page === 'docs/credentials.md' ? 'The Retab credential cannot be used: ' : '';
		const pattern = patternOf(start + message);
		expect(said.flat().filter((text) => pattern.test(text))).not.toEqual([]);
	});

	test('whatever a node says in these situations is documented', () => {
		const patterns = documented.map(([, message = '']) => patternOf(message));
		const unknown = said.flat().filter((text) => !patterns.some((pattern) => pattern.test(text)));
		expect(unknown).toEqual([]);
	});

	test('none of them holds the key', () => {
		expect(said.flat().filter((text) => text.includes(KEY))).toEqual([]);
	});
});

// ------------------------------------------------------------------------------------------- Links, commands, names

const { homepage } = JSON.parse(read('package.json')) as { homepage: string };
const REPOSITORY = `${homepage}/blob/main/`;

function linksOf(page: string): string[] {
	const text = read(page).replace(FENCE, '');
	return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '');
}

/** What is wrong with a link from a page; nothing for a good one and for other sites. */
function problemWith(page: string, target: string): string | undefined {
	if (/^https?:/.test(target)) return undefined;
	const [path = '', anchor] = target.split('#');
	const file = path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path));
	if (!existsSync(join(ROOT, file))) return `${page}: ${file} does not exist`;
	if (anchor && !anchorsOf(file).includes(anchor)) return `${page}: ${file} has no heading #${anchor}`;
	return undefined;
}

describe('links', () => {
	test.each(PAGES)('of %s lead somewhere', (page) => {
		expect(linksOf(page).flatMap((target) => problemWith(page, target) ?? [])).toEqual([]);
	});

	test('of nodes and credentials lead into these pages', () => {
		const codex = ['Retab', 'Extend', 'RunTrigger', 'TimeoutCancel'].map((name) =>
			read(`nodes/${name}/${name}.node.json`),
		);
		const urls = [
			...codex.flatMap((text) => [...text.matchAll(/"url": "([^"]+)"/g)].map(([, url]) => url ?? '')),
			new RetabApi().documentationUrl,
			new ExtendApi().documentationUrl,
		];
		const inside = urls.filter((url) => url.startsWith(REPOSITORY));
		expect(inside).toEqual(urls);
		const problems = inside.map((url) => problemWith('README.md', url.slice(REPOSITORY.length)));
		expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
	});

	test('pictures are those that `npm run screenshots` makes', () => {
		const calls = [...read('test/e2e/editor.test.ts').matchAll(/\.picture\((.+)\);/g)];
		const named = calls.flatMap(([, name]) =>
			[...(name ?? '').matchAll(/'([\w-]+)'/g)].map(([, one]) => one),
		);
		const examples = readdirSync(join(ROOT, 'examples')).map((file) => file.replace('.json', ''));
		const isForEach = calls.some(([, name]) => name === '`example-${name}`');
		const made = [...named, ...(isForEach ? examples.map((name) => `example-${name}`) : [])];
		const shown = PAGES.flatMap(linksOf).flatMap((target) => /images\/(.+)\.png$/.exec(target)?.[1] ?? []);
		expect(shown.length).toBeGreaterThan(0);
		expect(shown.filter((name) => !made.includes(name))).toEqual([]);
		const kept = readdirSync(join(ROOT, 'docs/images')).filter((file) => file.endsWith('.png'));
		expect(kept.sort()).toEqual([...new Set(shown)].sort().map((name) => `${name}.png`));
	});

	test('every page is linked from the README', () => {
		for (const page of PAGES.slice(1)) expect(README).toContain(`](${page}`);
	});
});

describe('commands', () => {
	test('npm scripts exist', () => {
		const scripts = Object.keys(manifest.scripts);
		for (const page of PAGES) {
			for (const [, name] of read(page).matchAll(/\bnpm run ([\w:]+)/g)) expect(scripts).toContain(name);
		}
		expect(scripts).toContain('test');
	});

	test('files that npm scripts start exist', () => {
		const paths = Object.values(manifest.scripts).flatMap(
			(script) => script.match(/\S+\.(?:ts|mjs)\b/g) ?? [],
		);
		expect(paths.length).toBeGreaterThan(0);
		expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
	});

	test('options of the demo exist', () => {
		const demo = read('scripts/demo.mjs') + read('scripts/lib/command-line.mjs');
		for (const option of spans(README).filter((span) => /^--\w/.test(span)))
			expect(demo).toMatch(new RegExp(`'${option}[ ']`));
	});
});

/** Names that belong to others: n8n, the APIs, the web, the shell. */
const FOREIGN = new Set([
	...['Retry-After', 'N8N_REINSTALL_MISSING_PACKAGES=true', 'N8N_GRACEFUL_SHUTDOWN_TIMEOUT', 'localhost'],
	...['~/.n8n/nodes', '/home/node/.n8n', 'http', 'https', 'Number(…)', 'T', '?', '#'],
	...[
		'"60"',
		'run.output',
		'[item 0]',
		'{{ Number($json.minutes) }}',
		"{{ $fromAI('run_id', 'ID of the run') }}",
	],
	...['{{ ["extraction"] }}', 'filesystem', 's3', '{{ $execution.id }}', 'execution', 'data:'],
	...['batch_001', 'Schedule Trigger → Timeout Cancel → your message', '…', 'id'],
]);

function sourceText(): string {
	const folders = ['nodes', 'credentials', 'examples', 'scripts'];
	const files = folders.flatMap((folder) =>
		readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
	);
	const texts = files.filter((file) => statSync(join(ROOT, file)).isFile()).map(read);
	const paths = allSpecs().flatMap((spec) => [spec.statusPath, spec.createdPath, spec.startedPath ?? []]);
	// Some names are put together out of others, such as those of the fields for a saved extractor.
	const built = CREATING.map(([, node]) => JSON.stringify(node.description.properties));
	return [...texts, ...built, read('package.json'), ...paths.map((path) => path.join('.'))].join('\n');
}

describe('names', () => {
	const source = sourceText();
	const messages = new Set(
		PAGES.flatMap((page) =>
			tablesOf(page).flatMap(({ header, rows }) =>
				['Message', 'Hint'].includes(header[0] ?? '') ? rows.flatMap(([cell]) => spans(cell)) : [],
			),
		),
	);

	function isKnown(span: string): boolean {
		if (FOREIGN.has(span) || messages.has(span) || PAGES.some((page) => page === span)) return true;
		if (/^(npm|npx|mkdir) /.test(span)) return true;
		if (/^[A-Z]+\.\w+$/.test(span)) return true;
		if (/^[\d.]+ \+ /.test(span)) return true;
		const path = span.replace(/\/$/, '');
		return (
			(/[/.]/.test(span) && existsSync(join(ROOT, path))) || source.includes(span.replace(/^={{ | }}$/g, ''))
		);
	}

	test.each(PAGES)('in %s exist in the code', (page) => {
		const unknown = spans(read(page).replace(FENCE, '')).filter((span) => !isKnown(span));
		expect([...new Set(unknown)]).toEqual([]);
	});

	test('files and folders of the architecture page exist', () => {
		const paths = spans(read('docs/architecture.md').replace(FENCE, '')).filter((span) =>
			/^(nodes|test|sandbox|docs)\//.test(span),
		);
		expect(paths.length).toBeGreaterThan(20);
		expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
	});

	test('core holds no name of a vendor outside its comments', () => {
		const folder = join(ROOT, 'nodes', 'shared', 'core');
		const code = readdirSync(folder).map((name) =>
			readFileSync(join(folder, name), 'utf8').replace(/\/\*.*?\*\/|\/\/.*$/gms, ''),
		);
		expect(code.length).toBeGreaterThan(0);
		expect(code.filter((text) => /retab|\bextend\b/i.test(text))).toEqual([]);
	});

	test.each(['core', 'providers'])('%s knows nothing of n8n and of the layers above', (layer) => {
		const folder = join(ROOT, 'nodes', 'shared', layer);
		const imports = readdirSync(folder).flatMap((name) =>
			[...readFileSync(join(folder, name), 'utf8').matchAll(/ from '([^']+)'/g)].map(
				([, from]) => from ?? '',
			),
		);
		const below = layer === 'core' ? /^\.\// : /^\.\/|^\.\.\/core\//;
		const inside = imports.filter((from) => from.startsWith('.'));
		expect(inside.filter((from) => !below.test(from))).toEqual([]);
		expect(imports.filter((from) => from.includes('n8n'))).toEqual([]);
	});
});
