import {
	itemsOf,
	type Execution,
	type Json,
	type N8nClient,
	type Workflow,
} from '../../scripts/lib/n8n-client.mjs';
import { PACKAGE, readExample, readSandboxWorkflow } from '../../scripts/lib/workflows.mjs';
import { eventually, forSandbox, logIn, restartN8n, sandbox, stack } from './stack';
import { type Chat, startChat } from './chat';
import { NO_OPERATION, attachments, fieldsOf, parametersOf, withStandIns } from './standIns';

/** The demo's workflows need about 10 s; a busy machine several times that. */
const EXECUTION_MS = 90_000;
/** n8n writes waits of 65 s and more into its database and looks for those that are over once a minute. */
const DURABLE_WAIT_S = 65;
const DURABLE_LOOP_MS = 240_000;
/** n8n polls once a minute. */
const TWO_POLLS_MS = 130_000;

/** `webhookId` of the form in the example. */
const FORM_ID = 'b0c1a6f2-0004-4000-8000-0000000000f1';

let n8n: N8nClient;

beforeAll(async () => {
	n8n = await logIn();
});

async function execute(workflow: Workflow, timeoutMs = EXECUTION_MS): Promise<Execution> {
	const { id } = await n8n.createWorkflow(workflow);
	return await n8n.finished(await n8n.runWorkflow(id, 'Start'), timeoutMs);
}

function atLeastOne<T>(found: T[]): T[] | undefined {
	return found.length > 0 ? found : undefined;
}

/** A workflow of a manual trigger and one node of this package. */
function single(type: 'retab' | 'extend' | 'timeoutCancel', parameters: Json): Workflow {
	return forSandbox({
		name: `Only ${type}`,
		nodes: [
			{
				id: 'start',
				name: 'Start',
				type: 'n8n-nodes-base.manualTrigger',
				typeVersion: 1,
				position: [0, 0],
				parameters: {},
			},
			{
				id: 'node',
				name: 'Node',
				type: `${PACKAGE}.${type}`,
				typeVersion: 1,
				position: [220, 0],
				parameters,
			},
		],
		connections: { Start: { main: [[{ node: 'Node', type: 'main', index: 0 }]] } },
		settings: { executionOrder: 'v1' },
	});
}

describe('the packed package in n8n', () => {
	test('n8n loads every node under the name of the package, also as tools for agents', async () => {
		const names = (await n8n.types('nodes')).map(({ name }) => name);

		expect(names).toContain(`${PACKAGE}.runTrigger`);
		for (const node of ['retab', 'extend', 'timeoutCancel']) {
			expect(names).toContain(`${PACKAGE}.${node}`);
			expect(names).toContain(`${PACKAGE}.${node}Tool`);
		}
	});

	test('each node and credential has an icon for light and for dark mode', async () => {
		const nodes = (await n8n.types('nodes')).filter(({ name }) => name.startsWith(`${PACKAGE}.`));
		const credentials = (await n8n.types('credentials')).filter(({ name }) =>
			['retabApi', 'extendApi'].includes(name),
		);
		expect(credentials).toHaveLength(2);

		for (const { iconUrl } of [...nodes, ...credentials]) {
			expect(Object.keys(iconUrl ?? {})).toEqual(['light', 'dark']);
			for (const place of Object.values(iconUrl ?? {})) {
				const response = await fetch(`${stack.n8nUrl}/${place}`);
				expect(response.headers.get('content-type')).toContain('image/svg+xml');
			}
		}
	});
});

describe('credential tests', () => {
	test('the right keys are accepted', async () => {
		for (const credential of stack.credentials) {
			expect(await n8n.testCredential(credential)).toMatchObject({ status: 'OK' });
		}
	});

	test('a wrong key is refused', async () => {
		for (const credential of stack.credentials) {
			const wrong = { ...credential, data: { ...credential.data, apiKey: 'wrong-key' } };
			const answer = await n8n.testCredential(wrong);

			expect(answer.status).toBe('Error');
			expect(answer.message).not.toContain('wrong-key');
		}
	});
});

