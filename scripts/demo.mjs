import { markdownTable } from 'markdown-table';
import { n8nCommandLine } from './lib/command-line.mjs';
import { Failure } from './lib/main.mjs';
import { itemsOf, OWNER } from './lib/n8n-client.mjs';
import { runTasks } from './lib/process.mjs';
import { withStack } from './lib/stack.mjs';
import { exampleNames, fillIn, readExample, readSandboxWorkflow } from './lib/workflows.mjs';

const DESCRIPTION = `Installs what is missing, starts a local Retab and Extend API and a real n8n with the built nodes in it, lets the
Timeout Cancel node watch runs that finish, fail and hang, prints what became of each, and keeps n8n running.`;

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

/** Runs that hang since yesterday, for the examples that clean up: their resources at Retab. */
const STUCK_RESOURCES = ['extraction', 'parse'];

/** How old they are, in ms: older than what the examples allow. */
const STUCK_AGE_MS = 24 * 3_600_000;

/** Names of the outputs of a watching Timeout Cancel node. */
const OUTPUTS = ['Completed', 'Failed', 'Timed Out'];

/**
 * @typedef {import('./lib/n8n-client.mjs').Execution} Execution
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

const HEADINGS = ['Run', 'What it does', 'Outcome', 'Output', 'Cancel sent (UTC)', 'Confirmed (UTC)', 'Late'];

/**
 * Puts runs into the sandbox that the cleanup examples find.
 *
 * @param {string} url Origin of the sandbox.
 */
async function createStuckRuns(url) {
	for (const resource of STUCK_RESOURCES) {
		const seed = {
			provider: 'retab',
			resource,
			createdAt: Date.now() - STUCK_AGE_MS,
			steering: { result: 'stuck' },
		};
		const response = await fetch(`${url}/_sandbox/runs`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(seed),
		});
		if (!response.ok) throw new Failure('The sandbox took no stuck run.', { details: await response.text() });
	}
}

/**
 * Imports the workflows, runs three of them and shows what became of their runs.
 *
 * @param {Stack} stack
 * @returns {Promise<boolean>} Whether every outcome is the expected one.
 */
async function runWorkflows({ client, credentials, sandbox }) {
	/** Ids of the workflows in n8n. */
	const ids = { example: '', difficult: '', cleanup: '' };
	/** @type {ReturnType<typeof linesOf>} */
	const lines = [];
	let stuckRuns = 0;
	/** @param {string} id @param {string} trigger */
	const executionOf = async (id, trigger) => {
		const execution = await client.finished(await client.runWorkflow(id, trigger), WORKFLOW_TIMEOUT_MS);
		if (execution.status === 'success') return execution;
		throw new Failure(`The workflow ${id} ended with "${execution.status}".`, {
			details: execution.error?.message ?? '',
		});
	};
	await runTasks([
		{
			title: 'Importing the example workflows',
			async task() {
				await createStuckRuns(sandbox.url);
				const choices = { credentials, apiUrl: sandbox.url };
				/** @type {Map<string, string>} */
				const examples = new Map();
				for (const name of exampleNames()) {
					const timeout = { timeout: DEMO_TIMEOUT_S, timeoutUnit: 'seconds' };
					const example = fillIn(await readExample(name), {
						...choices,
						...(name === 'timeout-cancel' && { parameters: { 'Timeout Cancel': timeout } }),
					});
					examples.set(name, (await client.createWorkflow(example)).id);
				}
				const difficult = fillIn(await readSandboxWorkflow('every-outcome'), choices);
				ids.difficult = (await client.createWorkflow(difficult)).id;
				ids.example = examples.get('timeout-cancel') ?? '';
				ids.cleanup = examples.get('cleanup') ?? '';
			},
		},
		{
			title: 'Running them: every run gets 2 or 3 seconds',
			async task() {
				const [example, difficult, cleanup] = await Promise.all([
					executionOf(ids.example, 'Start'),
					executionOf(ids.difficult, 'Start'),
					executionOf(ids.cleanup, 'Every Hour'),
				]);
				lines.push(...linesOf(example, CHAINS.example), ...linesOf(difficult, CHAINS.difficult));
				stuckRuns = itemsOf(cleanup, 'Find Stuck Runs').length;
			},
		},
	]);
	console.log(`\n${markdownTable([HEADINGS, ...lines.map(({ cells }) => cells)])}\n`);
	const wrong = lines.filter(({ asExpected }) => !asExpected).length;
	console.log(
		wrong === 0
			? `All ${lines.length} outcomes are the expected ones.`
			: `${wrong} of ${lines.length} outcomes are not the expected ones.`,
	);
	console.log(
		`The example that cleans up finds ${stuckRuns} stuck runs; ${STUCK_RESOURCES.length} are there.`,
	);
	return wrong === 0 && stuckRuns === STUCK_RESOURCES.length;
}

/** @param {string[]} args */
export async function main(args) {
	const { once, port, sandboxPort } = n8nCommandLine('demo', DESCRIPTION)
		.option('--once', 'end after the table; exit code 0 only if every outcome is the expected one')
		.parse(args, { from: 'user' })
		.opts();
	return await withStack({ asked: { editor: port, sandbox: sandboxPort } }, async (stack) => {
		const allExpected = await runWorkflows(stack);
		if (once) return allExpected ? 0 : 1;
		console.log(`
The editor:  ${stack.n8n.url}
  e-mail     ${OWNER.email}
  password   ${OWNER.password}
The sandbox: ${stack.sandbox.url} (Retab and Extend, keys as in the two credentials)
Logs:        ${stack.folder}

All examples are there. Open "Document runs: cancel after a timeout" and run it. Ctrl-C ends everything and removes its data.`);
		// It ends by Ctrl-C, or when something it started ends by itself.
		return await new Promise(() => undefined);
	});
}
