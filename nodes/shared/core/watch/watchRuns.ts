import { RunReader, type SeenStatus } from '../runs/runReader';
import { type CancelResult, type CancelDeps, confirmCancel } from '../runs/cancelRun';
import type { Clock } from '../concurrency/clock';
import { type CountFrom, noTimeToCountFrom, timeToCountFrom } from './deadline';
import { ApiError } from '../requests/apiError';
import type { RequestQueue } from '../requests/requestQueue';
import { CANCEL, READ, RETRY, SECOND } from '../config';
import type { CreationTimes } from './creationTimes';
import { type ReadView, type ListedRun, type RunClient } from '../runs/runClient';
import { ListPoller, type PolledRun, type RowDecision } from './listPoller';
import { retry } from '../requests/retry';
import { noAnswer } from '../requests/withTimeout';
import { type Phase, type Run, type TimeMark, isDone, isTerminal, isUnfinished } from '../runs/run';
import type { PollSettings } from './pollDelay';
import { CancellationScope, isCancelReason } from '../concurrency/cancellationScope';
import { attempt, attemptRequest } from '../concurrency/result';
import { type Timer, TimerQueue } from '../concurrency/timerQueue';

/** How a watch of one run ended. See the README for what each one means. */
export type Outcome =
	| 'completed'
	| 'needsReview'
	| 'failed'
	| 'expired'
	| 'rejected'
	| 'cancelledElsewhere'
	| 'unreachable'
	| 'cancelled'
	| 'cancelPending'
	| 'notCancellable'
	| 'stillRunning';

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

export interface WatchTarget {
	id: string;
	/** Milliseconds, more than 0. */
	timeout: number;
	countFrom: CountFrom;
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
	/** The last that was heard of the run; absent when it was never read. */
	run?: Run;
	/** Unix ms; absent when the time to count from was never learned. */
	deadline?: number;
	/** The run's own time the deadline was counted from; absent when counted from the begin of the watch. */
	countedFrom?: TimeMark;
	/** Milliseconds from the begin of the watch to this report. */
	elapsed: number;
	/** Reads sent. */
	polls: number;
	history: SeenStatus[];
	cancel?: Pick<CancelResult, 'requestedAt' | 'attempts' | 'confirmedAt'>;
	/** Present when the last request about this run went wrong, or when that decided the outcome. */
	lastError?: ApiError;
}

/** What came of one target: a report, or why it could not be watched as asked. */
export type WatchResult = { report: WatchReport } | { error: Error };

/**
 * Watches all targets at once, each to its own end. Equal ids are watched once: with the earliest deadline among them,
 * and the plan of the first.
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
			const watch = new RunWatcher(shared, same);
			return watch.run().then(
				(report) => results.set(watch.id, { report }),
				(error: unknown) => results.set(watch.id, { error: error as Error }),
			);
		}),
	);
	timerQueue.close();
	scope.dispose();
	if (deps.scope.signal.aborted) throw deps.scope.signal.reason;
	return targets.flatMap((target) => results.get(target.id) ?? []);
}

/** What ended the polling of a run. */
type Ending = { by: 'run'; run: Run } | { by: 'deadline' } | { by: 'notYet' } | { by: 'error' };

/** What the watches of all runs share. */
interface SharedDeps extends WatchDeps {
	timerQueue: TimerQueue;
	listPoller: ListPoller;
}

class RunWatcher implements PolledRun {
	readonly id: string;

	readonly watchedSince: number;

	private readonly options: WatchOptions;

	private readonly reader: RunReader;

	/** Unix ms. Until the run's own times are known: the latest it can be. */
	private deadline: number;

	private deadlineKnown: boolean;

	private countedFrom?: TimeMark;

	/** From when each of the run's own times is counted: as reported, but never from the future. */
	private clampedTimes?: Map<number, number>;

	/** The creation time that only the list knew. */
	private listedMark?: TimeMark;

	/** The scope of polling: ends at the deadline, or with the workflow. */
	private readonly polling: CancellationScope;

	private timer?: Timer;

	/** What a list said about a run that gets a single look. */
	private row?: Run;

	constructor(
		private readonly deps: SharedDeps,
		private readonly same: readonly [WatchTarget, ...WatchTarget[]],
	) {
		this.id = same[0].id;
		this.options = same[0].options;
		this.reader = new RunReader(this.id, deps.client, deps.requestQueue, deps.clock, deps.onChange);
		this.watchedSince = deps.clock.now();
		this.deadline = this.watchedSince + Math.min(...same.map((target) => target.timeout));
		this.deadlineKnown = same.some((target) => target.countFrom === 'now');
		this.polling = deps.scope.child();
	}

