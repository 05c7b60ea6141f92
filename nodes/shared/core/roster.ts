import type { Clock } from './clock';
import { ApiFault } from './faults';
import type { RequestGate } from './gate';
import { ROSTER } from './limits';
import { type Detail, type ListedRun, type RunList, type RunPort, timeBoxed } from './port';
import { type Run, isSettled, isTerminal, isUnfinished } from './run';
import { Experience, type PollSettings, backoff, nextPollDelay } from './schedule';
import { type Scope, isInterruption } from './scope';
import { settle } from './settle';
import type { Alarm, Timetable } from './timetable';

/**
 * What a row of a list means to the watch of its run:
 *
 * - `goesOn`: nothing has changed, it need not be read
 * - `enough`: the row tells all that was to be found out
 * - `read`: something has changed, or the row does not tell; only a read decides
 */
export type Verdict = 'goesOn' | 'enough' | 'read';

/** A run as the roster knows it. */
export interface RosterRun {
	readonly id: string;
	readonly polls: PollSettings;
	/** Unix ms. */
	readonly watchedSince: number;
	/** Unix ms from which its age counts: its creation, or the begin of the watch where that is not known. */
	readonly bornAt: number;
	/** What it was last seen as; absent before the first look. */
	readonly last: Run | undefined;
	/** Whether its first look may come so many milliseconds later. */
	canWait(ms: number): boolean;
	/** What a list says about it. */
	sighted(row: ListedRun): Verdict;
}

export interface RosterTools {
	port: RunPort;
	gate: RequestGate;
	clock: Clock;
	timetable: Timetable;
	/** Ends with the watch of all its runs. */
	scope: Scope;
}

/** The place of a run in the roster. Times are unix ms. */
interface Place {
	run: RosterRun;
	/** The last look at it, by a read or by a row. */
	last?: number;
	/** Milliseconds from then to the next look. */
	delay: number;
	lastRead: number;
	/** When it was last seen going on. */
	aliveAt?: number;
	/** Its first look was put off: when it turns out to go on, one read was saved. */
	isPutOff: boolean;
	/** It is time to look. */
	isDue: boolean;
	/** What it has to be read with, whatever the lists say. */
	singly?: Detail;
	/** The pass that has last found it. */
	foundIn?: Pass;
	/** Reads that the row of that pass was worth. */
	worth: number;
	alarm?: Alarm;
	/** Present while it waits for its turn to be read. */
	wake?: (detail: Detail) => void;
}

/** A list, and how many of our runs were on each of its pages the last time. */
interface KnownList {
	list: RunList;
	hits?: readonly number[];
	/** How often it was tried again because a run of ours had come into it. */
	chances: number;
}

/** How far a pass has come in a list. */
interface Cursor {
	known: KnownList;
	hits: number[];
	tokens: Set<string>;
	token?: string;
	isAtEnd: boolean;
}

/** One reading of the lists, for all runs that wait. */
interface Pass {
	scope: Scope;
	begunAt: number;
	/** One draw for all, as what was asked together stays together; from the early half, as it costs little. */
	chance: Pick<Clock, 'random'>;
	/** Runs that are due, or nearly, and were not found yet. */
	open: Set<Place>;
	alive: Place[];
	/** Runs whose next look is due before this pass has ended. */
	again: Place[];
	cursors: Cursor[];
	pages: number;
	hits: number;
	/** Pages in a row that held other people's runs only. */
	barren: number;
	/** How many runs were due, or nearly, when it began. */
	wanted: number;
	/** Also reads pages on which none of our runs is expected. */
	explores: boolean;
	/** True when the lists still showed a run as unfinished that had been seen at its end before. */
	isStale: boolean;
}

/**
 * Decides which run is looked at when, and how: by a read of its own, or, where that takes fewer requests, by a page of
 * the lists of unfinished runs that answers for many.
 *
 * Rows are hints. They can put a read off, never replace it: a run that is missing from the lists, or whose row shows
 * anything but that it goes on, is read, and that read decides.
 *
 * Lists never cost more than they save. A page is paid for with reads that rows have saved before; the first ones with
 * first looks that were put off by one interval, or, where many runs are watched, on a trust of 5 % (`ROSTER`). And a pass
 * is only begun when the pages it took the last time are fewer than the looks it stands for; otherwise runs are read
 * singly, and now and then a page finds out whether that is still right.
 *
 * Lists that fail are left alone for a while. So are lists that are out of date: with each pass a run or two that it shows
 * as unfinished are read all the same, and a run that has ended must not be shown as unfinished an interval later.
 */
