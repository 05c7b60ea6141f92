import { TRIGGER } from '../config';
import { type Phase, isTerminal } from '../runs/run';
import { type EventName, type EventSource, type ListedRun, type RunRef, eventKey, eventKeys } from './events';
import { type Poll, readRun } from './poll';
import { type Scan, scanList } from './scanList';
import { type KnownRuns, SeenRuns, minuteOf } from './seenRuns';

/** What the lists of one resource show in one poll. Only `commit` gets a memory that it can change. */
export interface ResourcePoll<Memory extends KnownRuns = KnownRuns> {
	source: EventSource;
	memory: Memory;
	/** The list of all runs, down to the watermark where nothing failed. */
	list: Scan;
	/** Runs that are followed wherever the watermark is. */
	followed: ListedRun[];
	/** True for events of before the trigger was activated, or of before it was asked for them: these are not reported. */
	isOld(event: EventName, run: RunRef): boolean;
	/** When the list was read (unix ms, our clock). */
	at: number;
}

type Scanned = ResourcePoll<SeenRuns>;

/**
 * The first poll of a resource: finds the unfinished runs, to follow them, and where the watermark is to start. Returns
 * nothing after an error: then the next poll is the first.
 */
export async function firstPoll(poll: Poll, source: EventSource): Promise<Scanned | undefined> {
	const { options, clock } = poll;
	const newSince = () => (options.lookBack > 0 ? options.now() - options.lookBack : Number.POSITIVE_INFINITY);
	const start = (newest: number) => Math.min(newest - TRIGGER.listDelay, newSince());
	const hasLists = source.unfinished.length > 0;
	const at = clock.now();
	const list = await scanList(poll, source, source.all, {
		skipsRest: true,
		// Without lists of unfinished runs, they have to be found among all.
		isDeepEnough: (youngest, newest) => hasLists && youngest < start(newest),
		pages: hasLists ? TRIGGER.pages : TRIGGER.searchPages,
	});
	const unfinished = await listUnfinished(poll, source);
	if (!list.whole || !unfinished) return undefined;
	const since = newSince();
	const isOld = ({ created }: RunRef) => created === undefined || created < since;
	const rows = [...list.rows, ...unfinished];
	const oldRows = rows.filter((row) => row.phase === 'unknown' && isOld(row));
	if (!(await findPhases(poll, source, oldRows))) return undefined;

	const watermark = list.newest === undefined ? 0 : minuteOf(start(list.newest));
	const memory = new SeenRuns(source.scopeKey, eventKeys(options), watermark);
	const followed = new Map<string, ListedRun>();
	for (const row of rows) {
		const isRecent = row.created !== undefined && !memory.isPast(row);
		if (!isRecent && !isTerminal(row.phase) && !followed.has(row.id)) followed.set(row.id, row);
	}
	return { source, memory, list, followed: [...followed.values()], isOld: (_event, run) => isOld(run), at };
}

/** Every unfinished run, however old; nothing when a list could not be read to its end. */
async function listUnfinished(poll: Poll, source: EventSource): Promise<ListedRun[] | undefined> {
	const found = new Map<string, ListedRun>();
	// Runs that end while their list is read may move others to a page that was read already.
	for (let pass = 0; pass < TRIGGER.passes; pass++) {
		const before = found.size;
		let paged = false;
		// One list after the other, in the order of a run's life: a run that moves on meanwhile is in the next list.
		for (const list of source.unfinished) {
			const scan = await scanList(poll, source, list, { pages: TRIGGER.pages, skipsRest: true });
			if (!scan.whole) return undefined;
			paged ||= scan.pages > 1;
			for (const row of scan.rows) found.set(row.id, row);
		}
		if (!paged || found.size === before) break;
	}
	return [...found.values()];
}

/**
 * Reads runs whose rows have no status, and fills it in: only before the first poll ends can a run that was over be told
 * from one that ends later. So many such rows are old records: those beyond `TRIGGER.reads` are taken as over.
 *
 * Returns false when one could not be read.
 */
async function findPhases(poll: Poll, source: EventSource, rows: readonly ListedRun[]): Promise<boolean> {
	const read = await Promise.all(
		rows.slice(0, TRIGGER.reads).map(({ id }) => readRun(poll, source, id, 'light', true)),
	);
	for (const [index, row] of rows.entries()) {
		const run = read[index];
		row.phase = run && run !== 'deleted' ? run.phase : 'completed';
	}
	return !read.includes(undefined);
}

/** Every poll after the first: lists what was created since the watermark, and looks up the runs that are followed. */
export async function nextPoll(poll: Poll, source: EventSource, memory: SeenRuns): Promise<Scanned> {
	const at = poll.clock.now();
	const list = await scanList(poll, source, source.all, {
		skipsRest: true,
		isDeepEnough: (youngest) => memory.isPast({ created: youngest }),
		pages: TRIGGER.pages,
	});
	const listed = new Map(list.rows.map((row) => [row.id, row.phase]));
	const open = [...memory.open].map(([id, { created }]) => ({ id, created }));
	const hidden = open.filter(({ id }) => !listed.has(id));
	const lookedUp = await lookUp(poll, source, hidden);
	const followed = open.flatMap((run) => {
		const phase = listed.get(run.id) ?? lookedUp(run.id);
		return phase ? [{ ...run, phase }] : [];
	});
	const known = new Set(memory.events);
	const isOld = (event: EventName) => !known.has(eventKey(event, poll.options));
	return { source, memory, list, followed, isOld, at };
}

/**
 * What the lists of unfinished runs say about runs: a phase, `unknown` where the run has to be read, nothing where it
 * cannot be looked up in this poll.
 */
async function lookUp(
	poll: Poll,
	source: EventSource,
	runs: readonly RunRef[],
): Promise<(id: string) => Phase | undefined> {
	const found = new Map<string, Phase>();
	// With more pages than runs, it is cheaper to read the runs.
	let pages = runs.length > TRIGGER.directReads ? runs.length : 0;
	for (const list of source.unfinished) {
		if (pages <= 0) break;
		const scan = await scanList(poll, source, list, { pages });
		for (const { id, phase } of scan.rows) found.set(id, phase);
		pages -= scan.pages;
		// A run may be missing because the list failed, and hundreds of reads would add to the load of a failing server.
		if (scan.failed) return (id) => found.get(id);
	}
	return (id) => found.get(id) ?? 'unknown';
}
