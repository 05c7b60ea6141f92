import { attempt, attemptRequest } from '../concurrency/result';
import { RETRY } from '../config';
import { type ApiError, noAnswer } from '../requests/apiError';
import { retry } from '../requests/retry';
import type { CancelResult } from '../runs/cancelRun';
import { type Run, isTerminal } from '../runs/run';
import type { ReadView } from '../runs/runClient';
import { RunReader } from '../runs/runReader';
import { cancelWatched, runToCancel } from '../watch/cancelWatched';
import { type Outcome, errorBehind, outcomeOfCancel } from '../watch/outcome';
import {
	type Candidate,
	type CleanupDeps,
	type CleanupOptions,
	type CleanupSource,
	type ListGap,
	findCandidates,
} from './findCandidates';

export type CleanupOutcome =
	'wouldCancel' | 'cancelled' | 'cancelPending' | 'alreadyFinished' | 'notCancellable' | 'unreachable';

/** What a cleanup calls the outcome of a cancel; any other one means that the run ended first. */
const AFTER_CANCEL: Partial<Record<Outcome, CleanupOutcome>> = {
	cancelled: 'cancelled',
	cancelPending: 'cancelPending',
	needsReview: 'notCancellable',
	notCancellable: 'notCancellable',
	notFound: 'unreachable',
	unreachable: 'unreachable',
};

export interface CleanedRun {
	resource: string;
	id: string;
	outcome: CleanupOutcome;
	/** Milliseconds since its creation, when it was read. */
	age?: number;
	/** Absent when it could not be read. */
	run?: Run;
	cancel?: CancelResult;
	lastError?: ApiError;
}

export interface CleanupReport {
	/** Oldest first. */
	runs: CleanedRun[];
	/** Lists that were not read to their end. */
	incomplete: ListGap[];
	/** Unfinished runs that were left alone because their age is not known. */
	undated: number;
	/** Runs that looked stuck and were not read because of the limit. */
	beyondLimit: number;
	/** True when the workflow was stopped: then only what was done until then is reported. */
	stopped: boolean;
}

/**
 * Finds unfinished runs that are older than a limit and cancels them, oldest first; a dry run only tells which.
 *
 * A list row is a hint: every run is read right before its cancel, and left alone when it has ended, is younger, or does
 * not match the filters. What was done is reported also when a list fails half way or the workflow is stopped.
 *
 * @throws ApiError when no list could be read and nothing was found
 */
export async function cancelStuckRuns(
	deps: CleanupDeps,
	sources: readonly CleanupSource[],
	options: CleanupOptions,
): Promise<CleanupReport> {
	const report: CleanupReport = { runs: [], incomplete: [], undated: 0, beyondLimit: 0, stopped: false };
	const done = await attempt(async () => {
		const candidates = await findCandidates(deps, sources, options, (gap) => report.incomplete.push(gap));
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

/** Cleans runs concurrently. All that were cleaned are reported, also when others fail. */
async function cleanAll(
	deps: CleanupDeps,
	candidates: readonly Candidate[],
	options: CleanupOptions,
	report: CleanupReport,
): Promise<void> {
	const results = await Promise.all(
		candidates.map((candidate) => {
			const scope = deps.scope.child();
			const clean = () => cleanRun({ ...deps, scope }, candidate, options);
			const run = `${candidate.source.resource} ${candidate.row.id}`;
			return attempt(() => (options.dryRun ? clean() : deps.claims.hold(run, scope, clean))).finally(() =>
				scope.dispose(),
			);
		}),
	);
	for (const result of results) {
		if ('error' in result) continue;
		if (result.value === 'undated') report.undated += 1;
		else if (result.value) report.runs.push(result.value);
	}
	for (const result of results) if ('error' in result) throw result.error;
}

/**
 * Reads a run and cancels it if it is stuck. Returns nothing for a run that is not stuck, `undated` for an unfinished one
 * of unknown age, which is left alone.
 */
async function cleanRun(
	deps: CleanupDeps,
	{ source, row }: Candidate,
	options: CleanupOptions,
): Promise<CleanedRun | 'undated' | undefined> {
	const { requestQueue, clock, scope } = deps;
	const { client, resource } = source;
	const reader = new RunReader(row.id, { client, requestQueue, clock });
	const known = { resource, id: row.id };
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
		// A row without a status is an old record, of a run that finished long ago.
		return options.phases.has(row.phase) ? { ...known, outcome: 'alreadyFinished', age, run } : undefined;
	}
	if (run.phase !== 'unknown' && !options.phases.has(run.phase)) return undefined;
	if (age === undefined) return 'undated';
	if (options.dryRun) return { ...known, outcome: 'wouldCancel', age, run };

	const cancel = await cancelStuck(deps, source, reader, options.confirmFor);
	const outcome = AFTER_CANCEL[outcomeOfCancel(cancel)] ?? 'alreadyFinished';
	// After a stop, a missing answer is no error.
	const silence = scope.signal.aborted ? undefined : noAnswer(options.confirmFor);
	const lastError = errorBehind(outcome, reader.lastError, cancel, silence);
	return { ...known, outcome, age, run: reader.last ?? run, cancel, lastError };
}

async function cancelStuck(
	deps: CleanupDeps,
	{ client, resource }: CleanupSource,
	reader: RunReader,
	budget: number,
): Promise<CancelResult> {
	const { scope, isOfAccount } = deps;
	const listPoller = deps.listPoller(resource);
	const leave = listPoller.join({ client, scope, isOfAccount }, 1);
	const run = runToCancel(reader, budget, deps.clock.now());
	try {
		return await cancelWatched({ ...deps, client, listPoller, until: 'confirmed' }, run, scope, budget);
	} finally {
		leave();
	}
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
