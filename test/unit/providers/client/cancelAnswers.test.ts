import { ApiError } from '../../../../nodes/shared/core/requests/apiError';
import type { CancelAnswer } from '../../../../nodes/shared/core/runs/runClient';
import type { Outcome } from '../../../../nodes/shared/core/watch/outcome';
import type { WatchReport } from '../../../../nodes/shared/core/watch/watchRuns';
import { PROVIDERS, resourceOf } from '../../../../nodes/shared/providers';
import { ResourceClient } from '../../../../nodes/shared/providers/client/resourceClient';
import type { ApiRequest, ApiResponse } from '../../../../nodes/shared/providers/client/wire';
import { FakeClock } from '../../../support/fakeClock';
import { target, watchOne } from '../../../support/watching';

/**
 * What each API says to a cancel (Retab: cancel pages and OpenAPI; Extend: cancel pages, SDK and changelog 2026-06-09),
 * row by row: first how the answer is taken, then what comes of it when the user cancels a run.
 */
type Provider = 'retab' | 'extend';

const ENVELOPE_RESOURCE = 'workflowRun';

const IN_LIFECYCLE = ['workflowRun', 'evalRun', 'experimentRun'];

function runBody(provider: Provider, resource: string, status: string): object {
	if (provider === 'retab' && IN_LIFECYCLE.includes(resource)) return { id: 'r', lifecycle: { status } };
	return resource === 'processorRun'
		? { success: true, processorRun: { id: 'r', status } }
		: { id: 'r', status };
}

function apiThat(
	provider: Provider,
	resource: string,
	clock: FakeClock,
	reply: (request: ApiRequest) => Partial<ApiResponse>,
): ResourceClient {
	const send = async (request: ApiRequest) => ({ status: 200, headers: {}, body: {}, ...reply(request) });
	const row = resourceOf(PROVIDERS[provider], resource);
	return new ResourceClient(PROVIDERS[provider], row, send, () => clock.now());
}

function answerTo(
	provider: Provider,
	resource: string,
	response: Partial<ApiResponse>,
): Promise<CancelAnswer> {
	const client = apiThat(provider, resource, new FakeClock(), () => response);
	return client.cancel('r', 'c', new AbortController().signal);
}

const PRIMITIVES = [
	'classification',
	'edit',
	'extraction',
	'fileBlueprint',
	'parse',
	'partition',
	'schemaGeneration',
	'split',
];

const EXTEND_RUNS = ['classifyRun', 'extractRun', 'parseRun', 'processorRun', 'splitRun', 'workflowRun'];

describe('how the answer is taken', () => {
	test.each(PRIMITIVES)('Retab %s: 200 is accepted, and may claim the end', async (resource) => {
		const said = (status: string) =>
			answerTo('retab', resource, { body: runBody('retab', resource, status) });
		await expect(said('cancelled')).resolves.toEqual({ accepted: true, claimsEnded: true });
		await expect(said('completed')).resolves.toEqual({ accepted: true, claimsEnded: true });
		await expect(said('in_progress')).resolves.toEqual({ accepted: true, claimsEnded: false });
		await expect(said('something_new')).resolves.toEqual({ accepted: true, claimsEnded: false });
	});

	test.each([
		['cancelled', { accepted: true, claimsEnded: true }],
		['cancellation_requested', { accepted: true, claimsEnded: false }],
		[undefined, { accepted: true, claimsEnded: false }],
		['something_new', { accepted: true, claimsEnded: false }],
	])('Retab workflow run: cancellation_status %s', async (cancellation_status, answer) => {
		const run = runBody('retab', ENVELOPE_RESOURCE, 'running');
		const body = { run, redis_available: true, cancellation_status };
		await expect(answerTo('retab', ENVELOPE_RESOURCE, { body })).resolves.toEqual(answer);
	});

	test('Retab workflow run: cancellation_failed is a refusal, although it comes with a 200', async () => {
		const body = { run: {}, redis_available: true, cancellation_status: 'cancellation_failed' };
		const answer = await answerTo('retab', ENVELOPE_RESOURCE, { body });
		expect(answer.accepted).toBe(false);
		if (!answer.accepted) expect(answer.error.message).toContain('cancellation_failed');
	});

	test.each<[Provider, string, number]>([
		['retab', 'job', 400],
		['retab', 'job', 409],
		['retab', 'job', 404],
		['retab', 'evalRun', 404],
		['retab', 'experimentRun', 404],
		['retab', 'extraction', 404],
		...EXTEND_RUNS.flatMap((resource) =>
			[400, 404, 409, 422].map((status): [Provider, string, number] => ['extend', resource, status]),
		),
	])('%s %s: %i is a refusal that only a read can explain', async (provider, resource, status) => {
		const answer = await answerTo(provider, resource, { status, body: { detail: 'no', message: 'no' } });
		expect(answer).toMatchObject({ accepted: false });
		if (!answer.accepted) expect(answer.error.status).toBe(status);
	});

	test.each([401, 402, 403, 410, 429, 500, 502, 503, 302])('%i is no answer to a cancel', async (status) => {
		const outcome = await answerTo('extend', 'extractRun', { status }).catch((error: unknown) => error);
		expect(outcome).toBeInstanceOf(ApiError);
	});

	test('an empty 200 is accepted', async () => {
		await expect(answerTo('extend', 'extractRun', { body: '' })).resolves.toEqual({
			accepted: true,
			claimsEnded: false,
		});
	});

	test('a web page is not', async () => {
		const outcome = await answerTo('retab', 'job', { body: '<html></html>' }).catch(
			(error: unknown) => error,
		);
		expect(outcome).toBeInstanceOf(ApiError);
	});
});

