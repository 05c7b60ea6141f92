import type { EventList, EventSource } from '../../core/trigger/events';
import { type Phase, UNFINISHED } from '../../core/runs/run';
import type { ResourceClient } from '../client/resourceClient';
import { pagesOf, withRole } from './runLists';
import { applyOwner, isOwnedBy } from './cleanupSource';
import type { ProviderSpec, Query, ResourceSpec } from '../types';
import { phaseOf } from '../client/parseResponse';

/** How a user narrows down which runs are reported. */
export interface EventFilters {
	workflowId?: string;
	/** Id of an extractor, classifier, splitter or (legacy) processor. */
	processorId?: string;
}

/** Names and rows of the resources whose runs can be listed: the others cannot be watched from outside. */
export function listable(provider: ProviderSpec): Array<[string, ResourceSpec]> {
	return Object.entries(provider.resources).filter(([, spec]) => spec.list);
}

/** The phases of a run that is not over, in the order it goes through them. */
const LIFE: readonly Phase[] = [...UNFINISHED, 'needsReview'];

/**
 * Where to look for what happens to the runs of a resource.
 *
 * @param account tells one account at the provider from another
 * @throws RangeError when the resource has no list, or a filter cannot be applied to it
 */
export function eventSource(
	resource: string,
	client: ResourceClient,
	filters: EventFilters,
	account: string,
): EventSource {
	const { spec, provider } = client;
	if (!spec.list) {
		throw new RangeError(
			`${provider.title} has no list of ${spec.plural}, so what happens to them cannot be seen from outside`,
		);
	}
	const { newestFirst } = spec.list;
	const query: Query = { ...newestFirst };
	applyOwner(client, query, 'workflow', filters.workflowId);
	applyOwner(client, query, 'processor', filters.processorId);
	const status = withRole(spec, 'status');
	const unfinished = LIFE.flatMap((phase) =>
		(status?.options ?? []).filter((option) => phaseOf(spec, option) === phase),
	);
	const list = (narrowed: Query): EventList => ({
		newestFirst: Object.keys(newestFirst).length > 0,
		page: pagesOf(client, narrowed),
	});
	return {
		resource,
		client,
		scopeKey: JSON.stringify([account, filters.workflowId ?? '', filters.processorId ?? '']),
		all: list(query),
		unfinished: status ? unfinished.map((option) => list({ ...query, [status.param]: option })) : [],
		matches: (run) => isOwnedBy(spec, run, filters.workflowId ?? filters.processorId),
	};
}
