import type { Clock } from '../concurrency/clock';
import type { CancellationScope } from '../concurrency/cancellationScope';
import type { Timer, TimerQueue } from '../concurrency/timerQueue';
import { CANCEL, LIST_POLLER } from '../config';
import type { Run } from '../runs/run';
import type { ReadView } from '../runs/runClient';
import { CompletionTimes, nextPollDelay } from './pollDelay';
import type { WatchedRun } from './types';

/** What to do next about a run: read it in this view, unless the row of a list tells enough. */
export interface NextRead {
	view: ReadView;
	row?: Run;
}

/** A run as the list poller keeps it. Times are unix ms. */
export interface TrackedRun {
	run: WatchedRun;
	/** When it was last read, or found on a list. */
	last?: number;
	/** Milliseconds from then to the next time. */
	delay: number;
	/** Present when its cancel was accepted: the latest delay of the confirming reads (ms). */
	confirmDelay?: number;
	lastRead: number;
	/** When it was last seen unfinished. */
	unfinishedAt?: number;
	/** Its first read was deferred: when it turns out to be unfinished, one read was saved. */
	isDeferred: boolean;
	isDue: boolean;
	/** Present when it is to be read, whatever the lists say. */
	view?: ReadView;
	/** The pass that found it last. */
	foundIn?: object;
	timer?: Timer;
	/** Present while it waits for its next read. */
	wake?: (next: NextRead) => void;
	/** Ends the wait with an error of its own. */
	fail?: (error: Error) => void;
}

/** The part of its poll delay that is over: what finding it on a list is worth. */
export function elapsedShare({ last, delay }: TrackedRun, now: number): number {
	return last === undefined ? 1 : Math.min(1, Math.max(0, now - last) / delay);
}

/** True when the first read of a run may come an interval later. */
export function mayDefer({ run, last }: TrackedRun, now: number): boolean {
	const { deadline, options } = run;
	const { interval } = options.polls;
	if (last !== undefined || interval > LIST_POLLER.deferUpTo || options.mode === 'once') return false;
	return deadline.isKnown && deadline.at - now > 2 * interval;
}

/** Counts an interval from now, as if the run had been read. */
export function defer(tracked: TrackedRun, now: number): void {
	tracked.isDeferred = true;
	tracked.isDue = false;
	tracked.last = now;
	tracked.delay = tracked.run.options.polls.interval;
}

/** Unix ms from which the age of a run counts: its creation, or the begin of the watch where that is not known. */
function createdAt({ reader, deadline, watchedSince }: WatchedRun): number {
	return (reader.last?.created ?? deadline.countedFrom)?.at ?? watchedSince;
}

/** The runs that are watched, and when each is to be read. */
export class TrackedRuns {
	/** Two executions may watch the same run, each for itself. */
	readonly all = new Map<WatchedRun, TrackedRun>();

	/** Runs that wait for their next read. */
	readonly waiting = new Set<TrackedRun>();

	private readonly waitingById = new Map<string, Set<TrackedRun>>();

	private readonly completionTimes = new CompletionTimes();

	constructor(
		private readonly timerQueue: TimerQueue,
		private readonly onDue: (tracked: TrackedRun) => void,
		private readonly onLeave: (tracked: TrackedRun) => void,
	) {}

	of(run: WatchedRun): TrackedRun {
		let tracked = this.all.get(run);
		if (!tracked) {
			const delay = run.options.polls.interval;
			tracked = { run, delay, lastRead: Number.NEGATIVE_INFINITY, isDeferred: false, isDue: false };
			this.all.set(run, tracked);
		}
		return tracked;
	}

	nearlyDue(now: number): TrackedRun[] {
		return [...this.waiting].filter((one) => elapsedShare(one, now) >= LIST_POLLER.nearlyDue);
	}

	/** All watches of a run that wait. */
	waitingFor(id: string): Iterable<TrackedRun> {
		return this.waitingById.get(id) ?? [];
	}

	/** @throws the reason why the scope ended */
	wait(tracked: TrackedRun, { signal }: CancellationScope, due: number): Promise<NextRead> {
		return new Promise((resolve, reject) => {
			if (signal.aborted) {
				reject(signal.reason);
				return;
			}
			const leave = () => {
				signal.removeEventListener('abort', onAbort);
				this.remove(tracked);
				tracked.timer?.cancel();
				tracked.wake = undefined;
				tracked.fail = undefined;
				this.onLeave(tracked);
			};
			const fail = (error: Error) => {
				leave();
				reject(error);
			};
			const onAbort = () => fail(signal.reason as Error);
			tracked.fail = fail;
			tracked.wake = (next) => {
				leave();
				resolve(next);
			};
			signal.addEventListener('abort', onAbort, { once: true });
			tracked.isDue = false;
			tracked.view = undefined;
			this.add(tracked);
			this.setTimer(tracked, due);
		});
	}

	/** Milliseconds to wait before a run is read again. */
	nextDelay(tracked: TrackedRun, now: number, random: Pick<Clock, 'random'>): number {
		const { run, confirmDelay } = tracked;
		if (confirmDelay !== undefined) {
			tracked.confirmDelay = Math.min(CANCEL.maxWait, confirmDelay * CANCEL.waitGrowth);
			return tracked.confirmDelay;
		}
		const { quantiles } = this.completionTimes;
		const age = now - createdAt(run);
		return nextPollDelay(
			run.options.polls,
			now - run.watchedSince,
			random,
			quantiles && { ...quantiles, age },
		);
	}

	/** A run was seen at its end. */
	recordEnd({ run, unfinishedAt }: TrackedRun, now: number): void {
		if (unfinishedAt === undefined) return;
		this.completionTimes.record(unfinishedAt - createdAt(run), now - createdAt(run));
	}

	setTimer(tracked: TrackedRun, at: number): void {
		if (tracked.timer) tracked.timer.reschedule(at);
		else tracked.timer = this.timerQueue.set(at, () => this.onDue(tracked));
	}

	/** Lets a run be read by itself: at once when it is due, otherwise no sooner than its interval allows. */
	readSingly(tracked: TrackedRun, view: ReadView, now: number): void {
		tracked.view = view;
		const least = tracked.confirmDelay === undefined ? tracked.run.options.polls.interval : CANCEL.firstWait;
		const soonest = (tracked.last ?? Number.NEGATIVE_INFINITY) + least;
		this.setTimer(tracked, tracked.isDue ? now : Math.max(now, soonest));
	}

	private add(tracked: TrackedRun): void {
		const { id } = tracked.run;
		this.waiting.add(tracked);
		this.waitingById.set(id, (this.waitingById.get(id) ?? new Set()).add(tracked));
	}

	private remove(tracked: TrackedRun): void {
		const { id } = tracked.run;
		const same = this.waitingById.get(id);
		this.waiting.delete(tracked);
		same?.delete(tracked);
		if (same?.size === 0) this.waitingById.delete(id);
	}
}
