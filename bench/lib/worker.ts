import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { createBirpc } from 'birpc';

/** The functions of a worker, with one argument each. */
export type Calls<T> = { [Name in keyof T]: (argument: never) => Promise<unknown> };

type Argument<T, Name extends keyof T> = T[Name] extends (argument: infer A) => unknown ? A : never;
type Answer<T, Name extends keyof T> = T[Name] extends (argument: never) => Promise<infer R> ? R : never;

/** A process with its own event loop and heap. */
export interface Worker<T extends Calls<T>> {
	call<Name extends keyof T & string>(name: Name, argument: Argument<T, Name>): Promise<Answer<T, Name>>;
	close(): Promise<void>;
}

/** After this time the worker is killed, and the benchmark fails. */
const CALL_TIMEOUT_MS = 5 * 60_000;

/** Starts `bench/<file>` in a process that ends with this one. */
export function startWorker<T extends Calls<T>>(file: string): Worker<T> {
	const child = fork(join(__dirname, '..', file), {
		execArgv: ['--import', 'tsx', '--expose-gc'],
		stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
		serialization: 'advanced',
	});
	const ended = once(child, 'exit');
	const rpc = createBirpc<Record<string, (argument: unknown) => unknown>>(
		{},
		{
			post: (message: object) => child.send(message),
			on: (listener) => child.on('message', listener),
			timeout: CALL_TIMEOUT_MS,
			onTimeoutError: () => void child.kill('SIGKILL'),
		},
	);
	child.once('exit', (code) => {
		rpc.$close(new Error(`${file} ended with code ${code}`));
	});
	return {
		call: async (name, argument) => (await rpc.$call(name, argument)) as never,
		async close() {
			if (child.connected) child.disconnect();
			await ended;
		},
	};
}

/** In the worker: answers calls, and ends with the process that started it. */
export function serve<T extends Calls<T>>(handlers: T): void {
	process.once('disconnect', () => process.exit());
	createBirpc(handlers, {
		post: (message: object) => process.send?.(message),
		on: (listener) => process.on('message', listener),
	});
}
