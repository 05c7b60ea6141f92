import type { JsonObject, JsonValue } from '../../core/runs/run';
import { InvalidParameterError } from '../output/errors';
import { isJsonObject } from './json';
import { asText, describe, fieldsOf } from './values';

/** JSON Schemas out of what a user gives: rows of the panel, an example of the data, or a schema to be checked. */

/** What a row of the panel can hold. `rows` is a list of objects, such as the lines of an invoice. */
export const FIELD_TYPES = {
	text: { type: 'string' },
	number: { type: 'number' },
	integer: { type: 'integer' },
	boolean: { type: 'boolean' },
	date: { type: 'string', format: 'date' },
	texts: { type: 'array', items: { type: 'string' } },
	rows: { type: 'array' },
} as const satisfies Record<string, JsonObject>;

export type FieldType = keyof typeof FIELD_TYPES;

function isFieldType(value: unknown): value is FieldType {
	return typeof value === 'string' && Object.hasOwn(FIELD_TYPES, value);
}

/**
 * The schema of the rows that a user has filled in.
 *
 * @param place what the rows are called in an error
 * @param noun what one row is called
 * @throws InvalidParameterError
 */
export function schemaOfRows(given: unknown, place = 'Fields', noun = 'field'): JsonObject {
	const { rows = [] } = fieldsOf(given);
	const example = 'such as total with the type Number';
	if (!Array.isArray(rows) || rows.length === 0)
		throw new InvalidParameterError(
			`${place} needs at least one row`,
			`Add a row for each ${noun} to get out of the document, ${example}.`,
		);
	const properties = new Map<string, JsonObject>();
	const required: string[] = [];
	for (const [index, row] of (rows as unknown[]).entries()) {
		const at = `${place}: row ${index + 1}`;
		const { name: givenName, type = 'text', columns, description, required: isRequired } = fieldsOf(row);
		const name = asText.parse(givenName ?? '').trim();
		if (name === '')
			throw new InvalidParameterError(`${at} has no name`, 'Name it, such as invoice_number, or delete it.');
		if (properties.has(name))
			throw new InvalidParameterError(
				`${place}: the name "${name}" is duplicated`,
				'Give each row a name of its own, or delete one of the two.',
			);
		if (!isFieldType(type))
			throw new InvalidParameterError(
				`${at}: Type must be one of ${Object.keys(FIELD_TYPES).join(', ')}; it is ${describe(type)}`,
				'Choose one of them in the field.',
			);
		const about = asText.parse(description ?? '').trim();
		properties.set(name, {
			...FIELD_TYPES[type],
			...(type === 'rows' && { items: schemaOfRows(columns, `Columns of "${name}"`, 'column') }),
			...(about && { description: about }),
		});
		if (isRequired === true) required.push(name);
	}
	return objectOf(properties, required);
}