/** What the API answers to the cancels, one after another, and in which status the reads find the run after each. */
type Play = Array<{ answer: Partial<ApiResponse>; thenStatus: string }>;

async function play(
	provider: Provider,
	resource: string,
	acts: Play,
): Promise<WatchReport & { sent: string[] }> {
	const clock = new FakeClock();
	const sent: string[] = [];
	let act = -1;
	const client = apiThat(provider, resource, clock, ({ method }) => {
		sent.push(method);
		if (method === 'POST') act = Math.min(act + 1, acts.length - 1);
		const { answer, thenStatus } = acts[act] ?? { answer: {}, thenStatus: 'unread' };
		return method === 'POST' ? answer : { body: runBody(provider, resource, thenStatus) };
	});
	const options = { looks: 'none', confirmFor: 5_000 } as const;
	const report = await watchOne(clock, client, target('r', { timeout: 0, options }));
	return { ...report, sent };
}

describe('what comes of it', () => {
	const job = (status: string) => runBody('retab', 'job', status);

	test.each<[string, Provider, string, Play, Outcome, number]>([
		[
			'Retab primitive, cancelled at once',
			'retab',
			'extraction',
			[{ answer: { body: runBody('retab', 'extraction', 'cancelled') }, thenStatus: 'cancelled' }],
			'cancelled',
			1,
		],
		[
			'Retab primitive that had finished: 200, unchanged',
			'retab',
			'extraction',
			[{ answer: { body: runBody('retab', 'extraction', 'completed') }, thenStatus: 'completed' }],
			'completed',
			1,
		],
		[
			'Retab primitive that had failed: 200, unchanged',
			'retab',
			'parse',
			[{ answer: { body: runBody('retab', 'parse', 'failed') }, thenStatus: 'failed' }],
			'failed',
			1,
		],
		[
			'Retab primitive whose worker goes on: pending',
			'retab',
			'split',
			[{ answer: { body: runBody('retab', 'split', 'in_progress') }, thenStatus: 'in_progress' }],
			'cancelPending',
			1,
		],
		[
			'Retab job in the queue, cancelled at once',
			'retab',
			'job',
			[{ answer: { body: job('cancelled') }, thenStatus: 'cancelled' }],
			'cancelled',
			1,
		],
		[
			'Retab job that is marked and completes all the same',
			'retab',
			'job',
			[{ answer: { body: job('in_progress') }, thenStatus: 'completed' }],
			'completed',
			1,
		],
		[
			'Retab job that had completed: 400',
			'retab',
			'job',
			[
				{
					answer: { status: 400, body: { detail: "Cannot cancel job in 'completed' status" } },
					thenStatus: 'completed',
				},
			],
			'completed',
			1,
		],
		[
			'Retab job that had expired: 400',
			'retab',
			'job',
			[{ answer: { status: 400, body: { detail: 'Cannot cancel' } }, thenStatus: 'expired' }],
			'expired',
			1,
		],
		[
			'Retab job that was cancelled before: 400',
			'retab',
			'job',
			[{ answer: { status: 400, body: { detail: 'Cannot cancel' } }, thenStatus: 'cancelled' }],
			'cancelledElsewhere',
			1,
		],
		[
			'Retab job in a race (409), then accepted',
			'retab',
			'job',
			[
				{
					answer: { status: 409, body: { detail: 'Job status changed, please retry' } },
					thenStatus: 'in_progress',
				},
				{ answer: { body: job('cancelled') }, thenStatus: 'cancelled' },
			],
			'cancelled',
			2,
		],
		[
			'Retab workflow run, cancelled',
			'retab',
			'workflowRun',
			[{ answer: { body: { run: {}, cancellation_status: 'cancelled' } }, thenStatus: 'cancelled' }],
			'cancelled',
			1,
		],
		[
			'Retab workflow run, requested and done later',
			'retab',
			'workflowRun',
			[
				{
					answer: { body: { run: {}, cancellation_status: 'cancellation_requested' } },
					thenStatus: 'cancelled',
				},
			],
			'cancelled',
			1,
		],
		[
			'Retab workflow run in review, requested: it is still cancellable',
			'retab',
			'workflowRun',
			[
				{
					answer: { body: { run: {}, cancellation_status: 'cancellation_requested' } },
					thenStatus: 'awaiting_review',
				},
			],
			'cancelPending',
			1,
		],
		[
			'Retab workflow run that had failed: cancellation_failed',
			'retab',
			'workflowRun',
			[{ answer: { body: { run: {}, cancellation_status: 'cancellation_failed' } }, thenStatus: 'error' }],
			'failed',
			1,
		],
		[
			'Retab workflow run whose cancel was not delivered, then was',
			'retab',
			'workflowRun',
			[
				{ answer: { body: { run: {}, cancellation_status: 'cancellation_failed' } }, thenStatus: 'running' },
				{ answer: { body: { run: {}, cancellation_status: 'cancelled' } }, thenStatus: 'cancelled' },
			],
			'cancelled',
			2,
		],
		[
			'Retab eval run that had completed: 404',
			'retab',
			'evalRun',
			[{ answer: { status: 404, body: { detail: 'not found' } }, thenStatus: 'completed' }],
			'completed',
			1,
		],
		[
			'Retab experiment run that was cancelled before: 200, with little more than its status',
			'retab',
			'experimentRun',
			[{ answer: { body: runBody('retab', 'experimentRun', 'cancelled') }, thenStatus: 'cancelled' }],
			'cancelled',
			1,
		],
		[
			'Retab experiment run that had failed: 404',
			'retab',
			'experimentRun',
			[{ answer: { status: 404, body: { detail: 'not found' } }, thenStatus: 'error' }],
			'failed',
			1,
		],
		[
			'Extend run, cancelled',
			'extend',
			'extractRun',
			[{ answer: { body: runBody('extend', 'extractRun', 'PROCESSING') }, thenStatus: 'CANCELLED' }],
			'cancelled',
			1,
		],
		[
			'Extend run that finished all the same',
			'extend',
			'extractRun',
			[{ answer: { body: runBody('extend', 'extractRun', 'PROCESSING') }, thenStatus: 'PROCESSED' }],
			'completed',
			1,
		],
		[
			'Extend run that had finished',
			'extend',
			'classifyRun',
			[
				{
					answer: { status: 422, body: { code: 'INVALID_REQUEST', message: 'terminal' } },
					thenStatus: 'FAILED',
				},
			],
			'failed',
			1,
		],
		[
			'Extend run that is PENDING, later not any more',
			'extend',
			'splitRun',
			[
				{ answer: { status: 400, body: { message: 'not processing' } }, thenStatus: 'PENDING' },
				{ answer: { status: 400, body: { message: 'not processing' } }, thenStatus: 'PROCESSING' },
				{ answer: { body: runBody('extend', 'splitRun', 'CANCELLED') }, thenStatus: 'CANCELLED' },
			],
			'cancelled',
			3,
		],
		[
			'Extend parse run, whose SDK does not know CANCELLED',
			'extend',
			'parseRun',
			[{ answer: { body: runBody('extend', 'parseRun', 'CANCELLED') }, thenStatus: 'CANCELLED' }],
			'cancelled',
			1,
		],
		[
			'Extend workflow run that is CANCELLING for long',
			'extend',
			'workflowRun',
			[{ answer: { body: runBody('extend', 'workflowRun', 'CANCELLING') }, thenStatus: 'CANCELLING' }],
			'cancelPending',
			1,
		],
		[
			'Extend workflow run in review: refused, and left to the person',
			'extend',
			'workflowRun',
			[{ answer: { status: 400, body: { message: 'in review' } }, thenStatus: 'NEEDS_REVIEW' }],
			'needsReview',
			1,
		],
		[
			'Extend workflow run that was rejected',
			'extend',
			'workflowRun',
			[{ answer: { status: 400, body: { message: 'rejected' } }, thenStatus: 'REJECTED' }],
			'rejected',
			1,
		],
		[
			'Extend legacy processor run, wrapped',
			'extend',
			'processorRun',
			[{ answer: { body: runBody('extend', 'processorRun', 'CANCELLED') }, thenStatus: 'CANCELLED' }],
			'cancelled',
			1,
		],
	])('%s', async (_, provider, resource, acts, outcome, cancels) => {
		const report = await play(provider, resource, acts);
		expect(report.outcome).toBe(outcome);
		expect(report.sent.filter((method) => method === 'POST')).toHaveLength(cancels);
	});

	test('refused to the end: the words of the API are kept', async () => {
		const refused = { status: 400, body: { code: 'INVALID_REQUEST', message: 'Run is not processing' } };
		const report = await play('extend', 'extractRun', [{ answer: refused, thenStatus: 'PENDING' }]);
		expect(report.outcome).toBe('notCancellable');
		expect(report.lastError?.message).toBe('Extend refused the request (400): Run is not processing');
		expect(report.lastError?.code).toBe('INVALID_REQUEST');
	});

	test.each(['evalRun', 'experimentRun', 'job'])(
		'Retab %s that does not exist → notFound',
		async (resource) => {
			const clock = new FakeClock();
			const client = apiThat('retab', resource, clock, () => ({
				status: 404,
				body: { detail: 'not found' },
			}));
			const report = await watchOne(clock, client, target('r', { timeout: 0, options: { mode: 'none' } }));
			expect(report).toMatchObject({ outcome: 'notFound', run: undefined });
			expect(report.lastError?.status).toBe(404);
		},
	);
});
