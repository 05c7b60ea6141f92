import type { RetabResource } from '../../sandbox/server';
import { RETAB } from './retabFacts';
import {
	containing,
	ids,
	matching,
	onlyRow,
	rows,
	START,
	TEXT,
	useKit,
	withFields,
	type Answer,
	type Json,
} from './support';

/** Lists, as the Retab API documents them. */

const kit = useKit();
const DAY = 86_400_000;

const LISTED = RETAB.filter(({ list }) => list);
const DEFAULT_LIMITS: Record<string, number> = {
	extraction: 10,
	parse: 10,
	classification: 10,
	split: 10,
	partition: 10,
	edit: 10,
	workflowRun: 20,
	evalRun: 50,
	experimentRun: 20,
	job: 20,
};

/** Ids r0, r1, … created one second after another; the oldest first. */
function seed(resource: RetabResource, count: number, more: (at: number) => Json = () => ({})): string[] {
	return kit.sandbox.createRuns(count, (at) => ({
		provider: 'retab',
		resource,
		id: `r${at}`,
		createdAt: kit.sandbox.now() - (count - at) * 1000,
		...more(at),
	}));
}

function pathOf(resource: string): string {
	return LISTED.find((one) => one.resource === resource)?.path ?? '';
}

describe.each(LISTED)('$resource', ({ resource, path, fields }) => {
	test(`shows ${DEFAULT_LIMITS[resource]} rows by default, newest first`, async () => {
		const all = seed(resource, 60);
		const answer = await kit.retab('GET', path);
		expect(ids(answer)).toEqual(all.reverse().slice(0, DEFAULT_LIMITS[resource]));
		expect(Object.keys(rows(answer)[0] ?? {})).toEqual(expect.arrayContaining(fields));
	});

	test('is paged forwards with after and backwards with before', async () => {
		seed(resource, 5);
		const first = await kit.retab('GET', `${path}?limit=2`);
		expect(ids(first)).toEqual(['r4', 'r3']);
		expect(first.json.list_metadata).toEqual({ before: null, after: 'r3' });
		const second = await kit.retab('GET', `${path}?limit=2&after=r3`);
		expect(ids(second)).toEqual(['r2', 'r1']);
		expect(second.json.list_metadata).toEqual({ before: 'r2', after: 'r1' });
		const last = await kit.retab('GET', `${path}?limit=2&after=r1`);
		expect(ids(last)).toEqual(['r0']);
		expect(last.json.list_metadata).toEqual({ before: 'r0', after: null });
		const back = await kit.retab('GET', `${path}?limit=2&before=r1`);
		expect(ids(back)).toEqual(['r3', 'r2']);
		expect(back.json.list_metadata).toEqual({ before: 'r3', after: 'r2' });
		const start = await kit.retab('GET', `${path}?limit=2&before=r3`);
		expect(ids(start)).toEqual(['r4']);
		expect(start.json.list_metadata).toEqual({ before: null, after: 'r4' });
	});

	test('ends without a cursor on a page that is exactly full', async () => {
		seed(resource, 4);
		const answer = await kit.retab('GET', `${path}?limit=2&after=r2`);
		expect(ids(answer)).toEqual(['r1', 'r0']);
		expect(answer.json.list_metadata.after).toBeNull();
	});

	test('is ordered by creation', async () => {
		seed(resource, 3);
		expect(ids(await kit.retab('GET', `${path}?order=asc`))).toEqual(['r0', 'r1', 'r2']);
		expect(ids(await kit.retab('GET', `${path}?order=desc`))).toEqual(['r2', 'r1', 'r0']);
		expect((await kit.retab('GET', `${path}?order=up`)).status).toBe(422);
	});

	test.each(['0', '-1', '101', 'ten', ''])('refuses limit=%s', async (limit) => {
		expect(await kit.retab('GET', `${path}?limit=${limit}`)).toMatchObject({
			status: 422,
			json: { detail: [{ loc: ['query', 'limit'] }] },
		});
	});

	test('takes limits of 1 and 100', async () => {
		seed(resource, 3);
		expect(ids(await kit.retab('GET', `${path}?limit=1`))).toHaveLength(1);
		expect(ids(await kit.retab('GET', `${path}?limit=100`))).toHaveLength(3);
	});

	test('refuses an unknown cursor, one of another resource, and two at once', async () => {
		seed(resource, 2);
		const other = LISTED.find((one) => one.resource !== resource)?.resource ?? 'job';
		kit.sandbox.createRun({ provider: 'retab', resource: other, id: 'foreign' });
		for (const cursor of ['nope', 'foreign']) {
			expect(await kit.retab('GET', `${path}?after=${cursor}`)).toMatchObject({
				status: 422,
				json: { detail: matching(/^Cursor does not match a resource in this organization/) },
			});
		}
		expect((await kit.retab('GET', `${path}?after=r0&before=r1`)).status).toBe(422);
	});

	test('refuses parameters that it does not know', async () => {
		expect(await kit.retab('GET', `${path}?surprise=1`)).toMatchObject({
			status: 422,
			json: { detail: [{ loc: ['query', 'surprise'], type: 'extra_forbidden' }] },
		});
	});

	test('is empty for dates in the wrong order', async () => {
		seed(resource, 1);
		const time = resource === 'evalRun' ? 'T00:00:00Z' : '';
		const query = `from_date=2026-07-02${time}&to_date=2026-06-01${time}`;
		expect(ids(await kit.retab('GET', `${path}?${query}`))).toEqual([]);
	});

	test('can lag behind', async () => {
		kit.sandbox.switches.listLagMs = 500;
		kit.sandbox.createRun({
			provider: 'retab',
			resource,
			id: 'new',
			steering: { pendingMs: 0, durationMs: 100 },
		});
		expect(ids(await kit.retab('GET', path))).toEqual([]);
		kit.advance(500);
		const row = onlyRow(await kit.retab('GET', path));
		expect((row.lifecycle ?? row).status).toBe(resource.endsWith('Run') ? 'running' : 'in_progress');
		expect(kit.sandbox.getRun('new')?.status).toBe('completed');
	});

	test('leaves out what is not visible yet', async () => {
		kit.sandbox.createRun({ provider: 'retab', resource, id: 'new', steering: { visibleAfterMs: 200 } });
		expect(ids(await kit.retab('GET', path))).toEqual([]);
		kit.advance(200);
		expect(ids(await kit.retab('GET', path))).toEqual(['new']);
	});
});

