import { RETAB, RETAB_PRIMITIVES, type RetabFacts } from './retabFacts';
import { TEXT, useKit, type Answer, type Json } from './support';
import type { SteeringInput } from '../../sandbox/server';

/** Cancel semantics, kind by kind, as the Retab API documents them. */

const kit = useKit();

function factsOf(resource: string): RetabFacts {
	const facts = RETAB.find((one) => one.resource === resource);
	if (!facts) throw new Error(resource);
	return facts;
}

function start({ resource }: RetabFacts, steering: SteeringInput = {}): string {
	return kit.sandbox.createRun({
		provider: 'retab',
		resource,
		steering: { pendingMs: 0, durationMs: 60_000, ...steering },
	}).id;
}

const cancel = ({ path }: RetabFacts, id: string, body?: Json): Promise<Answer> =>
	kit.retab('POST', `${path}/${id}/cancel`, body);

async function statusNow({ path, statusOf }: RetabFacts, id: string): Promise<string | undefined> {
	return statusOf((await kit.retab('GET', `${path}/${id}`)).json);
}

const BATCH_RUNS = [factsOf('evalRun'), factsOf('experimentRun')];
const job = factsOf('job');
const workflowRun = factsOf('workflowRun');

describe.each(RETAB_PRIMITIVES)('$resource', (facts) => {
	test('is cancelled at once, with 200 and the full record', async () => {
		const id = start(facts);
		const answer = await cancel(facts, id);
		expect(answer).toMatchObject({ status: 200, json: { id, status: 'cancelled', error: null } });
		expect(Object.keys(answer.json)).toEqual(expect.arrayContaining(facts.fields));
		expect(await statusNow(facts, id)).toBe('cancelled');
	});

	test('is cancelled in the queue, with or without a body', async () => {
		const id = start(facts, { pendingMs: 1000 });
		expect((await cancel(facts, id, {})).json.status).toBe('cancelled');
	});

	test.each(['completed', 'failed', 'cancelled'] as const)('stays %s, with 200', async (result) => {
		const id = start(facts, { result, durationMs: 0 });
		const before = (await kit.retab('GET', `${facts.path}/${id}`)).json;
		const answer = await cancel(facts, id);
		expect(answer).toMatchObject({ status: 200, json: { status: result } });
		expect(answer.json).toEqual(before);
		expect((await kit.retab('GET', `${facts.path}/${id}`)).json).toEqual(before);
	});

	test('may finish first: 200, and the status says so', async () => {
		const id = start(facts, { cancel: 'finishes_first' });
		expect(await cancel(facts, id)).toMatchObject({ status: 200, json: { status: 'completed' } });
	});

	test('has no interim status while a slow cancel is under way', async () => {
		const id = start(facts, { cancel: 'slow' });
		expect(await cancel(facts, id)).toMatchObject({ status: 200, json: { status: 'in_progress' } });
		kit.advance(4_999);
		expect(await statusNow(facts, id)).toBe('in_progress');
		kit.advance(1);
		expect(await statusNow(facts, id)).toBe('cancelled');
	});

	test('may complete although a slow cancel was accepted', async () => {
		const id = start(facts, { cancel: 'slow', durationMs: 3_000 });
		await cancel(facts, id);
		kit.advance(60_000);
		expect(await statusNow(facts, id)).toBe('completed');
	});

	test('may ignore an accepted cancel', async () => {
		const id = start(facts, { cancel: 'ignored', result: 'stuck' });
		expect((await cancel(facts, id)).status).toBe(200);
		kit.advance(86_400_000);
		expect(await statusNow(facts, id)).toBe('in_progress');
		expect(kit.sandbox.getRun(id)).toMatchObject({ cancelRequests: 1 });
	});

	test('answers 409 once when it races', async () => {
		const id = start(facts, { cancel: 'race_409' });
		expect((await cancel(facts, id)).status).toBe(409);
		expect(await statusNow(facts, id)).toBe('in_progress');
		expect(await cancel(facts, id)).toMatchObject({ status: 200, json: { status: 'cancelled' } });
	});

	test('is not found when missing or not visible yet', async () => {
		expect(await cancel(facts, 'nope')).toMatchObject({
			status: 404,
			json: { detail: facts.notFound('nope') },
		});
		expect((await cancel(facts, start(facts, { visibleAfterMs: 100 }))).status).toBe(404);
	});
});

