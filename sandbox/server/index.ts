import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { getRequestListener, type HttpBindings } from '@hono/node-server';

import { createHandler } from './app';
import { createClock } from './clock';
import { checkSwitches } from './control';
import { ACCOUNT_PREFIX, DEFAULT_HOST, EXTEND_KEY, EXTEND_WORKSPACE, RETAB_KEY } from './defaults';
import { FaultRegistry, type FaultSpec, type PlantedFault } from './faults';
import { RequestLog, type LoggedRequest } from './log';
import { seedFiles } from './owners';
import { changeRun, seedRun, viewOf, type RunChange, type RunSeed, type RunView } from './seed';
import { deliverWebhooks } from './extend/webhookDelivery';
import { WebhookStore } from './extend/webhookStore';
import { Store } from './store';
import { DEFAULT_SWITCHES, type Switches, type World } from './world';

export type { FaultSpec, LoggedRequest, PlantedFault, RunChange, RunSeed, RunView, Switches };
export { DEFAULT_HOST, DEFAULT_PORT, EXTEND_KEY, EXTEND_WORKSPACE, RETAB_KEY } from './defaults';
export type { ExtendResource } from './extend/resources';
export type { RetabResource } from './retab/resources';
export type { CancelBehaviour, Phase, Result } from './script';
export type { SteeringInput } from './steering';

export interface SandboxOptions {
	/** 0 (default) takes any free port. */
	port?: number;
	/** Default 127.0.0.1. */
	host?: string;
	/** Source of sandbox time, ms since the epoch; default `Date.now`. Waits inside faults take real time. */
	now?: () => number;
	/** Sandbox ms that pass in one ms of `now`; default 1. */
	speed?: number;
	/** See README, "Switches". */
	switches?: Partial<Switches>;
}

export interface Sandbox {
	/** `http://127.0.0.1:<port>`: the base URL of both APIs. */
	readonly url: string;
	readonly host: string;
	readonly port: number;
	readonly keys: { readonly retab: string; readonly extend: string };
	readonly workspaceId: string;
	/** Live log of received requests, oldest first; without control calls. */
	readonly requests: readonly LoggedRequest[];
	/** Live: may be changed at any time. */
	readonly switches: Switches;
	/** Sandbox time in ms since the epoch. */
	now(): number;
	/** @throws FaultError for an invalid fault */
	plantFault(fault: FaultSpec): PlantedFault;
	clearFaults(): void;
	/** Forgets runs, files, faults and requests; switches go back to how the sandbox was started. */
	reset(): void;
	/** @throws SteeringError, or Error for an unknown resource or an id that is taken */
	createRun(seed: RunSeed): RunView;
	/** Creates `count` runs and returns their ids; `seed` may depend on the number of the run (from 0). */
	createRuns(count: number, seed: RunSeed | ((at: number) => RunSeed)): string[];
	/** The run as it is now; undefined when it is unknown or deleted. */
	getRun(id: string): RunView | undefined;
	/** Changes a run by hand, e.g. `{phase: 'completed'}`; @throws Error for an unknown run */
	setRun(id: string, change: RunChange): RunView;
	/** Ends at once, with hanging requests and open connections. May be called more than once. */
	close(): Promise<void>;
}

/**
 * Starts one HTTP server that speaks the Retab API under `/v1` and the Extend API at the root.
 * @throws the server's own error (`code: 'EADDRINUSE'` …) when it cannot listen; RangeError for a bad speed
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
	const { port = 0, host = DEFAULT_HOST, now = Date.now, speed = 1 } = options;
	const startSwitches: Switches = { ...DEFAULT_SWITCHES, ...checkSwitches(options.switches ?? {}) };
	const closing = new AbortController();
	const world: World = {
		clock: createClock(now, speed),
		store: new Store(),
		webhooks: new WebhookStore(),
		switches: { ...startSwitches },
		faults: new FaultRegistry(),
		log: new RequestLog(closing.signal),
		origin: '',
		closing: closing.signal,
	};
	const reset = (): void => {
		world.store.clear();
		world.webhooks.clear();
		world.faults.clear();
		world.log.clear();
		Object.assign(world.switches, startSwitches);
		seedFiles(world);
	};
	reset();

	const handler = createHandler(world, reset);
	// The server is plain HTTP/1, so the bindings are never those of HTTP/2.
	const listener = getRequestListener((request, env) => handler(request, env as HttpBindings), {
		overrideGlobalObjects: false,
		hostname: host,
	});
	const server = createServer((incoming, outgoing) => {
		incoming.url = incoming.url?.replace(ACCOUNT_PREFIX, '');
		void listener(incoming, outgoing);
	});
	await new Promise<void>((resolve, reject) => {
		server.once('error', reject);
		server.listen(port, host, () => {
			server.off('error', reject);
			resolve();
		});
	});
	const address = server.address() as AddressInfo;
	const shownHost = address.family === 'IPv6' ? `[${address.address}]` : address.address;
	world.origin = `http://${shownHost}:${address.port}`;
	deliverWebhooks(world);

	let closed: Promise<void> | undefined;
	const close = (): Promise<void> => {
		closed ??= new Promise((resolve, reject) => {
			closing.abort();
			server.close((error) => (error ? reject(error) : resolve()));
			server.closeAllConnections();
		});
		return closed;
	};

	return {
		url: world.origin,
		host: address.address,
		port: address.port,
		keys: { retab: RETAB_KEY, extend: EXTEND_KEY },
		workspaceId: EXTEND_WORKSPACE,
		requests: world.log.requests,
		switches: world.switches,
		now: () => world.clock.now(),
		plantFault: (fault) => world.faults.plant(fault),
		clearFaults: () => world.faults.clear(),
		reset,
		createRun: (seed) => viewOf(world, seedRun(world, seed)),
		createRuns: (count, seed) =>
			Array.from(
				{ length: count },
				(_value, at) => seedRun(world, typeof seed === 'function' ? seed(at) : seed).id,
			),
		getRun: (id) => {
			const run = world.store.get(id);
			return run && viewOf(world, run);
		},
		setRun: (id, change) => {
			const run = world.store.get(id);
			if (!run) throw new Error(`There is no run ${id}`);
			changeRun(world, run, change);
			return viewOf(world, run);
		},
		close,
	};
}
