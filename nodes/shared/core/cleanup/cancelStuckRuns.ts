import { attempt } from '../concurrency/result';
import { type CleanedRun, cleanRun } from './cleanRun';
import {
	type Candidate,
	type CleanupDeps,
	type CleanupOptions,
	type CleanupSource,
	type ListGap,
	findCandidates,
} from './findCandidates';

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
			return attempt(() => cleanRun({ ...deps, scope }, candidate, options)).finally(() => scope.dispose());
		}),
	);
	for (const result of results) {
		if ('error' in result) continue;
		if (result.value === 'undated') report.undated += 1;
		else if (result.value) report.runs.push(result.value);
	}
	for (const result of results) if ('error' in result) throw result.error;
}
