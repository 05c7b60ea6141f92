import { type CancellationScope, isCancelReason } from '../concurrency/cancellationScope';
import { attempt } from '../concurrency/result';
import type { TimerQueue } from '../concurrency/timerQueue';
import { LIST_POLLER } from '../config';
import { type Run, isDone, isTerminal, isUnfinished } from '../runs/run';
import type { ListedRun } from '../runs/runClient';
import type { CountFrom } from './deadline';
import { ListLimits } from './listLimits';
import {
	type KnownList,
	ListPass,
	hitsOf,
	pageCountOf,
	reopenLists,
	spotCheck,
	spotChecksFor,
	usualPages,
} from './listPass';
import { type NextRead, type TrackedRun, TrackedRuns, defer, elapsedShare, mayDefer } from './trackedRuns';
import type { WatchDeps, WatchedRun } from './types';

/**
 * Decides when each run is read next, and how: by itself, or, where that takes fewer requests, by a page of the lists of
 * unfinished runs that answers for many.
 *
 * Rows are hints. They can put a read off, never replace it: a run that is missing from the lists, or whose row shows
 * anything but that it is unfinished, is read, and that read decides.
 *
 * Lists never cost more than they save (`ListLimits`), and are only read when the pages that were worth it the last time
 * are fewer than the reads they stand for; otherwise runs are read singly, and now and then a page finds out whether that
 * is still right. Lists that fail or are out of date are left alone for a while.
 */
export class ListPoller {
	private readonly runs: TrackedRuns;

	private readonly lists: readonly KnownList[];

	private readonly limits: ListLimits;

	/** Until when (unix ms) a list may still show a run that was seen at its end as unfinished. */
	private readonly ended = new Map<string, number>();

	private pass?: ListPass;

	/** @param size how many runs will be watched */
	constructor(
		private readonly deps: WatchDeps & { timerQueue: TimerQueue },
		size: number,
	) {
		const lists = size < LIST_POLLER.minRuns ? [] : (deps.client.unfinished ?? []);
		this.lists = lists.map((list) => ({ list }));
		this.limits = new ListLimits(size, lists.length);
		this.runs = new TrackedRuns(
			deps.timerQueue,
			(tracked) => this.onDue(tracked),
			(tracked) => {
				this.pass?.open.delete(tracked);
				if (this.runs.waiting.size === 0) this.pass?.scope.dispose();
			},
		);
	}

	/**
	 * Waits until the run is to be read by itself, and gives back how. The first read comes at once, each further one a poll
	 * delay after the one before; as long as lists show that the run is unfinished, there is no need to.
	 *
	 * @throws the reason why the scope ended
	 */
	next(run: WatchedRun, scope: CancellationScope): Promise<NextRead> {
		const { runs, lists, limits, deps } = this;
		const now = deps.clock.now();
		const tracked = runs.of(run);
		if (tracked.last !== undefined) {
			tracked.delay = runs.nextDelay(tracked, now, deps.clock);
			return runs.wait(tracked, scope, now + tracked.delay);
		}
		// With a limits for fewer pages than there are lists, single reads tell first in which list the runs are.
		const pages = run.options.mode === 'once' ? 1 : lists.length;
		if (lists.length > 0 && limits.allows(pages)) return runs.wait(tracked, scope, now);
		if (!limits.canDefer || !mayDefer(tracked, now)) return Promise.resolve({ view: 'light' });
		limits.defer();
		defer(tracked, now);
		return runs.wait(tracked, scope, now + tracked.delay);
	}

	/** What a read said about a run. */
	onRead(run: WatchedRun, { phase, status }: Run): void {
		const now = this.deps.clock.now();
		const tracked = this.runs.of(run);
		tracked.last = now;
		tracked.lastRead = now;
		if (isTerminal(phase)) this.ended.set(run.id, now + run.options.polls.interval);
		if (isDone(phase)) {
			this.runs.recordEnd(tracked, now);
			return;
		}
		tracked.unfinishedAt = now;
		if (tracked.isDeferred) this.limits.earn(1);
		tracked.isDeferred = false;
		reopenLists(this.lists, status);
	}

	/** The run is not watched any more. */
	leave(run: WatchedRun): void {
		this.runs.all.delete(run.id);
	}

	private onDue(tracked: TrackedRun): void {
		if (tracked.view) {
			tracked.wake?.({ view: tracked.view });
			return;
		}
		tracked.isDue = true;
		if (this.pass) {
			if (tracked.foundIn !== this.pass) this.pass.open.add(tracked);
			return;
		}
		const now = this.deps.clock.now();
		if (now < this.limits.retryAt) this.runs.setTimer(tracked, this.limits.retryAt);
		else if (!this.startPass(now)) tracked.wake?.({ view: 'light' });
	}

