import type { Phase } from '../../../../nodes/shared/core/runs/run';
import { cancellable, resourceOf } from '../../../../nodes/shared/providers';
import { extend } from '../../../../nodes/shared/providers/extend/resources';

/** What Extend's docs, SDK and CLI say about each kind of run, written out; `test/sandbox/tables.test.ts` compares paths and operations. */
interface Facts {
	/** Statuses it can be in, beside those all runs share. */
	more?: Record<string, Phase>;
	wrappedIn?: string;
	/** Where the run tells its creation, when not in `createdAt`. */
	createdIn?: string;
	startedIn?: string;
	canCancel: boolean;
	/** Of a batch: the resources that its runs are of. */
	members?: string[];
	light?: Record<string, unknown>;
	filters?: string[];
	statusFilter?: string[];
	sorts?: boolean;
	pageSizeParams?: string[];
	rowsIn?: string;
}

const SHARED: Record<string, Phase> = {
	PENDING: 'waiting',
	PROCESSING: 'running',
	PROCESSED: 'completed',
	FAILED: 'failed',
	CANCELLED: 'cancelled',
};

const STATUSES = ['CANCELLED', 'FAILED', 'PENDING', 'PROCESSED', 'PROCESSING'];

const FACTS: Record<string, Facts> = {
	batchRun: { canCancel: true, members: ['extractRun', 'parseRun', 'classifyRun', 'splitRun'] },
	classifyRun: {
		canCancel: true,
		filters: ['batchId', 'classifierId', 'fileNameContains', 'source', 'sourceId', 'status'],
		statusFilter: STATUSES,
		sorts: true,
	},
	editRun: { canCancel: false },
	evaluationSetRun: { canCancel: false },
	extractRun: {
		canCancel: true,
		filters: ['batchId', 'extractorId', 'fileNameContains', 'source', 'sourceId', 'status'],
		statusFilter: STATUSES,
		sorts: true,
	},
	formDetectionRun: { canCancel: false },
	parseRun: {
		canCancel: true,
		light: { responseType: 'url' },
		filters: ['batchId', 'fileNameContains', 'source', 'sourceId', 'status'],
		// The filter does not know CANCELLED, though runs can end that way.
		statusFilter: ['FAILED', 'PENDING', 'PROCESSED', 'PROCESSING'],
		sorts: false,
		// The SDK says the one, the CLI found the other.
		pageSizeParams: ['maxPageSize', 'limit'],
	},
	processorRun: {
		wrappedIn: 'processorRun',
		canCancel: true,
		filters: ['fileNameContains', 'processorId', 'processorType', 'source', 'sourceId', 'status'],
		statusFilter: STATUSES,
		sorts: true,
		rowsIn: 'processorRuns',
	},
	splitRun: {
		canCancel: true,
		filters: ['batchId', 'fileNameContains', 'source', 'sourceId', 'splitterId', 'status'],
		statusFilter: STATUSES,
		sorts: true,
	},
	workflowRun: {
		more: { CANCELLING: 'cancelling', NEEDS_REVIEW: 'needsReview', REJECTED: 'rejected' },
		createdIn: 'initialRunAt',
		startedIn: 'startTime',
		canCancel: true,
		filters: ['batchId', 'fileNameContains', 'status', 'workflowId'],
		statusFilter: [...STATUSES, 'CANCELLING', 'NEEDS_REVIEW', 'REJECTED'].sort(),
		sorts: true,
	},
};

test('Extend has these ten resources and no others', () => {
	expect(Object.keys(extend.resources).sort()).toEqual(Object.keys(FACTS).sort());
});

describe.each(Object.entries(FACTS))('%s', (name, facts) => {
	const spec = resourceOf(extend, name);

	test('is wrapped or not', () => {
		expect(spec.wrappedIn).toBe(facts.wrappedIn);
	});

	test('knows its statuses', () => {
		expect(spec.phases).toEqual({ ...SHARED, ...facts.more });
		expect(spec.statusPath).toEqual(['status']);
	});

	test('knows its times', () => {
		expect(spec.createdPath).toEqual([facts.createdIn ?? 'createdAt']);
		expect(spec.rowCreatedPath).toEqual(facts.createdIn && ['createdAt']);
		expect(spec.startedPath?.join('.')).toBe(facts.startedIn);
	});

	test(facts.canCancel ? 'can be cancelled, without a body' : 'cannot be cancelled', () => {
		const { members } = facts;
		expect(spec.cancel).toEqual(facts.canCancel ? { answer: 'run', ...(members && { members }) } : undefined);
	});

	test(facts.light ? 'has light reads' : 'has no light reads', () => {
		expect(spec.lightQuery).toEqual(facts.light);
		expect(spec.fullQuery).toBeUndefined();
	});

	test(facts.filters ? 'is listed with these filters' : 'has no list', () => {
		expect(spec.list?.filters.map(({ param }) => param).sort()).toEqual(facts.filters);
		const status = spec.list?.filters.find(({ param }) => param === 'status');
		expect(status?.options).toEqual(facts.statusFilter);
		if (!spec.list) return;
		expect(spec.list.paging).toBe('pageToken');
		expect(spec.list.pageSizeParams).toEqual(facts.pageSizeParams ?? ['maxPageSize']);
		expect(spec.list.newestFirst).toEqual(facts.sorts ? { sortBy: 'createdAt', sortDir: 'desc' } : {});
		expect(spec.list.rowsIn).toBe(facts.rowsIn);
	});
});

test('these can be cancelled', () => {
	expect(cancellable(extend).map(([name]) => name)).toEqual([
		'extractRun',
		'parseRun',
		'classifyRun',
		'splitRun',
		'workflowRun',
		'batchRun',
		'processorRun',
	]);
});

test('the id of a request is in x-extend-request-id', () => {
	expect(extend.requestIdHeader).toBe('x-extend-request-id');
});

test('where a run was started from: other sources for parse runs than for the others', () => {
	const sourcesOf = (name: string) =>
		resourceOf(extend, name).list?.filters.find(({ param }) => param === 'source')?.options;
	const processors = [
		'ADMIN',
		'API',
		'BATCH_PROCESSOR_RUN',
		'PLAYGROUND',
		'STUDIO',
		'WORKFLOW_CONFIGURATION',
		'WORKFLOW_RUN',
	];
	expect(['extractRun', 'classifyRun', 'splitRun'].map(sourcesOf)).toEqual([
		processors,
		processors,
		processors,
	]);
	expect(sourcesOf('parseRun')).toEqual([
		'ADMIN',
		'API',
		'BATCH_PARSER_RUN',
		'DOCUMENT_PROCESSOR_RUN',
		'EDIT_RUN',
		'STUDIO',
		'WORKFLOW_RUN',
	]);
});
