import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 5;

/** Resolves with the first truthy answer of `look`. Rejects after `timeoutMs` (default 5 000 ms). */
export async function eventually<T>(look: () => T | Promise<T>, timeoutMs = 5_000): Promise<NonNullable<T>> {
	const deadline = performance.now() + timeoutMs;
	for (;;) {
		const found = await look();
		if (found) return found;
		if (performance.now() > deadline)
			throw new Error(`Waited ${timeoutMs} ms in vain for: ${look.toString()}`);
		await delay(LOOK_EVERY_MS);
	}
}
