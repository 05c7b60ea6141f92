import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, link, mkdir, readdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from './failure.mjs';
import { BENCH_ROOT, N8N_CACHE, N8N_ROOT, PROJECT_CACHE, PROJECT_ROOT } from './paths.mjs';
import { npm, onExit, removeFolder, run } from './process.mjs';

/** @typedef {import('./progress.mjs').Progress} Progress */

/** Disk space a fresh install of n8n needs with npm's download cache, in bytes. */
const N8N_DISK_SPACE = 4 * 1024 ** 3;

/** Pause between two looks at an install that another process is doing, in ms. */
const LOCK_POLL_MS = 1000;

const AGAIN = 'Run the same command again: what is already there is kept.';

// ---------------------------------------------------------------------------------------------------------- project

/**
 * Installs the project's own dependencies when they are missing, incomplete or older than the lock file.
 *
 * @param {Progress} progress
 */
export async function ensureProject(progress) {
	await ensureInstalled(PROJECT_ROOT, "Installing the project's dependencies", progress);
}

/**
 * Installs what only the benchmark needs, in the same way.
 *
 * @param {Progress} progress
 */
export async function ensureBenchPackages(progress) {
	await ensureInstalled(BENCH_ROOT, 'Installing what the benchmark compares with', progress);
}

/**
 * @param {string} folder
 * @param {string} title
 * @param {Progress} progress
 */
async function ensureInstalled(folder, title, progress) {
	if (await isInstalled(folder)) return;
	await exclusively(folder, progress, async () => {
		if (await isInstalled(folder)) return;
		await npmCi(folder, title, progress);
	});
}

/**
 * npm writes its own record into `node_modules` only when an install is complete, so the record tells an interrupted
 * or outdated install from a good one, whoever did it.
 *
 * @param {string} folder
 */
async function isInstalled(folder) {
	/** @typedef {{ packages: Record<string, { version?: string, integrity?: string, optional?: boolean }> }} Lock */
	const wanted = /** @type {Lock | undefined} */ (await readJson(path.join(folder, 'package-lock.json')));
	if (!wanted) throw new Failure(`${folder} has no package-lock.json: this is not a complete checkout.`);
	const record = /** @type {Lock | undefined} */ (
		await readJson(path.join(folder, 'node_modules', '.package-lock.json'))
	);
	if (!record) return false;
	return Object.entries(wanted.packages).every(([place, entry]) => {
		if (place === '') return true;
		const found = record.packages[place];
		// Packages for other systems are in the lock file but are rightly not installed.
		if (!found) return entry.optional === true;
		return found.version === entry.version && found.integrity === entry.integrity;
	});
}

/**
 * @param {string} folder
 * @param {string} title
 * @param {Progress} progress
 */
async function npmCi(folder, title, progress) {
	const lock = /** @type {{ packages: object } | undefined} */ (
		await readJson(path.join(folder, 'package-lock.json'))
	);
	const total = Object.keys(lock?.packages ?? {}).length;
	await progress.step(title, async (note) => {
		let archives = 0;
		const result = await npm(
			['ci', '--ignore-scripts', '--include=dev', '--no-progress', '--loglevel=http'],
			{
				cwd: folder,
				onLine: (line) => {
					if (!/\bhttp (fetch|cache) .*\.tgz\b/.test(line)) return;
					archives++;
					note(`${archives} of about ${total} packages`);
				},
			},
		);
		if (result.code !== 0) {
			throw new Failure(`npm ci failed in ${folder}.`, { details: withoutNoise(result.tail), hint: AGAIN });
		}
	});
}

/**
 * npm's own progress lines say nothing about why it failed.
 *
 * @param {string} text
 */
function withoutNoise(text) {
	return text
		.split('\n')
		.filter((line) => !/^npm (http|warn) /.test(line))
		.join('\n');
}

// ------------------------------------------------------------------------------------------------------------ build

/**
 * Builds the package and lays it out as n8n does for community packages: a folder whose `node_modules` holds the
 * packed package. Does nothing when neither sources nor dependencies changed since the last time.
 *
 * @param {Progress} progress
 * @returns {Promise<string>} The folder, to be copied to `<user folder>/.n8n/nodes`.
 */
