import { RunAsker, type SeenStatus } from './asker';
import { type CancelResult, type CancelTools, confirmCancel } from './cancel';
import type { Clock } from './clock';
import { type CountFrom, noTimeToCountFrom, timeToCountFrom } from './deadline';
import { ApiFault } from './faults';
import type { RequestGate } from './gate';
import { CANCEL, LOOK, RETRY, SECOND } from './limits';
import type { ListedTimes } from './listed';
import { type Detail, type ListedRun, type RunPort, noAnswer } from './port';
import { Roster, type RosterRun, type Verdict } from './roster';
import { type Phase, type Run, type TimeMark, isSettled, isTerminal, isUnfinished } from './run';
import type { PollSettings } from './schedule';
import { Scope, isInterruption } from './scope';
import { settle, settleFault } from './settle';
import { type Alarm, Timetable } from './timetable';

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

export interface WatchPlan {
	polls: PollSettings;
	/** Milliseconds for a cancel to be accepted and confirmed. */
	confirmFor: number;
	/** `leave`: only report that the time is up. */
	whenTimeIsUp: 'cancel' | 'leave';
	/** What happens to runs that are not finished when the workflow is stopped. */
	onStop: 'leave' | 'cancel';
	/**
	 * `once`: a single look; a run whose time is not up is `stillRunning`. `none`: its time is up already, as when a user
	 * asks to cancel it.
	 */
	looks: 'untilSettled' | 'once' | 'none';
}

export interface WatchTarget {
	id: string;
	/** Milliseconds, more than 0. */
	timeout: number;
	countFrom: CountFrom;
	plan: WatchPlan;
}

export interface WatchTools {
	port: RunPort;
	gate: RequestGate;
	clock: Clock;
	/** Ends when the workflow is stopped. */
	scope: Scope;
	listed: ListedTimes;
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
	lastFault?: ApiFault;
}

/** What came of one target: a report, or why it could not be watched as asked. */
export type WatchResult = { report: WatchReport } | { error: Error };

/**
 * Watches all targets at once, each to its own end. Equal ids are watched once: with the earliest deadline among them,
 * and the plan of the first.
 * Results are in the order of `targets`; one that fails leaves the others watched to their end.
 *
 * @throws Interruption `stopped` when the workflow was stopped (after the remote runs were cancelled, where `onStop` says so)
 */
export async function watchRuns(tools: WatchTools, targets: readonly WatchTarget[]): Promise<WatchResult[]> {
	const byId = new Map<string, [WatchTarget, ...WatchTarget[]]>();
	for (const target of targets) {
		const same = byId.get(target.id);
		if (same) same.push(target);
		else byId.set(target.id, [target]);
	}

	const scope = tools.scope.fork();
	const timetable = new Timetable(tools.clock, scope);
	const watched = [...byId.values()];
	const polled = watched.filter(([{ plan }]) => plan.looks !== 'none').length;
	const roster = new Roster({ ...tools, scope, timetable }, polled);
	const shared = { ...tools, timetable, roster };
	const results = new Map<string, WatchResult>();
	await Promise.all(
		watched.map((same) => {
			const watch = new RunWatch(shared, same);
			return watch.run().then(
				(report) => results.set(watch.id, { report }),
				(error: unknown) => results.set(watch.id, { error: error as Error }),
			);
		}),
	);
	timetable.close();
	scope.release();
	if (tools.scope.signal.aborted) throw tools.scope.signal.reason;
	return targets.flatMap((target) => results.get(target.id) ?? []);
}

/** What ended the polling of a run. */
type Ending = { by: 'run'; run: Run } | { by: 'deadline' } | { by: 'notYet' } | { by: 'fault' };

/** What the watches of all runs share. */
interface SharedTools extends WatchTools {
	timetable: Timetable;
	roster: Roster;
}

class RunWatch implements RosterRun {
	readonly id: string;

	readonly watchedSince: number;

	private readonly plan: WatchPlan;

	private readonly asker: RunAsker;

	/** Unix ms. Until the run's own times are known: the latest it can be. */
	private deadline: number;

	private deadlineKnown: boolean;

	private countedFrom?: TimeMark;