export class Roster {
	private readonly places = new Map<string, Place>();

	/** Runs that wait for their turn. */
	private readonly waiting = new Map<string, Place>();

	/** Until when (unix ms) a list may still show a run that was seen at its end as unfinished. */
	private readonly ended = new Map<string, number>();

	private readonly experience = new Experience();

	private lists: readonly KnownList[];

	/** Reads saved so far, less the pages they were saved with. */
	private credit: number;

	/** First looks put off so far. */
	private putOffs = 0;

	private pass?: Pass;

	private failures = 0;

	/** A page that failed is asked for again then (unix ms); runs that are due wait for it. */
	private triesAgainAt = 0;

	private rest: number = ROSTER.firstRest;

	private restsUntil = 0;

	private exploresAt = 0;

	private weighsAt = 0;

	/** @param size how many runs will be watched */
	constructor(
		private readonly tools: RosterTools,
		private readonly size: number,
	) {
		const lists = size < ROSTER.minRuns ? [] : (tools.port.unfinished ?? []);
		this.lists = lists.map((list) => ({ list, chances: 0 }));
		this.credit = Math.floor(size / ROSTER.runsPerTrustedPage);
	}

	/**
	 * Waits until the run is to be read by itself, and gives back how. The first look comes at once, each further one a poll
	 * delay after the one before; as long as lists tell that the run goes on, there is no need to.
	 *
	 * @throws the reason why the scope ended
	 */
	turn(run: RosterRun, scope: Scope): Promise<Detail> {
		const now = this.tools.clock.now();
		const place = this.placeOf(run);
		const isFirst = place.last === undefined;
		if (!isFirst) {
			place.delay = this.delayOf(place, now, this.tools.clock);
		} else if (this.lists.length === 0 || this.credit < (run.canWait(0) ? this.lists.length : 1)) {
			// With trust for fewer pages than there are lists, single reads tell first in which list the runs are.
			if (this.lists.length === 0 || this.putOffs >= this.mostPutOffs() || !this.canPutOff(place))
				return Promise.resolve('light');
			this.putOff(place, now);
		}
		return this.wait(place, scope, isFirst && !place.isPutOff ? now : now + place.delay);
	}

	/** What a read said about a run. */
	heard(run: RosterRun, { phase, status }: Run): void {
		const now = this.tools.clock.now();
		const place = this.placeOf(run);
		place.last = now;
		place.lastRead = now;
		if (isTerminal(phase)) this.ended.set(run.id, now + run.polls.interval);
		if (isSettled(phase)) {
			if (place.aliveAt === undefined) return;
			this.experience.learn(place.aliveAt - run.bornAt, now - run.bornAt);
			return;
		}
		place.aliveAt = now;
		if (place.isPutOff) this.credit += 1;
		place.isPutOff = false;
		this.giveChance(status);
	}

	/** A list that had none of our runs says nothing any more once one of them has come into it: they change status. */
	private giveChance(status: string): void {
		for (const known of this.lists) {
			const wasEmpty = known.hits?.every((count) => count === 0) ?? false;
			if (known.list.status !== status || !wasEmpty || known.chances >= ROSTER.chances) continue;
			known.chances += 1;
			known.hits = undefined;
		}
	}

	/** The run is not looked at any more. */
	leave(run: RosterRun): void {
		this.places.delete(run.id);
	}

	private placeOf(run: RosterRun): Place {
		const known = this.places.get(run.id);
		if (known) return known;
		const place: Place = {
			run,
			delay: run.polls.interval,
			lastRead: Number.NEGATIVE_INFINITY,
			isPutOff: false,
			isDue: false,
			worth: 0,
		};
		this.places.set(run.id, place);
		return place;
	}

	private delayOf({ run }: Place, now: number, chance: Pick<Clock, 'random'>): number {
		const { usual } = this.experience;
		const age = now - run.bornAt;
		return nextPollDelay(run.polls, now - run.watchedSince, chance, usual && { ...usual, age });
	}

	private canPutOff({ run, last }: Place): boolean {
		const { interval } = run.polls;
		return last === undefined && interval <= ROSTER.putOffUpTo && run.canWait(2 * interval);
	}

	/** One for a page of each list, and few of the runs. */
	private mostPutOffs(): number {
		return Math.min(this.lists.length, Math.floor(this.size / ROSTER.minRuns));
	}

