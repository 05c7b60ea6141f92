import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { Settled } from '../core/settle';
import { ApiFault } from '../core/faults';
import { ListedTimes } from '../core/listed';
import { persist } from '../core/persist';
import type { JsonObject } from '../core/run';
import {
	type WatchPlan,
	type WatchReport,
	type WatchResult,
	type WatchTools,
	watchRuns,
} from '../core/watch';
import type { ResourceApi } from '../providers/api';
import type { ProviderSpec } from '../providers/types';
import { hostClock } from './clock';
import { prepareCreate, startRun } from './create';
import { BadInput, nodeError } from './errors';
import { addHints, emptyListHint, hintsAbout } from './hints';
import {
	readChoice,
	readLimit,
	readMaxConcurrentRequests,
	readMaxWait,
	readOptions,
	readRunId,
} from './input';
import { errorItem, outputItem, settleItems, throwFirst } from './items';
import { readFilters, readGetQuery } from './query';
import { OPERATIONS, type Operation, hasOperation } from './runFields';
import { type Session, openSession } from './session';

/** Everything an operation needs: the execution, the provider, the resource. */
interface Work {
	context: IExecuteFunctions;
	session: Session;
	api: ResourceApi;
	itemCount: number;
}

/** Brings, per item, the objects of the API. */
type Handler = (work: Work) => Promise<Array<Settled<JsonObject[]>>>;

const HANDLERS: Record<Operation, Handler> = {
	cancel: cancelRuns,
	create: createRuns,
	delete: (work) => settleItems(work.itemCount, (itemIndex) => deleteRun(work, itemIndex)),
	get: (work) => settleItems(work.itemCount, (itemIndex) => getRun(work, itemIndex)),
	getAll: listAllRuns,
	poll: pollRuns,
};

/**
 * `execute` of the Retab and Extend nodes: all items at once, one output item per run, in the order of the input.
 */
export async function executeRunNode(
	context: IExecuteFunctions,
	provider: ProviderSpec,
): Promise<INodeExecutionData[][]> {
	const node = context.getNode();
	const itemCount = context.getInputData().length;
	let session: Session | undefined;
	try {
		session = await openSession(context, provider, readMaxConcurrentRequests(context));
		const api = session.api(readResource(context));
		const results = await HANDLERS[readOperation(context, api)]({ context, session, api, itemCount });
		if (session.scope.signal.aborted) return [[]];
		throwFirst(context, results);
		return [
			results.flatMap((result, itemIndex) =>
				'error' in result
					? [errorItem(node, result.error, itemIndex)]
					: result.value.map((json) => outputItem(json, itemIndex)),
			),
		];
	} catch (error) {
		// The execution was stopped: whatever ended by that is no failure of the node.
		if (session?.scope.signal.aborted) return [[]];
		if (!context.continueOnFail()) throw nodeError(node, error);
		return [Array.from({ length: itemCount }, (_, itemIndex) => errorItem(node, error, itemIndex))];
	} finally {
		session?.scope.release();
	}
}

function readResource(context: IExecuteFunctions): string {
	return context.getNodeParameter('resource', 0);
}

function readOperation(context: IExecuteFunctions, api: ResourceApi): Operation {
	const operation = readChoice(context, 'operation', 'Operation', OPERATIONS, 0);
	if (hasOperation(api.spec, operation)) return operation;
	const there = OPERATIONS.filter((one) => hasOperation(api.spec, one)).join(', ');
	throw new BadInput(
		`${api.provider.title} has no operation "${operation}" for ${api.spec.plural}. There is: ${there}`,
	);
}

/**
 * Starts the runs of all items. Nothing is started while an item is not right, unless the node may go on without it: a
 * second try must not start the good ones twice.
 */
