import { CreationTimes } from '../../nodes/shared/core/watch/creationTimes';
import type { RunClient } from '../../nodes/shared/core/runs/runClient';
import type { Run } from '../../nodes/shared/core/runs/run';
import { CancellationScope } from '../../nodes/shared/core/concurrency/cancellationScope';
import {
	type WatchOptions,
	type WatchReport,
	type WatchResult,
	type WatchTarget,
	watchRuns,
} from '../../nodes/shared/core/watch/watchRuns';
import type { FakeClock } from './fakeClock';
import { accountOf } from './queues';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;

/** A plan as a user without wishes of their own has it, but with a fixed interval, so that tests can tell the times. */
export const PLAN: WatchOptions = {
	polls: { mode: 'fixed', interval: SECOND, maxInterval: SECOND },
	confirmFor: 30 * SECOND,
	atDeadline: 'cancel',
	onStop: 'leave',
	mode: 'untilSettled',
};

/** A run that is watched for a minute from now, unless told otherwise. */
export function target(
	id: string,
	given: Partial<Omit<WatchTarget, 'id' | 'options'>> & { options?: Partial<WatchOptions> } = {},
): WatchTarget {
	return { id, timeout: MINUTE, countFrom: 'now', ...given, options: { ...PLAN, ...given.options } };
}

export interface Watching {
	results: Promise<WatchResult[]>;
	/** Stops the workflow. */
	stop(): void;
	/** Statuses in the order in which they were seen, as `id: status`. */
	changes: string[];
	/** Runs that were not cancelled after a stop. */
	missed: string[];
}

/** Starts a watch. `limit`: requests in flight at most. */
export function startWatch(
	clock: FakeClock,
	client: RunClient,
	targets: readonly WatchTarget[],
	limit = 5,
): Watching {
	const host = new AbortController();
	const scope = CancellationScope.from(host.signal);
	const { requestQueue, listPoller } = accountOf(limit, clock);
	const changes: string[] = [];
	const missed: string[] = [];
	const results = watchRuns(
		{
			client,
			requestQueue,
			listPoller,
			clock,
			scope,
			creationTimes: new CreationTimes(client, requestQueue),
			commandId: (id) => `command:${id}`,
			onMissed: (ids) => missed.push(...ids),
			onChange: (run: Run) => changes.push(`${run.id}: ${run.status}`),
		},
		targets,
	).finally(() => scope.dispose());
	results.catch(() => undefined);
	return { results, stop: () => host.abort(), changes, missed };
}

/** Watches to the end. */
export function watch(
	clock: FakeClock,
	client: RunClient,
	targets: readonly WatchTarget[],
	limit?: number,
): Promise<WatchResult[]> {
	return clock.finish(startWatch(clock, client, targets, limit).results);
}

/** Watches one run to its end and gives back its report. */
export async function watchOne(
	clock: FakeClock,
	client: RunClient,
	one: WatchTarget,
	limit?: number,
): Promise<WatchReport> {
	const [result] = await watch(clock, client, [one], limit);
	return reportOf(result);
}

/** The report of a result; fails the test when the run could not be watched. */
export function reportOf(result: WatchResult | undefined): WatchReport {
	if (result && 'report' in result) return result.report;
	throw result?.error ?? new Error('There is no result');
}