	private putOff(place: Place, now: number): void {
		this.putOffs += 1;
		place.isPutOff = true;
		place.last = now;
		place.delay = place.run.polls.interval;
	}

	private wait(place: Place, { signal }: Scope, due: number): Promise<Detail> {
		return new Promise((resolve, reject) => {
			if (signal.aborted) {
				reject(signal.reason);
				return;
			}
			const leave = () => {
				signal.removeEventListener('abort', onEnd);
				this.waiting.delete(place.run.id);
				this.pass?.open.delete(place);
				place.alarm?.cancel();
				place.wake = undefined;
				if (this.waiting.size === 0) this.pass?.scope.release();
			};
			const onEnd = () => {
				leave();
				reject(signal.reason);
			};
			place.wake = (detail) => {
				leave();
				resolve(detail);
			};
			signal.addEventListener('abort', onEnd, { once: true });
			place.isDue = false;
			place.singly = undefined;
			this.waiting.set(place.run.id, place);
			this.setAlarm(place, due);
		});
	}

	private setAlarm(place: Place, at: number): void {
		if (place.alarm) place.alarm.move(at);
		else place.alarm = this.tools.timetable.set(at, () => this.onDue(place));
	}

	private onDue(place: Place): void {
		if (place.singly) {
			place.wake?.(place.singly);
			return;
		}
		place.isDue = true;
		if (this.pass) {
			if (place.foundIn === this.pass) this.pass.again.push(place);
			else this.pass.open.add(place);
			return;
		}
		const now = this.tools.clock.now();
		if (now < this.triesAgainAt) this.setAlarm(place, this.triesAgainAt);
		else if (this.isWorthPages(now)) this.begin(now);
		else place.wake?.('light');
	}

	/** Whether reading the lists now takes fewer requests than the looks it stands for. */
	private isWorthPages(now: number): boolean {
		if (this.lists.length === 0 || this.credit < 1 || this.waiting.size < ROSTER.minRuns) return false;
		if (now < this.restsUntil || now < this.weighsAt) return false;
		const pages = Math.max(this.usualPages(), now >= this.exploresAt ? 1 : 0);
		const cost = pages + controlsFor(pages);
		const looks = () => countWhere(this.waiting.values(), (place) => isNearlyDue(place, now));
		if (pages > 0 && looks() > cost) return true;
		this.weighsAt = now + ROSTER.weighAgain;
		return false;
	}

	/** Pages that were worth it the last time, and those nobody has looked at yet but must hold some of our runs. */
	private usualPages(): number {
		return this.lists.reduce((pages, { list, hits }) => {
			if (hits) return pages + hits.filter((count) => count >= ROSTER.minHits).length;
			if (list.status === undefined) return pages;
			return pages + Number(countOf(this.waiting.values(), list.status) >= ROSTER.minHits);
		}, 0);
	}

	private begin(now: number): void {
		const luck = this.tools.clock.random() / 2;
		const pass: Pass = {
			scope: this.tools.scope.fork(),
			begunAt: now,
			chance: { random: () => luck },
			open: new Set(),
			alive: [],
			again: [],
			cursors: this.lists.map((known) => ({ known, hits: [], tokens: new Set(), isAtEnd: false })),
			pages: 0,
			hits: 0,
			barren: 0,
			wanted: 0,
			explores: now >= this.exploresAt,
			isStale: false,
		};
		for (const place of this.waiting.values()) {
			if (isNearlyDue(place, now)) pass.open.add(place);
		}
		pass.wanted = pass.open.size;
		this.pass = pass;
		void settle(() => this.readPages(pass)).then((read) => {
			pass.scope.release();
			this.pass = undefined;
			if (this.tools.scope.signal.aborted) return;
			this.conclude(pass, 'error' in read && !isInterruption(read.error) ? read.error : undefined);
		});
	}