describe('the example workflows', () => {
	test('cancel after a timeout: each run leaves through its own output', async () => {
		const workflow = await readExample('timeout-cancel');
		const execution = await execute(forSandbox(workflow, { 'Timeout Cancel': { timeout: 3 } }));

		expect(execution).toMatchObject({ status: 'success' });
		const ids = itemsOf(execution, 'Start Extraction').map((item) => item['id']);
		expect(itemsOf(execution, 'Timeout Cancel', 0)).toMatchObject([{ id: ids[0], outcome: 'completed' }]);
		expect(itemsOf(execution, 'Timeout Cancel', 1)).toMatchObject([{ id: ids[1], outcome: 'failed' }]);
		expect(itemsOf(execution, 'Timeout Cancel', 2)).toMatchObject([
			{ id: ids[2], outcome: 'cancelled', timedOut: true, status: 'cancelled' },
		]);
		const [result] = itemsOf(execution, 'Use the Result');
		expect(result?.['summary']).toMatch(/ is finished after \d+ ms$/);
		expect(result?.['output']).toHaveProperty('total');
		expect(itemsOf(execution, 'Handle the Failure')).toMatchObject([
			{ summary: `${String(ids[1])} ended badly: failed` },
		]);
		expect(itemsOf(execution, 'It Took Too Long')).toMatchObject([
			{ summary: `${String(ids[2])} was out of time: cancelled` },
		]);
		expect(await sandbox.run(String(ids[2]))).toMatchObject({ phase: 'cancelled', cancelRequests: 1 });
	});

	test('a file from a form is read, and the form needs no code', async () => {
		const id = await n8n.activate(forSandbox(await readExample('form-upload')));
		const form = new FormData();
		form.append('field-0', new Blob(['%PDF-1.7 an invoice'], { type: 'application/pdf' }), 'invoice.pdf');

		const address = `${stack.n8nUrl}/form/${FORM_ID}`;
		// n8n opens the form a moment after it has said that the workflow is active.
		await eventually(
			async () => ((await fetch(address)).ok ? true : undefined),
			() => 'there is no form',
		);
		const sent = await fetch(address, { method: 'POST', body: form });

		expect(sent.status).toBe(200);
		const [executionId = ''] = await eventually(
			async () => atLeastOne(await n8n.executionsOf(id)),
			() => 'the form started nothing',
		);
		const execution = await n8n.finished(executionId, EXECUTION_MS);
		expect(execution).toMatchObject({ status: 'success' });
		expect(itemsOf(execution, 'Start Extraction')).toMatchObject([{ fileName: 'invoice.pdf' }]);
		expect(itemsOf(execution, 'Use the Result')).toMatchObject([
			{
				summary: expect.stringMatching(/^invoice\.pdf was read in \d+ ms$/),
				output: { total: expect.anything() },
			},
		]);
		await n8n.deactivate(id);
	});

	test('durable loop: looks again and again until the time is up', async () => {
		const workflow = await readExample('durable-loop');
		const execution = await execute(
			forSandbox(workflow, {
				'Check Once': { timeout: 4, timeoutUnit: 'seconds' },
				'Wait a While': { amount: 1, unit: 'seconds' },
			}),
		);

		expect(execution).toMatchObject({ status: 'success' });
		expect(itemsOf(execution, 'Check Once', 3).length).toBeGreaterThan(1);
		expect(itemsOf(execution, 'Timed Out')).toMatchObject([{ outcome: 'cancelled' }]);
		expect(itemsOf(execution, 'Completed')).toEqual([]);
	});
});

describe('the example with a batch', () => {
	const STATUSES = ['PROCESSED', 'FAILED', 'CANCELLED'];

	test('one request, one run to watch, and each result beside its document', async () => {
		const since = Date.now();
		const execution = await execute(
			forSandbox(await readExample('batch'), {
				'Timeout Cancel': { timeout: 4, timeoutUnit: 'seconds' },
			}),
		);

		expect(execution).toMatchObject({ status: 'success' });
		const [batch] = itemsOf(execution, 'Start Batch');
		expect(batch).toMatchObject({ runCount: 3 });
		expect(itemsOf(execution, 'Timeout Cancel', 2)).toMatchObject([
			{ id: batch?.['id'], outcome: 'cancelled', members: { completed: 1, failed: 1, cancelled: 1 } },
		]);
		const results = itemsOf(execution, 'Use the Results');
		expect(results.map((item) => item['document'])).toEqual(['finishes.pdf', 'fails.pdf', 'hangs.pdf']);
		expect(results.map((item) => String(item['summary']).split(': ')[1])).toEqual(STATUSES);
		expect(results[0]?.['output']).toBeTruthy();
		await sandbox.requested('/extract_runs/batch', since);
	});
});

