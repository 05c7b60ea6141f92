import { createHash } from 'crypto';

import { MINUTE, SEEN_RUNS, TRIGGER } from '../config';
import { type EventName, INTERIM_EVENTS, type InterimEvent, type RunRef, isInterim } from './events';

/** Stands for the minute of a run whose creation time is not known. */
export const TIMELESS = Number.NaN;

interface OpenRun {
	created?: number;
	reported: Set<InterimEvent>;
}

/** The memory for stages that must not change it. */
export interface KnownRuns extends Pick<SeenRuns, 'isPast' | 'isDone' | 'wasReported'> {
	readonly open: ReadonlyMap<string, unknown>;
}

/** Digests of runs that are done, and of events of unfinished ones, by the minute of their creation. */
class DoneRuns {
	readonly byMinute = new Map<number, Set<string>>();

	private readonly all = new Set<string>();

	/** @param key the id of a run, or `interimKey` */
	has(key: string): boolean {
		return formsOf(key).some((digest) => this.all.has(digest));
	}

	add(minute: number, key: string): void {
		this.addDigest(minute, digestOf(key));
	}

	addDigest(minute: number, digest: string): void {
		const digests = this.byMinute.get(minute) ?? new Set();
		digests.add(digest);
		this.byMinute.set(minute, digests);
		this.all.add(digest);
	}

	forget(minute: number): void {
		for (const digest of this.byMinute.get(minute) ?? []) this.all.delete(digest);
		this.byMinute.delete(minute);
	}

	/** Forgets runs without a creation time that a whole list did not show, once there are many. */
	forgetTimeless(shown: readonly RunRef[]): void {
		const digests = this.byMinute.get(TIMELESS);
		if (!digests || digests.size <= SEEN_RUNS.timeless) return;
		this.forget(TIMELESS);
		const keys = shown.flatMap(({ id }) => [id, ...INTERIM_EVENTS.map((event) => interimKey(id, event))]);
		for (const digest of keys.flatMap(formsOf)) if (digests.has(digest)) this.addDigest(TIMELESS, digest);
	}

	/** Characters of each digest when stored: once there are short ones, or very many, all are short. */
	width(): number {
		const isCrowded = this.all.size > SEEN_RUNS.manyDigests;
		const isShort = isCrowded || [...this.all].some((digest) => digest.length === SEEN_RUNS.shortDigest);
		return isShort ? SEEN_RUNS.shortDigest : SEEN_RUNS.digest;
	}
}

/**
 * What the trigger remembers about the runs of one resource, in little space however many there were.
 *
 * A run created before the watermark is done, unless it is in `open`; a run created since is still to be looked at,
 * unless it is in `done`. The watermark only passes times in which no run can turn up any more, and moves what is
 * unfinished there into `open`.
 *
 * Creation times are only compared with each other, and the delay of the lists is measured on our clock: the clocks of
 * n8n and of the provider need not agree.
 */
export class SeenRuns implements KnownRuns {
	/** Runs that are followed wherever the watermark is, by id. */
	readonly open = new Map<string, OpenRun>();

	readonly done = new DoneRuns();

	/** The newest creation (minute, the provider's clock) in a list that was read to the watermark, and when (ms, ours). */
	newestSeen?: { at: number; newest: number };

	/**
	 * @param scopeKey the account and filters that it belongs to
	 * @param events the keys of the events that were asked for so far: an event that is new is reported from now on
	 * @param watermark minute of the provider's clock
	 */
	constructor(
		readonly scopeKey: string,
		public events: readonly string[],
		public watermark: number,
	) {}

	/** True for a run before the watermark, false for a run without a creation time. */
	isPast({ created }: Pick<RunRef, 'created'>): boolean {
		return minuteOf(created) < this.watermark;
	}

	/** True for a run since the watermark that has ended. */
	isDone({ id }: RunRef): boolean {
		return this.done.has(id);
	}

	wasReported({ id }: RunRef, event: InterimEvent): boolean {
		return this.open.get(id)?.reported.has(event) ?? this.done.has(interimKey(id, event));
	}

	/** Remembers an event: an interim one as such, any other as the end of the run. */
	report(run: RunRef, event: EventName): void {
		if (!isInterim(event)) {
			this.finish(run);
			return;
		}
		const followed = this.open.get(run.id);
		if (followed) followed.reported.add(event);
		else this.done.add(minuteOf(run.created), interimKey(run.id, event));
	}

