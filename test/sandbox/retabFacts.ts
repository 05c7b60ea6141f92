import type { RetabResource } from '../../sandbox/server';
import { PDF, type Json, type Body } from './support';

/** The Retab API as tests know it, written out by hand and not taken from the server's own tables. */

export interface RetabFacts {
	resource: RetabResource;
	path: string;
	prefix: string;
	/** The smallest body that is accepted. */
	body: Json;
	/** Status of the answer to a create call. */
	created: number;
	list: boolean;
	delete: boolean;
	/** Where the status lives. */
	statusOf: (record: Body) => string | undefined;
	waiting: string;
	running: string;
	failed: string;
	notFound: (id: string) => string;
	/** Fields of the full object. */
	fields: string[];
	emptyOutput?: unknown;
}

const plain = (record: Body): string => record.status;
const nested = (record: Body): string | undefined => record.lifecycle?.status;
const named = (label: string) => (id: string) => `${label} '${id}' not found`;

const PRIMITIVE_FIELDS = [
	'id',
	'file',
	'model',
	'instructions',
	'status',
	'error',
	'usage',
	'created_at',
	'output',
];

const primitive = {
	created: 201,
	list: true,
	delete: true,
	statusOf: plain,
	waiting: 'queued',
	running: 'in_progress',
	failed: 'failed',
};

const batch = { created: 202, statusOf: nested, waiting: 'pending', running: 'running' };

export const RETAB: RetabFacts[] = [
	{
		...primitive,
		resource: 'extraction',
		path: '/v1/extractions',
		prefix: 'extr_',
		body: { document: PDF, json_schema: { type: 'object', properties: { total: { type: 'number' } } } },
		notFound: named('extraction'),
		fields: [...PRIMITIVE_FIELDS, 'json_schema', 'n_consensus', 'consensus', 'metadata'],
		emptyOutput: {},
	},
	{
		...primitive,
		resource: 'parse',
		path: '/v1/parses',
		prefix: 'prs_',
		body: { document: PDF },
		notFound: named('parse'),
		fields: [...PRIMITIVE_FIELDS, 'table_parsing_format'],
		emptyOutput: { pages: [], text: '' },
	},
	{
		...primitive,
		resource: 'classification',
		path: '/v1/classifications',
		prefix: 'clss_',
		body: { document: PDF, categories: [{ name: 'invoice', description: 'An invoice' }] },
		notFound: named('classification'),
		fields: [...PRIMITIVE_FIELDS, 'categories', 'n_consensus', 'consensus'],
		emptyOutput: { reasoning: '', category: '' },
	},
	{
		...primitive,
		resource: 'split',
		path: '/v1/splits',
		prefix: 'splt_',
		body: { document: PDF, subdocuments: [{ name: 'invoice', description: 'An invoice' }] },
		notFound: named('split'),
		fields: [...PRIMITIVE_FIELDS, 'subdocuments', 'n_consensus', 'consensus'],
		emptyOutput: [],
	},
	{
		...primitive,
		resource: 'partition',
		path: '/v1/partitions',
		prefix: 'prtn_',
		body: { document: PDF, key: 'invoice number', instructions: 'One chunk per invoice' },
		notFound: named('partition'),
		fields: [...PRIMITIVE_FIELDS, 'key', 'n_consensus', 'allow_overlap', 'consensus'],
		emptyOutput: [],
	},
	{
		...primitive,
		resource: 'edit',
		path: '/v1/edits',
		prefix: 'edt_',
		body: { document: PDF, instructions: 'Fill in the form' },
		notFound: named('edit'),
		fields: [...PRIMITIVE_FIELDS, 'config', 'template_id', 'filled_document_ref'],
		emptyOutput: { form_data: [], filled_document: { filename: '', url: '' } },
	},
	{
		...primitive,
		list: false,
		delete: false,
		resource: 'fileBlueprint',
		path: '/v1/files/blueprints',
		prefix: 'fbp_',
		body: { file_id: 'file_sandbox' },
		notFound: named('file blueprint'),
		fields: [
			'object',
			'id',
			'file',
			'intent',
			'output',
			'status',
			'error',
			'created_at',
			'started_at',
			'completed_at',
			'mode',
		],
		emptyOutput: {},
	},
	{
		...primitive,
		created: 200,
		list: false,
		delete: false,
		resource: 'schemaGeneration',
		path: '/v1/schemas/generate',
		prefix: 'sch_',
		body: { documents: [PDF] },
		notFound: named('schema generation'),
		fields: ['object', 'id', 'json_schema', 'strict', 'status', 'error', 'created_at'],
	},
	{
		...batch,
		list: true,
		delete: true,
		resource: 'workflowRun',
		path: '/v1/workflows/runs',
		prefix: 'run_',
		body: { workflow_id: 'wf_1', documents: { block_1: PDF } },
		failed: 'failed',
		notFound: () => 'Workflow run not found',
		fields: [
			'id',
			'workflow_id',
			'workflow_version_id',
			'trigger',
			'lifecycle',
			'timing',
			'inputs',
			'metadata',
		],
	},
	{
		...batch,
		list: true,
		delete: false,
		resource: 'evalRun',
		path: '/v1/workflows/evals/runs',
		prefix: 'wfevalrun_',
		body: { workflow_id: 'wf_1' },
		failed: 'error',
		notFound: () => 'Eval run not found',
		fields: [
			'id',
			'workflow_id',
			'workflow_version_id',
			'trigger',
			'lifecycle',
			'timing',
			'target',
			'eval_id',
			'total_evals',
			'counts',
			'freshness',
		],
	},
	{
		...batch,
		list: true,
		delete: false,
		resource: 'experimentRun',
		path: '/v1/workflows/experiments/runs',
		prefix: 'exprun_',
		body: { experiment_id: 'exp_1' },
		failed: 'error',
		notFound: () => 'Experiment run not found',
		fields: [
			'id',
			'workflow_id',
			'workflow_version_id',
			'trigger',
			'experiment_id',
			'block_id',
			'block_type',
			'n_consensus',
			'lifecycle',
			'timing',
			'parent_run_id',
			'score',
			'total_document_count',
			'completed_document_count',
			'document_count',
			'error_count',
		],
	},
	{
		...primitive,
		created: 202,
		delete: false,
		resource: 'job',
		path: '/v1/jobs',
		prefix: 'job_',
		body: { endpoint: '/v1/extractions', request: { document: PDF, model: 'retab-small' } },
		notFound: () => 'Job not found',
		fields: [
			'id',
			'object',
			'status',
			'endpoint',
			'request',
			'response',
			'error',
			'warnings',
			'created_at',
			'started_at',
			'completed_at',
			'expires_at',
			'metadata',
			'cancelled',
			'attempt_count',
			'last_attempt_at',
			'last_failure_code',
		],
	},
];

/** Resources that take `background` and otherwise answer when the work is done. */
export const RETAB_PRIMITIVES = RETAB.filter(
	({ created, statusOf }) => statusOf === plain && created !== 202,
);
