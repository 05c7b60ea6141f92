import type { Result } from '../../core/concurrency/result';
import type { JsonObject } from '../../core/runs/run';
import type { WatchReport } from '../../core/watch/watchRuns';
import type { ResourceClient } from '../../providers/client/resourceClient';
import { InvalidParameterError } from '../output/errors';
import { addHints } from '../output/hints';
import { readOptions } from '../parameters/options';
import { errorOf, hintAt, isLost, reportsOf, watchItems } from './watchItems';
import type { Operate } from './work';

export const cancel: Operate = async (work) => {
	const results = await watchItems(work, (itemIndex) => {
		const { polls, confirmFor } = readOptions(work.context, itemIndex);
		return {
			timeout: 0,
			countFrom: 'now',
			options: { polls, confirmFor, atDeadline: 'cancel', onStop: 'leave', mode: 'none' },
		};
	});
	hintAt(work, results);
	const finished = reportsOf(results).filter(({ outcome }) => !CANCEL_OUTCOMES.has(outcome));
	addHints(
		work.context,
		finished.map(({ id, outcome, run }) => {
			const status = `"${run?.status ?? 'unknown'}"`;
			return outcome === 'needsReview'
				? `Run ${id} was not cancelled: it waits for a person (${status}) and is not running.`
				: `Run ${id} was not cancelled: it had ended as ${status} already.`;
		}),
	);
	return results.map((result) => ('error' in result ? result : valueOfCancel(work.client, result.value)));
};

/** Outcomes of a cancel that either are what was asked for, or have a hint or an error of their own. */
const CANCEL_OUTCOMES: ReadonlySet<WatchReport['outcome']> = new Set([
	'cancelled',
	'cancelPending',
	'notCancellable',
	'notFound',
	'unreachable',
]);

function valueOfCancel(client: ResourceClient, report: WatchReport): Result<JsonObject[]> {
	if (isLost(report)) return { error: errorOf(report) };
	if (report.outcome === 'notCancellable') {
		const status = report.run ? `, which is "${report.run.status}"` : '';
		const said = report.lastError ? `. ${report.lastError.message}` : '';
		return {
			error: new InvalidParameterError(
				`${client.provider.title} refuses to cancel ${client.spec.noun} ${report.id}${status}${said}`,
				'The run goes on. Some runs can only be cancelled once they have started: try again later.',
			),
		};
	}
	return report.run ? { value: [report.run.body] } : { error: errorOf(report) };
}
