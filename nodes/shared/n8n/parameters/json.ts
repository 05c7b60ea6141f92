import type { JsonObject, JsonValue } from '../../core/runs/run';
import { InvalidParameterError, orInvalidParameter } from '../output/errors';
import { describe } from './values';

/** The object that JSON text, or an expression, stands for. @throws InvalidParameterError */
export function jsonObjectFrom(label: string, given: unknown): JsonObject {
	const parsed = parsedFrom(label, given);
	if (isJsonObject(parsed)) return parsed;
	throw notJson(label, 'object', parsed, '{');
}

/** The array that JSON text, or an expression, stands for. @throws InvalidParameterError */
export function jsonArrayFrom(label: string, given: unknown): JsonValue[] {
	const parsed = parsedFrom(label, given);
	if (Array.isArray(parsed)) return parsed as JsonValue[];
	throw notJson(label, 'array', parsed, '[');
}

export function isJsonObject(value: unknown): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsedFrom(label: string, given: unknown): unknown {
	if (typeof given !== 'string') return given;
	return orInvalidParameter<unknown>(
		() => JSON.parse(given),
		'Names and texts need double quotes; there is no comma after the last value.',
		(reason) => `${label} is not valid JSON: ${reason}`,
	);
}

function notJson(label: string, kind: string, parsed: unknown, start: string): InvalidParameterError {
	return new InvalidParameterError(
		`${label} must be a JSON ${kind}; it is ${describe(parsed)}`,
		`Enter JSON that begins with ${start}.`,
	);
}
