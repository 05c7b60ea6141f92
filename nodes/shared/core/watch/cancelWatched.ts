import type { CancellationScope } from '../concurrency/cancellationScope';
import { type CancelDeps, type CancelResult, confirmCancel } from '../runs/cancelRun';
import { CANCEL } from '../config';
import type { RunReader } from '../runs/runReader';
import { Deadline } from './deadline';
import type { ListPoller } from './listPoller';
import type { WatchedRun } from './types';

export interface CancelWatchedDeps extends Omit<CancelDeps, 'reader' | 'commandId' | 'nextRead'> {
	/** The execution has joined it. */
	listPoller: ListPoller;
	commandId: (id: string) => string;
}

/** Cancels a run as `confirmCancel` does. Where many cancels are under way, lists tell when there is something to read. */
export async function cancelWatched(
	deps: CancelWatchedDeps,
	run: WatchedRun,
	scope: CancellationScope,
	budget: number,
): Promise<CancelResult> {
	const { client, requestQueue, clock, until, listPoller } = deps;
	const { id, reader } = run;
	const nextRead: CancelDeps['nextRead'] = async (delay, own) => {
		if (reader.last) listPoller.onRead(run, reader.last);
		return (await listPoller.next(run, own, delay)).view;
	};
	const commandId = deps.commandId(id);
	try {
		const cancelDeps = { client, requestQueue, clock, reader, commandId, until, nextRead };
		const cancel = await confirmCancel(cancelDeps, scope, budget);
		if (cancel.run) listPoller.onRead(run, cancel.run);
		return cancel;
	} finally {
		listPoller.leave(run);
	}
}

/** A run that is only watched while it is cancelled. @param now unix ms */
export function runToCancel(reader: RunReader, confirmFor: number, now: number): WatchedRun {
	const polls = { mode: 'fixed' as const, interval: CANCEL.maxWait, maxInterval: CANCEL.maxWait };
	return {
		id: reader.id,
		options: { polls, confirmFor, atDeadline: 'cancel', onStop: 'leave', mode: 'none' },
		targets: [],
		watchedSince: now,
		reader,
		deadline: new Deadline([], now),
	};
}
