import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { IDataObject, INodeExecutionData, INodeParameters, INodePropertyOptions } from 'n8n-workflow';

import { RunTrigger } from '../../nodes/RunTrigger/RunTrigger.node';
import { type RunSeed, type Sandbox, startSandbox } from '../../sandbox/server';
import { type PollTrigger, createTestInstance, logEntries, startTestServer } from './support';
import { CREDENTIAL_TYPES, type Provider, ownCredentialsFor } from './support/sandbox-instance';
import { withoutExpiry } from './support/signed-links';

/** The Document Run Trigger in n8n's own poll context, over HTTP. */

let sandbox: Sandbox;

const n8n = createTestInstance({
	parameters: { simplify: false },
	nodes: [RunTrigger],
	credentialTypes: CREDENTIAL_TYPES,
	credentials: () => ownCredentialsFor(sandbox.url),
});

beforeAll(async () => {
	sandbox = await startSandbox();
});

afterEach(() => sandbox.reset());

afterAll(async () => await sandbox.close());

const MINUTE = 60_000;

const HOUR = 60 * MINUTE;

interface Options {
	provider?: Provider;
	resources?: string[];
	events?: string[];
	more?: INodeParameters;
	mode?: 'trigger' | 'manual';
	credentials?: Parameters<typeof n8n.activatePollTrigger>[0]['credentials'];
}

function trigger({ provider = 'retab', resources, events, more, ...run }: Options = {}): PollTrigger {
	return n8n.activatePollTrigger({
		node: 'runTrigger',
		parameters: {
			provider,
			resources: resources ?? [provider === 'retab' ? 'extraction' : 'extractRun'],
			events: events ?? ['finished', 'failed', 'cancelled'],
			...more,
		},
		...run,
	});
}

type Seed = Partial<Pick<RunSeed, 'id' | 'steering' | 'createdAt' | 'request'>>;

function createRun(provider: Provider, resource: string, seed: Seed = {}): string {
	return sandbox.createRun({ provider, resource, ...seed } as RunSeed).id;
}

/** A run that goes on until it is changed by hand. */
function startRun(provider: Provider, resource: string, seed: Seed = {}): string {
	return createRun(provider, resource, { steering: { durationMs: 1e12 }, ...seed });
}

function json(items: INodeExecutionData[][] | null): IDataObject[] {
	return (items ?? []).flat().map((item) => item.json);
}

/** `<id> <event>` of each item. */
function told(items: INodeExecutionData[][] | null): string[] {
	return json(items).map(({ id, event }) => `${id as string} ${event as string}`);
}

const PATHS: Record<Provider, Record<string, string>> = {
	retab: {
		classification: '/v1/classifications',
		edit: '/v1/edits',
		evalRun: '/v1/workflows/evals/runs',
		experimentRun: '/v1/workflows/experiments/runs',
		extraction: '/v1/extractions',
		job: '/v1/jobs',
		parse: '/v1/parses',
		partition: '/v1/partitions',
		split: '/v1/splits',
		workflowRun: '/v1/workflows/runs',
	},
	extend: {
		classifyRun: '/classify_runs',
		extractRun: '/extract_runs',
		parseRun: '/parse_runs',
		processorRun: '/processor_runs',
		splitRun: '/split_runs',
		workflowRun: '/workflow_runs',
	},
};

const LISTED = Object.entries(PATHS).flatMap(([provider, paths]) =>
	Object.keys(paths).map((resource): [Provider, string] => [provider as Provider, resource]),
);

/** The run as the API itself answers. */
async function apiRun(provider: Provider, resource: string, id: string): Promise<IDataObject> {
	const query = resource === 'job' ? '?include_response=true' : '';
	const response = await fetch(`${sandbox.url}${PATHS[provider][resource] ?? ''}/${id}${query}`, {
		headers: { Authorization: `Bearer ${sandbox.keys[provider]}`, 'x-extend-api-version': '2026-02-09' },
	});
	const answer = (await response.json()) as IDataObject;
	return (answer.processorRun as IDataObject | undefined) ?? answer;
}

