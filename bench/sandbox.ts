import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { request } from 'undici';

/** The sandbox in a process of its own, so that it does not share an event loop with what is measured. */
export interface RemoteSandbox {
	url: string;
	retabKey: string;
	extendKey: string;
	reset(): Promise<void>;
	/** Creates `count` runs and gives back their ids; `seed` as in sandbox/README.md. */
	createRuns(count: number, seed: object): Promise<string[]>;
	requests(): Promise<ReceivedRequest[]>;
	close(): Promise<void>;
}

export interface ReceivedRequest {
	/** Unix milliseconds. */
	time: number;
	method: string;
	path: string;
	/** Bytes received. */
	bodySize: number;
	/** Null while there is no answer. */
	status: number | null;
}

export async function launchSandbox(): Promise<RemoteSandbox> {
	const main = join(__dirname, '..', 'sandbox', 'server', 'main.ts');
	const child = spawn(process.execPath, ['--import', 'tsx', main, '--port', '0'], {
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	const [ready] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
	const base = /http:\/\/\S+/.exec(ready)?.[0];
	if (!base) throw new Error(`The sandbox did not start: ${ready}`);

	const call = async <T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> => {
		const response = await request(`${base}${path}`, {
			method,
			headers: { 'content-type': 'application/json' },
			body: body === undefined ? undefined : JSON.stringify(body),
		});
		const text = await response.body.text();
		if (response.statusCode > 299) throw new Error(`${path} answered ${response.statusCode}: ${text}`);
		return (text === '' ? undefined : JSON.parse(text)) as T;
	};

	return {
		url: base,
		retabKey: 'rt_test_sandbox',
		extendKey: 'sk_sandbox',
		reset: async () => {
			await call('POST', '/_sandbox/reset', {});
		},
		createRuns: async (count, seed) =>
			(await call<{ ids: string[] }>('POST', '/_sandbox/runs', { ...seed, count })).ids,
		requests: async () =>
			(await call<{ data: ReceivedRequest[] }>('GET', '/_sandbox/requests?limit=100000')).data,
		close: async () => {
			const exited = once(child, 'exit');
			child.kill('SIGTERM');
			await exited;
		},
	};
}
