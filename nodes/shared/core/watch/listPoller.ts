import type { Clock } from '../concurrency/clock';
import { ApiError } from '../requests/apiError';
import type { RequestQueue } from '../requests/requestQueue';
import { LIST_POLLER } from '../config';
import { type ReadView, type ListedRun, type RunList, type RunClient } from '../runs/runClient';
import { type Run, isDone, isTerminal, isUnfinished } from '../runs/run';
import { backoff } from '../requests/backoff';
import { CompletionTimes } from './completionTimes';
import { type PollSettings, nextPollDelay } from './pollDelay';
import { type CancellationScope, isCancelReason } from '../concurrency/cancellationScope';
import { attempt } from '../concurrency/result';
import type { Timer, TimerQueue } from '../concurrency/timerQueue';

/**
 * What a row of a list means to the watch of its run:
 *
 * - `goesOn`: nothing has changed, it need not be read
 * - `enough`: the row tells all that was to be found out
 * - `read`: something has changed, or the row does not tell; only a read decides
 */
export type RowDecision = 'goesOn' | 'enough' | 'read';

/** A run as the roster knows it. */
export interface PolledRun {
	readonly id: string;
	readonly polls: PollSettings;
	/** Unix ms. */
	readonly watchedSince: number;
	/** Unix ms from which its age counts: its creation, or the begin of the watch where that is not known. */
	readonly createdAt: number;
	/** What it was last seen as; absent before the first look. */
	readonly last: Run | undefined;
	/** Whether its first look may come so many milliseconds later. */
	canWait(ms: number): boolean;
	/** What a list says about it. */
	onListRow(row: ListedRun): RowDecision;
}

export interface ListPollerDeps {
	client: RunClient;
	requestQueue: RequestQueue;
	clock: Clock;
	timerQueue: TimerQueue;
	/** Ends with the watch of all its runs. */
	scope: CancellationScope;
}

/** The place of a run in the roster. Times are unix ms. */
interface TrackedRun {
	run: PolledRun;
	/** The last look at it, by a read or by a row. */
	last?: number;
	/** Milliseconds from then to the next look. */
	delay: number;
	lastRead: number;
	/** When it was last seen going on. */
	aliveAt?: number;
	/** Its first look was put off: when it turns out to go on, one read was saved. */
	isDeferred: boolean;
	/** It is time to look. */
	isDue: boolean;
	/** What it has to be read with, whatever the lists say. */
	singly?: ReadView;
	/** The pass that has last found it. */
	foundIn?: ListPass;
	/** Reads that the row of that pass was worth. */
	value: number;
	alarm?: Timer;
	/** Present while it waits for its turn to be read. */
	wake?: (view: ReadView) => void;
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
interface ListPass {
	scope: CancellationScope;
	begunAt: number;
	/** One draw for all, as what was asked together stays together; from the early half, as it costs little. */
	chance: Pick<Clock, 'random'>;
	/** Runs that are due, or nearly, and were not found yet. */
	open: Set<TrackedRun>;
	alive: TrackedRun[];
	/** Runs whose next look is due before this pass has ended. */
	again: TrackedRun[];
	cursors: Cursor[];
	pages: number;
	hits: number;
	/** Pages in a row that held other people's runs only. */
	emptyPages: number;
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
 * first looks that were put off by one interval, or, where many runs are watched, on a trust of 5 % (`LIST_POLLER`). And a pass
 * is only begun when the pages it took the last time are fewer than the looks it stands for; otherwise runs are read
 * singly, and now and then a page finds out whether that is still right.
 *
 * Lists that fail are left alone for a while. So are lists that are out of date: with each pass a run or two that it shows
 * as unfinished are read all the same, and a run that has ended must not be shown as unfinished an interval later.
 */
export class ListPoller {
	private readonly trackedRuns = new Map<string, TrackedRun>();

	/** Runs that wait for their turn. */
	private readonly waiting = new Map<string, TrackedRun>();

	/** Until when (unix ms) a list may still show a run that was seen at its end as unfinished. */
	private readonly ended = new Map<string, number>();

	private readonly completionTimes = new CompletionTimes();

	private lists: readonly KnownList[];

	/** Reads saved so far, less the pages they were saved with. */
	private budget: number;

	/** First looks put off so far. */
	private deferrals = 0;

	private pass?: ListPass;

	private failures = 0;

	/** A page that failed is asked for again then (unix ms); runs that are due wait for it. */
	private triesAgainAt = 0;

	private cooldown: number = LIST_POLLER.firstCooldown;

	private cooldownUntil = 0;

