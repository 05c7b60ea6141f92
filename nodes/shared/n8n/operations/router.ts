import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { Result } from '../../core/concurrency/result';
import { ApiError } from '../../core/requests/apiError';
import { CreationTimes } from '../../core/watch/creationTimes';
import { call } from '../../core/requests/retry';
import type { JsonObject } from '../../core/runs/run';
import {
	type WatchOptions,
	type WatchReport,
	type WatchResult,
	type WatchDeps,
	watchRuns,
} from '../../core/watch/watchRuns';
import type { ResourceClient } from '../../providers/client/resourceClient';
import type { ProviderSpec } from '../../providers/types';
import { systemClock } from '../transport/systemClock';
import { prepareCreate, startRun } from './create';
import { InvalidParameterError, nodeError } from '../output/errors';
import { addHints, emptyListHint, hintsFor } from '../output/hints';
import {
	readChoice,
	readLimit,
	readMaxConcurrentRequests,
	readMaxWait,
	readOptions,
	readRunId,
} from '../parameters/parameters';
import { errorItem, outputItem, attemptItems, throwFirstError } from '../output/items';
import { readFilters, readGetQuery } from '../parameters/filters';
import { readOutputShape, shapeRun } from '../output/simplify';
import { OPERATIONS, type Operation, hasOperation } from '../description/runFields';
import { type Session, openSession } from '../transport/session';

/** Everything an operation needs: the execution, the provider, the resource. */
interface Work {
	context: IExecuteFunctions;
	session: Session;
	client: ResourceClient;
	itemCount: number;
}

/** Brings, per item, the objects of the API. */
type Handler = (work: Work) => Promise<Array<Result<JsonObject[]>>>;

const HANDLERS: Record<Operation, Handler> = {
	cancel: cancelRuns,
	create: createRuns,
	delete: (work) => attemptItems(work.itemCount, (itemIndex) => deleteRun(work, itemIndex)),
	get: (work) => attemptItems(work.itemCount, (itemIndex) => getRun(work, itemIndex)),
	getAll: listAllRuns,
	poll: pollRuns,
};

/**
 * `execute` of the Retab and Extend nodes: all items at once, one output item per run, in the order of the input.
 */
export async function router(
	context: IExecuteFunctions,
	provider: ProviderSpec,
): Promise<INodeExecutionData[][]> {
	const node = context.getNode();
	const itemCount = context.getInputData().length;
	let session: Session | undefined;
	try {
		session = await openSession(context, provider, readMaxConcurrentRequests(context));
		const client = session.client(readResource(context));
		const operation = readOperation(context, client);
		const shapes = Array.from({ length: itemCount }, (_, itemIndex) =>
			operation === 'delete' ? 'raw' : readOutputShape(context, itemIndex),
		);
		const results = await HANDLERS[operation]({ context, session, client, itemCount });
		if (session.scope.signal.aborted) return [[]];
		throwFirstError(context, results);
		return [
			results.flatMap((result, itemIndex) =>
				'error' in result
					? [errorItem(node, result.error, itemIndex)]
					: result.value.map((json) =>
							outputItem(shapeRun(shapes[itemIndex] ?? 'simplified', client.spec, json), itemIndex),
						),
			),
		];
	} catch (error) {
		// The execution was stopped: whatever ended by that is no failure of the node.
		if (session?.scope.signal.aborted) return [[]];
		if (!context.continueOnFail()) throw nodeError(node, error);
		return [Array.from({ length: itemCount }, (_, itemIndex) => errorItem(node, error, itemIndex))];
	} finally {
		session?.scope.dispose();
	}
}

function readResource(context: IExecuteFunctions): string {
	return context.getNodeParameter('resource', 0);
}

function readOperation(context: IExecuteFunctions, client: ResourceClient): Operation {
	const operation = readChoice(context, 'operation', 'Operation', OPERATIONS, 0);
	if (hasOperation(client.spec, operation)) return operation;
	const there = OPERATIONS.filter((one) => hasOperation(client.spec, one)).join(', ');
	throw new InvalidParameterError(
		`${client.provider.title} has no operation "${operation}" for ${client.spec.plural}. There is: ${there}`,
	);
}

