import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import { severalOf } from './fields';
import { alphabetical } from './alphabetical';

/** The fields that a JSON Schema is given in: rows, an example, or the schema itself. */

const PLAIN_TYPES: INodePropertyOptions[] = [
	{ name: 'Date', value: 'date', description: 'A day, such as 2026-01-31' },
	{ name: 'List of Texts', value: 'texts', description: 'Any number of texts, such as tags' },
	{ name: 'Number', value: 'number', description: 'With or without decimals, such as an amount' },
	{ name: 'Text', value: 'text', description: 'Any text, also numbers that begin with 0' },
	{ name: 'Whole Number', value: 'integer', description: 'Without decimals, such as a count' },
	{ name: 'Yes/No', value: 'boolean', description: 'True or false' },
];

const ROW_TYPES: INodePropertyOptions[] = alphabetical([
	...PLAIN_TYPES,
	{
		name: 'List of Rows',
		value: 'rows',
		description: 'A table with columns, such as the lines of an invoice',
	},
]);

/** What one row, or one column, tells about a value. */
function rowFields(types: INodePropertyOptions[], example: string): INodeProperties[] {
	return [
		{
			displayName: 'Name',
			name: 'name',
			type: 'string',
			default: '',
			required: true,
			placeholder: `e.g. ${example}`,
			description: 'Name of the value in the result',
		},
		{
			displayName: 'Type',
			name: 'type',
			type: 'options',
			options: types,
			default: 'text',
			description: 'Kind of the value',
		},
		{
			displayName: 'Description',
			name: 'description',
			type: 'string',
			default: '',
			placeholder: 'e.g. Total with tax, in euro',
			description: 'What is meant and where it is found, in plain words',
		},
		{
			displayName: 'Required',
			name: 'required',
			type: 'boolean',
			default: false,
			description: 'Whether the result must have it. Leave it off where some documents lack it.',
		},
	];
}

const COLUMNS: INodeProperties = {
	displayName: 'Columns',
	name: 'columns',
	type: 'fixedCollection',
	typeOptions: severalOf('Add column'),
	placeholder: 'Add column',
	default: {},
	displayOptions: { show: { type: ['rows'] } },
	options: [{ displayName: 'Column', name: 'rows', values: rowFields(PLAIN_TYPES, 'amount') }],
	description: 'What each row of the list holds',
};

const EXAMPLE = {
	invoice_number: 'INV-001',
	date: '2026-01-31',
	total: 119.5,
	lines: [{ description: 'Paper', quantity: 10, amount: 100 }],
};

const SCHEMA = {
	type: 'object',
	properties: {
		invoice_number: { type: 'string' },
		total: { type: 'number', description: 'Total with tax' },
	},
};

const SCHEMA_FROM: INodeProperties = {
	displayName: 'Schema From',
	name: 'schemaFrom',
	type: 'options',
	options: [
		{ name: 'Fields', value: 'fields', description: 'One row for each value to get out' },
		{ name: 'JSON Example', value: 'example', description: 'The result as it is to look, as JSON' },
		{ name: 'JSON Schema', value: 'json', description: 'For those who have one' },
	],
	default: 'fields',
	description: 'How to say what to get out of the document',
};

/**
 * @param showFor conditions of all of these fields
 * @param field the one for the schema itself
 */
export function schemaFields(
	showFor: (more?: Record<string, string[]>) => INodeProperties['displayOptions'],
	field: Pick<INodeProperties, 'displayName' | 'name' | 'description'>,
): INodeProperties[] {
	return [
		{ ...SCHEMA_FROM, displayOptions: showFor() },
		{
			displayName: 'Fields',
			name: 'schemaFields',
			type: 'fixedCollection',
			typeOptions: severalOf('Add field'),
			placeholder: 'Add field',
			default: {},
			displayOptions: showFor({ schemaFrom: ['fields'] }),
			options: [
				{
					displayName: 'Field',
					name: 'rows',
					values: [...rowFields(ROW_TYPES, 'invoice_number'), COLUMNS],
				},
			],
			description: 'The values to get out of the document',
		},
		{
			displayName: 'JSON Example',
			name: 'jsonExample',
			type: 'json',
			typeOptions: { rows: 8 },
			default: JSON.stringify(EXAMPLE, null, 2),
			required: true,
			displayOptions: showFor({ schemaFrom: ['example'] }),
			description:
				'An example of the result. Types are taken from its values: dates as 2026-01-31, lists of objects for tables, null for what may be missing.',
		},
		{
			...field,
			type: 'json',
			typeOptions: { rows: 8 },
			default: JSON.stringify(SCHEMA, null, 2),
			required: true,
			displayOptions: showFor({ schemaFrom: ['json'] }),
		},
	];
}

/** An option of `create`, of resources that take a schema. */
export const SHOW_SCHEMA: INodeProperties = {
	displayName: 'Show Schema Only',
	name: 'showSchema',
	type: 'boolean',
	default: false,
	description:
		'Whether to return the JSON Schema instead of starting a run. Nothing is sent, and nothing is paid for.',
};
