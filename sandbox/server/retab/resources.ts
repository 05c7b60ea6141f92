import type { ZodRawShape } from 'zod';

import { CANCEL_LAG_MS, QUEUE_MS } from '../defaults';
import type { JsonObject } from '../json';
import type { Operation, ResourceRow } from '../resource';
import type { Phase, Result } from '../script';
import * as bodies from './bodies';
import * as records from './records';
import { gets, lists } from './queries';

/** The 12 Retab resources (Retab: openapi.json; jobs as of 2026-05-31). */

export type CancelKind = 'primitive' | 'job' | 'workflowRun' | 'evalRun' | 'experimentRun';

export interface RetabRow extends ResourceRow {
	readonly provider: 'retab';
	/** Status of a create answer. */
	readonly created: 200 | 201 | 202;
	/** A create without `background: true` waits for the result. */
	readonly waits: boolean;
	readonly idempotencyKey: boolean;
	readonly cancelKind: CancelKind;
	readonly notFound: (id: string) => string;
	/** The empty output of the light projection; undefined where `include_output` is unknown. */
	readonly emptyOutput?: JsonObject;
	/** Parameters of the read of one run, and of the list. */
	readonly getQuery: ZodRawShape;
	readonly listQuery?: ZodRawShape;
}

const PRIMITIVE_STATUSES = {
	waiting: 'queued',
	running: 'in_progress',
	completed: 'completed',
	failed: 'failed',
	cancelled: 'cancelled',
} as const;

const RUN_STATUSES = {
	waiting: 'pending',
	running: 'running',
	completed: 'completed',
	failed: 'error',
	cancelled: 'cancelled',
} as const;

const PRIMITIVE_RESULTS: readonly Result[] = ['completed', 'failed', 'error', 'stuck', 'cancelled'];
const UNFINISHED: readonly Phase[] = ['waiting', 'running'];
const ALL_PRIMITIVE_OPERATIONS: readonly Operation[] = ['create', 'get', 'list', 'delete', 'cancel'];

const SAMPLE_DOCUMENT = { filename: 'invoice.pdf', url: 'data:application/pdf;base64,JVBERi0xLjQK' };
const SAMPLE_SCHEMA = {
	type: 'object',
	properties: {
		invoice_number: { type: 'string' },
		supplier: { type: 'string' },
		total: { type: 'number' },
		lines: {
			type: 'array',
			items: {
				type: 'object',
				properties: { description: { type: 'string' }, amount: { type: 'number' } },
			},
		},
	},
};
const COMMON_SAMPLE = {
	model: 'retab-small',
	document: SAMPLE_DOCUMENT,
	bust_cache: false,
	background: true,
};

/** What all eight resources with a plain `status` share. */
const primitive = {
	provider: 'retab',
	created: 201,
	waits: true,
	idempotencyKey: false,
	cancelKind: 'primitive',
	statuses: PRIMITIVE_STATUSES,
	results: PRIMITIVE_RESULTS,
	cancellable: UNFINISHED,
	cancelLagMs: 0,
	queueMs: QUEUE_MS,
	operations: ALL_PRIMITIVE_OPERATIONS,
	getQuery: gets.primitive,
} as const;

function missing(label: string): (id: string) => string {
	return (id) => `${label} '${id}' not found`;
}

const EMPTY_CLASSIFICATION = { reasoning: '', category: '' };
const EMPTY_EDIT = { form_data: [], filled_document: { filename: '', url: '' } };

