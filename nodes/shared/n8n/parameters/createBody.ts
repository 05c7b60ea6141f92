import type { IExecuteFunctions } from 'n8n-workflow';

import type { JsonObject, JsonValue } from '../../core/runs/run';
import { valueAt } from '../../providers/client/parseResponse';
import type { BodyColumn, BodyField, CreateSpec } from '../../providers/types';
import { EXECUTION_TAG, TAG_FIELD, isOnTop, metadataFieldOf } from '../description/createFields';
import { InvalidParameterError } from '../output/errors';
import { isJsonObject, jsonArrayFrom, jsonObjectFrom } from './json';
import { plainValue } from './locator';
import { readTagWithExecution } from './options';
import { readSchema } from './schemaField';
import { asText, describe, emptyError, fieldsOf, isEmpty, listOf, numberFrom } from './values';

/**
 * The fields of a create as its request body, without the documents.
 *
 * @param ownMetadata what the metadata hold besides
 * @throws InvalidParameterError
 */
export function readBody(
	context: IExecuteFunctions,
	spec: CreateSpec,
	itemIndex: number,
	ownMetadata: JsonObject = {},
): JsonObject {
	const additional = fieldsOf(context.getNodeParameter('additionalFields', itemIndex, {}));
	const body: JsonObject = {};
	if (spec.schema) setAt(body, spec.schema, spec.schema.path, readSchema(context, spec.schema, itemIndex));
	for (const field of spec.fields) {
		const given = plainValue(
			isOnTop(field) ? context.getNodeParameter(field.name, itemIndex, '') : additional[field.name],
		);
		const origin = { parameters: context, name: field.name, itemIndex };
		if (field.required && isEmpty(given)) throw emptyError(field.label, given, fillIn(field), origin);
		const value = bodyValue(field, given);
		if (value !== undefined) setAt(body, field, field.path, value);
	}
	const tags = { ...ownMetadata, ...executionTags(context, itemIndex) };
	addMetadata(spec, body, tags);
	for (const field of spec.fields) checkSize(field, body);
	return body;
}

/** Which execution starts the run, where the user wants that in its metadata. */
function executionTags(context: IExecuteFunctions, itemIndex: number): JsonObject {
	if (!readTagWithExecution(context, itemIndex)) return {};
	// Each n8n database counts its executions from 1: only together with the workflow's ID are they unique.
	const { id: workflowId } = context.getWorkflow();
	return {
		[EXECUTION_TAG.execution]: context.getExecutionId(),
		...(workflowId !== undefined && { [EXECUTION_TAG.workflow]: workflowId }),
	};
}

/** Adds what this node itself writes to the metadata. @throws InvalidParameterError */
function addMetadata(spec: CreateSpec, body: JsonObject, tags: JsonObject): void {
	const metadata = metadataFieldOf(spec);
	if (!metadata || Object.keys(tags).length === 0) return;
	setAt(body, { ...metadata, label: TAG_FIELD.displayName }, metadata.path, tags);
	checkLimits(fieldsOf(valueAt(body, metadata.path)) as JsonObject, metadata);
}

/** Puts a value into the body. Two objects at the same place are merged; nothing is overwritten. @throws InvalidParameterError */
function setAt(
	body: JsonObject,
	field: Pick<BodyField, 'label'>,
	path: readonly string[],
	value: JsonValue,
): void {
	const [key, ...rest] = path;
	if (key === undefined) return;
	const there = Object.hasOwn(body, key) ? body[key] : undefined;
	if (rest.length > 0) {
		const inner = isJsonObject(there) ? { ...there } : {};
		setAt(inner, field, rest, value);
		body[key] = inner;
		return;
	}
	if (isJsonObject(there) && isJsonObject(value)) {
		const twice = Object.keys(value).find((name) => Object.hasOwn(there, name));
		if (twice !== undefined) throw givenTwice(field, twice);
		body[key] = { ...there, ...value };
		return;
	}
	if (there !== undefined) throw givenTwice(field, key);
	body[key] = value;
}

function givenTwice({ label }: Pick<BodyField, 'label'>, name: string): InvalidParameterError {
	return new InvalidParameterError(
		`${label}: "${name}" is in another field as well`,
		'Take it out of one of the two fields.',
	);
}

/** What a field adds to the body; nothing when it was left empty. */
function bodyValue(field: BodyField, given: unknown): JsonValue | undefined {
	if (isEmpty(given)) {
		refuseIfRequired(field);
		return undefined;
	}
	switch (field.kind) {
		case 'text':
		case 'longText':
		case 'secret':
		case 'color':
			return textOf(field, given);
		case 'integer':
			return integerOf(field, given);
		case 'boolean':
			if (typeof given === 'boolean') return given;
			throw new InvalidParameterError(
				`${field.label} must be true or false; it is ${describe(given)}`,
				TAKE_OUT,
			);
		case 'options':
			if (field.options?.some((option) => option === given)) return given as string;
			throw new InvalidParameterError(
				`${field.label} must be one of ${field.options?.join(', ')}; it is ${describe(given)}`,
				'Choose one of them in the field, or let the expression give one.',
			);
		case 'json':
			return unlessEmpty(field, jsonObjectFrom(field.label, given));
		case 'jsonList':
			return unlessEmpty(field, jsonArrayFrom(field.label, given));
		case 'rows':
			return rowsOf(field, given);
		case 'pairs':
			return pairsOf(field, given);
		case 'texts':
			return textsOf(field, given);
	}
}

function textOf(field: BodyField, given: unknown): string {
	if (typeof given !== 'string') {
		throw new InvalidParameterError(
			`${field.label} must be a string; it is ${describe(given)}`,
			'Let the expression name a single field, such as {{ $json.name }}.',
		);
	}
	return given.trim();
}

