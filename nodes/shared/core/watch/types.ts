import type { CancellationScope } from '../concurrency/cancellationScope';
import type { ApiError } from '../requests/apiError';
import type { CancelResult } from '../runs/cancelRun';
import type { Run, TimeMark } from '../runs/run';
import type { ReaderDeps, RunReader, SeenStatus } from '../runs/runReader';
import type { MembersResult } from './cancelMembers';
import type { CreationTimes } from './creationTimes';
import type { ListPoller } from './listPoller';
import type { Deadline, Timeout } from './deadline';
import type { Outcome } from './outcome';
import type { PollSettings } from './pollDelay';

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

export interface WatchDeps extends ReaderDeps {
	/** Ends when the workflow is stopped. */
	scope: CancellationScope;
	/** Shared by all executions of the account that watch runs of the resource. */
	listPoller: ListPoller;
	/** False once requests go out with a key or to an address of another account. Without it, they never do. */
	isOfAccount?: () => boolean;
	creationTimes: CreationTimes;
	/** The idempotency key for cancelling a run: the same for each attempt. */
	commandId: (id: string) => string;
	/** Called after a stop, with the runs that should have been cancelled and were not. */
	onMissed?: (ids: readonly string[]) => void;
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
	/** Of a batch whose members were cancelled: how many of them ended in which way. */
	members?: MembersResult['members'];
	/** Present when the last request about this run went wrong, or when that decided the outcome. */
	lastError?: ApiError;
}

/** One run that is watched: what was asked for, what was read so far, and when its time is up. */
export interface WatchedRun {
	readonly id: string;
	readonly options: WatchOptions;
	readonly targets: readonly WatchTarget[];
	/** Unix ms. */
	readonly watchedSince: number;
	readonly reader: RunReader;
	readonly deadline: Deadline;
}
