import type { IDataObject, INodeParameters } from 'n8n-workflow';

import { PROVIDERS } from '../../nodes/shared/providers';
import type { RunSeed, SteeringInput } from '../../sandbox/server';
import {
	KINDS,
	onlyItem,
	quick,
	sideBySide,
	useSandbox,
	type Kind,
	type Provider,
} from './support/sandbox-instance';

/** The Timeout Cancel node over HTTP: Wait, Cancel on Timeout and Check Once. Faults of server and network: see there. */

const lab = useSandbox();
const scenario = sideBySide();

type Seed = Partial<Pick<RunSeed, 'steering' | 'createdAt' | 'request' | 'metadata'>>;

function createRun(provider: Provider, resource: string, steering: SteeringInput, more: Seed = {}): string {
	return lab.sandbox.createRun({ provider, resource, steering, ...more } as RunSeed).id;
}

interface Setup extends INodeParameters {
	provider: Provider;
	resource: string;
}

/** One run through Wait, Cancel on Timeout. */
async function watch(id: string, { provider, resource, ...more }: Setup, options?: INodeParameters) {
	const parameters = quick({ operation: 'watch', provider, resource, ...more }, options);
	return onlyItem(await lab.n8n.runWorkflow({ node: 'timeoutCancel', parameters, items: [{ id }] }));
}

/** One run through Check Once. */
async function check(id: string, { provider, resource, ...more }: Setup, options: INodeParameters = {}) {
	const parameters = { operation: 'check', provider, resource, ...more, options };
	return onlyItem(await lab.n8n.runWorkflow({ node: 'timeoutCancel', parameters, items: [{ id }] }));
}

/** What the API answered to the requests of one method about a run. */
function answersTo(id: string, method: string): Array<number | null> {
	return lab.requestsAbout(id).flatMap((request) => (request.method === method ? request.status : []));
}

/** The story of a run that was polled, cancelled at its deadline, and then read until it had stopped. */
function cancelStory({ poll, full, stops }: Kind, cancels: string[], lag = stops === 'later'): string[] {
	const reads = lag ? [poll, full] : [full];
	return [...new Set([poll]), ...cancels, ...new Set(reads)];
}

const ISO = expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);