/** @throws InvalidParameterError for a field that must not be left out */
function refuseIfRequired(field: BodyField): void {
	if (field.required) throw emptyError(field.label, '', fillIn(field));
}

function fillIn({ placeholder }: BodyField): string {
	const example = placeholder?.replace(/^e\.g\. /, '') ?? '{{ $json.name }}';
	return `Fill it in, such as ${example}.`;
}

function textsOf(field: BodyField, given: unknown): string[] | undefined {
	const parts: unknown[] = Array.isArray(given) ? given : listOf(textOf(field, given));
	const texts = parts.filter((part) => !isEmpty(part)).map((part: unknown) => textOf(field, part));
	return texts.length > 0 ? texts : undefined;
}

function integerOf({ label, range, default: fallback }: BodyField, given: unknown): number {
	const { min, max } = range ?? { min: 0, max: Number.MAX_SAFE_INTEGER };
	const value = numberFrom(given);
	if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
	throw new InvalidParameterError(
		`${label} must be a whole number from ${min} to ${max}; it is ${describe(given)}`,
		`Enter a number such as ${fallback ?? min}, or an expression that gives one.`,
	);
}

/** What holds nothing counts as left empty. */
function unlessEmpty<T extends JsonObject | JsonValue[]>(field: BodyField, json: T): T | undefined {
	if (Object.keys(json).length > 0) return json;
	refuseIfRequired(field);
	return undefined;
}

function rowsOf(field: BodyField, given: unknown): JsonValue | undefined {
	const { rows = [] } = fieldsOf(given);
	if (!Array.isArray(rows)) {
		throw new InvalidParameterError(
			`${field.label} must be a list of rows; it is ${describe(rows)}`,
			ADD_ROWS,
		);
	}
	if (rows.length === 0) {
		if (field.required) throw new InvalidParameterError(`${field.label} needs at least one row`, ADD_ROWS);
		return undefined;
	}
	return rows.map((row: unknown, at): JsonObject => {
		const values = fieldsOf(row);
		const cells = (field.columns ?? []).flatMap((column): Array<[string, JsonValue]> => {
			const value = cellOf(`${field.label}: ${column.label} of row ${at + 1}`, column, values[column.name]);
			return value === undefined ? [] : [[column.field, value]];
		});
		return Object.fromEntries(cells);
	});
}

function cellOf(place: string, { kind, required }: BodyColumn, value: unknown): JsonValue | undefined {
	if (value === undefined || value === null || (typeof value === 'string' && !value.trim())) {
		if (required) throw new InvalidParameterError(`${place} is empty`, 'Fill it in, or delete the row.');
		return undefined;
	}
	if (kind === 'boolean' && typeof value === 'boolean') return value;
	if (kind === 'text' && typeof value === 'string') return value.trim();
	const wanted = kind === 'boolean' ? 'true or false' : 'a string';
	throw new InvalidParameterError(`${place} must be ${wanted}; it is ${describe(value)}`, TAKE_OUT);
}

const ADD_ROWS = 'Add one row per entry in the panel.';

const TAKE_OUT = 'Set it in the field, or take the field out.';

function pairsOf(field: BodyField, given: unknown): JsonObject | undefined {
	const { pairs } = fieldsOf(given);
	if (pairs === undefined) return undefined;
	const refuse = (problem: string): never => refusePairs(field, problem);
	if (!Array.isArray(pairs)) return refuse('must be a list of names and values');
	const sent: JsonObject = {};
	for (const pair of pairs) {
		const { name, value } = fieldsOf(pair);
		if (typeof name !== 'string' || name.trim() === '') return refuse('each pair needs a name');
		if (typeof value === 'object' && value !== null)
			refuse(`the value of "${name}" must be a string; it is ${describe(value)}`);
		if (Object.hasOwn(sent, name.trim())) refuse(`the name "${name.trim()}" is duplicated`);
		Object.defineProperty(sent, name.trim(), { value: asText.parse(value ?? ''), enumerable: true });
	}
	checkLimits(sent, field);
	return Object.keys(sent).length > 0 ? sent : undefined;
}

/** @throws InvalidParameterError */
function refusePairs({ label }: BodyField, problem: string): never {
	throw new InvalidParameterError(
		`${label}: ${problem}`,
		'Add one row per pair, each with a name of its own and a text as its value.',
	);
}

function checkLimits(pairs: JsonObject, field: BodyField): void {
	const { limits = {} } = field;
	const refuse = (problem: string): never => refusePairs(field, problem);
	const entries = Object.entries(pairs);
	if (limits.pairs && entries.length > limits.pairs) refuse(`at most ${limits.pairs} pairs are allowed`);
	for (const [name, value] of entries) {
		if (limits.name && name.length > limits.name)
			refuse(`the name "${name.slice(0, 40)}" is longer than ${limits.name} characters`);
		if (limits.value && asText.parse(value).length > limits.value)
			refuse(`the value of "${name}" is longer than ${limits.value} characters`);
	}
}

/** Counts what all fields with the same path have put there. @throws InvalidParameterError */
function checkSize({ label, path, limits }: BodyField, body: JsonObject): void {
	if (!limits?.bytes) return;
	const bytes = new TextEncoder().encode(JSON.stringify(valueAt(body, path) ?? {})).length;
	if (bytes <= limits.bytes) return;
	throw new InvalidParameterError(
		`${label}: at most ${limits.bytes / 1024} KB are allowed`,
		'Leave out what is not needed to find the run again.',
	);
}
