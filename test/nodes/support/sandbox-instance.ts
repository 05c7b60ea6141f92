import { setTimeout as delay } from 'node:timers/promises';
import type { IDataObject, INodeParameters } from 'n8n-workflow';

import { PROVIDER_NAMES } from '../../../nodes/shared/providers';
import {
	EXTEND_KEY,
	RETAB_KEY,
	startSandbox,
	type LoggedRequest,
	type Sandbox,
} from '../../../sandbox/server';
import { credentials, nodes } from '../descriptions/registered';
import type { CredentialData } from './credential-store';
import { createTestInstance, type TestInstance } from './instance';
import type { WorkflowResult } from './run';

export type Provider = 'retab' | 'extend';

/** An n8n with this package installed, and the sandbox its credentials lead to. */
export interface SandboxInstance {
	readonly n8n: TestInstance;
	/** Usable from the first `beforeAll` on. */
	readonly sandbox: Sandbox;
	/**
	 * What was asked about a run, in short: `GET ?include_output=false 200`, `POST cancel 409`. Equal neighbours count as
	 * one, so that the number of polls does not matter.
	 */
	storyOf(runId: string): string[];
	/** The requests about a run, oldest first. */
	requestsAbout(runId: string): LoggedRequest[];
	/** The queries of the requests for a list, oldest first. */
	listQueries(path: string): string[];
}

/** Those of the package under test. */
export const CREDENTIAL_TYPES = credentials.map(({ type }) => type);

/** Credentials that lead to a server on this machine, for the services of the package under test. */
export function credentialsFor(url: string): CredentialData {
	const all: CredentialData = {
		retabApi: { apiKey: RETAB_KEY, baseUrl: url },
		extendApi: { apiKey: EXTEND_KEY, region: 'custom', baseUrl: url },
	};
	return Object.fromEntries(credentials.map(({ instance: { name } }) => [name, all[name] ?? {}]));
}

let runs = 0;

/** Credentials of one run alone: what the nodes of another learn about their account is not for it. */
export function ownCredentialsFor(url: string): CredentialData {
	runs += 1;
	return credentialsFor(`${url}/@run${runs}`);
}

/** Starts a sandbox and an instance for the tests of one file. */
export function useSandbox(): SandboxInstance {
	let started: Sandbox | undefined;
	const running = (): Sandbox => {
		if (started === undefined) throw new Error('The sandbox only runs once beforeAll has been called');
		return started;
	};
	const n8n = createTestInstance({
		nodes: nodes.map(({ type }) => type),
		// Most tests compare with what the API gave. Those of Simplify switch it on.
		parameters: { simplify: false },
		credentialTypes: CREDENTIAL_TYPES,
		credentials: () => ownCredentialsFor(running().url),
	});
	beforeAll(async () => {
		started = await startSandbox();
		// The first request of a process is slow: n8n loads its HTTP client with it.
		const [provider] = PROVIDER_NAMES;
		const { id } = started.createRun(
			provider === 'retab' ? { provider, resource: 'extraction' } : { provider, resource: 'extractRun' },
		);
		await n8n.runWorkflow({
			node: provider,
			parameters: { operation: 'get', runId: { mode: 'id', value: id } },
		});
		started.reset();
	});
	afterAll(async () => await started?.close());

	const requestsAbout = (runId: string) =>
		running().requests.filter(({ path }) => `${path}/`.includes(`/${runId}/`));
	return {
		n8n,
		get sandbox() {
			return running();
		},
		requestsAbout,
		listQueries: (list) => running().requests.flatMap(({ path, query }) => (path === list ? query : [])),
		storyOf: (runId) => withoutRepeats(requestsAbout(runId).map((request) => inShort(request, runId))),
	};
}

function inShort({ method, path, query, status }: LoggedRequest, runId: string): string {
	const below = path.slice(path.indexOf(runId) + runId.length + 1);
	return [method, below, query && `?${query}`, status ?? 'no answer'].filter(Boolean).join(' ');
}

function withoutRepeats(lines: string[]): string[] {
	return lines.filter((line, index) => line !== lines[index - 1]);
}

/** Names of the outputs of the Timeout Cancel node, by index. */
export const OUTPUTS = ['Completed', 'Failed', 'Timed Out', 'Still Running'] as const;

/** One run through the Timeout Cancel node: the output it came out of, and its item. */
export interface Watched {
	output: (typeof OUTPUTS)[number];
	item: IDataObject;
	result: WorkflowResult;
}

/** The one item a Timeout Cancel node gave out. */
export function onlyItem(result: WorkflowResult): Watched {
	const found = result.json.flatMap((items, index) =>
		items.map((item) => ({ item, output: OUTPUTS[index] })),
	);
	const [only] = found;
	if (found.length !== 1 || only?.output === undefined) {
		throw new Error(`Expected one item, got ${JSON.stringify(result.error ?? result.json)}`);
	}
	return { output: only.output, item: only.item, result };
}