describe.each(KINDS)('a run of $provider $resource', (kind) => {
	const { provider, resource, poll, full, status } = kind;
	const soon = { provider, resource, timeout: 2 };
	const ample = { provider, resource, timeout: 20 };

	scenario('finishes in time', async () => {
		const id = createRun(provider, resource, { durationMs: 700 });
		const { output, item } = await watch(id, ample);
		expect(output).toBe('Completed');
		expect(item).toMatchObject({ outcome: 'completed', timedOut: false, id, status: status.completed });
		expect(item).not.toHaveProperty('cancel');
		expect(item).not.toHaveProperty('lastError');
		// Polls are light, and everything is read exactly once, at the end.
		expect(lab.storyOf(id)).toEqual([...new Set([poll, full])]);
		if (poll !== full) expect(lab.requestsAbout(id).filter(kind.isFull)).toHaveLength(1);
		expect(item.run).toMatchObject({ id, status: status.completed });
		expect(kind.resultIn(item.run as IDataObject)).toBe(true);
	});

	scenario('fails by itself', async () => {
		const id = createRun(provider, resource, { durationMs: 500, result: 'failed' });
		const { output, item } = await watch(id, ample);
		expect(output).toBe('Failed');
		expect(item).toMatchObject({ outcome: 'failed', timedOut: false, status: status.failed });
	});

	scenario('times out and is cancelled', async () => {
		const id = createRun(provider, resource, { result: 'stuck' });
		const { output, item, result } = await watch(id, soon);
		expect(output).toBe('Timed Out');
		expect(item).toEqual({
			outcome: 'cancelled',
			output: null,
			timedOut: true,
			provider,
			resource,
			id,
			status: status.cancelled,
			phase: 'cancelled',
			deadline: ISO,
			elapsedMs: expect.any(Number),
			polls: expect.any(Number),
			history: expect.arrayContaining([
				{ status: status.running, seenAt: ISO },
				{ status: status.cancelled, seenAt: ISO },
			]),
			cancel: {
				requestedAt: ISO,
				acceptedAt: ISO,
				attempts: 1,
				confirmedAt: ISO,
				lateMs: expect.any(Number),
			},
			run: expect.objectContaining({ id, status: status.cancelled }),
		});
		const { acceptedAt, lateMs } = item.cancel as IDataObject;
		expect(lateMs).toBe(Date.parse(acceptedAt as string) - Date.parse(item.deadline as string));
		expect(lateMs).toBeGreaterThanOrEqual(0);
		// A poll that the deadline cuts off may not have arrived.
		expect([0, 1]).toContain(Number(item.polls) - answersTo(id, 'GET').length);
		expect(lab.storyOf(id)).toEqual(cancelStory(kind, ['POST cancel 200']));
		expect(lab.sandbox.getRun(id)?.phase).toBe('cancelled');
		expect(result.hints).toEqual([]);
	});

	scenario('finishes first while it is being cancelled', async () => {
		const id = createRun(provider, resource, { result: 'stuck', cancel: 'finishes_first' });
		const { output, item } = await watch(id, soon);
		expect(output).toBe('Completed');
		expect(item).toMatchObject({ outcome: 'completed', timedOut: true, status: status.completed });
		expect(item.cancel).toMatchObject({ attempts: 1 });
		expect(kind.resultIn(item.run as IDataObject)).toBe(true);
		// Retab's primitives answer 200 with the record unchanged, the others refuse with 400.
		expect(lab.storyOf(id)).toEqual(cancelStory(kind, [`POST cancel ${kind.tooLate}`]));
	});

	scenario('fails first while it is being cancelled', async () => {
		const steering = { durationMs: 60_000, result: 'failed', cancel: 'finishes_first' } as const;
		const id = createRun(provider, resource, steering);
		const { output, item } = await watch(id, soon);
		expect(output).toBe('Failed');
		expect(item).toMatchObject({ outcome: 'failed', timedOut: true, status: status.failed });
	});

	scenario('is between two states at the cancel: 409, then cancelled', async () => {
		const id = createRun(provider, resource, { result: 'stuck', cancel: 'race_409' });
		const { output, item } = await watch(id, soon);
		expect(output).toBe('Timed Out');
		expect(item).toMatchObject({ outcome: 'cancelled', status: status.cancelled });
		expect(item.cancel).toMatchObject({ attempts: 2, confirmedAt: ISO });
		// After a 409 the run is read before anything else.
		const story = cancelStory(kind, ['POST cancel 409', poll, 'POST cancel 200']);
		expect(lab.storyOf(id)).toEqual(story);
	});

	scenario('ignores its cancel', async () => {
		const id = createRun(provider, resource, { result: 'stuck', cancel: 'ignored' });
		const { output, item, result } = await watch(id, soon, { confirmFor: 1 });
		expect(output).toBe('Timed Out');
		expect(item).toMatchObject({ outcome: 'cancelPending', timedOut: true, status: status.running });
		expect(item.cancel).toMatchObject({ attempts: 1, confirmedAt: null });
		expect(result.hints).toEqual([
			{
				message: `The cancel of 1 run was accepted but not confirmed in time: ${id}. They may still be going on.`,
				type: 'warning',
				location: 'outputPane',
			},
		]);
	});

	scenario('takes its time to be cancelled', async () => {
		const id = createRun(provider, resource, { result: 'stuck', cancel: 'slow', cancelMs: 1_200 });
		const { output, item } = await watch(id, soon);
		expect(output).toBe('Timed Out');
		expect(item).toMatchObject({ outcome: 'cancelled', status: status.cancelled });
		expect(item.cancel).toMatchObject({ attempts: 1, confirmedAt: ISO });
		const { requestedAt, confirmedAt } = item.cancel as Record<string, string>;
		expect(Date.parse(confirmedAt ?? '') - Date.parse(requestedAt ?? '')).toBeGreaterThanOrEqual(1_200);
		expect(lab.storyOf(id)).toEqual(cancelStory(kind, ['POST cancel 200'], true));
	});

	scenario('is cancelled by somebody else', async () => {
		const id = createRun(provider, resource, { durationMs: 500, result: 'cancelled' });
		const { output, item } = await watch(id, ample);
		expect(output).toBe('Failed');
		expect(item).toMatchObject({ outcome: 'cancelledElsewhere', timedOut: false, status: status.cancelled });
		expect(answersTo(id, 'POST')).toEqual([]);
	});

	scenario('does not exist: the node fails', async () => {
		const id = `${resource}_missing`;
		const { status: ended, error } = await lab.n8n.runWorkflow({
			node: 'timeoutCancel',
			parameters: quick({ provider, resource, timeout: 60 }),
			items: [{ id }],
		});
		expect(ended).toBe('error');
		expect(error).toMatchObject({
			name: 'NodeApiError',
			message: expect.stringContaining('did not find the run or resource (404)') as unknown,
			description: expect.stringContaining('Check the run ID and the resource.') as unknown,
			httpCode: '404',
			itemIndex: 0,
		});
		expect(answersTo(id, 'GET')).toEqual([404, 404, 404]);
		expect(answersTo(id, 'POST')).toEqual([]);
	});

	scenario('does not exist, and the node goes on: it is an item', async () => {
		const id = `${resource}_missing_on`;
		const result = await lab.n8n.runWorkflow({
			node: 'timeoutCancel',
			parameters: quick({ provider, resource, timeout: 60 }),
			items: [{ id }],
			onError: 'continueRegularOutput',
		});
		const { output, item } = onlyItem(result);
		expect(output).toBe('Failed');
		expect(item).toMatchObject({
			outcome: 'notFound',
			timedOut: false,
			status: null,
			run: null,
			polls: 3,
			lastError: { httpCode: 404 },
		});
		expect(result.hints.map(({ message }) => message)).toEqual([
			`1 run not found (404): ${id}. ${PROVIDERS[provider].notFoundHint}`,
		]);
	});

	scenario('does not exist, beside one that does: a hint', async () => {
		const id = createRun(provider, resource, { durationMs: 100 });
		const missing = `${resource}_missing_beside`;
		const result = await lab.n8n.runWorkflow({
			node: 'timeoutCancel',
			parameters: quick({ provider, resource, timeout: 60 }),
			items: [{ id }, { id: missing }],
		});
		expect(result.status).toBe('success');
		expect(result.json.map((items) => items.map(({ outcome }) => outcome))).toEqual([
			['completed'],
			['notFound'],
			[],
		]);
		expect(result.hints.map(({ message }) => message)).toEqual([
			`1 run not found (404): ${missing}. ${PROVIDERS[provider].notFoundHint}`,
		]);
	});

	scenario('was only just created and is invisible at first', async () => {
		const id = createRun(provider, resource, { durationMs: 300 });
		lab.sandbox.plantFault({ path: `GET /**/${id}`, status: 404, count: 2 });
		const { output, item } = await watch(id, ample);
		expect(output).toBe('Completed');
		expect(item).toMatchObject({ outcome: 'completed', status: status.completed });
		expect(item).not.toHaveProperty('lastError');
		expect(answersTo(id, 'GET').slice(0, 3)).toEqual([404, 404, 200]);
	});
});

