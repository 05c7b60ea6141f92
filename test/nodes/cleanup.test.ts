import { readFileSync } from 'node:fs';

import type { IDataObject, INodeParameters, INodeProperties } from 'n8n-workflow';

import { TimeoutCancel } from '../../nodes/TimeoutCancel/TimeoutCancel.node';
import type { RunSeed } from '../../sandbox/server';
import { engineHas, eventually } from './support';
import type { SingleNodeRun, WorkflowJson, WorkflowResult } from './support';
import { type Provider, ownCredentialsFor, useSandbox } from './support/sandbox-instance';

/** The Timeout Cancel node over HTTP: Cancel Stuck Runs. */

const lab = useSandbox();

// A cleanup looks at everything there is, so each test has the sandbox for itself.
beforeEach(() => lab.sandbox.reset());

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Cleans up for real what is older than an hour, unless told otherwise. */
function cleanup(parameters: INodeParameters): INodeParameters {
	return {
		operation: 'cleanup',
		provider: 'retab',
		resources: ['job'],
		olderThan: 60,
		olderThanUnit: 'minutes',
		dryRun: false,
		...parameters,
	};
}

function cleanUp(
	parameters: INodeParameters = {},
	run: Partial<SingleNodeRun> = {},
): Promise<WorkflowResult> {
	return lab.n8n.runWorkflow({ node: 'timeoutCancel', parameters: cleanup(parameters), ...run });
}

type Seed = Omit<RunSeed, 'provider' | 'resource' | 'createdAt'> & { age?: number };

/** A run that hangs, two hours old unless told otherwise. A cancel takes effect at once. */
function seed(provider: Provider, resource: string, { age = 2 * HOUR, ...given }: Seed = {}): RunSeed {
	const steering = { result: 'stuck', pendingMs: 0, cancelMs: 0, ...given.steering };
	return { provider, resource, createdAt: Date.now() - age, ...given, steering } as RunSeed;
}

function stuckRun(provider: Provider, resource: string, given?: Seed): string {
	return lab.sandbox.createRun(seed(provider, resource, given)).id;
}

const stuckJob = (given?: Seed) => stuckRun('retab', 'job', given);

/** A run that waits in the queue and never leaves it. */
const QUEUED = { steering: { pendingMs: 365 * 24 * HOUR } };

interface Item extends IDataObject {
	id: string;
	outcome: string;
}

function items(result: WorkflowResult): Item[] {
	return (result.json[0] ?? []) as Item[];
}

function outcomes(result: WorkflowResult): string[] {
	return items(result).map(({ id, outcome }) => `${id}: ${outcome}`);
}

function hints(result: WorkflowResult): string[] {
	return result.hints.map(({ message }) => message);
}

/** Ids of the runs that a POST was sent to, in order, each as often as it was. */
function cancelRequests(): string[] {
	return lab.sandbox.requests.flatMap(({ method, path }) =>
		method === 'POST' ? [path.split('/').at(-2) ?? path] : [],
	);
}

function metadata(...pairs: Array<[name: string, value: string]>): INodeParameters {
	return { metadata: { pairs: pairs.map(([name, value]) => ({ name, value })) } };
}

/** An age in seconds, give or take what a busy machine needs to look at a run. */
function aboutHours(hours: number): unknown {
	return expect.closeTo(hours * 3_600, -1.5);
}

const ISO = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);

describe('1,000 runs on at least 12 pages, 300 of them stuck in four resources', () => {
	const ACCOUNTS: Array<{
		provider: Provider;
		resources: string[];
		finished: string;
		listWithFault: string;
	}> = [
		{
			provider: 'retab',
			resources: ['extraction', 'job', 'parse', 'workflowRun'],
			// Its list has no status filter, so all of them have to be read.
			finished: 'parse',
			listWithFault: '/v1/parses',
		},
		{
			provider: 'extend',
			resources: ['extractRun', 'classifyRun', 'parseRun', 'workflowRun'],
			finished: 'extractRun',
			listWithFault: '/*_runs',
		},
	];

	test.each(ACCOUNTS)(
		'$provider: each is accounted for once, whatever fails',
		async ({ provider, resources, finished, listWithFault }) => {
			// The first 15 finish just before their cancel.
			const stuck = resources.flatMap((resource, kind) =>
				lab.sandbox.createRuns(75, (at) =>
					seed(provider, resource, {
						age: 2 * HOUR + (kind * 75 + at) * MINUTE,
						steering: { cancel: kind * 75 + at < 15 ? 'finishes_first' : 'normal' },
					}),
				),
			);
			lab.sandbox.createRuns(640, (at) => ({
				...seed(provider, finished, { age: 3 * HOUR + at * SECOND }),
				steering: { durationMs: SECOND },
			}));
			for (const resource of resources) {
				lab.sandbox.createRuns(15, seed(provider, resource, { age: 55 * MINUTE }));
			}
			expect(stuck).toHaveLength(300);

			const parameters = { provider, resources, limit: 1_000, options: { maxConcurrentRequests: 10 } };
			const dry = await cleanUp({ ...parameters, dryRun: true });
			expect(items(dry).map(({ id }) => id)).toEqual([...stuck].reverse());
			expect(new Set(items(dry).map(({ outcome }) => outcome))).toEqual(new Set(['wouldCancel']));
			expect(hints(dry)).toEqual(['300 stuck, 300 would be cancelled']);
			expect(new Set(lab.sandbox.requests.map(({ method }) => method))).toEqual(new Set(['GET']));

			const before = lab.sandbox.requests.length;
			const page7 = { path: listWithFault, method: 'GET', after: 6, status: 503, count: 2 };
			lab.sandbox.plantFault({ ...page7, id: 'page 7' });
			const cancels = { path: '**/cancel', method: 'POST' };
			lab.sandbox.plantFault({ ...cancels, after: 10, count: 5, status: 503 });
			lab.sandbox.plantFault({ ...cancels, after: 50, count: 5, status: 500, applyAfter: true });
			lab.sandbox.plantFault({ ...cancels, after: 100, count: 4, reset: true, applyAfter: true });
			lab.sandbox.plantFault({ ...cancels, after: 130, count: 3, reset: true });
			lab.sandbox.plantFault({ ...cancels, after: 160, count: 3, retryAfter: 0.2 });
			const result = await cleanUp(parameters);

			const sent = lab.sandbox.requests.slice(before);
			const pages = sent.filter(({ operation }) => operation?.endsWith('.list'));
			expect(pages.length).toBeGreaterThanOrEqual(12);
			expect(sent.filter(({ fault }) => fault === 'page 7')).toHaveLength(2);
			expect(sent.filter(({ method, fault }) => method === 'POST' && fault)).toHaveLength(20);

			expect(items(result).map(({ id }) => id)).toEqual([...stuck].reverse());
			expect(hints(result)).toEqual(['300 stuck, 285 cancelled, 15 finished first']);
			const finishedFirst = items(result).filter(({ outcome }) => outcome === 'alreadyFinished');
			expect(new Set(finishedFirst.map(({ id }) => id))).toEqual(new Set(stuck.slice(0, 15)));
			for (const { id, outcome } of items(result)) {
				const { phase } = lab.sandbox.getRun(id) ?? {};
				expect([outcome, phase]).toEqual(
					outcome === 'cancelled' ? ['cancelled', 'cancelled'] : ['alreadyFinished', 'completed'],
				);
			}
			expect(new Set(cancelRequests())).toEqual(new Set(stuck));
		},
		120_000,
	);
});

