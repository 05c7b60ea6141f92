import { retabAccess } from './credential';
import { retabDelivery } from './documents';
import type { Phase } from '../../core/runs/run';
import { statusFilter } from '../lists/filters';
import { RETAB_CREATE } from './create';
import { RETAB_PICKERS } from './pickers';
import type { FilterSpec, ListSpec, ProviderSpec, ReadOptionSpec, ResourceSpec, SimpleField } from '../types';

/**
 * Retab, `https://api.retab.com/v1`. Facts from its OpenAPI document (2026-08-16), its docs (docs.retab.com) and its CLI;
 * jobs from the last state of docs and SDKs that had them (2026-05-31).
 */

/** `error` is not in the schema of primitives; Retab's CLI takes it as an end all the same (`primitive_wait.go`). */
const PRIMITIVE_PHASES: Record<string, Phase> = {
	pending: 'waiting',
	queued: 'waiting',
	in_progress: 'running',
	completed: 'completed',
	failed: 'failed',
	error: 'failed',
	cancelled: 'cancelled',
};

/** The list filter knows `failed` beside the schema's `error`, and the CLI has seen both: both have failed. */
const WORKFLOW_RUN_PHASES: Record<string, Phase> = {
	pending: 'waiting',
	queued: 'waiting',
	running: 'running',
	awaiting_review: 'needsReview',
	completed: 'completed',
	error: 'failed',
	failed: 'failed',
	cancelled: 'cancelled',
};

const EVAL_PHASES: Record<string, Phase> = {
	pending: 'waiting',
	queued: 'waiting',
	running: 'running',
	completed: 'completed',
	error: 'failed',
	cancelled: 'cancelled',
};

const JOB_PHASES: Record<string, Phase> = {
	validating: 'waiting',
	queued: 'waiting',
	in_progress: 'running',
	completed: 'completed',
	failed: 'failed',
	cancelled: 'cancelled',
	expired: 'expired',
};

const FROM_DATE: FilterSpec = {
	name: 'fromDate',
	param: 'from_date',
	label: 'Created From',
	kind: 'date',
	description:
		'Only runs created on this day or later. Retab filters by whole days in UTC: of the date picked, the day as it is shown counts.',
};

const TO_DATE: FilterSpec = {
	name: 'toDate',
	param: 'to_date',
	label: 'Created Until',
	kind: 'date',
	role: 'until',
	description:
		'Only runs created on this day or earlier. Retab filters by whole days in UTC: of the date picked, the day as it is shown counts.',
};

const FILENAME: FilterSpec = {
	name: 'filename',
	param: 'filename',
	label: 'File Name',
	kind: 'text',
	placeholder: 'e.g. invoice',
	description: 'Only runs whose file name begins with this text, in upper or lower case',
};

const METADATA: FilterSpec = {
	name: 'metadata',
	param: 'metadata',
	label: 'Metadata',
	kind: 'metadata',
	role: 'metadata',
	description: 'Only runs that carry all of these metadata pairs',
};

const WORKFLOW_ID: FilterSpec = {
	name: 'workflowId',
	picker: 'workflowId',
	param: 'workflow_id',
	label: 'Workflow ID',
	kind: 'text',
	role: 'workflow',
	placeholder: 'e.g. wf_3kT9',
	description: 'Only runs of this workflow',
};

function triggerType(options: readonly string[]): FilterSpec {
	return {
		name: 'triggerType',
		param: 'trigger_type',
		label: 'Trigger Type',
		kind: 'options',
		options,
		description: 'Only runs that were started this way',
	};
}

/** What the filter of workflow runs takes (OpenAPI). */
const WORKFLOW_TRIGGERS = ['api', 'email', 'manual', 'restart', 'schedule', 'webhook'];

/** The types of `EvalRunTrigger` (OpenAPI): the filter itself is an open text. */
const EVAL_TRIGGERS = ['api', 'custom', 'email', 'manual', 'restart', 'schedule', 'webhook'];

/** All that the CLI takes for experiment runs (`workflows_experiments.go`); the OpenAPI document says nothing. */
const EXPERIMENT_TRIGGERS = ['manual_run'];

