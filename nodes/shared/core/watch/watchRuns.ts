import { TimerQueue } from '../concurrency/timerQueue';
import { RunWatcher } from './runWatcher';
import { StopCancels } from './stopCancels';
import type { WatchDeps, WatchReport, WatchTarget } from './types';

export type { WatchDeps, WatchOptions, WatchReport, WatchTarget } from './types';

/** What came of one target: a report, or why it could not be watched as asked. */
export type WatchResult = { report: WatchReport } | { error: Error };

/**
 * Watches all targets at once, each to its own end. Equal ids are watched once: with the earliest deadline among them,
 * and the options of the first.
 * Results are in the order of `targets`; one that fails leaves the others watched to their end.
 *
 * @throws CancelReason `stopped` when the workflow was stopped (after the remote runs were cancelled, where `onStop` says so)
 */
export async function watchRuns(deps: WatchDeps, targets: readonly WatchTarget[]): Promise<WatchResult[]> {
	const byId = new Map<string, [WatchTarget, ...WatchTarget[]]>();
	for (const target of targets) {
		const same = byId.get(target.id);
		if (same) same.push(target);
		else byId.set(target.id, [target]);
	}

	const scope = deps.scope.child();
	const timerQueue = new TimerQueue(deps.clock, scope);
	const watched = [...byId.values()];
	const member = { client: deps.client, scope, isOfAccount: deps.isOfAccount };
	const leave = deps.listPoller.join(member, watched.length);
	const stopCancels = new StopCancels(deps.requestQueue, watched.length);
	const shared = { ...deps, timerQueue, stopCancels };
	const results = new Map<string, WatchResult>();
	await Promise.all(
		watched.map((same) => {
			const [{ id }] = same;
			return new RunWatcher(shared, same).watch().then(
				(report) => results.set(id, { report }),
				(error: unknown) => results.set(id, { error: error as Error }),
			);
		}),
	);
	leave();
	stopCancels.dispose();
	timerQueue.close();
	scope.dispose();
	if (stopCancels.missed.length > 0) deps.onMissed?.(stopCancels.missed);
	if (deps.scope.signal.aborted) throw deps.scope.signal.reason;
	return targets.flatMap((target) => results.get(target.id) ?? []);
}
