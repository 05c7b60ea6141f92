import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import getPort, { clearLockedPorts, portNumbers } from 'get-port';
import { extract } from 'tar';
import { EXTEND_KEY, RETAB_KEY } from '../../sandbox/server/defaults.js';
import { Failure, stopping } from './main.mjs';
import { N8nClient, type Credential } from './n8n-client.mjs';
import { N8N, removeFolder, type N8nInstall } from './n8n-install.mjs';
import { buildAndPack } from './package.mjs';
import { runTasks, Server } from './process.mjs';
import { PACKAGE } from './workflows.mjs';

/** Servers listen on this machine only. */
export const LOOPBACK = '127.0.0.1';

/** Used when free. 5679 is n8n's default for its task runners. */
const DEFAULT_PORTS = { editor: 5678, sandbox: 4010, broker: 5679 };

/** How far above the default port a free one is looked for. */
const PORTS_TO_TRY = 50;

/** Start timeout of the sandbox, which is compiled as it starts, in ms. */
const SANDBOX_START_TIMEOUT_MS = 60_000;

/** Start timeout of n8n in ms: a cold disk and a slow machine need minutes. */
export const N8N_START_TIMEOUT_MS = 180_000;

/** How long n8n may take to close its database and end, in ms. */
const N8N_STOP_GRACE_MS = 15_000;

/** Ports that the user asked for. */
export interface AskedPorts {
	editor?: number | undefined;
	sandbox?: number | undefined;
}

/** The ports that were asked for; for others the default port or the next free one above it. */
export async function choosePorts(asked: AskedPorts): Promise<typeof DEFAULT_PORTS> {
	// get-port does not return a port twice within 30 s.
	clearLockedPorts();
	const ports = { ...DEFAULT_PORTS };
	const exclude: number[] = [];
	const wished = { ...asked, broker: undefined };
	const names = ['editor', 'sandbox', 'broker'] as const;
	// Those that were asked for first, so that no other one takes them.
	for (const name of [...names].sort(
		(a, b) => Number(wished[a] === undefined) - Number(wished[b] === undefined),
	)) {
		const [port, first] = [wished[name], DEFAULT_PORTS[name]];
		ports[name] = await getPort({ port: port ?? portNumbers(first, first + PORTS_TO_TRY), exclude });
		exclude.push(ports[name]);
		if (port === undefined || ports[name] === port) continue;
		throw new Failure(`Port ${port} is in use.`, {
			hint: 'Choose another one, or none to take the next free port.',
		});
	}
	return ports;
}

/** A running sandbox and a running n8n with the built nodes, an owner, and one tested credential for each API. */
export interface Stack {
	sandbox: Server;
	n8n: Server;
	/** Logged in as the owner. */
	client: N8nClient;
	credentials: Credential[];
	/** Temporary folder with all data and logs. */
	folder: string;
}

interface StackOptions {
	asked?: AskedPorts;
	/** Further settings of n8n. */
	env?: NodeJS.ProcessEnv;
	/** Which n8n. */
	install?: N8nInstall;
	/** Puts the built package into a folder; by default the package as npm would publish it. */
	layOut?: LayOut;
	/** Names of the packages; by default that for all services. */
	packages?: string[];
}

type LayOut = (to: string, name: string) => Promise<void>;

/** Installs what is missing, builds, and starts the sandbox and n8n; ends them when the work is done or one of them ends. */
export async function withStack<T>(options: StackOptions, work: (stack: Stack) => Promise<T>): Promise<T> {
	// Fails before minutes are spent on installing when a port that was asked for is in use.
	await choosePorts(options.asked ?? {});
	await (options.install ?? N8N).install();
	const folder = await mkdtemp(path.join(os.tmpdir(), 'document-runs-n8n-'));
	try {
		return await runStack(options, folder, work);
	} finally {
		await removeFolder(folder);
	}
}

const userFolderIn = (folder: string): string => path.join(folder, 'user');

/** Where the packages are installed in the folder of a stack. */
export function installedIn(folder: string): string {
	return path.join(userFolderIn(folder), '.n8n', 'nodes', 'node_modules');
}