	private exploresAt = 0;

	private weighsAt = 0;

	/** @param size how many runs will be watched */
	constructor(
		private readonly deps: ListPollerDeps,
		private readonly size: number,
	) {
		const lists = size < LIST_POLLER.minRuns ? [] : (deps.client.unfinished ?? []);
		this.lists = lists.map((list) => ({ list, chances: 0 }));
		this.budget = Math.floor(size / LIST_POLLER.runsPerSeedPage);
	}

	/**
	 * Waits until the run is to be read by itself, and gives back how. The first look comes at once, each further one a poll
	 * delay after the one before; as long as lists tell that the run goes on, there is no need to.
	 *
	 * @throws the reason why the scope ended
	 */
	nextRead(run: PolledRun, scope: CancellationScope): Promise<ReadView> {
		const now = this.deps.clock.now();
		const tracked = this.placeOf(run);
		const isFirst = tracked.last === undefined;
		if (!isFirst) {
			tracked.delay = this.delayOf(tracked, now, this.deps.clock);
		} else if (this.lists.length === 0 || this.budget < (run.canWait(0) ? this.lists.length : 1)) {
			// With trust for fewer pages than there are lists, single reads tell first in which list the runs are.
			if (this.lists.length === 0 || this.deferrals >= this.maxDeferrals() || !this.canDefer(tracked))
				return Promise.resolve('light');
			this.defer(tracked, now);
		}
		return this.wait(tracked, scope, isFirst && !tracked.isDeferred ? now : now + tracked.delay);
	}

	/** What a read said about a run. */
	onRead(run: PolledRun, { phase, status }: Run): void {
		const now = this.deps.clock.now();
		const tracked = this.placeOf(run);
		tracked.last = now;
		tracked.lastRead = now;
		if (isTerminal(phase)) this.ended.set(run.id, now + run.polls.interval);
		if (isDone(phase)) {
			if (tracked.aliveAt === undefined) return;
			this.completionTimes.record(tracked.aliveAt - run.createdAt, now - run.createdAt);
			return;
		}
		tracked.aliveAt = now;
		if (tracked.isDeferred) this.budget += 1;
		tracked.isDeferred = false;
		this.giveChance(status);
	}

	/** A list that had none of our runs says nothing any more once one of them has come into it: they change status. */
	private giveChance(status: string): void {
		for (const known of this.lists) {
			const wasEmpty = known.hits?.every((count) => count === 0) ?? false;
			if (known.list.status !== status || !wasEmpty || known.chances >= LIST_POLLER.chances) continue;
			known.chances += 1;
			known.hits = undefined;
		}
	}

	/** The run is not looked at any more. */
	leave(run: PolledRun): void {
		this.trackedRuns.delete(run.id);
	}

	private placeOf(run: PolledRun): TrackedRun {
		const known = this.trackedRuns.get(run.id);
		if (known) return known;
		const tracked: TrackedRun = {
			run,
			delay: run.polls.interval,
			lastRead: Number.NEGATIVE_INFINITY,
			isDeferred: false,
			isDue: false,
			value: 0,
		};
		this.trackedRuns.set(run.id, tracked);
		return tracked;
	}

	private delayOf({ run }: TrackedRun, now: number, chance: Pick<Clock, 'random'>): number {
		const { quantiles } = this.completionTimes;
		const age = now - run.createdAt;
		return nextPollDelay(run.polls, now - run.watchedSince, chance, quantiles && { ...quantiles, age });
	}

	private canDefer({ run, last }: TrackedRun): boolean {
		const { interval } = run.polls;
		return last === undefined && interval <= LIST_POLLER.deferUpTo && run.canWait(2 * interval);
	}

	/** One for a page of each list, and few of the runs. */
	private maxDeferrals(): number {
		return Math.min(this.lists.length, Math.floor(this.size / LIST_POLLER.minRuns));
	}

	private defer(tracked: TrackedRun, now: number): void {
		this.deferrals += 1;
		tracked.isDeferred = true;
		tracked.last = now;
		tracked.delay = tracked.run.polls.interval;
	}

	private wait(tracked: TrackedRun, { signal }: CancellationScope, due: number): Promise<ReadView> {
		return new Promise((resolve, reject) => {
			if (signal.aborted) {
				reject(signal.reason);
				return;
			}
			const leave = () => {
				signal.removeEventListener('abort', onEnd);
				this.waiting.delete(tracked.run.id);
				this.pass?.open.delete(tracked);
				tracked.alarm?.cancel();
				tracked.wake = undefined;
				if (this.waiting.size === 0) this.pass?.scope.dispose();
			};
			const onEnd = () => {
				leave();
				reject(signal.reason);
			};
			tracked.wake = (view) => {
				leave();
				resolve(view);
			};
			signal.addEventListener('abort', onEnd, { once: true });
			tracked.isDue = false;
			tracked.singly = undefined;
			this.waiting.set(tracked.run.id, tracked);
			this.setAlarm(tracked, due);
		});
	}