describe('a run that is waiting for its turn at its deadline', () => {
	for (const resource of ['extractRun', 'classifyRun', 'splitRun', 'parseRun', 'processorRun']) {
		scenario(`extend ${resource}: refused while PENDING, cancelled once it runs`, async () => {
			const id = createRun('extend', resource, { result: 'stuck', pendingMs: 2_500 });
			const { output, item } = await watch(
				id,
				{ provider: 'extend', resource, timeout: 2 },
				{ confirmFor: 15 },
			);
			expect(output).toBe('Timed Out');
			expect(item).toMatchObject({ outcome: 'cancelled', status: 'CANCELLED' });
			expect((item.cancel as IDataObject).attempts).toBeGreaterThan(1);
			expect(new Set(answersTo(id, 'POST'))).toEqual(new Set([400, 200]));
		});
	}

	scenario('extend extractRun: still PENDING in the end, it is not cancellable', async () => {
		const id = createRun('extend', 'extractRun', { result: 'stuck', pendingMs: 60_000 });
		const setup = { provider: 'extend', resource: 'extractRun', timeout: 2 } as const;
		const { output, item, result } = await watch(id, setup, { confirmFor: 1 });
		expect(output).toBe('Timed Out');
		expect(item).toMatchObject({
			outcome: 'notCancellable',
			timedOut: true,
			status: 'PENDING',
			phase: 'waiting',
			lastError: {
				message: 'Extend refused the request (400): cannot cancel run: its status is PENDING',
				httpCode: 400,
				code: 'INVALID_REQUEST',
			},
		});
		expect(result.hints.map(({ message }) => message)).toEqual([
			`Extend refused to cancel 1 run, which may still be going on: ${id}.`,
		]);
	});

	for (const [provider, resource] of [
		['extend', 'workflowRun'],
		['retab', 'extraction'],
		['retab', 'job'],
		['retab', 'workflowRun'],
	] as const) {
		scenario(`${provider} ${resource}: is cancelled at once`, async () => {
			const id = createRun(provider, resource, { result: 'stuck', pendingMs: 60_000 });
			const { item } = await watch(id, { provider, resource, timeout: 2 });
			expect(item).toMatchObject({ outcome: 'cancelled', cancel: { attempts: 1 } });
		});
	}
});

describe('every resource that can be cancelled', () => {
	const cancellable: Array<[Provider, string[]]> = [
		[
			'retab',
			[
				'classification',
				'edit',
				'evalRun',
				'experimentRun',
				'extraction',
				'fileBlueprint',
				'job',
				'parse',
				'partition',
				'schemaGeneration',
				'split',
				'workflowRun',
			],
		],
		['extend', ['classifyRun', 'extractRun', 'parseRun', 'processorRun', 'splitRun', 'workflowRun']],
	];

	for (const [provider, resources] of cancellable) {
		for (const resource of resources) {
			scenario(`${provider} ${resource}: times out and is cancelled`, async () => {
				const id = createRun(provider, resource, { result: 'stuck', pendingMs: 0 });
				const { output, item } = await watch(id, { provider, resource, timeout: 2 });
				expect([output, item.outcome]).toEqual(['Timed Out', 'cancelled']);
				expect(lab.sandbox.getRun(id)).toMatchObject({ phase: 'cancelled', cancelRequests: 1 });
			});

			scenario(`${provider} ${resource}: finishes first, and comes out as completed`, async () => {
				const id = createRun(provider, resource, { result: 'stuck', cancel: 'finishes_first' });
				const { output, item } = await watch(id, { provider, resource, timeout: 2 });
				expect([output, item.outcome, item.timedOut]).toEqual(['Completed', 'completed', true]);
			});
		}
	}
});

