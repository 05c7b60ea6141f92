import { parse } from 'flatted';
import pWaitFor from 'p-wait-for';
import { Failure } from './main.mjs';

/** How often a running execution is polled, in ms. */
const EXECUTION_POLL_MS = 250;

/** Timeout of one REST call, in ms. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Executions in one page of a list. */
const PAGE = 100;

/** Final statuses of an execution of n8n. */
const ENDED = ['success', 'error', 'crashed', 'canceled'];

/** Login of the temporary owner. n8n requires 8 characters with a digit and a capital letter. */
export const OWNER = {
	email: 'demo@example.com',
	password: 'Demo-12345',
	firstName: 'Demo',
	lastName: 'Owner',
};

// Parts of n8n's objects that are used here.

export type Json = Record<string, unknown>;

export interface Item {
	json: Json;
	pairedItem?: unknown;
}

export interface WorkflowNode {
	name: string;
	type: string;
	typeVersion: number;
	position: [number, number];
	parameters: Json;
	id?: string;
	disabled?: boolean;
	credentials?: Record<string, { id: string; name: string }>;
}

export interface Workflow {
	name: string;
	nodes: WorkflowNode[];
	connections: Json;
	settings?: Json;
}

export interface Credential {
	id: string;
	name: string;
	type: string;
	data: Json;
}

export interface NodeRun {
	data?: Partial<Record<'main' | 'ai_tool', Array<Item[] | null>>>;
	error?: { message: string; description?: string };
	executionStatus?: string;
	hints?: Array<{ message: string }>;
}

export interface Execution {
	id: string;
	status: string;
	error?: { message: string } | undefined;
	runs: Record<string, NodeRun[]>;
}

export interface NodeOrCredentialType {
	name: string;
	displayName: string;
	iconUrl?: string | { light: string; dark: string };
}

/** n8n's internal REST API, as its editor uses it. */
export class N8nClient {
	#cookie = '';

	constructor(readonly url: string) {}

	/** Returns the `data` of the response of `/rest<place>`. */
	async request(method: 'GET' | 'POST', place: string, body?: unknown): Promise<unknown> {
		const text = await this.#fetch(method, `/rest${place}`, body);
		return text === '' ? undefined : (JSON.parse(text) as { data: unknown }).data;
	}

