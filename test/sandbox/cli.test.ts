import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

import { startSandbox } from '../../sandbox/server';
import { runCli, UsageError } from '../../sandbox/server/cli';

async function outputOf(...args: string[]): Promise<string> {
	let output = '';
	const sandbox = await runCli(args, (text) => (output += text));
	await sandbox?.close();
	return output;
}

test('prints what a person needs', async () => {
	const output = await outputOf('--port', '0');
	expect(output).toMatch(/^Sandbox is ready at http:\/\/127\.0\.0\.1:\d+\n/);
	for (const text of ['rt_test_sandbox', 'sk_sandbox', '/_sandbox', 'Ctrl-C']) expect(output).toContain(text);
});

test.each(['--help', '-h'])('shows its help with %s', async (flag) => {
	const output = await outputOf(flag);
	for (const text of ['--port', '4010', '--host', '127.0.0.1', '--speed']) expect(output).toContain(text);
});

test.each([
	[['--port', 'many'], '--port must be a number from 0 to 65535, got "many"'],
	[['--port', '70000'], '--port must be a number from 0 to 65535, got "70000"'],
	[['--speed', '0'], '--speed must be a number above 0, got "0"'],
	[['--colour', 'red'], '--colour'],
	[['extra'], 'extra'],
	[['--port', '0', '--host', '192.0.2.1'], 'This machine has no address 192.0.2.1'],
])('refuses %j', async (args, message) => {
	await expect(outputOf(...args)).rejects.toThrow(UsageError);
	await expect(outputOf(...args)).rejects.toThrow(message);
});

test('lets sandbox time pass faster', async () => {
	const sandbox = await runCli(['--port', '0', '--speed', '100000'], () => undefined);
	try {
		const began = sandbox?.now() ?? NaN;
		await new Promise((resume) => setTimeout(resume, 20));
		expect((sandbox?.now() ?? NaN) - began).toBeGreaterThan(1_000_000);
	} finally {
		await sandbox?.close();
	}
});

describe('as a process', () => {
	const running = new Set<ChildProcess>();

	interface Cli {
		child: ChildProcess;
		output: () => string;
		errors: () => string;
		/** Exit code, or the signal that ended it. */
		end: Promise<number | string | null>;
	}

	function start(...args: string[]): Cli {
		const child = spawn(process.execPath, ['--import', 'tsx', 'sandbox/server/main.ts', ...args], {
			cwd: resolve(__dirname, '../..'),
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		running.add(child);
		let output = '';
		let errors = '';
		child.stdout.on('data', (text: Buffer) => (output += String(text)));
		child.stderr.on('data', (text: Buffer) => (errors += String(text)));
		const end = once(child, 'close').then(([code, signal]: Array<number | string | null>) => {
			running.delete(child);
			return code ?? signal ?? null;
		});
		return { child, output: () => output, errors: () => errors, end };
	}

	async function ready({ child, output, errors }: Cli): Promise<string> {
		while (child.exitCode === null) {
			const url = /ready at (http:\S+)\n[^]*Ctrl-C/.exec(output())?.[1];
			if (url !== undefined) return url;
			await new Promise((resume) => setTimeout(resume, 20));
		}
		throw new Error(`the sandbox ended: ${errors()}`);
	}

	afterEach(async () => {
		for (const child of running) {
			child.kill('SIGKILL');
			await once(child, 'close');
		}
	});

	test.each(['SIGINT', 'SIGTERM'] as const)('stops on %s, with a hanging request', async (signal) => {
		const cli = start('--port', '0');
		const url = await ready(cli);
		const fault = { path: '/**', hang: true };
		await fetch(`${url}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(fault) });
		const hanging = fetch(`${url}/v1/jobs`).then(
			() => 'answered',
			() => 'broken',
		);
		const hangs = async (): Promise<boolean> => {
			const { requests } = (await (await fetch(`${url}/_sandbox`)).json()) as { requests: number };
			return requests === 1;
		};
		while (!(await hangs())) await new Promise((resume) => setTimeout(resume, 5));
		cli.child.kill(signal);
		expect(await cli.end).toBe(0);
		expect(await hanging).toBe('broken');
		expect(cli.errors()).toBe('');
	});

	test('says that the port is taken, what to do, and ends with 2', async () => {
		const sandbox = await startSandbox();
		try {
			const cli = start('--port', String(sandbox.port));
			expect(await cli.end).toBe(2);
			expect(cli.errors()).toBe(
				`Port ${sandbox.port} on 127.0.0.1 is already in use. ` +
					'Stop the other program or choose another port with --port.\n',
			);
			expect(cli.output()).toBe('');
		} finally {
			await sandbox.close();
		}
	});
});
