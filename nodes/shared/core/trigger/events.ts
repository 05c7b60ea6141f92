import type { Clock } from '../concurrency/clock';
import { type Scan, type EventList, scanList } from './scanList';
import type { RunRef } from './seenRuns';
import { ApiError } from '../requests/apiError';
import type { RequestQueue } from '../requests/requestQueue';
import { SECOND, TRIGGER } from '../config';
import type { RunClient } from '../runs/runClient';
import { type Phase, type Run, isTerminal } from '../runs/run';
import { type CancellationScope, isCancelReason } from '../concurrency/cancellationScope';

/** What a user can be told about a run. Each of them happens to a run once. */
export const EVENT_NAMES = ['cancelled', 'failed', 'finished', 'needsReview', 'stuck'] as const;

export type EventName = (typeof EVENT_NAMES)[number];

const ENDS: Partial<Record<Phase, EventName>> = {
	completed: 'finished',
	failed: 'failed',
	expired: 'failed',
	rejected: 'failed',
	cancelled: 'cancelled',
};

/** The runs of one resource, and where to look for them. */
export interface EventSource {
	resource: string;
	client: RunClient;
	/** What a memory of these runs belongs to: another account or another filter needs another memory. */
	scopeKey: string;
	/** All runs. */
	all: EventList;
	/** The runs in each status that is not an end, in the order of a run's life; none where the API cannot tell. */
	unfinished: readonly EventList[];
	/** Whether the user's filters allow for this run, judged by the run itself. */
	matches(run: Run): boolean;
}

export interface EventOptions {
	events: ReadonlySet<EventName>;
	/** Milliseconds since its creation after which a run that is not finished is stuck. */
	stuckAfter: number;
	/** Milliseconds: when the trigger begins, runs created within this time count as new. */
	lookBack: number;
	/** Milliseconds that a poll may take. */
	budget: number;
	/** Unix ms on the provider's clock, as far as it is known. */
	now(): number;
}

export interface PollDeps {
	requestQueue: RequestQueue;
	clock: Clock;
	scope: CancellationScope;
}

/** Where the trigger keeps what it knows. n8n stores it when it sees fit, at the latest with the next events. */
export interface EventStore {
	memory?: unknown;
}

export interface RunEvent {
	event: EventName;
	resource: string;
	run: Run;
	/** Unix ms on the provider's clock. */
	created?: number;
	/** Unix ms on our clock. */
	detected: number;
}

export interface PollResult {
	/** Runs in the order of their creation. */
	events: RunEvent[];
	/** What could not be read this time, one for each resource. Nothing is lost by it: the next poll looks again. */
	errors: Array<{ resource: string; error: ApiError }>;
	/** What had to be given up, in words. */
	warnings: string[];
}

/** What one poll works with. */
export interface Poll extends PollDeps {
	options: EventOptions;
	findings: PollResult;
}

/** The event that a run in this phase stands for, if it is one that is asked for. */
export function wanted(
	options: EventOptions,
	phase: Phase,
	created: number | undefined,
): EventName | undefined {
	const event = eventOf(options, phase, created);
	return event !== undefined && options.events.has(event) ? event : undefined;
}

export function eventOf(
	options: EventOptions,
	phase: Phase,
	created: number | undefined,
): EventName | undefined {
	if (phase === 'needsReview' || isTerminal(phase)) return ENDS[phase] ?? 'needsReview';
	return created !== undefined && options.now() - created >= options.stuckAfter ? 'stuck' : undefined;
}

export function creationOf(run: Run, { created }: RunRef): number | undefined {
	return run.created?.at ?? created ?? run.started?.at;
}

export function addEvent(
	{ clock, findings }: Poll,
	{ resource }: EventSource,
	event: EventName,
	run: Run,
	row: RunRef,
): void {
	findings.events.push({ event, resource, run, created: creationOf(run, row), detected: clock.now() });
}

/** Keeps a fault for the report. Anything else is a mistake of ours, and goes on. */
export function recordError(
	{ findings, options }: Poll,
	{ resource, client }: EventSource,
	thrown: unknown,
): undefined {
	const error = isCancelReason(thrown)
		? new ApiError(
				'network',
				`${client.title}: not everything could be read within the ${options.budget / SECOND} s of a poll`,
				{ hint: 'The next poll goes on. If this stays, choose fewer resources, or set a filter.' },
			)
		: thrown;
	if (!(error instanceof ApiError)) throw thrown;
	if (!findings.errors.some((one) => one.resource === resource)) findings.errors.push({ resource, error });
}

export function isNotFound(error: unknown): boolean {
	return error instanceof ApiError && error.kind === 'notFound';
}

/** The events that are asked for, as they are remembered: another limit makes another event of `stuck`. */
export function namesOf({ events, stuckAfter }: EventOptions): string[] {
	return [...events].map((event) => nameOf(event, stuckAfter)).sort();
}

export function nameOf(event: EventName, stuckAfter: number): string {
	return event === 'stuck' ? `${event}:${stuckAfter}` : event;
}

type Limits = Pick<Parameters<typeof scanList>[2], 'isDeepEnough' | 'pages'>;

/** Reads a list; what went wrong is noted. */
export async function scanNoted(
	work: Poll,
	source: EventSource,
	list: EventList,
	limits: Limits,
): Promise<Scan> {
	const latest = () => work.options.now() + TRIGGER.maxAhead;
	const listing = await scanList(work, list, { ...limits, latest });
	if (listing.error !== undefined) recordError(work, source, listing.error);
	return listing;
}

/** Reads a list as deep as it has to be. What lies behind more pages than that is given up. */
export async function scanDeep(
	work: Poll,
	source: EventSource,
	list: EventList,
	limits: Limits,
): Promise<Scan> {
	const listing = await scanNoted(work, source, list, limits);
	if (listing.whole || listing.error !== undefined) return listing;
	work.findings.warnings.push(
		`The list of "${source.resource}" runs is too long: only its first ${limits.pages} pages were looked through`,
	);
	return { ...listing, whole: true };
}