describe('dates', () => {
	const created: Json = {
		before: '2026-06-30T23:59:59.999Z',
		first: '2026-07-01T00:00:00.000Z',
		last: '2026-07-01T23:59:59.999Z',
		after: '2026-07-02T00:00:00.000Z',
	};
	function seedDays(resource: RetabResource): void {
		for (const [id, createdAt] of Object.entries(created)) {
			kit.sandbox.createRun({ provider: 'retab', resource, id, createdAt: String(createdAt) });
		}
	}
	const WHOLE_DAYS = LISTED.filter(({ resource }) => resource !== 'evalRun');

	test.each(WHOLE_DAYS)('of $resource are whole days', async ({ resource, path }) => {
		seedDays(resource);
		const list = async (query: string): Promise<string[]> =>
			ids(await kit.retab('GET', `${path}?order=asc&${query}`));
		expect(await list('from_date=2026-07-01&to_date=2026-07-01')).toEqual(['first', 'last']);
		expect(await list('from_date=2026-07-02')).toEqual(['after']);
		expect(await list('to_date=2026-06-30')).toEqual(['before']);
		expect(await list('from_date=2026-07-01T20:00:00Z&to_date=2026-07-01T21:00:00Z')).toEqual([
			'first',
			'last',
		]);
	});

	test.each(WHOLE_DAYS)('of $resource are refused with 400 when malformed', async ({ path }) => {
		for (const date of ['01.07.2026', '2026-7-1', '2026-02-30', '2026-13-01', 'today', '2026-07-01Tnoon']) {
			expect(await kit.retab('GET', `${path}?from_date=${date}`)).toMatchObject({
				status: 400,
				json: { detail: containing('from_date') },
			});
		}
	});

	test('of eval runs are exact times, and typed', async () => {
		seedDays('evalRun');
		const path = pathOf('evalRun');
		const query = 'from_date=2026-07-01T00:00:00.000Z&to_date=2026-07-01T12:00:00Z';
		expect(ids(await kit.retab('GET', `${path}?${query}`))).toEqual(['first']);
		for (const date of ['today', '2026-07-01']) {
			expect(await kit.retab('GET', `${path}?from_date=${date}`)).toMatchObject({
				status: 422,
				json: { detail: [{ loc: ['query', 'from_date'] }] },
			});
		}
	});
});