describe('the runs of one batch', () => {
	const batch = { ...metadata(['batch_id', 'batch_001']), statuses: ['queued'] };
	const job = (batch_id: string | null, given: Seed = QUEUED) =>
		stuckJob({ ...given, metadata: batch_id === null ? null : { batch_id } });

	test('all queued jobs of batch_001 are cancelled, and only those', async () => {
		const queued = [job('batch_001'), job('batch_001'), job('batch_001')];
		const others = [
			job('batch_002'),
			job(null),
			job('batch_001', {}),
			job('batch_001', { ...QUEUED, age: MINUTE }),
			job('batch_0011'),
			stuckRun('retab', 'extraction', { ...QUEUED, metadata: { batch_id: 'batch_001' } }),
		];
		const result = await cleanUp({ filters: batch });
		expect(outcomes(result)).toEqual(queued.map((id) => `${id}: cancelled`));
		expect(cancelRequests()).toEqual(expect.arrayContaining(queued));
		expect(cancelRequests()).toHaveLength(3);
		expect(others.map((id) => lab.sandbox.getRun(id)?.cancelRequests)).toEqual(others.map(() => 0));
		// The server narrows the list: other batches do not even come.
		expect(lab.listQueries('/v1/jobs').map((query) => new URLSearchParams(query).get('metadata'))).toEqual([
			'{"batch_id":"batch_001"}',
		]);
		expect(lab.listQueries('/v1/jobs')[0]).toContain('status=queued');
	});

	test('a job that the list only pretends to be of the batch is not cancelled', async () => {
		const ours = job('batch_001');
		const foreign = [
			job('batch_002'),
			job(null),
			job('batch_002', { steering: { durationMs: SECOND, result: 'completed' } }),
		];
		const created_at = new Date(Date.now() - 2 * HOUR).toISOString();
		lab.sandbox.plantFault({
			path: '/v1/jobs',
			status: 200,
			body: {
				data: [...foreign, ours].map((id) => ({
					id,
					status: 'queued',
					created_at,
					metadata: { batch_id: 'batch_001' },
				})),
				list_metadata: { before: null, after: null },
			},
		});
		expect(outcomes(await cleanUp({ filters: batch }))).toEqual([`${ours}: cancelled`]);
		expect(cancelRequests()).toEqual([ours]);
	});

	test('all pairs have to match', async () => {
		const both = stuckJob({ metadata: { batch_id: 'batch_001', customer: 'acme' } });
		job('batch_001', {});
		const filters = metadata(['batch_id', 'batch_001'], ['customer', 'acme']);
		expect(outcomes(await cleanUp({ filters }))).toEqual([`${both}: cancelled`]);
	});

	test('Extend has no such filter: there the runs themselves are asked', async () => {
		const ours = stuckRun('extend', 'extractRun', { metadata: { batch_id: 'batch_001' } });
		const workflow = stuckRun('extend', 'workflowRun', { metadata: { batch_id: 'batch_001' } });
		const foreign = stuckRun('extend', 'extractRun', { metadata: { batch_id: 'batch_002' } });
		const result = await cleanUp({
			provider: 'extend',
			resources: ['extractRun', 'workflowRun'],
			filters: metadata(['batch_id', 'batch_001']),
		});
		expect(new Set(outcomes(result))).toEqual(new Set([`${ours}: cancelled`, `${workflow}: cancelled`]));
		expect(lab.sandbox.getRun(foreign)?.cancelRequests).toBe(0);
		expect(lab.listQueries('/extract_runs').join('&')).not.toContain('metadata');
	});
});

describe('filters', () => {
	test('workflow id, at Retab', async () => {
		const resources = ['evalRun', 'experimentRun', 'workflowRun'];
		const [ours = [], others = []] = ['wf_a', 'wf_b'].map((workflow_id) =>
			resources.map((resource) => stuckRun('retab', resource, { request: { workflow_id } })),
		);
		const result = await cleanUp({ resources, filters: { workflowId: ' wf_a ' } });
		expect(new Set(outcomes(result))).toEqual(new Set(ours.map((id) => `${id}: cancelled`)));
		expect(others.map((id) => lab.sandbox.getRun(id)?.cancelRequests)).toEqual([0, 0, 0]);
		for (const path of ['evals/runs', 'experiments/runs', 'runs']) {
			expect(lab.listQueries(`/v1/workflows/${path}`)[0]).toContain('workflow_id=wf_a');
		}
	});

	test('a workflow run that the list only pretends to be of the workflow is not cancelled', async () => {
		const foreign = stuckRun('retab', 'workflowRun', { request: { workflow_id: 'wf_b' } });
		const timing = { created_at: new Date(Date.now() - 2 * HOUR).toISOString() };
		const data = [{ id: foreign, workflow_id: 'wf_a', lifecycle: { status: 'running' }, timing }];
		const body = { data, list_metadata: { before: null, after: null } };
		lab.sandbox.plantFault({ path: '/v1/workflows/runs', status: 200, body, count: 'always' });
		const result = await cleanUp({ resources: ['workflowRun'], filters: { workflowId: 'wf_a' } });
		expect(hints(result)).toEqual([expect.stringMatching(/^No unfinished runs older than 60 minutes/)]);
		expect(cancelRequests()).toEqual([]);
	});

	test('extractor, classifier or splitter id, at Extend', async () => {
		const owners = { extractRun: 'extractor', classifyRun: 'classifier', splitRun: 'splitter' };
		const [ours = [], others = []] = ['own_a', 'own_b'].map((id) => [
			...Object.entries(owners).map(([resource, owner]) =>
				stuckRun('extend', resource, { request: { [owner]: { id } } }),
			),
			stuckRun('extend', 'processorRun', { request: { processorId: id } }),
		]);
		const resources = [...Object.keys(owners), 'processorRun'];
		const result = await cleanUp({ provider: 'extend', resources, filters: { extractorId: 'own_a' } });
		expect(new Set(outcomes(result))).toEqual(new Set(ours.map((id) => `${id}: cancelled`)));
		expect(others.map((id) => lab.sandbox.getRun(id)?.cancelRequests)).toEqual([0, 0, 0, 0]);
		expect(lab.listQueries('/extract_runs')[0]).toContain('extractorId=own_a');
		expect(lab.listQueries('/classify_runs')[0]).toContain('classifierId=own_a');
	});

	test('runs in review: left alone, unless the user includes them', async () => {
		const waiting = [
			stuckRun('retab', 'workflowRun', { steering: { result: 'needs_review', durationMs: SECOND } }),
			stuckRun('extend', 'workflowRun', { steering: { result: 'needs_review', durationMs: SECOND } }),
		];
		const [retab, extend] = waiting;
		const run = (provider: string, filters: INodeParameters = {}) =>
			cleanUp({ provider, resources: ['workflowRun'], filters, options: { confirmFor: 2 } });
		expect(items(await run('retab'))).toEqual([]);
		expect(items(await run('extend'))).toEqual([]);
		expect(cancelRequests()).toEqual([]);

		// Retab cancels them, Extend does not.
		const included = { includeNeedsReview: true };
		expect(outcomes(await run('retab', included))).toEqual([`${retab}: cancelled`]);
		const refused = await run('extend', included);
		expect(items(refused)).toMatchObject([
			{
				id: extend,
				outcome: 'notCancellable',
				status: 'NEEDS_REVIEW',
				phase: 'needsReview',
				lastError: { httpCode: 400, message: expect.stringContaining('cannot cancel run') },
			},
		]);
		expect(hints(refused)).toEqual(['1 stuck, 1 refused']);
	});

	test('statuses: also one of those in review, where it is chosen', async () => {
		const queued = stuckJob(QUEUED);
		stuckJob();
		expect(outcomes(await cleanUp({ filters: { statuses: ['queued'] } }))).toEqual([`${queued}: cancelled`]);

		const review = { steering: { result: 'needs_review', durationMs: SECOND } } as const;
		const waiting = stuckRun('retab', 'workflowRun', review);
		stuckRun('retab', 'workflowRun');
		const filters = { statuses: ['awaiting_review'] };
		const result = await cleanUp({ resources: ['extraction', 'workflowRun'], filters });
		expect(outcomes(result)).toEqual([`${waiting}: cancelled`]);
		// Extractions are never in review: there is nothing to ask.
		expect(lab.listQueries('/v1/extractions')).toEqual([]);
	});

	test('none chosen means all that are not finished', async () => {
		const jobs = [stuckJob({ age: 3 * HOUR }), stuckJob(QUEUED)];
		const result = await cleanUp({ filters: { statuses: [] } });
		expect(outcomes(result)).toEqual(jobs.map((id) => `${id}: cancelled`));
	});
});

