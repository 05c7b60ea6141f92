import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { Settled } from '../shared/core/settle';
import type { Run } from '../shared/core/run';
import { type WatchReport, type WatchTarget, watchRuns } from '../shared/core/watch';
import { BadInput, nodeError } from '../shared/n8n/errors';
import { addHints, hintsAbout } from '../shared/n8n/hints';
import { readChoice, readOptions, readRunId, readTimeout } from '../shared/n8n/input';
import { errorItem, outputItem, settleItems, tally, throwFirst } from '../shared/n8n/items';
import { watchTools } from '../shared/n8n/runNode';
import type { Session } from '../shared/n8n/session';
import { counted } from '../shared/n8n/text';
import type { ResourceApi } from '../shared/providers/api';
import type { OutputName } from './fields';
import { OUTPUT_OF, reportItem } from './report';

/** `watch` and `check`: watches the runs of all items at once and sends each to the output of its end. */
export async function guardRuns(
	context: IExecuteFunctions,
	session: Session,
	operation: 'watch' | 'check',
): Promise<Array<[OutputName, INodeExecutionData]>> {
	const itemCount = context.getInputData().length;
	const resource = context.getNodeParameter('resource', 0);
	const api = session.api(resource);
	if (!api.spec.cancel) throw cannotBeCancelled(api);

	const results = await watchItems(context, session, api, operation, itemCount);
	const reports = results.flatMap((result) => ('value' in result ? [result.value] : []));
	throwWhenKeyIsRefused(context, reports, results);
	throwFirst(context, results, tally(reports.map(({ outcome }) => outcome)));
	addHints(context, hintsAbout(session.provider, reports));
	return results.map((result, itemIndex) => {
		if ('error' in result) return ['Failed', errorItem(context.getNode(), result.error, itemIndex)];
		const json = reportItem(result.value, session.provider.name, resource);
		return [OUTPUT_OF[result.value.outcome], outputItem(json, itemIndex)];
	});
}

function cannotBeCancelled(api: ResourceApi): BadInput {
	return new BadInput(
		`${api.provider.title} has no way to cancel ${api.spec.plural}, so they cannot be guarded by a timeout`,
		`Use the ${api.provider.title} node with "Poll Until Finished" instead.`,
	);
}

async function watchItems(
	context: IExecuteFunctions,
	session: Session,
	api: ResourceApi,
	operation: 'watch' | 'check',
	itemCount: number,
): Promise<Array<Settled<WatchReport>>> {
	const targets = await settleItems(itemCount, (itemIndex) => readTarget(context, operation, itemIndex));
	const good = targets.flatMap((target) => ('value' in target ? [target.value] : []));
	const tools = watchTools(session, api, progress(context, good));
	const results = (await watchRuns(tools, good)).values();
	return targets.map((target): Settled<WatchReport> => {
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
		plan: {
			polls: options.polls,
			confirmFor: options.confirmFor,
			whenTimeIsUp: 'cancel',
			onStop: options.onWorkflowStop,
			looks: operation === 'watch' ? 'untilSettled' : 'once',
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
	results: ReadonlyArray<Settled<WatchReport>>,
): void {
	const first = reports[0];
	const allRefused = reports.every(({ run, lastFault }) => run === undefined && lastFault?.kind === 'auth');
	if (first && allRefused && reports.length === results.length) {
		throw nodeError(context.getNode(), first.lastFault);
	}
}
