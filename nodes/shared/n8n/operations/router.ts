import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { ResourceClient } from '../../providers/client/resourceClient';
import { hasReviews } from '../../providers/client/reviews';
import type { ProviderSpec, ResourceSpec } from '../../providers/types';
import { OPERATIONS, type Operation, hasOperation } from '../description/runFields';
import { REVIEW } from '../description/reviewFields';
import { InvalidParameterError } from '../output/errors';
import { attemptItems, errorItem, outputItem, throwFirstError } from '../output/items';
import { readOutputShape, shapeRun } from '../output/simplify';
import { readChoice } from '../parameters/options';
import { readShowSchema } from '../parameters/schemaField';
import type { Session } from '../transport/session';
import { withFile } from './attachFile';
import { cancel } from './cancel';
import { create } from './create';
import { createBatch } from './createBatch';
import { remove } from './delete';
import { get } from './get';
import { getBatch } from './getBatch';
import { getMany } from './getMany';
import { inSession } from './inSession';
import { poll } from './poll';
import { reviewItems } from './reviews';
import type { Operate, Work } from './work';

const MAY_HAVE_FILES: ReadonlySet<Operation> = new Set(['get', 'poll']);

const OPERATE: Record<Operation, Operate> = {
	cancel,
	create,
	createBatch,
	delete: remove,
	get,
	getAll: getMany,
	getBatch,
	poll,
};

/**
 * `execute` of the Retab and Extend nodes: all items at once, one output item per run, in the order of the input.
 */
export async function router(
	context: IExecuteFunctions,
	provider: ProviderSpec,
): Promise<INodeExecutionData[][]> {
	const itemCount = context.getInputData().length;
	const operate = async (session: Session) => {
		const resource = context.getNodeParameter('resource', 0);
		if (resource === REVIEW && hasReviews(provider)) return [await reviewItems(context, session, provider)];
		const client = session.client(resource);
		const operation = readOperation(context, client);
		const shapes = Array.from({ length: itemCount }, (_, itemIndex) =>
			isRun(context, client, operation, itemIndex) ? readOutputShape(context, itemIndex) : 'raw',
		);
		const pairs: Work['pairs'] = new Map();
		const results = await OPERATE[operation]({ context, session, client, itemCount, pairs });
		if (session.scope.signal.aborted) return [[]];
		throwFirstError(context, results);
		const place = { context, session, client };
		const items = await attemptItems(itemCount, async (itemIndex) => {
			const result = results[itemIndex];
			if (!result || 'error' in result) throw result?.error;
			const shape = shapes[itemIndex] ?? 'simplified';
			return await Promise.all(
				result.value.map(async (json) => {
					const spec = shapedAs(client, operation);
					const item = outputItem(shapeRun(shape, spec, json), pairs.get(json) ?? itemIndex);
					return MAY_HAVE_FILES.has(operation) ? await withFile(place, item, json, itemIndex) : item;
				}),
			);
		});
		throwFirstError(context, items);
		return [
			items.flatMap((result, itemIndex) =>
				'error' in result ? [errorItem(context, result.error, itemIndex)] : result.value,
			),
		];
	};
	return await inSession(
		context,
		() => provider,
		operate,
		(errors) => [errors],
	);
}

/** What the items of an operation are. */
function shapedAs({ provider, spec }: ResourceClient, operation: Operation): ResourceSpec {
	const batches = operation === 'createBatch' ? provider.resources[provider.batches ?? ''] : undefined;
	return batches ?? spec;
}

/** False where an item is no run: what was deleted, or the schema alone. */
function isRun(
	context: IExecuteFunctions,
	{ spec }: ResourceClient,
	operation: Operation,
	itemIndex: number,
): boolean {
	if (operation === 'create' && spec.create?.schema) return !readShowSchema(context, itemIndex);
	return operation !== 'delete';
}

function readOperation(context: IExecuteFunctions, client: ResourceClient): Operation {
	const operation = readChoice(context, 'operation', 'Operation', OPERATIONS, 0);
	if (hasOperation(client.spec, operation)) return operation;
	const there = OPERATIONS.filter((one) => hasOperation(client.spec, one)).join(', ');
	throw new InvalidParameterError(
		`${client.provider.title} has no operation "${operation}" for ${client.spec.plural}. Available: ${there}`,
		'Choose one of them in the field Operation.',
	);
}
