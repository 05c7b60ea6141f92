import { type ApiError, isNotFound } from '../../core/requests/apiError';
import { call } from '../../core/requests/retry';
import type { JsonObject } from '../../core/runs/run';
import { nodeError } from '../output/errors';
import { attemptItems } from '../output/items';
import { readRunId } from '../parameters/ids';
import { type Operate, type Work, callDeps } from './work';

export const remove: Operate = (work) =>
	attemptItems(work.itemCount, (itemIndex) => deleteRun(work, itemIndex));

async function deleteRun(
	{ context, session, client, itemCount }: Work,
	itemIndex: number,
): Promise<JsonObject[]> {
	const id = readRunId(context, client, itemIndex);
	const mayHaveWorked: ApiError[] = [];
	try {
		await call(callDeps(session), (signal) => client.remove(id, signal), {
			onRetry: (error) => {
				if (error.mayHaveWorked) mayHaveWorked.push(error);
			},
		});
	} catch (error) {
		// An earlier attempt whose answer got lost has deleted it.
		if (mayHaveWorked.length === 0 || !isNotFound(error))
			throw nodeError(context.getNode(), error, { itemIndex, itemCount });
	}
	return [{ id, deleted: true }];
}
