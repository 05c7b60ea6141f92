import type { EventList, EventSource } from '../../core/trigger/events';
import { unfinishedPhases } from '../../core/runs/run';
import type { ResourceClient } from '../client/resourceClient';
import { type OwnerFilter, applyOwner, isOwnedBy, withRole } from './filters';
import { pagesOf } from './runLists';
import type { Query } from '../types';
import { phaseOf } from '../client/parseResponse';

/** The phases of a run that has not ended, in the order it goes through them. */
const LIFE = [...unfinishedPhases(true)];

/**
 * The lists in which the trigger finds the runs of a resource.
 *
 * @param account ID of the credential: the memory of another account is not used
 * @throws RangeError when the resource has no list, or a filter cannot be applied to it
 */
export function eventSource(
	resource: string,
	client: ResourceClient,
	owner: OwnerFilter,
	account: string,
): EventSource {
	const { spec, provider } = client;
	if (!spec.list) {
		throw new RangeError(`${provider.title} has no list of ${spec.plural}, so the trigger cannot watch them`);
	}
	const { newestFirst } = spec.list;
	const query: Query = { ...newestFirst };
	applyOwner(client, query, owner);
	const status = withRole(spec, 'status');
	const unfinished = LIFE.flatMap((phase) =>
		(status?.options ?? []).filter((option) => phaseOf(spec, option) === phase),
	);
	const list = (filtered: Query): EventList => ({
		newestFirst: Object.keys(newestFirst).length > 0,
		page: pagesOf(client, filtered),
	});
	return {
		resource,
		client,
		scopeKey: JSON.stringify([account, owner.workflowId ?? '', owner.processorId ?? '']),
		all: list(query),
		unfinished: status ? unfinished.map((option) => list({ ...query, [status.param]: option })) : [],
		matches: (run) => isOwnedBy(spec, run, owner),
	};
}
