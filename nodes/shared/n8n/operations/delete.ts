import { isNotFound } from '../../core/requests/apiError';
import { call } from '../../core/requests/retry';
import type { JsonObject } from '../../core/runs/run';
import { nodeError } from '../output/errors';
import { attemptItems } from '../output/items';
import { readRunId } from '../parameters/ids';
import { type Operate, type Work, callDeps } from './work';

export const remove: Operate = (work) =>
	attemptItems(work.itemCount, (itemIndex) => deleteRun(work, itemIndex));

async function deleteRun({ context, session, client }: Work, itemIndex: number): Promise<JsonObject[]> {
	const id = readRunId(context, itemIndex);
	let mayHaveWorked = false;
	try {
		await call(callDeps(session), (signal) => client.remove(id, signal), {
			onRetry: (error) => {
				mayHaveWorked ||= error.mayHaveWorked;
			},
		});
	} catch (error) {
		// An earlier attempt whose answer got lost has deleted it.
		if (!mayHaveWorked || !isNotFound(error)) throw nodeError(context.getNode(), error, { itemIndex });
	}
	return [{ id, deleted: true }];
}
