import { filter } from '../rows';
import type { FilterSpec } from '../listTypes';

/** Filters that lists of runs and of reviews have. */

/** The ID of something that a picker has. */
export function idFilter(
	noun: string,
	description: string,
	param = `${noun}_id`,
	more: Partial<FilterSpec> = {},
): FilterSpec {
	const label = `${noun.charAt(0).toUpperCase()}${noun.slice(1)}`;
	return filter('text', [`${noun}Id`, param], label, description, { picker: `${noun}Id`, ...more });
}

export const WORKFLOW_ID = idFilter('workflow', 'Only runs of this workflow', 'workflow_id', {
	role: 'workflow',
	placeholder: 'e.g. wf_3kT9',
});

export const BLOCK_ID = idFilter('block', 'Only runs of this block of the workflow');
