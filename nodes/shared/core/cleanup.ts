import { RunAsker } from './asker';
import { type CancelResult, confirmCancel } from './cancel';
import type { Clock } from './clock';
import { ApiFault } from './faults';
import type { RequestGate } from './gate';
import { LIST, RETRY } from './limits';
import { persist } from './persist';
import type { RunPort } from './port';
import { type Phase, type Run, type TimeMark, isTerminal } from './run';
import type { Scope } from './scope';

export type CleanupOutcome =
	'wouldCancel' | 'cancelled' | 'cancelPending' | 'alreadyFinished' | 'notCancellable' | 'unreachable';

/** What a list tells about a run: a hint where to look, never the truth. */
export interface ListedRun {
	id: string;
	/** `unknown` when the row does not tell. */
	phase: Phase;
	created?: TimeMark;
}

/** One list that may hold stuck runs. */
export interface StuckList {
	/** True when no run can be older than the ones before it: then reading stops at the first one that is too young. */
	oldestFirst: boolean;
	page(token: string | undefined, signal: AbortSignal): Promise<{ rows: ListedRun[]; next?: string }>;
}

/** The runs of one resource, and the lists that together hold all of them that may be stuck. */
export interface CleanupSource {
	resource: string;
	port: RunPort;
	lists: readonly StuckList[];
	/** Whether the user's filters allow for this run, judged by the run itself. */
	matches(run: Run): boolean;
}

export interface CleanupPlan {
	/** Milliseconds since its creation after which an unfinished run is stuck. */
	olderThan: number;
	/** Runs that are acted on at most, over all resources. */
	limit: number;
	dryRun: boolean;
	/** Phases that count as unfinished. */
	phases: ReadonlySet<Phase>;
	/** Milliseconds for each cancel to be accepted and confirmed. */
	confirmFor: number;
}

export interface CleanupTools {
	gate: RequestGate;
	clock: Clock;
	/** Ends when the workflow is stopped. */
	scope: Scope;
	commandId(id: string): string;
}

export interface CleanedRun {
	resource: string;
	id: string;
	outcome: CleanupOutcome;
	/** Milliseconds since its creation, at the time it was looked at. */
	age?: number;
	/** Absent when it could not be read. */
	run?: Run;
	cancel?: CancelResult;
	lastFault?: ApiFault;
}

export interface CleanupReport {
	/** Oldest first. */
	runs: CleanedRun[];
	/** Lists that could not be read to their end; what was read until then was cleaned up all the same. */
	incomplete: Array<{ resource: string; fault?: ApiFault }>;
	/** Unfinished runs left alone because nothing tells how old they are. */
	ageless: number;
	/** Runs that looked stuck and were not reached because of the limit. */
	beyondLimit: number;
}

interface Candidate {
	source: CleanupSource;
	row: ListedRun;
}

/**
 * Finds unfinished runs that are older than a limit and cancels them, oldest first; in a dry run it only tells which.
 *
 * A list row is a hint: every run is read again right before its cancel, and left alone when it has ended, is younger, or
 * does not match the filters. A list that fails half way loses nothing that was read before.
 *
 * @throws the reason why the scope ended, when the workflow was stopped
 */
export async function cleanUp(
	tools: CleanupTools,
	sources: readonly CleanupSource[],
	plan: CleanupPlan,
): Promise<CleanupReport> {
	const report: CleanupReport = { runs: [], incomplete: [], ageless: 0, beyondLimit: 0 };
	const candidates = await findCandidates(tools, sources, plan, report);
	let next = 0;
	while (next < candidates.length && report.runs.length < plan.limit) {
		const batch = candidates.slice(next, next + plan.limit - report.runs.length);
		next += batch.length;
		const cleaned = await Promise.all(
			batch.map(async (candidate) => {
				const scope = tools.scope.fork();
				try {
					return await cleanOne({ ...tools, scope }, candidate, plan, report);
				} finally {
					scope.release();
				}
			}),
		);
		report.runs.push(...cleaned.flatMap((run) => run ?? []));
	}
	report.beyondLimit = candidates.length - next;
	return report;
}

