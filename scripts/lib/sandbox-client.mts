import { eventually } from './eventually.mjs';
import type { Json } from './n8n-client.mjs';

/** Phases of a run that is over. */
const ENDED = ['completed', 'failed', 'expired', 'rejected', 'cancelled'];

/** More runs than any test creates. */
const ALL_RUNS = 10_000;

/** What the sandbox tells of a run. */
export interface SandboxRun {
	id: string;
	status: string;
	phase: string;
	cancelRequests: number;
	/** Unix ms at which a cancel was accepted; null when none was. */
	cancelAcceptedAt: number | null;
	/** Unix ms. */
	createdAt: number;
	/** As the API shows it; null where it has none. */
	metadata: Json | null;
	/** Body of the create call. */
	request: Json;
}

export interface SandboxWebhooks {
	endpoints: Array<{ id: string; url: string; signingSecret: string }>;
	subscriptions: Array<{ id: string }>;
	/** `answer` is a status, or `lost`, `none`, `waiting`; `text` is the beginning of its body; `sentAt` is in Unix ms. */
	deliveries: Array<{
		eventId: string;
		runId: string;
		sentAt: number;
		answer: number | string;
		text: string;
	}>;
}

/** What a run is to be when no create call makes it. */
export interface SandboxSeed {
	provider: string;
	resource: string;
	steering?: Json;
	metadata?: Json;
	request?: Json;
	/** Unix ms. */
	createdAt?: number;
}

/** The sandbox's own doors, which no real API has. */
export class SandboxClient {
	/** @param url origin of the sandbox */
	constructor(readonly url: string) {}

	/** Puts a run into the sandbox without a create call. */
	async createRun(seed: SandboxSeed): Promise<string> {
		const [id] = await this.createRuns(1, seed);
		if (id === undefined) throw new Error('The sandbox created no run.');
		return id;
	}

	/** Puts several equal runs into the sandbox. */
	async createRuns(count: number, seed: SandboxSeed): Promise<string[]> {
		const { ids } = (await this.#call('POST', '/runs', { ...seed, count })) as { ids: string[] };
		return ids;
	}

	async run(id: string): Promise<SandboxRun> {
		return (await this.#call('GET', `/runs/${id}`)) as SandboxRun;
	}

	/** All runs of a resource. */
	async runs(resource: string): Promise<SandboxRun[]> {
		const found = await this.#call('GET', `/runs?resource=${resource}&limit=${String(ALL_RUNS)}`);
		return (found as { data: SandboxRun[] }).data;
	}

	/** Changes what becomes of a run. */
	async setRun(id: string, change: Json): Promise<void> {
		await this.#call('PATCH', `/runs/${id}`, change);
	}

	/** Forgets a run. */
	async remove(id: string): Promise<void> {
		await this.#call('DELETE', `/runs/${id}`);
	}

	/** Waits until somebody has asked the API for a run. */
	async polled(id: string): Promise<void> {
		await this.requested(`**${id}`);
	}

	/**
	 * Waits until somebody has sent a request.
	 *
	 * @param path glob
	 * @param since Unix ms; earlier requests do not count
	 * @param withinMs how long it may take
	 */
	async requested(path: string, since = 0, withinMs?: number): Promise<void> {
		await eventually(
			async () => {
				const found = await this.#call('GET', `/requests?path=${path}&since=${String(since)}`);
				return (found as { total: number }).total > 0 ? found : undefined;
			},
			() => `nobody has asked for ${path}`,
			withinMs,
		);
	}

	/** Waits until a run has ended. */
	async ended(id: string): Promise<SandboxRun> {
		return await eventually(
			async () => {
				const run = await this.run(id);
				return ENDED.includes(run.phase) ? run : undefined;
			},
			() => `${id} has not ended`,
		);
	}

	/** Endpoints, subscriptions and deliveries of Extend's webhooks. */
	async webhooks(): Promise<SandboxWebhooks> {
		return (await this.#call('GET', '/webhooks')) as SandboxWebhooks;
	}

	/** Changes switches; the sandbox's README tells which there are. */
	async switch(change: Json): Promise<void> {
		await this.#call('PATCH', '/switches', change);
	}

	/** How often somebody has asked for something. */
	async countRequests(path: string): Promise<number> {
		return ((await this.#call('GET', `/requests?path=${path}`)) as { total: number }).total;
	}

	/** Plants a fault; the sandbox's README tells which there are. Returns its id. */
	async plantFault(fault: Json): Promise<string> {
		return ((await this.#call('POST', '/faults', fault)) as { id: string }).id;
	}

	/** Whether a planted fault has met a request. */
	async faultApplied(id: string): Promise<boolean> {
		const { data } = (await this.#call('GET', '/faults')) as {
			data: Array<{ id: string; applied: number }>;
		};
		return data.some((fault) => fault.id === id && fault.applied > 0);
	}

	async #call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', place: string, body?: unknown): Promise<unknown> {
		const response = await fetch(`${this.url}/_sandbox${place}`, {
			method,
			headers: { 'content-type': 'application/json' },
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
		if (response.ok) return response.status === 204 ? undefined : await response.json();
		throw new Error(`${method} ${place}: ${String(response.status)} ${await response.text()}`);
	}
}
