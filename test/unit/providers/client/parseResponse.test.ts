import { ApiError } from '../../../../nodes/shared/core/requests/apiError';
import { resourceOf } from '../../../../nodes/shared/providers';
import { extend } from '../../../../nodes/shared/providers/extend/resources';
import { retab } from '../../../../nodes/shared/providers/retab/resources';
import type { JsonObject } from '../../../../nodes/shared/core/runs/run';
import {
	fileNameOf,
	cancellationStatus,
	claimedPhase,
	parsePage,
	parseRow,
	parseRun,
	phaseOf,
} from '../../../../nodes/shared/providers/client/parseResponse';

const AT = Date.UTC(2026, 0, 2, 3, 4, 5);

function retabRun(resource: string, body: unknown) {
	return parseRun(retab, resourceOf(retab, resource), body);
}

function extendRun(resource: string, body: unknown) {
	return parseRun(extend, resourceOf(extend, resource), body);
}

function messageOf(parse: () => unknown): string {
	try {
		parse();
	} catch (error) {
		if (error instanceof ApiError && error.kind === 'malformed') return error.message;
		throw error;
	}
	throw new Error('It was taken for a good answer');
}

describe('a run', () => {
	test('of Retab: a primitive', () => {
		const body = { id: 'extr_1', status: 'in_progress', created_at: '2026-01-02T03:04:05Z', output: {} };
		expect(retabRun('extraction', body)).toEqual({
			id: 'extr_1',
			status: 'in_progress',
			phase: 'running',
			created: { at: AT, field: 'created_at' },
			started: undefined,
			body,
		});
	});

	test('of Retab: a workflow run, whose status and times lie deeper', () => {
		const body = {
			id: 'run_1',
			lifecycle: { status: 'awaiting_review', waiting_for_block_ids: ['b'] },
			timing: { created_at: '2026-01-02T03:04:05Z', started_at: null },
		};
		expect(retabRun('workflowRun', body)).toMatchObject({
			status: 'awaiting_review',
			phase: 'needsReview',
			created: { at: AT, field: 'timing.created_at' },
			started: undefined,
		});
	});

	test.each([
		['unix seconds', AT / 1_000],
		['unix milliseconds', AT],
		['an ISO text', '2026-01-02T03:04:05Z'],
	])('of Retab: a job, with %s, as its API had them over the years', (_, time) => {
		const run = retabRun('job', { id: 'job_1', status: 'queued', created_at: time, started_at: time });
		expect(run.created).toEqual({ at: AT, field: 'created_at' });
		expect(run.started).toEqual({ at: AT, field: 'started_at' });
	});

	test('of Extend', () => {
		const body = {
			object: 'extract_run',
			id: 'exr_1',
			status: 'PROCESSING',
			createdAt: '2026-01-02T03:04:05Z',
		};
		expect(extendRun('extractRun', body)).toMatchObject({
			id: 'exr_1',
			phase: 'running',
			created: { at: AT, field: 'createdAt' },
			body,
		});
	});

	test('of Extend: a workflow run was created at its first run, not when a row says', () => {
		const times = { initialRunAt: '2026-01-02T03:04:05Z', startTime: '2026-01-02T03:04:05Z' };
		const body = { id: 'workflow_run_1', status: 'CANCELLING', createdAt: '2020-01-01T00:00:00Z', ...times };
		const run = extendRun('workflowRun', body);
		expect(run.phase).toBe('cancelling');
		expect(run.created).toEqual({ at: AT, field: 'initialRunAt' });
		expect(run.started).toEqual({ at: AT, field: 'startTime' });
	});

	test('of Extend: a legacy processor run comes wrapped', () => {
		const inner = { id: 'dpr_1', status: 'PROCESSED', createdAt: '2026-01-02T03:04:05Z' };
		const run = extendRun('processorRun', { success: true, processorRun: inner });
		expect(run).toMatchObject({ id: 'dpr_1', phase: 'completed' });
		expect(run.body).toEqual(inner);
	});

	test('fields nobody knows pass through, in the same object', () => {
		const body = { id: 'extr_1', status: 'queued', future: { field: [1, null, { deep: true }] } };
		expect(retabRun('extraction', body).body).toBe(body);
	});

	test.each(['pending_approval', 'COMPLETED', 'canceled', 'toString', '__proto__', 'constructor'])(
		'a status nobody knows (%s) is unknown, and shown as it came',
		(status) => {
			expect(retabRun('extraction', { id: 'extr_1', status })).toMatchObject({ status, phase: 'unknown' });
		},
	);

	test('a time that cannot be read is no time', () => {
		const body = { id: 'extr_1', status: 'queued', created_at: 'yesterday' };
		expect(retabRun('extraction', body).created).toBeUndefined();
	});
});

