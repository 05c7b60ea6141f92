import type { Result } from '../../core/concurrency/result';
import { CreationTimes } from '../../core/watch/creationTimes';
import { type WatchDeps, type WatchReport, type WatchTarget, watchRuns } from '../../core/watch/watchRuns';
import { ApiError } from '../../core/requests/apiError';
import type { ResourceClient } from '../../providers/client/resourceClient';
import { hintsFor, addHints } from '../output/hints';
import { attemptItems } from '../output/items';
import { readRunId } from '../parameters/ids';
import { counted, safeMessage } from '../output/text';
import { type Work, callDeps } from './work';

/** Tells how the runs get on, once it is known which they are. */
type Progress = (ids: ReadonlySet<string>) => WatchDeps['onChange'];

interface Watching {
	/** What the field for the ID is called, where it is not named after the resource. */
	runIdLabel?: string;
	progress?: Progress;
}

/**
 * Watches the runs of all items at once; an item with an invalid parameter leaves the others alone.
 *
 * @param read what is watched for in an item, beside the id of its run
 */
export async function watchItems(
	{ context, session, client, itemCount }: Work,
	read: (itemIndex: number) => Omit<WatchTarget, 'id'>,
	{ runIdLabel, progress }: Watching = {},
): Promise<Array<Result<WatchReport>>> {
	const targets = await attemptItems(itemCount, (itemIndex) => ({
		id: readRunId(context, client, itemIndex, runIdLabel),
		...read(itemIndex),
	}));
	const good = targets.flatMap((target) => ('value' in target ? [target.value] : []));
	const deps: WatchDeps = {
		...callDeps(session),
		client,
		listPoller: session.listPoller(client.spec.path),
		isOfAccount: session.isOfAccount,
		commandId: session.commandId,
		creationTimes: new CreationTimes(client, session.requestQueue),
		onMissed: (ids) => {
			const text = notCancelled(client, ids);
			// Hints of a stopped execution are not always kept.
			context.logger.warn(text);
			addHints(context, [text]);
		},
		onChange: progress?.(new Set(good.map(({ id }) => id))),
	};
	const results = (await watchRuns(deps, good)).values();
	return targets.map((target): Result<WatchReport> => {
		if ('error' in target) return target;
		const result = results.next().value;
		return result && 'report' in result ? { value: result.report } : { error: result?.error };
	});
}

function notCancelled({ title }: ResourceClient, ids: readonly string[]): string {
	const runs = counted(ids.length, 'run');
	return safeMessage(
		`The workflow was stopped, and ${runs} could not be cancelled and may still be going on (${title}): ${ids.join(', ')}. Cancel them by hand, or with Cancel Stuck Runs.`,
	);
}

export function reportsOf(results: ReadonlyArray<Result<WatchReport>>): WatchReport[] {
	return results.flatMap((result) => ('value' in result ? [result.value] : []));
}

/** True when nothing is known of how the run ended: there is no run, or it could not be read. */
export function isLost({ outcome }: WatchReport): boolean {
	return outcome === 'notFound' || outcome === 'unreachable';
}

/** Shows what the items do not say; runs of which the operation makes errors are left out. */
export function hintAt({ context, session }: Work, results: ReadonlyArray<Result<WatchReport>>): void {
	const shown = reportsOf(results).filter((report) => !isLost(report) && report.outcome !== 'notCancellable');
	addHints(context, hintsFor(session.provider, shown));
}

/** Why nothing is known about a run. */
export function errorOf(report: WatchReport): Error {
	return report.lastError ?? new ApiError('network', `Run ${report.id} could not be read in time`);
}