export const RETAB_ROWS = {
	extraction: {
		...primitive,
		resource: 'extraction',
		path: '/v1/extractions',
		idPrefix: 'extr_',
		notFound: missing('extraction'),
		body: bodies.extractionBody,
		sampleBody: { ...COMMON_SAMPLE, json_schema: SAMPLE_SCHEMA, n_consensus: 1 },
		record: records.extraction,
		emptyOutput: { output: {}, consensus: null },
		listQuery: lists.extraction,
	},
	parse: {
		...primitive,
		resource: 'parse',
		path: '/v1/parses',
		idPrefix: 'prs_',
		notFound: missing('parse'),
		body: bodies.parseBody,
		sampleBody: { ...COMMON_SAMPLE, table_parsing_format: 'html' },
		record: records.parse,
		emptyOutput: { output: { pages: [], text: '' } },
		listQuery: lists.parse,
	},
	classification: {
		...primitive,
		resource: 'classification',
		path: '/v1/classifications',
		idPrefix: 'clss_',
		notFound: missing('classification'),
		body: bodies.classificationBody,
		sampleBody: {
			...COMMON_SAMPLE,
			categories: [{ name: 'invoice', description: 'An invoice' }],
			n_consensus: 1,
		},
		record: records.classification,
		emptyOutput: { output: EMPTY_CLASSIFICATION, consensus: null },
		listQuery: lists.primitive,
	},
	split: {
		...primitive,
		resource: 'split',
		path: '/v1/splits',
		idPrefix: 'splt_',
		notFound: missing('split'),
		body: bodies.splitBody,
		sampleBody: {
			...COMMON_SAMPLE,
			subdocuments: [{ name: 'invoice', description: 'An invoice', allow_multiple_instances: true }],
			n_consensus: 1,
		},
		record: records.split,
		emptyOutput: { output: [], consensus: null },
		listQuery: lists.primitive,
	},
	partition: {
		...primitive,
		resource: 'partition',
		path: '/v1/partitions',
		idPrefix: 'prtn_',
		notFound: missing('partition'),
		body: bodies.partitionBody,
		sampleBody: {
			...COMMON_SAMPLE,
			key: 'invoice number',
			instructions: 'One chunk per invoice',
			n_consensus: 1,
			allow_overlap: true,
		},
		record: records.partition,
		emptyOutput: { output: [], consensus: null },
		listQuery: lists.primitive,
	},
	edit: {
		...primitive,
		resource: 'edit',
		path: '/v1/edits',
		idPrefix: 'edt_',
		notFound: missing('edit'),
		body: bodies.editBody,
		sampleBody: { ...COMMON_SAMPLE, instructions: 'Fill in the form', config: { color: '#000080' } },
		record: records.edit,
		emptyOutput: { output: EMPTY_EDIT },
		listQuery: lists.edit,
	},
	fileBlueprint: {
		...primitive,
		operations: ['create', 'get', 'cancel'],
		resource: 'fileBlueprint',
		path: '/v1/files/blueprints',
		idPrefix: 'fbp_',
		notFound: missing('file blueprint'),
		body: bodies.fileBlueprintBody,
		sampleBody: { file_id: 'file_sandbox', background: true },
		record: records.fileBlueprint,
		emptyOutput: { output: {} },
	},
	schemaGeneration: {
		...primitive,
		operations: ['create', 'get', 'cancel'],
		resource: 'schemaGeneration',
		path: '/v1/schemas/generate',
		idPrefix: 'sch_',
		created: 200,
		idempotencyKey: true,
		notFound: missing('schema generation'),
		body: bodies.schemaGenerationBody,
		sampleBody: { documents: [SAMPLE_DOCUMENT], model: 'retab-small', background: true },
		record: records.schemaGeneration,
		getQuery: gets.none,
	},
	workflowRun: {
		provider: 'retab',
		resource: 'workflowRun',
		path: '/v1/workflows/runs',
		idPrefix: 'run_',
		operations: ['create', 'get', 'list', 'delete', 'cancel'],
		created: 202,
		waits: false,
		idempotencyKey: false,
		cancelKind: 'workflowRun',
		notFound: () => 'Workflow run not found',
		statuses: { ...RUN_STATUSES, needsReview: 'awaiting_review' },
		resultStatuses: { failed: 'failed' },
		results: ['completed', 'failed', 'error', 'stuck', 'needs_review', 'cancelled'],
		cancellable: ['waiting', 'running', 'needsReview'],
		cancelLagMs: 0,
		queueMs: QUEUE_MS,
		body: bodies.workflowRunBody,
		sampleBody: {
			workflow_id: 'wf_sandbox_invoices',
			documents: { block_start_1: SAMPLE_DOCUMENT },
			json_inputs: {},
			version: 'production',
		},
		record: records.workflowRun,
		getQuery: gets.none,
		listQuery: lists.workflowRun,
	},
	evalRun: {
		provider: 'retab',
		resource: 'evalRun',
		path: '/v1/workflows/evals/runs',
		idPrefix: 'wfevalrun_',
		operations: ['create', 'get', 'list', 'cancel'],
		created: 202,
		waits: false,
		idempotencyKey: false,
		cancelKind: 'evalRun',
		notFound: () => 'Eval run not found',
		statuses: RUN_STATUSES,
		results: PRIMITIVE_RESULTS,
		cancellable: UNFINISHED,
		cancelLagMs: 0,
		queueMs: QUEUE_MS,
		body: bodies.evalRunBody,
		sampleBody: { workflow_id: 'wf_sandbox_invoices' },
		record: records.evalRun,
		getQuery: gets.none,
		listQuery: lists.evalRun,
	},
	experimentRun: {
		provider: 'retab',
		resource: 'experimentRun',
		path: '/v1/workflows/experiments/runs',
		idPrefix: 'exprun_',
		operations: ['create', 'get', 'list', 'cancel'],
		created: 202,
		waits: false,
		idempotencyKey: false,
		cancelKind: 'experimentRun',
		notFound: () => 'Experiment run not found',
		statuses: RUN_STATUSES,
		results: PRIMITIVE_RESULTS,
		/** Cancelling an already cancelled run succeeds. */
		cancellable: ['waiting', 'running', 'cancelled'],
		cancelLagMs: 0,
		queueMs: QUEUE_MS,
		body: bodies.experimentRunBody,
		sampleBody: { experiment_id: 'exp_sandbox' },
		record: records.experimentRun,
		getQuery: gets.none,
		listQuery: lists.experimentRun,
	},
	job: {
		provider: 'retab',
		resource: 'job',
		path: '/v1/jobs',
		idPrefix: 'job_',
		operations: ['create', 'get', 'list', 'cancel', 'retry'],
		created: 202,
		waits: false,
		idempotencyKey: true,
		cancelKind: 'job',
		notFound: () => 'Job not found',
		statuses: { ...PRIMITIVE_STATUSES, expired: 'expired' },
		results: ['completed', 'failed', 'error', 'stuck', 'expired', 'cancelled'],
		cancellable: UNFINISHED,
		/** A running job is only marked; the worker stops a moment later or completes first. */
		cancelLagMs: CANCEL_LAG_MS,
		queueMs: QUEUE_MS,
		body: bodies.jobBody,
		sampleBody: { endpoint: '/v1/extractions', request: { document: SAMPLE_DOCUMENT, model: 'retab-small' } },
		record: records.job,
		getQuery: gets.job,
		listQuery: lists.job,
	},
} satisfies Record<string, RetabRow>;

export type RetabResource = keyof typeof RETAB_ROWS;
