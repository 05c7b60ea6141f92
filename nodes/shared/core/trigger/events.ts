import type { RunClient, RunList } from '../runs/runClient';
import { type Phase, type Run, isTerminal } from '../runs/run';

/** What can be reported about a run, each once. */
export const EVENT_NAMES = ['cancelled', 'failed', 'finished', 'needsReview', 'stuck'] as const;

export type EventName = (typeof EVENT_NAMES)[number];

/** Events of a run that goes on. All others end it, and a run that has ended is remembered as done. */
export const INTERIM_EVENTS = ['needsReview', 'stuck'] as const satisfies readonly EventName[];

export type InterimEvent = (typeof INTERIM_EVENTS)[number];

const EVENT_OF_END: Partial<Record<Phase, EventName>> = {
	completed: 'finished',
	failed: 'failed',
	expired: 'failed',
	rejected: 'failed',
	cancelled: 'cancelled',
};

export interface RunRef {
	id: string;
	/** Unix ms on the provider's clock; absent when not known. */
	created?: number;
}

/** A run before it is read. */
export interface ListedRun extends RunRef {
	/** A hint; `unknown` when no list shows the run, or its row has no status. */
	phase: Phase;
}

export interface EventList {
	/** True where the API promises this order. Otherwise the order is derived from the rows. */
	newestFirst: boolean;
	page: RunList['page'];
}

/** The runs of one resource, and the lists that show them. */
export interface EventSource {
	resource: string;
	client: RunClient;
	/** The account and filters that the memory belongs to: with others it is of no use. */
	scopeKey: string;
	/** All runs. */
	all: EventList;
	/** The runs in each status that is not an end, in the order of a run's life; none where the API cannot filter. */
	unfinished: readonly EventList[];
	/** Whether the run itself passes the user's filters. */
	matches(run: Run): boolean;
}

export interface EventOptions {
	events: ReadonlySet<EventName>;
	/** Milliseconds since its creation after which a run that is not finished is stuck. */
	stuckAfter: number;
	/** Milliseconds: in the first poll, runs created within this time count as new. */
	lookBack: number;
	/** Milliseconds that a poll may take. */
	budget: number;
	/** Unix ms on the provider's clock, as far as it is known. */
	now(): number;
}

/** The event that a run in this phase stands for, asked for or not. */
export function eventOf(
	options: EventOptions,
	phase: Phase,
	created: number | undefined,
): EventName | undefined {
	if (phase === 'needsReview' || isTerminal(phase)) return EVENT_OF_END[phase] ?? 'needsReview';
	return created !== undefined && options.now() - created >= options.stuckAfter ? 'stuck' : undefined;
}

export function isInterim(event: EventName): event is InterimEvent {
	return event === 'needsReview' || event === 'stuck';
}

export function createdOf(run: Run, { created }: RunRef): number | undefined {
	return run.created?.at ?? created ?? run.started?.at;
}

/** An event as it is remembered: with another limit, `stuck` is another event. */
export function eventKey(event: EventName, { stuckAfter }: EventOptions): string {
	return event === 'stuck' ? `${event}:${stuckAfter}` : event;
}

export function eventKeys(options: EventOptions): string[] {
	return [...options.events].map((event) => eventKey(event, options)).sort();
}
