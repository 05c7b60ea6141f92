import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import type { DocumentSource, DocumentsSpec, ProviderSpec } from '../../providers/types';
import { DEFAULT_FIELD, severalOf } from './fields';
import { pickerField } from './pickerField';
import { alphabetical } from './alphabetical';

/** The fields that say which documents a run gets. */

const SOURCE_OPTIONS: Record<DocumentSource, INodePropertyOptions> = {
	binary: {
		name: 'Binary Field',
		value: 'binary',
		description: 'A file that an earlier step has put into the item',
	},
	fileId: {
		name: 'Uploaded File',
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
		options: alphabetical(sources.map((source) => SOURCE_OPTIONS[source])),
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
		default: DEFAULT_FIELD,
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
		displayName: 'File',
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
		displayName: 'Template',
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

/** @param show when a field is shown, with what else it depends on */
export function documentFields(
	provider: ProviderSpec,
	documents: DocumentsSpec | undefined,
	show: (more?: Record<string, string[]>) => INodeProperties['displayOptions'],
): INodeProperties[] {
	if (!documents) return [];
	if (documents.form === 'byBlock') {
		return [{ ...documentsByBlock(provider, documents), displayOptions: show() }];
	}
	const many = documents.form === 'list' || documents.form === 'oneOrPackage';
	return [
		{ ...sourceField(documents), displayOptions: show() },
		...documents.sources.map((source) => ({
			...withTypes(valueField(provider, source, many && source !== 'text'), source, documents),
			displayOptions: show({ documentSource: [source] }),
		})),
	];
}

/** A document for each start block of a workflow. */
function documentsByBlock(provider: ProviderSpec, documents: DocumentsSpec): INodeProperties {
	return {
		displayName: 'Documents',
		name: 'documents',
		type: 'fixedCollection',
		typeOptions: severalOf('Add document'),
		placeholder: 'Add document',
		default: {},
		description: 'A document for each start block of the workflow that takes one',
		options: [
			{
				displayName: 'Document',
				name: 'rows',
				values: [
					sourceField(documents),
					...alphabetical(
						documents.sources.map((source) => ({
							...valueField(provider, source, false),
							displayOptions: { show: { documentSource: [source] } },
						})),
					),
					pickerField(provider, 'startBlockId', {
						displayName: 'Start Block',
						name: 'blockId',
						required: true,
						description: 'The block of the workflow that takes the document',
					}),
				],
			},
		],
	};
}
