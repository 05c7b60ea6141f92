import type { CancellationScope } from '../concurrency/cancellationScope';
import type { Clock } from '../concurrency/clock';
import { TimerQueue } from '../concurrency/timerQueue';
import type { ApiError } from '../requests/apiError';
import type { RequestQueue } from '../requests/requestQueue';
import type { CancelResult } from '../runs/cancelRun';
import type { Run, TimeMark } from '../runs/run';
import type { RunClient } from '../runs/runClient';
import type { SeenStatus } from '../runs/runReader';
import type { CreationTimes } from './creationTimes';
import type { Timeout } from './deadline';
import { ListPoller } from './listPoller';
import type { Outcome } from './outcome';
import type { PollSettings } from './pollDelay';
import { RunWatcher } from './runWatcher';

export interface WatchOptions {
	polls: PollSettings;
	/** Milliseconds for a cancel to be accepted and confirmed. */
	confirmFor: number;
	/** `leave`: only report that the time is up. */
	atDeadline: 'cancel' | 'leave';
	/** What happens to runs that are not finished when the workflow is stopped. */
	onStop: 'leave' | 'cancel';
	/**
	 * `once`: a single look; a run whose time is not up is `stillRunning`. `none`: its time is up already, as when a user
	 * asks to cancel it.
	 */
	mode: 'untilSettled' | 'once' | 'none';
}

/** The timeout is more than 0. */
export interface WatchTarget extends Timeout {
	id: string;
	options: WatchOptions;
}

export interface WatchDeps {
	client: RunClient;
	requestQueue: RequestQueue;
	clock: Clock;
	/** Ends when the workflow is stopped. */
	scope: CancellationScope;
	creationTimes: CreationTimes;
	/** The idempotency key for cancelling a run: the same for each attempt. */
	commandId: (id: string) => string;
	/** Called when a run was seen in another status than before. */
	onChange?: (run: Run) => void;
}

export interface WatchReport {
	id: string;
	outcome: Outcome;
	/** True when the deadline passed before the run was seen at its end. */
	timedOut: boolean;
	/** The run as it was last seen; absent when it was never read. */
	run?: Run;
	/** Unix ms; absent when the time to count from was never known. */
	deadline?: number;
	/** The run's own time the deadline was counted from; absent when counted from the begin of the watch. */
	countedFrom?: TimeMark;
	/** Milliseconds from the begin of the watch to this report. */
	elapsed: number;
	/** Reads sent. */
	polls: number;
	history: SeenStatus[];
	cancel?: Pick<CancelResult, 'requestedAt' | 'acceptedAt' | 'attempts' | 'confirmedAt'>;
	/** Present when the last request about this run went wrong, or when that decided the outcome. */
	lastError?: ApiError;
}

/** What came of one target: a report, or why it could not be watched as asked. */
export type WatchResult = { report: WatchReport } | { error: Error };

/**
 * Watches all targets at once, each to its own end. Equal ids are watched once: with the earliest deadline among them,
 * and the options of the first.
 * Results are in the order of `targets`; one that fails leaves the others watched to their end.
 *
 * @throws CancelReason `stopped` when the workflow was stopped (after the remote runs were cancelled, where `onStop` says so)
 */
export async function watchRuns(deps: WatchDeps, targets: readonly WatchTarget[]): Promise<WatchResult[]> {
	const byId = new Map<string, [WatchTarget, ...WatchTarget[]]>();
	for (const target of targets) {
		const same = byId.get(target.id);
		if (same) same.push(target);
		else byId.set(target.id, [target]);
	}

	const scope = deps.scope.child();
	const timerQueue = new TimerQueue(deps.clock, scope);
	const watched = [...byId.values()];
	const polled = watched.filter(([{ options }]) => options.mode !== 'none').length;
	const listPoller = new ListPoller({ ...deps, scope, timerQueue }, polled);
	const shared = { ...deps, timerQueue, listPoller };
	const results = new Map<string, WatchResult>();
	await Promise.all(
		watched.map((same) => {
			const [{ id }] = same;
			return new RunWatcher(shared, same).watch().then(
				(report) => results.set(id, { report }),
				(error: unknown) => results.set(id, { error: error as Error }),
			);
		}),
	);
	timerQueue.close();
	scope.dispose();
	if (deps.scope.signal.aborted) throw deps.scope.signal.reason;
	return targets.flatMap((target) => results.get(target.id) ?? []);
}
