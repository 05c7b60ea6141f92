import { type Run, isUnfinished } from '../runs/run';
import type { ListedRun } from '../runs/runClient';
import type { CountFrom } from './deadline';
import type { WatchedRun } from './types';

/**
 * What a row of a list means to the watch of its run:
 *
 * - `unfinished`: nothing has changed, it need not be read
 * - `enough`: the row tells all that was to be found out
 * - `read`: something has changed, or the row does not tell; only a read decides
 */
export type RowDecision = 'unfinished' | 'enough' | 'read';

/** Only that a run is unfinished is taken from a row. A change that moves the deadline, as a start does, is read. */
export function decideRow({ options, targets, reader }: WatchedRun, { phase, run }: ListedRun): RowDecision {
	if (!run || !isUnfinished(phase)) return 'read';
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
