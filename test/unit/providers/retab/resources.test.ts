import type { Phase } from '../../../../nodes/shared/core/runs/run';
import { cancellable, resourceOf } from '../../../../nodes/shared/providers';
import { sentTime } from '../../../../nodes/shared/providers/lists/filters';
import { retab } from '../../../../nodes/shared/providers/retab/resources';

/**
 * What Retab's OpenAPI document, docs and CLI say about each kind of run, written out: the table is checked against the
 * facts, not against itself.
 */
interface Facts {
	phases: Record<string, Phase>;
	statusIn: string;
	createdIn: string;
	startedIn?: string;
	cancel: 'run' | 'envelope';
	/** Query of a light read, and of a full one. */
	light?: Record<string, unknown>;
	full?: Record<string, unknown>;
	/** Query parameters that the list can be narrowed by; absent where there is no list. */
	filters?: string[];
	statusFilter?: string[];
}

const PRIMITIVE: Record<string, Phase> = {
	pending: 'waiting',
	queued: 'waiting',
	in_progress: 'running',
	completed: 'completed',
	failed: 'failed',
	error: 'failed',
	cancelled: 'cancelled',
};

const PRIMITIVE_STATUSES = ['cancelled', 'completed', 'failed', 'in_progress', 'pending', 'queued'];

const EVAL: Record<string, Phase> = {
	pending: 'waiting',
	queued: 'waiting',
	running: 'running',
	completed: 'completed',
	error: 'failed',
	cancelled: 'cancelled',
};

const EVAL_STATUSES = ['cancelled', 'completed', 'error', 'pending', 'queued', 'running'];

const primitive = { phases: PRIMITIVE, statusIn: 'status', createdIn: 'created_at', cancel: 'run' } as const;

const lifecycle = {
	statusIn: 'lifecycle.status',
	createdIn: 'timing.created_at',
	startedIn: 'timing.started_at',
} as const;

const FACTS: Record<string, Facts> = {
	classification: {
		...primitive,
		light: { include_output: false },
		filters: ['filename', 'from_date', 'status', 'to_date'],
		statusFilter: PRIMITIVE_STATUSES,
	},
	edit: {
		...primitive,
		light: { include_output: false },
		filters: ['filename', 'from_date', 'status', 'template_id', 'to_date'],
		statusFilter: PRIMITIVE_STATUSES,
	},
	evalRun: {
		...lifecycle,
		phases: EVAL,
		cancel: 'run',
		filters: [
			'eval_id',
			'exclude_status',
			'from_date',
			'status',
			'target_block_id',
			'to_date',
			'trigger_type',
			'workflow_id',
		],
		statusFilter: EVAL_STATUSES,
	},
	experimentRun: {
		...lifecycle,
		phases: EVAL,
		cancel: 'run',
		filters: [
			'block_id',
			'exclude_status',
			'experiment_id',
			'from_date',
			'status',
			'to_date',
			'trigger_type',
			'workflow_id',
		],
		statusFilter: EVAL_STATUSES,
	},
	extraction: {
		...primitive,
		light: { include_output: false },
		filters: ['document_type', 'filename', 'filename_contains', 'from_date', 'metadata', 'status', 'to_date'],
		statusFilter: PRIMITIVE_STATUSES,
	},
	fileBlueprint: {
		...primitive,
		startedIn: 'started_at',
		light: { include_output: false },
	},
	job: {
		phases: {
			validating: 'waiting',
			queued: 'waiting',
			in_progress: 'running',
			completed: 'completed',
			failed: 'failed',
			cancelled: 'cancelled',
			expired: 'expired',
		},
		statusIn: 'status',
		createdIn: 'created_at',
		startedIn: 'started_at',
		cancel: 'run',
		light: { include_response: false },
		full: { include_response: true },
		filters: ['endpoint', 'filename_contains', 'from_date', 'metadata', 'status', 'to_date', 'workflow_id'],
		statusFilter: ['cancelled', 'completed', 'expired', 'failed', 'in_progress', 'queued', 'validating'],
	},
	parse: {
		...primitive,
		light: { include_output: false },
		// No status filter: the only list of primitives without one.
		filters: ['filename', 'from_date', 'to_date'],
	},
	partition: {
		...primitive,
		light: { include_output: false },
		filters: ['filename', 'from_date', 'status', 'to_date'],
		statusFilter: PRIMITIVE_STATUSES,
	},
	schemaGeneration: {
		...primitive,
	},
	split: {
		...primitive,
		light: { include_output: false },
		filters: ['filename', 'from_date', 'status', 'to_date'],
		statusFilter: PRIMITIVE_STATUSES,
	},
	workflowRun: {
		...lifecycle,
		phases: {
			pending: 'waiting',
			queued: 'waiting',
			running: 'running',
			awaiting_review: 'needsReview',
			completed: 'completed',
			error: 'failed',
			failed: 'failed',
			cancelled: 'cancelled',
		},
		cancel: 'envelope',
		filters: [
			'exclude_status',
			'from_date',
			'max_duration_ms',
			'metadata',
			'min_duration_ms',
			'search',
			'status',
			'to_date',
			'trigger_type',
			'workflow_id',
		],
		statusFilter: [
			'awaiting_review',
			'cancelled',
			'completed',
			'error',
			'failed',
			'pending',
			'queued',
			'running',
		],
	},
};

