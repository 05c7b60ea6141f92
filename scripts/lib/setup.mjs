import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, stopping } from './main.mjs';
import { PROJECT_ROOT } from './paths.mjs';

/** Pause between two looks at an install that another process is doing, in ms. */
const LOCK_POLL_MS = 1000;

export const NPM_CI = ['ci', '--ignore-scripts', '--include=dev'];
export const AGAIN = 'Run the same command again: what is already there is kept.';

/** Installs the project's own dependencies when they are missing, incomplete or older than the lock file. */
export async function installProject() {
	await installOnce(PROJECT_ROOT, async () => {
		console.log("Installing the project's dependencies …");
		const npm = spawn('npm', NPM_CI, {
			cwd: PROJECT_ROOT,
			stdio: 'inherit',
			shell: process.platform === 'win32',
			signal: stopping,
		});
		const [code] = await once(npm, 'close');
		if (code !== 0) throw new Failure('npm ci failed.', { hint: AGAIN });
	});
}

/**
 * Installs a folder's packages unless they are there already.
 *
 * @param {string} folder
 * @param {() => Promise<void>} install
 */
export async function installOnce(folder, install) {
	if (await isInstalled(folder)) return;
	await exclusively(folder, async () => {
		if (!(await isInstalled(folder))) await install();
	});
}

/**
 * npm writes its own record into `node_modules` only when an install is complete, so the record tells an interrupted
 * or outdated install from a good one, whoever did it.
 *
 * @param {string} folder
 */
export async function isInstalled(folder) {
	const [wanted, found] = await Promise.all([
		packagesOf(path.join(folder, 'package-lock.json')),
		packagesOf(path.join(folder, 'node_modules', '.package-lock.json')).catch(() => undefined),
	]);
	return Object.entries(wanted).every(([place, { version, integrity, optional }]) => {
		if (place === '') return true;
		const entry = found?.[place];
		// Packages for other systems are in the lock file but are rightly not installed.
		if (!entry) return found !== undefined && optional === true;
		return entry.version === version && entry.integrity === integrity;
	});
}

/**
 * @param {string} lockFile
 * @returns {Promise<Record<string, { version?: string, integrity?: string, optional?: boolean }>>}
 */
export async function packagesOf(lockFile) {
	return JSON.parse(await readFile(lockFile, 'utf8')).packages;
}

/**
 * Keeps two installs of one folder apart, also those of two terminals.
 *
 * @param {string} folder
 * @param {() => Promise<void>} work
 */
export async function exclusively(folder, work) {
	const lock = path.join(folder, '.cache', 'installing');
	const mine = `${lock}-${process.pid}`;
	await mkdir(path.dirname(lock), { recursive: true });
	await writeFile(mine, String(process.pid));
	// A link appears with its content: nobody ever reads an empty lock.
	for (
		let told = false;
		!(await link(mine, lock).then(
			() => true,
			() => false,
		));
		told = true
	) {
		const owner = Number(await readFile(lock, 'utf8').catch(() => '0'));
		if (!isRunning(owner)) {
			await rm(lock, { force: true });
			continue;
		}
		if (!told) console.log(`Process ${owner} is installing into ${folder}: waiting for it.`);
		await sleep(LOCK_POLL_MS, undefined, { signal: stopping });
	}
	try {
		await rm(mine);
		await work();
	} finally {
		await rm(lock, { force: true });
	}
}

/** @param {number} pid */
function isRunning(pid) {
	try {
		return pid > 0 && process.kill(pid, 0);
	} catch (error) {
		// Another user's process: it exists.
		return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
	}
}
