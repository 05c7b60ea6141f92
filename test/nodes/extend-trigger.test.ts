import { createHmac, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { IDataObject, INodeParameters, NodeOperationError } from 'n8n-workflow';

import { ExtendApi } from '../../credentials/ExtendApi.credentials';
import { RetabApi } from '../../credentials/RetabApi.credentials';
import { ExtendTrigger } from '../../nodes/ExtendTrigger/ExtendTrigger.node';
import { attempt } from '../../nodes/shared/core/concurrency/result';
import { WEBHOOK_EVENTS } from '../../nodes/shared/providers/extend/webhookEvents';
import { type RunSeed, type Sandbox, startSandbox } from '../../sandbox/server';
import { actionsOf } from './descriptions/actions';
import { type WebhookTrigger, createTestInstance, eventually, logEntries } from './support';
import { ownCredentialsFor } from './support/sandbox-instance';

/** The Extend Trigger in n8n's own contexts for webhooks, called by the sandbox over HTTP. */

let sandbox: Sandbox;

const n8n = createTestInstance({
	nodes: [ExtendTrigger],
	credentialTypes: [RetabApi, ExtendApi],
	credentials: () => credentials(),
});

const ownCredentials = () => ownCredentialsFor(sandbox.url);
let credentials: () => ReturnType<typeof ownCredentialsFor> = ownCredentials;

const opened: WebhookTrigger[] = [];

beforeAll(async () => {
	sandbox = await startSandbox({ switches: { webhookRetryMs: 20 } });
});

afterEach(async () => {
	await Promise.all(opened.splice(0).map(async (trigger) => await trigger.close()));
	sandbox.reset();
	credentials = ownCredentials;
});

afterAll(async () => await sandbox.close());

async function open(parameters: INodeParameters = {}): Promise<WebhookTrigger> {
	const trigger = await n8n.openWebhookTrigger({ node: 'extendTrigger', parameters, nodeId: randomUUID() });
	opened.push(trigger);
	return trigger;
}

async function published(parameters: INodeParameters = {}): Promise<WebhookTrigger> {
	const trigger = await open(parameters);
	await trigger.publish();
	return trigger;
}

/** Why it cannot be published. */
async function refusalOf(trigger: WebhookTrigger): Promise<NodeOperationError> {
	const published = await attempt(() => trigger.publish());
	return ('error' in published ? published.error : undefined) as NodeOperationError;
}

const WORKFLOW: INodeParameters = {
	resourceType: 'workflow',
	resourceId: { __rl: true, mode: 'id', value: 'workflow_sandbox_invoices' },
	events: ['finished', 'needsReview', 'rejected', 'cancelled'],
};

interface Registered {
	endpoints: Array<IDataObject & { id: string; url: string; status: string; enabledEvents: string[] }>;
	subscriptions: Array<IDataObject & { id: string; enabledEvents: string[] }>;
	deliveries: Array<IDataObject & { eventId: string; answer: unknown }>;
}

async function registered(): Promise<Registered> {
	return (await (await fetch(`${sandbox.url}/_sandbox/webhooks`)).json()) as Registered;
}

async function extend(method: string, path: string, body?: object): Promise<IDataObject> {
	const headers = {
		authorization: `Bearer ${sandbox.keys.extend}`,
		'x-extend-api-version': '2026-02-09',
		'content-type': 'application/json',
	};
	const response = await fetch(sandbox.url + path, { method, headers, body: body && JSON.stringify(body) });
	return (await response.json()) as IDataObject;
}

function run(resource: 'extractRun' | 'parseRun' | 'workflowRun', seed: Partial<RunSeed> = {}): string {
	const steering = { durationMs: 100, ...seed.steering };
	return sandbox.createRun({ provider: 'extend', resource, ...seed, steering } as RunSeed).id;
}

async function items(trigger: WebhookTrigger, count: number): Promise<IDataObject[]> {
	await eventually(() => trigger.executions.length >= count);
	return trigger.executions.map(({ json }) => json);
}

/** The secret that the trigger has kept. */
function secretOf(trigger: WebhookTrigger): string {
	return ((trigger.stored().live as IDataObject).endpoint as IDataObject).secret as string;
}

interface Signed {
	body: string;
	headers: Record<string, string>;
}

function signed(trigger: WebhookTrigger, event: object, { ageS = 0 } = {}): Signed {
	const body = JSON.stringify(event);
	const timestamp = String(Math.floor(Date.now() / 1_000) - ageS);
	const signature = createHmac('sha256', secretOf(trigger)).update(`v0:${timestamp}:${body}`).digest('hex');
	const headers = { 'x-extend-request-timestamp': timestamp, 'x-extend-request-signature': signature };
	return { body, headers: { 'content-type': 'application/json', ...headers } };
}

async function post(trigger: WebhookTrigger, { body, headers }: Signed): Promise<number> {
	const response = await fetch(trigger.url, { method: 'POST', body, headers });
	await response.arrayBuffer();
	return response.status;
}

function eventAbout(id: string, eventId = `evt_${randomUUID()}`): object {
	const payload = {
		object: 'extract_run',
		id,
		status: 'PROCESSED',
		output: { value: {} },
		metadata: { k: 'v' },
	};
	return { eventId, eventType: 'extract_run.processed', payload };
}

test('n8n lists each of its events as an action', () => {
	const actions = actionsOf(new ExtendTrigger().description);
	expect(actions.map(({ parameters }) => parameters)).toEqual(
		WEBHOOK_EVENTS.map((event) => ({ events: [event] })),
	);
});

describe('registering', () => {
	test('publishing registers the address with the chosen events, unpublishing takes it off again', async () => {
		const trigger = await published({ events: ['failed'] });

		const { endpoints, subscriptions } = await registered();
		expect(endpoints).toMatchObject([
			{ url: trigger.url, name: expect.stringMatching(/^n8n: /) as unknown, status: 'enabled' },
		]);
		expect(endpoints[0]?.enabledEvents).toContain('extract_run.failed');
		expect(endpoints[0]?.enabledEvents).not.toContain('extract_run.processed');
		expect(subscriptions).toEqual([]);

		await trigger.unpublish();
		expect((await registered()).endpoints).toEqual([]);
	});

	test('one resource is a subscription of its own, which goes with the endpoint', async () => {
		const trigger = await published(WORKFLOW);

		const { endpoints, subscriptions } = await registered();
		expect(endpoints).toMatchObject([{ enabledEvents: [] }]);
		expect(subscriptions).toMatchObject([
			{
				resourceType: 'workflow',
				resourceId: 'workflow_sandbox_invoices',
				enabledEvents: [
					'workflow_run.completed',
					'workflow_run.needs_review',
					'workflow_run.rejected',
					'workflow_run.cancelled',
				],
			},
		]);

		await trigger.unpublish();
		expect((await registered()).subscriptions).toEqual([]);
	});

	test('publishing and unpublishing ten times leaves nothing behind, and others alone', async () => {
		const other = { url: 'https://other.example.com/hook', name: 'x', apiVersion: '2026-02-09' };
		const { id } = await extend('POST', '/webhook_endpoints', { ...other, enabledEvents: [] });
		const trigger = await open(WORKFLOW);
		for (let times = 0; times < 10; times += 1) {
			await trigger.publish();
			await trigger.unpublish();
		}

		expect(await registered()).toMatchObject({ endpoints: [{ id }], subscriptions: [] });
	});

	test('what is there already stays: n8n registers again whenever it starts', async () => {
		const trigger = await published(WORKFLOW);
		const before = await registered();
		await trigger.publish();

		expect(await registered()).toEqual(before);
	});

	test('an endpoint deleted by hand is made anew, with its subscription', async () => {
		const trigger = await published(WORKFLOW);
		const [first] = (await registered()).endpoints;
		await extend('DELETE', `/webhook_endpoints/${String(first?.id)}`);
		await trigger.publish();

		const { endpoints, subscriptions } = await registered();
		expect(endpoints).toMatchObject([{ url: trigger.url }]);
		expect(endpoints[0]?.id).not.toBe(first?.id);
		expect(subscriptions).toHaveLength(1);
		const id = run('workflowRun');
		expect(await items(trigger, 1)).toMatchObject([{ id }]);
	});

	test('one disabled or changed by hand is repaired in place, and so is its subscription', async () => {
		const trigger = await published(WORKFLOW);
		const { endpoints, subscriptions } = await registered();
		const [endpoint, subscription] = [endpoints[0], subscriptions[0]];
		const change = { status: 'disabled', enabledEvents: ['edit_run.failed'] };
		await extend('POST', `/webhook_endpoints/${String(endpoint?.id)}`, change);
		await extend('DELETE', `/webhook_subscriptions/${String(subscription?.id)}`);
		await trigger.publish();

		expect(await registered()).toMatchObject({
			endpoints: [{ id: endpoint?.id, status: 'enabled', enabledEvents: [] }],
			subscriptions: [{ enabledEvents: subscription?.enabledEvents }],
		});
	});

	test('a leftover at the same address, whose secret nobody knows, is replaced', async () => {
		const trigger = await open();
		const leftover = { url: trigger.url, name: 'x', apiVersion: '2026-02-09', enabledEvents: [] };
		const { id } = await extend('POST', '/webhook_endpoints', leftover);
		await trigger.publish();

		const { endpoints } = await registered();
		expect(endpoints).toMatchObject([{ url: trigger.url }]);
		expect(endpoints[0]?.id).not.toBe(id);
	});

	test('nothing stays behind when the subscription or the answer fails', async () => {
		const trigger = await open(WORKFLOW);
		sandbox.plantFault({ path: '/webhook_subscriptions', method: 'POST', status: 400 });
		await expect(trigger.publish()).rejects.toThrow('Extend refused the request (400)');
		expect((await registered()).endpoints).toEqual([]);

		sandbox.plantFault({ path: '/webhook_endpoints', method: 'POST', applyAfter: true, reset: true });
		await expect(trigger.publish()).rejects.toThrow('Extend could not be reached');
		expect((await registered()).endpoints).toEqual([]);
	});

	test('an endpoint that could not be removed is named in the log, and used again later', async () => {
		const trigger = await published();
		const [endpoint] = (await registered()).endpoints;
		sandbox.plantFault({ path: '/webhook_endpoints/*', method: 'DELETE', status: 403 });
		await trigger.unpublish();
		expect(logEntries.at(-1)?.message).toContain(`${String(endpoint?.id)} of Extend could not be removed`);

		await trigger.publish();
		expect((await registered()).endpoints).toEqual([endpoint]);
	});

	test.each<[string, INodeParameters, string]>([
		['no event', { events: [] }, 'Events must name at least one of'],
		[
			'an event that only workflow runs have',
			{ events: ['finished', 'rejected'] },
			'Events of workflow runs (rejected) only come for one workflow. Choose Workflow under Runs Of, or take',
		],
		[
			'an event that workflow runs never have',
			{ ...WORKFLOW, events: ['finished', 'batchFailed'] },
			'Workflow runs have no event batchFailed. Take it off in Events',
		],
		['no workflow', { resourceType: 'workflow', events: ['finished'] }, 'Workflow is empty'],
	])('%s is refused before anything is registered', async (_what, parameters, message) => {
		const trigger = await open(parameters);
		await expect(trigger.publish()).rejects.toThrow(message);
		expect((await registered()).endpoints).toEqual([]);
	});

	test('an address that Extend cannot reach is refused, with what to set', async () => {
		credentials = () => ({ ...ownCredentialsFor(sandbox.url), extendApi: { apiKey: 'k', region: 'us' } });
		const trigger = await open();
		const error = await refusalOf(trigger);
		expect(error.message).toBe(
			`Extend cannot reach this n8n at ${new URL(trigger.url).origin}. Set WEBHOOK_URL to its public address and restart n8n`,
		);
		expect(error.description).toMatch(/use Document Run Trigger, which polls\.$/);
		const logged = logEntries.length;
		await trigger.unpublish();
		expect(logEntries).toHaveLength(logged);
	});

	test.each([
		['url: must be a public https address', /^Check WEBHOOK_URL of this n8n/],
		['apiVersion: is not supported', /^Correct the field that Extend names/],
	])('what Extend refuses stands first: %s', async (said, description) => {
		const trigger = await open();
		sandbox.plantFault({
			path: '/webhook_endpoints',
			method: 'POST',
			status: 400,
			body: { code: 'INVALID_REQUEST', message: said },
		});
		const error = await refusalOf(trigger);
		expect(error.message).toMatch(`Extend refused the request (400): ${said}. `);
		expect(error.description).toMatch(description);
	});

	test('a workflow that is gone is named', async () => {
		const trigger = await open(WORKFLOW);
		sandbox.plantFault({ path: '/webhook_subscriptions', method: 'POST', status: 404 });
		const error = await refusalOf(trigger);
		expect(error.message).toMatch(
			/^Extend did not find the workflow workflow_sandbox_invoices \(404\): .*\. Choose the workflow anew$/,
		);
		expect(error.description).toMatch(/^Choose the workflow anew: it is gone, or of another workspace/);
	});

	test('a test event from the editor has an endpoint of its own, beside the published one', async () => {
		const trigger = await published();
		await trigger.listen();
		const { endpoints } = await registered();
		expect(endpoints.map(({ url }) => url)).toEqual([
			trigger.url,
			trigger.url.replace('/webhook/', '/webhook-test/'),
		]);
		const id = run('extractRun');

		// The test and the published workflow both get it.
		expect(await items(trigger, 2)).toMatchObject([{ id }, { id }]);
		await trigger.stopListening();
		expect((await registered()).endpoints).toMatchObject([{ url: trigger.url }]);
	});
});

describe('events', () => {
	test('a run that has finished starts the workflow with its result', async () => {
		const trigger = await published();
		const id = run('extractRun');

		const [item] = await items(trigger, 1);
		expect(item).toMatchObject({
			event: 'finished',
			id,
			status: 'PROCESSED',
			output: { total: expect.anything() as unknown },
			provider: 'extend',
			resource: 'extractRun',
		});
		expect(Object.keys(item ?? {}).length).toBeLessThanOrEqual(12);
		await eventually(async () => (await registered()).deliveries.every(({ answer }) => answer === 200));
	});

	test('with Simplify off, the item has the run as the API gives it, and the names of the event', async () => {
		const trigger = await published({ simplify: false, events: ['failed'] });
		const id = run('extractRun', { steering: { result: 'failed' }, metadata: { order: '7' } });

		expect(await items(trigger, 1)).toMatchObject([
			{
				event: 'failed',
				eventId: expect.stringMatching(/^evt_/) as unknown,
				eventType: 'extract_run.failed',
				id,
				run: { object: 'extract_run', metadata: { order: '7' }, config: expect.anything() as unknown },
			},
		]);
	});

	test('a parse event holds no result: it comes from the read', async () => {
		const trigger = await published();
		run('parseRun');

		const [item] = await items(trigger, 1);
		expect(item?.text).toEqual(expect.stringContaining(' '));
	});

	test('workflow runs: each event under its name', async () => {
		const trigger = await published(WORKFLOW);
		const id = run('workflowRun', { steering: { result: 'needs_review' } });
		await items(trigger, 1);
		sandbox.setRun(id, { phase: 'rejected' });

		expect(await items(trigger, 2)).toMatchObject([
			{ event: 'needsReview', id },
			{ event: 'rejected', id, status: 'REJECTED' },
		]);
	});

	test('a batch that is done', async () => {
		const trigger = await published({ events: ['batchFinished'] });
		const { id } = await extend('POST', '/extract_runs/batch', {
			extractor: { id: 'ex_sandbox_invoices' },
			inputs: [{ file: { id: 'file_sandbox' }, metadata: { sandbox_duration_ms: '50' } }],
		});

		expect(await items(trigger, 1)).toMatchObject([{ event: 'batchFinished', resource: 'batchRun', id }]);
	});

	test('with Read Run off nothing is read, and a payload behind a link is fetched without the key', async () => {
		sandbox.switches.webhookPayload = 'url';
		const trigger = await published({ readRun: false, simplify: false });
		const id = run('extractRun');

		expect(await items(trigger, 1)).toMatchObject([{ id, run: { object: 'extract_run', id } }]);
		const requests = sandbox.requests.filter(({ method }) => method === 'GET');
		expect(requests.map(({ path }) => path)).toContainEqual(expect.stringMatching(/^\/_storage\/payloads\//));
		expect(requests.filter(({ path }) => path.startsWith('/extract_runs'))).toEqual([]);
	});

	test('what cannot be read goes out as it came, with the reason', async () => {
		const trigger = await published({ simplify: false });
		sandbox.plantFault({ path: '/extract_runs/*', method: 'GET', status: 403, count: 'always' });
		const id = run('extractRun');

		expect(await items(trigger, 1)).toMatchObject([
			{
				id,
				status: 'PROCESSED',
				run: { object: 'extract_run' },
				lastError: expect.stringContaining('Extend refused the API key (403)') as unknown,
			},
		]);
	});

	test('a slow read does not delay the answer beyond a second', async () => {
		const trigger = await published();
		sandbox.plantFault({ path: '/extract_runs/*', method: 'GET', delayMs: 2_000 });
		const id = run('extractRun', { steering: { durationMs: 0 } });
		const began = performance.now();

		expect(await post(trigger, signed(trigger, eventAbout(id)))).toBe(200);
		expect(performance.now() - began).toBeLessThan(1_000);
		expect(await items(trigger, 1)).toMatchObject([{ id, status: 'PROCESSED' }]);
	});
});

describe('each event once', () => {
	test('what comes again is answered, and starts nothing', async () => {
		const trigger = await published({ readRun: false });
		const delivery = signed(trigger, eventAbout('exr_1'));
		const statuses = [await post(trigger, delivery), await post(trigger, delivery)];

		expect(statuses).toEqual([200, 200]);
		expect(trigger.executions).toHaveLength(1);
	});

	test('many deliveries at once, each three times, out of order', async () => {
		const trigger = await published({ readRun: false });
		const events = Array.from({ length: 50 }, (_, at) => signed(trigger, eventAbout(`exr_${String(at)}`)));
		const mixed = [...events, ...events, ...events].sort(() => Math.random() - 0.5);
		await Promise.all(mixed.map(async (delivery) => await post(trigger, delivery)));

		const ids = trigger.executions.map(({ json }) => json.id);
		expect(ids).toHaveLength(50);
		expect(new Set(ids).size).toBe(50);
		const { seen } = trigger.stored().live as { seen: Record<string, string> };
		expect(Object.values(seen).join('')).toHaveLength(50 * 9);
	});

	test('n8n has stored what was taken, whether the run was read late or soon', async () => {
		const trigger = await published();
		sandbox.plantFault({ path: '/extract_runs/*', method: 'GET', delayMs: 1_000 });
		run('extractRun', { steering: { durationMs: 0 } });
		await items(trigger, 1);
		run('extractRun', { steering: { durationMs: 0 } });
		await items(trigger, 2);

		const { seen } = trigger.stored().live as { seen: Record<string, string> };
		expect(Object.values(seen).join('')).toHaveLength(2 * 9);
	});

	test('an event that is not chosen any more starts nothing', async () => {
		const trigger = await published({ events: ['failed'] });

		expect(await post(trigger, signed(trigger, eventAbout('exr_1')))).toBe(200);
		expect(trigger.executions).toEqual([]);
	});
});

describe('forged requests', () => {
	test('1,000 changed deliveries are refused, and the genuine one is taken afterwards', async () => {
		const trigger = await published({ readRun: false });
		const genuine = signed(trigger, eventAbout('exr_1'));
		const statuses = new Map<number, number>();
		for (let at = 0; at < 1_000; at += 1) {
			const status = await post(trigger, changed(genuine, at));
			statuses.set(status, (statuses.get(status) ?? 0) + 1);
		}

		expect([...statuses]).toEqual([[401, 1_000]]);
		expect(trigger.executions).toEqual([]);
		expect(await post(trigger, genuine)).toBe(200);
		expect(trigger.executions).toHaveLength(1);
	}, 60_000);

	test.each([
		['signed more than 5 minutes ago', 302],
		['signed more than a minute ahead', -62],
	])('%s', async (_what, ageS) => {
		const trigger = await published({ readRun: false });

		expect(await post(trigger, signed(trigger, eventAbout('exr_1'), { ageS }))).toBe(401);
		expect(await post(trigger, signed(trigger, eventAbout('exr_1'), { ageS: Math.sign(ageS) * 30 }))).toBe(
			200,
		);
	});

	test('nothing is taken while the workflow is not published, nor what is no event', async () => {
		const trigger = await published({ readRun: false });
		expect(await post(trigger, signed(trigger, { eventId: 'evt_1', payload: 'x' }))).toBe(400);
		const delivery = signed(trigger, eventAbout('exr_1'));
		await trigger.unpublish();

		expect(await post(trigger, delivery)).toBe(401);
	});

	test('neither the secret nor the key are in an item or in the log', async () => {
		const before = logEntries.length;
		const trigger = await published({ simplify: false });
		run('extractRun');
		await items(trigger, 1);
		await post(trigger, { body: '{}', headers: {} });
		await delay(10);

		const shown = JSON.stringify([trigger.executions, logEntries.slice(before)]);
		expect(shown).not.toContain(secretOf(trigger));
		expect(shown).not.toContain(sandbox.keys.extend);
	});
});

/** One byte of the body, the timestamp or the signature is another; or one of these is missing, twice as long or empty. */
function changed({ body, headers }: Signed, at: number): Signed {
	const names = ['x-extend-request-timestamp', 'x-extend-request-signature'] as const;
	const name = names[at % 2] ?? names[0];
	const value = headers[name] ?? '';
	const without = Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
	switch (at % 10) {
		case 0:
			return { body, headers: without };
		case 1:
			return { body, headers: { ...headers, [name]: value + value } };
		case 2:
			return { body, headers: { ...headers, [name]: '' } };
		case 3:
		case 4:
		case 5:
			return { body, headers: { ...headers, [name]: otherAt(value, at) } };
		case 6:
			return { body: `${body} `, headers };
		default:
			return { body: otherAt(body, at), headers };
	}
}

function otherAt(text: string, at: number): string {
	const place = (at * 7) % text.length;
	const other = text[place] === '0' ? '1' : '0';
	return text.slice(0, place) + other + text.slice(place + 1);
}
