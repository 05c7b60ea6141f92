import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { Result } from '../shared/core/concurrency/result';
import type { Run } from '../shared/core/runs/run';
import { type WatchReport, type WatchTarget, watchRuns } from '../shared/core/watch/watchRuns';
import { InvalidParameterError, nodeError } from '../shared/n8n/output/errors';
import { addHints, hintsFor } from '../shared/n8n/output/hints';
import {
	readChoice,
	readIncludeInputFields,
	readOptions,
	readRunId,
	readTimeout,
} from '../shared/n8n/parameters/parameters';
import {
	errorItem,
	outputItem,
	attemptItems,
	countByOutcome,
	throwFirstError,
} from '../shared/n8n/output/items';
import { readOutputShape, shapeReport, withInput } from '../shared/n8n/output/simplify';
import { watchDeps } from '../shared/n8n/operations/router';
import type { Session } from '../shared/n8n/transport/session';
import { counted } from '../shared/n8n/output/text';
import type { ResourceClient } from '../shared/providers/client/resourceClient';
import type { OutputName } from './fields';
import { OUTPUT_OF, reportItem } from './report';

/** `watch` and `check`: watches the runs of all items at once and sends each to the output of its end. */
export async function watchRunsOfItems(
	context: IExecuteFunctions,
	session: Session,
	operation: 'watch' | 'check',
): Promise<Array<[OutputName, INodeExecutionData]>> {
	const itemCount = context.getInputData().length;
	const resource = context.getNodeParameter('resource', 0);
	const client = session.client(resource);
	if (!client.spec.cancel) throw cannotBeCancelled(client);

	const shapes = Array.from({ length: itemCount }, (_, itemIndex) => readOutputShape(context, itemIndex));
	const results = await watchItems(context, session, client, operation, itemCount);
	const reports = results.flatMap((result) => ('value' in result ? [result.value] : []));
	throwWhenKeyIsRefused(context, reports, results);
	throwFirstError(context, results, countByOutcome(reports.map(({ outcome }) => outcome)));
	addHints(context, hintsFor(session.provider, reports));
	return results.map((result, itemIndex) => {
		if ('error' in result) return ['Failed', errorItem(context.getNode(), result.error, itemIndex)];
		const report = reportItem(result.value, session.provider.name, resource);
		const json = shapeReport(shapes[itemIndex] ?? 'simplified', client.spec, report);
		const item = outputItem(json, itemIndex);
		const input = readIncludeInputFields(context, itemIndex) ? context.getInputData()[itemIndex] : undefined;
		return [OUTPUT_OF[result.value.outcome], withInput(item, input)];
	});
}

function cannotBeCancelled(client: ResourceClient): InvalidParameterError {
	return new InvalidParameterError(
		`${client.provider.title} has no way to cancel ${client.spec.plural}, so they cannot be guarded by a timeout`,
		`Use the ${client.provider.title} node with "Poll Until Finished" instead.`,
	);
}

async function watchItems(
	context: IExecuteFunctions,
	session: Session,
	client: ResourceClient,
	operation: 'watch' | 'check',
	itemCount: number,
): Promise<Array<Result<WatchReport>>> {
	const targets = await attemptItems(itemCount, (itemIndex) => readTarget(context, operation, itemIndex));
	const good = targets.flatMap((target) => ('value' in target ? [target.value] : []));
	const deps = watchDeps(session, client, progress(context, good));
	const results = (await watchRuns(deps, good)).values();
	return targets.map((target): Result<WatchReport> => {
		if ('error' in target) return target;
		const result = results.next().value;
		return result && 'report' in result ? { value: result.report } : { error: result?.error };
	});
}

function readTarget(
	context: IExecuteFunctions,
	operation: 'watch' | 'check',
	itemIndex: number,
): WatchTarget {
	const options = readOptions(context, itemIndex);
	return {
		id: readRunId(context, itemIndex),
		timeout: readTimeout(context, itemIndex),
		countFrom:
			operation === 'watch'
				? readChoice(context, 'countFrom', 'Count From', ['now', 'created', 'started'], itemIndex)
				: readChoice(context, 'countFrom', 'Count From', ['created', 'started'], itemIndex),
		options: {
			polls: options.polls,
			confirmFor: options.confirmFor,
			atDeadline: 'cancel',
			onStop: options.onWorkflowStop,
			mode: operation === 'watch' ? 'untilSettled' : 'once',
		},
	};
}

/** Tells the editor how the runs get on. n8n passes it on in manual executions only. */
function progress(context: IExecuteFunctions, targets: readonly WatchTarget[]): (run: Run) => void {
	const total = new Set(targets.map(({ id }) => id)).size;
	return (run) => context.sendMessageToUI(`Watching ${counted(total, 'run')}: ${run.id} is ${run.status}`);
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
	const first = reports[0];
	const allRefused = reports.every(({ run, lastError }) => run === undefined && lastError?.kind === 'auth');
	if (first && allRefused && reports.length === results.length) {
		throw nodeError(context.getNode(), first.lastError);
	}
}
