import type { INodeProperties, INodePropertyCollection, INodePropertyOptions } from 'n8n-workflow';

import type {
	BodyColumn,
	BodyField,
	DocumentSource,
	DocumentsSpec,
	ProviderSpec,
	ResourceSpec,
} from '../../providers/types';
import { METADATA_PAIR, toTitle } from './fields';
import { pickerField } from './pickerField';
import { schemaFields } from './schemaFields';

/** The fields of the `create` operation, out of the table of resources. */
export function createFields(provider: ProviderSpec): INodeProperties[] {
	const resources = Object.entries(provider.resources);
	return resources.flatMap(([name, spec]) => [
		...topFields(provider, name, spec),
		...documentFields(provider, name, spec),
		...backgroundField(name, spec),
		...additionalFields(provider, name, spec),
	]);
}

function show(resource: string, more: Record<string, string[]> = {}): INodeProperties['displayOptions'] {
	return { show: { resource: [resource], operation: ['create'], ...more } };
}

/** Whether a field stands at the top of the panel, as a parameter of its own. */
export function isOnTop({ required, onTop }: BodyField): boolean {
	return required === true || onTop === true;
}

function topFields(provider: ProviderSpec, resource: string, spec: ResourceSpec): INodeProperties[] {
	const fields = (spec.create?.fields ?? []).filter(isOnTop).map((field) => ({
		...bodyField(provider, field),
		...(field.required && { required: true }),
		displayOptions: show(resource, field.shownFor && { [field.shownFor.field]: [field.shownFor.is] }),
	}));
	const { schema } = spec.create ?? {};
	if (!schema) return fields;
	const { label: displayName, name, description } = schema;
	return [...schemaFields((more) => show(resource, more), { displayName, name, description }), ...fields];
}