export async function buildPackage(progress) {
	const key = await hashOf([
		'package.json',
		'package-lock.json',
		'tsconfig.json',
		'tsconfig.build.json',
		'gulpfile.js',
		'README.md',
		'LICENSE',
		'nodes',
		'credentials',
	]);
	const folder = path.join(PROJECT_CACHE, `packed-${key}`);
	if (existsSync(folder)) return folder;
	await progress.step('Building the nodes', async () => {
		await npmRun(['run', 'build'], 'The build failed.', PROJECT_ROOT);
	});
	await progress.step('Packing the nodes as npm would publish them', async () => {
		for (const name of await readdir(PROJECT_CACHE).catch(() => [])) {
			if (name.startsWith('packed-')) await removeFolder(path.join(PROJECT_CACHE, name));
		}
		const unfinished = path.join(PROJECT_CACHE, 'packing');
		await removeFolder(unfinished);
		await mkdir(unfinished, { recursive: true });
		await npmRun(['pack', '--pack-destination', unfinished], 'npm pack failed.', PROJECT_ROOT);
		const archive = (await readdir(unfinished)).find((name) => name.endsWith('.tgz'));
		if (!archive) throw new Failure('npm pack wrote no archive.');
		await writeJson(path.join(unfinished, 'package.json'), { name: 'installed-nodes', private: true });
		// n8n provides the peer dependencies, and nothing else is needed: no network.
		const flags = ['--offline', '--omit=peer', '--legacy-peer-deps', '--ignore-scripts', '--no-package-lock'];
		await npmRun(['install', `./${archive}`, ...flags], 'The packed package does not install.', unfinished);
		await rm(path.join(unfinished, archive));
		await rename(unfinished, folder);
	});
	return folder;
}

/**
 * @param {string[]} args
 * @param {string} complaint
 * @param {string} cwd
 */
async function npmRun(args, complaint, cwd) {
	const result = await npm(args, { cwd });
	if (result.code !== 0) throw new Failure(complaint, { details: result.tail });
}

/**
 * One hash over files and whole folders of the project.
 *
 * @param {string[]} places Relative to the project; missing ones count as empty.
 */
async function hashOf(places) {
	const hash = createHash('sha256');
	for (const place of places) {
		const whole = path.join(PROJECT_ROOT, place);
		const names = await readdir(whole, { recursive: true }).catch(() => ['']);
		for (const name of names.sort()) {
			const content = await readFile(path.join(whole, name)).catch(() => undefined);
			if (content)
				hash.update(`${place}/${name.split(path.sep).join('/')}\0${content.length}\0`).update(content);
		}
	}
	return hash.digest('hex').slice(0, 16);
}

// -------------------------------------------------------------------------------------------------------------- n8n

/**
 * A ready n8n.
 *
 * @typedef {object} N8nInstall
 * @property {string} version
 * @property {string} node The Node.js program that runs it.
 * @property {string} cli n8n's own program.
 * @property {string} emptyUserFolder A user folder with an empty, fully migrated database, to be copied.
 * @property {string} compileCache Where Node.js keeps compiled code, for quicker starts.
 */

/** @typedef {'packages' | 'node' | 'sqlite3' | 'database'} Stage */

/**
 * Installs n8n, the Node.js it needs, its SQLite driver and an empty database. Each stage that is done is written
 * down, so that an interrupted install goes on where it stopped and a finished one costs nothing.
 *
 * @param {Progress} progress
 * @returns {Promise<N8nInstall>}
 */
export async function ensureN8n(progress) {
	const manifest = /** @type {{ dependencies: { n8n: string, node: string } } | undefined} */ (
		await readJson(path.join(N8N_ROOT, 'package.json'))
	);
	if (!manifest) throw new Failure(`${N8N_ROOT} is missing: this is not a complete checkout.`);
	const { n8n: version, node: nodeVersion } = manifest.dependencies;
	const install = {
		version,
		node: nodeBinary(),
		cli: path.join(N8N_ROOT, 'node_modules', 'n8n', 'bin', 'n8n'),
		emptyUserFolder: path.join(N8N_CACHE, 'empty-user-folder'),
		compileCache: path.join(N8N_CACHE, 'compile-cache'),
	};
	const stages = /** @type {[Stage, () => Promise<boolean>, () => Promise<void>][]} */ ([
		['packages', async () => existsSync(install.cli), () => installPackages(version, progress)],
		['node', async () => existsSync(install.node), () => installNode(install.node, nodeVersion, progress)],
		['sqlite3', async () => existsSync(sqliteBinding()), () => installSqlite(install.node, progress)],
		['database', async () => existsSync(install.emptyUserFolder), () => createDatabase(install, progress)],
	]);
	const missing = async () => {
		const done = await stagesDone();
		for (const [index, [stage, present]] of stages.entries()) {
			if (!done.includes(stage) || !(await present())) return stages.slice(index);
		}
		return [];
	};
	if ((await missing()).length > 0) {
		await exclusively(N8N_ROOT, progress, async () => {
			for (const [stage, , work] of await missing()) {
				// What builds on a stage has to be done again after it.
				await recordStages(
					stages
						.slice(
							0,
							stages.findIndex(([name]) => name === stage),
						)
						.map(([name]) => name),
				);
				await work();
				await recordStages([...(await stagesDone()), stage]);
			}
		});
	}
	return install;
}

