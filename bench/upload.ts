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
import { startWorker, type Worker } from './lib/worker';
import type { ReceivedRequest, SandboxCalls } from './messages';

/**
 * How much memory does a large document take on its way to the API?
 *
 * n8n holds the file outside memory (binary data mode `filesystem`), or it is on a web server of another process. The node
 * streams it to the sandbox, which counts the bytes in a process of its own. What counts is the resident memory of this process, n8n's engine included: the highest
 * value while the node works against the value right before.
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
	/** Bytes the sandbox receives beside the file: the head and the tail of a form. */
	overhead: number;
	/** Bytes. */
	allowedGrowth: number;
	/** Whether n8n downloads the file from an address, instead of having it in the item. */
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

/** Resident memory once what earlier rounds left behind is gone. */
async function restingMemory(): Promise<number> {
	for (let at = 0; at < 3; at++) {
		collectGarbage();
		await delay(50);
	}
	return process.memoryUsage.rss();
}

/** n8n with this package, and credentials that lead to the sandbox. */
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

/** The item that the node gets, and the parameters that name its file. */
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
	// From here on the file is on disk only.
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
	console.log('way                    before MB   highest MB   growth MB   seconds   bytes received');
	await setBinaryDataMode('filesystem');
	const sandbox = startWorker<SandboxCalls>('server.ts');
	const { server, url } = await startFileServer();
	let good = true;
	try {
		// n8n loads its HTTP client with the first request: that is not what is measured.
		for (const way of WAYS) await upload(sandbox, url, way, 3 * MB);
		for (const way of WAYS) {
			for (let at = 0; at < ROUNDS; at++) {
				const figures = await upload(sandbox, url, way, FILE_SIZE);
				print(way, figures);
				const extra = figures.received - FILE_SIZE;
				good &&= figures.highest - figures.before <= way.allowedGrowth;
				good &&= extra >= 0 && extra <= way.overhead;
			}
		}
	} finally {
		server.kill();
		await sandbox.close();
	}
	const limits = WAYS.map(({ name, allowedGrowth }) => `${name}: ${allowedGrowth / MB} MB`).join(', ');
	console.log(`\n${good ? 'ok' : 'not ok'}: no more growth than allowed (${limits}), every byte received`);
	process.exitCode = good ? 0 : 1;
}

function print({ name }: Way, { before, highest, seconds, received }: Figures): void {
	const inMb = (bytes: number): string => (bytes / MB).toFixed(1);
	const cells = [
		inMb(before).padStart(9),
		inMb(highest).padStart(13),
		inMb(highest - before).padStart(12),
		seconds.toFixed(2).padStart(10),
		String(received).padStart(17),
	];
	console.log(`${name.padEnd(23)}${cells.join('')}`);
}

void main();
