import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { ResourceClient } from '../../providers/client/resourceClient';
import type { ProviderSpec } from '../../providers/types';
import { OPERATIONS, type Operation, hasOperation } from '../description/runFields';
import { InvalidParameterError, nodeError } from '../output/errors';
import { errorItem, outputItem, throwFirstError } from '../output/items';
import { readOutputShape, shapeRun } from '../output/simplify';
import { readChoice, readMaxConcurrentRequests } from '../parameters/options';
import { readShowSchema } from '../parameters/schemaField';
import { type Session, openSession } from '../transport/session';
import { cancel } from './cancel';
import { create } from './create';
import { remove } from './delete';
import { get } from './get';
import { getMany } from './getMany';
import { poll } from './poll';
import type { Operate } from './work';

const OPERATE: Record<Operation, Operate> = { cancel, create, delete: remove, get, getAll: getMany, poll };

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
		const client = session.client(context.getNodeParameter('resource', 0));
		const operation = readOperation(context, client);
		const shapes = Array.from({ length: itemCount }, (_, itemIndex) =>
			isRun(context, client, operation, itemIndex) ? readOutputShape(context, itemIndex) : 'raw',
		);
		const results = await OPERATE[operation]({ context, session, client, itemCount });
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
