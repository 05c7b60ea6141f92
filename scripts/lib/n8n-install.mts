import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, statfs } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { Failure } from './main.mjs';
import { N8N_1_ROOT, N8N_ROOT } from './paths.mjs';
import { npmCi, run, runTasks, type CommandLine } from './process.mjs';
import { AGAIN, exclusively, isInstalled } from './setup.mjs';

/** Disk space for an install of n8n and npm's download cache, in bytes. */
const N8N_DISK_SPACE = 4 * 1024 ** 3;

/** Settings of other n8n installs and tools that must not reach this one. */
const FOREIGN_SETTINGS =
	/^(N8N|DB|QUEUE|EXECUTIONS|WEBHOOK|CREDENTIALS|NODES|GENERIC|OFFLOAD|VUE_APP)_|^NODE_(ENV|OPTIONS|PATH)$|^npm_/i;

/** Parts of n8n that use the internet, and that nothing here needs: `N8N_<name>_ENABLED`. */
const SWITCHED_OFF =
	'DIAGNOSTICS VERSION_NOTIFICATIONS VERSION_NOTIFICATIONS_WHATS_NEW TEMPLATES PERSONALIZATION VERIFIED_PACKAGES ' +
	'DYNAMIC_BANNERS HIRING_BANNER LICENSE_AUTO_RENEW PYTHON';
const OFFLINE = Object.fromEntries(SWITCHED_OFF.split(' ').map((name) => [`N8N_${name}_ENABLED`, 'false']));

const { platform, arch } = process;

/** Where the package `node` has the Node.js program for this machine, in `node_modules`: its install script puts it there. */
const NODE_PACKAGE = path.join(
	...['node', 'node_modules'],
	`node${platform === 'darwin' && arch === 'arm64' ? '-bin' : ''}-${platform === 'win32' ? 'win' : platform}-${arch}`,
);

interface Stage {
	title: string;
	isDone: () => boolean | Promise<boolean>;
	work: (task: { output: string }) => Promise<unknown>;
}

/** A real n8n with its own Node.js, in the folder of a private package. */
export class N8nInstall {
	readonly version: string;

	/** The Node.js program that runs n8n. Its version is fixed by the lock file. */
	readonly node: string;

	/** A user folder with an empty, migrated database: copying it saves several hundred migrations. */
	readonly emptyUserFolder: string;

	readonly #nodeVersion: string;
	readonly #nodePackage: string;
	readonly #cli: string;
	readonly #cache: string;