/**
 * Starts the runs of all items. Nothing is started while an item is not right, unless the node may go on without it: a
 * second try must not start the good ones twice.
 */
async function createRuns({
	context,
	session,
	client,
	itemCount,
}: Work): Promise<Array<Result<JsonObject[]>>> {
	const prepared = await attemptItems(itemCount, (itemIndex) => prepareCreate(context, client, itemIndex));
	throwFirstError(context, prepared);
	const startOne = async (itemIndex: number) => {
		const item = prepared[itemIndex];
		if (!item || 'error' in item) throw item?.error;
		return [await startRun(session, client, item.value, itemIndex)];
	};
	// More than can be sent would only wait for their turn with their documents in memory.
	const started = await attemptItems(itemCount, startOne, session.maxConcurrentRequests);
	const ids = started.flatMap((result) =>
		'value' in result ? result.value.flatMap(({ id }) => (typeof id === 'string' ? [id] : [])) : [],
	);
	throwFirstError(context, started, `started ${ids.join(', ')}`);
	return started;
}

async function getRun({ context, session, client }: Work, itemIndex: number): Promise<JsonObject[]> {
	const id = readRunId(context, itemIndex);
	const query = readGetQuery(context, client.spec, itemIndex);
	const run = await call({ ...session, clock: systemClock }, (signal) => client.readWith(id, query, signal));
	return [run.body];
}

async function listAllRuns(work: Work): Promise<Array<Result<JsonObject[]>>> {
	const lists = await attemptItems(work.itemCount, (itemIndex) => listRuns(work, itemIndex));
	const isEmpty = lists.some((list) => 'value' in list && list.value.length === 0);
	if (isEmpty) addHints(work.context, [emptyListHint(work.client)], 'info');
	return lists;
}

async function listRuns({ context, session, client }: Work, itemIndex: number): Promise<JsonObject[]> {
	const limit = readLimit(context, itemIndex);
	const query = { ...client.spec.list?.newestFirst, ...readFilters(context, client.spec, itemIndex) };
	const rows: JsonObject[] = [];
	// With page tokens nothing else may change between the pages (Extend: SDK, NextPageToken), the page size included.
	const sameSize = client.spec.list?.paging === 'pageToken';
	const seen = new Set<string>();
	let token: string | undefined;
	do {
		const page = await call({ ...session, clock: systemClock }, (signal) =>
			client.page(query, token, sameSize ? limit : limit - rows.length, signal),
		);
		rows.push(...page.rows);
		// A server that repeats a token, or sends one with an empty page, would be paged for ever.
		token = page.rows.length > 0 && page.next && !seen.has(page.next) ? page.next : undefined;
		if (token) seen.add(token);
	} while (token && rows.length < limit);
	return rows.slice(0, limit);
}

async function deleteRun({ context, session, client }: Work, itemIndex: number): Promise<JsonObject[]> {
	const id = readRunId(context, itemIndex);
	const mayHaveArrived: ApiError[] = [];
	try {
		await call({ ...session, clock: systemClock }, (signal) => client.remove(id, signal), {
			onRetry: (error) => {
				if (error.mayHaveWorked) mayHaveArrived.push(error);
			},
		});
		return [{ id, deleted: true }];
	} catch (error) {
		// An earlier attempt whose answer got lost has deleted it.
		if (mayHaveArrived.length > 0 && isNotFound(error)) return [{ id, deleted: true }];
		throw nodeError(context.getNode(), error, { itemIndex });
	}
}

function isNotFound(error: unknown): boolean {
	return error instanceof ApiError && error.kind === 'notFound';
}

async function cancelRuns(work: Work): Promise<Array<Result<JsonObject[]>>> {
	const results = await watchItems(work, (itemIndex) => {
		const { polls, confirmFor } = readOptions(work.context, itemIndex);
		return {
			timeout: 0,
			options: { polls, confirmFor, atDeadline: 'cancel', onStop: 'leave', mode: 'none' },
		};
	});
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
}