describe('status', () => {
	function seedStatuses(resource: RetabResource): void {
		kit.sandbox.createRun({ provider: 'retab', resource, id: 'done', steering: { durationMs: 0 } });
		kit.sandbox.createRun({
			provider: 'retab',
			resource,
			id: 'busy',
			steering: { pendingMs: 0, result: 'stuck' },
		});
	}
	const FILTERED = LISTED.filter(({ resource }) => resource !== 'parse');

	test.each(FILTERED)('filters $resource', async ({ resource, path, running }) => {
		seedStatuses(resource);
		expect(ids(await kit.retab('GET', `${path}?status=completed`))).toEqual(['done']);
		expect(ids(await kit.retab('GET', `${path}?status=${running}`))).toEqual(['busy']);
	});

	test.each(FILTERED.filter(({ resource }) => resource !== 'evalRun'))(
		'of $resource must be a known one',
		async ({ path }) => {
			expect(await kit.retab('GET', `${path}?status=nonsense`)).toMatchObject({
				status: 422,
				json: { detail: [{ loc: ['query', 'status'], type: 'enum' }] },
			});
		},
	);

	test('of eval runs may be any text', async () => {
		seedStatuses('evalRun');
		expect(ids(await kit.retab('GET', `${pathOf('evalRun')}?status=nonsense`))).toEqual([]);
	});

	test('of parses does not exist', async () => {
		expect((await kit.retab('GET', '/v1/parses?status=completed')).status).toBe(422);
	});

	test.each(['workflowRun', 'evalRun', 'experimentRun'] as const)(
		'can be excluded for %s',
		async (resource) => {
			seedStatuses(resource);
			expect(ids(await kit.retab('GET', `${pathOf(resource)}?exclude_status=completed`))).toEqual(['busy']);
		},
	);

	test('cannot be excluded elsewhere', async () => {
		expect((await kit.retab('GET', '/v1/jobs?exclude_status=completed')).status).toBe(422);
	});

	test('of workflow runs tells error from failed', async () => {
		for (const result of ['error', 'failed'] as const) {
			kit.sandbox.createRun({
				provider: 'retab',
				resource: 'workflowRun',
				id: result,
				steering: { result, durationMs: 0 },
			});
			expect(ids(await kit.retab('GET', `/v1/workflows/runs?status=${result}`))).toEqual([result]);
		}
	});

	test('is applied around the cursor', async () => {
		seed('job', 6, (at) => ({ steering: at % 2 ? { durationMs: 0 } : { pendingMs: 0, result: 'stuck' } }));
		const first = await kit.retab('GET', '/v1/jobs?status=in_progress&limit=2');
		expect(ids(first)).toEqual(['r4', 'r2']);
		const second = await kit.retab(
			'GET',
			`/v1/jobs?status=in_progress&limit=2&after=${first.json.list_metadata.after}`,
		);
		expect(ids(second)).toEqual(['r0']);
		expect(second.json.list_metadata.after).toBeNull();
		expect(ids(await kit.retab('GET', '/v1/jobs?status=in_progress&limit=2&after=r3'))).toEqual(['r2', 'r0']);
	});
});

describe('metadata', () => {
	test.each(['extraction', 'workflowRun', 'job'] as const)(
		'filters %s by equality of all pairs',
		async (resource) => {
			const path = pathOf(resource);
			seed(resource, 3, (at) => ({ metadata: { tenant: at < 2 ? 'acme' : 'other', batch: String(at) } }));
			const list = (filter: unknown): Promise<Answer> =>
				kit.retab('GET', `${path}?order=asc&metadata=${encodeURIComponent(JSON.stringify(filter))}`);
			expect(ids(await list({ tenant: 'acme' }))).toEqual(['r0', 'r1']);
			expect(ids(await list({ tenant: 'acme', batch: '1' }))).toEqual(['r1']);
			expect(ids(await list({}))).toHaveLength(3);
			expect((await list('text')).status).toBe(400);
			expect((await kit.retab('GET', `${path}?metadata=%7B`)).status).toBe(400);
		},
	);

	test('is unknown to other lists', async () => {
		expect((await kit.retab('GET', '/v1/parses?metadata=%7B%22a%22%3A%22b%22%7D')).status).toBe(422);
	});
});

