import type { IDataObject, IExecuteFunctions, INodeExecutionData, IPairedItemData } from 'n8n-workflow';

import { type Result, attempt } from '../../core/concurrency/result';
import { nodeError } from './errors';
import { counted } from './text';

/**
 * Runs `work` for all items and waits for all of them, however some end.
 *
 * @param atOnce items under way at the same time at most
 */
export async function attemptItems<T>(
	count: number,
	work: (itemIndex: number) => T | Promise<T>,
	atOnce = count,
): Promise<Array<Result<T>>> {
	const results: Array<Result<T>> = [];
	let next = 0;
	const workThrough = async () => {
		while (next < count) {
			const itemIndex = next++;
			results[itemIndex] = await attempt(() => work(itemIndex));
		}
	};
	await Promise.all(Array.from({ length: Math.min(count, atOnce) }, workThrough));
	return results;
}

/** @param pairedWith index of the input item, or all items that it belongs to */
export function outputItem(json: object, pairedWith: number | IPairedItemData[]): INodeExecutionData {
	const pairedItem = typeof pairedWith === 'number' ? { item: pairedWith } : pairedWith;
	return { json: json as IDataObject, pairedItem };
}

/**
 * The item of an input that failed. n8n moves it to the error output where the node has one, because its json holds
 * nothing but `error` and `message`, the two names that all versions of n8n take, and adds the fields of the input item
 * there. (An `error` beside the json would do that as well, but n8n then drops the rest of the json.)
 */
export function errorItem(context: IExecuteFunctions, error: unknown, itemIndex: number): INodeExecutionData {
	const itemCount = context.getInputData().length;
	const { message: what, description } = nodeError(context.getNode(), error, { itemIndex, itemCount });
	return outputItem({ error: what, ...(description && { message: description }) }, itemIndex);
}

/**
 * Throws the first error among the items, after all of them have ended, and says what became of the others. Does nothing
 * when there is none, or when the node is set to continue on errors.
 *
 * @param summary what became of the items that did not fail, such as `3 completed, 1 cancelled`
 */
export function throwFirstError(
	context: IExecuteFunctions,
	results: ReadonlyArray<Result<unknown>>,
	summary?: string,
): void {
	if (context.continueOnFail()) return;
	const itemIndex = results.findIndex((result) => 'error' in result);
	const first = results[itemIndex];
	if (!first || !('error' in first)) return;
	const failed = results.filter((result) => 'error' in result).length;
	const others = results.length - failed;
	const more = failed > 1 ? `${counted(failed - 1, 'other item')} failed as well.` : '';
	const rest = others > 0 && summary ? `${counted(others, 'other item')} came to an end: ${summary}.` : '';
	const addition = [more, rest].filter(Boolean).join(' ');
	throw nodeError(context.getNode(), first.error, { itemIndex, itemCount: results.length, addition });
}

/** `3 completed, 1 cancelled`, most frequent first. */
export function countByOutcome(words: readonly string[]): string {
	const counts = new Map<string, number>();
	for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
	return [...counts]
		.sort(([, a], [, b]) => b - a)
		.map(([word, count]) => `${count} ${word}`)
		.join(', ');
}
