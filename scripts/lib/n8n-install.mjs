import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { Failure } from './main.mjs';
import { N8N_ROOT } from './paths.mjs';
import { npmCi, run, runTasks } from './process.mjs';
import { AGAIN, exclusively, isInstalled } from './setup.mjs';

/** Disk space a fresh install of n8n needs with npm's download cache, in bytes. */
const N8N_DISK_SPACE = 4 * 1024 ** 3;

const { n8n: VERSION, node: NODE_VERSION } = JSON.parse(
	readFileSync(path.join(N8N_ROOT, 'package.json'), 'utf8'),
).dependencies;

const MODULES = path.join(N8N_ROOT, 'node_modules');
const CACHE = path.join(MODULES, '.cache', 'document-runs');

/** The package with the Node.js program for this machine, which the package `node` installs beside itself. */
const NODE_PACKAGE = path.join(
	...[MODULES, 'node', 'node_modules'],
	[
		process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node',
		process.platform === 'win32' ? 'win' : process.platform,
		process.arch,
	].join('-'),
);

/** The Node.js program that runs n8n: fixed by the lock file, whichever runs this script. */
export const N8N_NODE = path.join(NODE_PACKAGE, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** n8n's own program. */
const N8N_CLI = path.join(MODULES, 'n8n', 'bin', 'n8n');

/** A user folder with an empty, fully migrated database: copying it saves several hundred migrations. */
export const EMPTY_USER_FOLDER = path.join(CACHE, 'empty-user-folder');

/** @typedef {{ title: string, done: () => Promise<boolean>, work: (task: { output: string }) => Promise<unknown> }} Stage */

/** What has to be there, in order: what builds on a stage that is missing is done again after it. */
const STAGES = /** @type {Stage[]} */ ([
	{
		title: `Installing n8n ${VERSION} (large, takes some minutes, only the first time)`,
		done: async () => await isInstalled(N8N_ROOT),
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
		done: async () => (await tried(N8N_NODE, ['--version']))?.stdout === `v${NODE_VERSION}`,
		work: async () => await rebuild('node'),
	},
	{
		title: 'Installing the SQLite driver (compiled here where it cannot be downloaded)',
		done: async () => (await tried(N8N_NODE, ['-e', "require('sqlite3')"]))?.exitCode === 0,
		async work() {
			// Compiled for the Node.js that runs n8n, whose package brings the headers on most systems.
			const hasHeaders = existsSync(path.join(NODE_PACKAGE, 'include', 'node', 'node.h'));
			await rebuild('sqlite3', { npm_config_nodedir: hasHeaders ? NODE_PACKAGE : undefined, JOBS: 'max' });
		},
	},
	{
		title: 'Creating an empty database',
		done: async () => existsSync(EMPTY_USER_FOLDER),
		async work() {
			const unfinished = `${EMPTY_USER_FOLDER}-unfinished`;
			await Promise.all([EMPTY_USER_FOLDER, unfinished].map(removeFolder));
			await mkdir(unfinished, { recursive: true });
			const [file, args, options] = n8nCommand('list:workflow', unfinished);
			await run(file, args, options);
			await rename(unfinished, EMPTY_USER_FOLDER);
		},
	},
]);

/** Installs n8n, the Node.js it needs, its SQLite driver and an empty database, as far as they are missing. */
export async function installN8n() {
	if ((await missingStages()).length === 0) return;
	await exclusively(N8N_ROOT, async () => {
		const stages = await missingStages();
		await runTasks(
			stages.map(({ title, done, work }) => ({
				title,
				task: async (_, task) => {
					await work(task);
					if (!(await done())) throw new Failure(`Not done: ${title}`, { hint: AGAIN });
				},
			})),
		);
	});
}

async function missingStages() {
	for (const [index, { done }] of STAGES.entries()) if (!(await done())) return STAGES.slice(index);
	return [];
}

/**
 * @param {string} file
 * @param {string[]} args
 */
async function tried(file, args) {
	return existsSync(file) ? await execa(file, args, { cwd: N8N_ROOT, reject: false }) : undefined;
}

/**
 * Runs the install scripts of one package.
 *
 * @param {'node' | 'sqlite3'} name
 * @param {NodeJS.ProcessEnv} [env]
 */
async function rebuild(name, env = {}) {
	// The Node.js of n8n, once it is there, comes first in the path.
	await run('npm', ['rebuild', name, '--ignore-scripts=false', '--foreground-scripts'], {
		cwd: N8N_ROOT,
		preferLocal: existsSync(N8N_NODE),
		localDir: N8N_ROOT,
		env,
	});
}

/** @param {string} folder */
export async function removeFolder(folder) {
	await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** Settings of other n8n installs and tools that must not reach this one. */
const FOREIGN_SETTINGS =
	/^(N8N|DB|QUEUE|EXECUTIONS|WEBHOOK|CREDENTIALS|NODES|GENERIC|OFFLOAD|VUE_APP)_|^NODE_(ENV|OPTIONS|PATH)$|^npm_/i;

/** Quiet on the network: nothing here is needed from outside. */
const QUIET = {
	...Object.fromEntries(
		[
			...['DIAGNOSTICS', 'VERSION_NOTIFICATIONS', 'VERSION_NOTIFICATIONS_WHATS_NEW', 'TEMPLATES'],
			...[
				'PERSONALIZATION',
				'VERIFIED_PACKAGES',
				'DYNAMIC_BANNERS',
				'HIRING_BANNER',
				'LICENSE_AUTO_RENEW',
				'PYTHON',
			],
		].map((name) => [`N8N_${name}_ENABLED`, 'false']),
	),
	// Modules that nothing here uses and that ask servers on the internet when they start.
	N8N_DISABLED_MODULES: 'agent-evals,agents,chat-hub,instance-ai,mcp,mcp-registry',
};

/**
 * How to run n8n: with the Node.js it needs, which is also the first `node` its task runner finds.
 *
 * @param {string} command Of n8n.
 * @param {string} userFolder
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {[string, string[], import('execa').Options]}
 */
export function n8nCommand(command, userFolder, env = {}) {
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
				...QUIET,
				NO_PROXY: noProxy,
				no_proxy: noProxy,
				NODE_COMPILE_CACHE: path.join(CACHE, 'compile-cache'),
				N8N_USER_FOLDER: userFolder,
				...env,
			},
		},
	];
}