describe('the example with a review in a chat', () => {
	const TOKEN = '123:sandbox';
	const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36';

	let chat: Chat;

	beforeEach(async () => {
		chat = await startChat(TOKEN);
	});

	afterEach(async () => await chat.close());

	interface Message {
		chat_id: string;
		text: string;
		reply_markup: { inline_keyboard: Array<Array<{ text: string; url: string }>> };
	}

	test.each([
		{ button: 'Approve', verdict: 'approved' },
		{ button: 'Reject', verdict: 'rejected' },
	])(
		'$button: the answer lets the run go on',
		async ({ button, verdict }) => {
			const { id, name } = await n8n.createCredential('Chat', 'telegramApi', {
				accessToken: TOKEN,
				baseUrl: chat.url,
			});
			const example = forSandbox(await readExample('review-in-chat'));
			const since = Date.now();
			const workflowId = await n8n.activate({
				...example,
				nodes: example.nodes.map((node) =>
					node.name === 'Ask in Chat' ? { ...node, credentials: { telegramApi: { id, name } } } : node,
				),
			});
			await sandbox.requested('/v1/workflows/runs', since);
			const runId = await sandbox.createRun({
				provider: 'retab',
				resource: 'workflowRun',
				steering: { result: 'needs_review', durationMs: 200 },
			});

			const message = await eventually(
				() => Promise.resolve(chat.messages[0] as Message | undefined),
				() => 'nobody was asked',
				TWO_POLLS_MS,
			);
			expect(message.text).toContain(runId);
			expect(message.text).toContain('"total": 118.5');
			const [buttons = []] = message.reply_markup.inline_keyboard;
			expect(buttons.map(({ text }) => text).sort()).toEqual(['Approve', 'Reject']);
			const [executionId = ''] = await n8n.executionsOf(workflowId);
			await n8n.executionWith(executionId, ['waiting'], EXECUTION_MS);
			expect(await sandbox.run(runId)).toMatchObject({ phase: 'needsReview' });

			const url = buttons.find(({ text }) => text === button)?.url ?? '';
			expect((await fetch(url, { headers: { 'user-agent': BROWSER } })).ok).toBe(true);

			const execution = await n8n.finished(executionId, EXECUTION_MS);
			expect(execution).toMatchObject({ status: 'success' });
			expect(itemsOf(execution, button)).toMatchObject([
				{ runId, decision: verdict, resumeStatus: 'resumed' },
			]);
			expect(await sandbox.ended(runId)).toMatchObject({ phase: 'completed' });
			expect(chat.messages).toHaveLength(1);
			await n8n.deactivate(workflowId);
			await sandbox.remove(runId);
		},
		2 * TWO_POLLS_MS,
	);
});

describe('the example with invoices from mails', () => {
	test('each PDF becomes a row, what hangs becomes a mail, and other attachments are left out', async () => {
		const example = forSandbox(await readExample('mail-to-sheet'), {
			'Timeout Cancel': { timeout: 4, timeoutUnit: 'seconds' },
		});
		const mail = { subject: 'Invoices of May', from: 'ada@supplier.example.com' };
		const { value: columns } = parametersOf(example, 'Add Row')['columns'] as { value: Json };
		const { subject, text } = parametersOf(example, 'Tell Somebody');
		const standIns = {
			'Invoice Mails': attachments(mail, ['finishes.PDF', 'logo.png', 'hangs.pdf']),
			'Add Row': fieldsOf(columns),
			'Tell Somebody': fieldsOf({ subject, text }),
		};

		const execution = await execute(withStandIns(example, standIns, { before: 'Invoice Mails' }));

		expect(execution).toMatchObject({ status: 'success' });
		const [read, hanging] = itemsOf(execution, 'Start Extraction').map((item) => String(item['id']));
		expect(itemsOf(execution, 'Start Extraction')).toHaveLength(2);
		const [row] = itemsOf(execution, 'Add Row');
		expect(itemsOf(execution, 'Add Row')).toHaveLength(1);
		expect(row).toMatchObject({ Mail: mail.subject, Run: read });
		expect(Object.values(row ?? {})).not.toContain(null);
		expect(itemsOf(execution, 'Tell Somebody')).toMatchObject([
			{
				subject: 'Not read in time: Invoices of May',
				text: expect.stringContaining(`Outcome: cancelled\nRun: ${String(hanging)}`) as unknown,
			},
		]);
		expect(await sandbox.run(String(hanging))).toMatchObject({ phase: 'cancelled', cancelRequests: 1 });
	});
});

