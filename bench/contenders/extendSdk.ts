import { EXTEND_KEY } from '../../sandbox/server/defaults';
import { loadExtendSdk } from './packages';
import { servePolling } from './polls';

/**
 * Extend's official SDK. Its `createAndPoll` is a create, then `pollUntilDone` around `retrieve`. Only the second half runs
 * here, because the runs exist already. Its default intervals are passed as options, divided by the speed of the sandbox.
 */
const DEFAULTS = {
	fastPollDurationMs: 30_000,
	fastPollIntervalMs: 1_000,
	initialDelayMs: 1_000,
	maxDelayMs: 30_000,
};
const UNFINISHED: ReadonlySet<string> = new Set(['PROCESSING', 'PENDING', 'CANCELLING']);

const { ExtendClient, pollUntilDone } = loadExtendSdk();

servePolling(({ url, speed }) => {
	const client = new ExtendClient({ token: EXTEND_KEY, environment: url });
	const intervals = {
		fastPollDurationMs: DEFAULTS.fastPollDurationMs / speed,
		fastPollIntervalMs: DEFAULTS.fastPollIntervalMs / speed,
		initialDelayMs: DEFAULTS.initialDelayMs / speed,
		maxDelayMs: DEFAULTS.maxDelayMs / speed,
	};
	return async (id) => {
		await pollUntilDone(
			() => client.extractRuns.retrieve(id),
			({ status }) => !UNFINISHED.has(status),
			intervals,
		);
	};
});