	/** @throws ApiFault, or the reason why the scope of the pass ended */
	private async readPages(pass: Pass): Promise<void> {
		const { gate, clock } = this.tools;
		for (let cursor = this.nextCursor(pass); cursor; cursor = this.nextCursor(pass)) {
			const { known, token } = cursor;
			let askedAt = 0;
			const page = await gate.run(pass.scope, 'read', (slot) => {
				askedAt = clock.now();
				pass.pages += 1;
				this.credit -= 1;
				return timeBoxed(clock, slot, ROSTER.pageTimeout, (signal) => known.list.page(token, signal));
			});
			const hits = page.rows.filter((row) => this.take(row, pass, askedAt)).length;
			cursor.hits.push(hits);
			pass.hits += hits;
			if (hits > 0) pass.barren = 0;
			else if (page.rows.length > 0) pass.barren += 1;
			// A server that repeats a token, or sends one with an empty page, would be paged for ever.
			cursor.isAtEnd = page.next === undefined || cursor.tokens.has(page.next) || page.rows.length === 0;
			cursor.token = page.next;
			cursor.tokens.add(page.next ?? '');
			if (pass.isStale) return;
		}
	}

	/** Where the next page is to be read: where most of the runs that are still open are to be expected. */
	private nextCursor(pass: Pass): Cursor | undefined {
		const { open, cursors, hits, barren, wanted } = pass;
		const patience = Math.max(1, Math.floor((this.places.size - hits) / ROSTER.runsPerBarrenPage));
		if (open.size < ROSTER.minHits || this.credit < 1 || barren >= patience) return undefined;
		let best: Cursor | undefined;
		let most = pass.explores ? -1 : ROSTER.minHits - 1;
		const movable = countWhere(open, mayHaveMoved);
		for (const cursor of cursors) {
			const expected = cursor.isAtEnd ? -1 : Math.min(open.size, expectedOn(cursor, open, movable));
			if (expected <= most) continue;
			best = cursor;
			most = expected;
		}
		// Where most of our runs have suddenly gone from where they were, they are looked for elsewhere at once.
		const isLost = !best && !pass.explores && hits < wanted / 2 && this.rest === ROSTER.firstRest;
		if (!isLost || countWhere(open, (place) => mayBeElsewhere(pass, place)) < ROSTER.minHits) return best;
		pass.explores = true;
		return this.nextCursor(pass);
	}

	/** Takes notice of a row. True when it is about one of our runs and tells something new. */
	private take(row: ListedRun, pass: Pass, askedAt: number): boolean {
		const goneBy = this.ended.get(row.id);
		if (goneBy !== undefined && askedAt > goneBy && isUnfinished(row.phase)) pass.isStale = true;
		const place = this.waiting.get(row.id);
		if (!place || place.foundIn === pass) return false;
		place.foundIn = pass;
		pass.open.delete(place);
		const now = this.tools.clock.now();
		const { run } = place;
		place.worth = shareOf(place, now);
		switch (run.sighted(row)) {
			case 'goesOn':
				this.credit += place.worth;
				place.aliveAt = askedAt;
				// All count from the begin of the pass, to stay together; but a read since then is news of a later time.
				place.last = Math.max(pass.begunAt, place.lastRead);
				place.delay = this.delayOf(place, now, pass.chance);
				place.isDue = false;
				this.setAlarm(place, Math.max(now, place.last + place.delay));
				pass.alive.push(place);
				break;
			case 'enough':
				this.credit += place.worth;
				place.wake?.('light');
				break;
			case 'read':
				this.readSingly(place, isSettled(row.phase) ? 'full' : 'light', now);
		}
		return true;
	}

	/** Lets a run be read by itself: at once when it is due, otherwise no sooner than its interval allows. */
	private readSingly(place: Place, detail: Detail, now: number): void {
		place.singly = detail;
		const soonest = (place.last ?? Number.NEGATIVE_INFINITY) + place.run.polls.interval;
		this.setAlarm(place, place.isDue ? now : Math.max(now, soonest));
	}

	private conclude(pass: Pass, error: unknown): void {
		const now = this.tools.clock.now();
		for (const { known, hits } of pass.cursors) if (hits.length > 0) known.hits = hits;
		this.judge(pass, now);
		if (error === undefined) this.failures = 0;
		else if (this.triesAgain(error, pass, now)) return;
		if (pass.isStale) {
			this.leaveAlone(now);
			for (const place of this.waiting.values()) this.readSingly(place, 'light', now);
			return;
		}
		let owed = pass.pages - pass.hits;
		for (const place of this.waiting.values()) {
			if (place.foundIn === pass) continue;
			if (isMissingIn(pass, place)) {
				// A run that waited has rather started than ended.
				this.readSingly(place, place.run.last?.phase === 'waiting' ? 'light' : 'full', now);
			} else if (owed > 0 && this.canPutOff(place)) {
				owed -= 1;
				this.putOff(place, now);
				place.isDue = false;
				this.setAlarm(place, now + place.delay);
			} else if (place.isDue) {
				this.readSingly(place, 'light', now);
			}
		}
		for (const place of pass.again) if (place.wake) this.setAlarm(place, now);
		if (pass.alive.length > 0) this.control(pass, now);
	}

