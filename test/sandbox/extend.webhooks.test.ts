import { createHmac } from 'node:crypto';

import { EXTEND_HEADERS, eventually, ids, matching, pause, useKit, type Answer, type Json } from './support';
import { startReceiver, type Received, type Receiver } from './webhookReceiver';

/** Endpoints, subscriptions and deliveries of Extend (Extend: SDK 1.17.0, webhooks). */

const kit = useKit();

let receiver: Receiver;

beforeAll(async () => {
	receiver = await startReceiver();
});
afterEach(() => receiver.forget());
afterAll(() => receiver.close());

const RUN_EVENTS = ['extract_run.processed', 'extract_run.failed'];

function endpoint(fields: Json = {}): Promise<Answer> {
	return kit.extend('POST', '/webhook_endpoints', {
		url: receiver.url,
		name: 'Test',
		apiVersion: '2026-02-09',
		enabledEvents: RUN_EVENTS,
		...fields,
	});
}

function subscribe(webhookEndpointId: unknown, resourceType: string, resourceId: string, events: string[]) {
	const body = { webhookEndpointId, resourceType, resourceId, enabledEvents: events };
	return kit.extend('POST', '/webhook_subscriptions', body);
}

function startRun(resource: 'extractRun' | 'parseRun' | 'workflowRun', result = 'completed'): string {
	const steering = { durationMs: 1_000, result } as const;
	return kit.sandbox.createRun({ provider: 'extend', resource, steering: steering as never }).id;
}

async function received(count: number): Promise<Received[]> {
	await eventually(() => receiver.received.length >= count);
	return receiver.received;
}

function signatureOf(secret: unknown, { headers, text }: Received): string {
	const message = `v0:${String(headers['x-extend-request-timestamp'])}:${text}`;
	return createHmac('sha256', String(secret)).update(message).digest('hex');
}

describe('endpoints', () => {
	test('the signing secret is shown once, when the endpoint is created', async () => {
		const created = await endpoint();

		expect(created.json).toMatchObject({
			object: 'webhook_endpoint',
			id: matching(/^wh_/),
			status: 'enabled',
			signingSecret: matching(/^wss_/),
		});
		const read = await kit.extend('GET', `/webhook_endpoints/${created.json.id}`);
		expect(read.json).not.toHaveProperty('signingSecret');
		expect(ids(await kit.extend('GET', '/webhook_endpoints'))).toEqual([created.json.id]);
	});

	test('a change is merged, and a deleted one is gone with its subscriptions', async () => {
		const { id } = (await endpoint({ enabledEvents: [] })).json;
		const subscription = await subscribe(id, 'extractor', 'ex_1', RUN_EVENTS);

		const changed = await kit.extend('POST', `/webhook_endpoints/${id}`, { status: 'disabled' });
		expect(changed.json).toMatchObject({ status: 'disabled', url: receiver.url });
		await kit.extend('DELETE', `/webhook_endpoints/${id}`);
		expect((await kit.extend('GET', `/webhook_endpoints/${id}`)).status).toBe(404);
		expect((await kit.extend('GET', `/webhook_subscriptions/${subscription.json.id}`)).status).toBe(404);
	});

	test('the same endpoint and resource are one subscription', async () => {
		const { id } = (await endpoint({ enabledEvents: [] })).json;
		const first = await subscribe(id, 'extractor', 'ex_1', RUN_EVENTS);
		const second = await subscribe(id, 'extractor', 'ex_1', ['extract_run.failed']);

		expect(second.json).toMatchObject({ id: first.json.id, enabledEvents: ['extract_run.failed'] });
		expect(ids(await kit.extend('GET', `/webhook_subscriptions?webhookEndpointId=${id}`))).toHaveLength(1);
	});

	test.each<[string, Json]>([
		['an unknown field', { secret: 'x' }],
		['an event of workflows, which needs a subscription', { enabledEvents: ['workflow_run.completed'] }],
		['an unknown API version', { apiVersion: '2020-01-01' }],
	])('%s is refused', async (_what, fields) => {
		expect((await endpoint(fields)).status).toBe(400);
	});

	test('an event that the resource never has is refused', async () => {
		const { id } = (await endpoint({ enabledEvents: [] })).json;
		expect((await subscribe(id, 'workflow', 'workflow_1', RUN_EVENTS)).status).toBe(400);
		expect((await subscribe('wh_unknown', 'extractor', 'ex_1', RUN_EVENTS)).status).toBe(404);
	});
});

