import type { Result } from '../../core/concurrency/result';
import type { JsonObject } from '../../core/runs/run';
import type { WatchReport } from '../../core/watch/watchRuns';
import type { ResourceClient } from '../../providers/client/resourceClient';
import { NAMES } from '../description/names';
import { InvalidParameterError } from '../output/errors';
import { readMaxWait } from '../parameters/numbers';
import { readChoice, readOptions } from '../parameters/options';
import { errorOf, hintAt, isLost, watchItems } from './watchItems';
import type { Operate } from './work';

export const poll: Operate = async (work) => {
	const onTimeout = new Map<number, OnTimeout>();
	const { context } = work;
	const results = await watchItems(work, (itemIndex) => {
		const { polls, confirmFor } = readOptions(context, itemIndex);
		const choices = ['error', 'returnRun'] as const;
		onTimeout.set(itemIndex, readChoice(context, 'onTimeout', 'When Max Wait Is Over', choices, itemIndex));
		return {
			timeout: readMaxWait(context, itemIndex),
			countFrom: 'now',
			options: { polls, confirmFor, atDeadline: 'leave', onStop: 'leave', mode: 'untilSettled' },
		};
	});
	hintAt(work, results);
	return results.map((result, itemIndex) =>
		'error' in result ? result : valueOfPoll(work.client, result.value, onTimeout.get(itemIndex)),
	);
};

type OnTimeout = 'error' | 'returnRun';

function valueOfPoll(
	client: ResourceClient,
	report: WatchReport,
	onTimeout: OnTimeout | undefined,
): Result<JsonObject[]> {
	if (isLost(report)) return { error: errorOf(report) };
	if (report.outcome !== 'stillRunning') return { value: report.run ? [report.run.body] : [] };
	if (!report.run) return { error: errorOf(report) };
	if (onTimeout === 'returnRun') return { value: [report.run.body] };
	const waited = Math.round(report.elapsed / 100) / 10;
	return {
		error: new InvalidParameterError(
			`The ${client.spec.noun} ${report.id} is still "${report.run.status}" after ${waited} s`,
			`The run was left alone and may still finish. Raise Max Wait, set "When Max Wait Is Over" to return the run, or use the ${NAMES.timeoutCancel} node to have it cancelled.`,
		),
	};
}
