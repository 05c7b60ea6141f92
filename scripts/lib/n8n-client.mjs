import { parse } from 'flatted';
import pWaitFor from 'p-wait-for';
import { Failure } from './main.mjs';

/** How often a running execution is looked at, in ms. */
const EXECUTION_POLL_MS = 250;

/** How long one REST call may take, in ms. */
const REQUEST_TIMEOUT_MS = 30_000;

/** Execution statuses of n8n after which nothing more happens by itself. */
const ENDED = ['success', 'error', 'crashed', 'canceled'];

/** Login of the throw-away owner. n8n wants 8 characters with a digit and a capital letter. */
export const OWNER = {
	email: 'demo@example.com',
	password: 'Demo-12345',
	firstName: 'Demo',
	lastName: 'Owner',
};

/**
 * Parts of n8n's objects that are used here.
 *
 * @typedef {Record<string, unknown>} Json
 * @typedef {{ json: Json, pairedItem?: unknown }} Item
 * @typedef {{ name: string, type: string, typeVersion: number, position: [number, number], parameters: Json, id?: string, disabled?: boolean,
 *   credentials?: Record<string, { id: string, name: string }> }} WorkflowNode
 * @typedef {{ name: string, nodes: WorkflowNode[], connections: Json, settings?: Json }} Workflow
 * @typedef {{ id: string, name: string, type: string, data: Json }} Credential
 * @typedef {{ data?: Partial<Record<'main' | 'ai_tool', (Item[] | null)[]>>, error?: { message: string, description?: string },
 *   executionStatus?: string, hints?: { message: string }[] }} NodeRun
 * @typedef {{ id: string, status: string, error?: { message: string }, runs: Record<string, NodeRun[]> }} Execution
 */

/** n8n's REST interface as its own editor uses it. */
export class N8nClient {
	#cookie = '';

	/** @param {string} url Origin of n8n. */
	constructor(url) {
		this.url = url;
	}

	/**
	 * @param {'GET' | 'POST'} method
	 * @param {string} place Path below `/rest`.
	 * @param {unknown} [body]
	 * @returns {Promise<unknown>} The `data` of the answer.
	 */
	async request(method, place, body) {
		const text = await this.#fetch(method, `/rest${place}`, body);
		return text === '' ? undefined : JSON.parse(text).data;
	}

