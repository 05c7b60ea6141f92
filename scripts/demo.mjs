import { parseArgs } from 'node:util';
import { Failure } from './lib/failure.mjs';
import { parsePort } from './lib/ports.mjs';
import { runMain } from './lib/process.mjs';
import { Progress } from './lib/progress.mjs';
import { itemsOf, OWNER } from './lib/real-n8n.mjs';
import { startStack } from './lib/stack.mjs';
import { formatTable } from './lib/table.mjs';
import { fillIn, readExample, readSandboxWorkflow } from './lib/workflows.mjs';

const HELP = `Usage: npm run demo -- [options]

Installs what is missing, starts a local Retab and Extend API and a real n8n with the built nodes in it, lets the
Timeout Cancel node watch runs that finish, fail and hang, prints what became of each, and keeps n8n running.

  --once                  end after the table; exit code 0 only if every outcome is the expected one
  --port <number>         port of n8n (default: 5678 or the next free one)
  --sandbox-port <number> port of the local API (default: 4010 or the next free one)
  --help                  show this text`;

/** How long the demo's workflows may take, in ms; they need about 10 s. */
const WORKFLOW_TIMEOUT_MS = 120_000;

/** The time each run of the demo is allowed, in seconds. */
const DEMO_TIMEOUT_S = 3;

/** What the demo lets each document's run do, and what has to become of it. */
const RUNS = {
	'finishes.pdf': { does: 'finishes after 1 s', outcome: 'completed' },
	'fails.pdf': { does: 'fails after 1.5 s', outcome: 'failed' },
	'hangs.pdf': { does: 'hangs', outcome: 'cancelled' },
	'finishes-first.pdf': { does: 'hangs, finishes while being cancelled', outcome: 'completed' },
	'slow-cancel.pdf': { does: 'hangs, needs 1.5 s to stop', outcome: 'cancelled' },
	'ignores-cancel.pdf': { does: 'hangs, ignores the cancel', outcome: 'cancelPending' },
	'refuses-once.pdf': { does: 'hangs, refuses the first cancel (409)', outcome: 'cancelled' },
	'extend-finishes.pdf': { does: 'finishes after 1 s', outcome: 'completed' },
	'extend-hangs.pdf': { does: 'hangs', outcome: 'cancelled' },
};

/** The nodes that name the documents, create the runs and watch them, in each workflow of the demo. */
const CHAINS = {
	example: [{ documents: 'One Item per Document', create: 'Start Extraction', watch: 'Timeout Cancel' }],
	difficult: ['Extractions', 'Jobs', 'Extend Runs'].map((label) => ({
		documents: `${label}: One Item per Document`,
		create: `${label}: Create`,
		watch: `${label}: Timeout Cancel`,
	})),
};

/** Names of the outputs of a watching Timeout Cancel node. */
const OUTPUTS = ['Completed', 'Failed', 'Timed Out'];

/**
 * @typedef {import('./lib/real-n8n.mjs').Execution} Execution
 * @typedef {import('./lib/stack.mjs').Stack} Stack
 * @typedef {{ documents: string, create: string, watch: string }} Chain
 * @typedef {{ requestedAt: string | null, confirmedAt: string | null, lateMs: number | null }} Cancel
 */

/**
 * One line of the table for each document of a workflow.
 *
 * @param {Execution} execution
 * @param {Chain[]} chains
 * @returns {{ cells: string[], asExpected: boolean }[]}
 */
function linesOf(execution, chains) {
	return chains.flatMap(({ documents, create, watch }) => {
		const names = itemsOf(execution, documents).map((item) => String(item['filename']));
		const ids = itemsOf(execution, create).map((item) => String(item['id']));
		const watched = OUTPUTS.flatMap((output, index) =>
			itemsOf(execution, watch, index).map((item) => ({ output, item })),
		);
		return names.map((name, index) => {
			const run = /** @type {{ does: string, outcome: string } | undefined} */ (
				Object.entries(RUNS).find(([known]) => known === name)?.[1]
			);
			const found = watched.find(({ item }) => item['id'] === ids[index]);
			const outcome = String(found?.item['outcome'] ?? 'missing');
			const cancel = /** @type {Cancel | undefined} */ (found?.item['cancel']);
			const asExpected = outcome === run?.outcome;
			return {
				asExpected,
				cells: [
					`${found?.item['provider'] ?? ''} ${found?.item['resource'] ?? ''}`.trim(),
					run?.does ?? name,
					asExpected ? outcome : `${outcome} (expected: ${run?.outcome})`,
					found?.output ?? '',
					timeOfDay(cancel?.requestedAt),
					timeOfDay(cancel?.confirmedAt),
					typeof cancel?.lateMs === 'number' ? `${Math.round(cancel.lateMs)} ms` : '-',
				],
			};
		});
	});
}