describe('the example that cancels what a crashed execution left behind', () => {
	/** A published workflow that starts a run which hangs, and fails then. */
	function failing(errorWorkflow: string): Workflow {
		const stop = { errorMessage: 'Failed on purpose' };
		const workflow = single('retab', {
			resource: 'extraction',
			operation: 'create',
			schemaFrom: 'json',
			jsonSchema: '{ "type": "object" }',
			documentSource: 'url',
			documentUrl: 'https://storage.googleapis.com/example/hangs.pdf',
			additionalFields: { metadata: { pairs: [{ name: 'sandbox_result', value: 'stuck' }] } },
			options: { tagWithExecution: true },
		});
		const nodes = workflow.nodes.map((node) =>
			node.name === 'Start'
				? {
						...node,
						type: 'n8n-nodes-base.webhook',
						typeVersion: 2,
						webhookId: 'start-and-fail',
						parameters: { path: 'start-and-fail', options: {} },
					}
				: node,
		);
		const fail = {
			id: 'fail',
			name: 'Fail',
			type: 'n8n-nodes-base.stopAndError',
			typeVersion: 1,
			position: [440, 0] as [number, number],
			parameters: stop,
		};
		return {
			...workflow,
			name: 'Starts a run and fails',
			nodes: [...nodes, fail],
			connections: {
				...workflow.connections,
				Node: { main: [[{ node: 'Fail', type: 'main', index: 0 }]] },
			},
			settings: { executionOrder: 'v1', errorWorkflow },
		};
	}

	test('exactly the runs of the execution that failed', async () => {
		const net = await n8n.activate(
			forSandbox(await readExample('crash-net'), { 'Wait a Moment': { amount: 2, unit: 'seconds' } }),
		);
		const failed = await n8n.activate(failing(net));
		await eventually(
			async () => ((await fetch(`${stack.n8nUrl}/webhook/start-and-fail`)).ok ? true : undefined),
			() => 'there is no webhook',
		);

		const [failedId = ''] = await eventually(
			async () => atLeastOne(await n8n.executionsOf(failed)),
			() => 'the webhook started nothing',
		);
		const [left] = itemsOf(await n8n.finished(failedId, EXECUTION_MS), 'Node').map((item) =>
			String(item['id']),
		);
		const bystander = await sandbox.createRun({
			provider: 'retab',
			resource: 'extraction',
			steering: { result: 'stuck' },
			request: { metadata: { n8n_execution_id: failedId, n8n_workflow_id: 'another' } },
		});
		const [netId = ''] = await eventually(
			async () => atLeastOne(await n8n.executionsOf(net)),
			() => 'the error workflow did not start',
		);
		const execution = await n8n.finished(netId, EXECUTION_MS);

		expect(execution).toMatchObject({ status: 'success' });
		expect(itemsOf(execution, 'Cancel What It Left')).toMatchObject([{ id: left, outcome: 'cancelled' }]);
		expect(itemsOf(execution, 'Tell Somebody')).toEqual([
			{
				message: [
					`"Starts a run and fails" failed (execution ${failedId}). What became of its runs:`,
					`extraction ${String(left)}: cancelled`,
				].join('\n'),
			},
		]);
		expect(await sandbox.run(String(left))).toMatchObject({ phase: 'cancelled', cancelRequests: 1 });
		expect(await sandbox.run(bystander)).toMatchObject({ phase: 'running', cancelRequests: 0 });
		await n8n.deactivate(failed);
		await n8n.deactivate(net);
		await sandbox.remove(bystander);
	});
});

