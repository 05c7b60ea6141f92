import type { IExecuteFunctions, IPairedItemData } from 'n8n-workflow';
import { z } from 'zod';

import type { JsonObject } from '../../core/runs/run';
import { valueAt } from '../../providers/client/parseResponse';
import type { ResourceSpec } from '../../providers/types';
import { EXECUTION_TAG } from '../description/createFields';

/**
 * Pairs the runs of a batch with the items they were started from. Which of them a run is of stands in its metadata; where
 * the items came from is kept for the execution: on the way from one node to the other, the batch is a single item.
 */

const KEY = 'documentRunsBatches';

const source = z.object({
	previousNode: z.string(),
	previousNodeOutput: z.number().optional(),
	previousNodeRun: z.number().optional(),
});

const sources = z.record(source).catch({});

/** Called by the node that has started a batch. */
export function rememberInputs(context: IExecuteFunctions, batchId: string): void {
	const store = context.getContext('flow');
	const { data } = source.safeParse(context.getInputSourceData());
	if (data) store[KEY] = { ...sources.parse(store[KEY]), [batchId]: data };
}

/** The place of a run in its batch: the index of its item. Nothing for runs of a batch that was started elsewhere. */
export function placeInBatch({ metadataPath = [] }: ResourceSpec, run: JsonObject): number | undefined {
	const index = valueAt(run, [...metadataPath, EXECUTION_TAG.item]);
	return typeof index === 'number' && Number.isInteger(index) && index >= 0 ? index : undefined;
}

/** The items that a run of a batch belongs to: that of the batch, and the one it was started from. */
export function pairsInBatch(
	context: IExecuteFunctions,
	batchId: string,
	{ itemIndex, place }: { itemIndex: number; place: number | undefined },
): IPairedItemData[] {
	const sourceOverwrite = sources.parse(context.getContext('flow')[KEY])[batchId];
	const batch = { item: itemIndex };
	return sourceOverwrite && place !== undefined ? [batch, { item: place, sourceOverwrite }] : [batch];
}