	/** Decides when pages without any of our runs are read again, to find out whether the account has changed. */
	private judge({ explores, hits, pages }: Pass, now: number): void {
		if (!explores) return;
		const isWorthIt = hits >= ROSTER.minHits * pages;
		if (isWorthIt) this.rest = ROSTER.firstRest;
		this.exploresAt = now + this.rest;
		if (!isWorthIt) this.rest = Math.min(ROSTER.maxRest, 2 * this.rest);
	}

	/** A page that failed is asked for once more before runs are read singly, unless that would take too long. */
	private triesAgain(error: unknown, pass: Pass, now: number): boolean {
		if (!(error instanceof ApiFault) || !error.retryable) {
			this.lists = [];
			return false;
		}
		this.failures += 1;
		const wait = backoff(1, this.tools.clock);
		const places = [...pass.open].filter(({ isDue }) => isDue);
		const isSoonEnough = places.every(({ run }) => now - pass.begunAt + wait <= run.polls.interval);
		if (this.failures > 1 || !isSoonEnough || this.credit < 1) {
			this.failures = 0;
			this.leaveAlone(now);
			return false;
		}
		this.triesAgainAt = now + wait;
		for (const place of [...places, ...pass.again]) if (place.wake) this.setAlarm(place, this.triesAgainAt);
		return true;
	}

	private leaveAlone(now: number): void {
		this.restsUntil = now + this.rest;
		this.rest = Math.min(ROSTER.maxRest, 2 * this.rest);
	}

	/** Has some of the runs that the lists show as unfinished read all the same: those whose last read is longest ago. */
	private control(pass: Pass, now: number): void {
		for (let controls = controlsFor(pass.pages); controls > 0; controls--) {
			let oldest: Place | undefined;
			for (const place of pass.alive) {
				const isFree = place.wake !== undefined && place.singly === undefined;
				if (isFree && place.lastRead < (oldest?.lastRead ?? now - place.run.polls.interval)) oldest = place;
			}
			if (!oldest || this.credit < oldest.worth) return;
			this.credit -= oldest.worth;
			oldest.singly = 'light';
			this.setAlarm(oldest, now);
		}
	}
}

function controlsFor(pages: number): number {
	return Math.max(1, Math.ceil(pages / ROSTER.pagesPerControl));
}

/** The part of its poll delay that is over: what a look at it now is worth. */
function shareOf({ last, delay }: Place, now: number): number {
	return last === undefined ? 1 : Math.min(1, Math.max(0, now - last) / delay);
}

function isNearlyDue(place: Place, now: number): boolean {
	return shareOf(place, now) >= ROSTER.nearlyDue;
}

function countWhere(places: Iterable<Place>, matches: (place: Place) => boolean): number {
	let count = 0;
	for (const place of places) count += Number(matches(place));
	return count;
}

/** Runs that are in a status, or may be as nothing is known of theirs. */
function countOf(places: Iterable<Place>, status: string): number {
	return countWhere(places, ({ run }) => (run.last?.status ?? status) === status);
}

/** True when a run may have gone on to another list: one that is being worked on does not wait again, it ends. */
function mayHaveMoved({ run }: Place): boolean {
	return (run.last?.phase ?? 'waiting') === 'waiting';
}

function mayBeElsewhere(pass: Pass, place: Place): boolean {
	return mayHaveMoved(place) || !isMissingIn(pass, place);
}

/** True when the list that a run was in the last time was read to its end without it: most likely it has ended. */
function isMissingIn({ cursors }: Pass, { run }: Place): boolean {
	const status = run.last?.status;
	return cursors.some(({ known: { list }, isAtEnd }) => isAtEnd && (list.status ?? status) === status);
}

/** How many of the open runs are to be expected on the next page of a list. */
function expectedOn({ known, hits }: Cursor, open: ReadonlySet<Place>, movable: number): number {
	const before = known.hits?.[hits.length] ?? 0;
	const last = hits.at(-1);
	if (last !== undefined) return Math.max(last, before);
	const { list } = known;
	const there = known.hits ? before : list.status === undefined ? open.size : countOf(open, list.status);
	return Math.max(there, movable * ROSTER.moved);
}
