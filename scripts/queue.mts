import { readFile } from 'node:fs/promises';
import { serve } from '@hono/node-server';
import getPort from 'get-port';
import { Hono } from 'hono';
import type { Credential } from './lib/n8n-client.mjs';
import { show } from './lib/process.mjs';
import { N8N_PROCESSES, withQueueStack, type N8nProcess, type QueueStack } from './lib/queue-stack.mjs';
import { LOOPBACK } from './lib/stack.mjs';

/** What the tests get to know of what runs, as JSON in the environment variable `QUEUE_STACK`. */
export interface QueueStackForTests {
	n8nUrl: string;
	sandboxUrl: string;
	/** See `controlOf`. */
	controlUrl: string;
	credentials: Credential[];
}

/** Runs also the tests that take minutes each. */
const ALL = '--all';

/** The tests that run in each change: the folder of their files. */
const QUICK = 'test/queue/quick/';

/**
 * `npm run test:queue`: n8n in queue mode, with processes that die. Like those of `npm run test:e2e`, the processes belong to
 * this program, so that they end with it whatever happens to the tests.
 */
export async function main(args: string[]): Promise<number> {
	const asked = args.filter((arg) => arg !== ALL);
	const tests = args.includes(ALL) || asked.length > 0 ? asked : [QUICK];
	return await withQueueStack(async (stack) => {
		const port = await getPort({ host: LOOPBACK });
		serve({ fetch: controlOf(stack).fetch, hostname: LOOPBACK, port });
		const forTests: QueueStackForTests = {
			n8nUrl: stack.n8n.main.url,
			sandboxUrl: stack.sandbox.url,
			controlUrl: `http://${LOOPBACK}:${port}`,
			credentials: stack.credentials,
		};
		const jest = [
			'--experimental-vm-modules',
			'--no-warnings',
			'node_modules/jest/bin/jest.js',
			'--runInBand',
			'--verbose',
		];
		const code = await show([...jest, '--config', 'test/queue/jest.config.mjs', ...tests], {
			env: { QUEUE_STACK: JSON.stringify(forTests) },
		});
		if (code !== 0) {
			for (const name of N8N_PROCESSES) {
				console.error(`\nThe last lines of ${name}:\n${await stack.n8n[name].tail()}`);
			}
		}
		return code;
	});
}

/**
 * What the tests may do to the processes of n8n:
 * - `POST /<process>/end?signal=SIGKILL` ends one and answers `{ exitCode }` when it has ended;
 * - `POST /<process>/start` starts it again on its data and answers when it is ready;
 * - `POST /restore` starts those that are ended, so that a test that fails does not take the next one with it;
 * - `GET /executions/<id>/worker` answers `{ worker }`, the one that has begun the execution last, or null.
 */
function controlOf({ n8n }: QueueStack): Hono {
	const nameOf = (text: string): N8nProcess => {
		const name = N8N_PROCESSES.find((known) => known === text);
		if (!name) throw new Error(`There is no process ${text}.`);
		return name;
	};
	const ended = new Set<N8nProcess>();
	const start = async (name: N8nProcess): Promise<void> => {
		await n8n[name].start();
		ended.delete(name);
	};
	const control = new Hono();
	control.post('/:process/end', async (context) => {
		const name = nameOf(context.req.param('process'));
		const signal = context.req.query('signal') === 'SIGTERM' ? 'SIGTERM' : 'SIGKILL';
		ended.add(name);
		return context.json({ exitCode: (await n8n[name].stop(signal)) ?? null });
	});
	control.post('/:process/start', async (context) => {
		await start(nameOf(context.req.param('process')));
		return context.body(null, 204);
	});
	control.post('/restore', async (context) => {
		for (const name of ended) await start(name);
		return context.body(null, 204);
	});
	control.get('/executions/:id/worker', async (context) => {
		const begun = await Promise.all(
			N8N_PROCESSES.map(async (name) => ({
				name,
				job: await lastJobOf(n8n[name].plan.logFile, context.req.param('id')),
			})),
		);
		const { name, job } = begun.reduce((last, one) => (one.job > last.job ? one : last));
		return context.json({ worker: job > 0 ? name : null });
	});
	return control;
}

/** Number of the last job for an execution that a worker has logged; jobs are counted up. 0 when there is none. */
async function lastJobOf(logFile: string, executionId: string): Promise<number> {
	const log = await readFile(logFile, 'utf8').catch(() => '');
	const jobs = log.matchAll(new RegExp(`Worker started execution ${executionId} \\(job (\\d+)\\)`, 'g'));
	return Math.max(0, ...Array.from(jobs, ([, job]) => Number(job)));
}
