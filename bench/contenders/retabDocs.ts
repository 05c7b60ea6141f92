import { setTimeout as delay } from 'node:timers/promises';

import { retabReader, servePolling } from './polls';

/**
 * The loop of Retab's documentation (core concepts, "Background mode"): read the run every 2 s while it is `pending`,
 * `queued` or `in_progress`. It has no error handling and no deadline.
 */
const INTERVAL_MS = 2_000;
const UNFINISHED: ReadonlySet<string | undefined> = new Set(['pending', 'queued', 'in_progress']);

servePolling(({ url, speed }) => {
	const read = retabReader(url);
	return async (id) => {
		while (UNFINISHED.has((await read(id)).run.status)) await delay(INTERVAL_MS / speed);
	};
});