describe('ends that only some runs have', () => {
	scenario('retab job: expires', async () => {
		const id = createRun('retab', 'job', { durationMs: 500, result: 'expired' });
		const { output, item } = await watch(id, { provider: 'retab', resource: 'job', timeout: 20 });
		expect(output).toBe('Failed');
		expect(item).toMatchObject({ outcome: 'expired', status: 'expired', phase: 'expired', timedOut: false });
	});

	scenario('retab workflowRun: waits for a review', async () => {
		const id = createRun('retab', 'workflowRun', { durationMs: 500, result: 'needs_review' });
		const { output, item } = await watch(id, { provider: 'retab', resource: 'workflowRun', timeout: 20 });
		expect(output).toBe('Completed');
		expect(item).toMatchObject({ outcome: 'needsReview', status: 'awaiting_review', phase: 'needsReview' });
		expect(answersTo(id, 'POST')).toEqual([]);
	});

	scenario('extend workflowRun: needs a review', async () => {
		const id = createRun('extend', 'workflowRun', { durationMs: 500, result: 'needs_review' });
		const { output, item } = await watch(id, { provider: 'extend', resource: 'workflowRun', timeout: 20 });
		expect(output).toBe('Completed');
		expect(item).toMatchObject({ outcome: 'needsReview', status: 'NEEDS_REVIEW', phase: 'needsReview' });
		expect(answersTo(id, 'POST')).toEqual([]);
	});

	scenario('extend workflowRun: is rejected by a reviewer', async () => {
		const id = createRun('extend', 'workflowRun', { durationMs: 500, result: 'rejected' });
		const { output, item } = await watch(id, { provider: 'extend', resource: 'workflowRun', timeout: 20 });
		expect(output).toBe('Failed');
		expect(item).toMatchObject({ outcome: 'rejected', status: 'REJECTED', phase: 'rejected' });
	});

	scenario('extend workflowRun: CANCELLING is no end, it is waited out', async () => {
		const id = createRun('extend', 'workflowRun', { result: 'stuck', cancelMs: 1_000 });
		const { output, item } = await watch(id, { provider: 'extend', resource: 'workflowRun', timeout: 2 });
		expect(output).toBe('Timed Out');
		expect(item).toMatchObject({ outcome: 'cancelled', cancel: { attempts: 1 } });
		const seen = (item.history as IDataObject[]).map(({ status }) => status);
		expect(seen).toEqual(['PROCESSING', 'CANCELLING', 'CANCELLED']);
	});

	scenario('an unknown status: the run is watched on, with a hint', async () => {
		const id = createRun('retab', 'extraction', { durationMs: 1_000, status: 'archiving' });
		const setup = { provider: 'retab', resource: 'extraction', timeout: 20 } as const;
		const { output, item, result } = await watch(id, setup);
		expect(output).toBe('Completed');
		expect(item).toMatchObject({ outcome: 'completed', status: 'completed' });
		expect(result.hints.map(({ message }) => message)).toEqual([
			'Retab reported a status this node does not know: archiving. It was treated as still running. Look for a newer version of this package.',
		]);
	});

	scenario('an unknown status of Extend at the deadline: the run is cancelled', async () => {
		const id = createRun('extend', 'extractRun', { result: 'stuck', status: 'ARCHIVING' });
		const { output, item } = await watch(id, { provider: 'extend', resource: 'extractRun', timeout: 2 });
		expect([output, item.outcome]).toEqual(['Timed Out', 'cancelled']);
	});

	scenario('an unknown end: never taken for a success, nor for a cancel', async () => {
		const id = createRun('retab', 'extraction', { durationMs: 300, endStatus: 'archived' });
		const setup = { provider: 'retab', resource: 'extraction', timeout: 2 } as const;
		const { output, item } = await watch(id, setup, { confirmFor: 1 });
		expect(output).toBe('Timed Out');
		expect(item).toMatchObject({ outcome: 'cancelPending', status: 'archived', phase: 'unknown' });
	});

	scenario('extend processorRun: the run inside the legacy wrapper', async () => {
		const id = createRun('extend', 'processorRun', { durationMs: 500 });
		const { output, item } = await watch(id, { provider: 'extend', resource: 'processorRun', timeout: 20 });
		expect(output).toBe('Completed');
		expect(item).toMatchObject({
			outcome: 'completed',
			status: 'PROCESSED',
			run: { object: 'document_processor_run', id, status: 'PROCESSED' },
		});
	});

	scenario('extend parseRun: polled by link, read in full once', async () => {
		const id = createRun('extend', 'parseRun', { durationMs: 700 });
		const { item } = await watch(id, { provider: 'extend', resource: 'parseRun', timeout: 20 });
		expect(lab.storyOf(id)).toEqual(['GET ?responseType=url 200', 'GET 200']);
		expect(lab.requestsAbout(id).filter(({ query }) => query === '')).toHaveLength(1);
		expect(item.run).toMatchObject({ output: { chunks: expect.any(Array) }, outputUrl: null });
	});
});

describe('the cancel of a retab workflow run', () => {
	const setup = { provider: 'retab', resource: 'workflowRun', timeout: 2 } as const;
	const commandsOf = (id: string) =>
		lab
			.requestsAbout(id)
			.flatMap(({ method, body }) => (method === 'POST' ? [JSON.parse(body ?? '') as unknown] : []));

	scenario('"cancelled" is believed once a read says so', async () => {
		const id = createRun('retab', 'workflowRun', { result: 'stuck' });
		const { item } = await watch(id, setup);
		expect(item).toMatchObject({ outcome: 'cancelled', run: { lifecycle: { status: 'cancelled' } } });
		expect(lab.storyOf(id)).toEqual(['GET 200', 'POST cancel 200', 'GET 200']);
	});

	scenario('"cancellation_requested" is polled until the run has stopped', async () => {
		const id = createRun('retab', 'workflowRun', { result: 'stuck', cancelMs: 1_000 });
		const { item } = await watch(id, setup);
		expect(item).toMatchObject({ outcome: 'cancelled', cancel: { attempts: 1 } });
	});

	scenario('"cancellation_failed" of a run that has completed: it completed', async () => {
		const id = createRun('retab', 'workflowRun', { result: 'stuck', cancel: 'finishes_first' });
		const { output, item } = await watch(id, setup);
		expect([output, item.outcome]).toEqual(['Completed', 'completed']);
	});

	scenario('"cancellation_failed" of a run that goes on: tried again with the same command id', async () => {
		const id = createRun('retab', 'workflowRun', { result: 'stuck', cancel: 'race_409' });
		const { item } = await watch(id, setup);
		expect(item).toMatchObject({ outcome: 'cancelled', cancel: { attempts: 2 } });
		const [first, second] = commandsOf(id);
		expect(first).toEqual({
			command_id: expect.stringMatching(new RegExp(`^\\d+:id-of-timeoutCancel:${id}$`)),
		});
		expect(second).toEqual(first);
	});

	scenario('each execution has a command id of its own', async () => {
		const id = createRun('retab', 'workflowRun', { result: 'stuck', cancel: 'ignored' });
		await watch(id, setup, { confirmFor: 0.5 });
		await watch(id, setup, { confirmFor: 0.5 });
		const [first, second] = commandsOf(id);
		expect(first).not.toEqual(second);
	});

	scenario('"cancellation_failed" to the end: it is not cancellable', async () => {
		const id = createRun('retab', 'workflowRun', { result: 'stuck' });
		lab.sandbox.plantFault({
			path: `POST /v1/workflows/runs/${id}/cancel`,
			status: 200,
			body: { run: {}, redis_available: false, cancellation_status: 'cancellation_failed' },
			count: 'always',
		});
		const { output, item } = await watch(id, setup, { confirmFor: 1 });
		expect([output, item.outcome]).toEqual(['Timed Out', 'notCancellable']);
		expect(item.lastError).toMatchObject({
			message: 'Retab could not cancel the run (cancellation_status: cancellation_failed)',
		});
	});

	scenario('runs in the form of older examples are understood', async () => {
		lab.sandbox.switches.workflowIds = 'nested';
		const id = createRun('retab', 'workflowRun', { result: 'stuck' });
		const { item } = await watch(id, setup);
		expect(item).toMatchObject({ outcome: 'cancelled', run: { id } });
	});
});

