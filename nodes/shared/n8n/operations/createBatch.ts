import { z } from 'zod';

import type { Result } from '../../core/concurrency/result';
import { REQUEST } from '../../core/config';
import { submit } from '../../core/requests/submit';
import type { JsonObject } from '../../core/runs/run';
import { checked, parseRun } from '../../providers/client/parseResponse';
import type { ResourceClient } from '../../providers/client/resourceClient';
import type { ApiRequest } from '../../providers/client/wire';
import type { BatchSpec } from '../../providers/types';
import { EXECUTION_TAG } from '../description/createFields';
import { NAMES } from '../description/names';
import { InvalidParameterError } from '../output/errors';
import { addHints } from '../output/hints';
import { attemptItems, throwFirstError } from '../output/items';
import { counted } from '../output/text';
import { rememberInputs } from './batchInputs';
import { deliverDocuments, hintsOf, prepareCreate } from './create';
import { type Operate, type Work, callDeps } from './work';

/** One item as an input of a batch, and what must be the same for all inputs of it. */
interface Input {
	itemIndex: number;
	shared: JsonObject;
	input: JsonObject;
}

/**
 * Starts one run per item with as few requests as the API takes: all items of the same settings are one batch, in their
 * order, up to what the API takes in one. Nothing is started while an item is not right, unless the node may go on without it.
 */
export const createBatch: Operate = async (work) => {
	const { context, session, client, itemCount } = work;
	const spec = batchSpecOf(client);
	const prepared = await attemptItems(itemCount, (itemIndex) =>
		prepareCreate(context, client, spec, itemIndex, { [EXECUTION_TAG.item]: itemIndex }),
	);
	throwFirstError(context, prepared);
	const inputs = await attemptItems(
		itemCount,
		async (itemIndex): Promise<Input> => {
			const item = prepared[itemIndex];
			if (!item || 'error' in item) throw item?.error;
			const body = await deliverDocuments(session, client, spec, item.value);
			return { itemIndex, ...split(spec, body) };
		},
		session.maxConcurrentRequests,
	);
	// No batch is started without the others: a second try would start it twice.
	throwFirstError(context, inputs);

	const results = inputs.map((input): Result<JsonObject[]> => ('error' in input ? input : { value: [] }));
	const batches = batchesOf(spec, inputs);
	const started = await attemptItems(
		batches.length,
		(at) => startBatch(work, spec, batches[at] ?? []),
		session.maxConcurrentRequests,
	);
	for (const [at, batch] of batches.entries()) {
		const result = started[at];
		const itemIndices = batch.map(({ itemIndex }) => itemIndex);
		if (result && 'value' in result) {
			work.pairs.set(
				result.value,
				itemIndices.map((item) => ({ item })),
			);
			rememberInputs(context, batchIdOf(result.value));
			results[itemIndices[0] ?? 0] = { value: [result.value] };
		} else {
			for (const itemIndex of itemIndices) results[itemIndex] = { error: result?.error };
		}
	}
	const ids = started.flatMap((one) => ('value' in one ? [batchIdOf(one.value)] : []));
	throwFirstError(context, results, `started ${ids.join(', ')}`);
	if (ids.length > 0) addHints(context, [whatNext(client, spec, ids.length)], 'info');
	return results;
};

/** What is left of a batch that cannot be read. */
const batchOnly = z.object({ batchId: z.string().min(1) });

function batchIdOf({ id, batchId }: JsonObject): string {
	return z.string().parse(id ?? batchId);
}

function batchSpecOf({ provider, spec }: ResourceClient): BatchSpec {
	if (spec.batch) return spec.batch;
	throw new InvalidParameterError(
		`${provider.title} has no batches of ${spec.plural}`,
		'Choose another resource or operation in the node.',
	);
}

function split({ inputKeys }: BatchSpec, body: JsonObject): Pick<Input, 'shared' | 'input'> {
	const isOwn = ([key]: [string, unknown]) => inputKeys.includes(key);
	const entries = Object.entries(body);
	return {
		shared: Object.fromEntries(entries.filter((entry) => !isOwn(entry))),
		input: Object.fromEntries(entries.filter(isOwn)),
	};
}

/** The inputs in batches: those with the same settings together, in their order, at most as many as the API takes. */
function batchesOf({ max }: BatchSpec, inputs: ReadonlyArray<Result<Input>>): Input[][] {
	const bySettings = new Map<string, Input[]>();
	for (const input of inputs) {
		if ('error' in input) continue;
		const settings = JSON.stringify(input.value.shared);
		const same = bySettings.get(settings);
		if (same) same.push(input.value);
		else bySettings.set(settings, [input.value]);
	}
	return [...bySettings.values()].flatMap((same) =>
		Array.from({ length: Math.ceil(same.length / max) }, (_, at) => same.slice(at * max, (at + 1) * max)),
	);
}

/** @throws ApiError when it was not started, UnknownOutcomeError when nobody knows */
async function startBatch(
	{ session, client }: Work,
	spec: BatchSpec,
	inputs: readonly Input[],
): Promise<JsonObject> {
	const { provider } = client;
	const request: ApiRequest = {
		method: 'POST',
		path: `${client.spec.path}/batch`,
		body: { ...inputs[0]?.shared, inputs: inputs.map(({ input }) => input) },
		hint: hintsOf(client),
	};
	const batches = spec.isRun && provider.batches ? session.client(provider.batches) : undefined;
	return await submit(
		{
			...callDeps(session),
			timeout: REQUEST.startTimeout,
			idempotent: false,
			started: 'the batch',
			hintIfUnknown: `It was not sent again, because that could start ${counted(inputs.length, 'run')} twice. Look for them with Get Many, newest first, before you start them again.`,
		},
		async (signal) => {
			const answer = await client.exchange(request, signal);
			if (batches) return parseRun(provider, batches.spec, answer).body;
			checked(provider, 'a batch', batchOnly, answer);
			return answer as JsonObject;
		},
	);
}

function whatNext({ provider, spec }: ResourceClient, { isRun }: BatchSpec, count: number): string {
	const watch = isRun
		? `Connect ${NAMES.timeoutCancel} with the resource Batch Run to wait for it, then Get Batch for the results.`
		: `${provider.title} does not tell the status of such a batch: connect Get Batch for its runs, and ${NAMES.timeoutCancel} to wait for each.`;
	return `${counted(count, 'batch', 'batches')} of ${spec.plural} started. ${watch}`;
}
