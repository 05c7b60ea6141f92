import type { Phase } from '../core/runs/run';
import type { ResourceSpec, SimpleField } from './types';
import type { FilterSpec } from './listTypes';

/** Parts that rows of the tables of resources have in common. */

/** What a resource is called, as far as its noun tells. */
export function named(noun: string): Pick<ResourceSpec, 'noun' | 'plural' | 'label' | 'article'> {
	const label = noun.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
	return { noun, plural: `${noun}s`, label, article: /^[aeiou]/.test(noun) ? 'an' : 'a' };
}

/** A filter with its parameter at the node and at the API. */
export function filter(
	kind: FilterSpec['kind'],
	[name, param]: readonly [name: string, param: string],
	label: string,
	description: string,
	more: Partial<FilterSpec> = {},
): FilterSpec {
	return { name, param, label, kind, description, ...more };
}

/** The status filter of a list that takes the statuses of a status table. */
export function statusFilter(phases: Readonly<Record<string, Phase>>): FilterSpec {
	return {
		name: 'status',
		param: 'status',
		label: 'Status',
		kind: 'options',
		role: 'status',
		options: Object.keys(phases).sort(),
		description: 'Only runs in this status',
	};
}

export const FILE: SimpleField = { name: 'fileName', from: [], type: 'string', kind: 'fileName' };

/** A field of a simplified run, as the object has it at a path. */
export function at(name: string, type: SimpleField['type'], ...path: string[]): SimpleField {
	return { name, from: [path], type };
}

/** The result of a run, at the first of these paths that has one. */
export function result(type: SimpleField['type'], ...from: string[][]): SimpleField {
	return { name: 'output', from, type, kind: 'result' };
}

export function text(...path: string[]): SimpleField {
	return { name: 'text', from: [path], type: 'string', kind: 'text' };
}

/** What went wrong, of all these paths. */
export function error(...from: string[][]): SimpleField {
	return { name: 'error', from, type: 'string', kind: 'error' };
}
