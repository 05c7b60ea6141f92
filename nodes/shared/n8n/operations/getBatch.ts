import { PageCursor, paginate } from '../../core/requests/paginate';
import { call } from '../../core/requests/retry';
import { LIST } from '../../core/config';
import type { JsonObject } from '../../core/runs/run';
import { listsOfMembers } from '../../providers/lists/runLists';
import { InvalidParameterError } from '../output/errors';
import { addHints } from '../output/hints';
import { attemptItems } from '../output/items';
import { readRunId } from '../parameters/ids';
import { pairsInBatch, placeInBatch } from './batchInputs';
import { type Operate, type Work, callDeps } from './work';

/** The runs of batches as they are now, in the order of the items they were started from. */
export const getBatch: Operate = async (work) => {
	const batches = await attemptItems(work.itemCount, (itemIndex) => readBatch(work, itemIndex));
	const isEmpty = batches.some((batch) => 'value' in batch && batch.value.length === 0);
	const { provider, spec } = work.client;
	if (isEmpty)
		addHints(work.context, [
			`No ${spec.plural} found in a batch. Check its ID, and that it is a batch of ${spec.plural}. ${provider.keySees}`,
		]);
	return batches;
};

async function readBatch(work: Work, itemIndex: number): Promise<JsonObject[]> {
	const { context, session, client } = work;
	const { provider, spec } = client;
	if (!provider.batches)
		throw new InvalidParameterError(`${provider.title} has no batches`, 'Choose another operation.');
	const batchId = readRunId(context, session.client(provider.batches), itemIndex);
	const ids = await memberIds(work, batchId);
	const read = (at: number) =>
		call(callDeps(session), (signal) => client.readWith(ids[at] ?? '', spec.fullQuery, signal));
	const members = await attemptItems(ids.length, read, session.maxConcurrentRequests);
	const runs = members.map((member) => {
		if ('error' in member) throw member.error;
		const { body } = member.value;
		const place = placeInBatch(spec, body);
		work.pairs.set(body, pairsInBatch(context, batchId, { itemIndex, place }));
		return { body, place: place ?? Number.POSITIVE_INFINITY };
	});
	// Runs without a place compare as equal, and stay as the list has them.
	return runs.sort((a, b) => (a.place === b.place ? 0 : a.place - b.place)).map(({ body }) => body);
}

async function memberIds({ session, client }: Work, batchId: string): Promise<string[]> {
	const ids = new Set<string>();
	for (const list of listsOfMembers([client], batchId)) {
		const pages = paginate(new PageCursor(), LIST.memberPages, (token) =>
			call(callDeps(session), (signal) => list.page(token, signal)),
		);
		for await (const { rows } of pages) rows.forEach(({ id }) => ids.add(id));
	}
	return [...ids];
}
