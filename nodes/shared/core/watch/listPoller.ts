import { CancellationScope, isCancelReason } from '../concurrency/cancellationScope';
import type { Clock } from '../concurrency/clock';
import { attempt } from '../concurrency/result';
import { TimerQueue } from '../concurrency/timerQueue';
import { LIST_POLLER } from '../config';
import { type Run, isDone, isTerminal } from '../runs/run';
import type { RequestQueue } from '../requests/requestQueue';
import type { ListedRun } from '../runs/runClient';
import { EndedRuns } from './endedRuns';
import { ListLimits } from './listLimits';
import { type ListMember, ListMembers } from './listMembers';
import { type KnownList, ListPass, reopenLists, spotChecksFor, usualPages } from './listPass';
import { type NextRead, type TrackedRun, TrackedRuns, defer, mayDefer } from './trackedRuns';
import { acceptRow } from './listRows';
import { settlePass } from './settlePass';
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

	private readonly ended = new EndedRuns();

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
		limits.credit.grow(size, this.lists.length);
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
	 * @param confirmDelay milliseconds to the next read of a run that was read after its cancel and goes on; grows while it does
	 * @throws the reason why the scope ended
	 */
	next(run: WatchedRun, scope: CancellationScope, confirmDelay?: number): Promise<NextRead> {
		const { runs, lists, limits, clock, members } = this;
		const now = clock.now();
		const tracked = runs.of(run);
		if (tracked.last !== undefined) {
			tracked.confirmDelay = confirmDelay;
			tracked.delay = confirmDelay ?? runs.nextDelay(tracked, now, clock);
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
		if (lists.length > 0 && limits.credit.allows(pages)) return runs.wait(tracked, scope, now);
		if (!limits.credit.canDefer || !mayDefer(tracked, now)) return Promise.resolve({ view: 'light' });
		limits.credit.defer();
		return deferred();
	}

	/** What a read said about a run. */
	onRead(run: WatchedRun, { phase, status }: Run): void {
		const now = this.clock.now();
		const tracked = this.runs.of(run);
		tracked.last = now;
		tracked.lastRead = now;
		if (isTerminal(phase)) this.ended.remember(run.id, now + run.options.polls.interval);
		if (isDone(phase)) {
			// A cancel says nothing about how long runs take.
			if (tracked.confirmDelay === undefined) this.runs.recordEnd(tracked, now);
			return;
		}
		tracked.unfinishedAt = now;
		if (tracked.isDeferred) this.limits.credit.earn(1);
		tracked.isDeferred = false;
		reopenLists(this.lists, status);
	}

	/** The run is not watched any more. */
	leave(run: WatchedRun): void {
		this.runs.all.delete(run);
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
		if (!limits.credit.allows(1) || waiting.size < LIST_POLLER.minRuns) return false;
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
		const deps = { runs, limits, clock, ended: this.ended };
		const onRow = (row: ListedRun, askedAt: number) => acceptRow(row, pass, askedAt, deps);
		void attempt(() => pass.read(members, limits, onRow)).then((read) => {
			scope.dispose();
			this.pass = undefined;
			if (this.isIdle) return;
			settlePass(pass, 'error' in read && !isCancelReason(read.error) ? read.error : undefined, deps);
		});
		return true;
	}
}
