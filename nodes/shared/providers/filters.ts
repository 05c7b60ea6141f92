import type { Phase } from '../core/run';
import type { FilterSpec } from './types';

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
