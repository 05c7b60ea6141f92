import type { SteeringInput } from '../../sandbox/server';
import { EXTEND, unwrapped, type ExtendFacts } from './extendFacts';
import { containing, TEXT, useKit, withFields, type Answer, type Body, type Json } from './support';

/** Cancel semantics as the Extend API documents them. */

const kit = useKit();

const CANCELLABLE = EXTEND.filter((one) => one.cancel);
const PROCESSORS = CANCELLABLE.filter(({ resource }) => resource !== 'workflowRun');
const workflowRun = EXTEND.find(({ resource }) => resource === 'workflowRun') as ExtendFacts;

function start({ resource }: ExtendFacts, steering: SteeringInput = {}): string {
	return kit.sandbox.createRun({
		provider: 'extend',
		resource,
		steering: { durationMs: 60_000, ...steering },
	}).id;
}

const cancel = ({ path }: ExtendFacts, id: string, body?: Json): Promise<Answer> =>
	kit.extend('POST', `${path}/${id}/cancel`, body);

async function read({ path }: ExtendFacts, id: string): Promise<Body> {
	return unwrapped((await kit.extend('GET', `${path}/${id}`)).json);
}

function expectRefused(answer: Answer, text: string, status = 400): void {
	expect(answer).toMatchObject({
		status,
		json: {
			code: 'INVALID_REQUEST',
			message: containing(text),
			retryable: false,
			requestId: TEXT,
		},
	});
}

describe.each(CANCELLABLE)('$resource', (facts) => {
	test('answers 200 with the full object, and is CANCELLED a moment later', async () => {
		const id = start(facts);
		const answer = await cancel(facts, id);
		expect(answer.status).toBe(200);
		const run = unwrapped(answer.json);
		expect(run.status).toBe(facts === workflowRun ? 'CANCELLING' : 'PROCESSING');
		expect(Object.keys(run)).toEqual(expect.arrayContaining(facts.fields));
		kit.advance(250);
		expect((await read(facts, id)).status).toBe('CANCELLED');
	});

	test('may end PROCESSED although the cancel was accepted', async () => {
		const id = start(facts, { durationMs: 100 });
		expect((await cancel(facts, id)).status).toBe(200);
		kit.advance(1000);
		expect((await read(facts, id)).status).toBe('PROCESSED');
	});

	test('takes a body or none', async () => {
		expect((await cancel(facts, start(facts), {})).status).toBe(200);
	});

	test.each([
		['completed', 'PROCESSED'],
		['failed', 'FAILED'],
		['cancelled', 'CANCELLED'],
	] as const)('refuses once it is %s', async (result, status) => {
		const id = start(facts, { result, durationMs: 0 });
		expectRefused(await cancel(facts, id), 'cannot cancel terminal run');
		expect((await read(facts, id)).status).toBe(status);
	});

	test('is not idempotent: a cancelled run refuses the next cancel', async () => {
		const id = start(facts, { cancelMs: 0 });
		expect(unwrapped((await cancel(facts, id)).json).status).toBe('CANCELLED');
		expectRefused(await cancel(facts, id), 'cannot cancel terminal run');
	});

	test.each([400, 409, 422] as const)('refuses with %s when switched', async (status) => {
		kit.sandbox.switches.extendCancelRefusal = status;
		expectRefused(await cancel(facts, start(facts, { durationMs: 0 })), 'cannot cancel terminal run', status);
	});

	test('finishes first: refused, and PROCESSED', async () => {
		const id = start(facts, { cancel: 'finishes_first' });
		expectRefused(await cancel(facts, id), 'PROCESSED');
		expect((await read(facts, id)).status).toBe('PROCESSED');
	});

	test('races: 409, then the cancel works', async () => {
		const id = start(facts, { cancel: 'race_409', cancelMs: 0 });
		expect(await cancel(facts, id)).toMatchObject({ status: 409, json: { retryable: true } });
		expect((await read(facts, id)).status).toBe('PROCESSING');
		expect((await cancel(facts, id)).status).toBe(200);
		expect((await read(facts, id)).status).toBe('CANCELLED');
	});

	test('takes its time when slow', async () => {
		const id = start(facts, { cancel: 'slow' });
		await cancel(facts, id);
		kit.advance(4_999);
		expect((await read(facts, id)).status).toBe(facts === workflowRun ? 'CANCELLING' : 'PROCESSING');
		kit.advance(1);
		expect((await read(facts, id)).status).toBe('CANCELLED');
	});

	test('ignores an accepted cancel', async () => {
		const id = start(facts, { cancel: 'ignored', result: 'stuck' });
		expect((await cancel(facts, id)).status).toBe(200);
		kit.advance(86_400_000);
		expect((await read(facts, id)).status).toBe('PROCESSING');
	});

	test('is not found', async () => {
		expect(await cancel(facts, 'nope')).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } });
	});
});