/** The stages that are done for the present lock file on this kind of machine. */
async function stagesDone() {
	const record = /** @type {{ key: string, done: Stage[] } | undefined} */ (await readJson(stageRecord()));
	return record && record.key === (await n8nKey()) ? record.done : [];
}

/** @param {Stage[]} done */
async function recordStages(done) {
	// Without node_modules nothing is done, and creating it here would look like an install.
	if (!existsSync(path.join(N8N_ROOT, 'node_modules'))) return;
	await mkdir(N8N_CACHE, { recursive: true });
	await writeJson(stageRecord(), { key: await n8nKey(), done });
}

function stageRecord() {
	return path.join(N8N_CACHE, 'installed.json');
}

/** n8n brings its own Node.js, fixed by the lock file: the one that runs this script makes no difference. */
async function n8nKey() {
	const lock = await readFile(path.join(N8N_ROOT, 'package-lock.json'));
	return [createHash('sha256').update(lock).digest('hex'), process.platform, process.arch].join(' ');
}

/** The package with the Node.js program for this machine, which the package `node` installs beside itself. */
function nodePackage() {
	const system = process.platform === 'win32' ? 'win' : process.platform;
	const prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
	return path.join(N8N_ROOT, 'node_modules', 'node', 'node_modules', `${prefix}-${system}-${process.arch}`);
}