describe('an answer that is not a run names what is wrong', () => {
	const said = 'Retab gave an answer about extractions that cannot be used: ';

	test.each([
		['no id', { status: 'queued' }, 'the field "id" is missing'],
		['an empty id', { id: '', status: 'queued' }, 'the field "id" is wrong'],
		['an id that is a number', { id: 7, status: 'queued' }, 'the field "id" is wrong'],
		['no status', { id: 'extr_1' }, 'the field "status" is missing'],
		['an empty status', { id: 'extr_1', status: '' }, 'the field "status" is wrong'],
		['a status that is null', { id: 'extr_1', status: null }, 'the field "status" is wrong'],
		['a list', [{ id: 'extr_1', status: 'queued' }], 'the answer is wrong'],
		['nothing', undefined, 'the answer is missing'],
		['null', null, 'the answer is wrong'],
		['a number', 200, 'the answer is wrong'],
	])('%s', (_, body, problem) => {
		expect(messageOf(() => retabRun('extraction', body))).toContain(`${said}${problem}`);
	});

	test('the path of a field that lies deeper', () => {
		expect(messageOf(() => retabRun('evalRun', { id: 'e' }))).toContain('the field "lifecycle" is missing');
		expect(messageOf(() => retabRun('evalRun', { id: 'e', lifecycle: {} }))).toContain(
			'the field "lifecycle.status" is missing',
		);
	});

	test('a legacy run that is not wrapped', () => {
		expect(messageOf(() => extendRun('processorRun', { id: 'r', status: 'PROCESSED' }))).toContain(
			'Extend gave an answer about processor runs that cannot be used: the field "processorRun" is missing',
		);
	});
});

describe('a page of a list', () => {
	const rows = [{ id: 'a' }, { id: 'b' }];

	function retabPage(body: unknown) {
		return parsePage(retab, resourceOf(retab, 'job'), body);
	}

	test.each([
		['today', { data: rows, list_metadata: { before: null, after: 'b' } }, 'b'],
		['today, the last page', { data: rows, list_metadata: { before: 'a', after: null } }, undefined],
		['today, an empty cursor', { data: rows, list_metadata: { before: 'a', after: '' } }, undefined],
		['jobs until May 2026', { object: 'list', data: rows, first_id: 'a', last_id: 'b', has_more: true }, 'b'],
		[
			'jobs until May 2026, the last page',
			{ object: 'list', data: rows, first_id: 'a', last_id: 'b', has_more: false },
			undefined,
		],
		['jobs until May 2026, empty', { data: [], first_id: null, last_id: null, has_more: false }, undefined],
		['rows only', { data: rows }, undefined],
	])('Retab, %s', (_, body, next) => {
		expect(retabPage(body)).toEqual({ rows: body.data, next });
	});

	test.each([
		['more pages', { object: 'list', data: rows, nextPageToken: 'xK9=' }, 'xK9='],
		['the last page', { object: 'list', data: rows }, undefined],
		['the last page, null', { object: 'list', data: rows, nextPageToken: null }, undefined],
		['the last page, empty', { object: 'list', data: rows, nextPageToken: '' }, undefined],
	])('Extend, %s', (_, body, next) => {
		expect(parsePage(extend, resourceOf(extend, 'extractRun'), body)).toEqual({ rows, next });
	});

	test('Extend, legacy processor runs have a key of their own', () => {
		const body = { success: true, processorRuns: rows, nextPageToken: 'n' };
		expect(parsePage(extend, resourceOf(extend, 'processorRun'), body)).toEqual({ rows, next: 'n' });
	});

	test('rows that are no objects are left out', () => {
		expect(retabPage({ data: [null, 'a', { id: 'b' }, 7, []] }).rows).toEqual([{ id: 'b' }]);
	});

	test.each([
		['no rows', {}, 'the field "data" is missing'],
		['rows that are no list', { data: { id: 'a' } }, 'the field "data" is wrong'],
		['rows that are null', { data: null }, 'the field "data" is wrong'],
		['a list in place of a page', rows, 'the answer is wrong'],
		[
			'a cursor that is a number',
			{ data: rows, list_metadata: { after: 7 } },
			'the field "list_metadata.after" is wrong',
		],
	])('%s is named', (_, body, problem) => {
		expect(messageOf(() => retabPage(body))).toContain(problem);
	});
});