describe('file names', () => {
	const PRIMITIVES = ['extraction', 'parse', 'classification', 'split', 'partition', 'edit'] as const;
	const named = (at: number): Json => ({
		request: { document: { filename: ['Invoice-1.pdf', 'old invoice.png'][at], url: 'https://a.example/x' } },
	});

	test.each(PRIMITIVES)('filter %s by prefix, whatever the case', async (resource) => {
		seed(resource, 2, named);
		expect(ids(await kit.retab('GET', `${pathOf(resource)}?filename=invoice`))).toEqual(['r0']);
		expect(ids(await kit.retab('GET', `${pathOf(resource)}?filename=nope`))).toEqual([]);
	});

	test('filter extractions by part, type and the deprecated alias', async () => {
		seed('extraction', 2, named);
		const list = async (query: string): Promise<string[]> =>
			ids(await kit.retab('GET', `/v1/extractions?${query}`));
		expect(await list('filename_contains=INVOICE')).toEqual(['r1', 'r0']);
		expect(await list('document_type=png')).toEqual(['r1']);
		expect(await list('document_type=png&document_type=pdf')).toEqual(['r1', 'r0']);
		expect((await kit.retab('GET', '/v1/extractions?document_type=invoice')).status).toBe(422);
		expect(await list('filename_regex=Invoice')).toEqual(['r0']);
		expect((await kit.retab('GET', '/v1/extractions?filename_regex=in.*e')).status).toBe(422);
	});

	test('filter jobs by the document of their request', async () => {
		seed('job', 2, (at) => ({ request: { request: named(at).request } }));
		const list = async (query: string): Promise<string[]> => ids(await kit.retab('GET', `/v1/jobs?${query}`));
		expect(await list('filename_contains=old')).toEqual(['r1']);
		expect(await list(`filename_regex=${encodeURIComponent('^invoice-\\d')}`)).toEqual(['r0']);
		expect(await list('document_type=png')).toEqual(['r1']);
		expect((await kit.retab('GET', `/v1/jobs?filename_regex=${'a'.repeat(257)}`)).status).toBe(422);
		expect((await kit.retab('GET', '/v1/jobs?filename_regex=%28')).status).toBe(422);
	});
});

test('edits are found by template', async () => {
	seed('edit', 2, (at) => ({ request: { template_id: `tpl_${at}` } }));
	expect(ids(await kit.retab('GET', '/v1/edits?template_id=tpl_1'))).toEqual(['r1']);
});

test('workflow runs are found by workflow, trigger, part of the id and duration', async () => {
	seed('workflowRun', 3, (at) => ({
		request: { workflow_id: `wf_${at}` },
		steering: { pendingMs: 0, durationMs: at * 100 },
	}));
	const list = async (query: string): Promise<string[]> =>
		ids(await kit.retab('GET', `/v1/workflows/runs?${query}`));
	expect(await list('workflow_id=wf_1')).toEqual(['r1']);
	expect(await list('search=2')).toEqual(['r2']);
	expect(await list('trigger_type=api')).toHaveLength(3);
	expect(await list('trigger_type=email')).toEqual([]);
	expect(await list('min_duration_ms=100&max_duration_ms=100')).toEqual(['r1']);
	expect(await list('min_duration_ms=0&max_duration_ms=0')).toHaveLength(3);
	expect(await list('sort_by=timing.created_at')).toHaveLength(3);
	for (const query of ['trigger_type=telepathy', 'min_duration_ms=long', 'sort_by=colour']) {
		expect((await kit.retab('GET', `/v1/workflows/runs?${query}`)).status).toBe(422);
	}
});

test('eval runs are found by workflow, eval and block', async () => {
	const scopes = [
		{ type: 'single', eval_id: 'eval_1' },
		{ type: 'block', block_id: 'block_1' },
	];
	seed('evalRun', 2, (at) => ({ request: { workflow_id: `wf_${at}`, scope: scopes[at] } }));
	const list = async (query: string): Promise<string[]> =>
		ids(await kit.retab('GET', `/v1/workflows/evals/runs?${query}`));
	expect(await list('workflow_id=wf_0')).toEqual(['r0']);
	expect(await list('eval_id=eval_1')).toEqual(['r0']);
	expect(await list('target_block_id=block_1')).toEqual(['r1']);
	expect(await list('trigger_type=custom')).toEqual([]);
});