describe.each(['evalRun', 'experimentRun'])('the 404 of a cancelled %s', (resource) => {
	const setup = { provider: 'retab', resource, timeout: 2 } as const;

	scenario('the run is there and has completed: it finished first', async () => {
		const id = createRun('retab', resource, { result: 'stuck', cancel: 'finishes_first' });
		const { output, item } = await watch(id, setup);
		expect([output, item.outcome]).toEqual(['Completed', 'completed']);
		expect(lab.storyOf(id)).toEqual(['GET 200', 'POST cancel 404', 'GET 200']);
	});

	scenario('the run is there and goes on: the cancel is tried again', async () => {
		const id = createRun('retab', resource, { result: 'stuck' });
		lab.sandbox.plantFault({ path: `**/${id}/cancel`, status: 404 });
		const { output, item } = await watch(id, setup);
		expect([output, item.outcome]).toEqual(['Timed Out', 'cancelled']);
		expect(answersTo(id, 'POST')).toEqual([404, 200]);
	});

	scenario('the run is gone: it is not found', async () => {
		const id = createRun('retab', resource, { result: 'stuck' });
		lab.sandbox.plantFault({ path: `**/${id}/cancel`, status: 404, count: 'always' });
		lab.sandbox.plantFault({ path: `GET /**/${id}`, status: 404, after: 1, count: 'always' });
		const { output, item } = await watch(id, setup);
		expect([output, item.outcome]).toEqual(['Failed', 'notFound']);
		expect(item.status).toMatch(/^(pending|running)$/);
	});

	scenario('the answer of a cancel need not be the whole run', async () => {
		const id = createRun('retab', resource, { result: 'stuck' });
		const { item } = await watch(id, setup);
		expect(item.run).toMatchObject({
			id,
			workflow_id: 'wf_sandbox_invoices',
			lifecycle: { status: 'cancelled' },
		});
	});
});

describe('counting from the times of the run', () => {
	const HOUR = 3_600_000;

	scenario('created: the deadline of an old run is over at once', async () => {
		const createdAt = Date.now() - HOUR;
		const id = createRun('retab', 'extraction', { result: 'stuck' }, { createdAt });
		const setup = { provider: 'retab', resource: 'extraction', timeout: 30, timeoutUnit: 'minutes' } as const;
		const { output, item } = await watch(id, { ...setup, countFrom: 'created' });
		expect([output, item.outcome]).toEqual(['Timed Out', 'cancelled']);
		expect(item).toMatchObject({
			deadline: new Date(createdAt + HOUR / 2).toISOString(),
			countedFrom: { field: 'created_at', time: new Date(createdAt).toISOString() },
		});
	});

	scenario('created: an Extend workflow run tells it itself, the list is not searched', async () => {
		const createdAt = Date.now() - HOUR;
		const id = createRun('extend', 'workflowRun', { result: 'stuck', pendingMs: 2 * HOUR }, { createdAt });
		const setup = {
			provider: 'extend',
			resource: 'workflowRun',
			timeout: 30,
			timeoutUnit: 'minutes',
		} as const;
		const { output, item } = await watch(id, { ...setup, countFrom: 'created' });
		expect([output, item.outcome]).toEqual(['Timed Out', 'cancelled']);
		expect(item).toMatchObject({
			deadline: new Date(createdAt + HOUR / 2).toISOString(),
			countedFrom: { field: 'initialRunAt', time: new Date(createdAt).toISOString() },
		});
		expect(lab.listQueries('/workflow_runs')).toEqual([]);
	});

	scenario('started: the time in the queue does not count', async () => {
		const id = createRun('retab', 'job', { result: 'stuck', pendingMs: 800 });
		const setup = { provider: 'retab', resource: 'job', timeout: 3, countFrom: 'started' } as const;
		const { item } = await watch(id, setup);
		const startedAt = lab.sandbox.getRun(id)?.createdAt ?? 0;
		expect(item).toMatchObject({
			outcome: 'cancelled',
			deadline: new Date(startedAt + 800 + 3_000).toISOString(),
			countedFrom: { field: 'started_at' },
		});
	});

	scenario('now: the age of an Extend run does not matter', async () => {
		const id = createRun('extend', 'extractRun', { result: 'stuck' }, { createdAt: Date.now() - HOUR });
		const { item } = await watch(id, { provider: 'extend', resource: 'extractRun', timeout: 2 });
		expect(item.elapsedMs).toBeGreaterThanOrEqual(2_000);
		expect(item).not.toHaveProperty('countedFrom');
	});

	scenario('hours and minutes are units as well', async () => {
		const id = createRun('retab', 'parse', { durationMs: 300 });
		const setup = { provider: 'retab', resource: 'parse', timeout: 0.5, timeoutUnit: 'hours' } as const;
		const { item } = await watch(id, setup);
		const left = Date.parse(item.deadline as string) - Date.now();
		expect(left).toBeGreaterThan(HOUR / 2 - 30_000);
		expect(left).toBeLessThanOrEqual(HOUR / 2);
	});
});

