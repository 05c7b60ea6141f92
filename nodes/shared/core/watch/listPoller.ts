import { CancellationScope, isCancelReason } from '../concurrency/cancellationScope';
import type { Clock } from '../concurrency/clock';
import { attempt, attemptSync } from '../concurrency/result';
import { TimerQueue } from '../concurrency/timerQueue';
import { LIST_POLLER } from '../config';
import { type Run, isDone, isTerminal, isUnfinished } from '../runs/run';
import type { RequestQueue } from '../requests/requestQueue';
import type { ListedRun } from '../runs/runClient';
import type { CountFrom } from './deadline';
import { ListLimits } from './listLimits';
import { type ListMember, ListMembers } from './listMembers';
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
import type { WatchedRun } from './types';

/**
 * Decides when each run of a resource is read next, and how: by itself, or, where that takes fewer requests, by a page of the
 * lists of unfinished runs that answers for many. All executions of an account share it: a run is read through its own
 * execution, a page through any (`ListMembers`). When the last one has left, nothing runs any more.
 *
 * Rows are hints. They can put a read off, never replace it: a run that is missing from the lists, or whose row shows
 * anything but that it is unfinished, is read, and that read decides.
 *
 * Lists never cost more than they save (`ListLimits`), and are only read when the pages that were worth it the last time
 * are fewer than the reads they stand for; otherwise runs are read singly, and now and then a page finds out whether that
 * is still right. Lists that fail or are out of date are left alone for a while.
 */
export class ListPoller {
	private readonly members: ListMembers;

	private readonly runs: TrackedRuns;

	private readonly timerQueue: TimerQueue;

	private readonly limits = new ListLimits();

	private lists: readonly KnownList[] = [];

	/** Until when (unix ms) a list may still show a run that was seen at its end as unfinished. */
	private readonly ended = new Map<string, number>();

	private pass?: ListPass;

	constructor(
		requestQueue: RequestQueue,
		private readonly clock: Clock,
	) {
		this.members = new ListMembers(requestQueue);
		this.timerQueue = new TimerQueue(clock, CancellationScope.from(undefined));
		this.runs = new TrackedRuns(
			this.timerQueue,
			(tracked) => this.onDue(tracked),
			(tracked) => {
				this.pass?.open.delete(tracked);
				if (this.runs.waiting.size === 0) this.pass?.scope.dispose();
			},
		);
	}

	/** True when nobody watches a run of the resource. */
	get isIdle(): boolean {
		return this.members.size === 0;
	}

	/**
	 * @param size how many runs the execution will watch
	 * @returns to be called when it watches none any more
	 */
	join(member: ListMember, size: number): () => void {
		const { members, limits } = this;
		members.add(member, size);
		if (this.lists.length === 0) this.lists = members.lists.map(({ status }, index) => ({ index, status }));
		// Its runs may be in lists that had none so far.
		for (const known of this.lists) known.isReopened = false;
		limits.grow(size, this.lists.length);
		return () => {
			members.delete(member);
			if (!this.isIdle) return;
			this.pass?.scope.dispose();
			this.timerQueue.close();
		};
	}

	/**
	 * Waits until the run is to be read by itself, and gives back how. The first read comes at once, each further one a poll
	 * delay after the one before; as long as lists show that the run is unfinished, there is no need to.
	 *
	 * @throws the reason why the scope ended
	 */
	next(run: WatchedRun, scope: CancellationScope): Promise<NextRead> {
		const { runs, lists, limits, clock, members } = this;
		const now = clock.now();
		const tracked = runs.of(run);
		if (tracked.last !== undefined) {
			tracked.delay = runs.nextDelay(tracked, now, clock);
			return runs.wait(tracked, scope, now + tracked.delay);
		}
		const deferred = () => {
			defer(tracked, now);
			return runs.wait(tracked, scope, now + tracked.delay);
		};
		// A run that comes in among many others of the account is most likely on the pages that are read for them anyway.
		const isInCrowd = runs.all.size - members.sizeOf(scope) >= LIST_POLLER.runsPerSeedPage;
		if (isInCrowd && lists.length > 0 && mayDefer(tracked, now)) return deferred();
		// With credit for fewer pages than there are lists, single reads tell first in which list the runs are.
		const pages = run.options.mode === 'once' ? 1 : lists.length;
		if (lists.length > 0 && limits.allows(pages)) return runs.wait(tracked, scope, now);
		if (!limits.canDefer || !mayDefer(tracked, now)) return Promise.resolve({ view: 'light' });
		limits.defer();
		return deferred();
	}

