import { spawn } from 'node:child_process';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { explain, Failure } from './failure.mjs';

/** Oldest major version of Node.js these scripts are tested with. */
const OLDEST_NODE = 20;

/** How long a child may take to end by itself before it is killed, in ms, where it does not say otherwise. */
const STOP_GRACE_MS = 2_000;

/** How many lines of a child's output are kept in memory to be shown when it fails. */
const TAIL_LINES = 200;

/** @typedef {() => unknown | Promise<unknown>} CleanUp */

/** @type {Set<CleanUp>} */
const cleanUps = new Set();
let leaving = false;

/**
 * Registers something to undo before this program ends, however it ends. The newest is undone first.
 *
 * @param {CleanUp} cleanUp
 * @returns {() => void} Forgets the clean-up again.
 */
export function onExit(cleanUp) {
	cleanUps.add(cleanUp);
	return () => cleanUps.delete(cleanUp);
}

async function cleanUpAll() {
	for (const cleanUp of [...cleanUps].reverse()) {
		cleanUps.delete(cleanUp);
		try {
			await cleanUp();
		} catch (error) {
			console.error(explain(error));
		}
	}
}

/**
 * Runs a program's main function: prints failures in plain words, cleans up on every way out, Ctrl-C included, and
 * sets the exit code.
 *
 * @param {() => Promise<number | void>} main Returns the exit code; nothing means 0.
 */
export function runMain(main) {
	const major = Number(process.versions.node.split('.')[0]);
	if (major < OLDEST_NODE) {
		console.error(`Node.js ${OLDEST_NODE} or newer is needed, this is ${process.version}.`);
		process.exit(1);
	}
	/** @param {number} code */
	const leave = async (code) => {
		if (leaving) return;
		leaving = true;
		await cleanUpAll();
		process.exit(code);
	};
	const signals = /** @type {const} */ ([
		['SIGINT', 130],
		['SIGTERM', 143],
		['SIGHUP', 129],
	]);
	for (const [signal, code] of signals) {
		process.on(signal, () => {
			if (!leaving) process.stderr.write('\nStopping …\n');
			void leave(code);
		});
	}
	main().then(
		(code) => leave(code ?? 0),
		(error) => {
			if (!leaving) console.error(`\n${explain(error)}`);
			return leave(1);
		},
	);
}

/** Whether the program is already on its way out, so that a child that dies now is no news. */
export function isLeaving() {
	return leaving;
}

/**
 * A new temporary folder that disappears when the program ends.
 *
 * @param {string} label Part of the folder's name.
 * @returns {Promise<string>}
 */
export async function temporaryFolder(label) {
	const folder = await mkdtemp(path.join(os.tmpdir(), `document-runs-${label}-`));
	onExit(() => removeFolder(folder));
	return folder;
}

/**
 * @param {string} folder
 * @returns {Promise<void>}
 */
