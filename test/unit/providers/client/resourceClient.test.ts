import { MockAgent } from 'undici';

import { ApiError } from '../../../../nodes/shared/core/requests/apiError';
import { PROVIDERS, resourceOf } from '../../../../nodes/shared/providers';
import { ResourceClient } from '../../../../nodes/shared/providers/client/resourceClient';
import { type Access } from '../../../../nodes/shared/providers/client/credential';
import { extendAccess } from '../../../../nodes/shared/providers/extend/credential';
import { retabAccess } from '../../../../nodes/shared/providers/retab/credential';
import { sendOverUndici } from '../../../support/undiciSend';

const HOST = 'https://api.example.com';

const NOW = Date.UTC(2026, 0, 1);

type Provider = 'retab' | 'extend';

const ACCESS: Record<Provider, Access> = {
	retab: retabAccess({ apiKey: 'rt_test', baseUrl: HOST }),
	extend: extendAccess({
		apiKey: 'sk_test',
		region: 'custom',
		baseUrl: HOST,
		workspaceId: 'ws_1',
	}),
};

let agent: MockAgent;

beforeEach(() => {
	agent = new MockAgent();
	agent.disableNetConnect();
});

afterEach(async () => {
	agent.assertNoPendingInterceptors();
	await agent.close();
});

function client(provider: Provider, resource: string): ResourceClient {
	const send = sendOverUndici(agent, ACCESS[provider]);
	return new ResourceClient(PROVIDERS[provider], resourceOf(PROVIDERS[provider], resource), send, () => NOW);
}

interface Sent {
	path: string;
	method: string;
	headers: Record<string, string>;
	body?: string;
}

/** The server answers the next request with this. Gives back that request once it has come. */
function answerWith(status: number, body: object | string, headers: Record<string, string> = {}): Sent {
	const sent: Sent = { path: '', method: '', headers: {} };
	const note = (request: { path: string; method: string; headers?: unknown; body?: unknown }) => {
		Object.assign(sent, request);
		return body;
	};
	agent
		.get(HOST)
		.intercept({ path: () => true, method: () => true })
		.reply(status, note, { headers });
	return sent;
}

/** A signal of its own for each request, as the core gives them. */
const never = () => new AbortController().signal;

async function faultOf(work: Promise<unknown>): Promise<ApiError> {
	const outcome = await work.then(
		() => undefined,
		(error: unknown) => error,
	);
	if (outcome instanceof ApiError) return outcome;
	throw new Error(`Not a fault of the API: ${String(outcome)}`);
}

/** A good answer to a read, in the form of each resource. */
function runOf(provider: Provider, resource: string, id: string, status: string): object {
	if (provider === 'extend') {
		return resource === 'processorRun' ? { success: true, processorRun: { id, status } } : { id, status };
	}
	return ['workflowRun', 'evalRun', 'experimentRun'].includes(resource)
		? { id, lifecycle: { status } }
		: { id, status };
}

