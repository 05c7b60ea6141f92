import { createHash } from 'crypto';
import { z } from 'zod';

import { SEEN_RUNS, MINUTE, TRIGGER } from '../config';

/** Events of a run that goes on. The event of its end needs no memory of its own: with it the run is done. */
export type Interim = 'needsReview' | 'stuck';

/** A run as a list shows it. */
export interface RunRef {
	id: string;
	/** Unix ms on the provider's clock; absent when nothing tells. */
	created?: number;
}

interface OpenRun {
	created?: number;
	reported: Set<Interim>;
}

const stored = z.object({
	fits: z.string(),
	events: z.array(z.string()),
	from: z.number(),
	mark: z.tuple([z.number(), z.number()]).optional(),
	width: z.number().int().positive(),
	done: z.record(z.string()),
	open: z.array(z.tuple([z.string(), z.number(), z.string()])),
});

/** As it is stored: plain JSON, minutes in base 36, the digests of a minute in one text, letters for what was told. */
export type StoredSeenRuns = z.infer<typeof stored>;

const RADIX = 36;

const LETTERS: ReadonlyArray<readonly [Interim, string]> = [
	['needsReview', 'r'],
	['stuck', 's'],
];

/** Stands for the minute of a run whose creation time nobody knows. */
const TIMELESS = Number.NaN;

/**
 * What the trigger knows about the runs of one resource: little, however many there were.
 *
 * A watermark, `from`, divides them. A run created before it is done, unless it is in `open`; a run created since is still
 * to be looked at, unless it is in `done`. The watermark only moves over times in which no run can turn up any more, and
 * puts what is unfinished there into `open`.
 *
 * Creation times are only ever compared with each other, and the delay of the lists is measured as time that passes
 * here: the clocks of n8n and of the provider need not agree.
 */
export class SeenRuns {
	/** The runs that are followed wherever the watermark is, by id. */
	readonly open = new Map<string, OpenRun>();

	/** Digests of runs, and of what was told about them, by the minute of their creation. */
	private readonly done = new Map<number, Set<string>>();

	private readonly allDone = new Set<string>();

	/** Minute of the provider's clock. */
	private watermark = 0;

	/** The newest creation (minute, the provider's clock) in a list that was read to the watermark, and when (ms, ours). */
	private newestSeen?: { at: number; newest: number };

	/**
	 * @param scopeKey what the memory belongs to (account, filters): with anything else it is worthless
	 * @param events what was reported so far: an event that is new starts from now
	 */
	constructor(
		readonly scopeKey: string,
		public events: readonly string[],
	) {}

	/** Gives back nothing for a value that is not a stored memory. */
	static load(value: unknown): SeenRuns | undefined {
		const parsed = stored.safeParse(value);
		if (!parsed.success) return undefined;
		const { fits, events, from, mark, width, done, open } = parsed.data;
		const memory = new SeenRuns(fits, events);
		memory.watermark = from;
		if (mark) memory.newestSeen = { at: mark[0], newest: mark[1] };
		for (const [minute, digests] of Object.entries(done)) {
			for (let at = 0; at < digests.length; at += width) {
				memory.put(minute === '' ? TIMELESS : parseInt(minute, RADIX), digests.slice(at, at + width));
			}
		}
		for (const [id, created, letters] of open) {
			const told = LETTERS.flatMap(([interim, letter]) => (letters.includes(letter) ? [interim] : []));
			memory.open.set(id, { created: created || undefined, reported: new Set(told) });
		}
		return memory;
	}

	store(): StoredSeenRuns {
		const width = this.width();
		return {
			fits: this.scopeKey,
			events: [...this.events],
			from: this.watermark,
			...(this.newestSeen && { mark: [this.newestSeen.at, this.newestSeen.newest] as [number, number] }),
			width,
			done: Object.fromEntries(
				[...this.done].map(([minute, digests]) => [
					Number.isNaN(minute) ? '' : minute.toString(RADIX),
					[...new Set([...digests].map((one) => one.slice(0, width)))].join(''),
				]),
			),
			open: [...this.open].map(([id, { created = 0, reported }]) => [
				id,
				created,
				LETTERS.flatMap(([interim, letter]) => (reported.has(interim) ? [letter] : [])).join(''),
			]),
		};
	}

	/** Makes runs created before this (unix ms, the provider's clock) count as done. */
	setWatermark(created: number): void {
		this.watermark = minuteOf(created);
	}

	/** True for a run before the watermark. False where nothing tells when it was created. */
	isPast({ created }: RunRef): boolean {
		return created !== undefined && minuteOf(created) < this.watermark;
	}

	/** True for a run whose end is behind us, as far as the digests tell: a run before the watermark is done as well. */
	isDone({ id }: RunRef): boolean {
		return this.holds(id);
	}

	wasReported({ id }: RunRef, interim: Interim): boolean {
		return this.open.get(id)?.reported.has(interim) ?? this.holds(about(id, interim));
	}

	/** Remembers that something was told about an unfinished run. */
	report({ id, created }: RunRef, interim: Interim): void {
		const followed = this.open.get(id);
		if (followed) followed.reported.add(interim);
		else this.put(minuteOf(created), digestOf(about(id, interim)));
	}

	/** Follows a run wherever the watermark is. */
	follow({ id, created }: RunRef): void {
		if (this.open.has(id)) return;
		const told = LETTERS.flatMap(([interim]) => (this.holds(about(id, interim)) ? [interim] : []));
		this.open.set(id, { created, reported: new Set(told) });
	}

	/** Remembers that there is nothing more to come from a run. */
	finish(run: RunRef): void {
		this.open.delete(run.id);
		if (!this.isPast(run)) this.put(minuteOf(run.created), digestOf(run.id));
	}