function additionalFields(provider: ProviderSpec, resource: string, spec: ResourceSpec): INodeProperties[] {
	const optional = (spec.create?.fields ?? [])
		.filter((field) => !isOnTop(field))
		.map((field) => bodyField(provider, field));
	const { documents } = spec.create ?? {};
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
			displayOptions: show(resource),
			options: options.sort((a, b) => a.displayName.localeCompare(b.displayName)),
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

export function takesAddresses(spec: ResourceSpec): boolean {
	return spec.create?.documents?.sources.includes('url') ?? false;
}

function backgroundField(resource: string, spec: ResourceSpec): INodeProperties[] {
	if (!spec.create?.backgroundField) return [];
	return [
		{
			displayName: 'Run in Background',
			name: 'background',
			type: 'boolean',
			default: true,
			displayOptions: show(resource),
			description:
				'Whether to start the run and go on at once, so that Timeout Cancel can watch it. When off, this node waits for the result.',
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
				options: (field.options ?? []).map(bodyOption).sort((a, b) => a.name.localeCompare(b.name)),
				default: field.default ?? field.options?.[0] ?? '',
			};
		case 'json':
			return { ...common, type: 'json', default: '{}' };
		case 'jsonList':
			return { ...common, type: 'json', default: '[]' };
		case 'rows': {
			const values = (field.columns ?? []).map(columnField);
			return { ...common, ...groups('Add row', { displayName: 'Row', name: 'rows', values }) };
		}
		case 'pairs':
			return { ...common, ...groups('Add pair', METADATA_PAIR) };
	}
}

/** Groups of fields, as many as the user adds. */
function groups(
	placeholder: string,
	group: INodePropertyCollection,
): Pick<INodeProperties, 'type' | 'typeOptions' | 'placeholder' | 'default' | 'options'> {
	return {
		type: 'fixedCollection',
		typeOptions: { multipleValues: true },
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

const SOURCE_OPTIONS: Record<DocumentSource, INodePropertyOptions> = {
	binary: {
		name: 'Binary Field',
		value: 'binary',
		description: 'A file that an earlier step has put into the item',
	},
	fileId: {
		name: 'File ID',
		value: 'fileId',
		description: 'A file that was uploaded to the provider before',
	},
	template: { name: 'Template', value: 'template', description: 'A saved form instead of a document' },
	text: { name: 'Text', value: 'text', description: 'The text itself' },
	url: {
		name: 'URL',
		value: 'url',
		description: 'A file on the web; Fetch By in the options says who downloads it',
	},
};

function sourceField({ sources, takes }: DocumentsSpec): INodeProperties {
	return {
		displayName: 'Document From',
		name: 'documentSource',
		type: 'options',
		options: sources.map((source) => SOURCE_OPTIONS[source]).sort((a, b) => a.name.localeCompare(b.name)),
		default: 'binary',
		description: described('Where the document comes from', takes),
	};
}

function described(text: string, takes: string | undefined): string {
	return takes ? `${text}. ${takes}.` : text;
}

/** The field that belongs to a source. */
const VALUE_FIELDS: Record<DocumentSource, Omit<INodeProperties, 'type' | 'required'>> = {
	binary: {
		displayName: 'Input Binary Field',
		name: 'binaryPropertyName',
		default: 'data',
		hint: 'The name of the input field containing the file data to be processed',
		description: 'Name of the binary field of the item that holds the document',
	},
	url: {
		displayName: 'Document URL',
		name: 'documentUrl',
		default: '',
		placeholder: 'e.g. https://example.com/invoice.pdf',
		description: 'Address of the document',
	},
	fileId: {
		displayName: 'File ID',
		name: 'fileId',
		default: '',
		description: 'The uploaded file',
	},
	text: {
		displayName: 'Document Text',
		name: 'documentText',
		typeOptions: { rows: 4 },
		default: '',
		description: 'The text to work on',
	},
	template: {
		displayName: 'Template ID',
		name: 'templateId',
		default: '',
		description: 'The saved form to fill',
	},
};

/** @param many true where the field may hold several, separated by commas */
function valueField(provider: ProviderSpec, source: DocumentSource, many: boolean): INodeProperties {
	const { description = '', ...field } = VALUE_FIELDS[source];
	if (source === 'fileId' || source === 'template') {
		const several =
			many && source === 'fileId' ? ': one from the list, or several IDs separated by commas' : '';
		return pickerField(provider, field.name, {
			...field,
			required: true,
			description: `${description}${several}`,
		});
	}
	const several = many && source !== 'text' ? ', or several separated by commas' : '';
	return { ...field, type: 'string', required: true, description: `${description}${several}` };
}

/** A file of the machine or the web is the user's to choose: what it may be stands with its field as well. */
function withTypes(
	field: INodeProperties,
	source: DocumentSource,
	{ takes }: DocumentsSpec,
): INodeProperties {
	if (source === 'template' || source === 'text') return field;
	return { ...field, description: described(field.description ?? '', takes) };
}

function documentFields(provider: ProviderSpec, resource: string, spec: ResourceSpec): INodeProperties[] {
	const { documents } = spec.create ?? {};
	if (!documents) return [];
	if (documents.form === 'byBlock') return [documentsByBlock(provider, resource, documents)];
	const many = documents.form === 'list' || documents.form === 'oneOrPackage';
	return [
		{ ...sourceField(documents), displayOptions: show(resource) },
		...documents.sources.map((source) => ({
			...withTypes(valueField(provider, source, many && source !== 'text'), source, documents),
			displayOptions: show(resource, { documentSource: [source] }),
		})),
	];
}

/** A document for each start block of a workflow. */
function documentsByBlock(
	provider: ProviderSpec,
	resource: string,
	documents: DocumentsSpec,
): INodeProperties {
	return {
		displayName: 'Documents',
		name: 'documents',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true },
		placeholder: 'Add document',
		default: {},
		displayOptions: show(resource),
		description: 'A document for each start block of the workflow that takes one',
		options: [
			{
				displayName: 'Document',
				name: 'rows',
				values: [
					sourceField(documents),
					...documents.sources
						.map((source) => ({
							...valueField(provider, source, false),
							displayOptions: { show: { documentSource: [source] } },
						}))
						.sort((a, b) => a.displayName.localeCompare(b.displayName)),
					pickerField(provider, 'startBlockId', {
						displayName: 'Start Block ID',
						name: 'blockId',
						required: true,
						description: 'The block of the workflow that takes the document',
					}),
				],
			},
		],
	};
}
