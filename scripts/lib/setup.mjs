import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, stopping } from './main.mjs';
import { PROJECT_ROOT } from './paths.mjs';

/** How often the lock of another process is checked, in ms. */
const LOCK_POLL_MS = 1000;

export const NPM_CI = ['ci', '--ignore-scripts', '--include=dev'];
export const AGAIN = 'Run the same command again: what is installed already is kept.';

/** Installs the project's own dependencies when they are missing, incomplete or older than the lock file. */
export async function installProject() {
	await installOnce(PROJECT_ROOT, async () => {
		console.log("Installing the project's dependencies …");
		const options = { cwd: PROJECT_ROOT, shell: process.platform === 'win32', signal: stopping };
		const [code] = await once(spawn('npm', NPM_CI, { ...options, stdio: 'inherit' }), 'close');
		if (code !== 0) throw new Failure('npm ci failed.', { hint: AGAIN });
	});
}

/**
 * Installs a folder's packages unless they are installed already.
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
 * npm writes `node_modules/.package-lock.json` only when an install is complete: comparing it with the lock file finds an
 * interrupted or outdated install.
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
		// The lock file also lists packages for other systems, which npm does not install.
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
 * Only one process at a time installs into a folder.
 *
 * @param {string} folder
 * @param {() => Promise<void>} work
 */
export async function exclusively(folder, work) {
	const lock = path.join(folder, '.cache', 'installing');
	const mine = `${lock}-${process.pid}`;
	await mkdir(path.dirname(lock), { recursive: true });
	await writeFile(mine, String(process.pid));
	// Unlike a file that is written, a link always has its content.
	const acquire = async () => await link(mine, lock).catch(() => 'taken');
	for (let told = false; await acquire();) {
		const owner = Number(await readFile(lock, 'utf8').catch(() => '0'));
		if (!isRunning(owner)) {
			await rm(lock, { force: true });
			continue;
		}
		if (!told) console.log(`Process ${owner} is installing into ${folder}: waiting for it.`);
		told = true;
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
		// EPERM: a process of another user.
		return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
	}
}