function objectOf(properties: ReadonlyMap<string, JsonValue>, required: readonly string[] = []): JsonObject {
	return {
		type: 'object',
		properties: Object.fromEntries(properties),
		...(required.length > 0 && { required: [...required] }),
	};
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;

const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?$/;

/**
 * The schema of data that look like an example. Nothing in it is required, and each number may have decimals: the next
 * document may lack what this one has.
 *
 * @throws InvalidParameterError
 */
export function schemaOfExample(label: string, example: JsonObject): JsonObject {
	if (problemOf(example) === undefined && 'properties' in example)
		throw new InvalidParameterError(
			`${label} holds a JSON Schema, not an example of the data`,
			'Set Schema From to JSON Schema and paste it there.',
		);
	return schemaOfObjects([example]);
}

/** One schema for objects that stand for the same thing, such as the rows of a list. */
function schemaOfObjects(objects: readonly JsonObject[]): JsonObject {
	const names = new Set(objects.flatMap((one) => Object.keys(one)));
	const properties = [...names].map((name): [string, JsonObject] => [
		name,
		schemaOfValues(objects.flatMap((one) => (Object.hasOwn(one, name) ? [one[name] as JsonValue] : []))),
	]);
	return objectOf(new Map(properties));
}

/** One schema for all values of a place. Where only null is known of it, it is a text or null. */
function schemaOfValues(values: readonly JsonValue[]): JsonObject {
	const known = values.filter((value) => value !== null);
	const plain = known.filter((value) => typeof value !== 'object');
	const objects = known.filter(isJsonObject);
	const lists = known.filter((value): value is JsonValue[] => Array.isArray(value));
	const schemas = [
		...plain.map(schemaOfPlain),
		...(objects.length > 0 ? [schemaOfObjects(objects)] : []),
		...(lists.length > 0 ? [{ type: 'array', items: schemaOfValues(lists.flat()) }] : []),
	];
	const kinds = new Map(schemas.map((schema) => [JSON.stringify(schema), schema] as const));
	// A date in one row and a text in the next are both texts.
	const text = { type: 'string' };
	const isText = schemas.length > 0 && schemas.every(({ type }) => type === 'string');
	const [only = text, ...others] = isText && kinds.size > 1 ? [text] : [...kinds.values()];
	const hasNull = known.length < values.length;
	if (others.length > 0) return { anyOf: [only, ...others, ...(hasNull ? [{ type: 'null' }] : [])] };
	return hasNull ? { ...only, type: [only.type ?? 'string', 'null'] } : only;
}

function schemaOfPlain(value: string | number | boolean): JsonObject {
	if (typeof value === 'number') return FIELD_TYPES.number;
	if (typeof value === 'boolean') return FIELD_TYPES.boolean;
	if (DATE.test(value)) return FIELD_TYPES.date;
	return DATE_TIME.test(value) ? { type: 'string', format: 'date-time' } : FIELD_TYPES.text;
}

const TYPES: ReadonlySet<unknown> = new Set([
	'array',
	'boolean',
	'integer',
	'null',
	'number',
	'object',
	'string',
]);

const LISTS_OF_SCHEMAS = ['anyOf', 'oneOf', 'allOf'];

/** Refuses what is no JSON Schema of an object. @throws InvalidParameterError */
export function checkSchema(label: string, schema: JsonObject): JsonObject {
	const problem = problemOf(schema);
	if (problem === undefined) return schema;
	if (problem === 'noKeyword')
		throw new InvalidParameterError(
			`${label} is not a JSON Schema: it has no "type", "properties", "$ref" or "anyOf". It looks like an example of the data`,
			'Set Schema From to JSON Example and paste it there, or write a schema such as { "type": "object", "properties": { "total": { "type": "number" } } }.',
		);
	throw new InvalidParameterError(
		`${label} is not a JSON Schema: ${problem}`,
		'Write it as in { "type": "object", "properties": { "total": { "type": "number" } } }, or set Schema From to JSON Example and paste an example of the data.',
	);
}

/** What is wrong with a schema; nothing where it can be one. */
function problemOf(schema: JsonObject): string | undefined {
	const { type, properties, $ref: reference } = schema;
	const types = Array.isArray(type) ? type : [type];
	const hasType = type !== undefined && types.length > 0 && types.every((one) => TYPES.has(one));
	const hasList = LISTS_OF_SCHEMAS.some((name) => Array.isArray(schema[name]));
	if (!hasType && !isJsonObject(properties) && typeof reference !== 'string' && !hasList) return 'noKeyword';
	if (type !== undefined && !hasType)
		return `its "type" must be one of ${[...TYPES].join(', ')}; it is ${describe(type)}`;
	if (hasType && !types.includes('object')) return `its "type" must be "object"; it is ${describe(type)}`;
	if (properties === undefined) return undefined;
	if (!isJsonObject(properties)) return `"properties" must be an object; it is ${describe(properties)}`;
	const wrong = Object.entries(properties).find(([, one]) => !isJsonObject(one) && typeof one !== 'boolean');
	return wrong && `"${wrong[0]}" must be an object such as { "type": "string" }; it is ${describe(wrong[1])}`;
}
