import type { ZodRawShape, ZodTypeAny } from 'zod';

import { CANCEL_LAG_MS } from '../defaults';
import type { JsonObject } from '../json';
import type { ResourceRow, Snapshot } from '../resource';
import type { Phase, Result } from '../script';
import * as bodies from './bodies';
import { gets, lists } from './queries';
import * as records from './records';

/** The 10 Extend run types (Extend: SDK 1.17.0; changelog 2026-06-09 for parse cancel). */

export interface ExtendRow extends ResourceRow {
	readonly provider: 'extend';
	/** `object` of the run. */
	readonly object: string;
	/** Legacy answers are wrapped `{success, processorRun}`. */
	readonly legacy: boolean;
	readonly list?: {
		readonly summary: (record: JsonObject, shot: Snapshot) => JsonObject;
		/** Query parameter that names the owner, and where the create body holds it. */
		readonly owner?: { readonly parameter: string; readonly path: readonly string[] };
		/** Name of the page size parameter that counts. */
		readonly pageSize: 'maxPageSize' | 'limit';
		readonly query: ZodRawShape;
	};
	/** Parameters of the read of one run. */
	readonly getQuery?: ZodRawShape;
	readonly batch?: {
		readonly body: ZodTypeAny;
		/** A workflow batch answers `{batchId}` only and has no batch run. */
		readonly idPrefix: string;
		readonly hasBatchRun: boolean;
		/** Fields of the batch body that every member takes over. */
		readonly shared: readonly string[];
	};
}

const STATUSES = {
	waiting: 'PENDING',
	running: 'PROCESSING',
	completed: 'PROCESSED',
	failed: 'FAILED',
	cancelled: 'CANCELLED',
} as const;

/** Edit and form detection runs know only these. */
const SHORT_STATUSES = { running: 'PROCESSING', completed: 'PROCESSED', failed: 'FAILED' } as const;

const RESULTS: readonly Result[] = ['completed', 'failed', 'error', 'stuck', 'cancelled'];
const SHORT_RESULTS: readonly Result[] = ['completed', 'failed', 'error', 'stuck'];

const RUNNING_ONLY: readonly Phase[] = ['running'];
const SAMPLE_FILE = { url: 'https://files.example.com/invoice.pdf' };

const common = {
	provider: 'extend',
	legacy: false,
	statuses: STATUSES,
	results: RESULTS,
	cancellable: RUNNING_ONLY,
	cancelLagMs: CANCEL_LAG_MS,
	queueMs: 0,
} as const;

const processorList = {
	summary: records.processorRunSummary,
	pageSize: 'maxPageSize',
} as const;