describe('job', () => {
	test.each(['queued', 'validating'])('is cancelled at once while %s', async (pendingStatus) => {
		const id = start(job, { pendingMs: 1000, pendingStatus });
		expect(await cancel(job, id)).toMatchObject({
			status: 200,
			json: { id, status: 'cancelled', cancelled: true },
		});
	});

	test('is only marked while in progress, and stops a moment later', async () => {
		const id = start(job);
		expect(await cancel(job, id)).toMatchObject({
			status: 200,
			json: { status: 'in_progress', cancelled: true },
		});
		kit.advance(1000);
		expect(await statusNow(job, id)).toBe('cancelled');
	});

	test('may still complete after it was marked', async () => {
		const id = start(job, { durationMs: 100 });
		await cancel(job, id);
		kit.advance(1000);
		const { json } = await kit.retab('GET', `/v1/jobs/${id}`);
		expect(json).toMatchObject({ status: 'completed', cancelled: true });
	});

	test.each(['completed', 'failed', 'cancelled', 'expired'] as const)(
		'answers 400 once it is %s',
		async (result) => {
			const id = start(job, { result, durationMs: 0 });
			expect(await cancel(job, id)).toMatchObject({
				status: 400,
				json: { detail: `Cannot cancel job in '${result}' status` },
			});
		},
	);

	test('answers 400 for the second cancel of a cancelled job', async () => {
		const id = start(job, { cancelMs: 0 });
		expect((await cancel(job, id)).json.status).toBe('cancelled');
		expect((await cancel(job, id)).status).toBe(400);
	});

	test('finishes first: 400', async () => {
		const id = start(job, { cancel: 'finishes_first' });
		expect(await cancel(job, id)).toMatchObject({
			status: 400,
			json: { detail: "Cannot cancel job in 'completed' status" },
		});
	});

	test('finishes first with the result it was going to have', async () => {
		const id = start(job, { cancel: 'finishes_first', result: 'failed' });
		expect((await cancel(job, id)).json.detail).toBe("Cannot cancel job in 'failed' status");
	});

	test('races: 409, then the cancel works', async () => {
		const id = start(job, { cancel: 'race_409', cancelMs: 0 });
		expect(await cancel(job, id)).toMatchObject({
			status: 409,
			json: { detail: 'Job status changed, please retry' },
		});
		expect(await cancel(job, id)).toMatchObject({ status: 200, json: { status: 'cancelled' } });
	});

	test('is not found', async () => {
		expect(await cancel(job, 'nope')).toMatchObject({ status: 404, json: { detail: 'Job not found' } });
	});
});