/** Outcomes of a cancel that either are what was asked for, or have a hint or an error of their own. */
const CANCEL_OUTCOMES: ReadonlySet<WatchReport['outcome']> = new Set([
	'cancelled',
	'cancelPending',
	'notCancellable',
	'unreachable',
]);

function valueOfCancel(client: ResourceClient, report: WatchReport): Result<JsonObject[]> {
	if (report.outcome === 'unreachable') return { error: lastFaultOf(report) };
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
	return report.run ? { value: [report.run.body] } : { error: lastFaultOf(report) };
}

async function pollRuns(work: Work): Promise<Array<Result<JsonObject[]>>> {
	const onTimeout = new Map<number, OnTimeout>();
	const results = await watchItems(work, (itemIndex) => {
		const { context } = work;
		const { polls, confirmFor } = readOptions(context, itemIndex);
		onTimeout.set(
			itemIndex,
			readChoice(context, 'onTimeout', 'When Max Wait Is Over', ['error', 'returnRun'], itemIndex),
		);
		return {
			timeout: readMaxWait(context, itemIndex),
			options: { polls, confirmFor, atDeadline: 'leave', onStop: 'leave', mode: 'untilSettled' },
		};
	});
	return results.map((result, itemIndex) =>
		'error' in result ? result : valueOfPoll(work.client, result.value, onTimeout.get(itemIndex)),
	);
}

type OnTimeout = 'error' | 'returnRun';

function valueOfPoll(
	client: ResourceClient,
	report: WatchReport,
	onTimeout: OnTimeout | undefined,
): Result<JsonObject[]> {
	if (report.outcome === 'unreachable') return { error: lastFaultOf(report) };
	if (report.outcome !== 'stillRunning') return { value: report.run ? [report.run.body] : [] };
	if (!report.run) return { error: lastFaultOf(report) };
	if (onTimeout === 'returnRun') return { value: [report.run.body] };
	const waited = Math.round(report.elapsed / 100) / 10;
	return {
		error: new InvalidParameterError(
			`The ${client.spec.noun} ${report.id} is still "${report.run.status}" after ${waited} s`,
			'The run was left alone and may still finish. Raise Max Wait, set "When Max Wait Is Over" to return the run, or use the Timeout Cancel node to have it cancelled.',
		),
	};
}

function lastFaultOf(report: WatchReport): Error {
	return (
		report.lastError ?? new ApiError('network', `Nothing could be learned about run ${report.id} in time`)
	);
}

/** Watches the runs of all items at once; an item with bad input leaves the others alone. */
async function watchItems(
	{ context, session, client, itemCount }: Work,
	read: (itemIndex: number) => { timeout: number; options: WatchOptions },
): Promise<Array<Result<WatchReport>>> {
	const targets = await attemptItems(itemCount, (itemIndex) => ({
		id: readRunId(context, itemIndex),
		countFrom: 'now' as const,
		...read(itemIndex),
	}));
	const good = targets.flatMap((target) => ('value' in target ? [target.value] : []));
	const results = (await watchRuns(watchDeps(session, client), good)).values();
	const result = targets.map((target): Result<WatchReport> => {
		if ('error' in target) return target;
		const result: WatchResult | undefined = results.next().value;
		return result && 'report' in result ? { value: result.report } : { error: result?.error };
	});
	addHints(
		context,
		hintsFor(
			session.provider,
			reportsOf(result).filter(({ outcome }) => outcome !== 'unreachable' && outcome !== 'notCancellable'),
		),
	);
	return result;
}

export function watchDeps(
	session: Session,
	client: ResourceClient,
	onChange?: WatchDeps['onChange'],
): WatchDeps {
	const { requestQueue, scope, commandId } = session;
	return {
		client,
		requestQueue,
		clock: systemClock,
		scope,
		creationTimes: new CreationTimes(client, requestQueue),
		commandId,
		onChange,
	};
}

function reportsOf(results: ReadonlyArray<Result<WatchReport>>): WatchReport[] {
	return results.flatMap((result) => ('value' in result ? [result.value] : []));
}