describe('a read', () => {
	test.each<[Provider, string, string, string]>([
		['retab', 'classification', '/v1/classifications/id_1', '?include_output=false'],
		['retab', 'edit', '/v1/edits/id_1', '?include_output=false'],
		['retab', 'evalRun', '/v1/workflows/evals/runs/id_1', ''],
		['retab', 'experimentRun', '/v1/workflows/experiments/runs/id_1', ''],
		['retab', 'extraction', '/v1/extractions/id_1', '?include_output=false'],
		['retab', 'fileBlueprint', '/v1/files/blueprints/id_1', '?include_output=false'],
		['retab', 'job', '/v1/jobs/id_1', '?include_response=false'],
		['retab', 'parse', '/v1/parses/id_1', '?include_output=false'],
		['retab', 'partition', '/v1/partitions/id_1', '?include_output=false'],
		['retab', 'schemaGeneration', '/v1/schemas/generate/id_1', ''],
		['retab', 'split', '/v1/splits/id_1', '?include_output=false'],
		['retab', 'workflowRun', '/v1/workflows/runs/id_1', ''],
		['extend', 'batchRun', '/batch_runs/id_1', ''],
		['extend', 'classifyRun', '/classify_runs/id_1', ''],
		['extend', 'editRun', '/edit_runs/id_1', ''],
		['extend', 'evaluationSetRun', '/evaluation_set_runs/id_1', ''],
		['extend', 'extractRun', '/extract_runs/id_1', ''],
		['extend', 'formDetectionRun', '/form_detection_runs/id_1', ''],
		['extend', 'parseRun', '/parse_runs/id_1', '?responseType=url'],
		['extend', 'processorRun', '/processor_runs/id_1', ''],
		['extend', 'splitRun', '/split_runs/id_1', ''],
		['extend', 'workflowRun', '/workflow_runs/id_1', ''],
	])('%s %s: GET %s, light with "%s"', async (provider, resource, path, lightQuery) => {
		const status = provider === 'retab' ? 'completed' : 'PROCESSED';
		const fullQuery = resource === 'job' ? '?include_response=true' : '';
		const one = client(provider, resource);
		for (const [view, query] of [
			['light', lightQuery],
			['full', fullQuery],
		] as const) {
			const sent = answerWith(200, runOf(provider, resource, 'id_1', status));
			await expect(one.read('id_1', view, never())).resolves.toMatchObject({
				id: 'id_1',
				phase: 'completed',
			});
			expect(`${sent.method} ${sent.path}`).toBe(`GET ${path}${query}`);
			expect(sent.body).toBeFalsy();
		}
		expect(one.hasLightReads).toBe(lightQuery !== '');
	});

	test('carries the key as a bearer token (Retab)', async () => {
		const sent = answerWith(200, { id: 'e', status: 'queued' });
		await client('retab', 'extraction').read('e', 'light', never());
		expect(sent.headers).toMatchObject({ Authorization: 'Bearer rt_test' });
		expect(sent.headers).not.toHaveProperty('Api-Key');
	});

	test('carries key, version and workspace (Extend)', async () => {
		const sent = answerWith(200, { id: 'e', status: 'PENDING' });
		await client('extend', 'extractRun').read('e', 'light', never());
		expect(sent.headers).toMatchObject({
			Authorization: 'Bearer sk_test',
			'x-extend-api-version': '2026-02-09',
			'x-extend-workspace-id': 'ws_1',
		});
	});

	test.each([
		['extr/../jobs', '/v1/extractions/extr%2F..%2Fjobs'],
		['a?b=c&d#e', '/v1/extractions/a%3Fb%3Dc%26d%23e'],
		['a b\tc', '/v1/extractions/a%20b%09c'],
		['%2e%2e', '/v1/extractions/%252e%252e'],
		['..\\..', '/v1/extractions/..%5C..'],
		['ünïcode', '/v1/extractions/%C3%BCn%C3%AFcode'],
	])('the id %j stays in its place in the path', async (id, path) => {
		const sent = answerWith(200, { id, status: 'queued' });
		await client('retab', 'extraction').readWith(id, undefined, never());
		expect(sent.path).toBe(path);
	});

	test.each(['', '.', '..'])('the id %j has no place in a path, and is never sent', async (id) => {
		const one = client('retab', 'extraction');
		await expect(one.readWith(id, undefined, never())).rejects.toThrow(RangeError);
		await expect(one.cancel(id, 'c', never())).rejects.toThrow(RangeError);
		await expect(one.remove(id, never())).rejects.toThrow(RangeError);
	});

	test('a redirect is not followed', async () => {
		answerWith(302, '', { location: 'https://evil.example/v1/extractions/e' });
		expect((await faultOf(client('retab', 'extraction').read('e', 'light', never()))).kind).toBe('redirect');
	});

	test('stops with the reason of its signal', async () => {
		const stop = new AbortController();
		agent
			.get(HOST)
			.intercept({ path: () => true })
			.reply(200, { id: 'e', status: 'queued' })
			.delay(60_000);
		const reading = client('retab', 'extraction').read('e', 'light', stop.signal);
		stop.abort(new Error('enough'));
		await expect(reading).rejects.toThrow('enough');
	});

	test('a Retry-After that is a date is a wait, by the clock it was given', async () => {
		answerWith(429, { detail: 'slow down' }, { 'retry-after': new Date(NOW + 5_000).toUTCString() });
		const fault = await faultOf(client('retab', 'extraction').read('e', 'light', never()));
		expect(fault.kind).toBe('rateLimited');
		expect(fault.retryAfter).toBe(5_000);
	});
});

describe('a cancel', () => {
	test.each<[Provider, string, string]>([
		['retab', 'classification', '/v1/classifications/id_1/cancel'],
		['retab', 'edit', '/v1/edits/id_1/cancel'],
		['retab', 'evalRun', '/v1/workflows/evals/runs/id_1/cancel'],
		['retab', 'experimentRun', '/v1/workflows/experiments/runs/id_1/cancel'],
		['retab', 'extraction', '/v1/extractions/id_1/cancel'],
		['retab', 'fileBlueprint', '/v1/files/blueprints/id_1/cancel'],
		['retab', 'job', '/v1/jobs/id_1/cancel'],
		['retab', 'parse', '/v1/parses/id_1/cancel'],
		['retab', 'partition', '/v1/partitions/id_1/cancel'],
		['retab', 'schemaGeneration', '/v1/schemas/generate/id_1/cancel'],
		['retab', 'split', '/v1/splits/id_1/cancel'],
		['extend', 'classifyRun', '/classify_runs/id_1/cancel'],
		['extend', 'extractRun', '/extract_runs/id_1/cancel'],
		['extend', 'parseRun', '/parse_runs/id_1/cancel'],
		['extend', 'processorRun', '/processor_runs/id_1/cancel'],
		['extend', 'splitRun', '/split_runs/id_1/cancel'],
		['extend', 'workflowRun', '/workflow_runs/id_1/cancel'],
	])('%s %s: POST %s, without a body', async (provider, resource, path) => {
		const sent = answerWith(200, runOf(provider, resource, 'id_1', 'whatever'));
		const answer = await client(provider, resource).cancel('id_1', 'command', never());
		expect(answer).toEqual({ accepted: true, claimsEnded: false });
		expect(`${sent.method} ${sent.path}`).toBe(`POST ${path}`);
		expect(sent.body).toBeFalsy();
	});

	test('of a Retab workflow run carries a command id', async () => {
		const sent = answerWith(200, { run: {}, cancellation_status: 'cancellation_requested' });
		await client('retab', 'workflowRun').cancel('run_1', '7:node:run_1', never());
		expect(`${sent.method} ${sent.path}`).toBe('POST /v1/workflows/runs/run_1/cancel');
		expect(JSON.parse(sent.body ?? '')).toEqual({ command_id: '7:node:run_1' });
		expect(sent.headers).toMatchObject({ 'content-type': 'application/json' });
	});

	test.each(['batchRun', 'editRun', 'evaluationSetRun', 'formDetectionRun'])(
		'of an Extend %s is not possible, and nothing is sent',
		async (resource) => {
			await expect(client('extend', resource).cancel('id_1', 'c', never())).rejects.toThrow(
				/^Extend cannot cancel /,
			);
		},
	);
});

