import { mkdtemp, readFile, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

import { port } from '../../scripts/lib/command-line.mjs';
import { explain, Failure } from '../../scripts/lib/main.mjs';
import type { Workflow } from '../../scripts/lib/n8n-client.mjs';
import { run, Server } from '../../scripts/lib/process.mjs';
import { choosePorts, LOOPBACK } from '../../scripts/lib/stack.mjs';
import { exampleNames, fillIn, readExample } from '../../scripts/lib/workflows.mjs';

// What the scripts are made of, as far as the demo and the other tests here do not show it.

describe('ports', () => {
	let server: net.Server;
	let taken: number;

	beforeEach(async () => {
		server = net.createServer();
		await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
		taken = (server.address() as net.AddressInfo).port;
	});

	afterEach(async () => {
		await new Promise((resolve) => server.close(resolve));
	});

	test('a port that was asked for is never replaced by another', async () => {
		await expect(choosePorts({ sandbox: taken })).rejects.toThrow(`Port ${String(taken)} is in use.`);
	});

	test('a port that this program needs itself counts as taken', async () => {
		// Not 5678 itself: the n8n of the other tests may be on it.
		const wanted = (await choosePorts({})).editor;
		const { editor, sandbox, broker } = await choosePorts({ sandbox: wanted });

		expect(sandbox).toBe(wanted);
		expect(new Set([editor, sandbox, broker]).size).toBe(3);
	});

	test('what is no port number is refused', () => {
		expect(port('4010')).toBe(4010);
		for (const text of ['', '0', '65536', '-1', '80.5', 'http']) {
			expect(() => port(text)).toThrow('It must be a whole number from 1 to 65535.');
		}
	});
});

describe('child processes', () => {
	let folder: string;

	beforeEach(async () => {
		folder = await mkdtemp(path.join(os.tmpdir(), 'scripts-test-'));
	});

	afterEach(async () => {
		await rm(folder, { recursive: true });
	});

	const serverThat = (script: string, url = `http://${LOOPBACK}:1`, ready: string[] = []) =>
		new Server({
			name: 'The server',
			url,
			ready,
			timeoutMs: 10_000,
			logFile: path.join(folder, 'log'),
			command: [process.execPath, ['-e', script], { forceKillAfterDelay: 200 }],
		});

	test('a program that fails is explained by its last lines', async () => {
		const script = 'console.log("first"); console.error("second"); process.exitCode = 3;';
		const error: unknown = await run(process.execPath, ['-e', script]).catch((thrown: unknown) => thrown);

		expect(explain(error)).toMatch(/^first\nsecond\nCommand failed with exit code 3/);
	});

	test('a failure says what to do, and nothing of the code', () => {
		const failure = new Failure('It broke.', { details: 'log\n', hint: 'Repair it.' });

		expect(explain(failure)).toBe('log\nIt broke.\nRepair it.');
	});

	test('a server that ends while it starts is a failure with its last lines', async () => {
		const server = serverThat('console.error("no database")', undefined, ['/']);

		await expect(server.start()).rejects.toThrow(/no database\nThe server ended while it was starting\./);
	});

	test('a server that does not end when it is asked to is killed, and that is no crash', async () => {
		const deaf = 'process.on("SIGTERM", () => console.log("asked")); setInterval(() => {}, 1000);';
		const server = serverThat(deaf);
		let crashed = false;
		server.crashed.catch(() => (crashed = true));
		await server.start();

		await server.stop();

		expect(crashed).toBe(false);
		expect(await readFile(path.join(folder, 'log'), 'utf8')).toMatch(/^(?:asked)?\s*$/);
	});
});

test.each(exampleNames())('the example %s holds no credential and explains itself', async (name) => {
	const { nodes } = await readExample(name);

	expect(nodes.filter((node) => 'credentials' in node)).toEqual([]);
	expect(nodes.filter((node) => node.type === 'n8n-nodes-base.stickyNote').length).toBeGreaterThan(2);
});

describe('an example with credentials filled in', () => {
	const workflow: Workflow = {
		name: 'Example',
		nodes: [
			node('Create', 'n8n-nodes-base.httpRequest', {
				url: 'https://api.extend.ai/extract_runs',
				nodeCredentialType: 'extendApi',
			}),
			node('Guard', 'n8n-nodes-document-runs.timeoutCancel', { provider: 'extend', timeout: 60 }),
			node('Other Site', 'n8n-nodes-base.httpRequest', { url: 'https://example.com/' }),
		],
		connections: {},
	};
	const credential = { id: 'c1', name: 'Mine', type: 'extendApi', data: {} };

	test('each node gets the credential it asks for, and requests go to the sandbox', () => {
		const { nodes } = fillIn(workflow, {
			credentials: [credential],
			apiUrl: 'http://127.0.0.1:4010',
			parameters: { Guard: { timeout: 3 } },
		});

		expect(nodes).toMatchObject([
			{
				parameters: { url: 'http://127.0.0.1:4010/extract_runs' },
				credentials: { extendApi: { id: 'c1', name: 'Mine' } },
			},
			{
				parameters: { provider: 'extend', timeout: 3 },
				credentials: { extendApi: { id: 'c1', name: 'Mine' } },
			},
			{ parameters: { url: 'https://example.com/' } },
		]);
		expect(nodes[2]).not.toHaveProperty('credentials');
	});

	test('a changed parameter of a node that is not there is a mistake', () => {
		const choices = { credentials: [], apiUrl: 'http://127.0.0.1:4010', parameters: { Gone: {} } };

		expect(() => fillIn(workflow, choices)).toThrow('The workflow "Example" has no node "Gone".');
	});

	function node(name: string, type: string, parameters: Record<string, unknown>): Workflow['nodes'][number] {
		return { name, type, typeVersion: 1, position: [0, 0], parameters };
	}
});