test('Retab has these twelve resources and no others', () => {
	expect(Object.keys(retab.resources).sort()).toEqual(Object.keys(FACTS).sort());
});

describe.each(Object.entries(FACTS))('%s', (name, facts) => {
	const spec = resourceOf(retab, name);

	test('is wrapped or not', () => {
		expect(spec.wrappedIn).toBeUndefined();
	});

	test('knows its statuses', () => {
		expect(spec.phases).toEqual(facts.phases);
		expect(spec.statusPath.join('.')).toBe(facts.statusIn);
	});

	test('knows its times', () => {
		expect(spec.createdPath.join('.')).toBe(facts.createdIn);
		expect(spec.startedPath?.join('.')).toBe(facts.startedIn);
	});

	test('is cancelled as the API wants it', () => {
		expect(spec.cancel?.answer).toBe(facts.cancel);
		expect(spec.cancel?.commandIdField).toBe(facts.cancel === 'envelope' ? 'command_id' : undefined);
	});

	test(facts.light ? 'has light reads' : 'has no light reads', () => {
		expect(spec.lightQuery).toEqual(facts.light);
		expect(spec.fullQuery).toEqual(facts.full);
	});

	test(facts.filters ? 'is listed with these filters' : 'has no list', () => {
		expect(spec.list?.filters.map(({ param }) => param).sort()).toEqual(facts.filters);
		const status = spec.list?.filters.find(({ param }) => param === 'status');
		expect(status?.options).toEqual(facts.statusFilter);
		if (!spec.list) return;
		expect(spec.list).toMatchObject({
			paging: 'cursor',
			pageSize: 100,
			pageSizeParams: ['limit'],
			newestFirst: { order: 'desc' },
		});
	});
});

/** Retab: OpenAPI document; experiment runs: CLI. */
const TRIGGERS: Record<string, string[]> = {
	evalRun: ['api', 'custom', 'email', 'manual', 'restart', 'schedule', 'webhook'],
	experimentRun: ['manual_run'],
	workflowRun: ['api', 'email', 'manual', 'restart', 'schedule', 'webhook'],
};

function filterOf(resource: string, param: string) {
	return resourceOf(retab, resource).list?.filters.find((filter) => filter.param === param);
}

test.each(Object.entries(TRIGGERS))('%s is filtered by its own trigger types', (name, types) => {
	expect(filterOf(name, 'trigger_type')?.options).toEqual(types);
});

test('document types are the endings that the API knows, several at once', () => {
	const filter = filterOf('extraction', 'document_type');
	expect(filter?.kind).toBe('several');
	expect(filter?.options).toHaveLength(45);
	expect(filter?.options).toEqual(expect.arrayContaining(['pdf', 'docx', 'xlsx', 'tsv', 'yaml', 'heif']));
});

test('dates are days, and date-times for eval runs alone', () => {
	const dated = Object.entries(retab.resources).flatMap(([name, { list }]) =>
		(list?.filters ?? []).flatMap((filter) =>
			filter.kind === 'date'
				? [[`${name} ${filter.param}`, sentTime(filter, Date.parse('2026-01-31T22:30:00Z'))] as const]
				: [],
		),
	);
	expect(dated.filter(([name]) => name.startsWith('evalRun'))).toEqual([
		['evalRun from_date', '2026-01-31T22:30:00.000Z'],
		['evalRun to_date', '2026-01-31T22:30:00.000Z'],
	]);
	const others = dated.filter(([name]) => !name.startsWith('evalRun')).map(([, sent]) => sent);
	expect(new Set(others)).toEqual(new Set(['2026-01-31']));
});

test('an excluded status is one of the same list', () => {
	for (const name of ['evalRun', 'experimentRun', 'workflowRun']) {
		expect(filterOf(name, 'exclude_status')?.options).toEqual(filterOf(name, 'status')?.options);
	}
});

test('every kind of run can be cancelled', () => {
	expect(cancellable(retab).map(([name]) => name)).toEqual(Object.keys(retab.resources));
});

test('the id of a request is in x-request-id', () => {
	expect(retab.requestIdHeader).toBe('x-request-id');
});

test('only jobs may be gone for good', () => {
	const gone = Object.entries(retab.resources).filter(([, { goneHint }]) => goneHint);
	expect(gone.map(([name]) => name)).toEqual(['job']);
});

test.each(['extractions', '', 'toString', '__proto__'])(
	'"%s" is no resource, and the error says what is',
	(name) => {
		expect(() => resourceOf(retab, name)).toThrow(
			`Retab has no resource "${name}". Available: extraction, parse, classification, split, workflowRun, edit, partition, schemaGeneration, evalRun, experimentRun, fileBlueprint, job`,
		);
	},
);