describe('the panel', () => {
	const { description } = new RunTrigger();
	const field = (name: string, provider?: string) =>
		description.properties.find(
			(one) =>
				one.name === name &&
				(provider === undefined || one.displayOptions?.show?.provider?.includes(provider)),
		);

	test('is that of a poll trigger', () => {
		expect(description).toMatchObject({ group: ['trigger'], polling: true, inputs: [] });
		expect(description.usableAsTool).toBeUndefined();
	});

	test('asks for the age of stuck runs only where these are to be told', () => {
		for (const name of ['stuckAfter', 'stuckAfterUnit']) {
			expect(field(name)?.displayOptions).toEqual({ show: { events: ['stuck'] } });
		}
	});

	test('offers the resources of Retab and Extend that can be listed, and names the others', () => {
		const offered = (provider: Provider) =>
			(field('resources', provider)?.options as INodePropertyOptions[]).map(({ value }) => value);
		expect(offered('retab').sort()).toEqual(Object.keys(PATHS.retab).sort());
		expect(offered('extend').sort()).toEqual(Object.keys(PATHS.extend).sort());
		expect(field('resources', 'retab')?.description).toContain(
			'Retab cannot list file blueprints and schema generations, so nothing can be told about those',
		);
		expect(field('resources', 'extend')?.description).toContain(
			'Extend cannot list batch runs, edit runs, evaluation set runs and form detection runs',
		);
	});
});

describe.each(LISTED)('%s %s', (provider, resource) => {
	test('tells of the end of runs from before and after the activation, once', async () => {
		const over = createRun(provider, resource, { createdAt: Date.now() - HOUR });
		const before = startRun(provider, resource, { createdAt: Date.now() - 3 * HOUR });
		const poller = trigger({ provider, resources: [resource] });
		expect(await poller.activate()).toBeNull();
		const after = startRun(provider, resource);
		expect(await poller.poll()).toBeNull();

		sandbox.setRun(before, { phase: 'completed' });
		sandbox.setRun(after, { phase: 'failed' });
		const items = json(await poller.poll());
		expect(items.map(({ id }) => id)).toEqual([before, after]);
		expect(withoutExpiry(items[0])).toEqual({
			event: 'finished',
			provider,
			resource,
			id: before,
			status: sandbox.getRun(before)?.status,
			phase: 'completed',
			createdAt: new Date(sandbox.getRun(before)?.createdAt ?? 0).toISOString(),
			detectedAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
			run: withoutExpiry(await apiRun(provider, resource, before)),
		});
		expect(items[1]).toMatchObject({ event: 'failed', id: after, phase: 'failed' });

		expect(await poller.poll()).toBeNull();
		poller.restart();
		expect(await poller.activate()).toBeNull();
		expect(JSON.stringify(poller.stored())).not.toContain(over);
	});
});