async function createRuns({ context, session, api, itemCount }: Work): Promise<Array<Settled<JsonObject[]>>> {
	const prepared = await settleItems(itemCount, (itemIndex) => prepareCreate(context, api, itemIndex));
	throwFirst(context, prepared);
	const startOne = async (itemIndex: number) => {
		const item = prepared[itemIndex];
		if (!item || 'error' in item) throw item?.error;
		return [await startRun(session, api, item.value, itemIndex)];
	};
	// More than can be sent would only wait for their turn with their documents in memory.
	const started = await settleItems(itemCount, startOne, session.maxConcurrentRequests);
	const ids = started.flatMap((result) =>
		'value' in result ? result.value.flatMap(({ id }) => (typeof id === 'string' ? [id] : [])) : [],
	);
	throwFirst(context, started, `started ${ids.join(', ')}`);
	return started;
}

async function getRun({ context, session, api }: Work, itemIndex: number): Promise<JsonObject[]> {
	const id = readRunId(context, itemIndex);
	const query = readGetQuery(context, api.spec, itemIndex);
	const run = await persist({ ...session, clock: hostClock }, (signal) => api.readWith(id, query, signal));
	return [run.body];
}

async function listAllRuns(work: Work): Promise<Array<Settled<JsonObject[]>>> {
	const lists = await settleItems(work.itemCount, (itemIndex) => listRuns(work, itemIndex));
	const isEmpty = lists.some((list) => 'value' in list && list.value.length === 0);
	if (isEmpty) addHints(work.context, [emptyListHint(work.api)], 'info');
	return lists;
}

async function listRuns({ context, session, api }: Work, itemIndex: number): Promise<JsonObject[]> {
	const limit = readLimit(context, itemIndex);
	const query = { ...api.spec.list?.newestFirst, ...readFilters(context, api.spec, itemIndex) };
	const rows: JsonObject[] = [];
	// With page tokens nothing else may change between the pages (Extend: SDK, NextPageToken), the page size included.
	const sameSize = api.spec.list?.paging === 'pageToken';
	const seen = new Set<string>();
	let token: string | undefined;
	do {
		const page = await persist({ ...session, clock: hostClock }, (signal) =>
			api.page(query, token, sameSize ? limit : limit - rows.length, signal),
		);
		rows.push(...page.rows);
		// A server that repeats a token, or sends one with an empty page, would be paged for ever.
		token = page.rows.length > 0 && page.next && !seen.has(page.next) ? page.next : undefined;
		if (token) seen.add(token);
	} while (token && rows.length < limit);
	return rows.slice(0, limit);
}

async function deleteRun({ context, session, api }: Work, itemIndex: number): Promise<JsonObject[]> {
	const id = readRunId(context, itemIndex);
	const mayHaveArrived: ApiFault[] = [];
	try {
		const answer = await persist(
			{ ...session, clock: hostClock },
			(signal) => api.remove(id, signal),
			(fault) => {
				if (fault.mayHaveWorked) mayHaveArrived.push(fault);
			},
		);
		return [answer ?? { id, deleted: true }];
	} catch (error) {
		// An earlier attempt whose answer got lost has deleted it.
		if (mayHaveArrived.length > 0 && isNotFound(error)) return [{ id, deleted: true }];
		throw nodeError(context.getNode(), error, { itemIndex });
	}
}

function isNotFound(error: unknown): boolean {
	return error instanceof ApiFault && error.kind === 'notFound';
}

