import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import getPort, { clearLockedPorts, portNumbers } from 'get-port';
import { extract } from 'tar';
import { Failure, stopping } from './main.mjs';
import { N8nClient } from './n8n-client.mjs';
import { EMPTY_USER_FOLDER, installN8n, n8nCommand, removeFolder } from './n8n-install.mjs';
import { buildAndPack } from './package.mjs';
import { runTasks, Server } from './process.mjs';
import { PACKAGE } from './workflows.mjs';

/** Only this machine may reach what these scripts start. */
export const LOOPBACK = '127.0.0.1';

/** The ports everything has when they are free. 5679 is n8n's own choice for its task runners. */
const USUAL_PORTS = { editor: 5678, sandbox: 4010, broker: 5679 };

/** How far above the usual port a free one is looked for. */
const PORTS_TO_TRY = 50;

/** How long the sandbox may take to answer, in ms; it is compiled as it starts. */
const SANDBOX_START_TIMEOUT_MS = 60_000;

/** How long n8n may take to answer after it was started, in ms: a cold disk and a slow machine need minutes. */
const N8N_START_TIMEOUT_MS = 180_000;

/** How long n8n may take to close its database and end, in ms. */
const N8N_STOP_GRACE_MS = 15_000;

/** Keys that only the sandbox knows. */
export const SANDBOX_KEYS = { retab: 'rt_test_sandbox', extend: 'sk_sandbox' };

/** Arguments of Node.js that run the sandbox server. */
export const SANDBOX_SERVER = ['--import', 'tsx', 'sandbox/server/main.ts'];

/**
 * @typedef {{ editor?: number | undefined, sandbox?: number | undefined }} AskedPorts Ports the user asked for.
 */

/**
 * The ports that were asked for, or else the usual ones or the next free ones above them.
 *
 * @param {AskedPorts} asked
 */
export async function choosePorts(asked) {
	// It does not give out a port twice within half a minute.
	clearLockedPorts();
	const ports = { ...USUAL_PORTS };
	/** @type {number[]} */
	const exclude = [];
	const names = /** @type {(keyof typeof ports)[]} */ (Object.keys(ports));
	const wished = names.map((name) => ({ name, port: name === 'broker' ? undefined : asked[name] }));
	// Those that were asked for first: nothing else may take them.
	for (const { name, port } of wished.sort(
		(a, b) => Number(b.port !== undefined) - Number(a.port !== undefined),
	)) {
		const usual = USUAL_PORTS[name];
		const found = await getPort({ port: port ?? portNumbers(usual, usual + PORTS_TO_TRY), exclude });
		if (port !== undefined && found !== port) {
			throw new Failure(`Port ${port} is in use.`, {
				hint: 'Choose another one, or none to take the next free port.',
			});
		}
		ports[name] = found;
		exclude.push(found);
	}
	return ports;
}

/**
 * A running sandbox and a running n8n that has the built nodes, an owner, and one tested credential for each API.
 *
 * @typedef {object} Stack
 * @property {Server} sandbox
 * @property {Server} n8n
 * @property {N8nClient} client Logged in as the owner.
 * @property {import('./n8n-client.mjs').Credential[]} credentials
 * @property {string} folder Temporary folder with everything they write, logs included.
 */

