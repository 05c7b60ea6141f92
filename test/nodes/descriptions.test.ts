import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

import {
	NodeHelpers,
	Workflow,
	type IconFile,
	type INodeParameters,
	type INodeTypeDescription,
	type INodeTypes,
	type Themed,
} from 'n8n-workflow';

import { NAMES } from '../../nodes/shared/n8n/description/names';
import { ALL_PROVIDERS, PROVIDER_NAMES } from '../../nodes/shared/providers';
import { actionsOf } from './descriptions/actions';
import { credentialSource, nodeSource } from './descriptions/literal';
import {
	type Field,
	type View,
	allChoices,
	allFields,
	allViews,
	brokenConditions,
	isChoice,
	isField,
	isSection,
	nameOf,
	shownName,
} from './descriptions/panel';
import { PROJECT, UNDER_TEST, credentials, manifest, nodes } from './descriptions/registered';
import { svgProblems } from './descriptions/svg';

/**
 * What n8n and its users get to see, checked on the built descriptions: each field and option of each panel, in every
 * combination of provider, resource, operation and Return All.
 */

const panels = [
	...nodes.map(({ className, instance }) => ({ className, properties: instance.description.properties })),
	...credentials.map(({ className, instance }) => ({ className, properties: instance.properties })),
].map(({ className, properties }) => {
	const fields = allFields(properties);
	return { className, properties, fields, choices: allChoices(fields) };
});

/** Names of what breaks a rule; the rule holds when it is empty. */
function offenders<T extends { at: string }>(all: readonly T[], breaks: (one: T) => boolean): string[] {
	return all.filter(breaks).map(({ at }) => at);
}

function fieldsWhere(fields: readonly Field[], holds: (property: Field['property']) => boolean): Field[] {
	return fields.filter(({ property }) => holds(property));
}

/** Words that Title Case leaves small in the middle of a name. */
const SMALL_WORDS = new Set(
	'a an and as at but by for from if in into nor of off on onto or per so than the to up via with'.split(' '),
);

function isTitleCase(name: string): boolean {
	const words = name.split(/[\s-]+/);
	return words.every((word, index) => {
		const inner = index > 0 && index < words.length - 1;
		return /^[^a-z]/.test(word) || (inner && SMALL_WORDS.has(word));
	});
}

/** A single sentence has no full stop at its end; several have. */
function isPunctuated(text: string): boolean {
	const several = /[.!?] (?=\S)/.test(text.replaceAll('e.g. ', ''));
	return several ? /[.!?]$/.test(text) : !text.endsWith('.');
}

/** A capital at the beginning; after it only abbreviations and names of their own have one. */
function isSentenceCase(text: string): boolean {
	const [first = '', ...rest] = text.split(' ');
	return /^[A-Z][a-z]*$/.test(first) && rest.every((word) => !/^[A-Z][a-z]/.test(word));
}

function isSorted(names: readonly string[]): boolean {
	return names.every((name, index) => index === 0 || (names[index - 1] ?? '').localeCompare(name) <= 0);
}

/** Resource locators that begin with what an earlier node has put into the item. */
const FROM_ITEM: Readonly<Record<string, string>> = {
	runId: '={{ $json.id }}',
	reviewId: '={{ $json.reviewId ?? $json.review_id ?? $json.id }}',
	versionId: '={{ $json.versionId ?? $json.latest_version?.id ?? ($json.review_id ? $json.id : "") }}',
};

/** Fields whose options n8n shows as its list of actions: the first ones are what most people look for. */
const IN_ORDER_OF_USE: ReadonlySet<string> = new Set(['resource', 'resources', 'operation']);