async function cancelRuns(work: Work): Promise<Array<Settled<JsonObject[]>>> {
	const results = await watchItems(work, (itemIndex) => {
		const { polls, confirmFor } = readOptions(work.context, itemIndex);
		return {
			timeout: 0,
			plan: { polls, confirmFor, whenTimeIsUp: 'cancel', onStop: 'leave', looks: 'none' },
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
	return results.map((result) => ('error' in result ? result : valueOfCancel(work.api, result.value)));
}

/** Outcomes of a cancel that either are what was asked for, or have a hint or an error of their own. */
const CANCEL_OUTCOMES: ReadonlySet<WatchReport['outcome']> = new Set([
	'cancelled',
	'cancelPending',
	'notCancellable',
	'unreachable',
]);

function valueOfCancel(api: ResourceApi, report: WatchReport): Settled<JsonObject[]> {
	if (report.outcome === 'unreachable') return { error: lastFaultOf(report) };
	if (report.outcome === 'notCancellable') {
		const status = report.run ? `, which is "${report.run.status}"` : '';
		const said = report.lastFault ? `. ${report.lastFault.message}` : '';
		return {
			error: new BadInput(
				`${api.provider.title} refuses to cancel ${api.spec.noun} ${report.id}${status}${said}`,
				'The run goes on. Some runs can only be cancelled once they have started: try again later.',
			),
		};
	}
	return report.run ? { value: [report.run.body] } : { error: lastFaultOf(report) };
}

async function pollRuns(work: Work): Promise<Array<Settled<JsonObject[]>>> {
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
			plan: { polls, confirmFor, whenTimeIsUp: 'leave', onStop: 'leave', looks: 'untilSettled' },
		};
	});
	return results.map((result, itemIndex) =>
		'error' in result ? result : valueOfPoll(work.api, result.value, onTimeout.get(itemIndex)),
	);
}

type OnTimeout = 'error' | 'returnRun';

function valueOfPoll(
	api: ResourceApi,
	report: WatchReport,
	onTimeout: OnTimeout | undefined,
): Settled<JsonObject[]> {
	if (report.outcome === 'unreachable') return { error: lastFaultOf(report) };
	if (report.outcome !== 'stillRunning') return { value: report.run ? [report.run.body] : [] };
	if (!report.run) return { error: lastFaultOf(report) };
	if (onTimeout === 'returnRun') return { value: [report.run.body] };
	const waited = Math.round(report.elapsed / 100) / 10;
	return {
		error: new BadInput(
			`The ${api.spec.noun} ${report.id} is still "${report.run.status}" after ${waited} s`,
			'The run was left alone and may still finish. Raise Max Wait, set "When Max Wait Is Over" to return the run, or use the Timeout Cancel node to have it cancelled.',
		),
	};
}

function lastFaultOf(report: WatchReport): Error {
	return (
		report.lastFault ?? new ApiFault('network', `Nothing could be learned about run ${report.id} in time`)
	);
}

/** Watches the runs of all items at once; an item with bad input leaves the others alone. */
async function watchItems(
	{ context, session, api, itemCount }: Work,
	read: (itemIndex: number) => { timeout: number; plan: WatchPlan },
): Promise<Array<Settled<WatchReport>>> {
	const targets = await settleItems(itemCount, (itemIndex) => ({
		id: readRunId(context, itemIndex),
		countFrom: 'now' as const,
		...read(itemIndex),
	}));
	const good = targets.flatMap((target) => ('value' in target ? [target.value] : []));
	const results = (await watchRuns(watchTools(session, api), good)).values();
	const settled = targets.map((target): Settled<WatchReport> => {
		if ('error' in target) return target;
		const result: WatchResult | undefined = results.next().value;
		return result && 'report' in result ? { value: result.report } : { error: result?.error };
	});
	addHints(
		context,
		hintsAbout(
			session.provider,
			reportsOf(settled).filter(({ outcome }) => outcome !== 'unreachable' && outcome !== 'notCancellable'),
		),
	);
	return settled;
}

export function watchTools(
	session: Session,
	api: ResourceApi,
	onChange?: WatchTools['onChange'],
): WatchTools {
	const { gate, scope, commandId } = session;
	return {
		port: api,
		gate,
		clock: hostClock,
		scope,
		listed: new ListedTimes(api, gate, hostClock),
		commandId,
		onChange,
	};
}

function reportsOf(results: ReadonlyArray<Settled<WatchReport>>): WatchReport[] {
	return results.flatMap((result) => ('value' in result ? [result.value] : []));
}
