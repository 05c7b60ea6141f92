import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { ResourceClient } from '../../providers/client/resourceClient';
import type { ProviderSpec } from '../../providers/types';
import { OPERATIONS, type Operation, hasOperation } from '../description/runFields';
import { InvalidParameterError } from '../output/errors';
import { errorItem, outputItem, throwFirstError } from '../output/items';
import { readOutputShape, shapeRun } from '../output/simplify';
import { readChoice } from '../parameters/options';
import type { Session } from '../transport/session';
import { cancel } from './cancel';
import { create } from './create';
import { remove } from './delete';
import { get } from './get';
import { getMany } from './getMany';
import { inSession } from './inSession';
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
	const itemCount = context.getInputData().length;
	const operate = async (session: Session) => {
		const client = session.client(context.getNodeParameter('resource', 0));
		const operation = readOperation(context, client);
		const shapes = Array.from({ length: itemCount }, (_, itemIndex) =>
			operation === 'delete' ? 'raw' : readOutputShape(context, itemIndex),
		);
		const results = await OPERATE[operation]({ context, session, client, itemCount });
		if (session.scope.signal.aborted) return [[]];
		throwFirstError(context, results);
		const items = results.flatMap((result, itemIndex) => {
			if ('error' in result) return [errorItem(context.getNode(), result.error, itemIndex)];
			const shape = shapes[itemIndex] ?? 'simplified';
			return result.value.map((json) => outputItem(shapeRun(shape, client.spec, json), itemIndex));
		});
		return [items];
	};
	return await inSession(
		context,
		() => provider,
		operate,
		(errors) => [errors],
	);
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