	/** What a read said about a run. */
	onRead(run: WatchedRun, { phase, status }: Run): void {
		const now = this.clock.now();
		const tracked = this.runs.of(run);
		tracked.last = now;
		tracked.lastRead = now;
		if (isTerminal(phase)) this.rememberEnd(run.id, now + run.options.polls.interval);
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
		this.runs.all.delete(run);
	}

	private rememberEnd(id: string, staleAt: number): void {
		this.ended.set(id, staleAt);
		const [oldest] = this.ended.keys();
		if (this.ended.size > LIST_POLLER.rememberEnded && oldest !== undefined) this.ended.delete(oldest);
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
		const now = this.clock.now();
		if (now < this.limits.retryAt) this.runs.setTimer(tracked, this.limits.retryAt);
		else if (!this.startPass(now)) tracked.wake?.({ view: 'light' });
	}

	/** Reads the lists, if that takes fewer requests than the reads it stands for. */
	private startPass(now: number): boolean {
		const { lists, runs, limits, clock, members } = this;
		const { waiting } = runs;
		if (lists.length === 0 || now < limits.closedUntil) return false;
		if (!limits.allows(1) || waiting.size < LIST_POLLER.minRuns) return false;
		const explores = now >= limits.exploresAt;
		const cost = Math.max(usualPages(lists, waiting), Number(explores));
		const open = new Set(cost > 0 ? runs.nearlyDue(now) : []);
		if (open.size <= cost + spotChecksFor(cost)) {
			// Thousands of runs that are due need not find that out one by one.
			limits.closedUntil = now + LIST_POLLER.reconsiderAfter;
			return false;
		}
		const scope = CancellationScope.from(undefined);
		const pass = new ListPass(scope, clock, lists, open, runs.all.size, explores);
		this.pass = pass;
		const onRow = (row: ListedRun, askedAt: number) => this.acceptRow(row, pass, askedAt);
		void attempt(() => pass.read(members, limits, onRow)).then((read) => {
			scope.dispose();
			this.pass = undefined;
			if (this.isIdle) return;
			this.endPass(pass, 'error' in read && !isCancelReason(read.error) ? read.error : undefined);
		});
		return true;
	}

	/** True when the row is about one of our runs and tells something new. */
	private acceptRow(row: ListedRun, pass: ListPass, askedAt: number): boolean {
		const { runs } = this;
		const staleAt = this.ended.get(row.id);
		if (staleAt !== undefined && askedAt > staleAt && isUnfinished(row.phase)) pass.isStale = true;
		const news = [...runs.waitingFor(row.id)].filter(({ foundIn }) => foundIn !== pass);
		for (const tracked of news) {
			tracked.foundIn = pass;
			pass.open.delete(tracked);
			const decision = attemptSync(() => decideRow(tracked.run, row));
			// What breaks in one execution is no matter of the others.
			if ('error' in decision) tracked.fail?.(decision.error as Error);
			else this.follow(decision.value, tracked, row, pass, askedAt);
		}
		return news.length > 0;
	}

	private follow(
		decision: RowDecision,
		tracked: TrackedRun,
		row: ListedRun,
		pass: ListPass,
		askedAt: number,
	): void {
		const { runs, limits } = this;
		const now = this.clock.now();
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
	}

	private endPass(pass: ListPass, error: unknown): void {
		const { runs, limits, clock } = this;
		const now = clock.now();
		for (const { known, hits } of pass.cursors) if (hits.length > 0) known.hits = hits;
		if (pass.explores) limits.exploresAt = now + LIST_POLLER.cooldown;
		if (error === undefined) {
			limits.onPassRead();
		} else {
			const due = [...runs.waiting].filter(({ isDue, view }) => isDue && !view);
			const latest = due.map(({ run }) => pass.startedAt + run.options.polls.interval);
			if (limits.retriesPage(error, clock, limits.allows(1) ? Math.min(...latest) : 0)) {
				for (const tracked of due) runs.setTimer(tracked, limits.retryAt);
				return;
			}
		}
		if (pass.isStale) {
			limits.closedUntil = now + LIST_POLLER.cooldown;
			for (const tracked of runs.waiting) runs.readSingly(tracked, 'light', now);
			return;
		}
		let unpaid = pageCountOf(pass) - hitsOf(pass);
		for (const tracked of runs.waiting) {
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