describe('a restart of n8n in the middle', () => {
	test(
		'the durable loop cancels its run, and the trigger tells of each failed run once',
		async () => {
			const since = Date.now();
			const notify = await n8n.activate(forSandbox(await readExample('notify')));
			// n8n says that a workflow is active before its trigger has polled, and what is older is not reported.
			await sandbox.requested('/v1/extractions', since);
			const failing = {
				provider: 'retab',
				resource: 'extraction',
				steering: { result: 'failed', durationMs: 500 },
			};
			const before = await sandbox.createRun(failing);
			expect(await messages(notify, 1)).toEqual([failedMessage(before)]);
			const loop = await n8n.createWorkflow(
				forSandbox(await readExample('durable-loop'), {
					'Check Once': { timeout: 20, timeoutUnit: 'seconds', simplify: false },
					'Wait a While': { amount: DURABLE_WAIT_S, unit: 'seconds' },
				}),
			);
			const executionId = await n8n.runWorkflow(loop.id, 'Start');
			const waiting = await n8n.executionWith(executionId, ['waiting'], EXECUTION_MS);
			expect(itemsOf(waiting, 'Check Once', 3)).toMatchObject([{ outcome: 'stillRunning' }]);

			const restarted = restartN8n();
			const meanwhile = await sandbox.createRun(failing);
			await restarted;

			const execution = await n8n.finished(executionId, DURABLE_LOOP_MS);
			expect(execution).toMatchObject({ status: 'success' });
			const [cancelled] = itemsOf(execution, 'Timed Out');
			expect(cancelled).toMatchObject({ outcome: 'cancelled', timedOut: true });
			// The deadline is the one from before the restart, not a new one.
			const created = Date.parse(String((cancelled?.['run'] as Json)['created_at']));
			expect(Date.parse(String(cancelled?.['deadline']))).toBe(created + 20_000);
			expect(await messages(notify, 2)).toEqual([failedMessage(before), failedMessage(meanwhile)]);
			await n8n.deactivate(notify);
		},
		DURABLE_LOOP_MS + 3 * EXECUTION_MS,
	);

	/** What the workflow has told so far, the oldest first; it is waited for so many executions. */
	async function messages(workflowId: string, executions: number): Promise<unknown[]> {
		const ids = await eventually(
			async () => {
				const found = await n8n.executionsOf(workflowId);
				return found.length >= executions ? found : undefined;
			},
			() => `the trigger has not started ${String(executions)} executions`,
			TWO_POLLS_MS,
		);
		const told: unknown[] = [];
		for (const id of ids.reverse()) {
			const execution = await n8n.finished(id, EXECUTION_MS);
			told.push(...itemsOf(execution, 'Tell Somebody').map((item) => item['message']));
		}
		return told;
	}

	function failedMessage(id: string): unknown {
		return expect.stringMatching(
			new RegExp(`^Failed: extraction ${id} \\(retab\\), status "failed", created 20`),
		);
	}
});

describe('the example with tools for an agent', () => {
	/** Runs a tool as n8n does when somebody tries it without a language model. */
	async function useTool(workflowId: string, node: string, query: Json): Promise<unknown> {
		const name = node.replaceAll(' ', '_');
		const executionId = await n8n.runWorkflow(workflowId, 'Chat', {
			destinationNode: { nodeName: node, mode: 'inclusive' },
			agentRequest: { query: { [name]: query }, tool: { name } },
		});
		const execution = await n8n.finished(executionId, EXECUTION_MS);
		expect(execution.status).toBe('success');
		return execution.runs[node]?.[0]?.data?.['ai_tool']?.[0]?.[0]?.json['response'];
	}

	test('its tools read a run and cancel it', async () => {
		const run_id = await sandbox.createRun({
			provider: 'retab',
			resource: 'extraction',
			steering: { result: 'stuck' },
		});
		const { id } = await n8n.createWorkflow(forSandbox(await readExample('agent-tools')));

		expect(await useTool(id, 'Get Extraction', { run_id })).toMatchObject([
			{ id: run_id, status: 'in_progress' },
		]);
		expect(await useTool(id, 'Cancel Extraction', { run_id })).toMatchObject([
			{ id: run_id, status: 'cancelled' },
		]);
		expect(await sandbox.run(run_id)).toMatchObject({ phase: 'cancelled', cancelRequests: 1 });
	});
});

