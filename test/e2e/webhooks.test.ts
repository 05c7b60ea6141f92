import { createHmac, randomUUID } from 'node:crypto';

import { itemsOf, type Execution, type N8nClient } from '../../scripts/lib/n8n-client.mjs';
import { readExample } from '../../scripts/lib/workflows.mjs';
import type { SandboxWebhooks } from '../../scripts/lib/sandbox-client.mjs';
import { eventually, forSandbox, logIn, restartN8n, sandbox, stack } from './stack';
import { FAULTLESS, triggered } from './webhooks';

/** The Extend Trigger in the real n8n: it is called by the sandbox, as Extend would call it. */

/** n8n polls once a minute, and the first time as the workflow is published. */
const TWO_POLLS_MS = 130_000;

/** How long an execution without a wait may take on a busy machine. */
const EXECUTION_MS = 60_000;

let n8n: N8nClient;

beforeAll(async () => {
	n8n = await logIn();
});

beforeEach(async () => await sandbox.switch(FAULTLESS));
afterAll(async () => await sandbox.switch(FAULTLESS));

/** n8n registers and removes webhooks after it has answered that a workflow is published or not. */
async function endpoints(count: number, subscribed?: number): Promise<SandboxWebhooks> {
	return await eventually(
		async () => {
			const found = await sandbox.webhooks();
			const isSubscribed = subscribed === undefined || found.subscriptions.length === subscribed;
			return found.endpoints.length === count && isSubscribed ? found : undefined;
		},
		() => `there are not ${String(count)} endpoints`,
	);
}

test('publishing and unpublishing ten times leaves no endpoint and no subscription behind', async () => {
	const resourceId = { __rl: true, mode: 'id', value: 'workflow_sandbox_invoices' };
	const workflow = triggered('On and off', { resourceType: 'workflow', resourceId });
	const { id, versionId } = await n8n.createWorkflow(workflow);
	const before = await sandbox.webhooks();
	for (let times = 0; times < 10; times += 1) {
		await n8n.request('POST', `/workflows/${id}/activate`, { versionId });
		await endpoints(before.endpoints.length + 1, before.subscriptions.length + 1);
		await n8n.deactivate(id);
		const after = await endpoints(before.endpoints.length);
		expect([after.endpoints, after.subscriptions]).toEqual([before.endpoints, before.subscriptions]);
	}
}, 120_000);

/** A genuine delivery to an endpoint; what it sends can be changed on the way. */
function deliveryTo({ url, signingSecret }: SandboxWebhooks['endpoints'][number]) {
	const payload = { object: 'extract_run', id: 'exr_1', status: 'PROCESSED' };
	const body = JSON.stringify({ eventId: randomUUID(), eventType: 'extract_run.processed', payload });
	const timestamp = String(Math.floor(Date.now() / 1_000));
	const signature = createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex');
	const post = async (text = body, at = timestamp, sign = signature): Promise<number> => {
		const response = await fetch(url, {
			method: 'POST',
			headers: {
				'content-type': 'application/json',
				'x-extend-request-timestamp': at,
				'x-extend-request-signature': sign,
			},
			body: text,
		});
		await response.arrayBuffer();
		return response.status;
	};
	return { body, timestamp, signature, post };
}

/** Publishes a workflow that takes events as they are. */
async function publish(name: string) {
	const before = (await sandbox.webhooks()).endpoints.length;
	const id = await n8n.activate(triggered(name, { readRun: false }));
	const endpoint = (await endpoints(before + 1)).endpoints.at(-1);
	if (!endpoint) throw new Error('No endpoint was registered.');
	const unpublish = async (): Promise<void> => {
		await n8n.deactivate(id);
		await endpoints(before);
	};
	return { id, endpoint, unpublish };
}

test('an event that comes again after a restart of n8n starts nothing', async () => {
	const { id, endpoint, unpublish } = await publish('Once');
	const { post } = deliveryTo(endpoint);
	expect(await post()).toBe(200);
	await eventually(
		async () => ((await n8n.startsOf(id)).length === 1 ? true : undefined),
		() => 'the event has started nothing',
	);
	await restartN8n();
	n8n = await logIn();

	expect(await post()).toBe(200);
	// Another event shows that those before it have been dealt with.
	expect(await deliveryTo(endpoint).post()).toBe(200);
	await eventually(
		async () => ((await n8n.startsOf(id)).length === 2 ? true : undefined),
		() => 'not the one event, and then the other, has started an execution',
	);
	await unpublish();
}, 180_000);

