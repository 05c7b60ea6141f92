import type { INodeProperties, INodePropertyCollection, INodePropertyOptions } from 'n8n-workflow';

import type { BodyColumn, BodyField, CreateSpec, ProviderSpec } from '../../providers/types';
import { documentFields } from './documentFields';
import { METADATA_PAIR, severalOf, toTitle } from './fields';
import { NAMES } from './names';
import { pickerField } from './pickerField';
import { schemaFields } from './schemaFields';
import { alphabetical } from './alphabetical';

/** The fields of the `create` operation, out of the table of resources. */
export function createFields(provider: ProviderSpec): INodeProperties[] {
	const resources = Object.entries(provider.resources);
	return resources.flatMap(([resource, { create, batch }]) => [
		...(create ? fieldsOf(provider, create, showOn(resource, 'create')) : []),
		...(batch ? fieldsOf(provider, batch, showOn(resource, 'createBatch')) : []),
	]);
}

/** When a field is shown, with what else it depends on. */
type ShowFor = (more?: Record<string, string[]>) => INodeProperties['displayOptions'];

function showOn(resource: string, operation: 'create' | 'createBatch'): ShowFor {
	return (more) => ({ show: { resource: [resource], operation: [operation], ...more } });
}

export function fieldsOf(provider: ProviderSpec, spec: CreateSpec, showFor: ShowFor): INodeProperties[] {
	return [
		...topFields(provider, spec, showFor),
		...backgroundField(spec, showFor),
		...additionalFields(provider, spec, showFor),
	];
}

/** Whether a field stands at the top of the panel, as a parameter of its own. */
export function isOnTop({ required, onTop }: BodyField): boolean {
	return required === true || onTop === true;
}

/** What does the work, then the document, then what to do with it. Without documents, the fields as the table has them. */
function topFields(provider: ProviderSpec, spec: CreateSpec, showFor: ShowFor): INodeProperties[] {
	const { documents, schema, fields } = spec;
	const onTop = fields.filter(isOnTop);
	const before = documents ? onTop.filter(({ picker }) => picker) : onTop;
	const after = onTop.filter((field) => !before.includes(field));
	const panelField = (field: BodyField): INodeProperties => ({
		...bodyField(provider, field),
		...(field.required && { required: true }),
		displayOptions: showFor(field.shownFor && { [field.shownFor.field]: [field.shownFor.is] }),
	});
	return [
		...before.map(panelField),
		...documentFields(provider, documents, showFor),
		...(schema
			? schemaFields(showFor, {
					displayName: schema.label,
					name: schema.name,
					description: schema.description,
				})
			: []),
		...after.map(panelField),
	];
}

function additionalFields(provider: ProviderSpec, spec: CreateSpec, showFor: ShowFor): INodeProperties[] {
	const { documents } = spec;
	const optional = spec.fields.filter((field) => !isOnTop(field)).map((field) => bodyField(provider, field));
	const named = documents && documents.form !== 'byBlock' && takesAddresses(spec);
	const options = [...optional, ...(named ? [FILE_NAME] : [])];
	if (options.length === 0) return [];
	return [
		{
			displayName: 'Additional Fields',
			name: 'additionalFields',
			type: 'collection',
			placeholder: 'Add field',
			default: {},
			displayOptions: showFor(),
			options: alphabetical(options),
		},
	];
}

const FILE_NAME: INodeProperties = {
	displayName: 'Document File Name',
	name: 'fileName',
	type: 'string',
	default: '',
	placeholder: 'e.g. invoice.pdf',
	description:
		'Name of the document, for a document from a URL; taken from the download or the URL when left empty',
};

/** An option of `create`, of resources that take documents by their address. */
export const FETCH_BY_FIELD: INodeProperties = {
	displayName: 'Fetch By',
	name: 'fetchBy',
	type: 'options',
	default: 'auto',
	options: [
		{ name: 'Automatic', value: 'auto', description: 'The provider where it fetches the address, else n8n' },
		{ name: 'Provider', value: 'provider', description: 'The address is passed on as it is' },
		{ name: 'This Instance', value: 'n8n', description: 'This n8n downloads the document and hands it over' },
	],
	description: 'Who downloads a document from a URL',
};

/** Names of the metadata that Create writes for Tag With Execution, and Create Batch to tell which run is of which item. */
export const EXECUTION_TAG = {
	execution: 'n8n_execution_id',
	workflow: 'n8n_workflow_id',
	item: 'n8n_item_index',
} as const;