	async #fetch(method: string, place: string, body?: unknown): Promise<string> {
		const response = await fetch(this.url + place, {
			method,
			signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
			headers: {
				'content-type': 'application/json',
				'browser-id': 'document-runs-scripts',
				...(this.#cookie && { cookie: this.#cookie }),
			},
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
		const cookie = response.headers.getSetCookie().find((text) => text.startsWith('n8n-auth='));
		if (cookie) this.#cookie = cookie.split(';')[0] ?? '';
		const text = await response.text();
		if (response.ok) return text;
		const details = text.slice(0, 2000);
		throw new Failure(`n8n returned ${response.status} for ${method} ${place}.`, { details });
	}

	/** The types that n8n offers in its editor. */
	async types(kind: 'nodes' | 'credentials'): Promise<NodeOrCredentialType[]> {
		return JSON.parse(await this.#fetch('GET', `/types/${kind}.json`)) as NodeOrCredentialType[];
	}

	/** Creates the owner of a new n8n and logs in. */
	async setUpOwner(): Promise<void> {
		await this.request('POST', '/owner/setup', OWNER);
	}

	async logIn(): Promise<void> {
		await this.request('POST', '/login', { emailOrLdapLoginId: OWNER.email, password: OWNER.password });
	}

	async createCredential(name: string, type: string, data: Json): Promise<Credential> {
		const { id } = (await this.request('POST', '/credentials', { name, type, data })) as { id: string };
		return { id, name, type, data };
	}

	/** Runs the test of a credential. */
	async testCredential(credentials: Credential): Promise<{ status: 'OK' | 'Error'; message: string }> {
		const result = await this.request('POST', '/credentials/test', { credentials });
		return result as { status: 'OK' | 'Error'; message: string };
	}

	async createWorkflow(workflow: Workflow): Promise<{ id: string; name: string; versionId: string }> {
		// n8n 1 does not fill in `active`.
		const created = await this.request('POST', '/workflows', { active: false, ...workflow });
		return created as { id: string; name: string; versionId: string };
	}

	/**
	 * Runs a workflow from its trigger node `trigger`, and returns the id of the execution. `more` says what to run if not the
	 * whole workflow.
	 */
	async runWorkflow(id: string, trigger: string, more: Json = {}): Promise<string> {
		// n8n 1 runs what it is sent, and not what it has saved.
		const workflowData = await this.request('GET', `/workflows/${id}`);
		const body = { workflowData, triggerToStartFrom: { name: trigger }, ...more };
		return ((await this.request('POST', `/workflows/${id}/run`, body)) as { executionId: string })
			.executionId;
	}

	/** Creates and publishes a workflow, so that its trigger works. Returns its id. */
	async activate(workflow: Workflow): Promise<string> {
		const { id, versionId } = await this.createWorkflow(workflow);
		await this.request('POST', `/workflows/${id}/activate`, { versionId });
		return id;
	}

	async deactivate(workflowId: string): Promise<void> {
		await this.request('POST', `/workflows/${workflowId}/deactivate`, {});
	}

	/** Ids of the executions of a workflow, newest first. */
	async executionsOf(workflowId: string): Promise<string[]> {
		const filter = encodeURIComponent(JSON.stringify({ workflowId }));
		const found = await this.request('GET', `/executions?filter=${filter}`);
		return (found as { results: Array<{ id: string }> }).results.map(({ id }) => id);
	}

	/** All executions of a workflow, newest first, with the time at which they have started (Unix ms). */
	async startsOf(workflowId: string): Promise<Array<{ id: string; startedAt: number }>> {
		const filter = encodeURIComponent(JSON.stringify({ workflowId }));
		const starts: Array<{ id: string; startedAt: number }> = [];
		let cursor: string | null | undefined;
		do {
			const after = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
			const found = await this.request('GET', `/executions?filter=${filter}&limit=${PAGE}${after}`);
			const page = found as {
				results: Array<{ id: string; startedAt: string }>;
				nextCursor?: string | null;
			};
			starts.push(...page.results.map(({ id, startedAt }) => ({ id, startedAt: Date.parse(startedAt) })));
			cursor = page.nextCursor;
		} while (cursor);
		return starts;
	}

	async stopExecution(executionId: string): Promise<void> {
		await this.request('POST', `/executions/${executionId}/stop`, {});
	}

	async execution(id: string): Promise<Execution> {
		const { status, data } = (await this.request('GET', `/executions/${id}`)) as Record<
			'status' | 'data',
			string
		>;
		// An execution that has just been created has no data yet.
		const { error, runData = {} } =
			(parse(data) as { resultData?: ResultData } | undefined)?.resultData ?? {};
		return { id, status, error, runs: runData };
	}

	/** Waits until an execution has ended. */
	async finished(executionId: string, timeoutMs: number): Promise<Execution> {
		return await this.executionWith(executionId, ENDED, timeoutMs);
	}

	/** Waits until an execution has one of the given statuses. */
	async executionWith(executionId: string, statuses: string[], timeoutMs: number): Promise<Execution> {
		const message = `Execution ${executionId} is not ${statuses.join(' or ')} after ${timeoutMs / 1000} s.`;
		return await pWaitFor(
			async () => {
				const execution = await this.execution(executionId);
				return statuses.includes(execution.status) && pWaitFor.resolveWith(execution);
			},
			{ interval: EXECUTION_POLL_MS, timeout: { milliseconds: timeoutMs, message } },
		);
	}
}

interface ResultData {
	error?: { message: string };
	runData?: Execution['runs'];
}

/** The items on one output of a node, of all its runs in an execution. */
export function itemsOf(execution: Execution, node: string, output = 0): Json[] {
	return (execution.runs[node] ?? []).flatMap((run) =>
		(run.data?.main?.[output] ?? []).map((item) => item.json),
	);
}
