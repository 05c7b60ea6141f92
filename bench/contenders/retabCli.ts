import { setTimeout as delay } from 'node:timers/promises';

import { retabReader, servePolling } from './polls';

/**
 * The rules of `--wait` in Retab's CLI (`primitive_wait.go`): the first read at once, then one every 2 s for at most 10
 * minutes. 400, 401, 403 and 422 are final, and so is the third 404 in a row; everything else is retried, and an unknown
 * status counts as unfinished.
 */
const INTERVAL_MS = 2_000;
const DEADLINE_MS = 10 * 60_000;
const FATAL: ReadonlySet<number> = new Set([400, 401, 403, 422]);
const NOT_FOUND_IN_A_ROW = 3;
const TERMINAL: ReadonlySet<string | undefined> = new Set(['completed', 'failed', 'cancelled', 'error']);

servePolling(({ url, speed }) => {
	const read = retabReader(url);
	return async (id) => {
		const until = Date.now() + DEADLINE_MS / speed;
		let notFound = 0;
		while (Date.now() < until) {
			const { status, run } = await read(id);
			notFound = status === 404 ? notFound + 1 : 0;
			if (FATAL.has(status) || notFound >= NOT_FOUND_IN_A_ROW) throw new Error(`${id}: ${status}`);
			if (status === 200 && TERMINAL.has(run.status)) return;
			await delay(INTERVAL_MS / speed);
		}
		throw new Error(`${id} did not end in time`);
	};
});
