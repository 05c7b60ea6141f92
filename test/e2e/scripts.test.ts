import net from 'node:net';

import { Failure } from '../../scripts/lib/failure.mjs';
import { choosePort, isFree, LOOPBACK, parsePort } from '../../scripts/lib/ports.mjs';
import { Child, run } from '../../scripts/lib/process.mjs';
import type { Workflow } from '../../scripts/lib/real-n8n.mjs';
import { formatTable } from '../../scripts/lib/table.mjs';
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

	const wish = { what: 'the sandbox', flag: '--sandbox-port' };

	test('the usual port is in use: the next free one is taken, and the user is told', async () => {
		const said: string[] = [];
		const port = await choosePort({
			...wish,
			usual: taken,
			asked: undefined,
			say: (text) => said.push(text),
		});

		expect(port).toBeGreaterThan(taken);
		expect(await isFree(port)).toBe(true);
		expect(said).toEqual([`Port ${String(taken)} is in use: the sandbox takes ${String(port)}.`]);
	});

	test('a port that was asked for is never replaced by another', async () => {
		await expect(choosePort({ ...wish, usual: 4010, asked: taken })).rejects.toThrow(
			`Port ${String(taken)}, asked for with --sandbox-port, is in use.`,
		);
	});

	test('a port that this program needs itself counts as taken', async () => {
		const free = await choosePort({ ...wish, usual: taken, asked: undefined });

		expect(await choosePort({ ...wish, usual: free, asked: undefined, taken: [free] })).toBeGreaterThan(free);
	});

	test('what is no port number is refused', () => {
		expect(parsePort('4010', '--port')).toBe(4010);
		expect(parsePort(undefined, '--port')).toBeUndefined();
		for (const text of ['', '0', '65536', '-1', '80.5', 'http']) {
			expect(() => parsePort(text, '--port')).toThrow(Failure);
		}
	});
});

describe('child processes', () => {
	test('the exit code and the last lines are known', async () => {
		const script = 'console.log("first"); console.error("second"); process.exitCode = 3;';

		expect(await run(process.execPath, ['-e', script], { cwd: '.' })).toEqual({
			code: 3,
			tail: 'first\nsecond',
		});
	});

	test('a program that does not exist is an error in plain words', async () => {
		await expect(run('no-such-program', [], { cwd: '.' })).rejects.toThrow(
			/no-such-program could not be started/,
		);
	});

	test('one that does not end when it is asked to is killed', async () => {
		const deaf = 'process.on("SIGTERM", () => {}); console.log("ready"); setInterval(() => {}, 1000);';
		let ready = (): void => undefined;
		const started = new Promise<void>((resolve) => (ready = resolve));
		const child = new Child(process.execPath, ['-e', deaf], {
			cwd: '.',
			graceMs: 200,
			onLine: () => ready(),
		});
		await started;

		await child.stop();

		expect(child.over).toBe(true);
	});
});

test('a table is as wide as its widest cells', () => {
	expect(formatTable(['Run', 'Outcome'], [['extraction', 'completed'], ['job']])).toBe(
		['Run         Outcome', '----------  ---------', 'extraction  completed', 'job'].join('\n'),
	);
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