describe('workflow run', () => {
	test('is cancelled: 200 with run, redis_available and cancellation_status', async () => {
		const id = start(workflowRun);
		const answer = await cancel(workflowRun, id, { command_id: 'c1' });
		expect(answer.status).toBe(200);
		expect(answer.json).toMatchObject({
			run: { id, lifecycle: { status: 'cancelled', reason: TEXT } },
			redis_available: true,
			cancellation_status: 'cancelled',
		});
	});

	test('is cancelled while pending and while awaiting review', async () => {
		const pending = start(workflowRun, { pendingMs: 1000 });
		const waiting = start(workflowRun, { result: 'needs_review', durationMs: 0 });
		expect(await statusNow(workflowRun, pending)).toBe('pending');
		expect(await statusNow(workflowRun, waiting)).toBe('awaiting_review');
		for (const id of [pending, waiting]) {
			expect((await cancel(workflowRun, id)).json.cancellation_status).toBe('cancelled');
			expect(await statusNow(workflowRun, id)).toBe('cancelled');
		}
	});

	test('requests the cancellation of a slow one', async () => {
		const id = start(workflowRun, { cancel: 'slow', cancelMs: 700 });
		expect((await cancel(workflowRun, id)).json).toMatchObject({
			run: { lifecycle: { status: 'running' } },
			cancellation_status: 'cancellation_requested',
		});
		kit.advance(700);
		expect(await statusNow(workflowRun, id)).toBe('cancelled');
	});

	test.each([
		['completed', 'completed'],
		['failed', 'failed'],
		['error', 'error'],
		['cancelled', 'cancelled'],
	] as const)('fails with 200 once the run came to %s', async (result, status) => {
		const id = start(workflowRun, { result, durationMs: 0 });
		expect(await cancel(workflowRun, id)).toMatchObject({
			status: 200,
			json: { run: { lifecycle: { status } }, cancellation_status: 'cancellation_failed' },
		});
	});

	test('finishes first: 200 with cancellation_failed and the finished run', async () => {
		const id = start(workflowRun, { cancel: 'finishes_first' });
		expect(await cancel(workflowRun, id)).toMatchObject({
			status: 200,
			json: { run: { lifecycle: { status: 'completed' } }, cancellation_status: 'cancellation_failed' },
		});
	});

	test('loses the first signal of a race, never with a 409', async () => {
		const id = start(workflowRun, { cancel: 'race_409' });
		expect(await cancel(workflowRun, id, { command_id: 'c1' })).toMatchObject({
			status: 200,
			json: {
				run: { lifecycle: { status: 'running' } },
				redis_available: false,
				cancellation_status: 'cancellation_failed',
			},
		});
		expect((await cancel(workflowRun, id, { command_id: 'c1' })).json.cancellation_status).toBe('cancelled');
	});

	test('takes the same command twice, another command not', async () => {
		const id = start(workflowRun);
		for (let time = 0; time < 2; time += 1) {
			expect((await cancel(workflowRun, id, { command_id: 'c1' })).json.cancellation_status).toBe(
				'cancelled',
			);
		}
		expect((await cancel(workflowRun, id, { command_id: 'c2' })).json.cancellation_status).toBe(
			'cancellation_failed',
		);
		expect((await cancel(workflowRun, id)).json.cancellation_status).toBe('cancellation_failed');
	});

	test('ignores an accepted command', async () => {
		const id = start(workflowRun, { cancel: 'ignored', result: 'stuck' });
		expect((await cancel(workflowRun, id)).json.cancellation_status).toBe('cancellation_requested');
		kit.advance(86_400_000);
		expect(await statusNow(workflowRun, id)).toBe('running');
	});

	test('refuses a command_id that is not text, and an unknown run', async () => {
		expect(await cancel(workflowRun, start(workflowRun), { command_id: 7 })).toMatchObject({
			status: 422,
			json: { detail: [{ loc: ['body', 'command_id'], type: 'string_type' }] },
		});
		expect(await cancel(workflowRun, 'nope')).toMatchObject({
			status: 404,
			json: { detail: 'Workflow run not found' },
		});
	});
});

describe.each(BATCH_RUNS)('$resource', (facts) => {
	test.each(['completed', 'error'] as const)(
		'answers 404 once it is %s, as if it were missing',
		async (result) => {
			const id = start(facts, { result, durationMs: 0 });
			expect(await statusNow(facts, id)).toBe(result);
			const missing = await cancel(facts, 'nope');
			const over = await cancel(facts, id);
			expect(over).toMatchObject({ status: 404, json: missing.json });
			expect((await kit.retab('GET', `${facts.path}/${id}`)).status).toBe(200);
		},
	);

	test('finishes first: 404', async () => {
		const id = start(facts, { cancel: 'finishes_first' });
		expect((await cancel(facts, id)).status).toBe(404);
		expect(await statusNow(facts, id)).toBe('completed');
	});

	test('races: 409, then the cancel works', async () => {
		const id = start(facts, { cancel: 'race_409' });
		expect((await cancel(facts, id)).status).toBe(409);
		expect((await cancel(facts, id)).json.lifecycle?.status).toBe('cancelled');
	});

	test('takes its time when slow', async () => {
		const id = start(facts, { cancel: 'slow', cancelMs: 300, pendingMs: 1_000 });
		expect((await cancel(facts, id)).json.lifecycle?.status).toBe('pending');
		kit.advance(300);
		expect(await statusNow(facts, id)).toBe('cancelled');
	});
});

test('a cancelled eval run answers with the run, and then with 404', async () => {
	const evalRun = factsOf('evalRun');
	const id = start(evalRun);
	const answer = await cancel(evalRun, id);
	expect(answer).toMatchObject({ status: 200, json: { id, lifecycle: { status: 'cancelled' } } });
	expect(Object.keys(answer.json)).toEqual(expect.arrayContaining(evalRun.fields));
	expect((await cancel(evalRun, id)).status).toBe(404);
});

test('a cancelled experiment run answers with id and lifecycle only, again and again', async () => {
	const experimentRun = factsOf('experimentRun');
	const id = start(experimentRun);
	for (let time = 0; time < 2; time += 1) {
		expect(await cancel(experimentRun, id)).toMatchObject({
			status: 200,
			json: { id, lifecycle: { status: 'cancelled' } },
		});
	}
	expect(Object.keys((await cancel(experimentRun, id)).json)).toEqual(['id', 'lifecycle']);
});