	/**
	 * Moves the watermark on, after a list was read down to it.
	 *
	 * @param unfinished the runs since the watermark that are not done, all of them
	 * @param newest latest creation time in the list (unix ms, the provider's clock)
	 * @param at when the list was read (unix ms, our clock)
	 * @param ease characters of memory up to which the watermark moves as far as it can; beyond, to where it takes least
	 */
	advance(unfinished: readonly RunRef[], newest: number | undefined, at: number, ease: number): void {
		const target = this.limitOfAdvance(newest, at);
		if (target <= this.watermark) return;
		const moving = new Map<number, RunRef[]>();
		for (const run of unfinished) {
			const minute = minuteOf(run.created);
			if (!(minute < target)) continue;
			const others = moving.get(minute);
			if (others) others.push(run);
			else moving.set(minute, [run]);
		}
		const next = this.bestWatermark(moving, target, ease);
		for (const [minute, runs] of moving) if (minute < next) runs.forEach((run) => this.follow(run));
		for (const minute of [...this.done.keys()]) if (minute < next) this.forgetMinute(minute);
		this.watermark = next;
	}

	/** Forgets runs without a creation time that a whole list did not show, once there are many. */
	forgetTimeless(shown: readonly RunRef[]): void {
		const digests = this.done.get(TIMELESS);
		if (!digests || digests.size <= SEEN_RUNS.timeless) return;
		this.forgetMinute(TIMELESS);
		const texts = shown.flatMap(({ id }) => [id, ...LETTERS.map(([interim]) => about(id, interim))]);
		for (const digest of texts.flatMap(formsOf)) if (digests.has(digest)) this.put(TIMELESS, digest);
	}

	/**
	 * Gives up something, the oldest first: followed runs, then the memory of finished ones (with all that was unfinished
	 * at that time).
	 *
	 * @returns how many followed runs were given up
	 */
	evictOldest(): number {
		const oldest = [...this.open]
			.sort(([, a], [, b]) => (a.created ?? 0) - (b.created ?? 0))
			.slice(0, Math.ceil(this.open.size / 10));
		oldest.forEach(([id]) => this.open.delete(id));
		if (oldest.length === 0) {
			const minutes = [...this.done.keys()].sort((a, b) => a - b);
			const first = minutes[0] ?? TIMELESS;
			this.forgetMinute(first);
			if (!Number.isNaN(first)) this.watermark = first + 1;
		}
		return oldest.length;
	}

	/**
	 * The minute before which every run is in the list by now: a little after the newest creation of a while ago, so that
	 * a list in which nothing new comes is not read down to that one in each poll.
	 */
	private limitOfAdvance(newest: number | undefined, at: number): number {
		const now = newest === undefined ? undefined : { at, newest: minuteOf(newest) };
		const { newestSeen } = this;
		// A clock that was set back says nothing about how long ago something was.
		const isKnown = newestSeen !== undefined && at >= newestSeen.at;
		if (isKnown && at - newestSeen.at < TRIGGER.listDelay + TRIGGER.pastNewest) return this.watermark;
		this.newestSeen = now ?? newestSeen;
		return isKnown ? newestSeen.newest + TRIGGER.pastNewest / MINUTE : this.watermark;
	}

	private bestWatermark(moving: ReadonlyMap<number, RunRef[]>, target: number, ease: number): number {
		const width = this.width();
		const costOfDone = (minute: number) => {
			const digests = this.done.get(minute);
			return digests ? SEEN_RUNS.minuteOverhead + digests.size * width : 0;
		};
		const costOfOpen = (id: string) => SEEN_RUNS.openOverhead + id.length;
		const minutes = [...new Set([...moving.keys(), ...this.done.keys()])].filter((minute) => minute < target);
		let cost = [...this.open.keys()].reduce((sum, id) => sum + costOfOpen(id), 0);
		for (const minute of this.done.keys()) cost += costOfDone(minute);
		let best = { watermark: this.watermark, cost };
		for (const minute of minutes.sort((a, b) => a - b)) {
			// Everything before this minute has been moved over by now: the watermark may stand here.
			if (cost <= Math.max(ease, best.cost)) best = { watermark: minute, cost };
			cost -= costOfDone(minute);
			for (const { id } of moving.get(minute) ?? []) cost += costOfOpen(id);
		}
		return cost <= Math.max(ease, best.cost) ? target : best.watermark;
	}

	private put(minute: number, digest: string): void {
		const digests = this.done.get(minute) ?? new Set();
		digests.add(digest);
		this.done.set(minute, digests);
		this.allDone.add(digest);
	}

	private forgetMinute(minute: number): void {
		for (const digest of this.done.get(minute) ?? []) this.allDone.delete(digest);
		this.done.delete(minute);
	}

	private holds(text: string): boolean {
		return formsOf(text).some((digest) => this.allDone.has(digest));
	}

	/** Characters of each digest when stored: once there are short ones, or very many, all are short. */
	private width(): number {
		const crowded = this.allDone.size > SEEN_RUNS.manyDigests;
		const shortened = [...this.allDone].some((digest) => digest.length === SEEN_RUNS.shortDigest);
		return crowded || shortened ? SEEN_RUNS.shortDigest : SEEN_RUNS.digest;
	}
}

function minuteOf(created: number | undefined): number {
	return created === undefined ? TIMELESS : Math.floor(created / MINUTE);
}

function about(id: string, interim: Interim): string {
	return `${id} ${interim}`;
}

function digestOf(text: string): string {
	return createHash('sha256').update(text).digest('base64url').slice(0, SEEN_RUNS.digest);
}

/** A digest as it is made, and as it may be stored. */
function formsOf(text: string): string[] {
	const digest = digestOf(text);
	return [digest, digest.slice(0, SEEN_RUNS.shortDigest)];
}
