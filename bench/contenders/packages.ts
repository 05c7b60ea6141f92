import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * `bench/package.json` has the packages that only the benchmark needs. They are installed when it is run, so the types that
 * are used of them stand here.
 */
const fromBench = createRequire(join(__dirname, '..', 'package.json'));

export interface ExtractRun {
	status: string;
}

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
