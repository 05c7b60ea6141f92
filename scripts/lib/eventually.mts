import { setTimeout as sleep } from 'node:timers/promises';

/** How long something may take to show, in ms, unless told otherwise, and how often it is looked for. */
const EVENTUALLY_MS = 20_000;
const LOOK_MS = 100;

/**
 * Looks again and again until there is something to see.
 *
 * @throws Error with the `complaint` when there is nothing within `withinMs`
 */
export async function eventually<T>(
	look: () => Promise<T | undefined>,
	complaint: () => string,
	withinMs = EVENTUALLY_MS,
): Promise<T> {
	const end = Date.now() + withinMs;
	for (;;) {
		const found = await look();
		if (found !== undefined) return found;
		if (Date.now() > end) throw new Error(`After ${String(withinMs)} ms: ${complaint()}.`);
		await sleep(LOOK_MS);
	}
}
