import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from './failure.mjs';
import { n8nEnvironment } from './install.mjs';
import { LOOPBACK } from './ports.mjs';
import { Child, isLeaving } from './process.mjs';

/** How long n8n may take to answer after it was started, in ms: a cold disk and a slow machine need minutes. */
const START_TIMEOUT_MS = 180_000;

/** How long n8n may take to close its database and end, in ms. */
const STOP_GRACE_MS = 15_000;

/** How often a starting n8n is asked whether it is ready, in ms. */
const READY_POLL_MS = 250;

/** How often a running execution is looked at, in ms. */
const EXECUTION_POLL_MS = 250;

/** How much of n8n's log is shown when something went wrong, in lines. */
const LOG_LINES = 40;

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
 * @typedef {object} N8nPlaces
 * @property {import('./install.mjs').N8nInstall} install
 * @property {string} userFolder Prepared by `prepareUserFolder`.
 * @property {{ editor: number, broker: number }} ports
 */

/** A real n8n on loopback. */
export class RealN8n {
	/** @type {Child | undefined} */
	#child;

	/** @param {N8nPlaces} places */
	constructor(places) {
		this.places = places;
		this.url = `http://${LOOPBACK}:${places.ports.editor}`;
		this.logFile = path.join(places.userFolder, 'n8n.log');
	}

	/** Starts n8n and waits until it answers. */
	async start() {
		const { install, userFolder, ports } = this.places;
		await mkdir(userFolder, { recursive: true });
		const child = new Child(install.node, [install.cli, 'start'], {
			cwd: userFolder,
			logFile: this.logFile,
			graceMs: STOP_GRACE_MS,
			env: {
				...n8nEnvironment(install, userFolder),
				N8N_PORT: String(ports.editor),
				N8N_LISTEN_ADDRESS: LOOPBACK,
				N8N_EDITOR_BASE_URL: this.url,
				N8N_RUNNERS_BROKER_PORT: String(ports.broker),
				// The editor is reached over plain http here.
				N8N_SECURE_COOKIE: 'false',
			},
		});
		this.#child = child;
		const end = Date.now() + START_TIMEOUT_MS;
		while (!(await this.#answers())) {
			if (child.over)
				throw new Failure('n8n ended while it was starting.', { details: child.tail(LOG_LINES) });
			if (Date.now() > end) {
				await child.stop();
				throw new Failure(`n8n did not answer within ${START_TIMEOUT_MS / 1000} s.`, {
					details: child.tail(LOG_LINES),
				});
			}
			await sleep(READY_POLL_MS);
		}
	}

	async #answers() {
		// Readiness says that the database is migrated; the settings come from the REST interface that is used next.
		for (const place of ['/healthz/readiness', '/rest/settings']) {
			const response = await fetch(this.url + place, {
				signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
			}).catch(() => undefined);
			await response?.body?.cancel();
			if (!response?.ok) return false;
		}
		return true;
	}

	/** Stops n8n in good order, as a restart of the machine would. */
	async stop() {
		await this.#child?.stop();
		this.#child = undefined;
	}

	/** Stops and starts it on the same database. */
	async restart() {
		await this.stop();
		await this.start();
	}

	/** The last lines it wrote. */
	tail() {
		return this.#child?.tail(LOG_LINES) ?? '';
	}

	/** Settles when n8n ends by itself; never when it was stopped from here. */
	async crashed() {
		const child = this.#child;
		await child?.ended;
		if (child && child === this.#child && !isLeaving()) {
			throw new Failure('n8n ended by itself.', { details: child.tail(LOG_LINES) });
		}
		await new Promise(() => undefined);
	}
}

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
		// Loaded late: it is one of the dependencies that `ensureProject` installs.
		const { parse } = await import('flatted');
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
		const end = Date.now() + timeoutMs;
		for (;;) {
			const execution = await this.execution(executionId);
			if (statuses.includes(execution.status)) return execution;
			if (Date.now() > end) {
				throw new Failure(
					`Execution ${executionId} is "${execution.status}" after ${timeoutMs / 1000} s, not ${statuses.join(' or ')}.`,
				);
			}
			await sleep(EXECUTION_POLL_MS);
		}
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
