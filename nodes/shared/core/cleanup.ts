import { RunAsker } from './asker';
import { type CancelResult, confirmCancel } from './cancel';
import type { Clock } from './clock';
import { ApiFault } from './faults';
import type { RequestGate } from './gate';
import { LIST, RETRY } from './limits';
import { persist } from './persist';
import { type Detail, type ListedRun, type RunList, type RunPort, noAnswer } from './port';
import { type Phase, type Run, isTerminal } from './run';
import type { Scope } from './scope';
import { settle, settleFault } from './settle';

export type CleanupOutcome =
	'wouldCancel' | 'cancelled' | 'cancelPending' | 'alreadyFinished' | 'notCancellable' | 'unreachable';

/** One list that may hold stuck runs. */
export interface StuckList {
	/** True when no run can be older than the ones before it: then reading stops at the first one that is too young. */
	oldestFirst: boolean;
	page: RunList['page'];
}

/** The runs of one resource, and the lists that together hold all of them that may be stuck. */
export interface CleanupSource {
	resource: string;
	port: RunPort;
	lists: readonly StuckList[];
	/** The read that holds all that `matches` looks at. */
	detail: Detail;
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
	incomplete: Array<{ resource: string; why: ListGap }>;
	/** Unfinished runs left alone because nothing tells how old they are. */
	ageless: number;
	/** Runs that looked stuck and were not reached because of the limit. */
	beyondLimit: number;
	/** True when the workflow was stopped before the end: then only what was done until then is reported. */
	stopped: boolean;
}

/** Why a list was not read to its end: a fault that stayed, more pages than we read, or pages that lead in a circle. */
export type ListGap = ApiFault | 'tooLong' | 'circular';

interface Candidate {
	source: CleanupSource;
	row: ListedRun;
}

/**
 * Finds unfinished runs that are older than a limit and cancels them, oldest first; in a dry run it only tells which.
 *
 * A list row is a hint: every run is read again right before its cancel, and left alone when it has ended, is younger, or
 * does not match the filters. A list that fails half way loses nothing that was read before, and a workflow that is
 * stopped still gets the report of what was done.
 *
 * @throws ApiFault when no list could be read to its end and nothing was found
 */
export async function cleanUp(
	tools: CleanupTools,
	sources: readonly CleanupSource[],
	plan: CleanupPlan,
): Promise<CleanupReport> {
	const report: CleanupReport = { runs: [], incomplete: [], ageless: 0, beyondLimit: 0, stopped: false };
	const done = await settle(async () => {
		const candidates = await findCandidates(tools, sources, plan, report);
		let next = 0;
		while (next < candidates.length && report.runs.length < plan.limit) {
			const batch = candidates.slice(next, next + plan.limit - report.runs.length);
			next += batch.length;
			await cleanAll(tools, batch, plan, report);
		}
		report.beyondLimit = candidates.length - next;
	});
	if ('error' in done && !tools.scope.signal.aborted) throw done.error;
	report.stopped = tools.scope.signal.aborted;
	return report;
}