describe.each(PROCESSORS)('$resource in the queue', (facts) => {
	test('refuses while PENDING, and takes the cancel once PROCESSING', async () => {
		const id = start(facts, { pendingMs: 1000 });
		expectRefused(await cancel(facts, id), 'PENDING');
		kit.advance(999);
		expectRefused(await cancel(facts, id), 'PENDING');
		kit.advance(1);
		expect((await cancel(facts, id)).status).toBe(200);
		expect(kit.sandbox.getRun(id)?.cancelRequests).toBe(3);
	});

	test('takes a second cancel while the first is under way', async () => {
		const id = start(facts, { cancel: 'slow', cancelMs: 500 });
		await cancel(facts, id);
		kit.advance(400);
		expect((await cancel(facts, id)).status).toBe(200);
		kit.advance(100);
		expect((await read(facts, id)).status).toBe('CANCELLED');
	});
});

test.each(['extractRun', 'classifyRun', 'splitRun', 'processorRun'] as const)(
	'a cancelled %s carries ABORTED',
	async (resource) => {
		const facts = EXTEND.find((one) => one.resource === resource) as ExtendFacts;
		const id = start(facts, { cancelMs: 0 });
		await cancel(facts, id);
		expect(await read(facts, id)).toMatchObject({ failureReason: 'ABORTED', output: null });
	},
);

describe('workflow run', () => {
	test('is cancelled while PENDING', async () => {
		const id = start(workflowRun, { pendingMs: 1000 });
		expect((await cancel(workflowRun, id)).status).toBe(200);
		expect(await read(workflowRun, id)).toMatchObject({ status: 'CANCELLED', startTime: null });
	});

	test('refuses a second cancel while CANCELLING', async () => {
		const id = start(workflowRun, { cancel: 'slow' });
		expect((await cancel(workflowRun, id)).json.status).toBe('CANCELLING');
		expectRefused(await cancel(workflowRun, id), 'CANCELLING');
	});

	test.each([
		['needs_review', 'NEEDS_REVIEW', 'cannot cancel run'],
		['rejected', 'REJECTED', 'cannot cancel terminal run'],
	] as const)('refuses when it came to %s', async (result, status, text) => {
		const id = start(workflowRun, { result, durationMs: 0 });
		expectRefused(await cancel(workflowRun, id), text);
		expect((await read(workflowRun, id)).status).toBe(status);
	});
});

test('refusals may come in the older shapes', async () => {
	const extractRun = EXTEND.find((one) => one.resource === 'extractRun') as ExtendFacts;
	const id = start(extractRun, { durationMs: 0 });
	kit.sandbox.switches.extendErrors = 'nested';
	expect((await cancel(extractRun, id)).json).toEqual({
		error: withFields({ code: 'INVALID_REQUEST', requestId: TEXT }),
	});
	kit.sandbox.switches.extendErrors = 'legacy';
	expect((await cancel(extractRun, id)).json).toEqual({
		success: false,
		error: containing('cannot cancel terminal run'),
	});
});
