import type { ICredentialType, INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import { ExtendApi } from '../../credentials/ExtendApi.credentials';
import { RetabApi } from '../../credentials/RetabApi.credentials';
import { Extend } from '../../nodes/Extend/Extend.node.js';
import { Retab } from '../../nodes/Retab/Retab.node.js';
import { ExtendTrigger } from '../../nodes/ExtendTrigger/ExtendTrigger.node.js';
import { RunTrigger } from '../../nodes/RunTrigger/RunTrigger.node.js';
import { TimeoutCancel } from '../../nodes/TimeoutCancel/TimeoutCancel.node.js';
import { DAY, SECOND, SETTING } from '../../nodes/shared/core/config';
import { PROVIDERS } from '../../nodes/shared/providers';
import { code, table, unique, yesNo } from './markdown';

/** Tables of what a user can set, from the descriptions of nodes and credentials. */

export const NODES = {
	retab: new Retab(),
	extend: new Extend(),
	timeoutCancel: new TimeoutCancel(),
	runTrigger: new RunTrigger(),
	extendTrigger: new ExtendTrigger(),
};

export type NodeName = keyof typeof NODES;

/** A choice with more values than this is explained in the text, not listed in a cell. */
const LISTED_VALUES = 6;

interface Parameter {
	label: string;
	/** `options.interval` for what stands under Options. */
	path: string;
	default: string[];
	values: string[];
	meaning: string;
}

export function isChoice(option: object): option is INodePropertyOptions {
	return 'value' in option;
}

function isShownFor({ displayOptions }: INodeProperties, operations: readonly string[]): boolean {
	const shown = displayOptions?.show?.operation;
	return operations.length === 0 || !shown || operations.some((one) => shown.includes(one));
}

/** The parameters for some operations (all without any), those inside collections included. */
function parametersOf(properties: readonly INodeProperties[], operations: readonly string[]): Parameter[] {
	return properties
		.filter((property) => property.type !== 'notice' && isShownFor(property, operations))
		.flatMap((property) => {
			if (property.type !== 'collection') return [parameterOf(property)];
			return parametersOf(property.options as INodeProperties[], operations).map((inner) => ({
				...inner,
				path: `${property.name}.${inner.path}`,
			}));
		});
}

function parameterOf(property: INodeProperties): Parameter {
	const { description = '', typeOptions = {} } = property;
	const columns = (property.options ?? []).flatMap((option) => ('values' in option ? option.values : []));
	const inside = columns.map(({ displayName, name }) => `${displayName} (\`${name}\`)`).join(', ');
	const { minValue, maxValue } = typeOptions;
	const range = maxValue === undefined ? '' : `${minValue} to ${maxValue.toLocaleString('en-US')}`;
	const choices = ['options', 'multiOptions'].includes(property.type) ? (property.options ?? []) : [];
	return {
		label: property.displayName,
		path: property.name,
		default: defaultsOf(property.default),
		values:
			choices.length > 0 ? choices.flatMap((one) => (isChoice(one) ? [`\`${one.value}\``] : [])) : [range],
		meaning: sentence(inside ? `${description}. Rows of ${inside}` : description),
	};
}

function sentence(text: string): string {
	return text.replace(/\.$/, '');
}

function defaultsOf(value: INodeProperties['default']): string[] {
	if (Array.isArray(value)) return value.length > 0 ? [code(value.map(String))] : [];
	if (typeof value === 'string' && value.includes('\n')) return ['an example'];
	return value === undefined || value === '' || typeof value === 'object' ? [] : [`\`${value}\``];
}

/** One row a name: what differs by provider, resource or operation stands side by side. */
function merged(parameters: readonly Parameter[]): Parameter[] {
	return unique(parameters.map(({ path }) => path)).map((path) => {
		const same = parameters.filter((parameter) => parameter.path === path);
		return {
			label: unique(same.map(({ label }) => label)).join(' or '),
			path,
			default: unique(same.flatMap((one) => one.default)),
			values: unique(same.flatMap(({ values }) => values.filter(Boolean))).sort(),
			meaning: unique(same.flatMap(({ meaning }) => meaning.split('. '))).join('. '),
		};
	});
}

const IN_DAYS = new Set(['timeout', 'olderThan', 'stuckAfter', 'lookBack']);

function rangeOf(setting: keyof typeof SETTING): string {
	const { default: preset, min, max } = SETTING[setting];
	const most = IN_DAYS.has(setting) ? `${max / (DAY / SECOND)} days` : max.toLocaleString('en-US');
	return min === 0 && preset > 0 ? `more than 0, at most ${most}` : `${min} to ${most}`;
}

function isSetting(name: string): name is keyof typeof SETTING {
	return name in SETTING;
}

function allowed({ path, values }: Parameter, operations: readonly string[]): string {
	const name = path.split('.').at(-1) ?? '';
	const setting = operations.includes('cleanup') && name === 'limit' ? 'cleanupLimit' : name;
	if (isSetting(setting)) return rangeOf(setting);
	if (values.length > LISTED_VALUES) return `${values.length} values`;
	return values.join(', ');
}

const HEADER = ['Field', 'Default', 'Allowed', 'Meaning'];

function parameterTable(parameters: readonly Parameter[], operations: readonly string[]): string {
	return table(
		HEADER,
		merged(parameters).map((one) => [
			`${one.label} \`${one.path}\``,
			one.default.join(' or '),
			allowed(one, operations),
			one.meaning,
		]),
	);
}

const WATCH_AND_CHECK = parametersOf(NODES.timeoutCancel.description.properties, ['watch', 'check']);

/** Fields of the operations `watch` and `check`. */
export function watchParameters(): string {
	return parameterTable(WATCH_AND_CHECK, ['watch', 'check']);
}

/** Fields that `watch` and `check`, which have a table of their own, do not have. */
function ownOf(parameters: readonly Parameter[]): Parameter[] {
	const shared = new Set(WATCH_AND_CHECK.map(({ path }) => path));
	return parameters.filter(({ path }) => path === 'runId' || !shared.has(path));
}

/** Fields of a node for some operations, beside those of `watch` and `check`. */
export function ownParameters(node: NodeName, ...operations: string[]): string {
	const { properties } = NODES[node].description;
	return parameterTable(ownOf(parametersOf(properties, operations)), operations);
}

/**
 * What the Retab and Extend nodes have in common, beside the fields of `watch` and `check`: neither Create nor the
 * filters, which differ by resource.
 */
export function commonParameters(): string {
	const properties = [NODES.retab, NODES.extend].flatMap(({ description }) =>
		description.properties.filter(
			(property) => !isOfCreate(property) && property.name !== 'resource' && property.name !== 'filters',
		),
	);
	const named = ownOf(parametersOf(properties, [])).map((one) =>
		one.path === 'runId'
			? { ...one, label: '(the resource)', meaning: 'The run, from a list or by its ID' }
			: one,
	);
	return parameterTable(named, []);
}

export function isOfCreate({ displayOptions }: INodeProperties): boolean {
	return displayOptions?.show?.operation?.every((operation) => operation === 'create') ?? false;
}

/** Parts of Create that are explained apart from the tables of fields. */
const APART = new Set(['additionalFields', 'background', 'documents', 'options', 'documentSource']);

function createProperties(provider: 'retab' | 'extend'): INodeProperties[] {
	return NODES[provider].description.properties.filter(isOfCreate);
}

function isOfDocument({ name, displayOptions }: INodeProperties): boolean {
	return APART.has(name) || displayOptions?.show?.documentSource !== undefined;
}

function isFor(resource: string): (property: INodeProperties) => boolean {
	return ({ displayOptions }) => displayOptions?.show?.resource?.includes(resource) ?? false;
}

/** What Create takes for each resource. */
export function createResources(provider: 'retab' | 'extend'): string {
	const created = Object.entries(PROVIDERS[provider].resources).filter(([, spec]) => spec.create);
	const rows = created.map(([resource, { create }]) => {
		const own = createProperties(provider).filter(isFor(resource));
		const onTop = own.filter((property) => !isOfDocument(property));
		const more = own.find(({ name }) => name === 'additionalFields')?.options ?? [];
		const optional = [...onTop.filter(({ required }) => !required), ...more];
		return [
			`\`${resource}\``,
			code([...(create?.documents?.sources ?? [])].sort()),
			yesNo(own.some(({ name }) => name === 'background')),
			code(unique(onTop.filter(({ required }) => required).map(({ name }) => name))),
			code(unique(optional.map(({ name }) => name))),
		];
	});
	return table(['Resource', 'Document from', 'Background switch', 'Required', 'Optional'], rows.sort());
}

/** Defaults and allowed values of the fields of Create, where there is more to say than "empty" or a switch. */
export function createValues(): string {
	const fields = [...createProperties('retab'), ...createProperties('extend')].flatMap((property) => {
		if (property.name === 'additionalFields') return property.options as INodeProperties[];
		return isOfDocument(property) ? [] : [property];
	});
	const rows = merged(fields.map(parameterOf)).flatMap((one) => {
		const preset = one.default.filter((text) => /\w/.test(text) && !/true|false/.test(text));
		const values = allowed(one, []);
		return preset.length > 0 || values ? [[`${one.label} \`${one.path}\``, preset.join(' or '), values]] : [];
	});
	return table(['Field', 'Default', 'Allowed'], rows.sort());
}

/** Ways to hand over a document. */
export function documentSources(): string {
	const all = [...createProperties('retab'), ...createProperties('extend')];
	const sources = all.filter(({ name }) => name === 'documentSource').flatMap(({ options = [] }) => options);
	const byValue = new Map(sources.filter(isChoice).map((source) => [String(source.value), source]));
	const rows = [...byValue].map(([value, source]) => {
		const field = all.find(({ displayOptions }) => displayOptions?.show?.documentSource?.includes(value));
		return [
			source.name,
			`\`${value}\``,
			field?.displayName ?? '',
			field ? `\`${field.name}\`` : '',
			source.description ?? '',
		];
	});
	return table(['Document From', 'Value', 'Field', 'Name', 'What it is'], rows.sort());
}

export function events(): string {
	const property = NODES.runTrigger.description.properties.find(({ name }) => name === 'events');
	const byDefault = property?.default as string[];
	const rows = (property?.options ?? [])
		.filter(isChoice)
		.map(({ name, value, description }) => [
			name,
			`\`${value}\``,
			yesNo(byDefault.includes(String(value))),
			sentence(description ?? ''),
		]);
	return table(['Event', 'Value', 'On by default', 'When'], rows);
}

const CREDENTIALS = { retab: new RetabApi(), extend: new ExtendApi() };

export function credential(provider: 'retab' | 'extend'): string {
	const type: ICredentialType = CREDENTIALS[provider];
	return parameterTable(type.properties.map(parameterOf), []);
}

/** The addresses of Extend's regions. */
export function regions(): string {
	const type: ICredentialType = CREDENTIALS.extend;
	const choices = type.properties.find(({ name }) => name === 'region')?.options ?? [];
	const rows = choices
		.filter(isChoice)
		.map(({ name, value, description }) => [`\`${value}\``, name, description ?? '']);
	return table(['Value', 'In the panel', 'Meaning'], rows);
}
