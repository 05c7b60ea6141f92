import type { Clock } from '../concurrency/clock';
import { attemptSync } from '../concurrency/result';
import { type Run, isDone, isUnfinished } from '../runs/run';
import type { ListedRun } from '../runs/runClient';
import type { CountFrom } from './deadline';
import type { EndedRuns } from './endedRuns';
import type { ListLimits } from './listLimits';
import type { ListPass } from './listPass';
import { type TrackedRun, type TrackedRuns, elapsedShare } from './trackedRuns';

/** What rows are held against. */
export interface RowDeps {
	runs: TrackedRuns;
	limits: ListLimits;
	ended: EndedRuns;
	clock: Clock;
}

/**
 * Takes in a row of a list pass.
 *
 * @param askedAt when the page was asked for (unix ms)
 * @returns true when the row is about one of our runs and tells something new
 */
export function acceptRow(row: ListedRun, pass: ListPass, askedAt: number, deps: RowDeps): boolean {
	if (deps.ended.contradicts(row, askedAt)) pass.isStale = true;
	const news = [...deps.runs.waitingFor(row.id)].filter(({ foundIn }) => foundIn !== pass);
	for (const tracked of news) {
		tracked.foundIn = pass;
		pass.open.delete(tracked);
		const decision = attemptSync(() => decideRow(tracked, row));
		// What breaks in one execution is no matter of the others.
		if ('error' in decision) tracked.fail?.(decision.error as Error);
		else follow(decision.value, { tracked, row, pass, askedAt }, deps);
	}
	return news.length > 0;
}

interface News {
	tracked: TrackedRun;
	row: ListedRun;
	pass: ListPass;
	askedAt: number;
}

function follow(
	decision: RowDecision,
	{ tracked, row, pass, askedAt }: News,
	{ runs, limits, clock }: RowDeps,
): void {
	const now = clock.now();
	if (decision !== 'read') limits.credit.earn(elapsedShare(tracked, now));
	switch (decision) {
		case 'unfinished':
			tracked.unfinishedAt = askedAt;
			// All count from the begin of the pass, to stay together; but a read since then is news of a later time.
			tracked.last = Math.max(pass.startedAt, tracked.lastRead);
			tracked.delay = runs.nextDelay(tracked, now, pass.random);
			tracked.isDue = false;
			runs.setTimer(tracked, Math.max(now, tracked.last + tracked.delay));
			break;
		case 'enough':
			tracked.wake?.({ view: 'light', row: row.run });
			break;
		case 'read':
			runs.readSingly(tracked, isDone(row.phase) ? 'full' : 'light', now);
	}
}

/**
 * What a row of a list means to the watch of its run:
 *
 * - `unfinished`: nothing has changed, it need not be read
 * - `enough`: the row tells all that was to be found out
 * - `read`: something has changed, or the row does not tell; only a read decides
 */
type RowDecision = 'unfinished' | 'enough' | 'read';

/** Only that a run is unfinished is taken from a row. A change that moves the deadline, as a start does, is read. */
function decideRow(
	{ run: { options, targets, reader }, confirmDelay }: TrackedRun,
	{ phase, run }: ListedRun,
): RowDecision {
	if (!run || !isUnfinished(phase)) return 'read';
	if (confirmDelay !== undefined) return 'unfinished';
	if (options.mode === 'once')
		return targets.every(({ countFrom }) => holdsTime(run, countFrom)) ? 'enough' : 'read';
	const countsFromStart = targets.some(({ countFrom }) => countFrom === 'started');
	if (countsFromStart && run.status !== reader.last?.status) return 'read';
	reader.onListRow(run);
	return 'unfinished';
}

/** True when a row holds the very time to count from. A run that waits has not started: it counts from its creation. */
function holdsTime(row: Run, countFrom: CountFrom): boolean {
	if (countFrom === 'now') return true;
	return (countFrom === 'created' || row.phase === 'waiting' ? row.created : row.started) !== undefined;
}
