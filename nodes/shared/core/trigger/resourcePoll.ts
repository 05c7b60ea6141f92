import type { Scan, Sighting } from './scanList';
import { SeenRuns, type Interim, type RunRef } from './seenRuns';
import {
	type EventName,
	type EventOptions,
	type EventSource,
	type Poll,
	creationOf,
	eventOf,
	isNotFound,
	nameOf,
	namesOf,
	recordError,
	scanDeep,
	scanNoted,
} from './events';
import { TRIGGER } from '../config';
import { call } from '../requests/retry';
import { type Phase, type Run, isTerminal } from '../runs/run';

/** What one poll knows about the runs of one resource. */
export interface ResourcePoll {
	source: EventSource;
	memory: SeenRuns;
	/** True for what is so already when the trigger begins, or begins to report it: it is noted, not reported. */
	isOld(event: EventName, run: RunRef): boolean;
	/** The list of all runs, read down to the watermark where nothing went wrong. */
	listing: Scan;
	/** Those of its runs that were created since the watermark. */
	recent: Sighting[];
	toRead: Sighting[];
	/** When the list was read, on our clock. */
	at: number;
}

/**
 * The first look at a resource: notes what is over, and follows what is not. Gives back nothing when that could not be
 * done as a whole; then the next poll begins.
 */
export async function firstPoll(work: Poll, source: EventSource): Promise<ResourcePoll | undefined> {
	const { options } = work;
	const newSince = () => (options.lookBack > 0 ? options.now() - options.lookBack : Number.POSITIVE_INFINITY);
	const start = (newest: number) => Math.min(newest - TRIGGER.listDelay, newSince());
	const hasLists = source.unfinished.length > 0;
	const at = work.clock.now();
	const listing = await scanDeep(work, source, source.all, {
		// Without lists of unfinished runs, they have to be found among all.
		isDeepEnough: (youngest, newest) => hasLists && youngest < start(newest),
		pages: hasLists ? TRIGGER.pages : TRIGGER.searchPages,
	});
	const unfinished = await listUnfinished(work, source);
	if (!listing.whole || !unfinished) return undefined;
	const since = newSince();
	const isOld = ({ created }: RunRef) => created === undefined || created < since;
	const oldRecords = [...listing.rows, ...unfinished].filter((row) => row.phase === 'unknown' && isOld(row));
	if (!(await findPhases(work, source, oldRecords))) return undefined;

	const memory = new SeenRuns(source.scopeKey, namesOf(options));
	if (listing.newest !== undefined) memory.setWatermark(start(listing.newest));
	const look: ResourcePoll = {
		...lookFrom(source, memory, listing, at),
		isOld: (_event, run) => isOld(run),
	};
	for (const row of [...listing.rows, ...unfinished]) {
		const isRecent = row.created !== undefined && !memory.isPast(row);
		if (isRecent || isTerminal(row.phase) || memory.open.has(row.id)) continue;
		memory.follow(row);
		classify(work, look, row);
	}
	classifyRecent(work, look);
	return look;
}

/** Every unfinished run, wherever it is; nothing when a list could not be read to its end. */
async function listUnfinished(work: Poll, source: EventSource): Promise<Sighting[] | undefined> {
	const found = new Map<string, Sighting>();
	// Runs that end while their list is read may make others slip to a page that was read already.
	for (let pass = 0; pass < TRIGGER.passes; pass++) {
		const before = found.size;
		let paged = false;
		// One list after the other, in the order of a run's life: one that moves on meanwhile is met in the next.
		for (const list of source.unfinished) {
			const limits = { isDeepEnough: () => false, pages: TRIGGER.pages };
			const listing = await scanDeep(work, source, list, limits);
			if (!listing.whole) return undefined;
			paged ||= listing.pages > 1;
			for (const row of listing.rows) found.set(row.id, row);
		}
		if (!paged || found.size === before) break;
	}
	return [...found.values()];
}

/**
 * Reads runs whose rows do not tell their status, and puts it in: whether such a run is over when the trigger begins can
 * only be learned then. So many rows without one are old records: what lies beyond `TRIGGER.reads` is taken as over.
 *
 * Gives back false when one could not be read.
 */
async function findPhases(work: Poll, source: EventSource, rows: readonly Sighting[]): Promise<boolean> {
	const found = await Promise.all(
		rows.slice(0, TRIGGER.reads).map(async (row) => {
			try {
				const run = await call(work, (signal) => source.client.read(row.id, 'light', signal));
				row.phase = run.phase;
				return true;
			} catch (error) {
				if (isNotFound(error)) row.phase = 'completed';
				else recordError(work, source, error);
				return isNotFound(error);
			}
		}),
	);
	for (const row of rows.slice(TRIGGER.reads)) row.phase = 'completed';
	return !found.includes(false);
}