describe('a list', () => {
	test.each<[Provider, string, string]>([
		['retab', 'extraction', '/v1/extractions?order=desc&limit=100'],
		['retab', 'job', '/v1/jobs?order=desc&limit=100'],
		['extend', 'extractRun', '/extract_runs?sortBy=createdAt&sortDir=desc&maxPageSize=25'],
		['extend', 'parseRun', '/parse_runs?maxPageSize=25&limit=25'],
	])('%s %s: GET %s', async (provider, resource, path) => {
		const sent = answerWith(200, { data: [] });
		await client(provider, resource).listPage(undefined, never());
		expect(`${sent.method} ${sent.path}`).toBe(`GET ${path}`);
	});

	test.each<[Provider, string, string]>([
		['retab', 'extraction', 'after=extr_9%2F'],
		['extend', 'extractRun', 'nextPageToken=extr_9%2F'],
	])('the next page, %s', async (provider, resource, param) => {
		const sent = answerWith(200, { data: [] });
		await client(provider, resource).listPage('extr_9/', never());
		expect(sent.path).toContain(`&${param}`);
	});

	test('rows that are wanted fewer are asked for fewer', async () => {
		const sent = answerWith(200, { data: [] });
		await client('retab', 'extraction').page({ status: 'queued' }, undefined, never(), 3);
		expect(sent.path).toBe('/v1/extractions?status=queued&limit=3');
	});

	test('never asks for more than the API allows, which would be a 422', async () => {
		const sent = answerWith(200, { data: [] });
		await client('retab', 'extraction').page({}, undefined, never(), 5_000);
		expect(sent.path).toBe('/v1/extractions?limit=100');
	});

	test('several values of one filter are repeated', async () => {
		const sent = answerWith(200, { data: [] });
		await client('retab', 'extraction').page({ document_type: ['pdf', 'csv'] }, undefined, never(), 1);
		expect(sent.path).toBe('/v1/extractions?document_type=pdf&document_type=csv&limit=1');
	});

	test('a row without an id is left out, one without a status is not', async () => {
		answerWith(200, {
			data: [{ id: 'a', status: null }, { status: 'queued' }],
			list_metadata: { after: 'a' },
		});
		await expect(client('retab', 'extraction').listPage(undefined, never())).resolves.toMatchObject({
			rows: [{ id: 'a' }],
			next: 'a',
		});
	});

	test('a run that tells its creation time itself is not looked up', async () => {
		// No answer is planted: a request would fail.
		await expect(client('extend', 'workflowRun').listPage(undefined, never())).resolves.toEqual({ rows: [] });
	});

	test('a resource without a list has no rows', async () => {
		await expect(client('retab', 'fileBlueprint').listPage(undefined, never())).resolves.toEqual({
			rows: [],
		});
		await expect(client('retab', 'fileBlueprint').page({}, undefined, never(), 1)).rejects.toThrow(
			'Retab cannot list file blueprints',
		);
	});
});

describe('a delete', () => {
	test('Retab answers 204 with nothing', async () => {
		const sent = answerWith(204, '');
		await expect(client('retab', 'split').remove('splt_1', never())).resolves.toBeUndefined();
		expect(`${sent.method} ${sent.path}`).toBe('DELETE /v1/splits/splt_1');
	});

	test('the object that Extend answers with is not needed', async () => {
		answerWith(200, { object: 'extract_run', id: 'exr_1' });
		await expect(client('extend', 'extractRun').remove('exr_1', never())).resolves.toBeUndefined();
	});

	test('what is not there is not found', async () => {
		answerWith(404, { detail: 'not found' });
		expect((await faultOf(client('retab', 'split').remove('splt_1', never()))).kind).toBe('notFound');
	});
});
