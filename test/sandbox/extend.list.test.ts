import type { ExtendResource } from '../../sandbox/server';
import { EXTEND } from './extendFacts';
import { ids, NUMBER, onlyRow, rows, useKit, type Answer, type Json } from './support';

/** Lists, as the Extend API documents them. */

const kit = useKit();

const LISTED = EXTEND.filter(({ list }) => list);
const SORTABLE = LISTED.filter(({ resource }) => resource !== 'parseRun');

function pathOf(resource: string): string {
	return LISTED.find((one) => one.resource === resource)?.path ?? '';
}

/** Ids r0, r1, … created one second after another; the oldest first. */
function seed(resource: ExtendResource, count: number, more: (at: number) => Json = () => ({})): string[] {
	return kit.sandbox.createRuns(count, (at) => ({
		provider: 'extend',
		resource,
		id: `r${at}`,
		createdAt: kit.sandbox.now() - (count - at) * 1000,
		...more(at),
	}));
}

describe.each(LISTED)('$resource', ({ resource, path, rowLacks = [], rowAdds = [], fields }) => {
	const sizeName = resource === 'parseRun' ? 'limit' : 'maxPageSize';

	test('is paged with nextPageToken, newest first', async () => {
		seed(resource, 5);
		const first = await kit.extend('GET', `${path}?${sizeName}=2`);
		expect(ids(first)).toEqual(['r4', 'r3']);
		const next = (answer: Answer): Promise<Answer> =>
			kit.extend(
				'GET',
				`${path}?${sizeName}=2&nextPageToken=${encodeURIComponent(answer.json.nextPageToken ?? '')}`,
			);
		const second = await next(first);
		expect(ids(second)).toEqual(['r2', 'r1']);
		const last = await next(second);
		expect(ids(last)).toEqual(['r0']);
		expect(last.json).not.toHaveProperty('nextPageToken');
	});

	test('ends without a token on a page that is exactly full', async () => {
		seed(resource, 2);
		expect((await kit.extend('GET', `${path}?${sizeName}=2`)).json).not.toHaveProperty('nextPageToken');
	});

	test('shows 20 rows by default and at most 100', async () => {
		seed(resource, 101);
		expect(rows(await kit.extend('GET', path))).toHaveLength(20);
		expect(rows(await kit.extend('GET', `${path}?${sizeName}=100`))).toHaveLength(100);
		for (const size of ['0', '-1', '101', 'all']) {
			expect(await kit.extend('GET', `${path}?${sizeName}=${size}`)).toMatchObject({
				status: 400,
				json: { code: 'INVALID_REQUEST' },
			});
		}
	});

	test.each(['nonsense', '', Buffer.from('[1]').toString('base64')])(
		'refuses the token "%s"',
		async (token) => {
			expect(await kit.extend('GET', `${path}?nextPageToken=${token}`)).toMatchObject({
				status: 400,
				json: { code: 'INVALID_REQUEST' },
			});
		},
	);

	test('survives the deletion of the row its token points at', async () => {
		seed(resource, 3);
		const first = await kit.extend('GET', `${path}?${sizeName}=2`);
		await kit.extend('DELETE', `${path}/r1`);
		const token = encodeURIComponent(first.json.nextPageToken ?? '');
		expect(ids(await kit.extend('GET', `${path}?${sizeName}=2&nextPageToken=${token}`))).toEqual(['r0']);
	});

	test('shows summaries', async () => {
		kit.sandbox.createRun({ provider: 'extend', resource, steering: { durationMs: 0 } });
		const row = onlyRow(await kit.extend('GET', path));
		for (const field of rowLacks) expect(row).not.toHaveProperty(field);
		for (const field of rowAdds) {
			expect(row[field]).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
			expect(fields).not.toContain(field);
		}
		expect(row.usage).toEqual({ credits: NUMBER, totalCredits: NUMBER });
	});

	test('filters by status', async () => {
		seed(resource, 2, (at) => ({ steering: at ? { result: 'stuck' } : { durationMs: 0 } }));
		expect(ids(await kit.extend('GET', `${path}?status=PROCESSED`))).toEqual(['r0']);
		expect(ids(await kit.extend('GET', `${path}?status=PROCESSING`))).toEqual(['r1']);
		expect((await kit.extend('GET', `${path}?status=nonsense`)).status).toBe(400);
	});

	test('filters by part of the file name', async () => {
		seed(resource, 2, (at) => {
			const url = `https://a.example/${at ? 'Invoice' : 'letter'}.pdf`;
			return { request: { file: resource === 'processorRun' ? { fileUrl: url } : { url } } };
		});
		expect(ids(await kit.extend('GET', `${path}?fileNameContains=voic`))).toEqual(['r1']);
	});

	test.each(['from_date=2030-01-01', 'metadata=%7B%7D', 'surprise=1'])('refuses %s', async (query) => {
		const answer = await kit.extend('GET', `${path}?${query}`);
		expect(answer).toMatchObject({ status: 400, json: { code: 'INVALID_REQUEST', retryable: false } });
		expect(answer.json.message).toContain(query.split('=')[0]);
	});

	test('can lag behind', async () => {
		kit.sandbox.switches.listLagMs = 500;
		kit.sandbox.createRun({ provider: 'extend', resource, id: 'new', steering: { durationMs: 100 } });
		expect(ids(await kit.extend('GET', path))).toEqual([]);
		kit.advance(500);
		expect(rows(await kit.extend('GET', path))).toMatchObject([{ id: 'new', status: 'PROCESSING' }]);
		expect(kit.sandbox.getRun('new')?.status).toBe('PROCESSED');
	});
});

