import { type CancellationScope, isCancelReason } from '../concurrency/cancellationScope';
import { attempt, attemptRequest } from '../concurrency/result';
import type { Timer, TimerQueue } from '../concurrency/timerQueue';
import { READ } from '../config';
import { type ApiError, WatchError, noAnswer } from '../requests/apiError';
import { retry } from '../requests/retry';
import { type Run, type TimeMark, isDone } from '../runs/run';
import type { ReadView } from '../runs/runClient';
import type { StopCancels } from './stopCancels';
import type { WatchDeps, WatchedRun } from './types';

export type PollingDeps = WatchDeps & { timerQueue: TimerQueue; stopCancels: StopCancels };

/** What ended the polling of a run. */
export type Ending =
	{ by: 'run'; run: Run } | { by: 'deadline' } | { by: 'notYet' } | { by: 'error'; error: ApiError };

/** Polls one run until it is done, its time is up, or asking again cannot help. */
export class RunPolling {
	/** Ends at the deadline, or with the workflow. */
	private readonly scope: CancellationScope;

	private readonly timer: Timer;

	constructor(
		private readonly deps: PollingDeps,
		private readonly run: WatchedRun,
	) {
		this.scope = deps.scope.child();
		// Ends polling however busy or asleep it is by then. A single look has its own, fixed end.
		const due = this.isOnce ? run.watchedSince + READ.budget : run.deadline.at;
		this.timer = deps.timerQueue.set(due, () => this.scope.cancel('deadline'));
	}

	/** @throws WatchError when there is no time to count from, CancelReason `stopped` when the workflow was stopped */
	async untilEnd(): Promise<Ending> {
		const { deps, run, scope } = this;
		const polled = await attempt(() => this.readUntilEnd());
		deps.listPoller.leave(run);
		this.timer.cancel();
		scope.dispose();
		if ('value' in polled) return polled.value;
		if (deps.scope.signal.aborted) throw deps.scope.signal.reason;
		if (!isCancelReason(polled.error, 'deadline')) throw polled.error;
		return this.isOnce ? { by: 'error', error: noAnswer(READ.budget) } : { by: 'deadline' };
	}

	/** @throws CancelReason when the scope ended */
	private async readUntilEnd(): Promise<Ending> {
		const { deps, run, scope } = this;
		const shouldRetry = (error: ApiError) => !run.reader.isFinal(error);
		for (;;) {
			// A list cannot answer for a first read that the deadline depends on.
			const isDeadlineOpen = !run.deadline.isKnown && !this.isOnce;
			const next = isDeadlineOpen ? { view: 'light' as const } : await deps.listPoller.next(run, scope);
			const ended = next.row && (await this.acceptRow(next.row));
			if (ended) return ended;
			const read = await attemptRequest(() =>
				retry({ ...deps, scope }, { shouldRetry }, () => this.read(next.view)),
			);
			if ('error' in read) return { by: 'error', error: read.error };
			if (read.value) return read.value;
		}
	}

	/** One read; nothing when the run goes on and there is time left. @throws ApiError, WatchError */
	private async read(view: ReadView): Promise<Ending | undefined> {
		const { deps, run } = this;
		const read = await run.reader.read(view, this.scope, view === 'full' ? 'read' : 'poll');
		deps.listPoller.onRead(run, read);
		if (isDone(read.phase)) return { by: 'run', run: read };
		await this.updateDeadline(read);
		if (run.deadline.at <= deps.clock.now()) return { by: 'deadline' };
		return this.isOnce ? { by: 'notYet' } : undefined;
	}

	/** What a row tells about a run that gets a single look: enough only when its time is not up. @throws WatchError */
	private async acceptRow(row: Run): Promise<Ending | undefined> {
		const { deps, run } = this;
		await this.updateDeadline(row);
		if (run.deadline.at <= deps.clock.now()) return undefined;
		run.reader.onListRow(row);
		return { by: 'notYet' };
	}

	private async updateDeadline(read: Run): Promise<void> {
		const { deps, run } = this;
		const { deadline } = run;
		const before = deadline.at;
		const listed =
			deps.creationTimes.knownOf(run.id) ??
			(deadline.needsListedTime(read) ? await this.listedTime() : undefined);
		if (!deadline.update(read, listed, deps.clock.now())) {
			throw new WatchError(
				`No time to count from is known for ${deps.client.title} ${run.id}`,
				'Neither the run nor the list of runs tells when it was created or started. Count the timeout from Now instead.',
			);
		}
		if (deadline.at !== before && !this.isOnce) this.timer.reschedule(deadline.at);
	}

	private async listedTime(): Promise<TimeMark | undefined> {
		const { deps, run } = this;
		const listed = await attemptRequest(() => deps.creationTimes.createdOf(run.id, this.scope));
		if ('value' in listed) return listed.value;
		run.reader.onError(listed.error);
		throw listed.error;
	}

	private get isOnce(): boolean {
		return this.run.options.mode === 'once';
	}
}