	follow(run: RunRef): void {
		if (this.open.has(run.id)) return;
		const reported = INTERIM_EVENTS.filter((event) => this.wasReported(run, event));
		this.open.set(run.id, { created: run.created, reported: new Set(reported) });
	}

	/** Remembers that a run can have no more events. */
	finish(run: RunRef): void {
		this.open.delete(run.id);
		if (!this.isPast(run)) this.done.add(minuteOf(run.created), run.id);
	}

	/**
	 * Moves the watermark on, after a list was read down to it.
	 *
	 * @param unfinished all runs since the watermark that are neither done nor followed
	 * @param newest latest creation time in the list (unix ms, the provider's clock)
	 * @param at when the list was read (unix ms, our clock)
	 * @param ease characters of memory up to which the watermark moves as far as it can; beyond, to where it takes least
	 */
	advance(unfinished: readonly RunRef[], newest: number | undefined, at: number, ease: number): void {
		const target = targetOf(this, newest, at);
		if (target <= this.watermark) return;
		const moving = unfinished.filter((run) => minuteOf(run.created) < target);
		this.watermark = cheapestWatermark(this, moving, target, ease);
		for (const run of moving) if (this.isPast(run)) this.follow(run);
		for (const minute of this.done.byMinute.keys()) if (minute < this.watermark) this.done.forget(minute);
	}

	/**
	 * Forgets the oldest tenth of the followed runs. When there are none, forgets the oldest minute of done ones, with all
	 * that was unfinished then.
	 *
	 * @returns how many followed runs were given up
	 */
	evictOldest(): number {
		const oldest = [...this.open]
			.sort(([, a], [, b]) => (a.created ?? 0) - (b.created ?? 0))
			.slice(0, Math.ceil(this.open.size / 10));
		oldest.forEach(([id]) => this.open.delete(id));
		if (oldest.length === 0) {
			const [first = TIMELESS] = [...this.done.byMinute.keys()].sort((a, b) => a - b);
			this.done.forget(first);
			if (!Number.isNaN(first)) this.watermark = first + 1;
		}
		return oldest.length;
	}
}

export function minuteOf(created: number | undefined): number {
	return created === undefined ? TIMELESS : Math.floor(created / MINUTE);
}

function interimKey(id: string, event: InterimEvent): string {
	return `${id} ${event}`;
}

function digestOf(key: string): string {
	return createHash('sha256').update(key).digest('base64url').slice(0, SEEN_RUNS.digest);
}

/** A digest as it is made, and as it may be stored. */
function formsOf(key: string): string[] {
	const digest = digestOf(key);
	return [digest, digest.slice(0, SEEN_RUNS.shortDigest)];
}

/**
 * The minute before which every run is in the list by now: a little after the newest creation of a while ago, so that a
 * list without new runs is not read down to that one in each poll.
 */
function targetOf(memory: SeenRuns, newest: number | undefined, at: number): number {
	const { newestSeen, watermark } = memory;
	// A clock that was set back says nothing about how long ago something was.
	const isKnown = newestSeen !== undefined && at >= newestSeen.at;
	if (isKnown && at - newestSeen.at < TRIGGER.listDelay + TRIGGER.pastNewest) return watermark;
	if (newest !== undefined) memory.newestSeen = { at, newest: minuteOf(newest) };
	return isKnown ? newestSeen.newest + TRIGGER.pastNewest / MINUTE : watermark;
}

/** @param moving the unfinished runs before the target: those before the watermark have to be followed */
function cheapestWatermark(
	{ watermark, open, done }: SeenRuns,
	moving: readonly RunRef[],
	target: number,
	ease: number,
): number {
	const costOfOpen = (id: string) => SEEN_RUNS.openOverhead + id.length;
	const width = done.width();
	let cost = [...open.keys()].reduce((sum, id) => sum + costOfOpen(id), 0);
	/** By how much the memory grows when the watermark passes a minute. */
	const growth = new Map<number, number>();
	for (const [minute, digests] of done.byMinute) {
		const size = SEEN_RUNS.minuteOverhead + digests.size * width;
		cost += size;
		if (minute < target) growth.set(minute, -size);
	}
	for (const { id, created } of moving) {
		const minute = minuteOf(created);
		growth.set(minute, (growth.get(minute) ?? 0) + costOfOpen(id));
	}
	let best = { watermark, cost };
	for (const [minute, grown] of [...growth].sort(([a], [b]) => a - b)) {
		if (cost <= Math.max(ease, best.cost)) best = { watermark: minute, cost };
		cost += grown;
	}
	return cost <= Math.max(ease, best.cost) ? target : best.watermark;
}
