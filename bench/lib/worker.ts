import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** What a worker can be asked to do: one argument in, one answer out, both as JSON. */
export type Calls<T> = { [Name in keyof T]: (argument: never) => Promise<unknown> };

type Argument<T, Name extends keyof T> = T[Name] extends (argument: infer A) => unknown ? A : never;
type Answer<T, Name extends keyof T> = T[Name] extends (argument: never) => Promise<infer R> ? R : never;

/** A process of its own: what it does shares neither event loop nor heap with anything else. */
export interface Worker<T extends Calls<T>> {
	call<Name extends keyof T & string>(name: Name, argument: Argument<T, Name>): Promise<Answer<T, Name>>;
	close(): Promise<void>;
}

interface Question {
	id: number;
	name: string;
	argument: unknown;
}

type Reply = { id: number; value: unknown } | { id: number; error: string };

/** A call that takes longer hangs: its worker is killed, and the benchmark fails. */
const CALL_TIMEOUT_MS = 5 * 60_000;

/** Starts `bench/<file>` in a process that ends with this one at the latest. */
export function startWorker<T extends Calls<T>>(file: string): Worker<T> {
	const child = fork(join(__dirname, '..', file), {
		execArgv: ['--import', 'tsx', '--expose-gc'],
		stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
	});
	const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
	let last = 0;
	child.on('message', (reply: Reply) => {
		const asked = waiting.get(reply.id);
		waiting.delete(reply.id);
		if ('error' in reply) asked?.reject(new Error(`${file}: ${reply.error}`));
		else asked?.resolve(reply.value);
	});
	child.once('exit', (code) => {
		for (const { reject } of waiting.values()) reject(new Error(`${file} ended with code ${code}`));
		waiting.clear();
	});

	return {
		async call(name, argument) {
			const id = ++last;
			let timer: NodeJS.Timeout | undefined;
			const answered = new Promise<unknown>((resolve, reject) => {
				waiting.set(id, { resolve, reject });
				timer = setTimeout(() => {
					reject(new Error(`${file}: ${name} did not end within ${CALL_TIMEOUT_MS / 1_000} s`));
					child.kill('SIGKILL');
				}, CALL_TIMEOUT_MS);
				child.send({ id, name, argument } satisfies Question);
			});
			try {
				return (await answered) as never;
			} finally {
				clearTimeout(timer);
			}
		},
		close: () => ended(child),
	};
}

async function ended(child: ChildProcess): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const exited = once(child, 'exit');
	if (child.connected) child.disconnect();
	await exited;
}

/** The other side: answers the calls of the process that started this one, and ends with it. */
export function serve<T extends Calls<T>>(handlers: T): void {
	process.once('disconnect', () => process.exit());
	process.on('message', ({ id, name, argument }: Question) => {
		const handler = handlers[name as keyof T];
		handler(argument as never).then(
			(value) => process.send?.({ id, value } satisfies Reply),
			(error: unknown) =>
				process.send?.({
					id,
					error: error instanceof Error ? (error.stack ?? error.message) : String(error),
				} satisfies Reply),
		);
	});
}