	private setAlarm(tracked: TrackedRun, at: number): void {
		if (tracked.alarm) tracked.alarm.reschedule(at);
		else tracked.alarm = this.deps.timerQueue.set(at, () => this.onDue(tracked));
	}

	private onDue(tracked: TrackedRun): void {
		if (tracked.singly) {
			tracked.wake?.(tracked.singly);
			return;
		}
		tracked.isDue = true;
		if (this.pass) {
			if (tracked.foundIn === this.pass) this.pass.again.push(tracked);
			else this.pass.open.add(tracked);
			return;
		}
		const now = this.deps.clock.now();
		if (now < this.triesAgainAt) this.setAlarm(tracked, this.triesAgainAt);
		else if (this.isWorthPages(now)) this.begin(now);
		else tracked.wake?.('light');
	}

	/** Whether reading the lists now takes fewer requests than the looks it stands for. */
	private isWorthPages(now: number): boolean {
		if (this.lists.length === 0 || this.budget < 1 || this.waiting.size < LIST_POLLER.minRuns) return false;
		if (now < this.cooldownUntil || now < this.weighsAt) return false;
		const pages = Math.max(this.usualPages(), now >= this.exploresAt ? 1 : 0);
		const cost = pages + spotChecksFor(pages);
		const looks = () => countWhere(this.waiting.values(), (tracked) => isNearlyDue(tracked, now));
		if (pages > 0 && looks() > cost) return true;
		this.weighsAt = now + LIST_POLLER.reconsiderAfter;
		return false;
	}

	/** Pages that were worth it the last time, and those nobody has looked at yet but must hold some of our runs. */
	private usualPages(): number {
		return this.lists.reduce((pages, { list, hits }) => {
			if (hits) return pages + hits.filter((count) => count >= LIST_POLLER.minHits).length;
			if (list.status === undefined) return pages;
			return pages + Number(countOf(this.waiting.values(), list.status) >= LIST_POLLER.minHits);
		}, 0);
	}

	private begin(now: number): void {
		const luck = this.deps.clock.random() / 2;
		const pass: ListPass = {
			scope: this.deps.scope.child(),
			begunAt: now,
			chance: { random: () => luck },
			open: new Set(),
			alive: [],
			again: [],
			cursors: this.lists.map((known) => ({ known, hits: [], tokens: new Set(), isAtEnd: false })),
			pages: 0,
			hits: 0,
			emptyPages: 0,
			wanted: 0,
			explores: now >= this.exploresAt,
			isStale: false,
		};
		for (const tracked of this.waiting.values()) {
			if (isNearlyDue(tracked, now)) pass.open.add(tracked);
		}
		pass.wanted = pass.open.size;
		this.pass = pass;
		void attempt(() => this.readPages(pass)).then((read) => {
			pass.scope.dispose();
			this.pass = undefined;
			if (this.deps.scope.signal.aborted) return;
			this.conclude(pass, 'error' in read && !isCancelReason(read.error) ? read.error : undefined);
		});
	}

	/** @throws ApiError, or the reason why the scope of the pass ended */
	private async readPages(pass: ListPass): Promise<void> {
		const { requestQueue, clock } = this.deps;
		for (let cursor = this.nextCursor(pass); cursor; cursor = this.nextCursor(pass)) {
			const { known, token } = cursor;
			let askedAt = 0;
			const options = {
				priority: 'read' as const,
				timeout: LIST_POLLER.pageTimeout,
				onSent: () => {
					askedAt = clock.now();
					pass.pages += 1;
					this.budget -= 1;
				},
			};
			const page = await requestQueue.request(pass.scope, options, (signal) =>
				known.list.page(token, signal),
			);
			const hits = page.rows.filter((row) => this.take(row, pass, askedAt)).length;
			cursor.hits.push(hits);
			pass.hits += hits;
			if (hits > 0) pass.emptyPages = 0;
			else if (page.rows.length > 0) pass.emptyPages += 1;
			// A server that repeats a token, or sends one with an empty page, would be paged for ever.
			cursor.isAtEnd = page.next === undefined || cursor.tokens.has(page.next) || page.rows.length === 0;
			cursor.token = page.next;
			cursor.tokens.add(page.next ?? '');
			if (pass.isStale) return;
		}
	}