/**
 * Installs what is missing, builds, starts the sandbox and n8n, and ends them when the work is done, or fails, or one of
 * them ends by itself.
 *
 * @template T
 * @param {{ asked?: AskedPorts, env?: NodeJS.ProcessEnv, layOut?: (to: string) => Promise<unknown> }} options
 * `env`: further settings of n8n; `layOut`: puts the built package into a folder, packed as npm would publish it where
 * nothing else is said.
 * @param {(stack: Stack) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withStack({ asked = {}, env = {}, layOut = layOutPacked }, work) {
	// A port that was asked for and is taken ends the program before minutes are spent on installing.
	await choosePorts(asked);
	await installN8n();
	const folder = await mkdtemp(path.join(os.tmpdir(), 'document-runs-n8n-'));
	try {
		return await runStack({ asked, env, layOut, folder }, work);
	} finally {
		await removeFolder(folder);
	}
}

/**
 * @template T
 * @param {{ asked: AskedPorts, env: NodeJS.ProcessEnv, layOut: (to: string) => Promise<unknown>, folder: string }} options
 * @param {(stack: Stack) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function runStack({ asked, env, layOut, folder }, work) {
	const userFolder = path.join(folder, 'user');
	await runTasks([
		{
			title: 'Building the nodes and putting them into n8n',
			async task() {
				await cp(EMPTY_USER_FOLDER, userFolder, { recursive: true });
				const modules = path.join(userFolder, '.n8n', 'nodes', 'node_modules');
				await mkdir(path.join(modules, PACKAGE), { recursive: true });
				await writeFile(
					path.join(modules, '..', 'package.json'),
					'{ "name": "installed-nodes", "private": true }',
				);
				await layOut(path.join(modules, PACKAGE));
			},
		},
	]);
	// Chosen as late as possible: others may take them until they are used.
	const ports = await choosePorts(asked);
	const [sandboxUrl, n8nUrl] = [ports.sandbox, ports.editor].map((port) => `http://${LOOPBACK}:${port}`);
	const sandbox = new Server({
		name: 'The sandbox',
		url: String(sandboxUrl),
		ready: ['/_sandbox/requests'],
		timeoutMs: SANDBOX_START_TIMEOUT_MS,
		logFile: path.join(folder, 'sandbox.log'),
		command: [process.execPath, [...SANDBOX_SERVER, '--host', LOOPBACK, '--port', String(ports.sandbox)], {}],
	});
	const [file, args, options] = n8nCommand('start', userFolder, {
		N8N_PORT: String(ports.editor),
		N8N_LISTEN_ADDRESS: LOOPBACK,
		N8N_EDITOR_BASE_URL: n8nUrl,
		N8N_RUNNERS_BROKER_PORT: String(ports.broker),
		// The editor is reached over plain http here.
		N8N_SECURE_COOKIE: 'false',
		...env,
	});
	const n8n = new Server({
		name: 'n8n',
		url: String(n8nUrl),
		// Readiness says that the database is migrated; the settings come from the REST interface that is used next.
		ready: ['/healthz/readiness', '/rest/settings'],
		timeoutMs: N8N_START_TIMEOUT_MS,
		logFile: path.join(folder, 'n8n.log'),
		command: [file, args, { ...options, forceKillAfterDelay: N8N_STOP_GRACE_MS }],
	});
	const client = new N8nClient(n8n.url);
	/** @type {import('./n8n-client.mjs').Credential[]} */
	const credentials = [];
	try {
		await runTasks([
			{
				title: 'Starting the sandbox and n8n',
				task: async () => await Promise.all([sandbox.start(), n8n.start()]),
			},
			{
				title: 'Setting up the owner and the credentials',
				async task() {
					await client.setUpOwner();
					credentials.push(...(await createCredentials(client, sandbox.url)));
				},
			},
		]);
		const stopped = new Promise((_, reject) => stopping.addEventListener('abort', reject));
		return /** @type {T} */ (
			await Promise.race([
				work({ sandbox, n8n, client, credentials, folder }),
				...[sandbox.crashed, n8n.crashed, stopped],
			])
		);
	} finally {
		await Promise.all([sandbox.stop(), n8n.stop()]);
	}
}

/** @param {string} to */
async function layOutPacked(to) {
	const archive = await buildAndPack(path.dirname(to));
	await extract({ file: archive, cwd: to, strip: 1 });
	await rm(archive);
}

/**
 * @param {N8nClient} client
 * @param {string} baseUrl
 */
async function createCredentials(client, baseUrl) {
	const credentials = [
		await client.createCredential('Retab (sandbox)', 'retabApi', { apiKey: SANDBOX_KEYS.retab, baseUrl }),
		await client.createCredential('Extend (sandbox)', 'extendApi', {
			apiKey: SANDBOX_KEYS.extend,
			region: 'custom',
			baseUrl,
		}),
	];
	for (const credential of credentials) {
		const { status, message } = await client.testCredential(credential);
		if (status !== 'OK')
			throw new Failure(`The test of the credential "${credential.name}" failed: ${message}`);
	}
	return credentials;
}