describe('the example that cleans up on a schedule', () => {
	const THREE_HOURS_MS = 3 * 3_600_000;

	/** Two runs that have been stuck for three hours, and one that is young. */
	async function stuckAndYoung(): Promise<{ stuck: string[]; young: string }> {
		const hanging = { provider: 'retab', steering: { result: 'stuck' } };
		const old = { ...hanging, createdAt: Date.now() - THREE_HOURS_MS };
		return {
			stuck: [
				await sandbox.createRun({ ...old, resource: 'extraction' }),
				await sandbox.createRun({ ...old, resource: 'parse' }),
			],
			young: await sandbox.createRun({ ...hanging, resource: 'extraction' }),
		};
	}

	async function cleanUp(change: (node: Workflow['nodes'][number]) => Workflow['nodes'][number]) {
		const example = forSandbox(await readExample('cleanup'));
		const { id } = await n8n.createWorkflow({ ...example, nodes: example.nodes.map(change) });
		return await n8n.finished(await n8n.runWorkflow(id, 'Every Hour'), EXECUTION_MS);
	}

	test('as imported it cancels nothing, and its message lists the stuck runs', async () => {
		const { stuck } = await stuckAndYoung();

		const execution = await cleanUp((node) => node);

		expect(execution).toMatchObject({ status: 'success' });
		const found = itemsOf(execution, 'Find Stuck Runs');
		expect(found.map((item) => item['id']).sort()).toEqual([...stuck].sort());
		const [{ message } = {}] = itemsOf(execution, 'Write Message');
		expect(String(message).split('\n')).toEqual([
			'0 of 2 stuck runs cancelled',
			expect.stringMatching(/^\w+ \w+: wouldCancel, 180 minutes old$/),
			expect.stringMatching(/^\w+ \w+: wouldCancel, 180 minutes old$/),
		]);
		for (const id of stuck) {
			expect(await sandbox.run(id)).toMatchObject({ phase: 'running', cancelRequests: 0 });
			await sandbox.remove(id);
		}
	});

	test('with its second node activated it cancels them, and leaves the young run alone', async () => {
		const { stuck, young } = await stuckAndYoung();

		const execution = await cleanUp((node) => ({ ...node, disabled: false }));

		expect(execution).toMatchObject({ status: 'success' });
		const [{ message } = {}] = itemsOf(execution, 'Write Message');
		expect(message).toMatch(/^2 of 2 stuck runs cancelled\n/);
		for (const id of stuck) expect(await sandbox.run(id)).toMatchObject({ phase: 'cancelled' });
		expect(await sandbox.run(young)).toMatchObject({ phase: 'running', cancelRequests: 0 });
	});
});

describe('the example that cleans up every night', () => {
	test.each([
		{ dryRun: true, outcome: 'wouldCancel', note: ' (Dry Run: nothing was cancelled)', phase: 'running' },
		{ dryRun: false, outcome: 'cancelled', note: '', phase: 'cancelled' },
	])('one message for all, with dryRun $dryRun', async ({ dryRun, outcome, note, phase }) => {
		const id = await sandbox.createRun({
			provider: 'retab',
			resource: 'extraction',
			steering: { result: 'stuck' },
			createdAt: Date.now() - 7 * 3_600_000,
		});
		const example = forSandbox(await readExample('nightly-cleanup'), { 'Cancel Stuck Runs': { dryRun } });
		const standIns = { 'Send to Slack': NO_OPERATION };

		const execution = await execute(withStandIns(example, standIns, { before: 'Cancel Stuck Runs' }));

		expect(execution).toMatchObject({ status: 'success' });
		expect(itemsOf(execution, 'Send to Slack')).toEqual([
			{ summary: `Stuck document runs: 1${note}\nextraction ${id}: ${outcome}, 420 minutes old` },
		]);
		expect(await sandbox.run(id)).toMatchObject({ phase });
		await sandbox.remove(id);
	});
});