async function findCandidates(
	tools: CleanupTools,
	sources: readonly CleanupSource[],
	plan: CleanupPlan,
	report: CleanupReport,
): Promise<Candidate[]> {
	const found = new Map<string, Candidate>();
	await Promise.all(
		sources.flatMap((source) =>
			source.lists.map(async (list) => {
				const seen = (row: ListedRun) => found.set(`${source.resource} ${row.id}`, { source, row });
				try {
					const whole = await readList(tools, list, plan, seen);
					if (!whole) report.incomplete.push({ resource: source.resource });
				} catch (error) {
					if (!(error instanceof ApiFault)) throw error;
					report.incomplete.push({ resource: source.resource, fault: error });
				}
			}),
		),
	);
	const createdAt = ({ row }: Candidate) => row.created?.at ?? Number.POSITIVE_INFINITY;
	return [...found.values()].sort((a, b) =>
		createdAt(a) === createdAt(b) ? 0 : createdAt(a) - createdAt(b),
	);
}

/** Calls `seen` for each row that may be stuck. Gives back false when the list was too long to be read to its end. */
async function readList(
	tools: CleanupTools,
	list: StuckList,
	plan: CleanupPlan,
	seen: (row: ListedRun) => void,
): Promise<boolean> {
	const youngest = tools.clock.now() - plan.olderThan;
	const tokens = new Set<string>();
	let token: string | undefined;
	for (let pages = 0; pages < LIST.cleanupPages; pages++) {
		const page = await persist(tools, (signal) => list.page(token, signal));
		for (const row of page.rows) {
			const tooYoung = row.created !== undefined && row.created.at > youngest;
			if (tooYoung && list.oldestFirst) return true;
			if (!tooYoung && (row.phase === 'unknown' || plan.phases.has(row.phase))) seen(row);
		}
		// A server that repeats a token, or sends one with an empty page, would be paged for ever.
		if (!page.next || tokens.has(page.next) || page.rows.length === 0) return true;
		tokens.add(page.next);
		token = page.next;
	}
	return false;
}

/** Gives back nothing for a run that turns out not to be stuck. */
async function cleanOne(
	tools: CleanupTools,
	{ source, row }: Candidate,
	plan: CleanupPlan,
	report: CleanupReport,
): Promise<CleanedRun | undefined> {
	const { gate, clock, scope } = tools;
	const asker = new RunAsker(row.id, source.port, gate, clock);
	const known = { resource: source.resource, id: row.id };
	let run: Run;
	try {
		run = await readAgain(tools, asker);
	} catch (error) {
		if (!(error instanceof ApiFault)) throw error;
		const age = row.created && clock.now() - row.created.at;
		return { ...known, outcome: 'unreachable', age, lastFault: error };
	}
	const created = run.created ?? row.created ?? run.started;
	const age = created && clock.now() - created.at;
	if (isTerminal(run.phase)) return { ...known, outcome: 'alreadyFinished', age, run };
	if (!source.matches(run) || !(plan.phases.has(run.phase) || run.phase === 'unknown')) return undefined;
	if (age === undefined) {
		report.ageless += 1;
		return undefined;
	}
	if (age < plan.olderThan) return undefined;
	if (plan.dryRun) return { ...known, outcome: 'wouldCancel', age, run };

	const { port } = source;
	const commandId = tools.commandId(row.id);
	const cancel = await confirmCancel(
		{ port, gate, clock, asker, commandId, until: 'confirmed' },
		scope,
		plan.confirmFor,
	);
	const outcome = outcomeOf(cancel);
	const lastFault = asker.lastFault ?? (outcome === 'notCancellable' ? cancel.refusal : undefined);
	return { ...known, outcome, age, run: asker.last ?? run, cancel, lastFault };
}

async function readAgain({ clock, scope }: CleanupTools, asker: RunAsker): Promise<Run> {
	for (let attempts = 1; ; attempts++) {
		try {
			return await asker.read('light', scope, 'call');
		} catch (error) {
			if (!(error instanceof ApiFault)) throw error;
			if (asker.isFinal(error) || attempts >= RETRY.attempts) throw error;
			await clock.sleep(asker.retryDelay(), scope.signal);
		}
	}
}

function outcomeOf({ verdict, run, ours }: CancelResult): CleanupOutcome {
	switch (verdict) {
		case 'settled':
			if (run?.phase === 'needsReview') return 'notCancellable';
			return run?.phase === 'cancelled' && ours ? 'cancelled' : 'alreadyFinished';
		case 'pending':
			return 'cancelPending';
		case 'refused':
			return 'notCancellable';
		case 'unreachable':
			return 'unreachable';
	}
}