/** Cleans up side by side; reports all that came to an end, also when some did not. */
async function cleanAll(
	tools: CleanupTools,
	candidates: readonly Candidate[],
	plan: CleanupPlan,
	report: CleanupReport,
): Promise<void> {
	const ends = await Promise.allSettled(
		candidates.map(async (candidate) => {
			const scope = tools.scope.fork();
			try {
				return await cleanOne({ ...tools, scope }, candidate, plan, report);
			} finally {
				scope.release();
			}
		}),
	);
	report.runs.push(...ends.flatMap((end) => (end.status === 'fulfilled' ? (end.value ?? []) : [])));
	for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

async function findCandidates(
	tools: CleanupTools,
	sources: readonly CleanupSource[],
	plan: CleanupPlan,
	report: CleanupReport,
): Promise<Candidate[]> {
	const found = new Map<string, Candidate>();
	const gaps = await Promise.all(
		sources.flatMap((source) =>
			source.lists.map(async (list) => {
				const seen = (row: ListedRun) => found.set(`${source.resource} ${row.id}`, { source, row });
				const why = await readList(tools, list, plan, seen);
				if (why) report.incomplete.push({ resource: source.resource, why });
				return why;
			}),
		),
	);
	const [fault] = gaps;
	// With a wrong key, say, "nothing is stuck" would be a lie that nobody notices.
	if (found.size === 0 && fault instanceof ApiFault && gaps.every((why) => why instanceof ApiFault))
		throw fault;
	const createdAt = ({ row }: Candidate) => row.created?.at ?? Number.POSITIVE_INFINITY;
	return [...found.values()].sort((a, b) =>
		createdAt(a) === createdAt(b) ? 0 : createdAt(a) - createdAt(b),
	);
}

/** Calls `seen` for each row that may be stuck. Gives back what kept it from reading the list to its end, if anything. */
async function readList(
	tools: CleanupTools,
	list: StuckList,
	plan: CleanupPlan,
	seen: (row: ListedRun) => void,
): Promise<ListGap | undefined> {
	const youngest = tools.clock.now() - plan.olderThan;
	const tokens = new Set<string>();
	let token: string | undefined;
	let last = Number.NEGATIVE_INFINITY;
	let inOrder = list.oldestFirst;
	for (let pages = 0; pages < LIST.cleanupPages; pages++) {
		const from = token;
		const read = await settleFault(() => persist(tools, (signal) => list.page(from, signal)));
		if ('fault' in read) return read.fault;
		const page = read.value;
		for (const row of page.rows) {
			const createdAt = row.created?.at;
			if (createdAt !== undefined) {
				inOrder &&= createdAt >= last;
				last = createdAt;
			}
			const tooYoung = createdAt !== undefined && createdAt > youngest;
			if (!tooYoung && (row.phase === 'unknown' || plan.phases.has(row.phase))) seen(row);
		}
		// Whatever follows is younger still, unless the API did not sort as asked: parameters it does not know are ignored.
		if (inOrder && last > youngest) return undefined;
		if (!page.next) return undefined;
		if (tokens.has(page.next)) return 'circular';
		tokens.add(page.next);
		token = page.next;
	}
	return 'tooLong';
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
	const read = await settleFault(() => readAgain(tools, asker, source.detail));
	if ('fault' in read) {
		const age = row.created && clock.now() - row.created.at;
		return { ...known, outcome: 'unreachable', age, lastFault: read.fault };
	}
	const run = read.value;
	const created = run.created ?? row.created ?? run.started;
	const age = created && clock.now() - created.at;
	if (!source.matches(run) || (age !== undefined && age < plan.olderThan)) return undefined;
	if (isTerminal(run.phase)) {
		// Rows of old runs may not tell their status: those finished long ago, not first.
		return plan.phases.has(row.phase) ? { ...known, outcome: 'alreadyFinished', age, run } : undefined;
	}
	if (run.phase !== 'unknown' && !plan.phases.has(run.phase)) return undefined;
	if (age === undefined) {
		report.ageless += 1;
		return undefined;
	}
	if (plan.dryRun) return { ...known, outcome: 'wouldCancel', age, run };

	const { port } = source;
	const commandId = tools.commandId(row.id);
	const cancel = await confirmCancel(
		{ port, gate, clock, asker, commandId, until: 'confirmed', whenStopped: 'report' },
		scope,
		plan.confirmFor,
	);
	const outcome = outcomeOf(cancel);
	// Requests of a workflow that was stopped may have no answer yet: nothing went wrong with them.
	const silence = scope.signal.aborted ? undefined : noAnswer(plan.confirmFor);
	const lastFault = faultBehind(outcome, cancel, asker.lastFault, silence);
	return { ...known, outcome, age, run: asker.last ?? run, cancel, lastFault };
}

/** What went wrong, where the outcome says that something did, and otherwise what went wrong last. */
function faultBehind(
	outcome: CleanupOutcome,
	cancel: CancelResult,
	last: ApiFault | undefined,
	silence: ApiFault | undefined,
): ApiFault | undefined {
	if (outcome === 'notCancellable') return cancel.fault ?? last;
	return outcome === 'unreachable' ? (last ?? cancel.fault ?? silence) : last;
}

async function readAgain({ clock, scope }: CleanupTools, asker: RunAsker, detail: Detail): Promise<Run> {
	let failures = 0;
	let rateLimited = 0;
	for (;;) {
		const read = await settleFault(() => asker.read(detail, scope, 'read'));
		if ('value' in read) return read.value;
		if (read.fault.kind === 'rateLimited') rateLimited += 1;
		else failures += 1;
		const enough = failures >= RETRY.attempts || rateLimited >= RETRY.rateLimitedAttempts;
		if (asker.isFinal(read.fault) || enough) throw read.fault;
		await clock.sleep(asker.retryDelay(), scope.signal);
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
