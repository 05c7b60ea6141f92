import { SEEN_RUNS } from '../config';
import type { Plan } from './classify';
import { createdOf, eventKeys } from './events';
import type { Poll } from './poll';
import type { RunRead } from './readRuns';
import type { SeenRuns } from './seenRuns';
import { type EventStore, encode, saveResources, storedResources } from './seenRunsCodec';

/**
 * The only place that changes the memory. Nothing in here waits: an event gets into the result and the memory in the same
 * step, so it is reported once, and a poll that ends before this has changed nothing.
 *
 * @param resources all that are watched: one whose first poll failed keeps what it had, the memory of others is removed
 */
export function commit(
	poll: Poll,
	store: EventStore,
	resources: readonly string[],
	plans: ReadonlyArray<Plan<SeenRuns>>,
	reads: readonly RunRead[],
): void {
	for (const plan of plans) {
		const { memory, source, list } = plan.of;
		for (const run of plan.follow) memory.follow(run);
		for (const { run, event } of plan.remember) memory.report(run, event);
		for (const read of reads) if (read.source === source) applyRead(poll, memory, read);
		if (list.whole) advance(poll, plan, resources.length);
	}
	poll.result.events.sort((a, b) => (a.created ?? 0) - (b.created ?? 0));
	evictToSize(poll, plans);
	const before = storedResources(store);
	const after = new Map(plans.map(({ of }) => [of.source.resource, encode(of.memory)]));
	saveResources(store, Object.fromEntries(resources.map((one) => [one, after.get(one) ?? before[one]])));
}

function applyRead({ result }: Poll, memory: SeenRuns, { source, row, run, found, at }: RunRead): void {
	if (!run) {
		memory.open.delete(row.id);
	} else if (!source.matches(run)) {
		memory.finish(row);
	} else {
		const created = createdOf(run, row);
		const followed = memory.open.get(row.id);
		if (followed) followed.created ??= created;
		if (!found) return;
		memory.report(row, found.event);
		if (!found.isReported) return;
		result.events.push({ event: found.event, resource: source.resource, run, created, detected: at });
	}
}

function advance({ options }: Poll, { of, recent }: Plan<SeenRuns>, resources: number): void {
	const { memory, list, at } = of;
	memory.events = eventKeys(options);
	memory.done.forgetTimeless(recent.filter(({ created }) => created === undefined));
	const unfinished = recent.filter((run) => !memory.isDone(run) && !memory.open.has(run.id));
	memory.advance(unfinished, list.newest, at, (SEEN_RUNS.size * SEEN_RUNS.easyShare) / resources);
}

/** The memory must not outgrow what n8n can store: the oldest runs of the largest part of it are given up. */
function evictToSize({ result }: Poll, plans: ReadonlyArray<Plan<SeenRuns>>): void {
	const sizeOf = (memory: SeenRuns) => JSON.stringify(encode(memory)).length;
	const parts = plans.map(({ of }) => ({ of, size: sizeOf(of.memory) }));
	const evicted = new Map<string, number>();
	while (parts.reduce((sum, { size }) => sum + size, 0) > SEEN_RUNS.size) {
		const largest = parts.reduce((a, b) => (b.size > a.size ? b : a));
		const { memory, source } = largest.of;
		evicted.set(source.resource, (evicted.get(source.resource) ?? 0) + memory.evictOldest());
		largest.size = Math.min(largest.size - 1, sizeOf(memory));
	}
	for (const [resource, count] of evicted) {
		result.warnings.push(
			`Too many runs to remember: ${count} unfinished "${resource}" runs are no longer followed`,
		);
	}
}