describe.each(panels)('the panel of $className', ({ properties, fields, choices }) => {
	test('has fields', () => {
		expect(fields.length).toBeGreaterThan(2);
	});

	test('names are in Title Case', () => {
		const sections = fields.flatMap(({ at, property }) =>
			(property.options ?? []).filter(isSection).map(({ displayName }) => ({ at, displayName })),
		);
		const modes = fields.flatMap(({ at, property }) =>
			(property.modes ?? []).map(({ displayName }) => ({ at, displayName })),
		);
		const named = [
			...fieldsWhere(fields, ({ type }) => type !== 'notice').map(({ at, property }) => ({
				at,
				displayName: property.displayName,
			})),
			...choices.map(({ at, option }) => ({ at, displayName: option.name })),
			...sections,
			...modes,
		];
		expect(offenders(named, ({ displayName }) => !isTitleCase(displayName))).toEqual([]);
	});

	test('every description says something, with a full stop only after several sentences', () => {
		const described = [
			...fields.map(({ at, property }) => ({
				at,
				name: property.displayName,
				text: property.description,
			})),
			...choices.map(({ at, option }) => ({ at, name: option.name, text: option.description })),
		];
		expect(
			offenders(
				described,
				({ name, text }) =>
					text !== undefined &&
					(text === '' || text === name || text !== text.trim() || /\s{2}/.test(text) || !isPunctuated(text)),
			),
		).toEqual([]);
	});

	test('every field has a description, except collections, notices, operations and resources that speak for themselves', () => {
		const silent = fieldsWhere(
			fields,
			({ type, name, description }) =>
				description === undefined &&
				type !== 'collection' &&
				type !== 'fixedCollection' &&
				type !== 'notice' &&
				name !== 'operation' &&
				name !== 'resource',
		);
		expect(silent.map(({ at }) => at)).toEqual([]);
	});

	test('the description of a switch begins with "Whether"', () => {
		const switches = fieldsWhere(fields, ({ type }) => type === 'boolean');
		expect(offenders(switches, ({ property }) => !property.description?.startsWith('Whether '))).toEqual([]);
		expect(offenders(switches, ({ property }) => typeof property.default !== 'boolean')).toEqual([]);
	});

	test('the buttons that add something say what', () => {
		const lists = fieldsWhere(
			fields,
			({ type, typeOptions }) => type === 'fixedCollection' && typeOptions?.multipleValues === true,
		);
		const isNamed = ({ placeholder = '', typeOptions }: Field['property']) =>
			/^Add [A-Z]/.test(typeOptions?.multipleValueButtonText ?? '') &&
			typeOptions?.multipleValueButtonText?.toLowerCase() === placeholder.toLowerCase();
		expect(offenders(lists, ({ property }) => !isNamed(property))).toEqual([]);
	});

	test('what is picked from a list is not called an ID, and no limit is told in two units', () => {
		const picked = fieldsWhere(fields, ({ type }) => type === 'resourceLocator');
		expect(offenders(picked, ({ property }) => / ID$/.test(property.displayName))).toEqual([]);
		expect(
			offenders(fields, ({ property }) =>
				/\d (?:days|hours|minutes)[^.]*\d{4}|\d{4}[^.]*\d (?:days|hours)/.test(
					property.description?.replaceAll(',', '') ?? '',
				),
			),
		).toEqual([]);
	});

	test('the document comes before what to get out of it', () => {
		const names = properties.map(({ name }) => name);
		const schema = names.indexOf('schemaFrom');
		const document = names.indexOf('documentSource');
		expect(schema === -1 || document < schema).toBe(true);
	});

	test('placeholders are examples, or invite to add something', () => {
		const wrong = fields.flatMap(({ at, property }) => {
			const adds = property.type === 'collection' || property.type === 'fixedCollection';
			const own = property.placeholder === undefined ? [] : [property.placeholder];
			const ofModes = (property.modes ?? []).flatMap(({ placeholder }) => placeholder ?? []);
			return [...own, ...ofModes]
				.filter((text) => !(adds ? /^Add [a-z]/ : /^e\.g\. \S/).test(text))
				.map((text) => `${at}: ${text}`);
		});
		expect(wrong).toEqual([]);
		const inviting = fieldsWhere(fields, ({ type }) => type === 'collection' || type === 'fixedCollection');
		expect(offenders(inviting, ({ property }) => property.placeholder === undefined)).toEqual([]);
	});

	test('options are sorted by name but for those in the order of use, and none is there twice', () => {
		const unsorted = fields.filter(
			({ property }) =>
				!IN_ORDER_OF_USE.has(property.name) && !isSorted((property.options ?? []).map(shownName)),
		);
		expect(unsorted.map(({ at }) => at)).toEqual([]);
		const doubled = fields.filter(({ property }) => {
			// Two fields may share a name when no condition shows both.
			const names = (property.options ?? []).map((entry) =>
				JSON.stringify([shownName(entry), isField(entry) && entry.displayOptions]),
			);
			return new Set(names).size < names.length;
		});
		expect(doubled.map(({ at }) => at)).toEqual([]);
		const repeated = fields.filter(({ property }) => {
			const values = (property.options ?? []).filter(isChoice).map(({ value }) => value);
			return new Set(values).size < values.length;
		});
		expect(repeated.map(({ at }) => at)).toEqual([]);
	});

	test('the default of a field with options is one of them', () => {
		const single = fieldsWhere(fields, ({ type }) => type === 'options');
		expect(
			offenders(single, ({ property }) => {
				const options = (property.options ?? []).filter(isChoice);
				return !options.some(({ value }) => value === property.default);
			}),
		).toEqual([]);
		const several = fieldsWhere(fields, ({ type }) => type === 'multiOptions');
		expect(
			offenders(several, ({ property }) => {
				const options = (property.options ?? []).filter(isChoice);
				const chosen = Array.isArray(property.default) ? property.default : [undefined];
				return !chosen.every((one) => options.some(({ value }) => value === one));
			}),
		).toEqual([]);
	});

	test('the default has the type of the field', () => {
		const expected: Partial<Record<Field['property']['type'], (value: unknown) => boolean>> = {
			string: (value) => typeof value === 'string',
			dateTime: (value) => typeof value === 'string',
			number: (value) => Number.isFinite(value),
			collection: (value) => JSON.stringify(value) === '{}',
			fixedCollection: (value) => JSON.stringify(value) === '{}',
		};
		expect(
			offenders(fields, ({ property }) => expected[property.type]?.(property.default) === false),
		).toEqual([]);
	});

	test('a resource locator begins with the list, and what the item holds with its ID', () => {
		const locators = fieldsWhere(fields, ({ type }) => type === 'resourceLocator');
		expect(
			offenders(locators, ({ property }) => {
				const modes = (property.modes ?? []).map(({ name }) => name);
				const { mode, value } = property.default as { mode?: string; value?: string };
				const ofItem = FROM_ITEM[property.name];
				if (ofItem) return mode !== 'id' || value !== ofItem;
				return mode !== (modes.includes('list') ? 'list' : modes[0]);
			}),
		).toEqual([]);
	});

	test('numbers are bounded below, and their default lies within the bounds', () => {
		const numbers = fieldsWhere(fields, ({ type }) => type === 'number');
		expect(
			offenders(numbers, ({ property }) => {
				const { minValue = Number.NaN, maxValue = Number.POSITIVE_INFINITY } = property.typeOptions ?? {};
				const preset = Number(property.default);
				return !(minValue <= preset && preset <= maxValue);
			}),
		).toEqual([]);
	});

	test('Limit is a whole number of at least 1, 50 or 100 unless changed', () => {
		const limits = fieldsWhere(fields, ({ name }) => name === 'limit');
		expect(
			offenders(
				limits,
				({ property }) =>
					property.type !== 'number' ||
					property.typeOptions?.minValue !== 1 ||
					![50, 100].includes(Number(property.default)) ||
					property.description !== 'Max number of results to return',
			),
		).toEqual([]);
	});

	test('conditions name fields further up and values they can have', () => {
		expect(fields.flatMap((field) => brokenConditions(field, properties))).toEqual([]);
	});

	test('secrets are hidden while they are typed', () => {
		const secrets = fieldsWhere(
			fields,
			({ name, type }) => type === 'string' && /apiKey|secret|password|token/i.test(name),
		);
		expect(offenders(secrets, ({ property }) => property.typeOptions?.password !== true)).toEqual([]);
	});
});

