import type { CancellationScope } from '../concurrency/cancellationScope';
import { attempt } from '../concurrency/result';
import { type ApiError, noAnswer } from '../requests/apiError';
import type { CancelDeps, CancelResult } from '../runs/cancelRun';
import { type Run, isDone } from '../runs/run';
import { RunReader } from '../runs/runReader';
import { cancelWatched } from './cancelWatched';
import { Deadline } from './deadline';
import { type FinalRead, finalRead } from './finalRead';
import { type Outcome, errorBehind, outcomeOf, outcomeOfCancel, outcomeOfError } from './outcome';
import { type Ending, type PollingDeps, RunPolling } from './runPolling';
import type { WatchReport, WatchTarget, WatchedRun } from './types';

/** What a report says beyond what was read. */
interface Conclusion {
	outcome: Outcome;
	timedOut: boolean;
	run?: Run;
	cancel?: CancelResult;
	/** What went wrong, where the reader does not know. */
	error?: ApiError;
}

/** Watches one run to its end: polls it, cancels it when its time is up, and reports. */
export class RunWatcher {
	private readonly run: WatchedRun;

	/** The latest cancel, where one was sent. */
	private cancel?: CancelResult;

	/** @param targets of the same run; the options of the first count */
	constructor(
		private readonly deps: PollingDeps,
		targets: readonly [WatchTarget, ...WatchTarget[]],
	) {
		const [{ id, options }] = targets;
		const watchedSince = deps.clock.now();
		this.run = {
			id,
			options,
			targets,
			watchedSince,
			reader: new RunReader(id, deps),
			deadline: new Deadline(targets, watchedSince),
		};
	}

	/** @throws WatchError when the run cannot be watched as asked, CancelReason `stopped` when the workflow was stopped */
	async watch(): Promise<WatchReport> {
		const { deps, run } = this;
		const watched = await attempt(async () => {
			const ending: Ending =
				run.options.mode === 'none' ? { by: 'deadline' } : await new RunPolling(deps, run).untilEnd();
			return this.report(await this.conclude(ending));
		});
		if ('value' in watched) return watched.value;
		if (deps.scope.signal.aborted && run.options.onStop === 'cancel') await this.cancelOnStop();
		throw watched.error;
	}

	private async conclude(ending: Ending): Promise<Conclusion> {
		switch (ending.by) {
			case 'run': {
				const read = await this.readWhole(ending.run);
				return { ...read, outcome: outcomeOf(read.run.phase), timedOut: false };
			}
			case 'notYet':
				return { outcome: 'stillRunning', timedOut: false };
			case 'error':
				return { outcome: outcomeOfError(ending.error), timedOut: false, error: ending.error };
			case 'deadline':
				if (this.run.options.atDeadline === 'leave') return { outcome: 'stillRunning', timedOut: true };
				return await this.cancelAtDeadline();
		}
	}

	private async cancelAtDeadline(): Promise<Conclusion> {
		const { deps, run } = this;
		const cancel = await this.confirmCancel(deps.scope, run.options.confirmFor, 'confirmed');
		deps.scope.signal.throwIfAborted();
		const read = cancel.run && (await this.readWhole(cancel.run));
		return { ...read, outcome: outcomeOfCancel(cancel), timedOut: true, cancel };
	}

	private async cancelOnStop(): Promise<void> {
		const { last } = this.run.reader;
		if ((last && isDone(last.phase)) || this.cancel?.verdict === 'pending') return;
		const { scope, budget, missed } = this.deps.stopCancels;
		const cancel = await attempt(() => this.confirmCancel(scope, budget, 'accepted'));
		const verdict = 'value' in cancel ? cancel.value.verdict : 'unreachable';
		if (verdict === 'refused' || verdict === 'unreachable') missed.push(this.run.id);
	}

	private async confirmCancel(
		scope: CancellationScope,
		budget: number,
		until: CancelDeps['until'],
	): Promise<CancelResult> {
		this.cancel = await cancelWatched({ ...this.deps, until }, this.run, scope, budget);
		return this.cancel;
	}

	private readWhole(run: Run): Promise<FinalRead> {
		return finalRead(this.deps, this.run.reader, run);
	}

	private report({ outcome, timedOut, run, cancel, error }: Conclusion): WatchReport {
		const { id, reader, deadline, watchedSince, options } = this.run;
		const silence = noAnswer(options.confirmFor);
		return {
			id,
			outcome,
			timedOut,
			run: run ?? reader.last,
			deadline: deadline.isKnown ? deadline.at : undefined,
			countedFrom: deadline.countedFrom,
			elapsed: this.deps.clock.now() - watchedSince,
			polls: reader.reads,
			history: reader.history,
			cancel,
			lastError: errorBehind(outcome, reader.lastError ?? error, cancel, silence),
		};
	}
}
