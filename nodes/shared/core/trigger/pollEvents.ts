import type { CallDeps } from '../requests/retry';
import { classify } from './classify';
import { commit } from './commit';
import type { EventOptions, EventSource } from './events';
import type { Poll, PollResult } from './poll';
import { readRuns } from './readRuns';
import { firstPoll, nextPoll } from './resourcePoll';
import { type EventStore, decode, storedResources } from './seenRunsCodec';

/** Stores of polls that are running: a second poll of the same node would report the same events again. */
const polling = new WeakSet<EventStore>();

/**
 * One poll, in four stages: scan the lists, classify what they show, read the runs that may have an event, and commit the
 * events to the result and to the memory. A resource that fails does not hold up the others. A poll that starts from an
 * older content of `store` costs requests, but neither loses an event nor repeats one of before that content.
 *
 * Returns nothing while an earlier poll with the same store is running.
 */
export async function pollEvents(
	deps: CallDeps,
	sources: readonly EventSource[],
	options: EventOptions,
	store: EventStore,
): Promise<PollResult | undefined> {
	if (polling.has(store)) return undefined;
	polling.add(store);
	const scope = deps.scope.child();
	scope.cancelIn(options.budget, 'deadline', deps.clock);
	try {
		const poll: Poll = { ...deps, scope, options, result: { events: [], errors: [], warnings: [] } };
		const stored = storedResources(store);
		const scans = await Promise.all(sources.map((source) => scan(poll, source, stored[source.resource])));
		const plans = scans.flatMap((one) => (one ? [classify(options, one)] : []));
		const reads = await readRuns(poll, plans);
		const resources = sources.map(({ resource }) => resource);
		commit(poll, store, resources, plans, reads);
		return poll.result;
	} finally {
		polling.delete(store);
		scope.dispose();
	}
}

function scan(poll: Poll, source: EventSource, stored: unknown): ReturnType<typeof firstPoll> {
	const memory = decode(stored);
	return memory?.scopeKey === source.scopeKey ? nextPoll(poll, source, memory) : firstPoll(poll, source);
}
