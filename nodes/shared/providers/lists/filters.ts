import type { Run } from '../../core/runs/run';
import { valueAt } from '../client/parseResponse';
import type { ProviderSpec, Query, ResourceSpec } from '../types';
import type { FilterSpec } from '../listTypes';

/** A moment (unix ms) as a date filter sends it: as it is, or as the day in UTC that it is in. */
export function sentTime({ asInstant }: FilterSpec, at: number): string {
	const text = new Date(at).toISOString();
	return asInstant ? text : text.slice(0, 10);
}

export function withRole(spec: ResourceSpec, role: NonNullable<FilterSpec['role']>): FilterSpec | undefined {
	return spec.list?.filters.find((filter) => filter.role === role);
}

/** What a run was started by, at most one of the two. */
export interface OwnerFilter {
	workflowId?: string;
	/** ID of an extractor, classifier, splitter or (legacy) processor. */
	processorId?: string;
}

/**
 * Adds the filter to the query of a list.
 *
 * @throws RangeError when the list of this resource has no such filter
 */
export function applyOwner(
	{ provider, spec }: { provider: ProviderSpec; spec: ResourceSpec },
	query: Query,
	{ workflowId, processorId }: OwnerFilter,
): void {
	const owners = [
		{ role: 'workflow', id: workflowId, noun: 'a workflow' },
		{ role: 'processor', id: processorId, noun: 'an extractor, classifier or splitter' },
	] as const;
	for (const { role, id, noun } of owners) {
		if (id === undefined) continue;
		const param = withRole(spec, role)?.param;
		if (!param) {
			throw new RangeError(
				`${provider.title} cannot filter ${spec.plural} by the ID of ${noun}. Remove the filter or the resource.`,
			);
		}
		query[param] = id;
	}
}

/** True as well where the run does not show its owner at all: then the filter of the list has to be trusted. */
export function isOwnedBy(spec: ResourceSpec, run: Run, { workflowId, processorId }: OwnerFilter): boolean {
	const owner = workflowId ?? processorId;
	const shown = (spec.ownerPaths ?? [])
		.map((path) => ownerAt(run.body, path))
		.filter((id) => id !== undefined);
	return owner === undefined || shown.length === 0 || shown.includes(owner);
}

/** The value at a path; `null` where the path ends early in a null (no owner), `undefined` where the field is missing. */
function ownerAt(body: Run['body'], path: readonly string[]): unknown {
	const values = path.map((_, depth) => valueAt(body, path.slice(0, depth + 1)));
	return values.includes(null) ? null : values.at(-1);
}