	/** `unusedModules`: parts of n8n that nothing here needs. n8n refuses names that it does not know. */
	constructor(
		private readonly root: string,
		private readonly unusedModules: string,
	) {
		const { dependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
			dependencies: { n8n: string; node: string };
		};
		this.version = dependencies.n8n;
		this.#nodeVersion = dependencies.node;
		const modules = path.join(root, 'node_modules');
		this.#nodePackage = path.join(modules, NODE_PACKAGE);
		this.#cli = path.join(modules, 'n8n', 'bin', 'n8n');
		this.#cache = path.join(modules, '.cache', 'document-runs');
		this.node = path.join(this.#nodePackage, 'bin', platform === 'win32' ? 'node.exe' : 'node');
		this.emptyUserFolder = path.join(this.#cache, 'empty-user-folder');
	}

	/** Installs n8n, its Node.js, its SQLite driver and an empty database, as far as they are missing. */
	async install(): Promise<void> {
		if ((await this.#missingStages()).length === 0) return;
		await exclusively(this.root, async () => {
			const tasks = (await this.#missingStages()).map(({ title, isDone, work }) => ({
				title,
				async task(_: unknown, task: { output: string }) {
					await work(task);
					if (!(await isDone())) throw new Failure(`Not done: ${title}`, { hint: AGAIN });
				},
			}));
			await runTasks(tasks);
		});
	}

	/** How to run a command of n8n. Its Node.js is also the first `node` in PATH, for its task runner. */
	command(command: string, userFolder: string, env: NodeJS.ProcessEnv = {}): CommandLine {
		const { NO_PROXY, no_proxy = NO_PROXY } = process.env;
		const noProxy = [no_proxy, '127.0.0.1', 'localhost'].filter(Boolean).join(',');
		const ours = Object.entries(process.env).filter(([name]) => !FOREIGN_SETTINGS.test(name));
		return [
			this.#cli,
			[command],
			{
				node: true,
				nodePath: this.node,
				nodeOptions: [],
				ipc: false,
				cwd: userFolder,
				extendEnv: false,
				env: {
					...Object.fromEntries(ours),
					...OFFLINE,
					N8N_DISABLED_MODULES: this.unusedModules,
					NO_PROXY: noProxy,
					no_proxy: noProxy,
					NODE_COMPILE_CACHE: path.join(this.#cache, 'compile-cache'),
					N8N_USER_FOLDER: userFolder,
					...env,
				},
			},
		];
	}

	async #missingStages(): Promise<Stage[]> {
		const stages = this.#stages();
		for (const [index, { isDone }] of stages.entries()) if (!(await isDone())) return stages.slice(index);
		return [];
	}

	/** In order: when one is not done, those after it are done again. */
	#stages(): Stage[] {
		return [
			{
				title: `Installing n8n ${this.version} (large, takes some minutes, only the first time)`,
				isDone: () => isInstalled(this.root),
				work: async (task) => {
					const { bavail, bsize } = await statfs(this.root);
					if (bavail * bsize < N8N_DISK_SPACE) {
						throw new Failure('Too little disk space: n8n and its download need about 4 GB.');
					}
					await npmCi(this.root, task);
				},
			},
			{
				title: `Installing Node.js ${this.#nodeVersion} for n8n`,
				isDone: async () => (await this.#tryNode('--version')) === `v${this.#nodeVersion}`,
				work: () => this.#rebuild('node'),
			},
			{
				title: 'Installing the SQLite driver (compiled here where it cannot be downloaded)',
				isDone: async () => (await this.#tryNode('-e', "require('sqlite3')")) !== undefined,
				work: async () => {
					// For the Node.js of n8n, whose package includes the headers on most systems.
					const hasHeaders = existsSync(path.join(this.#nodePackage, 'include', 'node', 'node.h'));
					const headers = hasHeaders ? this.#nodePackage : undefined;
					await this.#rebuild('sqlite3', { npm_config_nodedir: headers, JOBS: 'max' });
				},
			},
			{
				title: 'Creating an empty database',
				isDone: () => existsSync(this.emptyUserFolder),
				work: async () => {
					const unfinished = `${this.emptyUserFolder}-unfinished`;
					await Promise.all([this.emptyUserFolder, unfinished].map(removeFolder));
					await mkdir(unfinished, { recursive: true });
					await run(...this.command('list:workflow', unfinished));
					await rename(unfinished, this.emptyUserFolder);
				},
			},
		];
	}

	/** What n8n's Node.js prints; `undefined` when it fails or is not there. */
	async #tryNode(...args: string[]): Promise<string | undefined> {
		if (!existsSync(this.node)) return undefined;
		const { failed, stdout } = await execa(this.node, args, { cwd: this.root, reject: false });
		return failed ? undefined : stdout;
	}

	/** Runs the install scripts of one package. */
	async #rebuild(name: 'node' | 'sqlite3', env: NodeJS.ProcessEnv = {}): Promise<void> {
		await run('npm', ['rebuild', name, '--ignore-scripts=false', '--foreground-scripts'], {
			cwd: this.root,
			// Puts the Node.js of n8n first in PATH.
			preferLocal: existsSync(this.node),
			localDir: this.root,
			env,
		});
	}
}

/** The n8n of the demo and of all tests that do not say otherwise. */
export const N8N = new N8nInstall(N8N_ROOT, 'agent-evals,agents,chat-hub,instance-ai,mcp,mcp-registry');

/** The newest n8n 1. */
export const N8N_1 = new N8nInstall(N8N_1_ROOT, 'chat-hub,mcp');

export async function removeFolder(folder: string): Promise<void> {
	await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