describe('events', () => {
	test('a cancelled run, and one that waits for a review, of Extend', async () => {
		const resources = ['workflowRun'];
		const poller = trigger({
			provider: 'extend',
			resources,
			events: ['cancelled', 'needsReview', 'finished'],
		});
		await poller.activate();
		const cancelled = startRun('extend', 'workflowRun');
		const reviewed = startRun('extend', 'workflowRun');
		sandbox.setRun(cancelled, { phase: 'cancelled' });
		sandbox.setRun(reviewed, { phase: 'needsReview' });
		expect(told(await poller.poll()).sort()).toEqual(
			[`${cancelled} cancelled`, `${reviewed} needsReview`].sort(),
		);
		expect(await poller.poll()).toBeNull();
		sandbox.setRun(reviewed, { phase: 'completed' });
		expect(told(await poller.poll())).toEqual([`${reviewed} finished`]);
	});

	describe('a run of Retab that waits for a review', () => {
		async function waiting(more: INodeParameters) {
			const poller = trigger({ resources: ['workflowRun'], events: ['needsReview'], more });
			await poller.activate();
			const id = startRun('retab', 'workflowRun');
			sandbox.setRun(id, { phase: 'needsReview' });
			return { id, poller };
		}

		test('comes with what Approve takes, and with what is to be approved', async () => {
			const { id, poller } = await waiting({ simplify: true });
			expect(json(await poller.poll())).toEqual([
				{
					event: 'needsReview',
					id,
					status: 'awaiting_review',
					output: { invoice_number: 'INV-1001', supplier: 'Example Ltd', total: 118.5 },
					error: null,
					reviewId: `rev_${id}`,
					versionId: expect.stringMatching(/^rvr_/) as unknown,
					provider: 'retab',
					resource: 'workflowRun',
					createdAt: expect.any(String) as unknown,
					detectedAt: expect.any(String) as unknown,
				},
			]);
		});

		test('without Simplify, with all of its reviews', async () => {
			const { id, poller } = await waiting({ simplify: false });
			expect(json(await poller.poll())).toMatchObject([
				{ id, reviews: [{ id: `rev_${id}`, run_id: id, latest_version: { snapshot: { total: 118.5 } } }] },
			]);
		});

		test('is told all the same when the review cannot be read', async () => {
			const { id, poller } = await waiting({ simplify: true });
			sandbox.plantFault({ path: '/v1/workflows/reviews', status: 403, count: 'always' });
			const [event] = json(await poller.poll());
			expect(event).toMatchObject({ event: 'needsReview', id });
			expect(event).not.toHaveProperty('reviewId');
		});
	});

	test('a run is stuck when it becomes older than the limit, not when it was so before', async () => {
		const long = startRun('retab', 'job', { createdAt: Date.now() - HOUR });
		const soon = startRun('retab', 'job', { createdAt: Date.now() - 30 * MINUTE + 2_000 });
		const more = { stuckAfter: 30, stuckAfterUnit: 'minutes' };
		const poller = trigger({ resources: ['job'], events: ['stuck', 'finished'], more });
		expect(await poller.activate()).toBeNull();
		await delay(3_200);
		expect(told(await poller.poll())).toEqual([`${soon} stuck`]);
		expect(await poller.poll()).toBeNull();
		sandbox.setRun(soon, { phase: 'completed' });
		sandbox.setRun(long, { phase: 'completed' });
		expect(told(await poller.poll())).toEqual([`${long} finished`, `${soon} finished`]);
	});

	test('its age counts by the clock of the provider', async () => {
		let ahead = -5 * HOUR;
		const run = {
			id: 'extr_1',
			status: 'in_progress',
			created_at: new Date(Date.now() + ahead - 40 * MINUTE).toISOString(),
		};
		const server = await startTestServer(({ path }) => ({
			headers: { date: new Date(Date.now() + ahead).toUTCString() },
			body: path.endsWith('extr_1') ? run : { data: [run], list_metadata: {} },
		}));
		try {
			const credentials = { retabApi: { apiKey: 'rt_test', baseUrl: server.url } };
			const poller = trigger({ events: ['stuck'], more: { stuckAfter: 60 }, credentials });
			expect(await poller.activate()).toBeNull();
			expect(await poller.poll()).toBeNull();
			ahead += 30 * MINUTE;
			expect(told(await poller.poll())).toEqual(['extr_1 stuck']);
		} finally {
			await server.close();
		}
	});

	test('Look Back reports what was created within that time, at the activation', async () => {
		createRun('retab', 'extraction', { createdAt: Date.now() - 3 * HOUR });
		const within = createRun('retab', 'extraction', { createdAt: Date.now() - HOUR });
		const poller = trigger({ more: { options: { lookBack: 2, lookBackUnit: 'hours' } } });
		expect(told(await poller.activate())).toEqual([`${within} finished`]);
		expect(await poller.poll()).toBeNull();
	});

	test('only the chosen events', async () => {
		const poller = trigger({ events: ['failed'] });
		await poller.activate();
		sandbox.setRun(startRun('retab', 'extraction'), { phase: 'completed' });
		const failed = startRun('retab', 'extraction');
		sandbox.setRun(failed, { phase: 'failed' });
		expect(told(await poller.poll())).toEqual([`${failed} failed`]);
	});
});

