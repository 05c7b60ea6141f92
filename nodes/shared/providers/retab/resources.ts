import type { Phase } from '../../core/runs/run';
import { RETAB_CREATE } from './create';
import { BLOCK_ID, idFilter, WORKFLOW_ID } from './filters';
import { RETAB_PICKERS } from './pickers';
import { RETAB_REVIEWS } from './reviews';
import { FILE, at, error, filter, named, result, statusFilter, text } from '../rows';
import type { FilePlace, ProviderSpec, ReadOptionSpec, ResourceSpec, SimpleField } from '../types';
import type { FilterSpec, ListSpec } from '../listTypes';

/**
 * Retab, `https://api.retab.com/v1`. Facts from its OpenAPI document (2026-08-16), its docs (docs.retab.com) and its CLI;
 * jobs from the last state of docs and SDKs that had them (2026-05-31).
 */

/** In all tables of statuses. */
const PHASES: Record<string, Phase> = { queued: 'waiting', completed: 'completed', cancelled: 'cancelled' };

/** The statuses of primitives in the schema. */
const SCHEMA_PHASES: Record<string, Phase> = {
	...PHASES,
	pending: 'waiting',
	in_progress: 'running',
	failed: 'failed',
};

/** `error` is not in the schema of primitives; Retab's CLI takes it as an end all the same (`primitive_wait.go`). */
const PRIMITIVE_PHASES: Record<string, Phase> = { ...SCHEMA_PHASES, error: 'failed' };

const EVAL_PHASES: Record<string, Phase> = {
	...PHASES,
	pending: 'waiting',
	running: 'running',
	error: 'failed',
};

/** The list filter knows `failed` beside the schema's `error`, and the CLI has seen both: both have failed. */
const WORKFLOW_RUN_PHASES: Record<string, Phase> = {
	...EVAL_PHASES,
	awaiting_review: 'needsReview',
	failed: 'failed',
};

const JOB_PHASES: Record<string, Phase> = {
	...PHASES,
	validating: 'waiting',
	in_progress: 'running',
	failed: 'failed',
	expired: 'expired',
};

const BY_DAY = 'The day begins and ends in the time zone of the workflow.';

const FROM_DATE = filter(
	'date',
	['fromDate', 'from_date'],
	'Created From',
	`Only runs created on this day or later. ${BY_DAY}`,
	{ role: 'from' },
);

const TO_DATE = filter(
	'date',
	['toDate', 'to_date'],
	'Created Until',
	`Only runs created on this day or earlier. ${BY_DAY}`,
	{ role: 'until' },
);

const FILENAME = filter(
	'text',
	['filename', 'filename'],
	'File Name',
	'Only runs whose file name begins with this text, in upper or lower case',
	{ placeholder: 'e.g. invoice' },
);

function filenameContains(runs: string): FilterSpec {
	const description = `Only ${runs} whose file name contains this text`;
	return filter('text', ['filenameContains', 'filename_contains'], 'File Name Contains', description);
}

const METADATA = filter(
	'metadata',
	['metadata', 'metadata'],
	'Metadata',
	'Only runs that carry all of these metadata pairs',
	{ role: 'metadata' },
);