test('of 1,000 changed deliveries none starts anything, and the genuine one does', async () => {
	const { id, endpoint, unpublish } = await publish('Forged');
	const { body, timestamp, signature, post } = deliveryTo(endpoint);

	const accepted: string[] = [];
	for (let number = 0; number < 1_000; number += 1) {
		const other = otherAt([body, timestamp, signature][number % 3] ?? '', number);
		const sent = [body, timestamp, signature].map((genuine, part) => (part === number % 3 ? other : genuine));
		if ((await post(...sent)) < 400) accepted.push(other);
	}
	expect(accepted).toEqual([]);
	expect(await n8n.startsOf(id)).toEqual([]);
	expect(await post()).toBe(200);
	await eventually(
		async () => ((await n8n.startsOf(id)).length === 1 ? true : undefined),
		() => 'the genuine one has started nothing',
	);
	await unpublish();
}, 180_000);

/** The same text with another character at one place. */
function otherAt(text: string, number: number): string {
	const at = (number * 7) % text.length;
	return text.slice(0, at) + (text[at] === '7' ? '8' : '7') + text.slice(at + 1);
}

test('a test event from the editor is listened for at an address of its own, and taken off after it', async () => {
	const { id } = await n8n.createWorkflow(triggered('Test event'));
	const before = (await sandbox.webhooks()).endpoints.length;
	const listening = await n8n.request('POST', `/workflows/${id}/run`, {
		triggerToStartFrom: { name: 'Extend Trigger' },
	});
	expect(listening).toMatchObject({ waitingForWebhook: true });
	const listened = await endpoints(before + 1);
	expect(listened.endpoints.at(-1)?.url).toContain('/webhook-test/');
	const steering = { durationMs: 0 };
	const run = await sandbox.createRun({ provider: 'extend', resource: 'extractRun', steering });

	const [executionId] = await eventually(
		async () => {
			const found = await n8n.executionsOf(id);
			return found.length > 0 ? found : undefined;
		},
		() => 'the test event has started nothing',
	);
	const execution = await n8n.finished(String(executionId), 30_000);
	expect(itemsOf(execution, 'Extend Trigger')).toMatchObject([{ event: 'finished', id: run }]);
	await endpoints(before);
});

/** The executions of a workflow, oldest first, when there are so many and all have ended. */
async function executed(workflowId: string, count: number, withinMs?: number): Promise<Execution[]> {
	const ids = await eventually(
		async () => {
			const found = await n8n.executionsOf(workflowId);
			return found.length >= count ? found.reverse() : undefined;
		},
		() => `there are not ${String(count)} executions`,
		withinMs,
	);
	return await Promise.all(ids.map(async (id) => await n8n.finished(id, EXECUTION_MS)));
}

describe('both triggers together', () => {
	const EXTRACT_RUN = { provider: 'extend', resource: 'extractRun', steering: { durationMs: 0 } };

	/** Publishes the example with a poll each minute; `history` is how many events Remove Duplicates takes. */
	async function publishBoth(history?: number): Promise<{ id: string; unpublish: () => Promise<void> }> {
		const example = await readExample('extend-both-triggers');
		const parameters = {
			'Document Run Trigger': { pollTimes: { item: [{ mode: 'everyMinute' }] } },
			...(history !== undefined && {
				'Remove Duplicates': { options: { scope: 'workflow', historySize: history } },
			}),
		};
		const before = (await sandbox.webhooks()).endpoints.length;
		const since = Date.now();
		const id = await n8n.activate(forSandbox(example, parameters));
		await endpoints(before + 1);
		// What is older than the first poll is not reported.
		await sandbox.requested('/extract_runs', since);
		const unpublish = async (): Promise<void> => {
			await n8n.deactivate(id);
			await endpoints(before);
		};
		return { id, unpublish };
	}

	const idsIn = (executions: Execution[], node: string): unknown[] =>
		executions.flatMap((execution) => itemsOf(execution, node).map((item) => item['id']));

	test('what both tell goes on once; what no webhook tells, and what was lost, comes by the poll', async () => {
		const { id, unpublish } = await publishBoth();
		const both = await sandbox.createRun(EXTRACT_RUN);
		expect(idsIn(await executed(id, 1), 'Use the Result')).toEqual([both]);
		await sandbox.switch({ webhookLoseEvery: 1 });
		const lost = await sandbox.createRun(EXTRACT_RUN);
		const cancelled = await sandbox.createRun({ ...EXTRACT_RUN, steering: { result: 'stuck' } });
		await sandbox.setRun(cancelled, { phase: 'cancelled' });

		const executions = await eventually(
			async () => {
				const found = await executed(id, 2, TWO_POLLS_MS);
				const polled = idsIn(found, 'Document Run Trigger');
				return [both, lost, cancelled].every((run) => polled.includes(run)) ? found : undefined;
			},
			() => 'the polls have not told of all runs',
			TWO_POLLS_MS,
		);
		expect(idsIn(executions, 'Extend Trigger')).toEqual([both]);
		expect(idsIn(executions, 'Use the Result').sort()).toEqual([both, lost, cancelled].sort());
		expect(await lostDeliveries(lost)).toBe(1);
		await unpublish();
	}, 300_000);

	/** How many deliveries about a run were lost on the way. */
	async function lostDeliveries(run: string): Promise<number> {
		const { deliveries } = await sandbox.webhooks();
		return deliveries.filter(({ runId, answer }) => runId === run && answer === 'lost').length;
	}

	test('a full history of Remove Duplicates refuses events, and Forget Old Events makes room', async () => {
		const { id, unpublish } = await publishBoth(1);
		const statusOf = async (count: number): Promise<string | undefined> => {
			await sandbox.createRun(EXTRACT_RUN);
			return (await executed(id, count)).at(-1)?.status;
		};
		expect([await statusOf(1), await statusOf(2)]).toEqual(['success', 'error']);

		const cleared = await n8n.finished(await n8n.runWorkflow(id, 'Every Sunday'), EXECUTION_MS);
		expect(cleared.status).toBe('success');
		expect(await statusOf(4)).toBe('success');
		await unpublish();
	}, 180_000);
});