describe('lists', () => {
	test('more finished runs of Extend than fit on a page, all created at once', async () => {
		const poller = trigger({ provider: 'extend' });
		await poller.activate();
		const createdAt = Date.now();
		const steering = { durationMs: 0 };
		const ids = sandbox.createRuns(60, { provider: 'extend', resource: 'extractRun', createdAt, steering });
		expect(told(await poller.poll()).sort()).toEqual(ids.map((id) => `${id} finished`).sort());
		expect(await poller.poll()).toBeNull();
	});

	test('an unfinished parse is found behind pages of finished ones, though Retab has no status filter for parses', async () => {
		const createdAt = (at: number) => Date.now() - (at + 1) * HOUR;
		const old = startRun('retab', 'parse', { createdAt: createdAt(300) });
		sandbox.createRuns(250, (at) => ({ provider: 'retab', resource: 'parse', createdAt: createdAt(at) }));
		const poller = trigger({ resources: ['parse'] });
		expect(await poller.activate()).toBeNull();
		sandbox.setRun(old, { phase: 'completed' });
		expect(told(await poller.poll())).toEqual([`${old} finished`]);
	});

	test.each([
		['an older envelope and unix times', 'job', { jobsList: 'legacy', jobTimes: 'unix' }, {}],
		['rows without a status', 'extraction', {}, { oldRecord: true }],
		['rows without a time', 'extraction', {}, { noCreatedAt: true }],
	] as const)('with %s', async (_, resource, switches, steering) => {
		Object.assign(sandbox.switches, switches);
		const seed = { steering: { durationMs: 1e12, ...steering } };
		createRun('retab', resource, { createdAt: Date.now() - HOUR, steering });
		const before = startRun('retab', resource, { ...seed, createdAt: Date.now() - 2 * HOUR });
		const poller = trigger({ resources: [resource] });
		expect(await poller.activate()).toBeNull();
		const after = startRun('retab', resource, seed);
		for (const id of [before, after]) sandbox.setRun(id, { phase: 'completed' });
		expect(told(await poller.poll()).sort()).toEqual([before, after].map((id) => `${id} finished`).sort());
		expect(await poller.poll()).toBeNull();
	});

	test('a list that lags behind delays an event, and neither loses nor repeats it', async () => {
		const poller = trigger();
		await poller.activate();
		sandbox.switches.listLagMs = 1_500;
		const id = startRun('retab', 'extraction');
		sandbox.setRun(id, { phase: 'completed' });
		expect(await poller.poll()).toBeNull();
		await delay(1_700);
		expect(told(await poller.poll())).toEqual([`${id} finished`]);
		expect(await poller.poll()).toBeNull();
	});

	test('only runs of one workflow of Retab, or of one extractor of Extend', async () => {
		const byWorkflow = trigger({ resources: ['workflowRun'], more: { filters: { workflowId: 'wf_1' } } });
		const filters = { extractorId: 'ex_1' };
		const byExtractor = trigger({ provider: 'extend', more: { filters } });
		await byWorkflow.activate();
		await byExtractor.activate();
		const run = (workflow_id: string) => startRun('retab', 'workflowRun', { request: { workflow_id } });
		const extract = (id: string) => startRun('extend', 'extractRun', { request: { extractor: { id } } });
		const ours = [run('wf_1'), extract('ex_1')];
		const others = [run('wf_2'), extract('ex_2')];
		for (const id of [...ours, ...others]) sandbox.setRun(id, { phase: 'completed' });
		expect(told(await byWorkflow.poll())).toEqual([`${String(ours[0])} finished`]);
		expect(told(await byExtractor.poll())).toEqual([`${String(ours[1])} finished`]);
	});
});