/** What `document_type` takes, in the order of the OpenAPI document. */
const DOCUMENT_TYPES =
	'bmp csv doc docm docx dotm dotx eml gif heic heif htm html jpeg jpg json md mhtml msg odp ods odt ots ott pdf png ppt pptx rtf svg tif tiff tsv txt webp xlam xls xlsb xlsm xlsx xltm xltx xml yaml yml'.split(
		' ',
	);

const BLOCK_ID: Omit<FilterSpec, 'param'> = {
	name: 'blockId',
	picker: 'blockId',
	label: 'Block ID',
	kind: 'text',
	description: 'Only runs of this block of the workflow',
};

function excludeStatus(phases: Record<string, Phase>): FilterSpec {
	return {
		name: 'excludeStatus',
		param: 'exclude_status',
		label: 'Exclude Status',
		kind: 'options',
		options: Object.keys(phases).sort(),
		description: 'Leave out runs in this status',
	};
}

function list(filters: readonly FilterSpec[], searchFilter?: string): ListSpec {
	return {
		paging: 'cursor',
		pageSize: 100,
		pageSizeParams: ['limit'],
		newestFirst: { order: 'desc' },
		oldestFirst: { order: 'asc' },
		filters,
		searchFilter,
	};
}

const ID: SimpleField = { name: 'id', from: [['id']], type: 'string' };

const FILE: SimpleField = { name: 'fileName', from: [], type: 'string', kind: 'fileName' };

const RUN_METADATA: SimpleField = { name: 'metadata', from: [['metadata']], type: 'object' };

/** A PDF with its name and a signed address, or a data URL (OpenAPI, `MIMEData`). */
function filledDocument(...path: string[]): { url: string[]; name: string[] } {
	const document = [...path, 'filled_document'];
	return { url: [...document, 'url'], name: [...document, 'filename'] };
}

function result(type: SimpleField['type'], ...path: string[]): SimpleField {
	return { name: 'output', from: [path], type, kind: 'result' };
}

function at(name: string, type: SimpleField['type'], ...path: string[]): SimpleField {
	return { name, from: [path], type };
}

const ERROR: SimpleField = {
	name: 'error',
	from: [
		['error', 'code'],
		['error', 'message'],
	],
	type: 'string',
	kind: 'error',
};

/** Simplified runs of primitives, with what is particular to them after the status. */
function simplePrimitive(...own: SimpleField[]): SimpleField[] {
	return [
		ID,
		at('status', 'string', 'status'),
		FILE,
		...own,
		ERROR,
		at('createdAt', 'string', 'created_at'),
		at('credits', 'number', 'usage', 'credits'),
	];
}

/** Simplified runs of workflows, evals and experiments. */
function simpleLifecycle(...own: SimpleField[]): SimpleField[] {
	return [
		ID,
		at('status', 'string', 'lifecycle', 'status'),
		{
			name: 'workflowId',
			from: LIFECYCLE.ownerPaths,
			type: 'string',
		},
		...own,
		{
			name: 'error',
			from: [
				['lifecycle', 'category'],
				['lifecycle', 'message'],
				['lifecycle', 'reason'],
			],
			type: 'string',
			kind: 'error',
		},
		at('createdAt', 'string', 'timing', 'created_at'),
		at('completedAt', 'string', 'timing', 'completed_at'),
	];
}

const INCLUDE_OUTPUT: ReadOptionSpec = {
	name: 'includeOutput',
	param: 'include_output',
	label: 'Include Output',
	description: 'Whether to return the output of the run. Without it the answer is small and quick.',
	default: true,
};

const PRIMITIVE = {
	statusPath: ['status'],
	phases: PRIMITIVE_PHASES,
	createdPath: ['created_at'],
	lightQuery: { include_output: false },
	readOptions: [INCLUDE_OUTPUT],
	cancel: { answer: 'run' },
	canDelete: true,
} as const satisfies Partial<ResourceSpec>;

/** The status filter of primitives takes the statuses of the schema only. */
const { error: _notInSchema, ...PRIMITIVE_FILTER } = PRIMITIVE_PHASES;

const PRIMITIVE_LIST = [statusFilter(PRIMITIVE_FILTER), FROM_DATE, TO_DATE, FILENAME];