	/** Where the next page is to be read: where most of the runs that are still open are to be expected. */
	private nextCursor(pass: ListPass): Cursor | undefined {
		const { open, cursors, hits, emptyPages, wanted } = pass;
		const patience = Math.max(1, Math.floor((this.trackedRuns.size - hits) / LIST_POLLER.runsPerEmptyPage));
		if (open.size < LIST_POLLER.minHits || this.budget < 1 || emptyPages >= patience) return undefined;
		let best: Cursor | undefined;
		let most = pass.explores ? -1 : LIST_POLLER.minHits - 1;
		const movable = countWhere(open, mayHaveMoved);
		for (const cursor of cursors) {
			const expected = cursor.isAtEnd ? -1 : Math.min(open.size, expectedOn(cursor, open, movable));
			if (expected <= most) continue;
			best = cursor;
			most = expected;
		}
		// Where most of our runs have suddenly gone from where they were, they are looked for elsewhere at once.
		const isLost =
			!best && !pass.explores && hits < wanted / 2 && this.cooldown === LIST_POLLER.firstCooldown;
		if (!isLost || countWhere(open, (tracked) => mayBeElsewhere(pass, tracked)) < LIST_POLLER.minHits)
			return best;
		pass.explores = true;
		return this.nextCursor(pass);
	}

	/** Takes notice of a row. True when it is about one of our runs and tells something new. */
	private take(row: ListedRun, pass: ListPass, askedAt: number): boolean {
		const goneBy = this.ended.get(row.id);
		if (goneBy !== undefined && askedAt > goneBy && isUnfinished(row.phase)) pass.isStale = true;
		const tracked = this.waiting.get(row.id);
		if (!tracked || tracked.foundIn === pass) return false;
		tracked.foundIn = pass;
		pass.open.delete(tracked);
		const now = this.deps.clock.now();
		const { run } = tracked;
		tracked.value = shareOf(tracked, now);
		switch (run.onListRow(row)) {
			case 'goesOn':
				this.budget += tracked.value;
				tracked.aliveAt = askedAt;
				// All count from the begin of the pass, to stay together; but a read since then is news of a later time.
				tracked.last = Math.max(pass.begunAt, tracked.lastRead);
				tracked.delay = this.delayOf(tracked, now, pass.chance);
				tracked.isDue = false;
				this.setAlarm(tracked, Math.max(now, tracked.last + tracked.delay));
				pass.alive.push(tracked);
				break;
			case 'enough':
				this.budget += tracked.value;
				tracked.wake?.('light');
				break;
			case 'read':
				this.readSingly(tracked, isDone(row.phase) ? 'full' : 'light', now);
		}
		return true;
	}

	/** Lets a run be read by itself: at once when it is due, otherwise no sooner than its interval allows. */
	private readSingly(tracked: TrackedRun, view: ReadView, now: number): void {
		tracked.singly = view;
		const soonest = (tracked.last ?? Number.NEGATIVE_INFINITY) + tracked.run.polls.interval;
		this.setAlarm(tracked, tracked.isDue ? now : Math.max(now, soonest));
	}

	private conclude(pass: ListPass, error: unknown): void {
		const now = this.deps.clock.now();
		for (const { known, hits } of pass.cursors) if (hits.length > 0) known.hits = hits;
		this.judge(pass, now);
		if (error === undefined) this.failures = 0;
		else if (this.triesAgain(error, pass, now)) return;
		if (pass.isStale) {
			this.leaveAlone(now);
			for (const tracked of this.waiting.values()) this.readSingly(tracked, 'light', now);
			return;
		}
		let owed = pass.pages - pass.hits;
		for (const tracked of this.waiting.values()) {
			if (tracked.foundIn === pass) continue;
			if (isMissingIn(pass, tracked)) {
				// A run that waited has rather started than ended.
				this.readSingly(tracked, tracked.run.last?.phase === 'waiting' ? 'light' : 'full', now);
			} else if (owed > 0 && this.canDefer(tracked)) {
				owed -= 1;
				this.defer(tracked, now);
				tracked.isDue = false;
				this.setAlarm(tracked, now + tracked.delay);
			} else if (tracked.isDue) {
				this.readSingly(tracked, 'light', now);
			}
		}
		for (const tracked of pass.again) if (tracked.wake) this.setAlarm(tracked, now);
		if (pass.alive.length > 0) this.spotCheck(pass, now);
	}