describe('a webhook of Retab as a hint', () => {
	const NOT_READ = 'Not Read';

	let id: string;
	let count = 0;

	beforeAll(async () => {
		id = await n8n.activate(forSandbox(await readExample('retab-webhook')));
		// n8n says that the workflow is published before its webhook is there.
		await eventually(
			async () => ((await call({ type: 'ping' })) === 200 ? true : undefined),
			() => 'there is no webhook',
		);
		await executed(id, (count += 1));
	});
	afterAll(async () => await n8n.deactivate(id));

	async function call(body: object): Promise<number> {
		const response = await fetch(`${stack.n8nUrl}/webhook/retab-events`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(body),
		});
		await response.arrayBuffer();
		return response.status;
	}

	/** What becomes of a call that says that a run is completed. */
	async function hint(runId: unknown, more: object = {}): Promise<Execution | undefined> {
		const data = { id: runId, ...more };
		expect(await call({ id: `evt_${randomUUID()}`, type: 'workflow.run.completed', data })).toBe(200);
		return (await executed(id, (count += 1))).at(-1);
	}

	async function workflowRun(steering: object): Promise<string> {
		return await sandbox.createRun({ provider: 'retab', resource: 'workflowRun', steering: { ...steering } });
	}

	test('a run that is over comes with its result, from the read', async () => {
		const run = await workflowRun({ durationMs: 0 });
		const execution = await hint(run, { status: 'error', output: 'forged' });

		expect(execution?.status).toBe('success');
		const [item] = execution ? itemsOf(execution, 'Use the Result') : [];
		expect(item).toMatchObject({ id: run, status: 'completed' });
		expect(JSON.stringify(item)).not.toContain('forged');
	});

	test('a false hint does not make a run that still goes on a completed one', async () => {
		const run = await workflowRun({ result: 'stuck' });
		const execution = await hint(run, { status: 'completed' });

		expect(execution && itemsOf(execution, 'Use the Result')).toMatchObject([
			{ id: run, status: expect.stringMatching(/^(?:pending|running)$/) as unknown },
		]);
	});

	test.each([
		['a run that does not exist', 'run_missing', /^Retab did not find the run or resource \(404\)/],
		['a path instead of an ID', '../extractions/extr_1', /^Workflow Run: an ID may only hold/],
		['no ID at all', undefined, /^Workflow Run is undefined/],
	])('%s: an item that says so, and no failed execution', async (_what, runId, message) => {
		const execution = await hint(runId);

		expect(execution?.status).toBe('success');
		expect(execution && itemsOf(execution, 'Use the Result')).toEqual([]);
		expect(execution && itemsOf(execution, NOT_READ)).toMatchObject([
			{ error: expect.stringMatching(message) as unknown },
		]);
	});
});