describe('Check Once', () => {
	const HOUR = 3_600_000;
	const twoHours = { timeout: 2, timeoutUnit: 'hours' };
	const halfAnHour = { timeout: 30, timeoutUnit: 'minutes' };

	for (const { provider, resource, poll, full, status } of KINDS) {
		scenario(`${provider} ${resource}: time is not up, the run is still running`, async () => {
			const createdAt = Date.now() - HOUR;
			const id = createRun(provider, resource, { result: 'stuck' }, { createdAt });
			const { output, item } = await check(id, { provider, resource, ...twoHours });
			expect(output).toBe('Still Running');
			expect(item).toMatchObject({
				outcome: 'stillRunning',
				timedOut: false,
				id,
				status: status.running,
				phase: 'running',
				polls: 1,
				deadline: new Date(createdAt + 2 * HOUR).toISOString(),
				countedFrom: { time: new Date(createdAt).toISOString() },
			});
			expect(item).not.toHaveProperty('cancel');
			expect(lab.storyOf(id)).toEqual([poll]);
		});

		scenario(`${provider} ${resource}: overdue, it is cancelled`, async () => {
			const id = createRun(provider, resource, { result: 'stuck' }, { createdAt: Date.now() - HOUR });
			const { output, item } = await check(id, { provider, resource, ...halfAnHour });
			expect(output).toBe('Timed Out');
			expect(item).toMatchObject({ outcome: 'cancelled', timedOut: true, status: status.cancelled });
		});

		scenario(`${provider} ${resource}: finished, it is read in full`, async () => {
			const id = createRun(provider, resource, {}, { createdAt: Date.now() - HOUR });
			const { output, item } = await check(id, { provider, resource, ...halfAnHour });
			expect(output).toBe('Completed');
			expect(item).toMatchObject({ outcome: 'completed', timedOut: false, status: status.completed });
			expect(lab.storyOf(id)).toEqual([...new Set([poll, full])]);
		});
	}

	for (const times of ['iso', 'unix', 'unix_ms'] as const) {
		scenario(`job times as ${times}`, async () => {
			// Whole seconds, which is all that unix seconds can tell.
			const createdAt = Math.floor(Date.now() / 1_000) * 1_000 - HOUR;
			const setup = { provider: 'retab', resource: 'job' } as const;
			const early = createRun('retab', 'job', { result: 'stuck', times }, { createdAt });
			const running = await check(early, { ...setup, ...twoHours });
			expect(running.item).toMatchObject({
				outcome: 'stillRunning',
				deadline: new Date(createdAt + 2 * HOUR).toISOString(),
				countedFrom: { field: 'created_at', time: new Date(createdAt).toISOString() },
			});
			const late = createRun('retab', 'job', { result: 'stuck', times }, { createdAt });
			const overdue = await check(late, { ...setup, ...halfAnHour });
			expect(overdue.item).toMatchObject({ outcome: 'cancelled' });
		});
	}

	scenario('extend parseRun: only its list row knows when it was created', async () => {
		const createdAt = Date.now() - HOUR;
		const id = createRun('extend', 'parseRun', { result: 'stuck' }, { createdAt });
		const setup = { provider: 'extend', resource: 'parseRun' } as const;
		const running = await check(id, { ...setup, ...twoHours });
		expect(running.output).toBe('Still Running');
		expect(running.item).toMatchObject({
			deadline: new Date(createdAt + 2 * HOUR).toISOString(),
			countedFrom: { field: 'createdAt', time: new Date(createdAt).toISOString() },
		});
		expect(running.item.run).not.toHaveProperty('createdAt');
		expect((await check(id, { ...setup, ...halfAnHour })).item).toMatchObject({ outcome: 'cancelled' });
	});

	for (const [state, pendingMs] of [
		['PENDING', 9 * HOUR],
		['PROCESSING', 60_000],
	] as const) {
		scenario(`extend workflowRun: ${state}, it tells its creation itself`, async () => {
			const createdAt = Date.now() - HOUR;
			const id = createRun('extend', 'workflowRun', { result: 'stuck', pendingMs }, { createdAt });
			const { item } = await check(id, { provider: 'extend', resource: 'workflowRun', ...twoHours });
			expect(item).toMatchObject({
				outcome: 'stillRunning',
				status: state,
				countedFrom: { field: 'initialRunAt', time: new Date(createdAt).toISOString() },
			});
			expect(lab.listQueries('/workflow_runs')).toEqual([]);
		});
	}

	scenario('started: a run that has not started is counted from its creation', async () => {
		const createdAt = Date.now() - HOUR;
		const setup = { provider: 'retab', resource: 'job', countFrom: 'started', ...twoHours } as const;
		const waiting = createRun('retab', 'job', { result: 'stuck', pendingMs: 9 * HOUR }, { createdAt });
		expect((await check(waiting, setup)).item.countedFrom).toMatchObject({ field: 'created_at' });
		const started = createRun('retab', 'job', { result: 'stuck', pendingMs: 60_000 }, { createdAt });
		expect((await check(started, setup)).item).toMatchObject({
			countedFrom: { field: 'started_at', time: new Date(createdAt + 60_000).toISOString() },
			deadline: new Date(createdAt + 60_000 + 2 * HOUR).toISOString(),
		});
	});

	for (const [provider, resource, title] of [
		['retab', 'extraction', 'Retab extraction'],
		['extend', 'parseRun', 'Extend parse run'],
	] as const) {
		scenario(`${provider} ${resource}: no time at all is an error at once`, async () => {
			const id = createRun(provider, resource, { result: 'stuck', noCreatedAt: true });
			const result = await lab.n8n.runWorkflow({
				node: 'timeoutCancel',
				parameters: { operation: 'check', provider, resource },
				items: [{ id }],
			});
			expect(result.status).toBe('error');
			expect(result.error).toMatchObject({
				name: 'NodeOperationError',
				message: `No time to count from is known for ${title} ${id}`,
				description:
					'Neither the run nor the list of runs tells when it was created or started. Count the timeout from Now instead.',
				itemIndex: 0,
			});
			expect(answersTo(id, 'POST')).toEqual([]);
		});
	}

	scenario('runs that do not exist make the node fail', async () => {
		const { status, error } = await lab.n8n.runWorkflow({
			node: 'timeoutCancel',
			parameters: { operation: 'check', provider: 'retab', resource: 'job' },
			items: [{ id: 'job_check_missing' }, { id: 'job_check_missing_too' }],
		});
		expect(status).toBe('error');
		expect(error).toMatchObject({
			name: 'NodeApiError',
			httpCode: '404',
			description: expect.stringMatching(
				/^None of the 2 runs was found\. .*an ID of another environment gives 404/,
			) as unknown,
		});
	});
});

