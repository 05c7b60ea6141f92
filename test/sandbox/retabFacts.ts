import { PROVIDERS } from '../../nodes/shared/providers';
import type { RetabResource } from '../../sandbox/server';
import { RETAB_ROWS, type RetabRow } from '../../sandbox/server/retab/resources';
import { PDF, type Json, type Body } from './support';

/**
 * The Retab API as tests know it. Paths, operations and the place of the status come from the nodes' table, which was made from
 * the vendor's documents on its own; the rest is what no table of the nodes holds.
 */

interface OwnFacts {
	resource: RetabResource;
	/** The smallest body that is accepted. */
	body: Json;
	/** Status of the answer to a create call. */
	created: number;
	notFound: (id: string) => string;
	/** Fields of the full object. */
	fields: string[];
	emptyOutput?: unknown;
}

export interface RetabFacts extends OwnFacts {
	path: string;
	prefix: string;
	list: boolean;
	delete: boolean;
	statusOf: (record: Body) => string | undefined;
	waiting: string;
	running: string;
	failed: string;
}

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

const primitive = { created: 201 };
const started = { created: 202 };

const FACTS: OwnFacts[] = [
	{
		...primitive,
		resource: 'extraction',
		body: { document: PDF, json_schema: { type: 'object', properties: { total: { type: 'number' } } } },
		notFound: named('extraction'),
		fields: [...PRIMITIVE_FIELDS, 'json_schema', 'n_consensus', 'consensus', 'metadata'],
		emptyOutput: {},
	},
	{
		...primitive,
		resource: 'parse',
		body: { document: PDF },
		notFound: named('parse'),
		fields: [...PRIMITIVE_FIELDS, 'table_parsing_format'],
		emptyOutput: { pages: [], text: '' },
	},
	{
		...primitive,
		resource: 'classification',
		body: { document: PDF, categories: [{ name: 'invoice', description: 'An invoice' }] },
		notFound: named('classification'),
		fields: [...PRIMITIVE_FIELDS, 'categories', 'n_consensus', 'consensus'],
		emptyOutput: { reasoning: '', category: '' },
	},
	{
		...primitive,
		resource: 'split',
		body: { document: PDF, subdocuments: [{ name: 'invoice', description: 'An invoice' }] },
		notFound: named('split'),
		fields: [...PRIMITIVE_FIELDS, 'subdocuments', 'n_consensus', 'consensus'],
		emptyOutput: [],
	},
	{
		...primitive,
		resource: 'partition',
		body: { document: PDF, key: 'invoice number', instructions: 'One chunk per invoice' },
		notFound: named('partition'),
		fields: [...PRIMITIVE_FIELDS, 'key', 'n_consensus', 'allow_overlap', 'consensus'],
		emptyOutput: [],
	},
	{
		...primitive,
		resource: 'edit',
		body: { document: PDF, instructions: 'Fill in the form' },
		notFound: named('edit'),
		fields: [...PRIMITIVE_FIELDS, 'config', 'template_id', 'filled_document_ref'],
		emptyOutput: { form_data: [], filled_document: { filename: '', url: '' } },
	},
	{
		...primitive,
		resource: 'fileBlueprint',
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
		resource: 'schemaGeneration',
		body: { documents: [PDF] },
		notFound: named('schema generation'),
		fields: ['object', 'id', 'json_schema', 'strict', 'status', 'error', 'created_at'],
	},
	{
		...started,
		resource: 'workflowRun',
		body: { workflow_id: 'wf_1', documents: { block_1: PDF } },
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
		...started,
		resource: 'evalRun',
		body: { workflow_id: 'wf_1' },
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
		...started,
		resource: 'experimentRun',
		body: { experiment_id: 'exp_1' },
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
		resource: 'job',
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

function at(record: unknown, path: readonly string[]): unknown {
	return path.reduce<unknown>((value, key) => (value as Json | undefined)?.[key], record);
}

export const RETAB: RetabFacts[] = FACTS.map((facts) => {
	const spec = PROVIDERS.retab.resources[facts.resource];
	if (!spec) throw new Error(`the nodes do not know ${facts.resource}`);
	const { statuses, resultStatuses, idPrefix }: RetabRow = RETAB_ROWS[facts.resource];
	return {
		...facts,
		path: spec.path,
		prefix: idPrefix,
		list: spec.list !== undefined,
		delete: spec.canDelete === true,
		statusOf: (record) => at(record, spec.statusPath) as string | undefined,
		waiting: statuses.waiting ?? statuses.running,
		running: statuses.running,
		failed: resultStatuses?.failed ?? statuses.failed ?? '',
	};
});

/** Resources that take `background` and otherwise answer when the work is done. */
export const RETAB_PRIMITIVES = RETAB.filter(
	({ resource }) => PROVIDERS.retab.resources[resource]?.create?.backgroundField !== undefined,
);
