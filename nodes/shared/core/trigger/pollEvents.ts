import { SeenRuns } from './seenRuns';
import { type ResourcePoll, firstPoll, applyRead, nextPoll, markReported } from './resourcePoll';
import {
	type EventOptions,
	type EventSource,
	type EventStore,
	type PollDeps,
	type PollResult,
	type Poll,
	creationOf,
	isNotFound,
	namesOf,
	recordError,
	scanNoted,
	addEvent,
	wanted,
} from './events';
import type { Sighting } from './scanList';
import { SEEN_RUNS, TRIGGER } from '../config';
import { call } from '../requests/retry';

/** Stores of polls under way: the next poll of the same node must not see half of it, nor add to the requests. */
const underWay = new WeakSet<EventStore>();

/**
 * One poll: what happened to the runs since the last one.
 *
 * List rows are hints where to look; an event follows from a read of the run itself. It happens once: in the same step in
 * which it is given out, `store` changes. A resource that fails does not hold up the others. To start again from an older
 * content of `store` costs requests, but neither loses an event nor repeats one that was given out before it was stored.
 *
 * Gives back nothing while an earlier poll with the same store is under way.
 */
export async function pollEvents(
	deps: PollDeps,
	sources: readonly EventSource[],
	options: EventOptions,
	store: EventStore,
): Promise<PollResult | undefined> {
	if (underWay.has(store)) return undefined;
	underWay.add(store);
	const scope = deps.scope.child();
	deps.clock.sleep(options.budget, scope.signal).then(
		() => scope.cancel('deadline'),
		() => undefined,
	);
	try {
		const work: Poll = { ...deps, scope, options, findings: { events: [], errors: [], warnings: [] } };
		const before = storedMemories(store);
		const looks = await lookAtAll(work, sources, before);
		await readRuns(work, looks);
		for (const look of looks) finishPoll(work, look, sources.length);
		const memories = new Map(looks.map(({ source, memory }) => [source.resource, memory]));
		keepSmall(work, memories);
		saveMemories(store, sources, before, memories);
		work.findings.events.sort((a, b) => (a.created ?? 0) - (b.created ?? 0));
		return work.findings;
	} finally {
		underWay.delete(store);
		scope.dispose();
	}
}

/** Runs whose state is an event that is asked for, as examples: the newest ones, `TRIGGER.examples` at most. */
export async function findExamples(
	deps: PollDeps,
	sources: readonly EventSource[],
	options: EventOptions,
): Promise<PollResult> {
	const work: Poll = { ...deps, options, findings: { events: [], errors: [], warnings: [] } };
	const limits = { isDeepEnough: () => false, pages: TRIGGER.examplePages };
	const found = await Promise.all(
		sources.map(async (source) => {
			const isInterim = options.events.has('needsReview') || options.events.has('stuck');
			const lists = isInterim ? [source.all, ...source.unfinished] : [source.all];
			const listings = await Promise.all(lists.map((list) => scanNoted(work, source, list, limits)));
			const rows = new Map(listings.flatMap((listing) => listing.rows.map((row) => [row.id, row] as const)));
			return [...rows.values()]
				.filter((row) => row.phase === 'unknown' || wanted(options, row.phase, row.created))
				.map((row) => ({ source, row }));
		}),
	);
	const newestFirst = found.flat().sort((a, b) => (b.row.created ?? 0) - (a.row.created ?? 0));
	for (const { source, row } of newestFirst.slice(0, TRIGGER.exampleReads)) {
		if (work.findings.events.length >= TRIGGER.examples) break;
		try {
			const run = await call(work, (signal) => source.client.read(row.id, 'full', signal));
			const event = wanted(options, run.phase, creationOf(run, row));
			if (event && source.matches(run)) addEvent(work, source, event, run, row);
		} catch (error) {
			recordError(work, source, error);
		}
	}
	return work.findings;
}

/** Changes when what is stored can no longer be read by another version of this package. */
const VERSION = 1;

type Memories = Readonly<Record<string, unknown>>;

function storedMemories({ memory }: EventStore): Memories {
	const { version, resources } = (memory ?? {}) as { version?: unknown; resources?: Memories };
	return version === VERSION ? { ...resources } : {};
}