describe('the limit', () => {
	test('takes the oldest over all resources, and says what is left', async () => {
		const ages = [5, 2, 7, 3, 6, 4].map((hours, at) => ({
			hours,
			id: stuckRun('retab', ['job', 'extraction', 'parse'][at % 3] ?? '', { age: hours * HOUR }),
		}));
		const oldest = [...ages].sort((a, b) => b.hours - a.hours).map(({ id }) => id);
		const result = await cleanUp({ resources: ['job', 'extraction', 'parse'], limit: 4 });
		expect(outcomes(result)).toEqual(oldest.slice(0, 4).map((id) => `${id}: cancelled`));
		expect(new Set(cancelRequests())).toEqual(new Set(oldest.slice(0, 4)));
		expect(hints(result)).toEqual([
			'4 stuck, 4 cancelled',
			'2 more runs may be stuck beyond the limit. Raise it, or run the cleanup again.',
		]);
		// Run again, it finds the others.
		const again = await cleanUp({ resources: ['job', 'extraction', 'parse'], limit: 4 });
		expect(outcomes(again)).toEqual(oldest.slice(4).map((id) => `${id}: cancelled`));
	});

	test('is 100 unless told otherwise', async () => {
		lab.sandbox.createRuns(101, seed('retab', 'job'));
		const result = await cleanUp({ dryRun: true });
		expect(hints(result)).toEqual([
			'100 stuck, 100 would be cancelled',
			'1 more run may be stuck beyond the limit. Raise it, or run the cleanup again.',
		]);
	});
});

describe('nothing is stuck', () => {
	test('the hint says what was looked for, and which runs the key can see', async () => {
		stuckJob({ age: 5 * MINUTE });
		const result = await cleanUp({ resources: ['job', 'extraction'] });
		expect(items(result)).toEqual([]);
		expect(hints(result)).toEqual([
			expect.stringMatching(
				/^No unfinished runs older than 60 minutes: looked for jobs and extractions of Retab\. The Retab key selects the environment/,
			),
		]);
	});

	test('filters are not forgotten, and the age is told as it was given', async () => {
		stuckJob();
		const filters = metadata(['batch_id', 'batch_404']);
		const result = await cleanUp({ olderThan: 1.5, olderThanUnit: 'hours', filters });
		expect(hints(result)[0]).toMatch(
			/^No unfinished runs older than 90 minutes: looked for jobs of Retab, with the filters of this node\./,
		);
	});
});

describe('what becomes of a run', () => {
	test('dry run: it would be cancelled', async () => {
		const id = stuckJob();
		const result = await cleanUp({ dryRun: true });
		const [{ run, ...item }] = items(result) as [Item];
		expect(item).toEqual({
			outcome: 'wouldCancel',
			provider: 'retab',
			resource: 'job',
			id,
			status: 'in_progress',
			phase: 'running',
			ageSeconds: aboutHours(2),
		});
		expect(run).toMatchObject({ id, object: 'job', status: 'in_progress' });
		expect(result.outputs[0]?.[0]?.pairedItem).toEqual({ item: 0 });
		expect(cancelRequests()).toEqual([]);
	});

	test('cancelled, finished first and all the others, in one cleanup', async () => {
		const id = {
			cancelled: stuckJob({ age: 9 * HOUR }),
			finished: stuckJob({ age: 8 * HOUR, steering: { cancel: 'finishes_first' } }),
			ignored: stuckJob({ age: 7 * HOUR, steering: { cancel: 'ignored' } }),
			refused: stuckJob({ age: 6 * HOUR }),
			gone: stuckJob({ age: 5 * HOUR }),
			raced: stuckJob({ age: 4 * HOUR, steering: { cancel: 'race_409' } }),
		};
		const locked = { status: 409, body: { detail: 'Somebody holds a lock on this job' } };
		lab.sandbox.plantFault({ path: `POST /v1/jobs/${id.refused}/cancel`, count: 'always', ...locked });
		lab.sandbox.plantFault({ path: `GET /v1/jobs/${id.gone}`, status: 404, count: 'always' });
		const result = await cleanUp({ options: { confirmFor: 3 } });
		const cancel = { requestedAt: ISO, acceptedAt: ISO, attempts: 1, confirmedAt: ISO };
		const common = { provider: 'retab', resource: 'job' };
		expect(items(result)).toEqual([
			{
				...common,
				outcome: 'cancelled',
				id: id.cancelled,
				status: 'cancelled',
				phase: 'cancelled',
				ageSeconds: aboutHours(9),
				cancel,
				run: expect.objectContaining({ id: id.cancelled, status: 'cancelled' }),
			},
			{
				...common,
				outcome: 'alreadyFinished',
				id: id.finished,
				status: 'completed',
				phase: 'completed',
				ageSeconds: aboutHours(8),
				// The job had ended first: its cancel was refused.
				cancel: { ...cancel, acceptedAt: null },
				run: expect.objectContaining({ status: 'completed' }),
			},
			{
				...common,
				outcome: 'cancelPending',
				id: id.ignored,
				status: 'in_progress',
				phase: 'running',
				ageSeconds: aboutHours(7),
				cancel: { ...cancel, confirmedAt: null },
				run: expect.objectContaining({ status: 'in_progress' }),
			},
			{
				...common,
				outcome: 'notCancellable',
				id: id.refused,
				status: 'in_progress',
				phase: 'running',
				ageSeconds: aboutHours(6),
				cancel: { requestedAt: ISO, acceptedAt: null, attempts: expect.any(Number), confirmedAt: null },
				lastError: {
					message: 'Retab reported a conflict (409): Somebody holds a lock on this job',
					description: 'The run was changing at that moment. Try again later.',
					httpCode: 409,
					requestId: expect.any(String),
				},
				run: expect.objectContaining({ status: 'in_progress' }),
			},
			{
				...common,
				outcome: 'unreachable',
				id: id.gone,
				status: null,
				phase: 'unknown',
				ageSeconds: expect.any(Number),
				lastError: expect.objectContaining({ httpCode: 404 }),
				run: null,
			},
			{
				...common,
				outcome: 'cancelled',
				id: id.raced,
				status: 'cancelled',
				phase: 'cancelled',
				ageSeconds: aboutHours(4),
				cancel: { ...cancel, attempts: 2 },
				run: expect.objectContaining({ status: 'cancelled' }),
			},
		]);
		expect(hints(result)).toEqual([
			'6 stuck, 2 cancelled, 1 not confirmed yet, 1 finished first, 1 refused, 1 unreachable',
		]);
		expect(result.hints[0]).toMatchObject({ type: 'info', location: 'outputPane' });
	});

	test('a run that ends between the list and the read is not cancelled', async () => {
		const id = stuckJob();
		const data = [{ id, status: 'queued', created_at: new Date(Date.now() - 2 * HOUR).toISOString() }];
		lab.sandbox.setRun(id, { phase: 'failed' });
		lab.sandbox.plantFault({ path: '/v1/jobs', status: 200, body: { data, list_metadata: null } });
		expect(items(await cleanUp())).toMatchObject([{ id, outcome: 'alreadyFinished', status: 'failed' }]);
		expect(cancelRequests()).toEqual([]);
	});

	test('an Extend run that waits cannot be cancelled yet', async () => {
		const id = stuckRun('extend', 'extractRun', QUEUED);
		const result = await cleanUp({
			provider: 'extend',
			resources: ['extractRun'],
			options: { confirmFor: 1 },
		});
		expect(items(result)).toMatchObject([{ id, outcome: 'notCancellable', status: 'PENDING' }]);
		expect(hints(result)).toEqual(['1 stuck, 1 refused']);
	});

	test('an Extend workflow run that is being cancelled already is waited for', async () => {
		const id = stuckRun('extend', 'workflowRun', { steering: { cancel: 'slow', cancelMs: 1_500 } });
		const auth = { authorization: `Bearer ${lab.sandbox.keys.extend}`, 'x-extend-api-version': '2026-02-09' };
		await fetch(`${lab.sandbox.url}/workflow_runs/${id}/cancel`, { method: 'POST', headers: auth });
		expect(lab.sandbox.getRun(id)?.status).toBe('CANCELLING');
		const result = await cleanUp({ provider: 'extend', resources: ['workflowRun'] });
		expect(items(result)).toMatchObject([{ id, status: 'CANCELLED' }]);
	});

	test('a status that nobody knows is shown', async () => {
		const id = stuckRun('retab', 'parse', { steering: { status: 'archiving' } });
		const result = await cleanUp({ resources: ['parse'], dryRun: true });
		expect(items(result)).toMatchObject([
			{ id, outcome: 'wouldCancel', status: 'archiving', phase: 'unknown' },
		]);
		expect(hints(result)[1]).toBe(
			'Retab reported a status this node does not know: archiving. It counts as not finished. Look for a newer version of this package.',
		);
	});
});