describe('the durable loop of the examples', () => {
	test('Still Running goes through Wait and back, until the run is overdue and cancelled', async () => {
		const id = createRun('retab', 'extraction', { result: 'stuck' });
		const result = await lab.n8n.runWorkflow({
			workflow: 'examples/durable-loop.json',
			pinData: { 'Start Extraction': [{ id }] },
			parameters: {
				'Check Once': { timeout: 2, timeoutUnit: 'seconds' },
				'Wait a While': { amount: 0.3, unit: 'seconds' },
			},
		});
		expect(result.status).toBe('success');
		expect(result.runsOf('Check Once')).toBeGreaterThan(2);
		expect(result.runsOf('Wait a While')).toBe(result.runsOf('Check Once') - 1);
		expect(result.outputsOf('Timed Out')[0]).toMatchObject([{ json: { outcome: 'cancelled', id } }]);
		expect(lab.sandbox.getRun(id)).toMatchObject({ phase: 'cancelled', cancelRequests: 1 });
	});
});

describe('many items', () => {
	const origin = {
		origin: "={{ $('Start').item.json.id }}",
		id: '={{ $json.id }}',
		outcome: '={{ $json.outcome }}',
	};
	const watchAll: INodeParameters = { operation: 'watch', provider: 'retab', resource: 'extraction' };

	test('60 runs of Extend of 2 s each end in under 6 s, in order and with their pairs', async () => {
		const ids = lab.sandbox.createRuns(60, {
			provider: 'extend',
			resource: 'extractRun',
			steering: { durationMs: 2_000 },
		});
		const result = await lab.n8n.runWorkflow({
			node: 'timeoutCancel',
			parameters: { operation: 'watch', provider: 'extend', resource: 'extractRun', timeout: 60 },
			items: ids.map((id) => ({ id })),
			collect: origin,
		});
		expect(result.status).toBe('success');
		expect(result.collected[0]).toEqual(ids.map((id) => ({ origin: id, id, outcome: 'completed' })));
		expect(result.outputs[0]?.map(({ pairedItem }) => pairedItem)).toEqual(ids.map((_, item) => ({ item })));
		expect(result.durationMs).toBeLessThan(6_000);
	});

	test('each item has its own output, deadline and pair', async () => {
		const quickly = createRun('retab', 'extraction', { durationMs: 300 });
		const stuck = createRun('retab', 'extraction', { result: 'stuck' });
		const failing = createRun('retab', 'extraction', { durationMs: 300, result: 'failed' });
		const alsoQuickly = createRun('retab', 'extraction', { durationMs: 600 });
		const result = await lab.n8n.runWorkflow({
			node: 'timeoutCancel',
			parameters: quick({ ...watchAll, timeout: '={{ $json.timeout }}' }),
			items: [
				{ id: stuck, timeout: 1 },
				{ id: alsoQuickly, timeout: 20 },
				{ id: failing, timeout: 20 },
				{ id: quickly, timeout: 20 },
			],
			collect: origin,
		});
		expect(result.collected).toEqual([
			[
				{ origin: alsoQuickly, id: alsoQuickly, outcome: 'completed' },
				{ origin: quickly, id: quickly, outcome: 'completed' },
			],
			[{ origin: failing, id: failing, outcome: 'failed' }],
			[{ origin: stuck, id: stuck, outcome: 'cancelled' }],
		]);
	});

	test('equal ids are watched once, with the earliest deadline, and come out once per item', async () => {
		const id = createRun('retab', 'extraction', { result: 'stuck' });
		const result = await lab.n8n.runWorkflow({
			node: 'timeoutCancel',
			parameters: quick(
				{ ...watchAll, timeout: '={{ $json.timeout }}' },
				{ interval: 0.5, maxInterval: 0.5 },
			),
			items: [
				{ id, timeout: 30 },
				{ id, timeout: 1 },
				{ id, timeout: 20 },
			],
		});
		expect(result.json[2]).toMatchObject([
			{ id, outcome: 'cancelled' },
			{ id, outcome: 'cancelled' },
			{ id, outcome: 'cancelled' },
		]);
		expect(result.outputs[2]?.map(({ pairedItem }) => pairedItem)).toEqual([
			{ item: 0 },
			{ item: 1 },
			{ item: 2 },
		]);
		expect(answersTo(id, 'POST')).toEqual([200]);
		// At 0 s and 0.5 s, and the read after the cancel: three watches of their own would need nine.
		expect(answersTo(id, 'GET').length).toBeLessThanOrEqual(4);
	});

	const BAD_ID =
		'Run ID: an ID may only hold letters, digits and _ - : ~ @ = +; it is the text "extr_1/../../secrets"';
	const BAD_TIMEOUT = 'Timeout must be a number of seconds, more than 0 and at most 30 days; it is 0';

	/** A run that completes, one that hangs, and two items with bad input. */
	function mixed() {
		const finishing = createRun('retab', 'extraction', { durationMs: 700 });
		const stuck = createRun('retab', 'extraction', { result: 'stuck' });
		const items = [
			{ id: finishing, timeout: 20 },
			{ id: 'extr_1/../../secrets', timeout: 1 },
			{ id: stuck, timeout: 1 },
			{ id: 'extr_1', timeout: 0 },
		];
		const parameters = quick({ ...watchAll, timeout: '={{ $json.timeout }}' });
		return { finishing, stuck, run: { node: 'timeoutCancel', parameters, items, collect: origin } };
	}

	test('bad items: the others are watched to their end, then the node fails and says what became of them', async () => {
		const { finishing, stuck, run } = mixed();
		const result = await lab.n8n.runWorkflow(run);
		expect(result.status).toBe('error');
		expect(result.error).toMatchObject({
			name: 'NodeOperationError',
			message: `${BAD_ID} [item 1]`,
			itemIndex: 1,
		});
		expect(result.error?.description).toMatch(
			/^1 other item failed as well\. 2 other items came to an end: 1 (completed, 1 cancelled|cancelled, 1 completed)\. Enter the ID alone/,
		);
		expect(lab.storyOf(finishing)).toEqual(['GET ?include_output=false 200', 'GET 200']);
		expect(lab.sandbox.getRun(stuck)).toMatchObject({ phase: 'cancelled', cancelRequests: 1 });
	});

	test('bad items: with Continue they are error items on Failed', async () => {
		const { finishing, stuck, run } = mixed();
		const result = await lab.n8n.runWorkflow({ ...run, onError: 'continueRegularOutput' });
		expect(result.status).toBe('success');
		expect(result.json[0]).toMatchObject([{ id: finishing, outcome: 'completed' }]);
		expect(result.json[1]).toMatchObject([
			{ error: `${BAD_ID} [item 1]` },
			{ error: `${BAD_TIMEOUT} [item 3]` },
		]);
		expect(result.outputs[1]?.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 1 }, { item: 3 }]);
		expect(result.json[2]).toMatchObject([{ id: stuck, outcome: 'cancelled' }]);
	});

	test('bad items: with an error output they go there', async () => {
		const { finishing, stuck, run } = mixed();
		const result = await lab.n8n.runWorkflow({
			...run,
			onError: 'continueErrorOutput',
			collect: { origin: "={{ $('Start').item.json.id }}", error: '={{ $json.error }}' },
		});
		expect(result.status).toBe('success');
		expect(result.collected).toEqual([
			[{ origin: finishing }],
			[],
			[{ origin: stuck }],
			[
				{ origin: 'extr_1/../../secrets', error: `${BAD_ID} [item 1]` },
				{ origin: 'extr_1', error: `${BAD_TIMEOUT} [item 3]` },
			],
		]);
	});

	test('Retry On Fail does not run the node again because of a run that failed', async () => {
		const id = createRun('retab', 'extraction', { result: 'failed' }, { createdAt: Date.now() - 60_000 });
		const result = await lab.n8n.runWorkflow({
			node: 'timeoutCancel',
			parameters: { ...watchAll, operation: 'check' },
			items: [{ id }],
			retryOnFail: true,
			maxTries: 3,
			waitBetweenTries: 0,
		});
		expect(result.json[1]).toMatchObject([
			{ outcome: 'failed', run: { error: { code: 'processing_error' } } },
		]);
		expect(answersTo(id, 'GET')).toEqual([200, 200]);
	});

	test('no items: nothing happens', async () => {
		const before = lab.sandbox.requests.length;
		const result = await lab.n8n.runWorkflow({ node: 'timeoutCancel', parameters: watchAll, items: [] });
		expect(result.json).toEqual([[], [], []]);
		expect(lab.sandbox.requests).toHaveLength(before);
	});
});

describe('the editor', () => {
	test('is told how a run of Extend gets on, in manual executions', async () => {
		const id = createRun('extend', 'extractRun', { durationMs: 600, pendingMs: 300 });
		const result = await lab.n8n.runWorkflow({
			node: 'timeoutCancel',
			parameters: quick({ operation: 'watch', provider: 'extend', resource: 'extractRun', timeout: 20 }),
			items: [{ id }],
			mode: 'manual',
		});
		expect(result.uiMessages).toEqual([
			[`Watching 1 run: ${id} is PENDING`],
			[`Watching 1 run: ${id} is PROCESSING`],
			[`Watching 1 run: ${id} is PROCESSED`],
		]);
	});
});