function triggerType(options: readonly string[]): FilterSpec {
	const description = 'Only runs that were started this way';
	return filter('options', ['triggerType', 'trigger_type'], 'Trigger Type', description, { options });
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

function excludeStatus(phases: Record<string, Phase>): FilterSpec {
	const options = Object.keys(phases).sort();
	const description = 'Leave out runs in this status';
	return filter('options', ['excludeStatus', 'exclude_status'], 'Exclude Status', description, { options });
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

const START = [at('id', 'string', 'id'), at('status', 'string', 'status')];
const CREATED = at('createdAt', 'string', 'created_at');
const COMPLETED = at('completedAt', 'string', 'completed_at');
const RUN_METADATA = at('metadata', 'object', 'metadata');
const ERROR = error(['error', 'code'], ['error', 'message']);

/**
 * A PDF with its name and a signed address, or a data URL (OpenAPI, `MIMEData`), and the stored file.
 *
 * @param edit path of the edit
 */
function filledDocument(...edit: string[]): FilePlace {
	const document = [...edit, 'output', 'filled_document'];
	return {
		url: [...document, 'url'],
		name: [...document, 'filename'],
		id: [...edit, 'filled_document_ref', 'id'],
	};
}

/** Simplified runs of primitives, with what is particular to them after the status. */
function simplePrimitive(...own: SimpleField[]): SimpleField[] {
	return [...START, FILE, ...own, ERROR, CREATED, at('credits', 'number', 'usage', 'credits')];
}

/** Simplified runs of workflows, evals and experiments. */
function simpleLifecycle(...own: SimpleField[]): SimpleField[] {
	return [
		at('id', 'string', 'id'),
		at('status', 'string', 'lifecycle', 'status'),
		{ name: 'workflowId', from: LIFECYCLE.ownerPaths, type: 'string' },
		...own,
		error(['lifecycle', 'category'], ['lifecycle', 'message'], ['lifecycle', 'reason']),
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

/** The status filter takes the statuses of the schema only. */
const PRIMITIVE_LIST = [statusFilter(SCHEMA_PHASES), FROM_DATE, TO_DATE, FILENAME];

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
	usualResources: ['extraction', 'parse', 'classification', 'split', 'workflowRun'],
	code: () => import('./code.js'),
	requestIdHeader: 'x-request-id',
	keyHint:
		'Check the API key in the Retab credential, and that its Base URL is the one the key was made for.',
	keySees: KEY_SEES,
	pickers: RETAB_PICKERS,
	reviews: RETAB_REVIEWS,
	notFoundHint: `Check the run ID and the resource. ${KEY_SEES}`,
	resources: {
		extraction: {
			create: RETAB_CREATE.extraction,
			...PRIMITIVE,
			...named('extraction'),
			description: 'Get structured data out of a document',
			createAction: 'Extract data from document',
			path: '/v1/extractions',
			metadataPath: ['metadata'],
			idExample: 'extr_01J9',
			simple: simplePrimitive(result('object', ['output']), RUN_METADATA),
			list: list(
				[
					...PRIMITIVE_LIST,
					filenameContains('runs'),
					filter(
						'several',
						['documentType', 'document_type'],
						'Document Type',
						'Only runs of documents with one of these file name endings',
						{ options: DOCUMENT_TYPES },
					),
					METADATA,
				],
				'filename',
			),
		},
		parse: {
			create: RETAB_CREATE.parse,
			...PRIMITIVE,
			...named('parse'),
			description: 'Turn a document into text or markdown',
			createAction: 'Parse document into text',
			path: '/v1/parses',
			idExample: 'prs_01J9',
			simple: simplePrimitive(text('output', 'text'), result('object', ['output'])),
			// The only list of primitives without a status filter.
			list: list([FROM_DATE, TO_DATE, FILENAME], 'filename'),
		},
		classification: {
			create: RETAB_CREATE.classification,
			...PRIMITIVE,
			...named('classification'),
			description: 'Sort a document into one of several categories',
			createAction: 'Classify document',
			path: '/v1/classifications',
			idExample: 'clss_01J9',
			simple: simplePrimitive(result('object', ['output'])),
			list: list(PRIMITIVE_LIST, 'filename'),
		},
		split: {
			create: RETAB_CREATE.split,
			...PRIMITIVE,
			...named('split'),
			description: 'Cut a document into its sub-documents',
			createAction: 'Split document',
			path: '/v1/splits',
			idExample: 'splt_01J9',
			simple: simplePrimitive(result('array', ['output'])),
			list: list(PRIMITIVE_LIST, 'filename'),
		},
		workflowRun: {
			create: RETAB_CREATE.workflowRun,
			...LIFECYCLE,
			...named('workflow run'),
			description: 'Run of a Retab workflow',
			isLong: true,
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
					filter(
						'number',
						['minDurationMs', 'min_duration_ms'],
						'Min Duration (Ms)',
						'Only runs that took at least this many milliseconds. 0 means no limit.',
					),
					filter(
						'number',
						['maxDurationMs', 'max_duration_ms'],
						'Max Duration (Ms)',
						'Only runs that took at most this many milliseconds. 0 means no limit.',
					),
					filter('text', ['search', 'search'], 'Run ID Contains', 'Only runs whose ID contains this text'),
				],
				'search',
			),
			cancel: { answer: 'envelope', commandIdField: 'command_id' },
			canDelete: true,
		},
		edit: {
			create: RETAB_CREATE.edit,
			...PRIMITIVE,
			...named('edit'),
			description: 'Fill or change a document or form',
			createAction: 'Fill in or edit document',
			path: '/v1/edits',
			files: [filledDocument()],
			idExample: 'edt_01J9',
			simple: simplePrimitive(result('object', ['output']), at('templateId', 'string', 'template_id')),
			list: list(
				[...PRIMITIVE_LIST, idFilter('template', 'Only edits that filled this template')],
				'filename',
			),
		},
		partition: {
			create: RETAB_CREATE.partition,
			...PRIMITIVE,
			...named('partition'),
			description: 'Divide a document into parts by a key',
			createAction: 'Partition document by key',
			path: '/v1/partitions',
			idExample: 'prtn_01J9',
			simple: simplePrimitive(result('array', ['output']), at('key', 'string', 'key')),
			list: list(PRIMITIVE_LIST, 'filename'),
		},
		schemaGeneration: {
			create: RETAB_CREATE.schemaGeneration,
			...named('schema generation'),
			description: 'Derive a JSON schema from sample documents',
			createAction: 'Generate schema from documents',
			path: '/v1/schemas/generate',
			idExample: 'sch_01J9',
			simple: [...START, result('object', ['json_schema']), ERROR, CREATED],
			statusPath: ['status'],
			phases: PRIMITIVE_PHASES,
			createdPath: ['created_at'],
			cancel: { answer: 'run' },
		},
		evalRun: {
			create: RETAB_CREATE.evalRun,
			...LIFECYCLE,
			...named('eval run'),
			description: 'Run of the evals of a workflow',
			isLong: true,
			createAction: 'Run evals of workflow',
			path: '/v1/workflows/evals/runs',
			idExample: 'wfevalrun_01J9',
			simple: simpleLifecycle(
				at('evalId', 'string', 'eval_id'),
				at('totalEvals', 'number', 'total_evals'),
				result('object', ['counts']),
			),
			phases: EVAL_PHASES,
			list: list([
				statusFilter(EVAL_PHASES),
				excludeStatus(EVAL_PHASES),
				// The only list whose dates are typed as date-times (OpenAPI).
				{ ...FROM_DATE, asInstant: true },
				{ ...TO_DATE, asInstant: true },
				WORKFLOW_ID,
				idFilter('eval', 'Only runs of this eval'),
				{ ...BLOCK_ID, param: 'target_block_id' },
				triggerType(EVAL_TRIGGERS),
			]),
			cancel: { answer: 'run' },
		},
		experimentRun: {
			create: RETAB_CREATE.experimentRun,
			...LIFECYCLE,
			...named('experiment run'),
			description: 'Run of an experiment on a block of a workflow',
			isLong: true,
			createAction: 'Run experiment',
			path: '/v1/workflows/experiments/runs',
			idExample: 'exprun_01J9',
			simple: simpleLifecycle(
				at('experimentId', 'string', 'experiment_id'),
				at('documents', 'number', 'total_document_count'),
				result('number', ['score']),
			),
			phases: EVAL_PHASES,
			list: list([
				statusFilter(EVAL_PHASES),
				excludeStatus(EVAL_PHASES),
				FROM_DATE,
				TO_DATE,
				WORKFLOW_ID,
				idFilter('experiment', 'Only runs of this experiment'),
				BLOCK_ID,
				triggerType(EXPERIMENT_TRIGGERS),
			]),
			cancel: { answer: 'run' },
		},
		fileBlueprint: {
			create: RETAB_CREATE.fileBlueprint,
			...PRIMITIVE,
			...named('file blueprint'),
			description: 'Plan of what a file holds and how to process it',
			createAction: 'Make blueprint of file',
			path: '/v1/files/blueprints',
			idExample: 'fbp_01J9',
			simple: [...START, FILE, result('object', ['output']), ERROR, CREATED, COMPLETED],
			startedPath: ['started_at'],
			canDelete: false,
		},
		job: {
			create: RETAB_CREATE.job,
			...named('job'),
			label: 'Job (Legacy)',
			description: 'Asynchronous job of the API that background runs have replaced',
			createAction: 'Start legacy job',
			path: '/v1/jobs',
			// Of jobs that edit: the whole answer of the endpoint is in the response.
			files: [filledDocument('response', 'body')],
			metadataPath: ['metadata'],
			idExample: 'job_01J9',
			simple: [
				...START,
				at('endpoint', 'string', 'endpoint'),
				result('object', ['response', 'body']),
				ERROR,
				CREATED,
				COMPLETED,
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
				filter('text', ['endpoint', 'endpoint'], 'Endpoint', 'Only jobs that call this endpoint', {
					placeholder: 'e.g. /v1/extractions',
				}),
				WORKFLOW_ID,
				filenameContains('jobs'),
			]),
			cancel: { answer: 'run' },
		},
	},
};
