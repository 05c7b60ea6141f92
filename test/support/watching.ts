import { RequestGate } from '../../nodes/shared/core/gate';
import { ListedTimes } from '../../nodes/shared/core/listed';
import type { RunPort } from '../../nodes/shared/core/port';
import type { Run } from '../../nodes/shared/core/run';
import { Scope } from '../../nodes/shared/core/scope';
import {
	type WatchPlan,
	type WatchReport,
	type WatchResult,
	type WatchTarget,
	watchRuns,
} from '../../nodes/shared/core/watch';
import type { FakeClock } from './fakeClock';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;

/** A plan as a user without wishes of their own has it, but with a fixed interval, so that tests can tell the times. */
export const PLAN: WatchPlan = {
	polls: { mode: 'fixed', interval: SECOND, maxInterval: SECOND },
	confirmFor: 30 * SECOND,
	whenTimeIsUp: 'cancel',
	onStop: 'leave',
	looks: 'untilSettled',
};

/** A run that is watched for a minute from now, unless told otherwise. */
export function target(
	id: string,
	given: Partial<Omit<WatchTarget, 'id' | 'plan'>> & { plan?: Partial<WatchPlan> } = {},
): WatchTarget {
	return { id, timeout: MINUTE, countFrom: 'now', ...given, plan: { ...PLAN, ...given.plan } };
}

export interface Watching {
	results: Promise<WatchResult[]>;
	/** Stops the workflow. */
	stop(): void;
	/** Statuses in the order in which they were seen, as `id: status`. */
	changes: string[];
}

/** Starts a watch. `limit`: requests in flight at most. */
export function startWatch(
	clock: FakeClock,
	port: RunPort,
	targets: readonly WatchTarget[],
	limit = 5,
): Watching {
	const host = new AbortController();
	const scope = Scope.from(host.signal);
	const gate = new RequestGate(limit, clock);
	const changes: string[] = [];
	const results = watchRuns(
		{
			port,
			gate,
			clock,
			scope,
			listed: new ListedTimes(port, gate, clock),
			commandId: (id) => `command:${id}`,
			onChange: (run: Run) => changes.push(`${run.id}: ${run.status}`),
		},
		targets,
	).finally(() => scope.release());
	results.catch(() => undefined);
	return { results, stop: () => host.abort(), changes };
}

/** Watches to the end. */
export function watch(
	clock: FakeClock,
	port: RunPort,
	targets: readonly WatchTarget[],
	limit?: number,
): Promise<WatchResult[]> {
	return clock.finish(startWatch(clock, port, targets, limit).results);
}

/** Watches one run to its end and gives back its report. */
export async function watchOne(
	clock: FakeClock,
	port: RunPort,
	one: WatchTarget,
	limit?: number,
): Promise<WatchReport> {
	const [result] = await watch(clock, port, [one], limit);
	return reportOf(result);
}

/** The report of a result; fails the test when the run could not be watched. */
export function reportOf(result: WatchResult | undefined): WatchReport {
	if (result && 'report' in result) return result.report;
	throw result?.error ?? new Error('There is no result');
}
