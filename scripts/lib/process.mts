import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { execa, type Options, type ResultPromise } from 'execa';
import { Listr, type ListrTask } from 'listr2';
import pWaitFor from 'p-wait-for';
import { Failure, lastLines, stopping } from './main.mjs';
import { NPM_CI, packagesOf } from './setup.mjs';

/** Timeout of one request to a server that starts, in ms. */
const ANSWER_TIMEOUT_MS = 30_000;

/** How often a server that starts is polled, in ms. */
const READY_POLL_MS = 250;

/** The progress of an install is shown every so many packages. */
const PACKAGES_PER_NOTE = 100;

/** Runs a program, which ends with this one. Its output is kept for the error message. */
export const run = execa({
	stdin: 'ignore',
	all: true,
	cancelSignal: stopping,
	forceKillAfterDelay: 2_000,
	windowsHide: true,
});

/** Runs Node.js with input and output of this program. Returns its exit code. */
export async function show(args: string[], options: Options = {}): Promise<number> {
	const visible: Options = {
		stdin: 'inherit',
		stdout: 'inherit',
		stderr: 'inherit',
		all: false,
		reject: false,
	};
	const { exitCode } = await run(process.execPath, args, { ...options, ...visible });
	return exitCode ?? 1;
}

/** Runs tasks one after the other and shows which one is running. */
export async function runTasks(tasks: ListrTask[]): Promise<void> {
	await new Listr(tasks, { registerSignalListeners: false, fallbackRenderer: 'simple' }).run();
}

/** Installs a folder's packages from its lock file, with progress in `task`. */
export async function npmCi(folder: string, task: { output: string }): Promise<void> {
	const total = Object.keys(await packagesOf(`${folder}/package-lock.json`)).length;
	const npm = run('npm', [...NPM_CI, '--no-progress', '--loglevel=http'], { cwd: folder });
	let archives = 0;
	for await (const line of npm.iterable({ from: 'all' })) {
		if (!/\bhttp (fetch|cache) .*\.tgz\b/.test(line) || ++archives % PACKAGES_PER_NOTE > 0) continue;
		task.output = `${archives} of about ${total} packages`;
	}
}

export type CommandLine = [file: string, args: string[], options: Options];

interface ServerPlan {
	/** For messages. */
	name: string;
	/** Its origin. */
	url: string;
	/** Paths that return 2xx once it is ready, or another way to ask. */
	ready: string[] | (() => Promise<boolean>);
	/** How long it may take to start. */
	timeoutMs: number;
	logFile: string;
	command: CommandLine;
}

/** A server in its own process. */
export class Server {
	#child: ResultPromise | undefined;
	#reportCrash: (reason: Failure) => void = () => undefined;

	readonly url: string;

	/** Rejects when the process ends without `stop`. */
	readonly crashed = new Promise<never>((_, reject) => (this.#reportCrash = reject));

	constructor(readonly plan: ServerPlan) {
		this.url = plan.url;
		this.crashed.catch(() => undefined);
	}

	/** Starts it and waits until it is ready. */
	async start(): Promise<void> {
		const { name, command, logFile, timeoutMs } = this.plan;
		const [file, args, options] = command;
		const log = { file: logFile, append: true };
		const output: Options = { stdout: log, stderr: log, all: false, buffer: false, reject: false };
		const child = run(file, args, { ...options, ...output });
		this.#child = child;
		const state = { ended: false };
		const watch = async (): Promise<void> => {
			await child;
			state.ended = true;
			if (child !== this.#child) return;
			this.#reportCrash(new Failure(`${name} ended by itself.`, { details: await this.tail() }));
		};
		void watch();
		const fail = async (what: string): Promise<never> => {
			throw new Failure(`${name} ${what}`, { details: await this.tail() });
		};
		await pWaitFor(async () => state.ended || (await this.#isReady()), {
			interval: READY_POLL_MS,
			timeout: { milliseconds: timeoutMs },
		}).catch(() => fail(`did not answer within ${timeoutMs / 1000} s.`));
		if (state.ended) await fail('ended while it was starting.');
	}

	async #isReady(): Promise<boolean> {
		const { ready } = this.plan;
		if (typeof ready === 'function') return await ready();
		for (const place of ready) {
			const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
			const response = await fetch(this.url + place, { signal }).catch(() => undefined);
			await response?.body?.cancel();
			if (!response?.ok) return false;
		}
		return true;
	}

	/** Ends it by a signal. Returns its exit code; there is none when it was not running or was killed. */
	async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | undefined> {
		const child = this.#child;
		this.#child = undefined;
		if (!child) return undefined;
		// Windows has no signals: without /t, n8n's task runner would go on.
		if (process.platform === 'win32')
			await run('taskkill', ['/pid', String(child.pid), '/t', '/f'], { reject: false });
		child.kill(signal);
		return (await child).exitCode;
	}

	async restart(): Promise<void> {
		await this.stop();
		await this.start();
	}

	/** The last lines of its log. */
	async tail(): Promise<string> {
		const { logFile } = this.plan;
		return existsSync(logFile) ? lastLines(await readFile(logFile, 'utf8')) : '';
	}
}
