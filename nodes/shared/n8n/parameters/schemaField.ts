import type { IExecuteFunctions } from 'n8n-workflow';

import type { JsonObject } from '../../core/runs/run';
import type { SchemaField } from '../../providers/types';
import { jsonObjectFrom } from './json';
import { checkSchema, schemaOfExample, schemaOfRows } from './jsonSchema';
import { readChoice } from './options';
import { emptyError, fieldsOf, isEmpty } from './values';

/** The schema of an item, however it is given. @throws InvalidParameterError */
export function readSchema(
	context: IExecuteFunctions,
	{ name, label }: SchemaField,
	itemIndex: number,
): JsonObject {
	const from = readChoice(context, 'schemaFrom', 'Schema From', ['fields', 'example', 'json'], itemIndex);
	if (from === 'fields') return schemaOfRows(context.getNodeParameter('schemaFields', itemIndex, {}));
	if (from === 'json') return checkSchema(label, readJson(context, name, label, HOW_TO_SCHEMA, itemIndex));
	const example = readJson(context, 'jsonExample', 'JSON Example', HOW_TO_EXAMPLE, itemIndex);
	return schemaOfExample('JSON Example', example);
}

/** Whether the schema is all that is wanted, and no run. */
export function readShowSchema(context: IExecuteFunctions, itemIndex: number): boolean {
	return fieldsOf(context.getNodeParameter('options', itemIndex, {})).showSchema === true;
}

const HOW_TO_SCHEMA =
	'Fill it in, such as { "type": "object", "properties": { "total": { "type": "number" } } }. Without a schema at hand, set Schema From to Fields.';

const HOW_TO_EXAMPLE = 'Fill it in, such as { "invoice_number": "INV-001", "total": 119.5 }.';

function readJson(
	context: IExecuteFunctions,
	name: string,
	label: string,
	hint: string,
	itemIndex: number,
): JsonObject {
	const given: unknown = context.getNodeParameter(name, itemIndex, '');
	if (isEmpty(given)) throw emptyError(label, given, hint, { parameters: context, name, itemIndex });
	const json = jsonObjectFrom(label, given);
	if (Object.keys(json).length === 0) throw emptyError(label, json, hint);
	return json;
}