/** An option of `create`, of resources that have metadata. */
export const TAG_FIELD: INodeProperties = {
	displayName: 'Tag With Execution',
	name: 'tagWithExecution',
	type: 'boolean',
	default: false,
	description: `Whether to write the IDs of this execution and workflow into the metadata of the run (${EXECUTION_TAG.execution}, ${EXECUTION_TAG.workflow}), so that an error workflow can cancel what a crashed execution left behind`,
};

/** The field of the user's own metadata, where the API has some. */
export function metadataFieldOf(create: CreateSpec): BodyField | undefined {
	return create.fields.find(({ name }) => name === 'metadata');
}

export function takesAddresses({ documents }: CreateSpec): boolean {
	return documents?.sources.includes('url') ?? false;
}

function backgroundField(spec: CreateSpec, showFor: ShowFor): INodeProperties[] {
	if (!spec.backgroundField) return [];
	return [
		{
			displayName: 'Run in Background',
			name: 'background',
			type: 'boolean',
			default: true,
			displayOptions: showFor(),
			description: `Whether to start the run and go on at once, so that ${NAMES.timeoutCancel} can watch it. When off, this node waits for the result.`,
		},
	];
}

function bodyField(provider: ProviderSpec, field: BodyField): INodeProperties {
	const common = {
		displayName: field.label,
		name: field.name,
		description: field.description,
		...(field.placeholder && { placeholder: field.placeholder }),
	};
	if (field.picker) return pickerField(provider, field.picker, common);
	switch (field.kind) {
		case 'text':
		case 'texts':
			return { ...common, type: 'string', default: field.default ?? '' };
		case 'secret':
			return { ...common, type: 'string', typeOptions: { password: true }, default: field.default ?? '' };
		case 'color':
			return { ...common, type: 'color', default: field.default ?? '' };
		case 'longText':
			return { ...common, type: 'string', typeOptions: { rows: 4 }, default: field.default ?? '' };
		case 'integer':
			return {
				...common,
				type: 'number',
				typeOptions: { minValue: field.range?.min, maxValue: field.range?.max, numberPrecision: 0 },
				default: field.default ?? field.range?.min ?? 0,
			};
		case 'boolean':
			return { ...common, type: 'boolean', default: field.default ?? false };
		case 'options':
			return {
				...common,
				type: 'options',
				options: alphabetical((field.options ?? []).map(bodyOption)),
				default: field.default ?? field.options?.[0] ?? '',
			};
		case 'json':
			return { ...common, ...jsonField(field, '{}') };
		case 'jsonList':
			return { ...common, ...jsonField(field, '[]') };
		case 'rows': {
			const values = (field.columns ?? []).map(columnField);
			return { ...common, ...groups('Add row', { displayName: 'Row', name: 'rows', values }) };
		}
		case 'pairs':
			return { ...common, ...groups('Add pair', METADATA_PAIR) };
	}
}

/** n8n's editor of JSON shows no placeholder, so the example stands below it. */
function jsonField(
	{ placeholder }: BodyField,
	empty: string,
): Pick<INodeProperties, 'type' | 'default' | 'placeholder' | 'hint'> {
	return { type: 'json', default: empty, placeholder: undefined, hint: placeholder };
}

/** Groups of fields, as many as the user adds. */
function groups(
	placeholder: string,
	group: INodePropertyCollection,
): Pick<INodeProperties, 'type' | 'typeOptions' | 'placeholder' | 'default' | 'options'> {
	return {
		type: 'fixedCollection',
		typeOptions: severalOf(placeholder),
		placeholder,
		default: {},
		options: [group],
	};
}

/** `/v1/schemas/generate` → `Schemas Generate`, any other value in Title Case. */
function bodyOption(value: string): INodePropertyOptions {
	const route = /^\/v\d+\/(.+)$/.exec(value)?.[1];
	return route === undefined
		? { name: toTitle(value), value }
		: { name: toTitle(route.replaceAll('/', '_')), value, description: value };
}

function columnField(column: BodyColumn): INodeProperties {
	const common = { displayName: column.label, name: column.name, description: column.description };
	return column.kind === 'boolean'
		? { ...common, type: 'boolean', default: false }
		: { ...common, type: 'string', default: '', ...(column.required && { required: true }) };
}