	/**
	 * @param {'GET' | 'POST'} method
	 * @param {string} place
	 * @param {unknown} [body]
	 * @returns {Promise<string>}
	 */
	async #fetch(method, place, body) {
		const response = await fetch(this.url + place, {
			method,
			signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
			headers: {
				'content-type': 'application/json',
				'browser-id': 'document-runs-scripts',
				...(this.#cookie === '' ? {} : { cookie: this.#cookie }),
			},
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
		const cookie = response.headers.getSetCookie().find((text) => text.startsWith('n8n-auth='));
		if (cookie) this.#cookie = cookie.split(';')[0] ?? '';
		const text = await response.text();
		if (!response.ok) {
			throw new Failure(`n8n answered ${response.status} to ${method} ${place}.`, {
				details: text.slice(0, 2000),
			});
		}
		return text;
	}

	/**
	 * What n8n offers to its editor.
	 *
	 * @param {'nodes' | 'credentials'} kind
	 * @returns {Promise<{ name: string, displayName: string, iconUrl?: string | { light: string, dark: string } }[]>}
	 */
	async types(kind) {
		return JSON.parse(await this.#fetch('GET', `/types/${kind}.json`));
	}

	/** Creates the owner of a fresh n8n and logs in. */
	async setUpOwner() {
		await this.request('POST', '/owner/setup', OWNER);
	}

	async logIn() {
		await this.request('POST', '/login', { emailOrLdapLoginId: OWNER.email, password: OWNER.password });
	}

	/**
	 * @param {string} name
	 * @param {string} type
	 * @param {Json} data
	 * @returns {Promise<Credential>}
	 */
	async createCredential(name, type, data) {
		const { id } = /** @type {{ id: string }} */ (
			await this.request('POST', '/credentials', { name, type, data })
		);
		return { id, name, type, data };
	}

	/**
	 * Runs a credential's own test, as the button in the editor does.
	 *
	 * @param {Credential} credential
	 * @returns {Promise<{ status: 'OK' | 'Error', message: string }>}
	 */
	async testCredential(credential) {
		return /** @type {{ status: 'OK' | 'Error', message: string }} */ (
			await this.request('POST', '/credentials/test', { credentials: credential })
		);
	}

	/**
	 * @param {Workflow} workflow
	 * @returns {Promise<{ id: string, name: string }>}
	 */
	async createWorkflow(workflow) {
		return /** @type {{ id: string, name: string }} */ (await this.request('POST', '/workflows', workflow));
	}

	/**
	 * Starts a workflow as the editor's button does.
	 *
	 * @param {string} id
	 * @param {string} trigger Name of the trigger node.
	 * @param {Json} [more] What to run, where that is not the whole workflow.
	 * @returns {Promise<string>} Id of the execution.
	 */
	async runWorkflow(id, trigger, more = {}) {
		const { executionId } = /** @type {{ executionId: string }} */ (
			await this.request('POST', `/workflows/${id}/run`, { triggerToStartFrom: { name: trigger }, ...more })
		);
		return executionId;
	}

	/**
	 * Creates a workflow and publishes it, so that its trigger works.
	 *
	 * @param {Workflow} workflow
	 * @returns {Promise<string>} Its id.
	 */
	async activate(workflow) {
		const { id, versionId } = /** @type {{ id: string, versionId: string }} */ (
			await this.request('POST', '/workflows', workflow)
		);
		await this.request('POST', `/workflows/${id}/activate`, { versionId });
		return id;
	}

	/** @param {string} id Of an active workflow. */
	async deactivate(id) {
		await this.request('POST', `/workflows/${id}/deactivate`, {});
	}

	/**
	 * @param {string} workflowId
	 * @returns {Promise<string[]>} Ids of its executions, the newest first.
	 */
	async executionsOf(workflowId) {
		const filter = encodeURIComponent(JSON.stringify({ workflowId }));
		const { results } = /** @type {{ results: { id: string }[] }} */ (
			await this.request('GET', `/executions?filter=${filter}`)
		);
		return results.map(({ id }) => id);
	}

	/** @param {string} executionId */
	async stopExecution(executionId) {
		await this.request('POST', `/executions/${executionId}/stop`, {});
	}

	/**
	 * Whatever is known of an execution now.
	 *
	 * @param {string} executionId
	 * @returns {Promise<Execution>}
	 */
	async execution(executionId) {
		const answer = /** @type {{ status: string, data: string }} */ (
			await this.request('GET', `/executions/${executionId}`)
		);
		// An execution that has just been created has no data yet.
		const resultData = parse(answer.data)?.resultData;
		return {
			id: executionId,
			status: answer.status,
			error: resultData?.error,
			runs: resultData?.runData ?? {},
		};
	}

	/**
	 * Waits until an execution has ended.
	 *
	 * @param {string} executionId
	 * @param {number} timeoutMs
	 * @returns {Promise<Execution>}
	 */
	async finished(executionId, timeoutMs) {
		return await this.executionWith(executionId, ENDED, timeoutMs);
	}

	/**
	 * Waits until an execution has one of the given statuses.
	 *
	 * @param {string} executionId
	 * @param {string[]} statuses
	 * @param {number} timeoutMs
	 * @returns {Promise<Execution>}
	 */
	async executionWith(executionId, statuses, timeoutMs) {
		return await pWaitFor(
			async () => {
				const execution = await this.execution(executionId);
				return statuses.includes(execution.status) && pWaitFor.resolveWith(execution);
			},
			{
				interval: EXECUTION_POLL_MS,
				timeout: {
					milliseconds: timeoutMs,
					message: `Execution ${executionId} is not ${statuses.join(' or ')} after ${timeoutMs / 1000} s.`,
				},
			},
		);
	}
}

/**
 * The items a node gave on one of its outputs, over all the times it ran.
 *
 * @param {Execution} execution
 * @param {string} node Name of the node.
 * @param {number} [output]
 * @returns {Json[]}
 */
export function itemsOf(execution, node, output = 0) {
	return (execution.runs[node] ?? []).flatMap((run) =>
		(run.data?.main?.[output] ?? []).map((item) => item.json),
	);
}