/** What the tests about one run need to know of its kind: the four of Retab and the one of Extend that matter most. */
export interface Kind {
	provider: Provider;
	resource: string;
	/** How a poll, and the one read of everything at the end, show in the story of a run. */
	poll: string;
	full: string;
	isFull: (request: LoggedRequest) => boolean;
	status: Record<'running' | 'completed' | 'failed' | 'cancelled', string>;
	/** What the API answers to the cancel of a run that has ended already. */
	tooLate: 200 | 400;
	/** Whether a cancelled run has stopped by the time of the answer. */
	stops: 'atOnce' | 'later';
	/** Whether a run object holds the result of the run. */
	resultIn: (run: IDataObject) => boolean;
}

const RETAB_STATUSES = {
	running: 'in_progress',
	completed: 'completed',
	failed: 'failed',
	cancelled: 'cancelled',
};

const PRIMITIVE = {
	provider: 'retab',
	poll: 'GET ?include_output=false 200',
	full: 'GET 200',
	isFull: ({ method, query }) => method === 'GET' && query === '',
	status: RETAB_STATUSES,
	tooLate: 200,
	stops: 'atOnce',
} as const satisfies Partial<Kind>;

const textIn = (value: unknown, key: string): boolean => Boolean((value as IDataObject | null)?.[key]);

export const KINDS: Kind[] = [
	{ ...PRIMITIVE, resource: 'extraction', resultIn: ({ output }) => textIn(output, 'invoice_number') },
	{
		provider: 'retab',
		resource: 'job',
		poll: 'GET ?include_response=false 200',
		full: 'GET ?include_response=true 200',
		isFull: ({ query }) => query === 'include_response=true',
		status: RETAB_STATUSES,
		tooLate: 400,
		stops: 'later',
		resultIn: ({ response }) => textIn(response, 'body'),
	},
	{ ...PRIMITIVE, resource: 'parse', resultIn: ({ output }) => textIn(output, 'text') },
	{ ...PRIMITIVE, resource: 'classification', resultIn: ({ output }) => textIn(output, 'category') },
	{
		provider: 'extend',
		resource: 'extractRun',
		poll: 'GET 200',
		full: 'GET 200',
		isFull: ({ method }) => method === 'GET',
		status: {
			running: 'PROCESSING',
			completed: 'PROCESSED',
			failed: 'FAILED',
			cancelled: 'CANCELLED',
		},
		tooLate: 400,
		stops: 'later',
		resultIn: ({ output }) => textIn(output, 'value'),
	},
];

/** Parameters of a node, with intervals that suit a test. */
export function quick<T extends INodeParameters>(
	parameters: T,
	options: INodeParameters = {},
): T & { options: INodeParameters } {
	return { ...parameters, options: { interval: 0.1, maxInterval: 0.2, confirmFor: 5, ...options } };
}

/** Scenarios under way at once: enough to hide their waits, few enough that none of them misses its deadlines. */
const SIDE_BY_SIDE = 12;
/** How long a scenario may take, and how long it may wait for its turn besides: on a busy machine few run at once. */
const SCENARIO_MS = 30_000;
const QUEUE_MS = 240_000;
/** The next scenario begins when a timer of this length is late by no more than `MAX_LAG_MS`. */
const PROBE_MS = 20;
const MAX_LAG_MS = 15;
/** However busy the machine is, it goes on after so many looks. */
const MAX_PROBES = 50;

/** Resolves when this process has time for one more scenario: fewer are under way where the machine is slow. */
async function calm(): Promise<void> {
	for (let probes = 0; probes < MAX_PROBES; probes++) {
		const before = performance.now();
		await delay(PROBE_MS);
		if (performance.now() - before < PROBE_MS + MAX_LAG_MS) return;
	}
}

/**
 * For tests that spend their time waiting for runs: they run side by side, begun in the order they are written in, and
 * each reports for itself. Called at the top of a file for all of its tests, or in a `describe` for those in it.
 *
 * @param atOnce more than the default for scenarios that mind no delay
 */
export function sideBySide(atOnce = SIDE_BY_SIDE): (name: string, scenario: () => Promise<void>) => void {
	const waiting: Array<() => Promise<void>> = [];
	let turn = Promise.resolve();
	const work = async () => {
		for (;;) {
			turn = turn.then(calm);
			await turn;
			const next = waiting.shift();
			if (next === undefined) return;
			await next();
		}
	};
	let workers: Array<Promise<void>> = [];
	beforeAll(() => {
		workers = Array.from({ length: atOnce }, work);
	});
	afterAll(async () => {
		await Promise.all(workers);
	});

	return (name, scenario) => {
		const ended = new Promise<void>((resolve, reject) => {
			waiting.push(async () => {
				const late = delay(SCENARIO_MS, undefined, { ref: false }).then(() =>
					reject(new Error(`The scenario did not end within ${String(SCENARIO_MS / 1000)} s`)),
				);
				await Promise.race([scenario().then(resolve, reject), late]);
			});
		});
		// Whoever fails does so in its own test.
		ended.catch(() => undefined);
		test(name, async () => await ended, QUEUE_MS);
	};
}