describe('n8n', () => {
	test('restarts: what was stored at the activation is enough to miss nothing', async () => {
		const id = startRun('retab', 'extraction', { createdAt: Date.now() - HOUR });
		const poller = trigger();
		await poller.activate();
		await poller.poll();
		poller.restart();
		sandbox.setRun(id, { phase: 'completed' });
		expect(told(await poller.activate())).toEqual([`${id} finished`]);
		poller.restart();
		expect(await poller.activate()).toBeNull();
	});

	test('restarts before anything was stored: the trigger begins anew, and reports nothing twice', async () => {
		const id = startRun('retab', 'extraction');
		const poller = trigger();
		await poller.poll();
		poller.restart();
		sandbox.setRun(id, { phase: 'completed' });
		expect(await poller.poll()).toBeNull();
		expect(await poller.poll()).toBeNull();
	});

	test('polls again while a poll is under way: each event comes out once', async () => {
		const poller = trigger();
		await poller.activate();
		const id = startRun('retab', 'extraction');
		sandbox.setRun(id, { phase: 'completed' });
		const both = await Promise.all([poller.poll(), poller.poll()]);
		expect(both.flatMap(told)).toEqual([`${id} finished`]);
		expect(await poller.poll()).toBeNull();
	});

	test('stores little, and nothing when nothing happens', async () => {
		const poller = trigger();
		await poller.activate();
		const before = poller.stored();
		await poller.poll();
		expect(poller.stored()).toEqual(before);
		expect(JSON.stringify(before).length).toBeLessThan(500);
	});

	test('at most so many requests are under way at once', async () => {
		const poller = trigger({ more: { options: { maxConcurrentRequests: 2 } } });
		await poller.activate();
		sandbox.createRuns(12, { provider: 'retab', resource: 'extraction', steering: { durationMs: 0 } });
		sandbox.plantFault({ path: '/v1/extractions/*', count: 'always', delayMs: 40 });
		const from = sandbox.requests.length;
		expect(await poller.poll()).toHaveLength(1);
		const requests = sandbox.requests
			.slice(from)
			.map(({ time, durationMs }) => ({ time, end: time + (durationMs ?? 0) }));
		expect(requests).toHaveLength(13);
		const together = requests.map(
			({ time }) => requests.filter((one) => one.time <= time && time < one.end).length,
		);
		expect(Math.max(...together)).toBe(2);
	});
});

describe('a manual test of the trigger', () => {
	test('shows recent runs, and remembers nothing', async () => {
		const old = createRun('retab', 'extraction', {
			createdAt: Date.now() - HOUR,
			steering: { result: 'failed' },
		});
		createRun('retab', 'extraction', { createdAt: Date.now() - MINUTE });
		const poller = trigger({ events: ['failed'], mode: 'manual' });
		for (let times = 0; times < 2; times++) {
			const items = json(await poller.poll());
			expect(items).toMatchObject([{ event: 'failed', provider: 'retab', resource: 'extraction', id: old }]);
			expect(items[0]?.run).toEqual(await apiRun('retab', 'extraction', old));
		}
		expect(poller.stored()).toEqual({});
	});

	test('shows nothing where there is nothing', async () => {
		expect(await trigger({ mode: 'manual' }).poll()).toBeNull();
	});

	test('fails where the API cannot be asked', async () => {
		sandbox.plantFault({ path: '/v1/extractions', status: 402, count: 'always' });
		await expect(trigger({ mode: 'manual' }).poll()).rejects.toMatchObject({
			name: 'NodeApiError',
			httpCode: '402',
		});
	});
});

