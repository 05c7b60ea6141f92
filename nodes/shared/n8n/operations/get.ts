import { call } from '../../core/requests/retry';
import type { JsonObject } from '../../core/runs/run';
import { attemptItems } from '../output/items';
import { readGetQuery } from '../parameters/filters';
import { readRunId } from '../parameters/ids';
import { type Operate, type Work, callDeps } from './work';

export const get: Operate = (work) => attemptItems(work.itemCount, (itemIndex) => getRun(work, itemIndex));

async function getRun({ context, session, client }: Work, itemIndex: number): Promise<JsonObject[]> {
	const id = readRunId(context, client, itemIndex);
	const query = readGetQuery(context, client.spec, itemIndex);
	const run = await call(callDeps(session), (signal) => client.readWith(id, query, signal));
	return [run.body];
}