	/** @throws WatchError when the run cannot be watched as asked, CancelReason `stopped` when the workflow was stopped */
	async run(): Promise<WatchReport> {
		const watched = await attempt(async () => this.conclude(await this.poll()));
		this.polling.dispose();
		this.timer?.cancel();
		if ('value' in watched) return watched.value;
		const stopped = this.deps.scope.signal.aborted;
		if (stopped && this.options.onStop === 'cancel') await this.cancelOnStop();
		throw watched.error;
	}

	private async conclude(ending: Ending): Promise<WatchReport> {
		switch (ending.by) {
			case 'run': {
				const run = await this.fullRead(ending.run);
				return this.report(outcomeOf(run.phase, false), false, run);
			}
			case 'notYet':
				return this.report('stillRunning', false);
			case 'error':
				return this.report('unreachable', false);
			case 'deadline':
				return this.options.atDeadline === 'leave'
					? this.report('stillRunning', true)
					: await this.cancelAtDeadline();
		}
	}

	private async poll(): Promise<Ending> {
		if (this.options.mode === 'none') return { by: 'deadline' };
		this.setTimer();
		const polled = await attempt(() => this.lookUntilEnd());
		this.deps.listPoller.leave(this);
		if ('value' in polled) return polled.value;
		if (this.deps.scope.signal.aborted) throw this.deps.scope.signal.reason;
		if (!isCancelReason(polled.error, 'deadline')) throw polled.error;
		if (this.options.mode !== 'once') return { by: 'deadline' };
		// The alarm of a single look is the end of its patience, not the run's deadline.
		this.reader.lastError ??= noAnswer(READ.budget);
		return { by: 'error' };
	}

	/** @throws CancelReason when the scope of polling ended */
	private async lookUntilEnd(): Promise<Ending> {
		const { listPoller } = this.deps;
		for (;;) {
			const view = this.needsOwnTime ? 'light' : await listPoller.nextRead(this, this.polling);
			const ending = this.row ? await this.lookAt(this.row) : undefined;
			if (ending) return ending;
			const looked = await attemptRequest(() => this.retryRead(this.polling, () => this.look(view)));
			if ('error' in looked) return { by: 'error' };
			if (looked.value) return looked.value;
		}
	}

	/** Reads again until it works, or cannot work. @throws the ApiError that is final, CancelReason */
	private retryRead<T>(scope: CancellationScope, read: () => Promise<T>): Promise<T> {
		const shouldRetry = (error: ApiError) => !this.reader.isFinal(error);
		return retry({ clock: this.deps.clock, scope }, { shouldRetry }, read);
	}

	/** True when a list cannot answer for a first read: the deadline is only known once the run itself was read. */
	private get needsOwnTime(): boolean {
		return !this.deadlineKnown && this.options.mode !== 'once';
	}

	/** One look at the run; nothing when it goes on and there is time left. @throws ApiError, WatchError */
	private async look(view: ReadView): Promise<Ending | undefined> {
		const run = await this.reader.read(view, this.polling, view === 'full' ? 'read' : 'poll');
		this.deps.listPoller.onRead(this, run);
		if (isDone(run.phase)) return { by: 'run', run };
		await this.learnDeadline(run);
		if (this.deadline <= this.deps.clock.now()) return { by: 'deadline' };
		return this.options.mode === 'once' ? { by: 'notYet' } : undefined;
	}

	/** What a row tells about a run that gets a single look: enough only when its time is not up. @throws WatchError */
	private async lookAt(row: Run): Promise<Ending | undefined> {
		this.row = undefined;
		await this.learnDeadline(row);
		if (this.deadline <= this.deps.clock.now()) return undefined;
		this.reader.onListRow(row);
		return { by: 'notYet' };
	}

	get polls(): PollSettings {
		return this.options.polls;
	}

	get last(): Run | undefined {
		return this.reader.last;
	}

	get createdAt(): number {
		return (this.reader.last?.created ?? this.listedMark)?.at ?? this.watchedSince;
	}

	canWait(ms: number): boolean {
		const { clock } = this.deps;
		return this.options.mode !== 'once' && this.deadlineKnown && this.deadline - clock.now() > ms;
	}