describe('rows and lists as they really are', () => {
	test('Retab lists parses without a status filter: all are looked through, by whole days', async () => {
		const stuck = [stuckRun('retab', 'parse', { age: 30 * HOUR }), stuckRun('retab', 'parse')];
		lab.sandbox.createRuns(230, (at) => ({
			provider: 'retab',
			resource: 'parse',
			createdAt: Date.now() - 3 * HOUR - at * SECOND,
		}));
		stuckRun('retab', 'parse', { age: MINUTE });
		const result = await cleanUp({ resources: ['parse'] });
		expect(outcomes(result)).toEqual(stuck.map((id) => `${id}: cancelled`));
		const dayAfter = new Date(Date.now() - HOUR + 24 * HOUR).toISOString().slice(0, 10);
		expect(lab.listQueries('/v1/parses')).toEqual([
			`order=desc&to_date=${dayAfter}&limit=100`,
			expect.stringContaining('&after=prs_'),
			expect.stringContaining('&after=prs_'),
		]);
	});

	test('Extend does not sort parse runs, and knows only "limit"', async () => {
		const stuck = lab.sandbox.createRuns(60, (at) =>
			seed('extend', 'parseRun', { age: 2 * HOUR + at * MINUTE }),
		);
		lab.sandbox.createRuns(30, seed('extend', 'parseRun', { age: MINUTE }));
		const result = await cleanUp({
			provider: 'extend',
			resources: ['parseRun'],
			dryRun: true,
		});
		expect(outcomes(result)).toEqual([...stuck].reverse().map((id) => `${id}: wouldCancel`));
		const queries = lab.listQueries('/parse_runs').filter((query) => query.includes('PROCESSING'));
		// 90 rows, 25 a page: the young ones come first and do not end the list.
		expect(queries).toHaveLength(4);
		for (const query of queries) expect(query).toMatch(/^status=PROCESSING&maxPageSize=25&limit=25/);
	});

	test('rows of old records without status or time', async () => {
		const old = { oldRecord: true, noCreatedAt: true };
		const stuck = stuckRun('retab', 'parse', { steering: { oldRecord: true } });
		const ageless = stuckRun('retab', 'parse', { steering: old });
		lab.sandbox.createRuns(20, (at) => ({
			...seed('retab', 'parse', { age: 99 * HOUR + at }),
			steering: { ...old, durationMs: SECOND },
		}));
		const result = await cleanUp({ resources: ['parse'], limit: 1 });
		expect(outcomes(result)).toEqual([`${stuck}: cancelled`]);
		expect(cancelRequests()).toEqual([stuck]);
		expect(lab.sandbox.getRun(ageless)?.phase).toBe('running');
	});

	test('an unfinished run that nothing dates is left alone, with a hint', async () => {
		stuckJob({ steering: { noCreatedAt: true } });
		// A job tells its start as well: without that, nothing is left to go by.
		const queued = stuckJob({ steering: { noCreatedAt: true, pendingMs: HOUR * 99 } });
		const result = await cleanUp({ filters: { statuses: ['queued'] } });
		expect(items(result)).toEqual([]);
		expect(lab.sandbox.getRun(queued)?.cancelRequests).toBe(0);
		expect(hints(result)).toEqual([
			expect.stringMatching(/^No unfinished runs older than 60 minutes/),
			'1 unfinished run left alone: nothing tells how old they are.',
		]);
	});

	test('Extend runs that do not tell their creation are dated by their row', async () => {
		const parse = stuckRun('extend', 'parseRun', { age: 5 * HOUR });
		const workflow = stuckRun('extend', 'workflowRun', { age: 4 * HOUR });
		const result = await cleanUp({
			provider: 'extend',
			resources: ['parseRun', 'workflowRun'],
			dryRun: true,
		});
		expect(items(result)).toMatchObject([
			{ id: parse, ageSeconds: aboutHours(5) },
			{ id: workflow, ageSeconds: aboutHours(4) },
		]);
	});

	test('the list of jobs in its form until May 2026', async () => {
		lab.sandbox.switches.jobsList = 'legacy';
		lab.sandbox.switches.jobTimes = 'unix';
		const jobs = lab.sandbox.createRuns(105, (at) => seed('retab', 'job', { age: 9 * HOUR - at * MINUTE }));
		const result = await cleanUp({ dryRun: true, limit: 200 });
		expect(items(result).map(({ id }) => id)).toEqual(jobs);
	});

	const page = (ids: string[], after: string | null, age = 2 * HOUR) => ({
		status: 200,
		body: {
			data: ids.map((id) => ({
				id,
				status: 'in_progress',
				created_at: new Date(Date.now() - age).toISOString(),
			})),
			list_metadata: { before: null, after },
		},
	});
	const running = { statuses: ['in_progress'] };

	test('page tokens that lead in a circle', async () => {
		const [a, b] = [stuckJob({ age: 3 * HOUR }), stuckJob()];
		lab.sandbox.plantFault({ path: '/v1/jobs', query: 'after=', count: 'always', ...page([b], a) });
		lab.sandbox.plantFault({ path: '/v1/jobs', ...page([a], a, 3 * HOUR) });
		const result = await cleanUp({ filters: running });
		expect(outcomes(result)).toEqual([`${a}: cancelled`, `${b}: cancelled`]);
		expect(lab.listQueries('/v1/jobs')).toHaveLength(2);
		expect(hints(result)).toEqual([
			'2 stuck, 2 cancelled',
			'The list of jobs could not be read to its end, so stuck runs may be missing: one of its pages leads back to an earlier one',
		]);
	});

	test('an empty page that leads on', async () => {
		const id = stuckJob();
		lab.sandbox.plantFault({ path: '/v1/jobs', ...page([], id) });
		lab.sandbox.plantFault({ path: '/v1/jobs', query: `after=${id}`, ...page([id], null) });
		const result = await cleanUp({ filters: running });
		expect(outcomes(result)).toEqual([`${id}: cancelled`]);
		expect(hints(result)).toEqual(['1 stuck, 1 cancelled']);
	});

	test('a list that ignores the order asked for', async () => {
		const old = stuckJob();
		const young = [stuckJob({ age: MINUTE }), stuckJob({ age: 2 * MINUTE })];
		const first = page(young.slice(0, 1), null, MINUTE).body.data;
		const second = page(young.slice(1), null, 2 * MINUTE).body.data;
		const body = { data: [...first, ...second], list_metadata: { before: null, after: 'job_x' } };
		lab.sandbox.plantFault({ path: '/v1/jobs', status: 200, body });
		lab.sandbox.plantFault({ path: '/v1/jobs', query: 'after=job_x', ...page([old], null) });
		expect(outcomes(await cleanUp({ filters: running }))).toEqual([`${old}: cancelled`]);
		expect(young.map((id) => lab.sandbox.getRun(id)?.cancelRequests)).toEqual([0, 0]);
	});

	test('an id that would lead to another path is not followed', async () => {
		const id = stuckJob();
		lab.sandbox.plantFault({ path: '/v1/jobs', ...page(['..', '.', id, 'a/../../b'], null) });
		lab.sandbox.plantFault({ path: '/v1/jobs/a**', status: 404, count: 'always' });
		const result = await cleanUp({ filters: running });
		expect(outcomes(result)).toEqual([`${id}: cancelled`, 'a/../../b: unreachable']);
		const paths = lab.sandbox.requests.map(({ path }) => path);
		expect(paths.filter((path) => !path.startsWith('/v1/jobs'))).toEqual([]);
		expect(paths).toContain('/v1/jobs/a%2F..%2F..%2Fb');
	});
});

