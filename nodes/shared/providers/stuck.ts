import type { CleanupSource, StuckList } from '../core/cleanup';
import { DAY } from '../core/limits';
import type { Phase, Run } from '../core/run';
import type { ResourceApi } from './api';
import type { FilterSpec, Query, ResourceSpec } from './types';
import { parseRow, phaseOf, valueAt } from './wire';

/** How a user narrows down which runs may be cleaned up. */
export interface StuckFilters {
	workflowId?: string;
	/** Id of an extractor, classifier, splitter or (legacy) processor. */
	processorId?: string;
	/** Pairs that a run must carry, all of them. */
	metadata: Readonly<Record<string, string>>;
	/** Raw statuses; none means all unfinished ones. */
	statuses: readonly string[];
}

/** Phases of a run that is not finished. A run that waits for a person is only stuck when the user says so. */
export function unfinishedPhases(includeNeedsReview: boolean): ReadonlySet<Phase> {
	const phases: Phase[] = ['waiting', 'running', 'cancelling'];
	return new Set(includeNeedsReview ? [...phases, 'needsReview'] : phases);
}

/**
 * The lists of a resource that together hold every stuck run, narrowed on the provider's side as far as it can be, and
 * the test for what it cannot.
 *
 * @param youngest unix ms: a stuck run was created before this
 * @throws RangeError when a filter cannot be applied to this resource: without it runs would be cancelled that the user
 * wanted to keep
 */
export function stuckSource(
	resource: string,
	api: ResourceApi,
	filters: StuckFilters,
	phases: ReadonlySet<Phase>,
	youngest: number,
): CleanupSource {
	const { spec } = api;
	if (!spec.list) {
		throw new RangeError(
			`${api.provider.title} has no list of ${spec.plural}, so stuck ones cannot be found`,
		);
	}
	const statusParam = withRole(spec, 'status')?.param;
	const query: Query = { ...(statusParam ? spec.list.oldestFirst : spec.list.newestFirst) };
	const untilParam = withRole(spec, 'until')?.param;
	// Whole days only, and whether the day itself counts is not documented: the day after is safe either way.
	if (untilParam) query[untilParam] = new Date(youngest + DAY).toISOString().slice(0, 10);
	applyOwner(api, query, 'workflow', filters.workflowId);
	applyOwner(api, query, 'processor', filters.processorId);
	applyMetadata(api, query, filters.metadata);

	const list = (narrowed: Query, oldestFirst: boolean): StuckList => ({
		oldestFirst,
		page: async (token, signal) => {
			const page = await api.page(narrowed, token, Number.POSITIVE_INFINITY, signal);
			const rows = page.rows.flatMap((row) => parseRow(spec, row) ?? []);
			return {
				rows: rows.map(({ id, status, created }) => ({
					id,
					created,
					phase: status === undefined ? 'unknown' : phaseOf(spec, status),
				})),
				next: page.next,
			};
		},
	});
	return {
		resource,
		port: api,
		lists: statusParam
			? statusesToList(spec, filters, phases).map((status) =>
					list({ ...query, [statusParam]: status }, spec.list?.oldestFirst !== undefined),
				)
			: [list(query, false)],
		matches: (run) => matches(spec, run, filters),
	};
}

function withRole(spec: ResourceSpec, role: NonNullable<FilterSpec['role']>): FilterSpec | undefined {
	return spec.list?.filters.find((filter) => filter.role === role);
}

/** One list per status: the status filters take a single value. */
function statusesToList(spec: ResourceSpec, filters: StuckFilters, phases: ReadonlySet<Phase>): string[] {
	const allowed = withRole(spec, 'status')?.options ?? [];
	return allowed.filter(
		(status) =>
			phases.has(phaseOf(spec, status)) &&
			(filters.statuses.length === 0 || filters.statuses.includes(status)),
	);
}

function applyOwner(
	api: ResourceApi,
	query: Query,
	role: 'workflow' | 'processor',
	id: string | undefined,
): void {
	if (id === undefined) return;
	const param = withRole(api.spec, role)?.param;
	if (!param) {
		throw new RangeError(
			`${api.provider.title} cannot narrow ${api.spec.plural} by the ID of a ${role === 'workflow' ? 'workflow' : 'extractor, classifier or splitter'}. Take the filter or the resource out.`,
		);
	}
	query[param] = id;
}

function applyMetadata(api: ResourceApi, query: Query, metadata: StuckFilters['metadata']): void {
	if (Object.keys(metadata).length === 0) return;
	if (!api.spec.metadataPath) {
		throw new RangeError(
			`${api.provider.title} shows no metadata on ${api.spec.plural}. Take the metadata filter or the resource out.`,
		);
	}
	const param = withRole(api.spec, 'metadata')?.param;
	if (param) query[param] = JSON.stringify(metadata);
}

function matches(spec: ResourceSpec, run: Run, filters: StuckFilters): boolean {
	if (filters.statuses.length > 0 && !filters.statuses.includes(run.status)) return false;
	return Object.entries(filters.metadata).every(([name, wanted]) => {
		const value = valueAt(run.body, [...(spec.metadataPath ?? []), name]);
		return (typeof value === 'string' ? value : JSON.stringify(value)) === wanted;
	});
}