/** Goes on from what is known. */
export async function nextPoll(work: Poll, source: EventSource, memory: SeenRuns): Promise<ResourcePoll> {
	const at = work.clock.now();
	const listing = await scanDeep(work, source, source.all, {
		isDeepEnough: (youngest) => memory.isPast({ id: '', created: youngest }),
		pages: TRIGGER.pages,
	});
	const known = new Set(memory.events);
	const look: ResourcePoll = {
		...lookFrom(source, memory, listing, at),
		isOld: (event) => !known.has(nameOf(event, work.options.stuckAfter)),
	};
	const listed = new Map(listing.rows.map((row) => [row.id, row.phase]));
	const followed = [...memory.open].map(([id, { created }]) => ({ id, created }));
	const hidden = followed.filter(({ id }) => !listed.has(id));
	const phaseOfHidden = await lookUp(work, source, hidden);
	for (const run of followed) {
		const phase = listed.get(run.id) ?? phaseOfHidden(run.id);
		if (phase) classify(work, look, { ...run, phase });
	}
	classifyRecent(work, look);
	return look;
}

/**
 * What the lists of unfinished runs say about runs: a phase, `unknown` where the run has to be read, nothing where it
 * cannot be looked up this time.
 */
async function lookUp(
	work: Poll,
	source: EventSource,
	runs: readonly RunRef[],
): Promise<(id: string) => Phase | undefined> {
	const found = new Map<string, Phase>();
	// With more pages than runs, it is cheaper to read the runs.
	let pages = source.unfinished.length > 0 && runs.length > TRIGGER.directReads ? runs.length : 0;
	for (const list of source.unfinished) {
		if (pages <= 0) break;
		const listing = await scanNoted(work, source, list, { isDeepEnough: () => false, pages });
		for (const { id, phase } of listing.rows) found.set(id, phase);
		pages -= listing.pages;
		// Not to be found in a list that failed says nothing, and hundreds of reads would not help a server in trouble.
		if (listing.error !== undefined) return (id) => found.get(id);
	}
	return (id) => found.get(id) ?? 'unknown';
}

function lookFrom(
	source: EventSource,
	memory: SeenRuns,
	listing: Scan,
	at: number,
): Pick<ResourcePoll, 'source' | 'memory' | 'listing' | 'recent' | 'toRead' | 'at'> {
	let passed = false;
	const recent = new Map<string, Sighting>();
	for (const row of listing.rows) {
		passed ||= listing.newestFirst && memory.isPast(row);
		// What has no time of its own is as old as what surrounds it.
		const isRecent = row.created === undefined ? !passed : !memory.isPast(row);
		if (isRecent) recent.set(row.id, row);
	}
	return { source, memory, listing, recent: [...recent.values()], toRead: [], at };
}

function classifyRecent(work: Poll, look: ResourcePoll): void {
	const { memory } = look;
	for (const row of look.recent) {
		if (memory.open.has(row.id) || memory.isDone(row)) continue;
		// Where nothing tells how old it is, no watermark will ever take it over.
		if (row.created === undefined && !isTerminal(row.phase)) memory.follow(row);
		classify(work, look, row);
	}
}

/** Decides by a hint: nothing new, nothing that is asked for, or a run to read. */
function classify({ options }: Poll, look: ResourcePoll, run: Sighting): void {
	if (run.phase === 'unknown') {
		look.toRead.push(run);
		return;
	}
	const event = newEventOf(options, look, run, run.phase, run.created);
	if (event === undefined) return;
	if (isAskedFor(options, look, event, run)) look.toRead.push(run);
	else markReported(look, event, run);
}

/** The event that a run in this phase stands for, unless it was told before. */
function newEventOf(
	options: EventOptions,
	{ memory }: ResourcePoll,
	run: RunRef,
	phase: Phase,
	created: number | undefined,
): EventName | undefined {
	const event = eventOf(options, phase, created);
	return event !== undefined && isInterim(event) && memory.wasReported(run, event) ? undefined : event;
}

function isAskedFor(options: EventOptions, look: ResourcePoll, event: EventName, run: RunRef): boolean {
	return options.events.has(event) && !look.isOld(event, run);
}

function isInterim(event: EventName): event is Interim {
	return event === 'needsReview' || event === 'stuck';
}

/** Remembers an event, reported or not. */
export function markReported({ memory }: ResourcePoll, event: EventName, run: RunRef): void {
	if (isInterim(event)) memory.report(run, event);
	else memory.finish(run);
}

/** Remembers what a read says. Gives back the event that is to be reported, if there is one. */
export function applyRead(
	{ options }: Poll,
	look: ResourcePoll,
	sighting: Sighting,
	run: Run,
): EventName | undefined {
	const { source, memory } = look;
	if (!source.matches(run)) {
		memory.finish(sighting);
		return undefined;
	}
	const created = creationOf(run, sighting);
	const followed = memory.open.get(sighting.id);
	if (followed) followed.created ??= created;
	const event = newEventOf(options, look, sighting, run.phase, created);
	if (event === undefined || isAskedFor(options, look, event, sighting)) return event;
	markReported(look, event, sighting);
	return undefined;
}