describe('lists that fail', () => {
	test('what was read before is cleaned up, and the hint says what may be missing', async () => {
		const extracts = lab.sandbox.createRuns(30, (at) =>
			seed('extend', 'extractRun', { age: 9 * HOUR - at * MINUTE }),
		);
		const parse = stuckRun('extend', 'parseRun');
		lab.sandbox.plantFault({ path: '/extract_runs', query: 'nextPageToken=', status: 500, count: 'always' });
		const result = await cleanUp({ provider: 'extend', resources: ['extractRun', 'parseRun'] });
		expect(outcomes(result)).toEqual([...extracts.slice(0, 25), parse].map((id) => `${id}: cancelled`));
		expect(lab.sandbox.getRun(extracts[25] ?? '')?.cancelRequests).toBe(0);
		expect(hints(result)).toEqual([
			'26 stuck, 26 cancelled',
			'The list of extract runs could not be read to its end, so stuck runs may be missing: Extend had a server error (500): Internal server error. This is a problem on the side of Extend. Try again later.',
		]);
		expect(result.hints[1]?.type).toBe('warning');
	});

	test('one resource that is gone does not keep the others from being cleaned up', async () => {
		lab.sandbox.switches.retabJobs = 'removed';
		const id = stuckRun('retab', 'extraction');
		const result = await cleanUp({ resources: ['job', 'extraction'] });
		expect(outcomes(result)).toEqual([`${id}: cancelled`]);
		expect(hints(result)).toHaveLength(2);
		expect(hints(result)[1]).toContain('Retab took jobs out of its documented API on 2026-05-31');
	});

	test('a wrong key is an error, not an empty result', async () => {
		stuckJob();
		const credentials = { retabApi: { apiKey: 'rt_wrong', baseUrl: lab.sandbox.url } };
		const result = await cleanUp({ resources: ['job', 'parse'] }, { credentials });
		expect(result.status).toBe('error');
		expect(result.error).toMatchObject({ name: 'NodeApiError', httpCode: '401', itemIndex: 0 });
		expect(result.error?.message).toMatch(/^Retab refused the API key \(401\): .*$/);
		expect(result.error?.description).toContain('Check the API key in the Retab credential');
		expect(JSON.stringify(result.error)).not.toContain('rt_wrong');
	});
});

describe('faults of server and network', () => {
	test('after a 429 with Retry-After everything waits', async () => {
		const ids = [stuckJob({ age: 3 * HOUR }), stuckJob()];
		lab.sandbox.plantFault({ path: `GET /v1/jobs/${ids[0]}`, retryAfter: 1 });
		const result = await cleanUp({ options: { maxConcurrentRequests: 1 } });
		expect(outcomes(result)).toEqual(ids.map((id) => `${id}: cancelled`));
		const times = lab.sandbox.requests.map(({ time }) => time);
		const at = lab.sandbox.requests.findIndex(({ fault }) => fault);
		expect((times[at + 1] ?? 0) - (times[at] ?? 0)).toBeGreaterThanOrEqual(990);
	});

	test('a server that never answers a cancel', async () => {
		const [hanging, other] = [stuckJob({ age: 3 * HOUR }), stuckJob()];
		lab.sandbox.plantFault({ path: `/v1/jobs/${hanging}/cancel`, hang: true, count: 'always' });
		const result = await cleanUp({ options: { confirmFor: 1.5 } });
		expect(items(result)).toMatchObject([
			{ id: hanging, outcome: 'unreachable', status: 'in_progress', cancel: { requestedAt: ISO } },
			{ id: other, outcome: 'cancelled' },
		]);
		expect(result.durationMs).toBeLessThan(10_000);
	});

	test('the lost answer of a cancel', async () => {
		const id = stuckJob();
		lab.sandbox.plantFault({ path: `/v1/jobs/${id}/cancel`, reset: true, applyAfter: true });
		const result = await cleanUp();
		expect(items(result)).toMatchObject([{ id, outcome: 'cancelled' }]);
		expect(cancelRequests()).toEqual([id]);
	});
});

