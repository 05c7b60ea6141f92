import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from './failure.mjs';
import { buildPackage, ensureN8n, ensureProject, prepareUserFolder } from './install.mjs';
import { PROJECT_ROOT } from './paths.mjs';
import { choosePort, LOOPBACK } from './ports.mjs';
import { Child, isLeaving, temporaryFolder } from './process.mjs';
import { N8nClient, RealN8n } from './real-n8n.mjs';

/** @typedef {import('./progress.mjs').Progress} Progress */

/** The ports everything has when they are free. 5679 is n8n's own choice for its task runners. */
const USUAL_PORTS = { sandbox: 4010, editor: 5678, broker: 5679 };

/** How long the sandbox may take to answer, in ms; it is compiled as it starts. */
const SANDBOX_START_TIMEOUT_MS = 60_000;
const SANDBOX_POLL_MS = 100;

/** Keys that only the sandbox knows. */
export const SANDBOX_KEYS = { retab: 'rt_test_sandbox', extend: 'sk_sandbox' };

/** The command that runs the sandbox server. */
export function sandboxArguments() {
	return ['--import', 'tsx', path.join(PROJECT_ROOT, 'sandbox', 'server', 'main.ts')];
}

/** The sandbox server in a process of its own. */
export class Sandbox {
	/** @param {number} port */
	constructor(port) {
		this.port = port;
		this.url = `http://${LOOPBACK}:${port}`;
	}

	/** @param {string} logFile */
	async start(logFile) {
		const args = [...sandboxArguments(), '--host', LOOPBACK, '--port', String(this.port)];
		const child = new Child(process.execPath, args, { cwd: PROJECT_ROOT, logFile });
		this.child = child;
		const end = Date.now() + SANDBOX_START_TIMEOUT_MS;
		while (!(await this.#answers())) {
			if (child.over)
				throw new Failure('The sandbox ended while it was starting.', { details: child.tail() });
			if (Date.now() > end) throw new Failure('The sandbox does not answer.', { details: child.tail() });
			await sleep(SANDBOX_POLL_MS);
		}
	}

	async #answers() {
		const response = await fetch(`${this.url}/_sandbox/requests`, {
			signal: AbortSignal.timeout(5000),
		}).catch(() => undefined);
		await response?.body?.cancel();
		return response?.ok ?? false;
	}

	/** Rejects when the sandbox ends by itself. */
	async crashed() {
		await this.child?.ended;
		if (!isLeaving())
			throw new Failure('The sandbox ended by itself.', { details: this.child?.tail() ?? '' });
	}
}

/**
 * A running sandbox and a running n8n that has the built nodes, an owner, and one tested credential for each API.
 *
 * @typedef {object} Stack
 * @property {Sandbox} sandbox
 * @property {RealN8n} n8n
 * @property {N8nClient} client Logged in as the owner.
 * @property {import('./real-n8n.mjs').Credential[]} credentials
 * @property {string} folder Temporary folder with everything they write, logs included.
 */

/**
 * Installs what is missing, builds, and starts the sandbox and n8n.
 *
 * @param {Progress} progress
 * @param {{ port?: number | undefined, sandboxPort?: number | undefined }} [asked] Ports the user asked for.
 * @returns {Promise<Stack>}
 */
export async function startStack(progress, asked = {}) {
	/** @param {string} text */
	const say = (text) => progress.say(`  ${text}`);
	const sandboxWish = {
		what: 'the sandbox',
		flag: '--sandbox-port',
		usual: USUAL_PORTS.sandbox,
		asked: asked.sandboxPort,
	};
	const editorWish = { what: 'n8n', flag: '--port', usual: USUAL_PORTS.editor, asked: asked.port };
	// A port that was asked for and is taken ends the program before minutes are spent on installing.
	await choosePort({ ...sandboxWish, taken: asked.port === undefined ? [] : [asked.port] });
	await choosePort(editorWish);

	await ensureProject(progress);
	const install = await ensureN8n(progress);
	const packedNodes = await buildPackage(progress);

	const sandboxPort = await choosePort({
		...sandboxWish,
		say,
		taken: asked.port === undefined ? [] : [asked.port],
	});
	const editor = await choosePort({ ...editorWish, say, taken: [sandboxPort] });
	const broker = await choosePort({
		what: "n8n's task broker",
		flag: '--port',
		usual: USUAL_PORTS.broker,
		asked: undefined,
		taken: [sandboxPort, editor],
	});

	const folder = await temporaryFolder('n8n');
	const userFolder = path.join(folder, 'user');
	await mkdir(userFolder);
	await prepareUserFolder({ install, packedNodes }, userFolder);

	const sandbox = new Sandbox(sandboxPort);
	const n8n = new RealN8n({ install, userFolder, ports: { editor, broker } });
	await progress.step('Starting the sandbox and n8n', async () => {
		await Promise.all([sandbox.start(path.join(folder, 'sandbox.log')), n8n.start()]);
	});

	const client = new N8nClient(n8n.url);
	const credentials = await progress.step('Setting up the owner and the credentials', async () => {
		await client.setUpOwner();
		return await createCredentials(client, sandbox.url);
	});
	return { sandbox, n8n, client, credentials, folder };
}

/**
 * @param {N8nClient} client
 * @param {string} apiUrl
 */
async function createCredentials(client, apiUrl) {
	const credentials = [
		await client.createCredential('Retab (sandbox)', 'retabApi', {
			apiKey: SANDBOX_KEYS.retab,
			baseUrl: apiUrl,
		}),
		await client.createCredential('Extend (sandbox)', 'extendApi', {
			apiKey: SANDBOX_KEYS.extend,
			region: 'custom',
			baseUrl: apiUrl,
		}),
	];
	for (const credential of credentials) {
		const { status, message } = await client.testCredential(credential);
		if (status !== 'OK')
			throw new Failure(`The test of the credential "${credential.name}" failed: ${message}`);
	}
	return credentials;
}