	/**
	 * What a list says. Only that a run goes on is taken from it; also a change that moves the deadline, as a start does, is
	 * for a read to tell.
	 */
	onListRow({ phase, run }: ListedRun): RowDecision {
		if (!run || !isUnfinished(phase)) return 'read';
		if (this.options.mode === 'once') {
			if (!this.same.every(({ countFrom }) => tellsTime(run, countFrom))) return 'read';
			this.row = run;
			return 'enough';
		}
		const countsFromStart = this.same.some(({ countFrom }) => countFrom === 'started');
		if (countsFromStart && run.status !== this.last?.status) return 'read';
		this.reader.onListRow(run);
		return 'goesOn';
	}

	/** Ends polling at the deadline, however busy or asleep it is by then. A single look has its own, fixed end. */
	private setTimer(): void {
		const due = this.options.mode === 'once' ? this.watchedSince + READ.budget : this.deadline;
		if (this.timer) this.timer.reschedule(due);
		else this.timer = this.deps.timerQueue.set(due, () => this.polling.cancel('deadline'));
	}

	/** Moves the deadline to what the run's own times say, where they say something new. */
	private async learnDeadline(run: Run): Promise<void> {
		const { clock, client } = this.deps;
		let deadline = Number.POSITIVE_INFINITY;
		let countedFrom: TimeMark | undefined;
		for (const { countFrom, timeout } of this.same) {
			let from = this.watchedSince;
			let mark: TimeMark | undefined;
			if (countFrom !== 'now') {
				mark = await this.markOf(run, countFrom);
				if (!mark) continue;
				// A run cannot have begun in the future: a server clock that is ahead must not move the deadline away.
				this.clampedTimes ??= new Map();
				from = this.clampedTimes.get(mark.at) ?? Math.min(mark.at, clock.now());
				this.clampedTimes.set(mark.at, from);
			}
			if (from + timeout >= deadline) continue;
			deadline = from + timeout;
			countedFrom = mark;
		}
		if (deadline === Number.POSITIVE_INFINITY) throw noTimeToCountFrom(client.title, this.id);
		this.countedFrom = countedFrom;
		this.deadlineKnown = true;
		if (deadline === this.deadline) return;
		this.deadline = deadline;
		if (this.options.mode !== 'once') this.setTimer();
	}

	/** The time to count from, from the run or else from the list. A creation time from the list stays when the run starts. */
	private async markOf(run: Run, countFrom: 'created' | 'started'): Promise<TimeMark | undefined> {
		this.listedMark ??= this.deps.creationTimes.knownOf(this.id);
		if (countFrom === 'created' && !run.created && this.listedMark) return this.listedMark;
		return timeToCountFrom(run, countFrom) ?? (this.listedMark ??= await this.listedTime());
	}

	private async listedTime(): Promise<TimeMark | undefined> {
		const looked = await attemptRequest(() => this.deps.creationTimes.createdOf(this.id, this.polling));
		if ('value' in looked) return looked.value;
		this.reader.onError(looked.error);
		throw looked.error;
	}

	private async cancelAtDeadline(): Promise<WatchReport> {
		const result = await this.confirmCancel(this.deps.scope, this.options.confirmFor, 'confirmed');
		const run = result.run ? await this.fullRead(result.run) : this.reader.last;
		return this.report(outcomeOfCancel(result), true, run, result);
	}

	/** The workflow is gone, and its scope with it: the cancel runs below a scope of its own. */
	private async cancelOnStop(): Promise<void> {
		if (this.reader.last && isDone(this.reader.last.phase)) return;
		const own = CancellationScope.from(undefined);
		try {
			await this.confirmCancel(own, CANCEL.stopBudget, 'accepted');
		} finally {
			own.dispose();
		}
	}

	private confirmCancel(
		scope: CancellationScope,
		budget: number,
		until: CancelDeps['until'],
	): Promise<CancelResult> {
		const { client, requestQueue, clock } = this.deps;
		const commandId = this.deps.commandId(this.id);
		return confirmCancel(
			{ client, requestQueue, clock, reader: this.reader, commandId, until },
			scope,
			budget,
		);
	}