describe('when the workflow is stopped', () => {
	const start = (parameters: INodeParameters = {}) =>
		lab.n8n.startWorkflow({ node: 'timeoutCancel', parameters: cleanup(parameters) });

	/** Waits long enough for anything that was still to come. */
	async function expectSilence(): Promise<void> {
		const { length } = lab.sandbox.requests;
		await new Promise((resolve) => setTimeout(resolve, 700));
		expect(lab.sandbox.requests).toHaveLength(length);
	}

	test('in the middle: what was done is reported, and nothing is asked any more', async () => {
		const done = stuckJob({ age: 5 * HOUR, steering: { cancelMs: 0 } });
		const pending = stuckJob({ age: 4 * HOUR, steering: { cancel: 'ignored' } });
		const unread = stuckJob({ age: 3 * HOUR });
		lab.sandbox.plantFault({ path: `GET /v1/jobs/${unread}`, hang: true, count: 'always' });
		const execution = start();
		await eventually(() => lab.storyOf(pending).at(-1)?.startsWith('GET') && cancelRequests().length === 2);
		await eventually(() => lab.storyOf(done).length === 3);
		// When the other one is read again, the node has had time for the answer.
		const { length } = lab.requestsAbout(pending);
		await eventually(() => lab.requestsAbout(pending).length > length);
		const result = await execution.stop();
		expect(result.status).toBe('canceled');
		expect(result.msAfterStop).toBeLessThan(500);
		expect(outcomes(result)).toEqual([`${done}: cancelled`, `${pending}: cancelPending`]);
		expect(hints(result)).toEqual([
			'2 stuck, 1 cancelled, 1 not confirmed yet',
			'The workflow was stopped before the cleanup had come to its end.',
		]);
		await expectSilence();
		expect(lab.sandbox.getRun(unread)?.cancelRequests).toBe(0);
	});

	test.each([
		['a list that hangs', { path: '/v1/jobs', hang: true }],
		['a rate limit', { path: '/v1/jobs', retryAfter: 60 }],
	])('while it waits for %s', async (_, fault) => {
		stuckJob();
		lab.sandbox.plantFault({ ...fault, count: 'always' });
		const execution = start();
		// One request for each status: none is on its way any more.
		await eventually(() => lab.sandbox.requests.length === 3);
		const result = await execution.stop();
		expect(result.status).toBe('canceled');
		expect(result.msAfterStop).toBeLessThan(500);
		expect(items(result)).toEqual([]);
		await expectSilence();
	});

	test('the items that follow are not begun', async () => {
		lab.sandbox.plantFault({ path: '/v1/jobs', hang: true, count: 'always' });
		const items = [{ resources: ['job'] }, { resources: ['extraction'] }];
		const parameters = cleanup({ resources: '={{ $json.resources }}' });
		const execution = lab.n8n.startWorkflow({ node: 'timeoutCancel', parameters, items });
		await eventually(() => lab.sandbox.requests.length === 3);
		await execution.stop();
		await expectSilence();
		expect(lab.listQueries('/v1/extractions')).toEqual([]);
	});
});

describe.each([
	['retab', 'job'],
	['extend', 'extractRun'],
] as const)('two cleanups of %s at the same time', (provider, resource) => {
	test('no run is cancelled twice, and only one of them says that it did', async () => {
		const ids = lab.sandbox.createRuns(20, () => seed(provider, resource, { steering: { cancelMs: 300 } }));
		lab.sandbox.plantFault({ path: 'POST /**/cancel', delayMs: 50, count: 'always' });
		const parameters = { provider, resources: [resource] };
		const credentials = ownCredentialsFor(lab.sandbox.url);

		const both = await Promise.all([
			cleanUp(parameters, { credentials }),
			cleanUp(parameters, { credentials }),
		]);

		expect(cancelRequests().sort()).toEqual([...ids].sort());
		const claimed = both.map((result) => items(result).filter(({ outcome }) => outcome === 'cancelled'));
		expect(
			claimed
				.flat()
				.map(({ id }) => id)
				.sort(),
		).toEqual([...ids].sort());
		const others = both.flatMap(items).filter(({ outcome }) => outcome !== 'cancelled');
		expect(new Set(others.map(({ outcome }) => outcome))).toEqual(new Set(['alreadyFinished']));
	}, 60_000);
});