test('experiment runs are found by experiment, workflow and block', async () => {
	seed('experimentRun', 2, (at) => ({ request: { experiment_id: `exp_${at}`, workflow_id: `wf_${at}` } }));
	const list = async (query: string): Promise<string[]> =>
		ids(await kit.retab('GET', `/v1/workflows/experiments/runs?${query}`));
	expect(await list('experiment_id=exp_1')).toEqual(['r1']);
	expect(await list('workflow_id=wf_0')).toEqual(['r0']);
	expect(await list('block_id=block_extract_1')).toHaveLength(2);
	expect(await list('block_id=block_9')).toEqual([]);
	expect(await list('trigger_type=manual_run')).toHaveLength(2);
	expect((await kit.retab('GET', '/v1/workflows/experiments/runs?trigger_type=api')).status).toBe(422);
});

test('jobs are found by id, endpoint, source and what is in request and metadata', async () => {
	seed('job', 3, (at) => ({
		request: {
			endpoint: ['/v1/extractions', '/v1/parses', '/v1/splits'][at],
			request: at === 1 ? { project_id: 'p1', model: 'retab-large' } : {},
		},
		metadata: at === 2 ? { workflow_id: 'wf_1', block_id: 'b1' } : null,
	}));
	const list = async (query: string): Promise<string[]> => ids(await kit.retab('GET', `/v1/jobs?${query}`));
	expect(await list('job_id=r1')).toEqual(['r1']);
	expect(await list('endpoint=/v1/splits')).toEqual(['r2']);
	expect(await list('source=api')).toEqual(['r0']);
	expect(await list('source=project')).toEqual(['r1']);
	expect(await list('source=workflow')).toEqual(['r2']);
	expect(await list('project_id=p1&model=retab-large')).toEqual(['r1']);
	expect(await list('workflow_id=wf_1&workflow_block_id=b1')).toEqual(['r2']);
	for (const query of ['endpoint=/v1/nothing', 'source=elsewhere']) {
		expect((await kit.retab('GET', `/v1/jobs?${query}`)).status).toBe(422);
	}
});

test('the old list of jobs has has_more, first_id and last_id', async () => {
	kit.sandbox.switches.jobsList = 'legacy';
	seed('job', 3);
	const first = (await kit.retab('GET', '/v1/jobs?limit=2')).json;
	expect(first).toEqual({
		object: 'list',
		data: [withFields({ id: 'r2' }), withFields({ id: 'r1' })],
		first_id: 'r2',
		last_id: 'r1',
		has_more: true,
	});
	expect((await kit.retab('GET', '/v1/jobs?limit=2&after=r1')).json).toMatchObject({
		data: [{ id: 'r0' }],
		has_more: false,
	});
	expect((await kit.retab('GET', '/v1/parses')).json.list_metadata).toBeDefined();
});

describe('rows of old records', () => {
	test.each([
		['parse', { table_parsing_format: '' }],
		['classification', { categories: null }],
		['split', { subdocuments: null }],
	] as const)('of %s lack the status and hold nulls', async (resource, expected) => {
		const { id } = kit.sandbox.createRun({ provider: 'retab', resource, steering: { oldRecord: true } });
		const row = onlyRow(await kit.retab('GET', pathOf(resource)));
		expect(row).toMatchObject({ id, created_at: null, ...expected });
		expect(row).not.toHaveProperty('status');
		const full = (await kit.retab('GET', `${pathOf(resource)}/${id}`)).json;
		expect(full).toMatchObject({ status: 'queued', created_at: TEXT });
	});

	test('may have no creation time anywhere', async () => {
		const { id } = kit.sandbox.createRun({
			provider: 'retab',
			resource: 'extraction',
			steering: { noCreatedAt: true },
		});
		expect((await kit.retab('GET', `/v1/extractions/${id}`)).json.created_at).toBeNull();
		expect(onlyRow(await kit.retab('GET', '/v1/extractions')).created_at).toBeNull();
	});
});

test('thousands of runs are seeded and paged through', async () => {
	const all = kit.sandbox.createRuns(5_000, (at) => ({
		provider: 'retab',
		resource: 'extraction',
		createdAt: START - (at % 7) * DAY,
		steering: { result: at % 50 ? 'completed' : 'stuck' },
	}));
	kit.advance(10_000);
	const found: string[] = [];
	for (let after: string | null = ''; after !== null;) {
		const cursor: string = after === '' ? '' : `&after=${after}`;
		const page = await kit.retab('GET', `/v1/extractions?status=in_progress&limit=30${cursor}`);
		found.push(...ids(page));
		after = page.json.list_metadata.after;
	}
	expect(found.sort()).toEqual(all.filter((_id, at) => at % 50 === 0).sort());
});