test('the example that tells somebody: a message for each run that fails or hangs', async () => {
	const { nodes } = JSON.parse(readFileSync('examples/notify.json', 'utf8')) as {
		nodes: Array<{ name: string; parameters: INodeParameters }>;
	};
	const name = 'Failed or Stuck';
	const poller = n8n.activatePollTrigger({
		node: 'runTrigger',
		parameters: nodes.find((node) => node.name === name)?.parameters,
	});
	const createdAt = Date.now() - HOUR + 1_000;
	const stuck = startRun('retab', 'extraction', { createdAt });
	expect(await poller.activate()).toBeNull();
	const failed = startRun('retab', 'parse');
	sandbox.setRun(failed, { phase: 'failed' });
	await delay(1_800);
	const [items = []] = (await poller.poll()) ?? [];

	const result = await n8n.runWorkflow({
		workflow: 'examples/notify.json',
		startNode: name,
		pinData: { [name]: items },
	});
	expect(result.status).toBe('success');
	const created = (id: string) => new Date(sandbox.getRun(id)?.createdAt ?? 0).toISOString();
	expect(json(result.outputsOf('Tell Somebody'))).toEqual([
		{
			message: `Not finished after an hour: extraction ${stuck} (retab), status "in_progress", created ${created(stuck)}`,
		},
		{ message: `Failed: parse ${failed} (retab), status "failed", created ${created(failed)}` },
	]);
});

describe('what goes wrong', () => {
	test('a wrong key fails the activation; n8n shows the message alone then, so that it says what to do', async () => {
		const credentials = { retabApi: { apiKey: 'wrong', baseUrl: sandbox.url } };
		const step =
			'Check the API key in the Retab credential, and that its Base URL is the one the key was made for';
		const refused = {
			name: 'NodeApiError',
			httpCode: '401',
			description: expect.stringContaining(step) as string,
		};
		const message = expect.stringMatching(/^Retab refused the API key \(401\)/) as string;
		const activated = expect(trigger({ credentials }).activate());
		await activated.rejects.toMatchObject({
			...refused,
			message: expect.stringContaining(`. ${step}`) as string,
		});
		await activated.rejects.toMatchObject({ message });
		const fetched = expect(trigger({ credentials, mode: 'manual' }).poll());
		await fetched.rejects.toMatchObject({ ...refused, message: expect.not.stringContaining(step) as string });
	});

	test('a resource that the API has no longer fails the activation, and says so', async () => {
		sandbox.switches.retabJobs = 'removed';
		await expect(trigger({ resources: ['job', 'extraction'] }).activate()).rejects.toMatchObject({
			name: 'NodeApiError',
			description: expect.stringContaining('Retab took jobs out of its documented API') as string,
		});
	});

	test('an API that cannot be reached fails the poll, and nothing is lost by it', async () => {
		const poller = trigger();
		await poller.activate();
		const id = startRun('retab', 'extraction');
		sandbox.setRun(id, { phase: 'completed' });
		sandbox.plantFault({ path: '/v1/**', status: 401, count: 'always' });
		await expect(poller.poll()).rejects.toMatchObject({ name: 'NodeApiError', httpCode: '401' });
		sandbox.clearFaults();
		expect(told(await poller.poll())).toEqual([`${id} finished`]);
	});

	test('one resource that fails holds up no other, is logged, and catches up', async () => {
		const poller = trigger({ resources: ['extraction', 'parse'] });
		await poller.activate();
		const extraction = startRun('retab', 'extraction');
		const parse = startRun('retab', 'parse');
		for (const id of [extraction, parse]) sandbox.setRun(id, { phase: 'completed' });
		sandbox.plantFault({ path: '/v1/parses', status: 403, count: 1 });
		expect(told(await poller.poll())).toEqual([`${extraction} finished`]);
		expect(logEntries.map(({ message }) => message)).toContainEqual(
			expect.stringContaining('Not all "parse" runs could be read: Retab refused the API key (403)'),
		);
		expect(told(await poller.poll())).toEqual([`${parse} finished`]);
	});

	test('faults that pass are not noticed', async () => {
		const poller = trigger();
		await poller.activate();
		const id = startRun('retab', 'extraction');
		sandbox.setRun(id, { phase: 'completed' });
		sandbox.plantFault({ path: '/v1/extractions', status: 503, count: 1 });
		sandbox.plantFault({ path: '/v1/extractions/*', brokenJson: true, count: 1 });
		expect(told(await poller.poll())).toEqual([`${id} finished`]);
	});
});