function nodeBinary() {
	return path.join(nodePackage(), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

function sqliteBinding() {
	return path.join(N8N_ROOT, 'node_modules', 'sqlite3', 'build', 'Release', 'node_sqlite3.node');
}

/**
 * @param {string} version
 * @param {Progress} progress
 */
async function installPackages(version, progress) {
	const disk = await statfs(N8N_ROOT);
	if (disk.bavail * disk.bsize < N8N_DISK_SPACE) {
		throw new Failure('Too little disk space: n8n and its download need about 4 GB.');
	}
	await npmCi(N8N_ROOT, `Installing n8n ${version} (large, only the first time)`, progress);
}

/**
 * @param {string} node
 * @param {string} version
 * @param {Progress} progress
 */
async function installNode(node, version, progress) {
	await progress.step(`Installing Node.js ${version} for n8n`, async () => {
		const result = await npm(['rebuild', 'node', '--ignore-scripts=false', '--foreground-scripts'], {
			cwd: N8N_ROOT,
		});
		const check = existsSync(node) ? await run(node, ['--version'], { cwd: N8N_ROOT }) : undefined;
		if (check?.tail.trim() !== `v${version}`) {
			throw new Failure(
				`Node.js ${version} could not be installed for ${process.platform} ${process.arch}.`,
				{
					details: [result.tail, check?.tail].filter(Boolean).join('\n'),
					hint: AGAIN,
				},
			);
		}
	});
}

/**
 * @param {string} node
 * @param {Progress} progress
 */
async function installSqlite(node, progress) {
	await progress.step(
		'Installing the SQLite driver (compiled here where it cannot be downloaded)',
		async () => {
			const headers = nodePackage();
			const result = await npm(['rebuild', 'sqlite3', '--ignore-scripts=false', '--foreground-scripts'], {
				cwd: N8N_ROOT,
				env: {
					...pathStartingWith(path.dirname(node)),
					// Compiled for the Node.js that runs n8n, whose package brings the headers on most systems.
					npm_config_nodedir: existsSync(path.join(headers, 'include', 'node', 'node.h'))
						? headers
						: undefined,
					JOBS: 'max',
				},
			});
			const check = await run(node, ['-e', "require('sqlite3')"], { cwd: N8N_ROOT });
			if (check.code !== 0) {
				throw new Failure('The SQLite driver of n8n could be neither downloaded nor compiled.', {
					details: `${result.tail}\n${check.tail}`,
					hint: `Downloading it needs access to github.com; compiling needs Python 3 and a C++ compiler. ${AGAIN}`,
				});
			}
		},
	);
}

/**
 * Where programs are looked for, with one more folder in front.
 *
 * @param {string} folder
 * @returns {NodeJS.ProcessEnv}
 */
function pathStartingWith(folder) {
	// Windows writes it "Path", and two spellings in one environment are one too many.
	const name = Object.keys(process.env).find((known) => known.toUpperCase() === 'PATH') ?? 'PATH';
	return { [name]: [folder, process.env[name]].filter(Boolean).join(path.delimiter) };
}

/**
 * Lets n8n create its database once: later starts copy it and save its several hundred migrations.
 *
 * @param {N8nInstall} install
 * @param {Progress} progress
 */
async function createDatabase(install, progress) {
	await progress.step('Creating an empty database', async () => {
		const unfinished = `${install.emptyUserFolder}-unfinished`;
		await removeFolder(install.emptyUserFolder);
		await removeFolder(unfinished);
		await mkdir(unfinished, { recursive: true });
		const result = await run(install.node, [install.cli, 'list:workflow'], {
			cwd: unfinished,
			env: n8nEnvironment(install, unfinished),
		});
		if (result.code !== 0)
			throw new Failure('n8n could not create its database.', { details: result.tail, hint: AGAIN });
		await rename(unfinished, install.emptyUserFolder);
	});
}

/**
 * Copies the empty database and the built package to a new user folder.
 *
 * @param {object} from
 * @param {N8nInstall} from.install
 * @param {string} from.packedNodes What `buildPackage` returned.
 * @param {string} to The user folder, which must exist.
 */
export async function prepareUserFolder({ install, packedNodes }, to) {
	await cp(install.emptyUserFolder, to, { recursive: true });
	await cp(packedNodes, path.join(to, '.n8n', 'nodes'), { recursive: true });
}

/** Settings of other n8n installs and tools that must not reach this one. */
const FOREIGN_SETTINGS =
	/^(N8N|DB|QUEUE|EXECUTIONS|WEBHOOK|CREDENTIALS|NODES|GENERIC|OFFLOAD|VUE_APP)_|^NODE_(ENV|OPTIONS|PATH)$|^npm_/i;

/**
 * The environment of n8n: this program's own without settings meant for others, and quiet on the network.
 *
 * @param {N8nInstall} install
 * @param {string} userFolder
 * @returns {NodeJS.ProcessEnv}
 */
export function n8nEnvironment({ node, compileCache }, userFolder) {
	// n8n starts its task runner with the first `node` there is.
	const env = pathStartingWith(path.dirname(node));
	for (const name of Object.keys(process.env)) if (FOREIGN_SETTINGS.test(name)) env[name] = undefined;
	const noProxy = [process.env['NO_PROXY'] ?? process.env['no_proxy'], '127.0.0.1', 'localhost']
		.filter(Boolean)
		.join(',');
	return {
		...env,
		NO_PROXY: noProxy,
		no_proxy: noProxy,
		NODE_COMPILE_CACHE: compileCache,
		N8N_USER_FOLDER: userFolder,
		N8N_DIAGNOSTICS_ENABLED: 'false',
		N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
		N8N_TEMPLATES_ENABLED: 'false',
		N8N_PERSONALIZATION_ENABLED: 'false',
		N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED: 'false',
		N8N_VERIFIED_PACKAGES_ENABLED: 'false',
		N8N_DYNAMIC_BANNERS_ENABLED: 'false',
		N8N_HIRING_BANNER_ENABLED: 'false',
		N8N_LICENSE_AUTO_RENEW_ENABLED: 'false',
		N8N_PYTHON_ENABLED: 'false',
		// Modules that nothing here uses and that ask servers on the internet when they start.
		N8N_DISABLED_MODULES: 'agent-evals,agents,chat-hub,instance-ai,mcp,mcp-registry',
	};
}

// ---------------------------------------------------------------------------------------------------------- helpers

/**
 * Keeps two installs of one folder apart, also those of two terminals.
 *
 * @param {string} folder
 * @param {Progress} progress
 * @param {() => Promise<void>} work
 */
async function exclusively(folder, progress, work) {
	const lock = path.join(folder, '.cache', 'installing');
	const mine = `${lock}-${process.pid}`;
	await mkdir(path.dirname(lock), { recursive: true });
	await writeFile(mine, String(process.pid));
	for (let told = false; ;) {
		try {
			// A link appears with its content: nobody ever reads an empty lock.
			await link(mine, lock);
			break;
		} catch (error) {
			if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
		}
		const owner = Number(await readFile(lock, 'utf8').catch(() => '0'));
		if (!isRunning(owner)) {
			await rm(lock, { force: true });
			continue;
		}
		if (!told) progress.say(`  Process ${owner} is installing into ${folder}: waiting for it.`);
		told = true;
		await sleep(LOCK_POLL_MS);
	}
	await rm(mine);
	const forget = onExit(() => rm(lock, { force: true }));
	try {
		await work();
	} finally {
		forget();
		await rm(lock, { force: true });
	}
}

/** @param {number} pid */
function isRunning(pid) {
	if (!Number.isInteger(pid) || pid <= 0) return false;
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		// Another user's process: it exists.
		return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
	}
}

/**
 * @param {string} file
 * @returns {Promise<unknown>} Nothing when the file is missing or is not JSON, as after an interrupted write.
 */
async function readJson(file) {
	try {
		return JSON.parse(await readFile(file, 'utf8'));
	} catch {
		return undefined;
	}
}

/**
 * @param {string} file
 * @param {unknown} value
 */
async function writeJson(file, value) {
	await writeFile(`${file}.new`, `${JSON.stringify(value, undefined, '\t')}\n`);
	await rename(`${file}.new`, file);
}