/** Fills in the defaults of all fields that are shown, as n8n does when it loads a workflow. */
function withDefaults(description: INodeTypeDescription, switches: INodeParameters): INodeParameters {
	const node = { typeVersion: 1 };
	return (
		NodeHelpers.getNodeParameters(description.properties, switches, true, false, node, description) ?? {}
	);
}

function resolve(description: INodeTypeDescription, view: View, expression: string): unknown {
	const fullName = `${manifest.name}.${description.name}`;
	const nodeTypes: INodeTypes = {
		getByName: () => ({ description }),
		getByNameAndVersion: () => ({ description }),
		getKnownTypes: () => ({}),
	};
	const node = {
		id: '1',
		name: 'Node',
		type: fullName,
		typeVersion: 1,
		position: [0, 0] as [number, number],
		parameters: withDefaults(description, view.switches),
	};
	const workflow = new Workflow({ nodes: [node], connections: {}, active: false, nodeTypes });
	return workflow.expression.getParameterValue(expression, null, 0, 0, 'Node', [], 'manual', {});
}

describe.each(nodes)('the node $className', ({ instance, className, folder }) => {
	const { description } = instance;
	const views = allViews(description);
	const fields = allFields(description.properties);

	test('has a view for each value of each field that others are shown by', () => {
		const switches = new Set(views.flatMap(({ switches: chosen }) => Object.keys(chosen)));
		expect(switches.size).toBeGreaterThan(0);
		const reached = new Set(
			views.flatMap((view) =>
				Object.entries(view.switches).map(([name, value]) => `${name}=${String(value)}`),
			),
		);
		const choosable = fieldsWhere(fields, ({ name }) => switches.has(name)).flatMap(({ property }) =>
			(property.options ?? []).filter(isChoice).map(({ value }) => `${property.name}=${String(value)}`),
		);
		expect([...reached]).toEqual(expect.arrayContaining(choosable));
	});

	test('has Options last, and at most once', () => {
		const wrong = views.filter(({ visible }) => {
			const at = visible.findIndex(({ name }) => name === 'options');
			return at !== -1 && at !== visible.length - 1;
		});
		expect(wrong.map(nameOf)).toEqual([]);
	});

	test('never shows two fields of the same name', () => {
		const doubled = views.flatMap((view) => {
			const names = view.visible.map(({ name }) => name);
			const twice = names.filter((name, index) => names.indexOf(name) !== index);
			return twice.map((name) => `${nameOf(view)}: ${name}`);
		});
		expect(doubled).toEqual([]);
	});

	test('has no field that is never shown', () => {
		const shown = new Set(views.flatMap(({ visible }) => visible));
		const hidden = description.properties.filter((property) => !shown.has(property));
		// The texts that Timeout Cancel has for agents belong to no version; tools have fields of their own.
		const isForTools = ({ '@version': version, '@tool': tool }: Record<string, unknown>) =>
			version !== undefined || tool !== undefined;
		const forNobody = hidden.filter(({ displayOptions }) => !isForTools(displayOptions?.show ?? {}));
		expect(forNobody.map(({ name }) => name)).toEqual([]);
	});

	test('the subtitle tells the operations and resources apart', () => {
		const { subtitle = '' } = description;
		const bySelection = new Map(
			views.map((view) => {
				const { resource, operation } = view.switches;
				return [JSON.stringify([resource, operation]), resolve(description, view, subtitle)];
			}),
		);
		for (const text of bySelection.values()) {
			expect(text).toEqual(expect.stringMatching(/^\S.*\S$/));
			expect(text).not.toMatch(/undefined|null|NaN|\[object/);
		}
		expect(new Set(bySelection.values()).size).toBe(bySelection.size);
		// Words instead of the names of values, such as `getAll` or `workflowRun`.
		for (const text of bySelection.values())
			expect(text).toMatch(/^[A-Z][a-z]+(?:,? [A-Za-z]+)*(?::? [a-z, ]+)?$/);
		expect([...bySelection.values()].join(' ')).not.toMatch(/[a-z][A-Z]/);
	});

	test('the outputs are main outputs in every view', () => {
		const { outputs } = description;
		for (const view of views) {
			const resolved = typeof outputs === 'string' ? resolve(description, view, outputs) : outputs;
			const types = (resolved as Array<string | { type: string }>).map((output) =>
				typeof output === 'string' ? output : output.type,
			);
			expect(types.length).toBeGreaterThan(0);
			expect(new Set(types)).toEqual(new Set(['main']));
		}
	});

	test('methods named by fields exist', () => {
		const searches = fields.flatMap(({ property }) =>
			(property.modes ?? []).flatMap(({ typeOptions }) => typeOptions?.searchListMethod ?? []),
		);
		const loads = fields.flatMap(({ property }) => property.typeOptions?.loadOptionsMethod ?? []);
		expect(Object.keys(instance.methods?.listSearch ?? {})).toEqual(expect.arrayContaining(searches));
		expect(Object.keys(instance.methods?.loadOptions ?? {})).toEqual(expect.arrayContaining(loads));
	});

	test('its credentials are registered, and one is asked for in every view', () => {
		const registered = credentials.map((credential) => credential.instance.name);
		const asked = description.credentials ?? [];
		expect(registered).toEqual(expect.arrayContaining(asked.map(({ name }) => name)));
		const count = (view: View) =>
			asked.filter((one) => NodeHelpers.displayParameter(view.switches, one, { typeVersion: 1 }, description))
				.length;
		expect(views.filter((view) => count(view) !== 1).map(nameOf)).toEqual([]);
	});

	test('has a valid codex file', () => {
		const codex = readJson(path.join(folder, `${className}.node.json`));
		expect(codex).toMatchObject({
			node: `${manifest.name}.${description.name}`,
			codexVersion: '1.0',
			nodeVersion: Number([description.version].flat().at(-1)).toFixed(1),
			resources: { primaryDocumentation: [{ url: expect.stringMatching(/^https:\/\/\S+$/) as string }] },
		});
		const { categories, subcategories = {}, alias } = codex as unknown as Codex;
		// A node of this category is left out of the search.
		expect(categories).not.toContain('AI');
		expect(alias).toEqual(expect.arrayContaining([...PROVIDER_NAMES, ...TYPED_BY_PEOPLE]));
		expect(categories.length).toBeGreaterThan(0);
		expect(CATEGORIES).toEqual(expect.arrayContaining(categories));
		expect(categories).toEqual(expect.arrayContaining(Object.keys(subcategories)));
		expect(new Set(alias.map((word) => word.toLowerCase())).size).toBe(alias.length);
	});
});

test('provider, resource and operation are no expressions', () => {
	const all = allFields(nodes.flatMap(({ instance }) => instance.description.properties));
	const fixed = fieldsWhere(all, ({ name }) => ['provider', 'resource', 'operation'].includes(name));
	expect(fixed.length).toBeGreaterThan(nodes.length);
	expect(offenders(fixed, ({ property }) => property.noDataExpression !== true)).toEqual([]);
});

describe('the list of actions', () => {
	const actions = (name: string) => {
		const node = nodes.find(({ instance }) => instance.description.name === name);
		return node ? actionsOf(node.instance.description) : [];
	};

	test('Timeout Cancel has its three, each of which makes a node that can run', () => {
		const resource = ALL_PROVIDERS[0]?.defaultResource;
		expect(actions('timeoutCancel')).toEqual([
			{ text: 'Wait for run and cancel it on timeout', parameters: { resource, operation: 'watch' } },
			{ text: 'Check run once and cancel it when overdue', parameters: { resource, operation: 'check' } },
			{ text: 'Cancel stuck runs', parameters: { resource, operation: 'cleanup' } },
		]);
	});

	test('the trigger says when it starts', () => {
		expect(actions('runTrigger').map(({ text }) => text)).toEqual([
			'On run cancelled',
			'On run failed',
			'On run finished',
			'On run waiting for review',
			'On run stuck',
		]);
	});

	const mostUsed = [
		['retab', 'Wait for extraction to finish', 'job'],
		['extend', 'Wait for extract run to finish', 'processorRun'],
	] as const;

	test.each(mostUsed.filter(([name]) => PROVIDER_NAMES.includes(name)))(
		'%s begins with what is used most and ends with what is legacy',
		(name, second, last) => {
			const listed = actions(name);
			expect(listed.slice(0, 2).map(({ text }) => text)).toEqual(['Extract data from document', second]);
			expect(listed.at(-1)?.parameters).toMatchObject({ resource: last });
		},
	);
});

test('Timeout Cancel keeps its name on the canvas and as a tool', () => {
	const node = nodes.find(({ instance }) => instance.description.name === 'timeoutCancel');
	const parameters = { resource: ALL_PROVIDERS[0]?.defaultResource, operation: 'watch' };
	expect(node && NodeHelpers.makeNodeName(parameters, node.instance.description)).toBe(NAMES.timeoutCancel);
});

const actionNodes = nodes.filter(({ instance }) => !instance.description.group.includes('trigger'));

describe.each(actionNodes)('the operations of $className', ({ instance }) => {
	const { description } = instance;
	const operations = allChoices(
		fieldsWhere(allFields(description.properties), ({ name }) => name === 'operation'),
	);

	test('each have a description and an action in sentence case', () => {
		expect(operations.length).toBeGreaterThan(0);
		expect(offenders(operations, ({ option }) => !isSentenceCase(option.action ?? ''))).toEqual([]);
		expect(offenders(operations, ({ option }) => !option.description)).toEqual([]);
	});

	test('read differently in the list of actions', () => {
		const actions = operations.map(({ option }) => option.action);
		expect(
			actions.filter(
				(action) => /\b(?:a|an|the)\b/.test(action ?? '') && !/\bthe limit\b|a dry run/.test(action ?? ''),
			),
		).toEqual([]);
		expect(new Set(actions).size).toBe(actions.length);
	});

	test('can be used as a tool', () => {
		expect(description.usableAsTool).toBe(true);
	});
});

interface Codex {
	categories: string[];
	subcategories?: Record<string, string[]>;
	alias: string[];
}

const TYPED_BY_PEOPLE = 'document stuck timeout cancel notify ocr extract invoice idp'.split(' ');

/** n8n: codex files, "Node categories", and those that only n8n's own nodes have there. */
const CATEGORIES = [
	'AI',
	'Analytics',
	'Communication',
	'Core Nodes',
	'Data & Storage',
	'Development',
	'Finance & Accounting',
	'Marketing',
	'Miscellaneous',
	'Productivity',
	'Sales',
	'Utility',
];

function readJson(file: string): Record<string, unknown> {
	return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
}

describe.each(credentials)('the credential $className', ({ instance }) => {
	test('has a test request to its own address', () => {
		expect(instance.test?.request).toMatchObject({
			baseURL: expect.stringMatching(/^={{ \$credentials\./) as string,
			url: expect.stringMatching(/^\//) as string,
		});
	});

	test('is asked for by a node', () => {
		const asking = nodes.filter(({ instance: node }) =>
			node.description.credentials?.some(({ name }) => name === instance.name),
		);
		expect(asking).not.toEqual([]);
	});

	test('is offered by HTTP Request, with a link to the documentation of the API', () => {
		expect(instance.httpRequestNode).toMatchObject({
			docsUrl: expect.stringMatching(/^https:/) as string,
			apiBaseUrl: expect.stringMatching(/^https:/) as string,
		});
	});

	test('links to its documentation', () => {
		expect(instance.documentationUrl).toMatch(/^https:\/\/\S+$/);
	});
});

const icons = [
	...nodes.map(({ className, folder, instance }) => ({ className, folder, icon: instance.description.icon })),
	...credentials.map(({ className, folder, instance }) => ({ className, folder, icon: instance.icon })),
];

describe.each(icons)('the icon of $className', ({ folder, icon }) => {
	const { light, dark } = icon as Exclude<Themed<IconFile>, string>;
	const fileOf = (name: string) => path.join(folder, name.replace(/^file:/, ''));

	test('exists for both themes, and differs between them', () => {
		expect(existsSync(fileOf(light))).toBe(true);
		expect(existsSync(fileOf(dark))).toBe(true);
		expect(readFileSync(fileOf(light), 'utf8')).not.toBe(readFileSync(fileOf(dark), 'utf8'));
	});

	test.each([
		['light', light],
		['dark', dark],
	])('is a small, square, self-contained SVG: %s', (_, name) => {
		const text = readFileSync(fileOf(name), 'utf8');
		expect(svgProblems(text)).toEqual([]);
		expect(text.length).toBeLessThan(8_000);
	});
});

test.each([
	['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><g></svg>', '</svg> closes nothing'],
	['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><g/>', '<svg> not closed'],
	['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><g a=b/></svg>', 'not well-formed'],
	['<svg viewBox="0 0 1 1"/>', 'no SVG namespace'],
	['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 2"/>', 'not square'],
	['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><script/></svg>', 'not self-contained'],
])('a bad icon is found: %s', (text, problem) => {
	expect(svgProblems(text)).toContain(problem);
});

/** n8n's own rules over the built descriptions, and over any source text. */
function lint(sources: Array<{ filename: string; code: string }>): string[] {
	const { stdout, stderr, status } = spawnSync(
		process.execPath,
		[path.join(__dirname, 'descriptions', 'lint.mjs')],
		{
			input: JSON.stringify(sources),
			cwd: PROJECT,
			encoding: 'utf8',
			env: { ...process.env, NODE_ENV: 'production' },
		},
	);
	if (status !== 0) throw new Error(stderr);
	return JSON.parse(stdout) as string[];
}

/**
 * n8n's rule wants 50 for every field named `limit`. That of Cancel Stuck Runs counts runs to cancel rather than rows to
 * show, and a run over the limit stays stuck until the next time: 100.
 */
const LIMIT_OF_CLEANUP =
	'nodes/TimeoutCancel/TimeoutCancel.node.ts: n8n-nodes-base/node-param-default-wrong-for-limit: Set 50 as default [autofixable] (at default: 100,)';

/** A row of a schema begins with its name and its type, not with Columns, which most rows do not have. */
const ROWS_OF_SCHEMA =
	"nodes/Retab/Retab.node.ts: n8n-nodes-base/node-param-fixed-collection-type-unsorted-items: Alphabetize by 'displayName'. Order: Columns | Description | Name | Required | Type [autofixable] (at values: [)";

describe("n8n's own rules", () => {
	test('find nothing in what the nodes and credentials build, except one default and the order of use or of reading', () => {
		const findings = lint([
			...nodes.map(({ className, file, instance }) => ({
				filename: file,
				code: nodeSource(className, instance.description),
			})),
			...credentials.map(({ className, file, instance }) => ({
				filename: file,
				code: credentialSource(className, instance),
			})),
		]);
		// These two rules want the alphabet for every field. The test of the panels wants it for all others.
		const others = findings.filter((text) => !/node-param-(?:multi-)?options-type-unsorted-items/.test(text));
		const known = [ROWS_OF_SCHEMA, LIMIT_OF_CLEANUP];
		expect(others).toEqual(known.filter((text) => nodes.some(({ file }) => text.startsWith(file))));
	});

	test('do see what is built: a fault in a description is found', () => {
		const [node] = nodes;
		if (!node) throw new Error('package.json registers no node');
		const { description } = node.instance;
		const [first, ...rest] = description.properties;
		const spoiled = { ...first, description: 'one sentence.' } as (typeof description.properties)[number];
		const code = nodeSource(node.className, { ...description, inputs: [], properties: [spoiled, ...rest] });
		const rules = lint([{ filename: node.file, code }]).map((text) => text.split(': ')[1]);
		expect(rules).toEqual(
			expect.arrayContaining([
				'n8n-nodes-base/node-class-description-inputs-wrong-regular-node',
				'n8n-nodes-base/node-param-description-excess-final-period',
				'n8n-nodes-base/node-param-description-lowercase-first-char',
			]),
		);
	});
});

test("n8n's workflow builder is told which node when, and which nodes of this package belong to it", () => {
	const types = nodes.map(({ instance }) => `${manifest.name}.${instance.description.name}`);
	for (const { instance } of nodes) {
		const { name, builderHint } = instance.description;
		expect(builderHint?.searchHint).toMatch(/\.$/);
		const related = builderHint?.relatedNodes?.map(({ nodeType }) => nodeType) ?? [];
		expect(related).not.toEqual([]);
		expect(related).not.toContain(`${manifest.name}.${name}`);
		expect(types).toEqual(expect.arrayContaining(related));
	}
});

test('package.json registers every node and credential there is, and no other', () => {
	const files = (folder: string, kind: string) =>
		readdirSync(path.join(UNDER_TEST.folder, folder), { recursive: true, encoding: 'utf8' })
			.filter((name) => name.endsWith(kind + UNDER_TEST.ending))
			.map((name) => path.posix.join('dist', folder, name.replaceAll(path.sep, '/').replace(/\.ts$/, '.js')));
	expect([...manifest.n8n.nodes].sort()).toEqual(files('nodes', '.node').sort());
	expect([...manifest.n8n.credentials].sort()).toEqual(files('credentials', '.credentials').sort());
});
