import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { Listr } from 'listr2';
import pWaitFor from 'p-wait-for';
import { Failure, lastLines, stopping } from './main.mjs';
import { NPM_CI, packagesOf } from './setup.mjs';

/** How long a server may take to answer one request while it starts, in ms. */
const ANSWER_TIMEOUT_MS = 30_000;

/** How often a server that starts is asked whether it is ready, in ms. */
const READY_POLL_MS = 250;

/** How many packages are downloaded between two notes on how far an install is. */
const PACKAGES_PER_NOTE = 100;

/** Runs a program, which ends with this one. What it writes is kept for the message when it fails. */
export const run = execa({
	stdin: 'ignore',
	all: true,
	cancelSignal: stopping,
	forceKillAfterDelay: 2_000,
	windowsHide: true,
});

/**
 * Runs a JavaScript program of the project in view of the user.
 *
 * @param {string[]} args Of Node.js.
 * @param {import('execa').Options} [options]
 * @returns {Promise<number>} Its exit code.
 */
export async function show(args, options = {}) {
	const visible = /** @type {const} */ ({
		stdin: 'inherit',
		stdout: 'inherit',
		stderr: 'inherit',
		all: false,
	});
	const { exitCode } = await run(process.execPath, args, { ...options, ...visible, reject: false });
	return exitCode ?? 1;
}

/**
 * Runs tasks one after the other and shows which one is running and for how long.
 *
 * @param {import('listr2').ListrTask[]} tasks
 */
export async function runTasks(tasks) {
	await new Listr(tasks, { registerSignalListeners: false, fallbackRenderer: 'simple' }).run();
}

/**
 * Installs a folder's packages from its lock file.
 *
 * @param {string} folder
 * @param {{ output: string }} task Told how far it is.
 */
export async function npmCi(folder, task) {
	const total = Object.keys(await packagesOf(`${folder}/package-lock.json`)).length;
	const npm = run('npm', [...NPM_CI, '--no-progress', '--loglevel=http'], { cwd: folder });
	let archives = 0;
	for await (const line of npm.iterable({ from: 'all' })) {
		if (!/\bhttp (fetch|cache) .*\.tgz\b/.test(String(line)) || ++archives % PACKAGES_PER_NOTE > 0) continue;
		task.output = `${archives} of about ${total} packages`;
	}
}

/**
 * @typedef {object} ServerPlan
 * @property {string} name For messages.
 * @property {string} url Its origin.
 * @property {string[]} ready Paths that answer well once it is ready.
 * @property {number} timeoutMs How long it may take to answer after it was started.
 * @property {string} logFile Where what it writes goes.
 * @property {[string, string[], import('execa').Options]} command
 */

/** A server in a process of its own. */
export class Server {
	/** @type {import('execa').ResultPromise | undefined} */
	#child;

	/** @param {ServerPlan} plan */
	constructor(plan) {
		this.plan = plan;
		this.url = plan.url;
		/** Rejects when it ends without having been asked to. */
		this.crashed = new Promise((_, reject) => {
			this.reportCrash = reject;
		});
		this.crashed.catch(() => undefined);
	}

	/** Starts it and waits until it answers. */
	async start() {
		const { name, command, logFile, timeoutMs } = this.plan;
		const [file, args, options] = command;
		const log = { file: logFile, append: true };
		/** @type {import('execa').ResultPromise} */
		const child = run(file, args, {
			...options,
			stdout: log,
			stderr: log,
			all: false,
			buffer: false,
			reject: false,
		});
		this.#child = child;
		let over = false;
		const watch = async () => {
			await child;
			over = true;
			if (child !== this.#child) return;
			this.reportCrash?.(new Failure(`${name} ended by itself.`, { details: await this.tail() }));
		};
		void watch();
		await pWaitFor(async () => over || (await this.#answers()), {
			interval: READY_POLL_MS,
			timeout: { milliseconds: timeoutMs, message: `${name} did not answer within ${timeoutMs / 1000} s.` },
		});
		if (over) throw new Failure(`${name} ended while it was starting.`, { details: await this.tail() });
	}

	async #answers() {
		for (const place of this.plan.ready) {
			const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
			const response = await fetch(this.url + place, { signal }).catch(() => undefined);
			await response?.body?.cancel();
			if (!response?.ok) return false;
		}
		return true;
	}

	/** Stops it in good order, as a restart of the machine would. */
	async stop() {
		const child = this.#child;
		this.#child = undefined;
		if (!child) return;
		// Windows has no signals: without its tree, n8n's task runner would stay behind.
		if (process.platform === 'win32')
			await run('taskkill', ['/pid', String(child.pid), '/t', '/f'], { reject: false });
		child.kill();
		await child;
	}

	async restart() {
		await this.stop();
		await this.start();
	}

	/** The last lines it wrote. */
	async tail() {
		const { logFile } = this.plan;
		return existsSync(logFile) ? lastLines(await readFile(logFile, 'utf8')) : '';
	}
}
