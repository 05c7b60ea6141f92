import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { Failure } from './main.mjs';
import { N8N_ROOT } from './paths.mjs';
import { npmCi, run, runTasks, type CommandLine } from './process.mjs';
import { AGAIN, exclusively, isInstalled } from './setup.mjs';

/** Disk space for an install of n8n and npm's download cache, in bytes. */
const N8N_DISK_SPACE = 4 * 1024 ** 3;

const { n8n: VERSION, node: NODE_VERSION } = (
	JSON.parse(readFileSync(path.join(N8N_ROOT, 'package.json'), 'utf8')) as {
		dependencies: { n8n: string; node: string };
	}
).dependencies;

const MODULES = path.join(N8N_ROOT, 'node_modules');
const CACHE = path.join(MODULES, '.cache', 'document-runs');

const { platform, arch } = process;

/** The package of the Node.js program for this machine: an install script of the package `node` installs it. */
const NODE_PACKAGE = path.join(
	...[MODULES, 'node', 'node_modules'],
	`node${platform === 'darwin' && arch === 'arm64' ? '-bin' : ''}-${platform === 'win32' ? 'win' : platform}-${arch}`,
);

/** The Node.js program that runs n8n. Its version is fixed by the lock file. */
export const N8N_NODE = path.join(NODE_PACKAGE, 'bin', platform === 'win32' ? 'node.exe' : 'node');

const N8N_CLI = path.join(MODULES, 'n8n', 'bin', 'n8n');

/** A user folder with an empty, migrated database: copying it saves several hundred migrations. */
export const EMPTY_USER_FOLDER = path.join(CACHE, 'empty-user-folder');

interface Stage {
	title: string;
	isDone: () => boolean | Promise<boolean>;
	work: (task: { output: string }) => Promise<unknown>;
}

/** In order: when one is not done, those after it are done again. */
const STAGES: Stage[] = [
	{
		title: `Installing n8n ${VERSION} (large, takes some minutes, only the first time)`,
		isDone: () => isInstalled(N8N_ROOT),
		async work(task) {
			const { bavail, bsize } = await statfs(N8N_ROOT);
			if (bavail * bsize < N8N_DISK_SPACE) {
				throw new Failure('Too little disk space: n8n and its download need about 4 GB.');
			}
			await npmCi(N8N_ROOT, task);
		},
	},
	{
		title: `Installing Node.js ${NODE_VERSION} for n8n`,
		isDone: async () => (await tryNode('--version')) === `v${NODE_VERSION}`,
		work: () => rebuild('node'),
	},
	{
		title: 'Installing the SQLite driver (compiled here where it cannot be downloaded)',
		isDone: async () => (await tryNode('-e', "require('sqlite3')")) !== undefined,
		async work() {
			// For the Node.js of n8n, whose package includes the headers on most systems.
			const hasHeaders = existsSync(path.join(NODE_PACKAGE, 'include', 'node', 'node.h'));
			await rebuild('sqlite3', { npm_config_nodedir: hasHeaders ? NODE_PACKAGE : undefined, JOBS: 'max' });
		},
	},
	{
		title: 'Creating an empty database',
		isDone: () => existsSync(EMPTY_USER_FOLDER),
		async work() {
			const unfinished = `${EMPTY_USER_FOLDER}-unfinished`;
			await Promise.all([EMPTY_USER_FOLDER, unfinished].map(removeFolder));
			await mkdir(unfinished, { recursive: true });
			await run(...n8nCommand('list:workflow', unfinished));
			await rename(unfinished, EMPTY_USER_FOLDER);
		},
	},
];

/** Installs n8n, its Node.js, its SQLite driver and an empty database, as far as they are missing. */
export async function installN8n(): Promise<void> {
	if ((await missingStages()).length === 0) return;
	await exclusively(N8N_ROOT, async () => {
		const tasks = (await missingStages()).map(({ title, isDone, work }) => ({
			title,
			async task(_: unknown, task: { output: string }) {
				await work(task);
				if (!(await isDone())) throw new Failure(`Not done: ${title}`, { hint: AGAIN });
			},
		}));
		await runTasks(tasks);
	});
}

async function missingStages(): Promise<Stage[]> {
	for (const [index, { isDone }] of STAGES.entries()) if (!(await isDone())) return STAGES.slice(index);
	return [];
}

/** What n8n's Node.js prints; `undefined` when it fails or is not there. */
async function tryNode(...args: string[]): Promise<string | undefined> {
	if (!existsSync(N8N_NODE)) return undefined;
	const { failed, stdout } = await execa(N8N_NODE, args, { cwd: N8N_ROOT, reject: false });
	return failed ? undefined : stdout;
}

/** Runs the install scripts of one package. */
async function rebuild(name: 'node' | 'sqlite3', env: NodeJS.ProcessEnv = {}): Promise<void> {
	await run('npm', ['rebuild', name, '--ignore-scripts=false', '--foreground-scripts'], {
		cwd: N8N_ROOT,
		// Puts the Node.js of n8n first in PATH.
		preferLocal: existsSync(N8N_NODE),
		localDir: N8N_ROOT,
		env,
	});
}

export async function removeFolder(folder: string): Promise<void> {
	await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** Settings of other n8n installs and tools that must not reach this one. */
const FOREIGN_SETTINGS =
	/^(N8N|DB|QUEUE|EXECUTIONS|WEBHOOK|CREDENTIALS|NODES|GENERIC|OFFLOAD|VUE_APP)_|^NODE_(ENV|OPTIONS|PATH)$|^npm_/i;

/** Parts of n8n that use the internet, and that nothing here needs: `N8N_<name>_ENABLED`. */
const SWITCHED_OFF =
	'DIAGNOSTICS VERSION_NOTIFICATIONS VERSION_NOTIFICATIONS_WHATS_NEW TEMPLATES PERSONALIZATION VERIFIED_PACKAGES ' +
	'DYNAMIC_BANNERS HIRING_BANNER LICENSE_AUTO_RENEW PYTHON';
const OFFLINE = {
	...Object.fromEntries(SWITCHED_OFF.split(' ').map((name) => [`N8N_${name}_ENABLED`, 'false'])),
	N8N_DISABLED_MODULES: 'agent-evals,agents,chat-hub,instance-ai,mcp,mcp-registry',
};

/** How to run a command of n8n. Its Node.js is also the first `node` in PATH, for its task runner. */
export function n8nCommand(command: string, userFolder: string, env: NodeJS.ProcessEnv = {}): CommandLine {
	const { NO_PROXY, no_proxy = NO_PROXY } = process.env;
	const noProxy = [no_proxy, '127.0.0.1', 'localhost'].filter(Boolean).join(',');
	const ours = Object.entries(process.env).filter(([name]) => !FOREIGN_SETTINGS.test(name));
	return [
		N8N_CLI,
		[command],
		{
			node: true,
			nodePath: N8N_NODE,
			nodeOptions: [],
			ipc: false,
			cwd: userFolder,
			extendEnv: false,
			env: {
				...Object.fromEntries(ours),
				...OFFLINE,
				NO_PROXY: noProxy,
				no_proxy: noProxy,
				NODE_COMPILE_CACHE: path.join(CACHE, 'compile-cache'),
				N8N_USER_FOLDER: userFolder,
				...env,
			},
		},
	];
}
