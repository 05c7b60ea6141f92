import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * Packages that only the benchmark needs have a `package.json` of their own (`bench/package.json`), installed when the
 * benchmark is run. As they are not there otherwise, what is used of them is described here.
 */
const fromBench = createRequire(join(__dirname, '..', 'package.json'));

export interface ExtractRun {
	status: string;
}

/** Extend's SDK, as far as it is used here. */
export interface ExtendClient {
	extractRuns: { retrieve(id: string): Promise<ExtractRun> };
}

/** Milliseconds. */
export interface ExtendPolling {
	maxWaitMs?: number;
	fastPollDurationMs: number;
	fastPollIntervalMs: number;
	initialDelayMs: number;
	maxDelayMs: number;
}

interface ExtendSdk {
	ExtendClient: new (options: { token: string; environment: string }) => ExtendClient;
}

interface ExtendPollingModule {
	pollUntilDone: <T>(
		retrieve: () => Promise<T>,
		isTerminal: (result: T) => boolean,
		options: ExtendPolling,
	) => Promise<T>;
}

/** Seconds. */
export interface WaiterOptions {
	minDelay: number;
	maxDelay: number;
	maxWaitTime: number;
	client: object;
}

interface SmithyWaiter {
	createWaiter: <Input>(
		options: WaiterOptions,
		input: Input,
		check: (client: object, input: Input) => Promise<{ state: string }>,
	) => Promise<{ state: string }>;
	waiterServiceDefaults: { minDelay: number; maxDelay: number };
}

export function loadExtendSdk(): ExtendSdk & ExtendPollingModule {
	return {
		...(fromBench('extend-ai') as ExtendSdk),
		...(fromBench('extend-ai/wrapper/utilities/polling') as ExtendPollingModule),
	};
}

export function loadSmithyWaiter(): SmithyWaiter {
	return fromBench('@smithy/util-waiter') as SmithyWaiter;
}
