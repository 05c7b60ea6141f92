import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { Result } from '../shared/core/concurrency/result';
import type { CountFrom } from '../shared/core/watch/deadline';
import type { WatchReport, WatchTarget } from '../shared/core/watch/watchRuns';
import { withFile } from '../shared/n8n/operations/attachFile';
import { reportsOf, watchItems } from '../shared/n8n/operations/watchItems';
import { InvalidParameterError, nodeError } from '../shared/n8n/output/errors';
import { addHints, hintsFor } from '../shared/n8n/output/hints';
import {
	attemptItems,
	countByOutcome,
	errorItem,
	outputItem,
	throwFirstError,
} from '../shared/n8n/output/items';
import { readOutputShape, shapeReport, withInput } from '../shared/n8n/output/simplify';
import { counted } from '../shared/n8n/output/text';
import { readTimeout } from '../shared/n8n/parameters/numbers';
import { readChoice, readIncludeInputFields, readOptions } from '../shared/n8n/parameters/options';
import type { Session } from '../shared/n8n/transport/session';
import type { ResourceClient } from '../shared/providers/client/resourceClient';
import type { OutputName } from './fields';
import { ownCancels } from './ownCancels';
import { OUTPUT_OF, reportItem } from './report';

/** `watch` and `check`: watches the runs of all items at once and sends each to the output of its end. */
export async function watchRunsOfItems(
	context: IExecuteFunctions,
	session: Session,
	operation: 'watch' | 'check',
): Promise<Array<[OutputName, INodeExecutionData]>> {
	const resource = context.getNodeParameter('resource', 0);
	const client = session.client(resource);
	if (!client.spec.cancel) throw cannotBeCancelled(client);

	const shapes = context.getInputData().map((_, itemIndex) => readOutputShape(context, itemIndex));
	const watched = await watchItems(
		{ context, session, client, itemCount: context.getInputData().length, pairs: new Map() },
		(itemIndex) => readTarget(context, operation, itemIndex),
		{
			runIdLabel: 'Run ID',
			// n8n passes it on to the console of the browser, in manual executions only.
			progress: (ids) => (run) =>
				context.sendMessageToUI(`Watching ${counted(ids.size, 'run')}: ${run.id} is ${run.status}`),
		},
	);
	const withOwn = ownCancels(context, `${session.provider.name} ${resource}`);
	const results = watched.map((result) => ('value' in result ? { value: withOwn(result.value) } : result));
	const reports = reportsOf(results);
	throwWhenKeyIsRefused(context, reports, results);
	throwWhenNoneIsFound(context, reports, results);
	throwFirstError(context, results, countByOutcome(reports.map(({ outcome }) => outcome)));
	addHints(context, hintsFor(session.provider, reports));
	const place = { context, session, client };
	const items = await attemptItems(
		results.length,
		async (itemIndex): Promise<[OutputName, INodeExecutionData]> => {
			const result = results[itemIndex];
			if (!result || 'error' in result) throw result?.error;
			const report = reportItem(result.value, session.provider.name, resource);
			const json = shapeReport(shapes[itemIndex] ?? 'simplified', client.spec, report);
			const input = readIncludeInputFields(context, itemIndex)
				? context.getInputData()[itemIndex]
				: undefined;
			const item = withInput(outputItem(json, itemIndex), input);
			const output = OUTPUT_OF[result.value.outcome];
			if (operation === 'check') return [output, item];
			return [output, await withFile(place, item, result.value.run?.body, itemIndex)];
		},
	);
	throwFirstError(context, items, countByOutcome(reports.map(({ outcome }) => outcome)));
	return items.map((item, itemIndex) =>
		'error' in item ? ['Failed', errorItem(context, item.error, itemIndex)] : item.value,
	);
}

function cannotBeCancelled(client: ResourceClient): InvalidParameterError {
	return new InvalidParameterError(
		`${client.provider.title} has no way to cancel ${client.spec.plural}, so they cannot be guarded by a timeout`,
		`Use the ${client.provider.title} node with "Poll Until Finished" instead.`,
	);
}

function readTarget(
	context: IExecuteFunctions,
	operation: 'watch' | 'check',
	itemIndex: number,
): Omit<WatchTarget, 'id'> {
	const { polls, confirmFor, onWorkflowStop } = readOptions(context, itemIndex);
	const isCheck = operation === 'check';
	const counts: readonly [CountFrom, ...CountFrom[]] = isCheck
		? ['created', 'started']
		: ['now', 'created', 'started'];
	return {
		timeout: readTimeout(context, itemIndex),
		countFrom: readChoice(context, 'countFrom', 'Count From', counts, itemIndex),
		options: {
			polls,
			confirmFor,
			atDeadline: 'cancel',
			onStop: onWorkflowStop,
			mode: isCheck ? 'once' : 'untilSettled',
		},
	};
}

/**
 * A refused key is a mistake in the setup, not the end of a run: when nothing at all was learned because of it, the node
 * fails, as users expect of a wrong credential. Once a run was read, its last known state is worth an item.
 */
function throwWhenKeyIsRefused(
	context: IExecuteFunctions,
	reports: readonly WatchReport[],
	results: ReadonlyArray<Result<WatchReport>>,
): void {
	const [first] = reports;
	const allRefused = reports.every(({ run, lastError }) => run === undefined && lastError?.kind === 'auth');
	if (first && allRefused && reports.length === results.length) {
		throw nodeError(context.getNode(), first.lastError);
	}
}

/**
 * A wrong ID, resource or environment is a mistake in the setup as well: when no run at all was found, the node fails as Get
 * does, unless it is set to go on. Some of several may be gone: those are items, and a hint.
 */
function throwWhenNoneIsFound(
	context: IExecuteFunctions,
	reports: readonly WatchReport[],
	results: ReadonlyArray<Result<WatchReport>>,
): void {
	const [first] = reports;
	const noneFound = reports.every(({ run, outcome }) => run === undefined && outcome === 'notFound');
	if (!first?.lastError || !noneFound || reports.length < results.length || context.continueOnFail()) return;
	const addition = reports.length > 1 ? `None of the ${reports.length} runs was found.` : undefined;
	throw nodeError(context.getNode(), first.lastError, { itemIndex: 0, itemCount: reports.length, addition });
}
