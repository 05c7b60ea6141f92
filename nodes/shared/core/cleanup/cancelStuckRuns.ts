import { RunReader } from '../runs/runReader';
import { type CancelResult, confirmCancel } from '../runs/cancelRun';
import type { Clock } from '../concurrency/clock';
import { ApiError } from '../requests/apiError';
import type { RequestQueue } from '../requests/requestQueue';
import { LIST, RETRY } from '../config';
import { PageCursor, paginate } from '../requests/paginate';
import { call, retry } from '../requests/retry';
import { noAnswer } from '../requests/withTimeout';
import { errorBehind, outcomeOfCancel, type Outcome } from '../watch/outcome';
import { type ReadView, type ListedRun, type RunList, type RunClient } from '../runs/runClient';
import { type Phase, type Run, isTerminal } from '../runs/run';
import type { CancellationScope } from '../concurrency/cancellationScope';
import { attempt, attemptRequest } from '../concurrency/result';

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
	client: RunClient;
	lists: readonly StuckList[];
	/** The read that holds all that `matches` looks at. */
	view: ReadView;
	/** Whether the user's filters allow for this run, judged by the run itself. */
	matches(run: Run): boolean;
}

export interface CleanupOptions {
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

export interface CleanupDeps {
	requestQueue: RequestQueue;
	clock: Clock;
	/** Ends when the workflow is stopped. */
	scope: CancellationScope;
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
	lastError?: ApiError;
}

export interface CleanupReport {
	/** Oldest first. */
	runs: CleanedRun[];
	/** Lists that could not be read to their end; what was read until then was cleaned up all the same. */
	incomplete: Array<{ resource: string; why: ListGap }>;
	/** Unfinished runs left alone because nothing tells how old they are. */
	undated: number;
	/** Runs that looked stuck and were not reached because of the limit. */
	beyondLimit: number;
	/** True when the workflow was stopped before the end: then only what was done until then is reported. */
	stopped: boolean;
}

/** Why a list was not read to its end: a fault that stayed, more pages than we read, or pages that lead in a circle. */
export type ListGap = ApiError | 'tooLong' | 'circular';

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
 * @throws ApiError when no list could be read to its end and nothing was found
 */
export async function cancelStuckRuns(
	deps: CleanupDeps,
	sources: readonly CleanupSource[],
	options: CleanupOptions,
): Promise<CleanupReport> {
	const report: CleanupReport = { runs: [], incomplete: [], undated: 0, beyondLimit: 0, stopped: false };
	const done = await attempt(async () => {
		const candidates = await findCandidates(deps, sources, options, report);
		let next = 0;
		while (next < candidates.length && report.runs.length < options.limit) {
			const batch = candidates.slice(next, next + options.limit - report.runs.length);
			next += batch.length;
			await cleanAll(deps, batch, options, report);
		}
		report.beyondLimit = candidates.length - next;
	});
	if ('error' in done && !deps.scope.signal.aborted) throw done.error;
	report.stopped = deps.scope.signal.aborted;
	return report;
}

/** Cleans up side by side; reports all that came to an end, also when some did not. */
async function cleanAll(
	deps: CleanupDeps,
	candidates: readonly Candidate[],
	options: CleanupOptions,
	report: CleanupReport,
): Promise<void> {
	const ends = await Promise.allSettled(
		candidates.map(async (candidate) => {
			const scope = deps.scope.child();
			try {
				return await cleanOne({ ...deps, scope }, candidate, options, report);
			} finally {
				scope.dispose();
			}
		}),
	);
	report.runs.push(...ends.flatMap((end) => (end.status === 'fulfilled' ? (end.value ?? []) : [])));
	for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

async function findCandidates(
	deps: CleanupDeps,
	sources: readonly CleanupSource[],
	options: CleanupOptions,
	report: CleanupReport,
): Promise<Candidate[]> {
	const found = new Map<string, Candidate>();
	const gaps = await Promise.all(
		sources.flatMap((source) =>
			source.lists.map(async (list) => {
				const seen = (row: ListedRun) => found.set(`${source.resource} ${row.id}`, { source, row });
				const why = await readList(deps, list, options, seen);
				if (why) report.incomplete.push({ resource: source.resource, why });
				return why;
			}),
		),
	);
	const [error] = gaps;
	// With a wrong key, say, "nothing is stuck" would be a lie that nobody notices.
	if (found.size === 0 && error instanceof ApiError && gaps.every((why) => why instanceof ApiError))
		throw error;
	const createdAt = ({ row }: Candidate) => row.created?.at ?? Number.POSITIVE_INFINITY;
	return [...found.values()].sort((a, b) =>
		createdAt(a) === createdAt(b) ? 0 : createdAt(a) - createdAt(b),
	);
}

/** Calls `seen` for each row that may be stuck. Gives back what kept it from reading the list to its end, if anything. */
async function readList(
	deps: CleanupDeps,
	list: StuckList,
	options: CleanupOptions,
	seen: (row: ListedRun) => void,
): Promise<ListGap | undefined> {
	const youngest = deps.clock.now() - options.olderThan;
	const cursor = new PageCursor(false);
	let last = Number.NEGATIVE_INFINITY;
	let inOrder = list.oldestFirst;
	const read = await attemptRequest(async () => {
		const pages = paginate(cursor, LIST.cleanupPages, (token) =>
			call(deps, (signal) => list.page(token, signal)),
		);
		for await (const page of pages) {
			for (const row of page.rows) {
				const createdAt = row.created?.at;
				if (createdAt !== undefined) {
					inOrder &&= createdAt >= last;
					last = createdAt;
				}
				const tooYoung = createdAt !== undefined && createdAt > youngest;
				if (!tooYoung && (row.phase === 'unknown' || options.phases.has(row.phase))) seen(row);
			}
			// Whatever follows is younger still, unless the API did not sort as asked: parameters it does not know are ignored.
			if (inOrder && last > youngest) return true;
		}
		return cursor.isAtEnd;
	});
	if ('error' in read) return read.error;
	if (cursor.isCircular) return 'circular';
	return read.value ? undefined : 'tooLong';
}

/** What a cleanup calls the outcome of a cancel; any other one means that the run ended first. */
const AFTER_CANCEL: Partial<Record<Outcome, CleanupOutcome>> = {
	cancelled: 'cancelled',
	cancelPending: 'cancelPending',
	needsReview: 'notCancellable',
	notCancellable: 'notCancellable',
	notFound: 'unreachable',
	unreachable: 'unreachable',
};

/** Gives back nothing for a run that turns out not to be stuck. */
async function cleanOne(
	deps: CleanupDeps,
	{ source, row }: Candidate,
	options: CleanupOptions,
	report: CleanupReport,
): Promise<CleanedRun | undefined> {
	const { requestQueue, clock, scope } = deps;
	const reader = new RunReader(row.id, { client: source.client, requestQueue, clock });
	const known = { resource: source.resource, id: row.id };
	const read = await attemptRequest(() => readAgain(deps, reader, source.view));
	if ('error' in read) {
		const age = row.created && clock.now() - row.created.at;
		return { ...known, outcome: 'unreachable', age, lastError: read.error };
	}
	const run = read.value;
	const created = run.created ?? row.created ?? run.started;
	const age = created && clock.now() - created.at;
	if (!source.matches(run) || (age !== undefined && age < options.olderThan)) return undefined;
	if (isTerminal(run.phase)) {
		// Rows of old runs may not tell their status: those finished long ago, not first.
		return options.phases.has(row.phase) ? { ...known, outcome: 'alreadyFinished', age, run } : undefined;
	}
	if (run.phase !== 'unknown' && !options.phases.has(run.phase)) return undefined;
	if (age === undefined) {
		report.undated += 1;
		return undefined;
	}
	if (options.dryRun) return { ...known, outcome: 'wouldCancel', age, run };

	const { client } = source;
	const commandId = deps.commandId(row.id);
	const cancel = await confirmCancel(
		{ client, requestQueue, clock, reader, commandId, until: 'confirmed' },
		scope,
		options.confirmFor,
	);
	const outcome = AFTER_CANCEL[outcomeOfCancel(cancel)] ?? 'alreadyFinished';
	// Requests of a workflow that was stopped may have no answer yet: nothing went wrong with them.
	const silence = scope.signal.aborted ? undefined : noAnswer(options.confirmFor);
	const lastError = errorBehind(outcome, reader.lastError, cancel, silence);
	return { ...known, outcome, age, run: reader.last ?? run, cancel, lastError };
}

async function readAgain({ clock, scope }: CleanupDeps, reader: RunReader, view: ReadView): Promise<Run> {
	let rateLimited = 0;
	return await retry(
		{ clock, scope },
		{
			shouldRetry(error, failures) {
				if (error.kind === 'rateLimited') rateLimited += 1;
				const isEnough = failures - rateLimited >= RETRY.attempts || rateLimited >= RETRY.rateLimitedAttempts;
				return !isEnough && !reader.isFinal(error);
			},
		},
		() => reader.read(view, scope, 'read'),
	);
}
