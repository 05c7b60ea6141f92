import { type Phase, type Run, isTerminal } from '../runs/run';
import {
	type EventName,
	type EventOptions,
	type ListedRun,
	type RunRef,
	createdOf,
	eventOf,
	isInterim,
} from './events';
import type { ResourcePoll } from './resourcePoll';
import type { KnownRuns } from './seenRuns';

/** An event that is new. */
export interface NewEvent {
	event: EventName;
	/** False for an event that nobody asked for, or an old one: it is remembered, not reported. */
	isReported: boolean;
}

/** What follows from the lists of one resource. */
export interface Plan<Memory extends KnownRuns = KnownRuns> {
	of: ResourcePoll<Memory>;
	/** Runs since the watermark. */
	recent: ListedRun[];
	/** Runs to follow from now on, if they are not followed already. */
	follow: RunRef[];
	/** Events to remember without a report, and so without a read. */
	remember: Array<{ run: RunRef; event: EventName }>;
	/** Runs to read: a row is a hint, only a read leads to a report. */
	read: ListedRun[];
}

/** Decides what to do about each run that the lists show. Changes nothing. */
export function classify<Memory extends KnownRuns>(
	options: EventOptions,
	of: ResourcePoll<Memory>,
): Plan<Memory> {
	const { memory, followed } = of;
	const plan: Plan<Memory> = { of, recent: recentRuns(of), follow: [...followed], remember: [], read: [] };
	const isFollowed = new Set([...memory.open.keys(), ...followed.map(({ id }) => id)]);
	const unseen = plan.recent.filter((row) => !isFollowed.has(row.id) && !memory.isDone(row));
	// The watermark never passes a run without a creation time.
	plan.follow.push(...unseen.filter((row) => row.created === undefined && !isTerminal(row.phase)));
	for (const run of [...followed, ...unseen]) {
		const found = newEventOf(options, of, run, run.phase, run.created);
		if (run.phase === 'unknown' || found?.isReported) plan.read.push(run);
		else if (found) plan.remember.push({ run, event: found.event });
	}
	return plan;
}

/** Decides what a read of a run means. Changes nothing. */
export function classifyRead(
	options: EventOptions,
	of: ResourcePoll,
	row: ListedRun,
	run: Run,
): NewEvent | undefined {
	if (!of.source.matches(run)) return undefined;
	return newEventOf(options, of, row, run.phase, createdOf(run, row));
}

function newEventOf(
	options: EventOptions,
	{ memory, isOld }: Pick<ResourcePoll, 'memory' | 'isOld'>,
	run: RunRef,
	phase: Phase,
	created: number | undefined,
): NewEvent | undefined {
	const event = eventOf(options, phase, created);
	if (event === undefined || (isInterim(event) && memory.wasReported(run, event))) return undefined;
	return { event, isReported: options.events.has(event) && !isOld(event, run) };
}

function recentRuns({ list, memory }: ResourcePoll): ListedRun[] {
	let passed = false;
	const recent = new Map<string, ListedRun>();
	for (const row of list.rows) {
		passed ||= list.newestFirst && memory.isPast(row);
		// A row without a creation time is as old as the rows around it.
		const isRecent = row.created === undefined ? !passed : !memory.isPast(row);
		if (isRecent) recent.set(row.id, row);
	}
	return [...recent.values()];
}
