import type { RunReader } from '../runs/runReader';
import type { Deadline } from './deadline';
import type { WatchOptions, WatchTarget } from './watchRuns';

/** One run that is watched: what was asked for, what was read so far, and when its time is up. */
export interface WatchedRun {
	readonly id: string;
	readonly options: WatchOptions;
	readonly targets: readonly WatchTarget[];
	/** Unix ms. */
	readonly watchedSince: number;
	readonly reader: RunReader;
	readonly deadline: Deadline;
}

/** Unix ms from which the age of a run counts: its creation, or the begin of the watch where that is not known. */
export function createdAt({ reader, deadline, watchedSince }: WatchedRun): number {
	return (reader.last?.created ?? deadline.countedFrom)?.at ?? watchedSince;
}
