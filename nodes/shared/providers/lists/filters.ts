import type { Phase } from '../../core/runs/run';
import type { FilterSpec } from '../types';

const TIME_OF_DAY = { startOfDay: 'T00:00:00Z', endOfDay: 'T23:59:59.999Z' } as const;

/** A day (`YYYY-MM-DD`) as a date filter sends it. */
export function sentDay({ asInstant }: FilterSpec, day: string): string {
	return asInstant ? `${day}${TIME_OF_DAY[asInstant]}` : day;
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
