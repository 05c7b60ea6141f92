import { PROVIDERS, resourceOf } from '../../../../nodes/shared/providers';
import { ResourceClient } from '../../../../nodes/shared/providers/client/resourceClient';
import type { ApiRequest, ApiResponse } from '../../../../nodes/shared/providers/client/wire';

type Provider = keyof typeof PROVIDERS;

/** A resource whose requests are answered one after another; the last answer stands for all that follow. */
function setUp(provider: Provider, resource: string, ...answers: Array<Partial<ApiResponse>>) {
	const sent: ApiRequest[] = [];
	const send = async (request: ApiRequest): Promise<ApiResponse> => {
		const answer = answers[Math.min(sent.length, answers.length - 1)];
		sent.push(request);
		return { status: 200, headers: {}, body: { data: [] }, ...answer };
	};
	const spec = PROVIDERS[provider];
	return { sent, client: new ResourceClient(spec, resourceOf(spec, resource), send, Date.now) };
}

const { signal } = new AbortController();

describe('the lists of unfinished runs', () => {
	test.each<[Provider, string, Array<string | undefined>]>([
		['retab', 'extraction', ['in_progress', 'pending', 'queued']],
		['retab', 'workflowRun', ['running', 'pending', 'queued']],
		['retab', 'job', ['in_progress', 'queued', 'validating']],
		['extend', 'extractRun', ['PROCESSING', 'PENDING']],
		['extend', 'workflowRun', ['PROCESSING', 'CANCELLING', 'PENDING']],
		['extend', 'parseRun', ['PROCESSING', 'PENDING']],
	])('%s %s: one per status, those under way first', (provider, resource, statuses) => {
		const { client } = setUp(provider, resource);
		expect(client.unfinished?.map(({ status }) => status)).toEqual(statuses);
	});

	test('Retab parses: the list of all, as it takes no status', async () => {
		const { client, sent } = setUp('retab', 'parse');
		expect(client.unfinished).toHaveLength(1);
		await client.unfinished?.[0]?.page(undefined, signal);
		expect(sent[0]?.query).toEqual({ order: 'desc', limit: 100 });
	});

	test.each<[Provider, string]>([
		['retab', 'fileBlueprint'],
		['retab', 'schemaGeneration'],
		['extend', 'editRun'],
		['extend', 'batchRun'],
	])('%s %s: none, as the API cannot list', (provider, resource) => {
		expect(setUp(provider, resource).client.unfinished).toBeUndefined();
	});

	test('rows are runs, with all that the row tells', async () => {
		const row = {
			id: 'run_1',
			lifecycle: { status: 'running' },
			timing: { created_at: '2026-01-01T00:00:00Z' },
		};
		const { client } = setUp('retab', 'workflowRun', {
			body: { data: [row, { id: 'run_2' }, { no: 'id' }] },
		});
		const page = await client.unfinished?.[0]?.page(undefined, signal);
		expect(page?.rows).toEqual([
			{
				id: 'run_1',
				phase: 'running',
				created: { at: Date.UTC(2026, 0, 1), field: 'timing.created_at' },
				run: expect.objectContaining({ id: 'run_1', status: 'running', body: row }),
			},
			{ id: 'run_2', phase: 'unknown', created: undefined },
		]);
	});
});

describe('pages of Extend, whose largest size is not documented', () => {
	test('are asked for with 100 rows, under both names where the API knows either', async () => {
		const { client, sent } = setUp('extend', 'parseRun');
		await client.unfinished?.[0]?.page('t', signal);
		expect(sent[0]?.query).toEqual({
			status: 'PROCESSING',
			maxPageSize: 100,
			limit: 100,
			nextPageToken: 't',
		});
	});

	test('are asked for with 25 once that was refused', async () => {
		const { client, sent } = setUp(
			'extend',
			'extractRun',
			{ status: 400, body: { message: 'too large' } },
			{},
		);
		await client.unfinished?.[0]?.page(undefined, signal);
		await client.unfinished?.[1]?.page(undefined, signal);
		expect(sent.map(({ query }) => query?.maxPageSize)).toEqual([100, 25, 25]);
	});

	test('another fault is not taken for a refusal', async () => {
		const { client, sent } = setUp('extend', 'extractRun', { status: 503, body: {} });
		await expect(client.unfinished?.[0]?.page(undefined, signal)).rejects.toThrow(/503/);
		expect(sent).toHaveLength(1);
	});
});