test('the sandbox workflow: cancels that do not go smoothly', async () => {
	const execution = await execute(forSandbox(await readSandboxWorkflow('every-outcome')));

	const extractions = itemsOf(execution, 'Extractions: Create').map((item) => item['id']);
	expect(itemsOf(execution, 'Extractions: Timeout Cancel', 0)).toMatchObject([
		{ id: extractions[0], outcome: 'completed', timedOut: true },
	]);
	expect(itemsOf(execution, 'Extractions: Timeout Cancel', 2)).toMatchObject([
		{ id: extractions[1], outcome: 'cancelled' },
		{ id: extractions[2], outcome: 'cancelPending', cancel: { confirmedAt: null } },
	]);
	expect(itemsOf(execution, 'Jobs: Timeout Cancel', 2)).toMatchObject([
		{ outcome: 'cancelled', cancel: { attempts: 2 } },
	]);
	expect(itemsOf(execution, 'Extend Runs: Timeout Cancel', 0)).toMatchObject([{ outcome: 'completed' }]);
	expect(itemsOf(execution, 'Extend Runs: Timeout Cancel', 2)).toMatchObject([{ outcome: 'cancelled' }]);
});

describe('stopping the workflow', () => {
	/** Watches a hanging run, stops the execution, and says what became of the run. */
	async function stopWhileWatching(onWorkflowStop: 'leave' | 'cancel') {
		const runId = await sandbox.createRun({
			provider: 'retab',
			resource: 'job',
			steering: { result: 'stuck' },
		});
		const parameters = {
			operation: 'watch',
			provider: 'retab',
			resource: 'job',
			runId,
			timeout: 5,
			timeoutUnit: 'minutes',
			countFrom: 'now',
			options: { onWorkflowStop },
		};
		const { id } = await n8n.createWorkflow(single('timeoutCancel', parameters));
		const executionId = await n8n.runWorkflow(id, 'Start');
		await n8n.executionWith(executionId, ['running'], EXECUTION_MS);
		await sandbox.polled(runId);

		await n8n.stopExecution(executionId);

		expect(await n8n.finished(executionId, EXECUTION_MS)).toMatchObject({ status: 'canceled' });
		return runId;
	}

	test('leaves the remote run alone by default', async () => {
		const runId = await stopWhileWatching('leave');

		expect(await sandbox.run(runId)).toMatchObject({ cancelRequests: 0, phase: 'running' });
	});

	test('cancels the remote run where the user asked for it', async () => {
		const runId = await stopWhileWatching('cancel');

		expect(await sandbox.ended(runId)).toMatchObject({ cancelRequests: 1, phase: 'cancelled' });
	});
});

describe('the provider nodes', () => {
	test.each([
		{ type: 'retab', provider: 'retab', resource: 'extraction' },
		{ type: 'extend', provider: 'extend', resource: 'extractRun' },
	] as const)('$type: lists, polls and reads runs', async ({ type, provider, resource }) => {
		const id = await sandbox.createRun({ provider, resource, steering: { durationMs: 500 } });
		const runId = { __rl: true, mode: 'id', value: id };

		const polled = await execute(single(type, { resource, operation: 'poll', runId, maxWait: 30 }));
		const listed = await execute(single(type, { resource, operation: 'getAll', returnAll: true }));
		const read = await execute(single(type, { resource, operation: 'get', runId }));

		expect(itemsOf(polled, 'Node')).toMatchObject([{ id }]);
		expect(itemsOf(listed, 'Node').map((item) => item['id'])).toContain(id);
		expect(itemsOf(read, 'Node')).toEqual(itemsOf(polled, 'Node'));
	});

	test('a run that does not exist ends the workflow with an error that says so', async () => {
		const runId = { __rl: true, mode: 'id', value: 'job_missing' };
		const execution = await execute(single('retab', { resource: 'job', operation: 'get', runId }));

		expect(execution.status).toBe('error');
		expect(execution.error?.message).toMatch(/not find/);
	});
});