/** @param {string | null | undefined} iso */
function timeOfDay(iso) {
	return iso?.slice(11, 23) ?? '-';
}

/**
 * Imports the workflows, runs two of them and shows what became of their runs.
 *
 * @param {Stack} stack
 * @param {Progress} progress
 * @returns {Promise<boolean>} Whether every outcome is the expected one.
 */
async function runWorkflows({ client, credentials, sandbox }, progress) {
	const choices = { credentials, apiUrl: sandbox.url };
	const [example, difficult] = await progress.step('Importing the example workflows', async () => {
		const timeout = { timeout: DEMO_TIMEOUT_S, timeoutUnit: 'seconds' };
		const first = await client.createWorkflow(
			fillIn(await readExample('timeout-cancel'), { ...choices, parameters: { 'Timeout Cancel': timeout } }),
		);
		const second = await client.createWorkflow(fillIn(await readSandboxWorkflow('every-outcome'), choices));
		await client.createWorkflow(fillIn(await readExample('durable-loop'), choices));
		return [first, second];
	});
	const lines = await progress.step('Running them: every run gets 2 or 3 seconds', async () => {
		const executions = await Promise.all(
			[example, difficult].map(async ({ id, name }) => {
				const execution = await client.finished(await client.runWorkflow(id, 'Start'), WORKFLOW_TIMEOUT_MS);
				if (execution.status === 'success') return execution;
				throw new Failure(`The workflow "${name}" ended with "${execution.status}".`, {
					details: execution.error?.message ?? '',
				});
			}),
		);
		const [first, second] = executions;
		if (!first || !second) throw new Failure('An execution is missing.');
		return [...linesOf(first, CHAINS.example), ...linesOf(second, CHAINS.difficult)];
	});
	const headings = [
		'Run',
		'What it does',
		'Outcome',
		'Output',
		'Cancel sent (UTC)',
		'Confirmed (UTC)',
		'Late',
	];
	progress.say();
	progress.say(
		formatTable(
			headings,
			lines.map(({ cells }) => cells),
		),
	);
	progress.say();
	const wrong = lines.filter(({ asExpected }) => !asExpected).length;
	progress.say(
		wrong === 0
			? `All ${lines.length} outcomes are the expected ones.`
			: `${wrong} of ${lines.length} outcomes are not the expected ones.`,
	);
	return wrong === 0;
}

/** Settles never: the program ends by Ctrl-C, or when something it started ends by itself. */
async function keepRunning(/** @type {Stack} */ { n8n, sandbox }) {
	await Promise.race([n8n.crashed(), sandbox.crashed()]);
}

/** The command line. */
function readFlags() {
	try {
		const { values } = parseArgs({
			options: {
				once: { type: 'boolean', default: false },
				port: { type: 'string' },
				'sandbox-port': { type: 'string' },
				help: { type: 'boolean', short: 'h', default: false },
			},
		});
		return values;
	} catch (error) {
		throw new Failure(error instanceof Error ? error.message : String(error), {
			hint: '`npm run demo -- --help` lists the options.',
		});
	}
}

runMain(async () => {
	const values = readFlags();
	if (values.help) {
		console.log(HELP);
		return 0;
	}
	const progress = new Progress();
	const stack = await startStack(progress, {
		port: parsePort(values.port, '--port'),
		sandboxPort: parsePort(values['sandbox-port'], '--sandbox-port'),
	});
	const allExpected = await runWorkflows(stack, progress);
	if (values.once) return allExpected ? 0 : 1;
	progress.say(`
The editor:  ${stack.n8n.url}
  e-mail     ${OWNER.email}
  password   ${OWNER.password}
The sandbox: ${stack.sandbox.url} (Retab and Extend, keys as in the two credentials)
Logs:        ${stack.folder}

Open the workflow "Document runs: cancel after a timeout" and run it. Ctrl-C ends everything and removes its data.`);
	await keepRunning(stack);
	return 1;
});