describe('deliveries', () => {
	test('a run that has ended is told, signed over the raw body', async () => {
		const { signingSecret } = (await endpoint()).json as unknown as Json;
		const id = startRun('extractRun');
		kit.advance(1_000);

		const [first] = await received(1);
		expect(first?.json).toMatchObject({
			eventId: matching(/^evt_/),
			eventType: 'extract_run.processed',
			payload: { object: 'extract_run', id, status: 'PROCESSED' },
		});
		expect(first?.headers['x-extend-request-signature']).toBe(signatureOf(signingSecret, first as Received));
	});

	test('parse runs only tell their status', async () => {
		await endpoint({ enabledEvents: ['parse_run.processed'] });
		const id = startRun('parseRun');
		kit.advance(1_000);

		const [first] = await received(1);
		expect(first?.json.payload).toEqual({
			object: 'parse_run_status',
			id,
			status: 'PROCESSED',
			failureReason: null,
			failureMessage: null,
			metadata: null,
		});
	});

	test('workflow runs are told to a subscription of their workflow, once for each phase', async () => {
		const { id } = (await endpoint({ enabledEvents: [] })).json;
		const events = ['workflow_run.needs_review', 'workflow_run.cancelled'];
		await subscribe(id, 'workflow', 'workflow_sandbox_invoices', events);
		const run = startRun('workflowRun', 'needs_review');
		kit.sandbox.createRun({
			provider: 'extend',
			resource: 'workflowRun',
			request: { workflow: { id: 'workflow_other' } },
			steering: { durationMs: 0, result: 'needs_review' },
		});
		kit.advance(1_000);
		await received(1);
		kit.sandbox.setRun(run, { phase: 'cancelled' });

		const all = await received(2);
		expect(all.map(({ json }) => [json.eventType, json.payload.id])).toEqual([
			['workflow_run.needs_review', run],
			['workflow_run.cancelled', run],
		]);
	});

	test('nothing is told of cancelled extract runs, of what was over before, and to a disabled endpoint', async () => {
		startRun('extractRun');
		kit.advance(2_000);
		const { id } = (await endpoint({ status: 'disabled' })).json;
		startRun('extractRun');
		kit.advance(1_000);
		await pause(60);
		await kit.extend('POST', `/webhook_endpoints/${id}`, { status: 'enabled' });
		startRun('extractRun', 'cancelled');
		kit.advance(1_000);
		await pause(60);

		expect(receiver.received).toEqual([]);
	});

	test('what is not answered well is sent again, signed anew; what is, is not', async () => {
		kit.sandbox.switches.webhookRetryMs = 10;
		await endpoint();
		receiver.answers.push(500, 503);
		startRun('extractRun');
		kit.advance(1_000);

		const all = await received(3);
		await pause(100);
		expect(new Set(all.map(({ json }) => json.eventId)).size).toBe(1);
		expect(receiver.received).toHaveLength(3);
	});

	test('every nth event is delivered twice or never', async () => {
		Object.assign(kit.sandbox.switches, { webhookRepeatEvery: 2, webhookLoseEvery: 3 });
		await endpoint();
		const runs = [1, 2, 3].map(() => startRun('extractRun'));
		kit.advance(1_000);
		await received(3);
		await pause(60);

		const told = receiver.received.map(({ json }) => json.payload.id);
		expect(told.sort()).toEqual([runs[0], runs[1], runs[1]].sort());
		const { json } = await kit.control('GET', '/webhooks');
		expect(json).toMatchObject({
			deliveries: expect.arrayContaining([expect.objectContaining({ answer: 'lost' })]) as unknown,
		});
	});

	test('a large payload stands behind a link that takes no key', async () => {
		await endpoint({ advancedOptions: { payload: { format: 'url', urlThresholdBytes: 10 } } });
		const id = startRun('extractRun');
		kit.advance(1_000);

		const [first] = await received(1);
		expect(first?.json.payload).toMatchObject({ object: 'signed_data_url', id });
		const link = String(first?.json.payload.data).slice(kit.sandbox.url.length);
		expect((await kit.send('GET', link)).json).toMatchObject({ object: 'extract_run', id });
		expect((await kit.send('GET', link, { headers: EXTEND_HEADERS })).status).toBe(400);
	});
});