describe('several input items', () => {
	const byItem = { resources: '={{ $json.resources }}', olderThan: '={{ $json.olderThan ?? 60 }}' };

	test('one cleanup after another, each paired with its item', async () => {
		const [job, parse] = [stuckJob(), stuckRun('retab', 'parse')];
		const result = await cleanUp(byItem, {
			items: [{ resources: ['job'] }, { resources: ['parse', 'job'] }],
		});
		expect(outcomes(result)).toEqual([`${job}: cancelled`, `${parse}: cancelled`]);
		expect(result.outputs[0]?.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
		expect(hints(result)).toEqual(['1 stuck, 1 cancelled', '1 stuck, 1 cancelled']);
	});

	const half = [{ resources: ['job'] }, { resources: ['job'], olderThan: -1 }, { resources: ['parse'] }];
	const problem =
		'Older Than must be a number of minutes, more than 0 and at most 365 days; it is -1 [item 1]';

	test('one that fails leaves the others to their end, and the error says what they did', async () => {
		const ids = [stuckJob(), stuckRun('retab', 'parse')];
		const result = await cleanUp(byItem, { items: half });
		expect(result.status).toBe('error');
		expect(result.error).toMatchObject({
			name: 'NodeOperationError',
			message: problem,
			itemIndex: 1,
			description: expect.stringMatching(
				/^2 other items came to an end: 1 stuck, 1 cancelled; 1 stuck, 1 cancelled\. Enter a number/,
			) as string,
		});
		expect(ids.map((id) => lab.sandbox.getRun(id)?.phase)).toEqual(['cancelled', 'cancelled']);
	});

	test('continue on fail: an item for the one, and for each run of the others', async () => {
		const [job, parse] = [stuckJob(), stuckRun('retab', 'parse')];
		const result = await cleanUp(byItem, { items: half, onError: 'continueRegularOutput' });
		expect(result.status).toBe('success');
		expect(items(result)).toMatchObject([{ id: job }, { error: problem }, { id: parse }]);
		expect(result.outputs[0]?.map(({ pairedItem }) => pairedItem)).toEqual([
			{ item: 0 },
			{ item: 1 },
			{ item: 2 },
		]);
	});

	test('error output', async () => {
		const [job, parse] = [stuckJob(), stuckRun('retab', 'parse')];
		const result = await cleanUp(byItem, { items: half, onError: 'continueErrorOutput' });
		expect(result.json[0]).toMatchObject([{ id: job }, { id: parse }]);
		expect(result.json[1]).toMatchObject([{ error: problem, olderThan: -1 }]);
	});

	test('a list that fails as a whole goes to the error output as well', async () => {
		lab.sandbox.plantFault({ path: '/v1/jobs', status: 403, count: 'always' });
		const result = await cleanUp({}, { onError: 'continueErrorOutput' });
		expect(result.json[0]).toEqual([]);
		expect(result.json[1]).toMatchObject([{ error: expect.stringContaining('(403)') }]);
	});
});

describe('what a user may type', () => {
	type Bad = [what: string, parameters: INodeParameters, message: string];

	const retabResources =
		'extraction, parse, classification, split, workflowRun, edit, partition, schemaGeneration, evalRun, experimentRun, fileBlueprint, job';
	const older = (value: string | number, unit = 'minutes') => ({ olderThan: value, olderThanUnit: unit });

	const BAD: Bad[] = [
		[
			'one resource as a text',
			{ resources: '={{ "job" }}' },
			'Resources must name at least one kind of run to clean up',
		],
		['no resources', { resources: '={{ [] }}' }, 'Resources must name at least one kind of run to clean up'],
		[
			'missing resources',
			{ resources: '={{ $json.none }}' },
			'Resources must name at least one kind of run to clean up',
		],
		[
			'resources that are numbers',
			{ resources: '={{ [1] }}' },
			'Resources must name at least one kind of run to clean up',
		],
		[
			'an unknown resource',
			{ resources: ['page'] },
			`Retab has no resource "page". Available: ${retabResources}`,
		],
		[
			'a resource of the other provider',
			{ resources: ['extractRun'] },
			`Retab has no resource "extractRun". Available: ${retabResources}`,
		],
		[
			'one bad resource among good ones',
			{ resources: ['job', 'constructor'] },
			`Retab has no resource "constructor". Available: ${retabResources}`,
		],
		[
			'a resource without a list',
			{ resources: ['job', 'fileBlueprint'] },
			'Retab has no list of file blueprints, so stuck ones cannot be found',
		],
		[
			'a resource without a cancel',
			{ provider: 'extend', resources: ['editRun'] },
			'Extend has no way to cancel edit runs',
		],
		[
			'a resource without a list',
			{ provider: 'extend', resources: ['batchRun'] },
			'Extend has no list of batch runs, so stuck ones cannot be found',
		],

		['age 0', older(0), 'Older Than must be a number of minutes, more than 0 and at most 365 days; it is 0'],
		[
			'a negative age',
			older(-1, 'hours'),
			'Older Than must be a number of hours, more than 0 and at most 365 days; it is -1',
		],
		[
			'an age that is no number',
			older('={{ NaN }}', 'seconds'),
			'Older Than must be a number of seconds, more than 0 and at most 365 days; it is NaN',
		],
		[
			'an age as a text',
			older('={{ "soon" }}'),
			'Older Than must be a number of minutes, more than 0 and at most 365 days; it is the text "soon"',
		],
		[
			'a missing age',
			older('={{ $json.none }}'),
			'Older Than is undefined: the expression {{ $json.none }} found nothing',
		],
		[
			'more than a year',
			older(8_761, 'hours'),
			'Older Than must be a number of hours, more than 0 and at most 365 days; it is 8761',
		],
		[
			'an unknown unit',
			older(1, '={{ "days" }}'),
			'Older Than Unit must be one of seconds, minutes, hours; it is the text "days"',
		],

		['limit 0', { limit: 0 }, 'Limit must be a whole number of runs, from 1 to 10000; it is 0'],
		[
			'a limit that is too large',
			{ limit: 10_001 },
			'Limit must be a whole number of runs, from 1 to 10000; it is 10001',
		],
		['half a run', { limit: 1.5 }, 'Limit must be a whole number of runs, from 1 to 10000; it is 1.5'],
		[
			'a limit as a text',
			{ limit: '={{ "five" }}' },
			'Limit must be a whole number of runs, from 1 to 10000; it is the text "five"',
		],

		['an empty workflow id', { filters: { workflowId: ' ' } }, 'Workflow must be a text that is not empty'],
		[
			'a missing workflow id',
			{ filters: { workflowId: '={{ $json.none }}' } },
			'Workflow must be a text that is not empty',
		],
		[
			'a workflow id that is a number',
			{ filters: { workflowId: '={{ 7 }}' } },
			'Workflow must be a text that is not empty',
		],
		[
			'a missing extractor id',
			{ provider: 'extend', resources: ['extractRun'], filters: { extractorId: '={{ $json.none }}' } },
			'Extractor, Classifier or Splitter must be a text that is not empty',
		],
		[
			'review as a text',
			{ filters: { includeNeedsReview: '={{ "yes" }}' } },
			'Include Runs in Review must be true or false',
		],
		[
			'statuses as a text',
			{ filters: { statuses: '={{ "queued" }}' } },
			'Statuses must be a list of statuses',
		],
		[
			'missing statuses',
			{ filters: { statuses: '={{ $json.none }}' } },
			'Statuses must be a list of statuses',
		],
		[
			'statuses of another resource',
			{ filters: { statuses: ['running'] } },
			'None of the chosen resources knows a status of running',
		],
		[
			'a status of finished runs',
			{ filters: { statuses: '={{ ["completed"] }}' } },
			'None of the chosen resources knows a status of completed',
		],
		[
			'metadata without pairs',
			{ filters: { metadata: {} } },
			'Metadata must hold at least one pair of a name and a value',
		],
		[
			'metadata as a text',
			{ filters: { metadata: '={{ "batch_001" }}' } },
			'Metadata must hold at least one pair of a name and a value',
		],
		['a pair without a name', { filters: metadata(['', 'batch_001']) }, 'Metadata: each pair needs a name'],
		[
			'the same name twice',
			{ filters: metadata(['a', '1'], [' a ', '2']) },
			'Metadata: the name "a" is duplicated',
		],
		[
			'pairs that are texts',
			{ filters: { metadata: { pairs: '={{ ["batch_001"] }}' } } },
			'Metadata: each pair needs a name',
		],

		[
			'metadata where there is none',
			{ resources: ['job', 'classification'], filters: metadata(['a', 'b']) },
			'Retab shows no metadata on classifications. Remove the metadata filter or the resource.',
		],
		[
			'a workflow id where there is none',
			{ resources: ['workflowRun', 'extraction'], filters: { workflowId: 'wf_1' } },
			'Retab cannot filter extractions by the ID of a workflow. Remove the filter or the resource.',
		],
		[
			'an extractor id where there is none',
			{ provider: 'extend', resources: ['extractRun', 'parseRun'], filters: { extractorId: 'ex_1' } },
			'Extend cannot filter parse runs by the ID of an extractor, classifier or splitter. Remove the filter or the resource.',
		],

		[
			'no time to confirm',
			{ options: { confirmFor: 0 } },
			'Confirm Cancel For must be a number of seconds, from 0.1 to 3600; it is 0',
		],
	];

	const reachesNode = ([what]: (typeof BAD)[number]) =>
		what !== 'metadata as a text' || engineHas('looseCollections');

	for (const [what, parameters] of BAD.filter((bad) => !reachesNode(bad))) {
		test(`${what}: this n8n refuses the workflow`, async () => {
			stuckJob();
			await expect(cleanUp(parameters)).rejects.toThrow('Could not find property option');
			expect(lab.sandbox.requests).toEqual([]);
		});
	}

	test.each(BAD.filter(reachesNode))('%s', async (_, parameters, message) => {
		const ids = [stuckJob(), stuckRun('extend', 'extractRun')];
		const result = await cleanUp(parameters);
		expect(result.status).toBe('error');
		expect(result.error).toMatchObject({
			name: 'NodeOperationError',
			message: message,
			itemIndex: 0,
		});
		expect(lab.sandbox.requests).toEqual([]);
		expect(ids.map((id) => lab.sandbox.getRun(id)?.phase)).toEqual(['running', 'running']);
	});

	test.each([
		[
			'no requests at once',
			{ options: { maxConcurrentRequests: 0 } },
			'Max Concurrent Requests must be a whole number of requests, from 1 to 100; it is 0',
		],
		[
			'an unknown provider',
			{ provider: 'other' },
			'Provider must be one of retab, extend; it is the text "other"',
		],
	])('%s, which counts for all items', async (_, parameters, message) => {
		const result = await cleanUp(parameters);
		expect(result.error).toMatchObject({ name: 'NodeOperationError', message });
		expect(lab.sandbox.requests).toEqual([]);
	});

	test('what to do about an empty filter is said', async () => {
		const result = await cleanUp({ filters: { workflowId: '' } });
		expect(result.error?.description).toBe('Fill the filter in, or take it out of the node.');
	});

	test.each(['"false"', '0', 'null', 'undefined', '""', '[]', '({})', '"off"', '$json.none'])(
		'Dry Run as {{ %s }} is a dry run: only a clear "off" cancels',
		async (expression) => {
			const id = stuckJob();
			const result = await cleanUp({ dryRun: `={{ ${expression} }}` });
			expect(outcomes(result)).toEqual([`${id}: wouldCancel`]);
			expect(cancelRequests()).toEqual([]);
		},
	);

	test('Dry Run is on unless switched off, by an expression as well', async () => {
		const id = stuckJob();
		const { dryRun: _, ...parameters } = cleanup({});
		const left = await lab.n8n.runWorkflow({ node: 'timeoutCancel', parameters });
		expect(outcomes(left)).toEqual([`${id}: wouldCancel`]);
		expect(cancelRequests()).toEqual([]);
		expect(outcomes(await cleanUp({ dryRun: '={{ false }}' }))).toEqual([`${id}: cancelled`]);
	});

	test('fractions of a unit are fine', async () => {
		const id = stuckJob({ age: 40 * MINUTE });
		stuckJob({ age: 20 * MINUTE });
		expect(outcomes(await cleanUp(older(0.5, 'hours')))).toEqual([`${id}: cancelled`]);
	});
});

describe('the panel', () => {
	const fields = new TimeoutCancel().description.properties;
	const resources = (provider: string): INodeProperties | undefined =>
		fields.find(
			({ name, displayOptions }) => name === 'resources' && displayOptions?.show?.provider?.[0] === provider,
		);

	test('what cannot be listed is named, so that nobody thinks it is covered', () => {
		expect(resources('retab')?.description).toBe(
			'Kinds of runs to clean up. Retab cannot list file blueprints and schema generations, so stuck ones among those cannot be found.',
		);
		expect(resources('extend')?.description).toBe(
			'Kinds of runs to clean up. Extend cannot list batch runs, edit runs, evaluation set runs and form detection runs, so stuck ones among those cannot be found.',
		);
	});

	test('what can be listed and cancelled is offered, and what most users have is chosen beforehand', () => {
		const values = (provider: string) =>
			resources(provider)?.options?.map((option) => ('value' in option ? option.value : undefined));
		expect(values('retab')).toEqual([
			'extraction',
			'parse',
			'classification',
			'split',
			'workflowRun',
			'edit',
			'partition',
			'evalRun',
			'experimentRun',
			'job',
		]);
		expect(values('extend')).toEqual([
			'extractRun',
			'parseRun',
			'classifyRun',
			'splitRun',
			'workflowRun',
			'processorRun',
		]);
		expect(resources('retab')?.default).toEqual([
			'extraction',
			'parse',
			'classification',
			'split',
			'workflowRun',
		]);
		expect(resources('extend')?.default).toEqual([
			'extractRun',
			'parseRun',
			'classifyRun',
			'splitRun',
			'workflowRun',
		]);
	});

	test('n8n itself refuses to start without a resource', async () => {
		const result = await cleanUp({ resources: [] });
		expect(result.status).toBe('error');
		expect(lab.sandbox.requests).toEqual([]);
	});
});

test('an agent gets the list, and cancels only when its call says so', async () => {
	const id = stuckJob();
	const parameters = cleanup({ dryRun: "={{ $fromAI('dryRun', 'Only list', 'boolean', true) }}" });
	// One after the other: some engines begin with the last call of several.
	const answerTo = async (dryRun: boolean) => {
		const { answers } = await lab.n8n.runAsTool({ node: 'timeoutCancel', parameters, calls: [{ dryRun }] });
		return JSON.stringify(answers);
	};
	const [listed, done] = [await answerTo(true), await answerTo(false)];
	expect(listed).toContain('wouldCancel');
	expect(done).toContain('cancelled');
	expect(cancelRequests()).toEqual([id]);
});

describe('the example', () => {
	const FILE = 'examples/cleanup.json';

	/** The example with its second node activated, started by hand: the stand-ins of the tests have no schedule. */
	function example(): WorkflowJson {
		const workflow = JSON.parse(readFileSync(FILE, 'utf8')) as WorkflowJson;
		const nodes = workflow.nodes.map(({ disabled: _, ...node }) =>
			node.type === 'n8n-nodes-base.scheduleTrigger'
				? { ...node, type: 'n8n-nodes-base.manualTrigger', typeVersion: 1, parameters: {} }
				: node,
		);
		return { ...workflow, nodes };
	}

	test('the node that cancels is deactivated in the file', () => {
		const { nodes } = JSON.parse(readFileSync(FILE, 'utf8')) as WorkflowJson;
		expect(nodes.filter(({ disabled }) => disabled).map(({ name }) => name)).toEqual(['Cancel Stuck Runs']);
	});

	test('looks first, cancels then, and writes one message', async () => {
		const cancelled = stuckRun('retab', 'extraction', { age: 3 * HOUR + 10 * SECOND });
		const finished = stuckRun('retab', 'parse', {
			age: 2.5 * HOUR + 10 * SECOND,
			steering: { cancel: 'finishes_first' },
		});
		stuckRun('retab', 'classification', { age: 1.9 * HOUR });
		const result = await lab.n8n.runWorkflow({ workflow: example() });
		expect(result.status).toBe('success');
		expect(result.runsOf('Find Stuck Runs')).toBe(1);
		expect(result.outputsOf('Find Stuck Runs')[0]?.map(({ json }) => [json.id, json.outcome])).toEqual([
			[cancelled, 'wouldCancel'],
			[finished, 'wouldCancel'],
		]);
		expect(result.outputsOf('Write Message')).toEqual([
			[
				expect.objectContaining({
					json: {
						message: [
							'1 of 2 stuck runs cancelled',
							`extraction ${cancelled}: cancelled, 180 minutes old`,
							`parse ${finished}: alreadyFinished, 150 minutes old`,
						].join('\n'),
					},
				}),
			],
		]);
		// The second cleanup ran once, not once per run that the first one found.
		expect(lab.listQueries('/v1/parses')).toHaveLength(2);
	});

	test('ends quietly when nothing is stuck', async () => {
		const result = await lab.n8n.runWorkflow({ workflow: example() });
		expect(result.status).toBe('success');
		expect(result.runsOf('Cancel Stuck Runs')).toBe(0);
	});

	test('the dry run and the real one are set up alike', () => {
		const [look, act] = ['Find Stuck Runs', 'Cancel Stuck Runs'].map(
			(name) => example().nodes.find((node) => node.name === name)?.parameters,
		);
		expect({ ...look, dryRun: false }).toEqual(act);
	});
});