/** What failed altogether keeps what it had; what is not asked for any more goes. */
function saveMemories(
	store: EventStore,
	sources: readonly EventSource[],
	before: Memories,
	memories: ReadonlyMap<string, SeenRuns>,
): void {
	const resources: Record<string, unknown> = {};
	for (const { resource } of sources) {
		const kept: unknown = memories.get(resource)?.store() ?? before[resource];
		if (kept !== undefined) resources[resource] = kept;
	}
	if (JSON.stringify(resources) !== JSON.stringify(before)) store.memory = { version: VERSION, resources };
}

async function lookAtAll(
	work: Poll,
	sources: readonly EventSource[],
	before: Memories,
): Promise<ResourcePoll[]> {
	const looks = await Promise.all(
		sources.map(async (source) => {
			const memory = SeenRuns.load(before[source.resource]);
			return memory?.scopeKey === source.scopeKey
				? await nextPoll(work, source, memory)
				: await firstPoll(work, source);
		}),
	);
	return looks.flatMap((look) => look ?? []);
}

/** Reads what may have news: first what a list has news of, oldest first, then what no list knows, in random order. */
async function readRuns(work: Poll, looks: readonly ResourcePoll[]): Promise<void> {
	const all = looks.flatMap((look) => look.toRead.map((run) => ({ look, run, chance: work.clock.random() })));
	const certain = all.filter(({ run }) => run.phase !== 'unknown');
	const uncertain = all.filter(({ run }) => run.phase === 'unknown');
	certain.sort((a, b) => (a.run.created ?? 0) - (b.run.created ?? 0));
	uncertain.sort((a, b) => a.chance - b.chance);
	const queue = [...certain, ...uncertain];
	await Promise.all(queue.slice(0, TRIGGER.reads).map(({ look, run }) => readRun(work, look, run)));
}

async function readRun(work: Poll, look: ResourcePoll, sighting: Sighting): Promise<void> {
	const { source, memory } = look;
	const read = (view: 'light' | 'full') =>
		call(work, (signal) => source.client.read(sighting.id, view, signal));
	try {
		const isHinted = sighting.phase !== 'unknown';
		const first = await read(isHinted ? 'full' : 'light');
		if (!applyRead(work, look, sighting, first)) return;
		const run = isHinted || !source.client.hasLightReads ? first : await read('full');
		const event = applyRead(work, look, sighting, run);
		if (!event) return;
		markReported(look, event, sighting);
		addEvent(work, source, event, run, sighting);
	} catch (error) {
		// Deleted: there is nothing to come from it any more.
		if (isNotFound(error) && look.listing.whole) memory.open.delete(sighting.id);
		else recordError(work, source, error);
	}
}

/** Draws the conclusions of a look, once the runs are read. */
function finishPoll(
	{ options }: Poll,
	{ memory, listing, recent, at }: ResourcePoll,
	resources: number,
): void {
	if (!listing.whole) return;
	memory.events = namesOf(options);
	memory.forgetTimeless(recent.filter(({ created }) => created === undefined));
	const unfinished = recent.filter((run) => !memory.isDone(run) && !memory.open.has(run.id));
	memory.advance(unfinished, listing.newest, at, (SEEN_RUNS.size * SEEN_RUNS.easyShare) / resources);
}

/** What is remembered must not outgrow what n8n stores with ease: before that, the oldest is given up. */
function keepSmall({ findings }: Poll, memories: ReadonlyMap<string, SeenRuns>): void {
	const sizeOf = (memory: SeenRuns) => JSON.stringify(memory.store()).length;
	const sizes = new Map([...memories].map(([resource, memory]) => [resource, sizeOf(memory)]));
	const givenUp = new Map<string, number>();
	const total = () => [...sizes.values()].reduce((sum, size) => sum + size, 0);
	while (total() > SEEN_RUNS.size) {
		const [[resource, size] = ['', 0]] = [...sizes].sort(([, a], [, b]) => b - a);
		const memory = memories.get(resource);
		if (!memory) return;
		givenUp.set(resource, (givenUp.get(resource) ?? 0) + memory.evictOldest());
		sizes.set(resource, Math.min(size - 1, sizeOf(memory)));
	}
	for (const [resource, count] of givenUp) {
		findings.warnings.push(
			`More is going on than can be remembered: ${count} unfinished "${resource}" runs are no longer followed`,
		);
	}
}
