import type { Phase } from '../core/run';
import type { FilterSpec } from './types';

const END_OF_DAY = 'T23:59:59.999Z';

/** A day (`YYYY-MM-DD`) as a date filter sends it. */
export function sentDay(filter: FilterSpec, day: string): string {
	return `${day}${filter.toEndOfDay ? END_OF_DAY : ''}`;
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