	/** Reads the lists, if that takes fewer requests than the reads it stands for. */
	private startPass(now: number): boolean {
		const { lists, runs, limits, deps } = this;
		const { waiting } = runs;
		if (lists.length === 0 || now < limits.closedUntil) return false;
		if (!limits.allows(1) || waiting.size < LIST_POLLER.minRuns) return false;
		const explores = now >= limits.exploresAt;
		const cost = Math.max(usualPages(lists, waiting.values()), Number(explores));
		const open = new Set(cost > 0 ? runs.nearlyDue(now) : []);
		if (open.size <= cost + spotChecksFor(cost)) {
			// Thousands of runs that are due need not find that out one by one.
			limits.closedUntil = now + LIST_POLLER.reconsiderAfter;
			return false;
		}
		const scope = deps.scope.child();
		const pass = new ListPass(scope, deps.clock, lists, open, runs.all.size, explores);
		this.pass = pass;
		const onRow = (row: ListedRun, askedAt: number) => this.acceptRow(row, pass, askedAt);
		void attempt(() => pass.read(deps, limits, onRow)).then((read) => {
			scope.dispose();
			this.pass = undefined;
			if (deps.scope.signal.aborted) return;
			this.endPass(pass, 'error' in read && !isCancelReason(read.error) ? read.error : undefined);
		});
		return true;
	}

	/** True when the row is about one of our runs and tells something new. */
	private acceptRow(row: ListedRun, pass: ListPass, askedAt: number): boolean {
		const { runs, limits } = this;
		const staleAt = this.ended.get(row.id);
		if (staleAt !== undefined && askedAt > staleAt && isUnfinished(row.phase)) pass.isStale = true;
		const tracked = runs.waiting.get(row.id);
		if (!tracked || tracked.foundIn === pass) return false;
		tracked.foundIn = pass;
		pass.open.delete(tracked);
		const now = this.deps.clock.now();
		const decision = decideRow(tracked.run, row);
		if (decision !== 'read') limits.earn(elapsedShare(tracked, now));
		switch (decision) {
			case 'unfinished':
				tracked.unfinishedAt = askedAt;
				// All count from the begin of the pass, to stay together; but a read since then is news of a later time.
				tracked.last = Math.max(pass.startedAt, tracked.lastRead);
				tracked.delay = runs.nextDelay(tracked, now, pass.random);
				tracked.isDue = false;
				runs.setTimer(tracked, Math.max(now, tracked.last + tracked.delay));
				break;
			case 'enough':
				tracked.wake?.({ view: 'light', row: row.run });
				break;
			case 'read':
				runs.readSingly(tracked, isDone(row.phase) ? 'full' : 'light', now);
		}
		return true;
	}

	private endPass(pass: ListPass, error: unknown): void {
		const { runs, limits, deps } = this;
		const now = deps.clock.now();
		for (const { known, hits } of pass.cursors) if (hits.length > 0) known.hits = hits;
		if (pass.explores) limits.exploresAt = now + LIST_POLLER.cooldown;
		if (error === undefined) {
			limits.onPassRead();
		} else {
			const due = [...runs.waiting.values()].filter(({ isDue, view }) => isDue && !view);
			const latest = due.map(({ run }) => pass.startedAt + run.options.polls.interval);
			if (limits.retriesPage(error, deps.clock, limits.allows(1) ? Math.min(...latest) : 0)) {
				for (const tracked of due) runs.setTimer(tracked, limits.retryAt);
				return;
			}
		}
		if (pass.isStale) {
			limits.closedUntil = now + LIST_POLLER.cooldown;
			for (const tracked of runs.waiting.values()) runs.readSingly(tracked, 'light', now);
			return;
		}
		let unpaid = pageCountOf(pass) - hitsOf(pass);
		for (const tracked of runs.waiting.values()) {
			if (tracked.foundIn === pass) {
				if (tracked.isDue) runs.setTimer(tracked, now);
			} else if (pass.isMissing(tracked)) {
				// A run that waited has rather started than ended.
				runs.readSingly(tracked, tracked.run.reader.last?.phase === 'waiting' ? 'light' : 'full', now);
			} else if (unpaid > 0 && mayDefer(tracked, now)) {
				unpaid -= 1;
				limits.defer();
				defer(tracked, now);
				runs.setTimer(tracked, now + tracked.delay);
			} else if (tracked.isDue) {
				runs.readSingly(tracked, 'light', now);
			}
		}
		spotCheck(pass, runs, limits, now);
	}
}

/**
 * What a row of a list means to the watch of its run:
 *
 * - `unfinished`: nothing has changed, it need not be read
 * - `enough`: the row tells all that was to be found out
 * - `read`: something has changed, or the row does not tell; only a read decides
 */
type RowDecision = 'unfinished' | 'enough' | 'read';

/** Only that a run is unfinished is taken from a row. A change that moves the deadline, as a start does, is read. */
function decideRow({ options, targets, reader }: WatchedRun, { phase, run }: ListedRun): RowDecision {
	if (!run || !isUnfinished(phase)) return 'read';
	if (options.mode === 'once')
		return targets.every(({ countFrom }) => holdsTime(run, countFrom)) ? 'enough' : 'read';
	const countsFromStart = targets.some(({ countFrom }) => countFrom === 'started');
	if (countsFromStart && run.status !== reader.last?.status) return 'read';
	reader.onListRow(run);
	return 'unfinished';
}

/** True when a row holds the very time to count from. A run that waits has not started: it counts from its creation. */
function holdsTime(row: Run, countFrom: CountFrom): boolean {
	if (countFrom === 'now') return true;
	return (countFrom === 'created' || row.phase === 'waiting' ? row.created : row.started) !== undefined;
}
