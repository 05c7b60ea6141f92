import { loadSmithyWaiter } from './packages';
import { retabReader, servePolling } from './polls';

/** `@smithy/util-waiter`, the waiter of the AWS SDKs, with its defaults: 2 s at first, doubling with jitter up to 120 s. */
const LONGEST_WAIT_S = 3_600;
const TERMINAL: ReadonlySet<string | undefined> = new Set(['completed', 'failed', 'cancelled']);

const { createWaiter, waiterServiceDefaults } = loadSmithyWaiter();

servePolling(({ url, speed }) => {
	const read = retabReader(url);
	const options = {
		minDelay: waiterServiceDefaults.minDelay / speed,
		maxDelay: waiterServiceDefaults.maxDelay / speed,
		maxWaitTime: LONGEST_WAIT_S,
		client: {},
	};
	return async (id) => {
		const { state } = await createWaiter(options, id, async (_client, runId) => ({
			state: TERMINAL.has((await read(runId)).run.status) ? 'SUCCESS' : 'RETRY',
		}));
		if (state !== 'SUCCESS') throw new Error(`${id}: ${state}`);
	};
});