describe('bad input is refused before any request', () => {
	test.each<[string, INodeParameters, string]>([
		['no resource', { resources: [] }, 'Resources must name at least one kind of run to watch'],
		[
			'a resource that cannot be listed',
			{ resources: ['fileBlueprint'] },
			'Retab has no list of file blueprints, so the trigger cannot watch them',
		],
		['a resource that is none', { resources: ['letter'] }, 'Retab has no resource "letter"'],
		[
			'an expression that gives a text instead of a list',
			{ resources: '={{ "extraction" }}' },
			'Resources must name at least one kind of run to watch',
		],
		['events that are a text', { events: '={{ "failed" }}' }, 'Events must name at least one of cancelled'],
		['no event', { events: [] }, 'Events must name at least one of cancelled, failed'],
		['an event that is none', { events: ['born'] }, 'Events must name at least one of cancelled, failed'],
		[
			'an event that none of the runs can have',
			{ events: ['needsReview'] },
			'None of the chosen resources ever needs a review: extractions do not',
		],
		[
			'a provider that is neither Retab nor Extend',
			{ provider: 'acme' },
			'Provider must be one of retab, extend',
		],
		[
			'a limit of nothing',
			{ events: ['stuck'], stuckAfter: 0 },
			'Stuck After must be a number of minutes, more than 0 and at most 365 days; it is 0',
		],
		[
			'a limit that is a text',
			{ events: ['stuck'], stuckAfter: '={{ "soon" }}' },
			'Stuck After must be a number of minutes',
		],
		[
			'a limit of more than a year',
			{ events: ['stuck'], stuckAfter: 9_000, stuckAfterUnit: 'hours' },
			'Stuck After must be a number of hours, more than 0 and at most 365 days; it is 9000',
		],
		['an odd unit', { events: ['stuck'], stuckAfterUnit: 'weeks' }, 'Stuck After Unit must be one of'],
		[
			'a look back of a year',
			{ options: { lookBack: 8760 } },
			'Look Back must be a number of hours, more than 0 and at most 30 days; it is 8760',
		],
		['a negative look back', { options: { lookBack: -1 } }, 'Look Back must be a number of hours'],
		[
			'no request at a time',
			{ options: { maxConcurrentRequests: 0 } },
			'Max Concurrent Requests must be a whole number of requests, from 1 to 100; it is 0',
		],
		[
			'an odd unit to look back',
			{ options: { lookBack: 1, lookBackUnit: 'days' } },
			'Look Back Unit must be one of',
		],
		[
			'a filter that is a number',
			{ filters: { workflowId: '={{ 7 }}' } },
			'Workflow must be a text that is not empty',
		],
		[
			'an empty filter by extractor of Extend',
			{ provider: 'extend', resources: ['extractRun'], filters: { extractorId: '' } },
			'Extractor, Classifier or Splitter must be a text that is not empty',
		],
		[
			'a filter that only another of the chosen lists of Extend has',
			{ provider: 'extend', resources: ['extractRun', 'parseRun'], filters: { extractorId: 'ex_1' } },
			'Extend cannot filter parse runs by the ID of an extractor, classifier or splitter',
		],
		['an empty filter', { filters: { workflowId: ' ' } }, 'Workflow must be a text that is not empty'],
		[
			'a filter that the list does not have',
			{ filters: { workflowId: 'wf_1' } },
			'Retab cannot filter extractions by the ID of a workflow',
		],
	])('%s', async (_, more, message) => {
		const from = sandbox.requests.length;
		await expect(trigger({ more }).activate()).rejects.toMatchObject({
			name: 'NodeOperationError',
			message: expect.stringContaining(message) as string,
		});
		expect(sandbox.requests).toHaveLength(from);
	});
});
