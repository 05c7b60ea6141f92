import type { JsonObject, Phase } from '../core/runs/run';
import { fileNameOf, phaseOf, valueAt } from './client/parseResponse';
import type { ResourceSpec, SimpleField } from './types';

/** As much of a row as its simplified form needs; what has no status has no field of the kind `result`. */
export type SimpleShape = Pick<ResourceSpec, 'simple'> & Partial<Pick<ResourceSpec, 'phases' | 'statusPath'>>;

/**
 * The few fields of a run that most workflows need, as its row of the provider's table says. What the object does not have,
 * as rows of a list often lack the result, is left out.
 */
export function simplifyRun(spec: SimpleShape, body: JsonObject): JsonObject {
	const simple: JsonObject = {};
	for (const field of spec.simple) {
		const value = valueOf(spec, field, body);
		if (value !== undefined) simple[field.name] = value as JsonObject[string];
	}
	return simple;
}

function valueOf(spec: SimpleShape, { from, kind }: SimpleField, body: JsonObject): unknown {
	const values = from.map((path) => valueAt(body, path)).filter((value) => value !== undefined);
	switch (kind) {
		case 'fileName':
			return fileNameOf(body);
		case 'error': {
			const texts = values.filter((value): value is string => typeof value === 'string' && value !== '');
			return texts.length > 0 ? texts.join(': ') : null;
		}
		case 'result':
			if (values.length === 0) return undefined;
			// Until then the API shows an empty placeholder, which looks like an empty result.
			return hasResult(spec, body) ? values[0] : null;
		case 'text':
			if (values.length === 0) return undefined;
			return hasResult(spec, body) ? textOf(values[0]) : null;
		case undefined:
			return values.find((value) => value !== null) ?? values[0];
	}
}

const WITH_RESULT: ReadonlySet<Phase> = new Set(['completed', 'needsReview']);

function hasResult({ statusPath, phases = {} }: SimpleShape, body: JsonObject): boolean {
	const status = statusPath && valueAt(body, statusPath);
	return typeof status === 'string' && WITH_RESULT.has(phaseOf({ phases }, status));
}

/** A text as it is, or that of chunks, one after another. */
function textOf(value: unknown): string | null {
	if (typeof value === 'string') return value;
	if (!Array.isArray(value)) return null;
	const parts = value.map((chunk) => valueAt(chunk, ['content']));
	return parts.filter((part): part is string => typeof part === 'string').join('\n\n');
}