describe.each(SORTABLE)('$resource', ({ resource, path }) => {
	test('is sorted by creation or by the last change', async () => {
		seed(resource, 3, (at) => ({ steering: { durationMs: [9_000, 0, 5_000][at] } }));
		kit.advance(60_000);
		const list = async (query: string): Promise<string[]> => ids(await kit.extend('GET', `${path}?${query}`));
		expect(await list('sortDir=asc')).toEqual(['r0', 'r1', 'r2']);
		expect(await list('sortBy=createdAt&sortDir=desc')).toEqual(['r2', 'r1', 'r0']);
		expect(await list('sortBy=updatedAt&sortDir=asc')).toEqual(['r1', 'r2', 'r0']);
		expect((await kit.extend('GET', `${path}?sortBy=size`)).status).toBe(400);
		expect((await kit.extend('GET', `${path}?sortDir=up`)).status).toBe(400);
	});
});

test.each([
	['extractRun', 'extractorId', { extractor: { id: 'mine' } }],
	['classifyRun', 'classifierId', { classifier: { id: 'mine' } }],
	['splitRun', 'splitterId', { splitter: { id: 'mine' } }],
	['workflowRun', 'workflowId', { workflow: { id: 'mine' } }],
	['processorRun', 'processorId', { processorId: 'mine' }],
] as const)('%s is found by %s', async (resource, parameter, request) => {
	seed(resource, 2, (at) => (at ? { request } : {}));
	expect(ids(await kit.extend('GET', `${pathOf(resource)}?${parameter}=mine`))).toEqual(['r1']);
	expect(ids(await kit.extend('GET', `${pathOf(resource)}?${parameter}=other`))).toEqual([]);
});

test('runs are found by batch and source', async () => {
	seed('extractRun', 2, (at) => (at ? { batchId: 'bpr_1' } : {}));
	const list = async (query: string): Promise<string[]> =>
		ids(await kit.extend('GET', `/extract_runs?${query}`));
	expect(await list('batchId=bpr_1')).toEqual(['r1']);
	expect(await list('source=API')).toEqual(['r0']);
	expect(await list('source=BATCH_PROCESSOR_RUN&sourceId=bpr_1')).toEqual(['r1']);
	expect((await kit.extend('GET', '/extract_runs?source=ELSEWHERE')).status).toBe(400);
});

describe('parse runs', () => {
	test('ignore maxPageSize and honour limit', async () => {
		seed('parseRun', 30);
		expect(ids(await kit.extend('GET', '/parse_runs?maxPageSize=2'))).toHaveLength(20);
		expect(ids(await kit.extend('GET', '/parse_runs?maxPageSize=2&limit=5'))).toHaveLength(5);
	});

	test('cannot be sorted', async () => {
		expect((await kit.extend('GET', '/parse_runs?sortBy=createdAt')).status).toBe(400);
		expect((await kit.extend('GET', '/parse_runs?sortDir=asc')).status).toBe(400);
	});

	test('cannot be asked for CANCELLED, although rows show it', async () => {
		seed('parseRun', 1, () => ({ steering: { result: 'cancelled', durationMs: 0 } }));
		expect((await kit.extend('GET', '/parse_runs?status=CANCELLED')).status).toBe(400);
		expect(rows(await kit.extend('GET', '/parse_runs'))).toMatchObject([{ status: 'CANCELLED' }]);
	});

	test('have their own sources, ignored together with a batchId', async () => {
		seed('parseRun', 2, (at) => (at ? { batchId: 'bpar_1' } : {}));
		const list = async (query: string): Promise<string[]> =>
			ids(await kit.extend('GET', `/parse_runs?${query}`));
		expect(await list('source=BATCH_PARSER_RUN')).toEqual(['r1']);
		expect(await list('batchId=bpar_1&source=API')).toEqual(['r1']);
		expect((await kit.extend('GET', '/parse_runs?source=PLAYGROUND')).status).toBe(400);
	});
});

test('workflow runs know more statuses and no source', async () => {
	seed('workflowRun', 2, (at) => ({ steering: { result: at ? 'needs_review' : 'rejected', durationMs: 0 } }));
	const list = async (query: string): Promise<string[]> =>
		ids(await kit.extend('GET', `/workflow_runs?${query}`));
	expect(await list('status=NEEDS_REVIEW')).toEqual(['r1']);
	expect(await list('status=REJECTED')).toEqual(['r0']);
	expect(await list('status=CANCELLING')).toEqual([]);
	expect((await kit.extend('GET', '/workflow_runs?source=API')).status).toBe(400);
});