export const EXTEND_ROWS = {
	extractRun: {
		...common,
		operations: ['create', 'get', 'list', 'delete', 'cancel', 'batch'],
		resource: 'extractRun',
		object: 'extract_run',
		path: '/extract_runs',
		idPrefix: 'exr_',
		body: bodies.extractRunBody,
		sampleBody: { file: SAMPLE_FILE, extractor: { id: 'ex_sandbox_invoices' } },
		record: records.extractRun,
		list: {
			...processorList,
			query: lists.extractRun,
			owner: { parameter: 'extractorId', path: ['extractor', 'id'] },
		},
		batch: {
			body: bodies.extractBatchBody,
			idPrefix: 'bpr_',
			hasBatchRun: true,
			shared: ['extractor', 'config'],
		},
	},
	classifyRun: {
		...common,
		operations: ['create', 'get', 'list', 'delete', 'cancel', 'batch'],
		resource: 'classifyRun',
		object: 'classify_run',
		path: '/classify_runs',
		idPrefix: 'clr_',
		body: bodies.classifyRunBody,
		sampleBody: { file: SAMPLE_FILE, classifier: { id: 'cl_sandbox_mail' } },
		record: records.classifyRun,
		list: {
			...processorList,
			query: lists.classifyRun,
			owner: { parameter: 'classifierId', path: ['classifier', 'id'] },
		},
		batch: {
			body: bodies.classifyBatchBody,
			idPrefix: 'bpr_',
			hasBatchRun: true,
			shared: ['classifier', 'config'],
		},
	},
	splitRun: {
		...common,
		operations: ['create', 'get', 'list', 'delete', 'cancel', 'batch'],
		resource: 'splitRun',
		object: 'split_run',
		path: '/split_runs',
		idPrefix: 'splr_',
		body: bodies.splitRunBody,
		sampleBody: { file: SAMPLE_FILE, splitter: { id: 'spl_sandbox_mail' } },
		record: records.splitRun,
		list: {
			...processorList,
			query: lists.splitRun,
			owner: { parameter: 'splitterId', path: ['splitter', 'id'] },
		},
		batch: {
			body: bodies.splitBatchBody,
			idPrefix: 'bpr_',
			hasBatchRun: true,
			shared: ['splitter', 'config'],
		},
	},
	parseRun: {
		...common,
		operations: ['create', 'get', 'list', 'delete', 'cancel', 'batch'],
		resource: 'parseRun',
		object: 'parse_run',
		path: '/parse_runs',
		idPrefix: 'pr_',
		body: bodies.parseRunBody,
		sampleBody: { file: SAMPLE_FILE },
		record: records.parseRun,
		list: {
			summary: records.parseRunSummary,
			/** `maxPageSize` is silently ignored here (Extend CLI: client/list.go). */
			pageSize: 'limit',
			query: lists.parseRun,
		},
		getQuery: gets.parseRun,
		batch: { body: bodies.parseBatchBody, idPrefix: 'bpar_', hasBatchRun: true, shared: ['config'] },
	},
	workflowRun: {
		...common,
		operations: ['create', 'get', 'list', 'delete', 'cancel', 'batch', 'update'],
		resource: 'workflowRun',
		object: 'workflow_run',
		path: '/workflow_runs',
		idPrefix: 'workflow_run_',
		statuses: {
			...STATUSES,
			cancelling: 'CANCELLING',
			needsReview: 'NEEDS_REVIEW',
			rejected: 'REJECTED',
		},
		results: ['completed', 'failed', 'error', 'stuck', 'cancelled', 'needs_review', 'rejected'],
		cancellable: ['waiting', 'running'],
		body: bodies.workflowRunBody,
		sampleBody: { workflow: { id: 'workflow_sandbox_invoices' }, file: SAMPLE_FILE },
		record: records.workflowRun,
		list: {
			summary: records.workflowRunSummary,
			owner: { parameter: 'workflowId', path: ['workflow', 'id'] },
			pageSize: 'maxPageSize',
			query: lists.workflowRun,
		},
		batch: {
			body: bodies.workflowBatchBody,
			idPrefix: 'batch_',
			hasBatchRun: false,
			shared: ['workflow'],
		},
	},
	editRun: {
		...common,
		operations: ['create', 'get', 'delete'],
		resource: 'editRun',
		object: 'edit_run',
		path: '/edit_runs',
		idPrefix: 'edr_',
		statuses: SHORT_STATUSES,
		results: SHORT_RESULTS,
		cancellable: [],
		body: bodies.editRunBody,
		sampleBody: { file: SAMPLE_FILE },
		record: records.editRun,
	},
	formDetectionRun: {
		...common,
		operations: ['create', 'get'],
		resource: 'formDetectionRun',
		object: 'form_detection_run',
		path: '/form_detection_runs',
		idPrefix: 'sgr_',
		statuses: SHORT_STATUSES,
		results: SHORT_RESULTS,
		cancellable: [],
		body: bodies.formDetectionRunBody,
		sampleBody: { file: SAMPLE_FILE },
		record: records.formDetectionRun,
	},
	evaluationSetRun: {
		...common,
		operations: ['create', 'get'],
		resource: 'evaluationSetRun',
		object: 'evaluation_set_run',
		path: '/evaluation_set_runs',
		idPrefix: 'bpr_',
		cancellable: [],
		body: bodies.evaluationSetRunBody,
		sampleBody: { evaluationSetId: 'ev_sandbox' },
		record: records.evaluationSetRun,
	},
	batchRun: {
		...common,
		operations: ['get'],
		resource: 'batchRun',
		object: 'batch_run',
		path: '/batch_runs',
		idPrefix: 'bpr_',
		cancellable: [],
		body: bodies.extractBatchBody,
		sampleBody: { inputs: [{ file: SAMPLE_FILE }], extractor: { id: 'ex_sandbox_invoices' } },
		record: records.batchRun,
	},
	processorRun: {
		...common,
		operations: ['create', 'get', 'list', 'delete', 'cancel'],
		legacy: true,
		resource: 'processorRun',
		object: 'document_processor_run',
		path: '/processor_runs',
		idPrefix: 'dpr_',
		body: bodies.processorRunBody,
		sampleBody: { processorId: 'dp_sandbox_invoices', file: { fileUrl: SAMPLE_FILE.url } },
		record: records.processorRun,
		list: {
			...processorList,
			summary: records.legacySummary,
			query: lists.processorRun,
			owner: { parameter: 'processorId', path: ['processorId'] },
		},
	},
} satisfies Record<string, ExtendRow>;

export type ExtendResource = keyof typeof EXTEND_ROWS;
