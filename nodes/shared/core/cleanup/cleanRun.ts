import { attemptRequest } from '../concurrency/result';
import { RETRY } from '../config';
import { type ApiError, noAnswer } from '../requests/apiError';
import { retry } from '../requests/retry';
import { type CancelResult, confirmCancel } from '../runs/cancelRun';
import { type Run, isTerminal } from '../runs/run';
import type { ReadView } from '../runs/runClient';
import { RunReader } from '../runs/runReader';
import { type Outcome, errorBehind, outcomeOfCancel } from '../watch/outcome';
import type { Candidate, CleanupDeps, CleanupOptions } from './findCandidates';

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

/**
 * Reads a run and cancels it if it is stuck. Returns nothing for a run that is not stuck, `undated` for an unfinished one
 * of unknown age, which is left alone.
 */
export async function cleanRun(
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

	const commandId = deps.commandId(row.id);
	const cancel = await confirmCancel(
		{ client, requestQueue, clock, reader, commandId, until: 'confirmed' },
		scope,
		options.confirmFor,
	);
	const outcome = AFTER_CANCEL[outcomeOfCancel(cancel)] ?? 'alreadyFinished';
	// After a stop, a missing answer is no error.
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