	/** From when each of the run's own times is counted: as reported, but never from the future. */
	private seenMarks?: Map<number, number>;

	/** The creation time that only the list knew. */
	private listedMark?: TimeMark;

	/** The scope of polling: ends at the deadline, or with the workflow. */
	private readonly polling: Scope;

	private alarm?: Alarm;

	/** What a list said about a run that gets a single look. */
	private row?: Run;

	constructor(
		private readonly tools: SharedTools,
		private readonly same: readonly [WatchTarget, ...WatchTarget[]],
	) {
		this.id = same[0].id;
		this.plan = same[0].plan;
		this.asker = new RunAsker(this.id, tools.port, tools.gate, tools.clock, tools.onChange);
		this.watchedSince = tools.clock.now();
		this.deadline = this.watchedSince + Math.min(...same.map((target) => target.timeout));
		this.deadlineKnown = same.some((target) => target.countFrom === 'now');
		this.polling = tools.scope.fork();
	}

	/** @throws WatchError when the run cannot be watched as asked, Interruption `stopped` when the workflow was stopped */
	async run(): Promise<WatchReport> {
		const watched = await settle(async () => this.conclude(await this.poll()));
		this.polling.release();
		this.alarm?.cancel();
		if ('value' in watched) return watched.value;
		const stopped = this.tools.scope.signal.aborted;
		if (stopped && this.plan.onStop === 'cancel') await this.cancelOnStop();
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
			case 'fault':
				return this.report('unreachable', false);
			case 'deadline':
				return this.plan.whenTimeIsUp === 'leave'
					? this.report('stillRunning', true)
					: await this.cancelAtDeadline();
		}
	}

	private async poll(): Promise<Ending> {
		if (this.plan.looks === 'none') return { by: 'deadline' };
		this.setAlarm();
		const polled = await settle(() => this.lookUntilEnd());
		this.tools.roster.leave(this);
		if ('value' in polled) return polled.value;
		if (this.tools.scope.signal.aborted) throw this.tools.scope.signal.reason;
		if (!isInterruption(polled.error, 'deadline')) throw polled.error;
		if (this.plan.looks !== 'once') return { by: 'deadline' };
		// The alarm of a single look is the end of its patience, not the run's deadline.
		this.asker.lastFault ??= noAnswer(LOOK.budget);
		return { by: 'fault' };
	}

	/** @throws Interruption when the scope of polling ended */
	private async lookUntilEnd(): Promise<Ending> {
		const { clock, roster } = this.tools;
		for (;;) {
			const detail = this.needsOwnTime ? 'light' : await roster.turn(this, this.polling);
			const ending = this.row ? await this.lookAt(this.row) : undefined;
			if (ending) return ending;
			for (;;) {
				const looked = await settleFault(() => this.look(detail));
				if ('value' in looked && looked.value) return looked.value;
				if ('value' in looked) break;
				if (this.asker.isFinal(looked.fault)) return { by: 'fault' };
				await clock.sleep(this.asker.retryDelay(), this.polling.signal);
			}
		}
	}

	/** True when a list cannot answer for a first read: the deadline is only known once the run itself was read. */
	private get needsOwnTime(): boolean {
		return !this.deadlineKnown && this.plan.looks !== 'once';
	}

	/** One look at the run; nothing when it goes on and there is time left. @throws ApiFault, WatchError */
	private async look(detail: Detail): Promise<Ending | undefined> {
		const run = await this.asker.read(detail, this.polling, detail === 'full' ? 'read' : 'poll');
		this.tools.roster.heard(this, run);
		if (isSettled(run.phase)) return { by: 'run', run };
		await this.learnDeadline(run);
		if (this.deadline <= this.tools.clock.now()) return { by: 'deadline' };
		return this.plan.looks === 'once' ? { by: 'notYet' } : undefined;
	}

	/** What a row tells about a run that gets a single look: enough only when its time is not up. @throws WatchError */
	private async lookAt(row: Run): Promise<Ending | undefined> {
		this.row = undefined;
		await this.learnDeadline(row);
		if (this.deadline <= this.tools.clock.now()) return undefined;
		this.asker.sighted(row);
		return { by: 'notYet' };
	}

	get polls(): PollSettings {
		return this.plan.polls;
	}

	get last(): Run | undefined {
		return this.asker.last;
	}

	get bornAt(): number {
		return (this.asker.last?.created ?? this.listedMark)?.at ?? this.watchedSince;
	}

	canWait(ms: number): boolean {
		const { clock } = this.tools;
		return this.plan.looks !== 'once' && this.deadlineKnown && this.deadline - clock.now() > ms;
	}

	/**
	 * What a list says. Only that a run goes on is taken from it; also a change that moves the deadline, as a start does, is
	 * for a read to tell.
	 */
	sighted({ phase, run }: ListedRun): Verdict {
		if (!run || !isUnfinished(phase)) return 'read';
		if (this.plan.looks === 'once') {
			if (!this.same.every(({ countFrom }) => tellsTime(run, countFrom))) return 'read';
			this.row = run;
			return 'enough';
		}
		const countsFromStart = this.same.some(({ countFrom }) => countFrom === 'started');
		if (countsFromStart && run.status !== this.last?.status) return 'read';
		this.asker.sighted(run);
		return 'goesOn';
	}

	/** Ends polling at the deadline, however busy or asleep it is by then. A single look has its own, fixed end. */
	private setAlarm(): void {
		const due = this.plan.looks === 'once' ? this.watchedSince + LOOK.budget : this.deadline;
		if (this.alarm) this.alarm.move(due);
		else this.alarm = this.tools.timetable.set(due, () => this.polling.end('deadline'));
	}

	/** Moves the deadline to what the run's own times say, where they say something new. */
	private async learnDeadline(run: Run): Promise<void> {
		const { clock, port } = this.tools;
		let deadline = Number.POSITIVE_INFINITY;
		let countedFrom: TimeMark | undefined;
		for (const { countFrom, timeout } of this.same) {
			let from = this.watchedSince;
			let mark: TimeMark | undefined;
			if (countFrom !== 'now') {
				mark = await this.markOf(run, countFrom);
				if (!mark) continue;
				// A run cannot have begun in the future: a server clock that is ahead must not move the deadline away.
				this.seenMarks ??= new Map();
				from = this.seenMarks.get(mark.at) ?? Math.min(mark.at, clock.now());
				this.seenMarks.set(mark.at, from);
			}
			if (from + timeout >= deadline) continue;
			deadline = from + timeout;
			countedFrom = mark;
		}
		if (deadline === Number.POSITIVE_INFINITY) throw noTimeToCountFrom(port.title, this.id);
		this.countedFrom = countedFrom;
		this.deadlineKnown = true;
		if (deadline === this.deadline) return;
		this.deadline = deadline;
		if (this.plan.looks !== 'once') this.setAlarm();
	}

	/** The time to count from, from the run or else from the list. A creation time from the list stays when the run starts. */
	private async markOf(run: Run, countFrom: 'created' | 'started'): Promise<TimeMark | undefined> {
		this.listedMark ??= this.tools.listed.knownOf(this.id);
		if (countFrom === 'created' && !run.created && this.listedMark) return this.listedMark;
		return timeToCountFrom(run, countFrom) ?? (this.listedMark ??= await this.listedTime());
	}

	private async listedTime(): Promise<TimeMark | undefined> {
		const looked = await settleFault(() => this.tools.listed.createdOf(this.id, this.polling));
		if ('value' in looked) return looked.value;
		this.asker.failed(looked.fault);
		throw looked.fault;
	}

	private async cancelAtDeadline(): Promise<WatchReport> {
		const result = await this.confirmCancel(this.tools.scope, this.plan.confirmFor, 'confirmed');
		const run = result.run ? await this.fullRead(result.run) : this.asker.last;
		return this.report(outcomeOfCancel(result), true, run, result);
	}

	/** The workflow is gone, and its scope with it: the cancel runs below a scope of its own. */
	private async cancelOnStop(): Promise<void> {
		if (this.asker.last && isSettled(this.asker.last.phase)) return;
		const own = Scope.from(undefined);
		try {
			await this.confirmCancel(own, CANCEL.stopBudget, 'accepted');
		} finally {
			own.release();
		}
	}

	private confirmCancel(scope: Scope, budget: number, until: CancelTools['until']): Promise<CancelResult> {
		const { port, gate, clock } = this.tools;
		const commandId = this.tools.commandId(this.id);
		return confirmCancel({ port, gate, clock, asker: this.asker, commandId, until }, scope, budget);
	}

	/**
	 * The whole object of a run that has ended, where polls were light. What the light read said stands when the full
	 * read cannot be had: an ended run stays ended.
	 */
	private async fullRead(run: Run): Promise<Run> {
		const { port, clock, gate } = this.tools;
		if (!port.hasLightReads || this.asker.lastIsFull) return run;
		// The result of a run is worth waiting for. One that has none is not held up by a long pause.
		const hasResult = !isTerminal(run.phase) || run.phase === 'completed';
		if (!hasResult && gate.pauseLeft() >= LOOK.fullRead) {
			this.asker.lastFault ??= heldBack(port.title, gate.pauseLeft());
			return run;
		}
		const scope = this.tools.scope.fork();
		const startedAt = clock.now();
		this.patience(hasResult, scope.signal).then(
			() => scope.end('timeout'),
			() => undefined,
		);
		const read = await settle(() => this.readInFull(scope));
		scope.release();
		if ('value' in read) return read.value ?? run;
		if (!isInterruption(read.error, 'timeout')) throw read.error;
		this.asker.lastFault ??= noAnswer(clock.now() - startedAt);
		return run;
	}

	/** Ends when a full read has been tried for long enough. Where there is a result to get, pauses do not count. */
	private async patience(hasResult: boolean, signal: AbortSignal): Promise<void> {
		const { clock, gate } = this.tools;
		const latest = clock.now() + LOOK.fullRead + (hasResult ? RETRY.maxRetryAfter : 0);
		let pause = hasResult ? gate.pauseLeft() : 0;
		do {
			await clock.sleep(Math.min(latest - clock.now(), pause + LOOK.fullRead), signal);
			pause = gate.pauseLeft();
		} while (pause > 0 && clock.now() < latest);
	}

	/** Nothing when it cannot be had. @throws Interruption when the scope ended */
	private async readInFull(scope: Scope): Promise<Run | undefined> {
		for (;;) {
			const read = await settleFault(() => this.asker.read('full', scope, 'read'));
			if ('value' in read && isSettled(read.value.phase)) return read.value;
			if ('fault' in read && this.asker.isFinal(read.fault)) return undefined;
			await this.tools.clock.sleep(this.asker.retryDelay(), scope.signal);
		}
	}

	private report(
		outcome: Outcome,
		timedOut: boolean,
		run = this.asker.last,
		cancel?: CancelResult,
	): WatchReport {
		return {
			id: this.id,
			outcome,
			timedOut,
			run,
			deadline: this.deadlineKnown ? this.deadline : undefined,
			countedFrom: this.countedFrom,
			elapsed: this.tools.clock.now() - this.watchedSince,
			polls: this.asker.reads,
			history: this.asker.history,
			cancel,
			lastFault: this.faultBehind(outcome, cancel),
		};
	}

	/** What went wrong, where an outcome says that something did, and otherwise what went wrong last. */
	private faultBehind(outcome: Outcome, cancel?: CancelResult): ApiFault | undefined {
		const { lastFault } = this.asker;
		if (outcome === 'notCancellable') return cancel?.fault ?? lastFault;
		if (outcome === 'unreachable') return lastFault ?? cancel?.fault ?? noAnswer(this.plan.confirmFor);
		return lastFault;
	}
}

function heldBack(title: string, pause: number): ApiFault {
	const seconds = Math.round(pause / SECOND);
	return new ApiFault(
		'rateLimited',
		`${title}: asked to slow down for ${seconds} s, so the run was not read as a whole`,
		{
			advice: 'What is in the item is right, but not everything: read the run later with Get.',
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
	if (result.verdict === 'settled' && result.run) return outcomeOf(result.run.phase, result.ours);
	if (result.verdict === 'pending') return 'cancelPending';
	if (result.verdict === 'refused') return 'notCancellable';
	return 'unreachable';
}