async function runStack<T>(
	{ asked = {}, env = {}, install = N8N, layOut, packages = [PACKAGE] }: StackOptions,
	folder: string,
	work: (stack: Stack) => Promise<T>,
): Promise<T> {
	const userFolder = userFolderIn(folder);
	await runTasks([
		{
			title: 'Building the nodes and installing them into n8n',
			async task() {
				await cp(install.emptyUserFolder, userFolder, { recursive: true });
				for (const name of packages) await layOutIn(userFolder, layOut, name);
			},
		},
	]);
	// As late as possible: another program can take a port until it is used.
	const ports = await choosePorts(asked);
	const sandbox = sandboxServer(ports.sandbox, folder);
	const url = `http://${LOOPBACK}:${ports.editor}`;
	const [file, args, options] = install.command('start', userFolder, {
		N8N_PORT: String(ports.editor),
		N8N_LISTEN_ADDRESS: LOOPBACK,
		N8N_EDITOR_BASE_URL: url,
		N8N_RUNNERS_BROKER_PORT: String(ports.broker),
		// The editor uses plain http here.
		N8N_SECURE_COOKIE: 'false',
		...env,
	});
	const n8n = new Server({
		name: 'n8n',
		url,
		// The first means that the database is migrated, the second that the REST API is there.
		ready: ['/healthz/readiness', '/rest/settings'],
		timeoutMs: N8N_START_TIMEOUT_MS,
		logFile: path.join(folder, 'n8n.log'),
		command: [file, args, { ...options, forceKillAfterDelay: N8N_STOP_GRACE_MS }],
	});
	const client = new N8nClient(url);
	const credentials: Credential[] = [];
	try {
		await runTasks([
			{
				title: `Starting the sandbox and n8n ${install.version}`,
				task: () => Promise.all([sandbox.start(), n8n.start()]),
			},
			{
				title: 'Creating the owner and the credentials',
				async task() {
					await client.setUpOwner();
					credentials.push(...(await createCredentials(client, sandbox.url)));
				},
			},
		]);
		const done = work({ sandbox, n8n, client, credentials, folder });
		return await whileRunning([sandbox, n8n], done);
	} finally {
		await Promise.all([sandbox.stop(), n8n.stop()]);
	}
}

/** The sandbox, not started yet. Its log is in `folder`. */
export function sandboxServer(port: number, folder: string): Server {
	const args = ['--host', LOOPBACK, '--port', String(port)];
	return new Server({
		name: 'The sandbox',
		url: `http://${LOOPBACK}:${port}`,
		ready: ['/_sandbox/requests'],
		timeoutMs: SANDBOX_START_TIMEOUT_MS,
		logFile: path.join(folder, 'sandbox.log'),
		command: [process.execPath, ['--import', 'tsx', 'sandbox/server/main.ts', ...args], {}],
	});
}

/** What the work returns, or the error when a server ends by itself or the user stops this program. */
export async function whileRunning<T>(servers: Server[], work: Promise<T>): Promise<T> {
	const stopped = new Promise<never>((_, reject) => stopping.addEventListener('abort', reject));
	return await Promise.race([work, ...servers.map(({ crashed }) => crashed), stopped]);
}

/** Installs the package into the user folder of an n8n, as n8n itself would. */
export async function layOutIn(
	userFolder: string,
	layOut: LayOut = layOutPacked,
	name = PACKAGE,
): Promise<void> {
	const nodes = path.join(userFolder, '.n8n', 'nodes');
	const installed = path.join(nodes, 'node_modules', name);
	await mkdir(installed, { recursive: true });
	await writeFile(path.join(nodes, 'package.json'), '{ "name": "installed-nodes", "private": true }');
	await layOut(installed, name);
}

async function layOutPacked(to: string, name: string): Promise<void> {
	const archive = await buildAndPack(name, path.dirname(to));
	await extract({ file: archive, cwd: to, strip: 1 });
	await rm(archive);
}

/** One credential for each API that the installed packages know, tested. */
export async function createCredentials(client: N8nClient, baseUrl: string): Promise<Credential[]> {
	const known = (await client.types('credentials')).map(({ name }) => name);
	const accounts: Array<[name: string, type: string, data: Record<string, string>]> = [
		['Retab (sandbox)', 'retabApi', { apiKey: RETAB_KEY, baseUrl }],
		['Extend (sandbox)', 'extendApi', { apiKey: EXTEND_KEY, region: 'custom', baseUrl }],
	];
	const credentials: Credential[] = [];
	for (const [name, type, data] of accounts.filter(([, one]) => known.includes(one)))
		credentials.push(await client.createCredential(name, type, data));
	for (const credential of credentials) {
		const { status, message } = await client.testCredential(credential);
		if (status === 'OK') continue;
		throw new Failure(`The test of the credential "${credential.name}" failed: ${message}`);
	}
	return credentials;
}
