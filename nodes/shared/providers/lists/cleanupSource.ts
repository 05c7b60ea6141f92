import type { CleanupSource, StuckList } from '../../core/cleanup/findCandidates';
import { DAY } from '../../core/config';
import { type Phase, type Run, isTerminal } from '../../core/runs/run';
import type { ResourceClient } from '../client/resourceClient';
import { type OwnerFilter, applyOwner, isOwnedBy, sentTime, withRole } from './filters';
import { pagesOf } from './runLists';
import type { Query, ResourceSpec } from '../types';
import { phaseOf, valueAt } from '../client/parseResponse';

/** Which runs may be cleaned up. */
export interface CleanupFilters extends OwnerFilter {
	/** Pairs that a run must carry, all of them. */
	metadata: Readonly<Record<string, string>>;
	/** Raw statuses; none means all unfinished ones. */
	statuses: readonly string[];
}

/**
 * The lists of a resource that together hold every stuck run, filtered by the API as far as it can, and the test for the
 * rest.
 *
 * @param youngest unix ms: a stuck run was created before this
 * @throws RangeError when a filter cannot be applied to this resource: without it runs would be cancelled that the user
 * wanted to keep
 */
export function cleanupSource(
	resource: string,
	client: ResourceClient,
	filters: CleanupFilters,
	phases: ReadonlySet<Phase>,
	youngest: number,
): CleanupSource {
	const { spec } = client;
	if (!spec.list) {
		throw new RangeError(
			`${client.provider.title} has no list of ${spec.plural}, so stuck ones cannot be found`,
		);
	}
	const statusParam = withRole(spec, 'status')?.param;
	const query: Query = { ...(statusParam ? spec.list.oldestFirst : spec.list.newestFirst) };
	const until = withRole(spec, 'until');
	// Whole days only, and whether the day itself counts is not documented: the day after is safe either way.
	if (until) query[until.param] = sentTime(until, youngest + DAY);
	applyOwner(client, query, filters);
	applyMetadata(client, query, filters.metadata);

	const list = (filtered: Query, oldestFirst: boolean): StuckList => ({
		oldestFirst,
		page: pagesOf(client, filtered),
	});
	const statuses = wantedStatuses(spec, filters, phases);
	return {
		resource,
		client,
		// One list per status, as the status filters take a single value; one of all runs where there is no such filter.
		lists: statusParam
			? statuses.map((status) =>
					list({ ...query, [statusParam]: status }, spec.list?.oldestFirst !== undefined),
				)
			: statuses.slice(0, 1).map(() => list(query, false)),
		// Retab calls its light read a "status projection" and does not say what else it leaves out; an unfinished run has no
		// large output anyway.
		view: Object.keys(filters.metadata).length > 0 ? 'full' : 'light',
		matches: (run) => matches(spec, run, filters),
	};
}

/** Statuses of this resource that count as stuck, of those its list can be asked for. */
function wantedStatuses(spec: ResourceSpec, filters: CleanupFilters, phases: ReadonlySet<Phase>): string[] {
	const known = withRole(spec, 'status')?.options ?? Object.keys(spec.phases);
	return known.filter(
		(status) =>
			phases.has(phaseOf(spec, status)) &&
			(filters.statuses.length === 0 || filters.statuses.includes(status)),
	);
}

function applyMetadata(client: ResourceClient, query: Query, metadata: CleanupFilters['metadata']): void {
	if (Object.keys(metadata).length === 0) return;
	if (!client.spec.metadataPath) {
		throw new RangeError(
			`${client.provider.title} shows no metadata on ${client.spec.plural}. Remove the metadata filter or the resource.`,
		);
	}
	const param = withRole(client.spec, 'metadata')?.param;
	if (param) query[param] = JSON.stringify(metadata);
}

/** Lists may be out of date, or ignore a filter that they do not know: only what the run itself shows counts. */
function matches(spec: ResourceSpec, run: Run, filters: CleanupFilters): boolean {
	const { statuses, metadata } = filters;
	// A run that has ended since it was listed is in none of the statuses any more, and still is one of the chosen.
	if (statuses.length > 0 && !isTerminal(run.phase) && !statuses.includes(run.status)) return false;
	if (!isOwnedBy(spec, run, filters)) return false;
	return Object.entries(metadata).every(([name, wanted]) => {
		const value = valueAt(run.body, [...(spec.metadataPath ?? []), name]);
		return (typeof value === 'string' ? value : JSON.stringify(value)) === wanted;
	});
}