const LIFECYCLE = {
	statusPath: ['lifecycle', 'status'],
	createdPath: ['timing', 'created_at'],
	startedPath: ['timing', 'started_at'],
	// Older examples hold the ids of the workflow in an object of their own.
	ownerPaths: [['workflow_id'], ['workflow', 'workflow_id']],
} as const satisfies Partial<ResourceSpec>;

/** DOC: enterprise/environments. */
const KEY_SEES =
	'The Retab key selects the environment, and an ID of another environment gives 404: a run made with a test key is invisible to a production key, and the other way round.';

export const retab: ProviderSpec = {
	name: 'retab',
	title: 'Retab',
	credential: 'retabApi',
	defaultResource: 'extraction',
	access: retabAccess,
	delivery: retabDelivery,
	requestIdHeader: 'x-request-id',
	keyHint:
		'Check the API key in the Retab credential, and that its Base URL is the one the key was made for.',
	keySees: KEY_SEES,
	pickers: RETAB_PICKERS,
	notFoundHint: `Check the run ID and the resource. ${KEY_SEES}`,
	resources: {
		extraction: {
			create: RETAB_CREATE.extraction,
			...PRIMITIVE,
			noun: 'extraction',
			plural: 'extractions',
			label: 'Extraction',
			article: 'an',
			description: 'Get structured data out of a document',
			createAction: 'Extract data from document',
			path: '/v1/extractions',
			metadataPath: ['metadata'],
			idExample: 'extr_01J9',
			simple: simplePrimitive(result('object', 'output'), RUN_METADATA),
			list: list(
				[
					...PRIMITIVE_LIST,
					{
						name: 'filenameContains',
						param: 'filename_contains',
						label: 'File Name Contains',
						kind: 'text',
						description: 'Only runs whose file name contains this text',
					},
					{
						name: 'documentType',
						param: 'document_type',
						label: 'Document Type',
						kind: 'several',
						options: DOCUMENT_TYPES,
						description: 'Only runs of documents with one of these file name endings',
					},
					METADATA,
				],
				'filename',
			),
		},
		parse: {
			create: RETAB_CREATE.parse,
			...PRIMITIVE,
			noun: 'parse',
			plural: 'parses',
			label: 'Parse',
			article: 'a',
			description: 'Turn a document into text or markdown',
			createAction: 'Parse document into text',
			path: '/v1/parses',
			idExample: 'prs_01J9',
			simple: simplePrimitive(
				{ name: 'text', from: [['output', 'text']], type: 'string', kind: 'text' },
				result('object', 'output'),
			),
			// The only list of primitives without a status filter.
			list: list([FROM_DATE, TO_DATE, FILENAME], 'filename'),
		},
		classification: {
			create: RETAB_CREATE.classification,
			...PRIMITIVE,
			noun: 'classification',
			plural: 'classifications',
			label: 'Classification',
			article: 'a',
			description: 'Sort a document into one of several categories',
			createAction: 'Classify document',
			path: '/v1/classifications',
			idExample: 'clss_01J9',
			simple: simplePrimitive(result('object', 'output')),
			list: list(PRIMITIVE_LIST, 'filename'),
		},
		split: {
			create: RETAB_CREATE.split,
			...PRIMITIVE,
			noun: 'split',
			plural: 'splits',
			label: 'Split',
			article: 'a',
			description: 'Cut a document into its sub-documents',
			createAction: 'Split document',
			path: '/v1/splits',
			idExample: 'splt_01J9',
			simple: simplePrimitive(result('array', 'output')),
			list: list(PRIMITIVE_LIST, 'filename'),
		},
		workflowRun: {
			create: RETAB_CREATE.workflowRun,
			...LIFECYCLE,
			noun: 'workflow run',
			plural: 'workflow runs',
			label: 'Workflow Run',
			article: 'a',
			description: 'Run of a Retab workflow',
			createAction: 'Run workflow',
			path: '/v1/workflows/runs',
			metadataPath: ['metadata'],
			idExample: 'run_01J9',
			simple: simpleLifecycle(at('waitingFor', 'array', 'lifecycle', 'waiting_for_block_ids'), RUN_METADATA),
			phases: WORKFLOW_RUN_PHASES,
			list: list(
				[
					statusFilter(WORKFLOW_RUN_PHASES),
					excludeStatus(WORKFLOW_RUN_PHASES),
					FROM_DATE,
					TO_DATE,
					WORKFLOW_ID,
					triggerType(WORKFLOW_TRIGGERS),
					METADATA,
					{
						name: 'minDurationMs',
						param: 'min_duration_ms',
						label: 'Min Duration (Ms)',
						kind: 'number',
						description: 'Only runs that took at least this many milliseconds. 0 means no limit.',
					},
					{
						name: 'maxDurationMs',
						param: 'max_duration_ms',
						label: 'Max Duration (Ms)',
						kind: 'number',
						description: 'Only runs that took at most this many milliseconds. 0 means no limit.',
					},
					{
						name: 'search',
						param: 'search',
						label: 'Run ID Contains',
						kind: 'text',
						description: 'Only runs whose ID contains this text',
					},
				],
				'search',
			),
			cancel: { answer: 'envelope', commandIdField: 'command_id' },
			canDelete: true,
		},
		edit: {
			create: RETAB_CREATE.edit,
			...PRIMITIVE,
			noun: 'edit',
			plural: 'edits',
			label: 'Edit',
			article: 'an',
			description: 'Fill or change a document or form',
			createAction: 'Fill in or edit document',
			path: '/v1/edits',
			files: [filledDocument('output')],
			idExample: 'edt_01J9',
			simple: simplePrimitive(result('object', 'output'), at('templateId', 'string', 'template_id')),
			list: list(
				[
					...PRIMITIVE_LIST,
					{
						name: 'templateId',
						picker: 'templateId',
						param: 'template_id',
						label: 'Template ID',
						kind: 'text',
						description: 'Only edits that filled this template',
					},
				],
				'filename',
			),
		},
		partition: {
			create: RETAB_CREATE.partition,
			...PRIMITIVE,
			noun: 'partition',
			plural: 'partitions',
			label: 'Partition',
			article: 'a',
			description: 'Divide a document into parts by a key',
			createAction: 'Partition document by key',
			path: '/v1/partitions',
			idExample: 'prtn_01J9',
			simple: simplePrimitive(result('array', 'output'), at('key', 'string', 'key')),
			list: list(PRIMITIVE_LIST, 'filename'),
		},
		schemaGeneration: {
			create: RETAB_CREATE.schemaGeneration,
			noun: 'schema generation',
			plural: 'schema generations',
			label: 'Schema Generation',
			article: 'a',
			description: 'Derive a JSON schema from sample documents',
			createAction: 'Generate schema from documents',
			path: '/v1/schemas/generate',
			idExample: 'sch_01J9',
			simple: [
				ID,
				at('status', 'string', 'status'),
				result('object', 'json_schema'),
				ERROR,
				at('createdAt', 'string', 'created_at'),
			],
			statusPath: ['status'],
			phases: PRIMITIVE_PHASES,
			createdPath: ['created_at'],
			cancel: { answer: 'run' },
		},
		evalRun: {
			create: RETAB_CREATE.evalRun,
			...LIFECYCLE,
			noun: 'eval run',
			plural: 'eval runs',
			label: 'Eval Run',
			article: 'an',
			description: 'Run of the evals of a workflow',
			createAction: 'Run evals of workflow',
			path: '/v1/workflows/evals/runs',
			idExample: 'wfevalrun_01J9',
			simple: simpleLifecycle(
				at('evalId', 'string', 'eval_id'),
				at('totalEvals', 'number', 'total_evals'),
				result('object', 'counts'),
			),
			phases: EVAL_PHASES,
			list: list([
				statusFilter(EVAL_PHASES),
				excludeStatus(EVAL_PHASES),
				// The only list whose dates are typed as date-times (OpenAPI).
				{ ...FROM_DATE, asInstant: 'startOfDay' },
				{ ...TO_DATE, asInstant: 'endOfDay' },
				WORKFLOW_ID,
				{
					name: 'evalId',
					picker: 'evalId',
					param: 'eval_id',
					label: 'Eval ID',
					kind: 'text',
					description: 'Only runs of this eval',
				},
				{ ...BLOCK_ID, param: 'target_block_id' },
				triggerType(EVAL_TRIGGERS),
			]),
			cancel: { answer: 'run' },
		},
		experimentRun: {
			create: RETAB_CREATE.experimentRun,
			...LIFECYCLE,
			noun: 'experiment run',
			plural: 'experiment runs',
			label: 'Experiment Run',
			article: 'an',
			description: 'Run of an experiment on a block of a workflow',
			createAction: 'Run experiment',
			path: '/v1/workflows/experiments/runs',
			idExample: 'exprun_01J9',
			simple: simpleLifecycle(
				at('experimentId', 'string', 'experiment_id'),
				at('documents', 'number', 'total_document_count'),
				result('number', 'score'),
			),
			phases: EVAL_PHASES,
			list: list([
				statusFilter(EVAL_PHASES),
				excludeStatus(EVAL_PHASES),
				FROM_DATE,
				TO_DATE,
				WORKFLOW_ID,
				{
					name: 'experimentId',
					picker: 'experimentId',
					param: 'experiment_id',
					label: 'Experiment ID',
					kind: 'text',
					description: 'Only runs of this experiment',
				},
				{ ...BLOCK_ID, param: 'block_id' },
				triggerType(EXPERIMENT_TRIGGERS),
			]),
			cancel: { answer: 'run' },
		},
		fileBlueprint: {
			create: RETAB_CREATE.fileBlueprint,
			...PRIMITIVE,
			noun: 'file blueprint',
			plural: 'file blueprints',
			label: 'File Blueprint',
			article: 'a',
			description: 'Plan of what a file holds and how to process it',
			createAction: 'Make blueprint of file',
			path: '/v1/files/blueprints',
			idExample: 'fbp_01J9',
			simple: [
				ID,
				at('status', 'string', 'status'),
				FILE,
				result('object', 'output'),
				ERROR,
				at('createdAt', 'string', 'created_at'),
				at('completedAt', 'string', 'completed_at'),
			],
			startedPath: ['started_at'],
			canDelete: false,
		},
		job: {
			create: RETAB_CREATE.job,
			noun: 'job',
			plural: 'jobs',
			label: 'Job (Legacy)',
			article: 'a',
			description: 'Asynchronous job of the API that background runs have replaced',
			createAction: 'Start legacy job',
			path: '/v1/jobs',
			// Of jobs that edit: the whole answer of the endpoint is in the response.
			files: [filledDocument('response', 'body', 'output')],
			metadataPath: ['metadata'],
			idExample: 'job_01J9',
			simple: [
				ID,
				at('status', 'string', 'status'),
				at('endpoint', 'string', 'endpoint'),
				result('object', 'response', 'body'),
				ERROR,
				at('createdAt', 'string', 'created_at'),
				at('completedAt', 'string', 'completed_at'),
				RUN_METADATA,
			],
			goneHint: 'Retab took jobs out of its documented API on 2026-05-31 and may have switched them off.',
			statusPath: ['status'],
			phases: JOB_PHASES,
			createdPath: ['created_at'],
			startedPath: ['started_at'],
			lightQuery: { include_response: false },
			fullQuery: { include_response: true },
			readOptions: [
				{
					name: 'includeRequest',
					param: 'include_request',
					label: 'Include Request',
					description: 'Whether to return the request the job was made with',
					default: false,
				},
				{
					name: 'includeResponse',
					param: 'include_response',
					label: 'Include Response',
					description: 'Whether to return the response of the job, which holds its result',
					default: true,
				},
			],
			list: list([
				statusFilter(JOB_PHASES),
				FROM_DATE,
				TO_DATE,
				METADATA,
				{
					name: 'endpoint',
					param: 'endpoint',
					label: 'Endpoint',
					kind: 'text',
					placeholder: 'e.g. /v1/extractions',
					description: 'Only jobs that call this endpoint',
				},
				WORKFLOW_ID,
				{
					name: 'filenameContains',
					param: 'filename_contains',
					label: 'File Name Contains',
					kind: 'text',
					description: 'Only jobs whose file name contains this text',
				},
			]),
			cancel: { answer: 'run' },
		},
	},
};