export async function removeFolder(folder) {
	await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/**
 * How to start npm without a shell: the npm that started this script, or the one that came with this Node.js.
 *
 * @returns {{ command: string, args: string[] }}
 */
export function npmCommand() {
	const bin = path.dirname(process.execPath);
	const candidates = [
		process.env['npm_execpath'],
		path.join(bin, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
		path.join(bin, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
		'/usr/share/nodejs/npm/bin/npm-cli.js',
	];
	const cli = candidates.find((file) => file?.endsWith('npm-cli.js') && existsSync(file));
	if (!cli) {
		throw new Failure('npm was not found.', {
			hint: 'Start this through npm, for example with `npm run demo`.',
		});
	}
	return { command: process.execPath, args: [cli] };
}

/**
 * @typedef {object} RunOptions
 * @property {string} cwd
 * @property {NodeJS.ProcessEnv} [env] Added to this program's environment; `undefined` removes a variable.
 * @property {'inherit' | 'collect'} [output] `inherit` shows the child's output, `collect` (default) keeps its end.
 * @property {(line: string) => void} [onLine] Called for each collected line.
 * @property {string} [logFile] Where all of the collected output is written as well.
 * @property {number} [graceMs] How long it may take to end by itself when it is stopped, before it is killed.
 */

/**
 * Runs a program to its end.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} options
 * @returns {Promise<{ code: number, tail: string }>} `tail`: the last lines it wrote.
 */
export async function run(command, args, options) {
	const child = new Child(command, args, { output: 'collect', ...options });
	const code = await child.ended;
	return { code, tail: child.tail() };
}

/**
 * Runs npm to its end.
 *
 * @param {string[]} args
 * @param {RunOptions} options
 */
export async function npm(args, options) {
	const { command, args: first } = npmCommand();
	return await run(command, [...first, ...args], options);
}

/** A running program, stopped at the latest when this one ends. */
export class Child {
	/** @type {string[]} */
	#lines = [];
	#over = false;
	#graceMs;

	/**
	 * @param {string} command
	 * @param {string[]} args
	 * @param {RunOptions} options
	 */
	constructor(command, args, options) {
		this.#graceMs = options.graceMs ?? STOP_GRACE_MS;
		const env = { ...process.env, ...options.env };
		for (const name of Object.keys(env)) if (env[name] === undefined) delete env[name];
		const inherit = options.output === 'inherit';
		this.process = spawn(command, args, {
			cwd: options.cwd,
			env,
			stdio: inherit ? 'inherit' : ['ignore', 'pipe', 'pipe'],
			windowsHide: true,
		});
		const log = options.logFile ? createWriteStream(options.logFile, { flags: 'a' }) : undefined;
		for (const stream of [this.process.stdout, this.process.stderr]) {
			if (!stream) continue;
			stream.setEncoding('utf8');
			let rest = '';
			stream.on('data', (chunk) => {
				log?.write(chunk);
				const parts = (rest + chunk).split(/\r?\n/);
				rest = parts.pop() ?? '';
				for (const line of parts) this.#keep(line, options.onLine);
			});
			stream.on('end', () => {
				if (rest !== '') this.#keep(rest, options.onLine);
			});
		}
		const forget = onExit(() => this.stop());
		/** @type {Promise<number>} Exit code; 128 when a signal ended it. */
		this.ended = new Promise((resolve, reject) => {
			/** @param {() => void} settle */
			const end = (settle) => {
				this.#over = true;
				forget();
				log?.end();
				settle();
			};
			this.process.once('error', (error) =>
				end(() => reject(new Failure(`${command} could not be started: ${error.message}`))),
			);
			this.process.once('close', (code) => end(() => resolve(code ?? 128)));
		});
		this.ended.catch(() => undefined);
	}

	/**
	 * @param {string} line
	 * @param {((line: string) => void) | undefined} onLine
	 */
	#keep(line, onLine) {
		this.#lines.push(line);
		if (this.#lines.length > TAIL_LINES) this.#lines.shift();
		onLine?.(line);
	}

	/** Whether it has ended. */
	get over() {
		return this.#over;
	}

	/**
	 * The last lines it wrote.
	 *
	 * @param {number} [lines]
	 */
	tail(lines = TAIL_LINES) {
		return this.#lines.slice(-lines).join('\n');
	}

	/** Asks it to end, and kills it when it takes too long. */
	async stop() {
		if (this.#over) return;
		const { pid } = this.process;
		if (process.platform === 'win32' && pid !== undefined) {
			// Windows has no signals: without its tree, n8n's task runner would stay behind.
			spawn('taskkill', ['/pid', String(pid), '/t', '/f'], { stdio: 'ignore', windowsHide: true });
		} else {
			this.process.kill('SIGTERM');
		}
		const killer = setTimeout(() => this.process.kill('SIGKILL'), this.#graceMs);
		await this.ended.catch(() => undefined);
		clearTimeout(killer);
	}
}