describe('a wait without a poll', () => {
	let resumes: string;

	beforeAll(async () => {
		const before = (await sandbox.webhooks()).endpoints.length;
		resumes = await n8n.activate(forSandbox(await readExample('extend-zero-poll-resume')));
		await endpoints(before + 1);
	});
	afterAll(async () => await n8n.deactivate(resumes));

	/** Starts the example with a limit in seconds. */
	async function start(
		limitS: number,
		steering: Record<string, string>,
	): Promise<{ run: string; id: string }> {
		const example = await readExample('extend-zero-poll');
		const before = new Set((await sandbox.runs('extractRun')).map(({ id }) => id));
		const created = "DateTime.fromISO($('Start Extraction').first().json.createdAt)";
		const pairs = Object.entries({ n8n_resume_url: '={{ $execution.resumeUrl }}', ...steering });
		const { id: workflowId } = await n8n.createWorkflow(
			forSandbox(example, {
				'Start Extraction': {
					additionalFields: { metadata: { pairs: pairs.map(([name, value]) => ({ name, value })) } },
				},
				'Wait for Extend': {
					maxDateAndTime: `={{ ${created}.plus({ seconds: ${String(limitS)} }).toISO() }}`,
				},
				'Check Once': { timeout: limitS, timeoutUnit: 'seconds' },
			}),
		);
		const id = await n8n.runWorkflow(workflowId, 'Start');
		await n8n.executionWith(id, ['waiting'], 60_000);
		const run = (await sandbox.runs('extractRun')).find((one) => !before.has(one.id));
		if (!run) throw new Error('The example has started no run.');
		return { run: run.id, id };
	}

	/** How often a run was read. */
	async function readsOf(run: string): Promise<number> {
		return await sandbox.countRequests(`/extract_runs/${run}`);
	}

	async function ended(id: string): Promise<Execution> {
		return await n8n.finished(id, 150_000);
	}

	test('the call ends it: no read before, one after', async () => {
		const { run, id } = await start(120, { sandbox_duration_ms: '6000' });
		expect(await readsOf(run)).toBe(0);

		expect(itemsOf(await ended(id), 'Check Once', 0)).toMatchObject([{ id: run, outcome: 'completed' }]);
		expect(await readsOf(run)).toBe(1);
	}, 180_000);

	test('a lost call costs time, not the result; a run that hangs is cancelled at the deadline', async () => {
		await sandbox.switch({ webhookLoseEvery: 1 });
		const [lost, hangs] = [
			await start(25, { sandbox_duration_ms: '1000' }),
			await start(20, { sandbox_result: 'stuck' }),
		];
		expect([await readsOf(lost.run), await readsOf(hangs.run)]).toEqual([0, 0]);

		expect(itemsOf(await ended(lost.id), 'Check Once', 0)).toMatchObject([{ outcome: 'completed' }]);
		expect(itemsOf(await ended(hangs.id), 'Check Once', 2)).toMatchObject([{ outcome: 'cancelled' }]);
		const { cancelAcceptedAt, createdAt } = await sandbox.run(hangs.run);
		expect(Number(cancelAcceptedAt) - createdAt).toBeGreaterThanOrEqual(20_000);
	}, 240_000);

	test('a restart of n8n in between changes nothing, and an early call leads back to the wait', async () => {
		const { run, id } = await start(180, { sandbox_duration_ms: '45000' });
		const address = String((await sandbox.run(run)).metadata?.['n8n_resume_url']);
		const early = await fetch(address, { method: 'POST' });
		expect(early.ok).toBe(true);
		await eventually(
			async () => ((await readsOf(run)) === 1 ? true : undefined),
			() => 'the early call has not led to a check',
		);
		await n8n.executionWith(id, ['waiting'], 60_000);
		await restartN8n();
		n8n = await logIn();

		expect(itemsOf(await ended(id), 'Check Once', 0)).toMatchObject([{ id: run, outcome: 'completed' }]);
		expect(await readsOf(run)).toBe(2);
	}, 300_000);

	test('an address on another host is not called', async () => {
		const other = `${sandbox.url}/webhook-waiting/1`;
		await sandbox.createRun({
			provider: 'extend',
			resource: 'extractRun',
			metadata: { n8n_resume_url: other },
			steering: { durationMs: 0 },
		});

		const started = await eventually(
			async () => {
				for (const executionId of await n8n.executionsOf(resumes)) {
					const execution = await n8n.execution(executionId);
					const text = JSON.stringify(itemsOf(execution, 'Extend Trigger'));
					if (text.includes(other)) return await n8n.finished(executionId, 30_000);
				}
				return undefined;
			},
			() => 'the event has started nothing',
		);
		expect(itemsOf(started, 'Own Address Only')).toEqual([]);
		expect(await sandbox.countRequests('/webhook-waiting/1')).toBe(0);
	});
});