describe('the file of a row', () => {
	test.each<[object, string | undefined]>([
		[{ file: { filename: 'a.pdf' } }, 'a.pdf'],
		[{ file: { name: 'a.pdf' } }, 'a.pdf'],
		[{ file: null, files: [{ name: 'a.pdf' }] }, 'a.pdf'],
		[{ files: [{ name: 'a.pdf' }, { name: 'b.pdf' }, { name: 'c.pdf' }] }, 'a.pdf and 2 more'],
		[{ files: [{ name: null }, null, { name: 'b.pdf' }] }, 'b.pdf'],
		[{ file: { name: 'a.pdf' }, files: null }, 'a.pdf'],
		[{ files: [] }, undefined],
		[{ file: 'a.pdf' }, undefined],
		[{}, undefined],
	])('%j: %s', (row, name) => {
		expect(fileNameOf(row as JsonObject)).toBe(name);
	});
});

describe('a row of a list', () => {
	const parseRunRow = resourceOf(extend, 'parseRun');

	test('knows the creation time that a parse run itself does not', () => {
		expect(
			parseRow(parseRunRow, { id: 'pr_1', status: 'PROCESSING', createdAt: '2026-01-02T03:04:05Z' }),
		).toEqual({
			id: 'pr_1',
			status: 'PROCESSING',
			created: { at: AT, field: 'createdAt' },
		});
	});

	test('a workflow run is as old as it says itself, else as its row says', () => {
		const spec = resourceOf(extend, 'workflowRun');
		const row = { id: 'workflow_run_1', status: 'PENDING', createdAt: '2026-01-02T03:04:05Z' };
		expect(parseRow(spec, { ...row, initialRunAt: null })?.created).toEqual({ at: AT, field: 'createdAt' });
		const dated = { ...row, createdAt: '2020-01-01T00:00:00Z', initialRunAt: row.createdAt };
		expect(parseRow(spec, dated)?.created).toEqual({ at: AT, field: 'initialRunAt' });
	});

	test('an old one may have no status', () => {
		expect(parseRow(parseRunRow, { id: 'pr_1', status: null })).toEqual({
			id: 'pr_1',
			status: undefined,
			created: undefined,
		});
	});

	test.each([[{}], [{ id: '' }], [{ id: 7 }], [{ id: null }]])('%j is none', (row) => {
		expect(parseRow(parseRunRow, row)).toBeUndefined();
	});
});

describe('what the answer to a cancel claims', () => {
	test.each([
		['job', { id: 'j', status: 'cancelled' }, 'cancelled'],
		['job', { id: 'j', status: 'in_progress' }, 'running'],
		['extraction', { id: 'e', status: 'completed', output: {} }, 'completed'],
		['experimentRun', { id: 'e', lifecycle: { status: 'cancelled' } }, 'cancelled'],
		['job', {}, undefined],
		['job', undefined, undefined],
		['job', 'OK', undefined],
	])('Retab %s %j', (resource, answer, phase) => {
		expect(claimedPhase(resourceOf(retab, resource), answer)).toBe(phase);
	});

	test('Extend, wrapped', () => {
		const answer = { success: true, processorRun: { id: 'r', status: 'CANCELLED' } };
		expect(claimedPhase(resourceOf(extend, 'processorRun'), answer)).toBe('cancelled');
	});

	test.each([
		[{ run: {}, redis_available: true, cancellation_status: 'cancelled' }, 'cancelled'],
		[{ run: {}, cancellation_status: 'cancellation_failed' }, 'cancellation_failed'],
		[{ run: {} }, 'cancellation_requested'],
		[{ run: {}, cancellation_status: '' }, 'cancellation_requested'],
		[undefined, 'cancellation_requested'],
	])('Retab workflow run %j: %s', (answer, status) => {
		expect(cancellationStatus(answer)).toBe(status);
	});
});

test('a status of one resource is not one of another', () => {
	expect(phaseOf(resourceOf(retab, 'extraction'), 'awaiting_review')).toBe('unknown');
	expect(phaseOf(resourceOf(extend, 'extractRun'), 'CANCELLING')).toBe('unknown');
});
