import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { INodeExecutionData, INodeParameters } from 'n8n-workflow';

import { createTestInstance, setBinaryDataMode, type TestInstance } from '../test/nodes/support';
import { Extend, ExtendApi, Retab, RetabApi } from './built';
import { EXTEND_KEY, RETAB_KEY } from '../sandbox/server/defaults';
import { table } from './lib/text';
import { startWorker, type Worker } from './lib/worker';
import type { ReceivedRequest, SandboxCalls } from './messages';

/**
 * Memory for the upload of a large document. The file is on disk (n8n's binary data mode `filesystem`) or on a web server in
 * another process; the node streams it to the sandbox in a third one. Measured is the resident memory of this process with
 * n8n's engine: the highest value while the node works minus the value before.
 */
const MB = 1024 * 1024;
const FILE_SIZE = 60 * MB;
const SAMPLE_MS = 5;
const ROUNDS = 3;

interface Way {
	name: string;
	node: 'retab' | 'extend';
	parameters: INodeParameters;
	isUpload: (request: ReceivedRequest) => boolean;
	/** Most bytes that the sandbox receives beside the file: the parts of a form. */
	overhead: number;
	/** Bytes. */
	allowedGrowth: number;
	/** The node downloads the file from a URL. */
	fromWeb?: boolean;
}

const WAYS: Way[] = [
	{
		name: 'Retab, upload route',
		node: 'retab',
		parameters: { resource: 'parse', operation: 'create' },
		isUpload: ({ method }) => method === 'PUT',
		overhead: 0,
		allowedGrowth: 150 * MB,
	},
	{
		name: 'Retab, web address',
		node: 'retab',
		parameters: {
			resource: 'extraction',
			operation: 'create',
			schemaFrom: 'json',
			jsonSchema: '{ "type": "object" }',
		},
		isUpload: ({ method }) => method === 'PUT',
		overhead: 0,
		allowedGrowth: 60 * MB,
		fromWeb: true,
	},
	{
		name: 'Extend, form',
		node: 'extend',
		parameters: { resource: 'parseRun', operation: 'create' },
		isUpload: ({ path }) => path === '/files/upload',
		overhead: 1_024,
		allowedGrowth: 150 * MB,
	},
];

interface Figures {
	before: number;
	highest: number;
	seconds: number;
	received: number;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Resident memory after garbage collection. */
async function restingMemory(): Promise<number> {
	for (let at = 0; at < 3; at++) {
		collectGarbage();
		await delay(50);
	}
	return process.memoryUsage.rss();
}

function instance(url: string): TestInstance {
	return createTestInstance({
		nodes: [Retab, Extend],
		credentialTypes: [RetabApi, ExtendApi],
		credentials: {
			retabApi: { apiKey: RETAB_KEY, baseUrl: url },
			extendApi: { apiKey: EXTEND_KEY, region: 'custom', baseUrl: url },
		},
	});
}

/** The input item and the parameters for its file. */
async function given(
	n8n: TestInstance,
	web: string,
	way: Way,
	size: number,
): Promise<{ item: INodeExecutionData; parameters: INodeParameters }> {
	if (way.fromWeb) {
		const address = { documentSource: 'url', documentUrl: `${web}/${size}/large.pdf` };
		return { item: { json: {} }, parameters: { ...way.parameters, ...address } };
	}
	const file = { content: Buffer.alloc(size, 'x'), fileName: 'large.pdf', mimeType: 'application/pdf' };
	const item = await n8n.binaryItem({}, { data: file });
	const { id } = item.binary?.data ?? {};
	if (!id?.startsWith('filesystem')) throw new Error(`The file is not on disk: ${String(id)}`);
	// Now the file is on disk only.
	file.content = Buffer.alloc(0);
	return { item, parameters: way.parameters };
}

async function upload(sandbox: Worker<SandboxCalls>, web: string, way: Way, size: number): Promise<Figures> {
	const { handle, url } = await sandbox.call('open', { speed: 1, seed: 1, lives: [] });
	const n8n = instance(url);
	const { item, parameters } = await given(n8n, web, way, size);
	const before = await restingMemory();
	let highest = before;
	const sampling = setInterval(() => {
		highest = Math.max(highest, process.memoryUsage.rss());
	}, SAMPLE_MS);
	const result = await n8n.runWorkflow({ node: way.node, parameters, items: [item] });
	clearInterval(sampling);
	if (result.status !== 'success') throw new Error(`${way.name}: ${result.error?.message ?? result.status}`);
	const received = (await sandbox.call('requests', handle))
		.filter((request) => way.isUpload(request) && request.status === 200)
		.reduce((sum, { bodySize }) => sum + bodySize, 0);
	await sandbox.call('close', handle);
	return { before, highest, seconds: result.durationMs / 1_000, received };
}

async function startFileServer(): Promise<{ server: ChildProcess; url: string }> {
	const server = fork(join(__dirname, 'fileServer.mjs'), { execArgv: [] });
	const [port] = (await once(server, 'message')) as [number];
	return { server, url: `http://127.0.0.1:${port}` };
}

async function main(): Promise<void> {
	console.log(`A file of ${FILE_SIZE / MB} MB, ${ROUNDS} rounds each, Node ${process.version}\n`);
	await setBinaryDataMode('filesystem');
	const sandbox = startWorker<SandboxCalls>('server.ts');
	const { server, url } = await startFileServer();
	const rows: string[][] = [];
	let good = true;
	try {
		// Not measured: n8n loads its HTTP client with the first request.
		for (const way of WAYS) await upload(sandbox, url, way, 3 * MB);
		for (const way of WAYS) {
			for (let at = 0; at < ROUNDS; at++) {
				const { before, highest, seconds, received } = await upload(sandbox, url, way, FILE_SIZE);
				const inMb = [before, highest, highest - before].map((bytes) => (bytes / MB).toFixed(1));
				rows.push([way.name, ...inMb, seconds.toFixed(2), String(received)]);
				const extra = received - FILE_SIZE;
				good &&= highest - before <= way.allowedGrowth;
				good &&= extra >= 0 && extra <= way.overhead;
			}
		}
	} finally {
		server.kill();
		await sandbox.close();
	}
	console.log(
		table(['Way', 'Before (MB)', 'Highest (MB)', 'Growth (MB)', 'Seconds', 'Bytes received'], rows),
	);
	const limits = WAYS.map(({ name, allowedGrowth }) => `${name}: ${allowedGrowth / MB} MB`).join(', ');
	console.log(`\n${good ? 'ok' : 'not ok'}: no more growth than allowed (${limits}), every byte received`);
	process.exitCode = good ? 0 : 1;
}

void main();
