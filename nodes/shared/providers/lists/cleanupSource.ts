import type { CleanupSource, StuckList } from '../../core/cleanup/cancelStuckRuns';
import { DAY } from '../../core/config';
import { type Phase, type Run, UNFINISHED, isTerminal } from '../../core/runs/run';
import type { ResourceClient } from '../client/resourceClient';
import { sentDay } from './filters';
import { pagesOf, withRole } from './runLists';
import type { Query, ResourceSpec } from '../types';
import { phaseOf, valueAt } from '../client/parseResponse';

/** How a user narrows down which runs may be cleaned up. */
export interface CleanupFilters {
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
	return new Set(includeNeedsReview ? [...UNFINISHED, 'needsReview'] : UNFINISHED);
}

/**
 * The lists of a resource that together hold every stuck run, narrowed on the provider's side as far as it can be, and
 * the test for what it cannot.
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
	if (until) query[until.param] = sentDay(until, new Date(youngest + DAY).toISOString().slice(0, 10));
	applyOwner(client, query, 'workflow', filters.workflowId);
	applyOwner(client, query, 'processor', filters.processorId);
	applyMetadata(client, query, filters.metadata);

	const list = (narrowed: Query, oldestFirst: boolean): StuckList => ({
		oldestFirst,
		page: pagesOf(client, narrowed),
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

/** @throws RangeError when the list of this resource cannot be narrowed like that */
export function applyOwner(
	client: ResourceClient,
	query: Query,
	role: 'workflow' | 'processor',
	id: string | undefined,
): void {
	if (id === undefined) return;
	const param = withRole(client.spec, role)?.param;
	if (!param) {
		throw new RangeError(
			`${client.provider.title} cannot narrow ${client.spec.plural} by the ID of ${role === 'workflow' ? 'a workflow' : 'an extractor, classifier or splitter'}. Take the filter or the resource out.`,
		);
	}
	query[param] = id;
}

function applyMetadata(client: ResourceClient, query: Query, metadata: CleanupFilters['metadata']): void {
	if (Object.keys(metadata).length === 0) return;
	if (!client.spec.metadataPath) {
		throw new RangeError(
			`${client.provider.title} shows no metadata on ${client.spec.plural}. Take the metadata filter or the resource out.`,
		);
	}
	const param = withRole(client.spec, 'metadata')?.param;
	if (param) query[param] = JSON.stringify(metadata);
}

/** A list may lie, and may not even know a filter that was sent to it: only what the run itself shows counts. */
function matches(spec: ResourceSpec, run: Run, filters: CleanupFilters): boolean {
	const { statuses, workflowId, processorId, metadata } = filters;
	// A run that has ended while we looked is in none of the statuses any more, and still is one of the chosen.
	if (statuses.length > 0 && !isTerminal(run.phase) && !statuses.includes(run.status)) return false;
	if (!isOwnedBy(spec, run, workflowId ?? processorId)) return false;
	return Object.entries(metadata).every(([name, wanted]) => {
		const value = valueAt(run.body, [...(spec.metadataPath ?? []), name]);
		return (typeof value === 'string' ? value : JSON.stringify(value)) === wanted;
	});
}

/** True as well where the run does not show its owner at all: then the filter of the list has to be trusted. */
export function isOwnedBy(spec: ResourceSpec, run: Run, owner: string | undefined): boolean {
	const shown = (spec.ownerPaths ?? [])
		.map((path) => shownAt(run.body, path))
		.filter((at) => at !== undefined);
	return owner === undefined || shown.length === 0 || shown.includes(owner);
}

/** What stands at a path; `null` where the way there ends in a null (made without an owner), `undefined` where it is missing. */
function shownAt(body: Run['body'], path: readonly string[]): unknown {
	const values = path.map((_, depth) => valueAt(body, path.slice(0, depth + 1)));
	return values.includes(null) ? null : values.at(-1);
}