	/** Decides when pages without any of our runs are read again, to find out whether the account has changed. */
	private judge({ explores, hits, pages }: ListPass, now: number): void {
		if (!explores) return;
		const isWorthIt = hits >= LIST_POLLER.minHits * pages;
		if (isWorthIt) this.cooldown = LIST_POLLER.firstCooldown;
		this.exploresAt = now + this.cooldown;
		if (!isWorthIt) this.cooldown = Math.min(LIST_POLLER.maxCooldown, 2 * this.cooldown);
	}

	/** A page that failed is asked for once more before runs are read singly, unless that would take too long. */
	private triesAgain(error: unknown, pass: ListPass, now: number): boolean {
		if (!(error instanceof ApiError) || !error.retryable) {
			this.lists = [];
			return false;
		}
		this.failures += 1;
		const wait = backoff(1, this.deps.clock);
		const trackedRuns = [...pass.open].filter(({ isDue }) => isDue);
		const isSoonEnough = trackedRuns.every(({ run }) => now - pass.begunAt + wait <= run.polls.interval);
		if (this.failures > 1 || !isSoonEnough || this.budget < 1) {
			this.failures = 0;
			this.leaveAlone(now);
			return false;
		}
		this.triesAgainAt = now + wait;
		for (const tracked of [...trackedRuns, ...pass.again])
			if (tracked.wake) this.setAlarm(tracked, this.triesAgainAt);
		return true;
	}

	private leaveAlone(now: number): void {
		this.cooldownUntil = now + this.cooldown;
		this.cooldown = Math.min(LIST_POLLER.maxCooldown, 2 * this.cooldown);
	}

	/** Has some of the runs that the lists show as unfinished read all the same: those whose last read is longest ago. */
	private spotCheck(pass: ListPass, now: number): void {
		for (let controls = spotChecksFor(pass.pages); controls > 0; controls--) {
			let oldest: TrackedRun | undefined;
			for (const tracked of pass.alive) {
				const isFree = tracked.wake !== undefined && tracked.singly === undefined;
				if (isFree && tracked.lastRead < (oldest?.lastRead ?? now - tracked.run.polls.interval))
					oldest = tracked;
			}
			if (!oldest || this.budget < oldest.value) return;
			this.budget -= oldest.value;
			oldest.singly = 'light';
			this.setAlarm(oldest, now);
		}
	}
}

function spotChecksFor(pages: number): number {
	return Math.max(1, Math.ceil(pages / LIST_POLLER.pagesPerSpotCheck));
}

/** The part of its poll delay that is over: what a look at it now is worth. */
function shareOf({ last, delay }: TrackedRun, now: number): number {
	return last === undefined ? 1 : Math.min(1, Math.max(0, now - last) / delay);
}

function isNearlyDue(tracked: TrackedRun, now: number): boolean {
	return shareOf(tracked, now) >= LIST_POLLER.nearlyDue;
}

function countWhere(trackedRuns: Iterable<TrackedRun>, matches: (tracked: TrackedRun) => boolean): number {
	let count = 0;
	for (const tracked of trackedRuns) count += Number(matches(tracked));
	return count;
}

/** Runs that are in a status, or may be as nothing is known of theirs. */
function countOf(trackedRuns: Iterable<TrackedRun>, status: string): number {
	return countWhere(trackedRuns, ({ run }) => (run.last?.status ?? status) === status);
}

/** True when a run may have gone on to another list: one that is being worked on does not wait again, it ends. */
function mayHaveMoved({ run }: TrackedRun): boolean {
	return (run.last?.phase ?? 'waiting') === 'waiting';
}

function mayBeElsewhere(pass: ListPass, tracked: TrackedRun): boolean {
	return mayHaveMoved(tracked) || !isMissingIn(pass, tracked);
}

/** True when the list that a run was in the last time was read to its end without it: most likely it has ended. */
function isMissingIn({ cursors }: ListPass, { run }: TrackedRun): boolean {
	const status = run.last?.status;
	return cursors.some(({ known: { list }, isAtEnd }) => isAtEnd && (list.status ?? status) === status);
}

/** How many of the open runs are to be expected on the next page of a list. */
function expectedOn({ known, hits }: Cursor, open: ReadonlySet<TrackedRun>, movable: number): number {
	const before = known.hits?.[hits.length] ?? 0;
	const last = hits.at(-1);
	if (last !== undefined) return Math.max(last, before);
	const { list } = known;
	const there = known.hits ? before : list.status === undefined ? open.size : countOf(open, list.status);
	return Math.max(there, movable * LIST_POLLER.moved);
}