	/**
	 * The whole object of a run that has ended, where polls were light. What the light read said stands when the full
	 * read cannot be had: an ended run stays ended.
	 */
	private async fullRead(run: Run): Promise<Run> {
		const { client, clock, requestQueue } = this.deps;
		if (!client.hasLightReads || this.reader.lastIsFull) return run;
		// The result of a run is worth waiting for. One that has none is not held up by a long pause.
		const hasResult = !isTerminal(run.phase) || run.phase === 'completed';
		if (!hasResult && requestQueue.pauseLeft() >= READ.fullRead) {
			this.reader.lastError ??= heldBack(client.title, requestQueue.pauseLeft());
			return run;
		}
		const scope = this.deps.scope.child();
		const startedAt = clock.now();
		this.patience(hasResult, scope.signal).then(
			() => scope.cancel('timeout'),
			() => undefined,
		);
		const read = await attempt(() => this.readInFull(scope));
		scope.dispose();
		if ('value' in read) return read.value ?? run;
		if (!isCancelReason(read.error, 'timeout')) throw read.error;
		this.reader.lastError ??= noAnswer(clock.now() - startedAt);
		return run;
	}

	/** Ends when a full read has been tried for long enough. Where there is a result to get, pauses do not count. */
	private async patience(hasResult: boolean, signal: AbortSignal): Promise<void> {
		const { clock, requestQueue } = this.deps;
		const latest = clock.now() + READ.fullRead + (hasResult ? RETRY.maxRetryAfter : 0);
		let pause = hasResult ? requestQueue.pauseLeft() : 0;
		do {
			await clock.sleep(Math.min(latest - clock.now(), pause + READ.fullRead), signal);
			pause = requestQueue.pauseLeft();
		} while (pause > 0 && clock.now() < latest);
	}

	/** Nothing when it cannot be had. @throws CancelReason when the scope ended */
	private async readInFull(scope: CancellationScope): Promise<Run | undefined> {
		for (;;) {
			const read = await attemptRequest(() =>
				this.retryRead(scope, () => this.reader.read('full', scope, 'read')),
			);
			if ('error' in read) return undefined;
			if (isDone(read.value.phase)) return read.value;
			await this.deps.clock.sleep(this.reader.retryDelay(), scope.signal);
		}
	}

	private report(
		outcome: Outcome,
		timedOut: boolean,
		run = this.reader.last,
		cancel?: CancelResult,
	): WatchReport {
		return {
			id: this.id,
			outcome,
			timedOut,
			run,
			deadline: this.deadlineKnown ? this.deadline : undefined,
			countedFrom: this.countedFrom,
			elapsed: this.deps.clock.now() - this.watchedSince,
			polls: this.reader.reads,
			history: this.reader.history,
			cancel,
			lastError: this.faultBehind(outcome, cancel),
		};
	}

	/** What went wrong, where an outcome says that something did, and otherwise what went wrong last. */
	private faultBehind(outcome: Outcome, cancel?: CancelResult): ApiError | undefined {
		const { lastError } = this.reader;
		if (outcome === 'notCancellable') return cancel?.error ?? lastError;
		if (outcome === 'unreachable') return lastError ?? cancel?.error ?? noAnswer(this.options.confirmFor);
		return lastError;
	}
}

function heldBack(title: string, pause: number): ApiError {
	const seconds = Math.round(pause / SECOND);
	return new ApiError(
		'rateLimited',
		`${title}: asked to slow down for ${seconds} s, so the run was not read as a whole`,
		{
			hint: 'What is in the item is right, but not everything: read the run later with Get.',
		},
	);
}

/** True when the row of a run holds the very time to count from. A run that waits has not started: it counts from its creation. */
function tellsTime(row: Run, countFrom: CountFrom): boolean {
	if (countFrom === 'now') return true;
	return countFrom === 'created' || row.phase === 'waiting'
		? row.created !== undefined
		: row.started !== undefined;
}

const OUTCOME_OF_END: Partial<Record<Phase, Outcome>> = {
	completed: 'completed',
	needsReview: 'needsReview',
	failed: 'failed',
	expired: 'expired',
	rejected: 'rejected',
};

function outcomeOf(phase: Phase, cancelledByUs: boolean): Outcome {
	return OUTCOME_OF_END[phase] ?? (cancelledByUs ? 'cancelled' : 'cancelledElsewhere');
}

function outcomeOfCancel(result: CancelResult): Outcome {
	if (result.verdict === 'settled' && result.run) return outcomeOf(result.run.phase, result.cancelledByUs);
	if (result.verdict === 'pending') return 'cancelPending';
	if (result.verdict === 'refused') return 'notCancellable';
	return 'unreachable';
}
