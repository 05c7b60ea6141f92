import type { Phase } from '../../core/runs/run';
import { EXTEND_BATCH, EXTEND_CREATE } from './create';
import { EXTEND_PICKERS } from './pickers';
import { FILE, at, error, filter, named, result, statusFilter, text } from '../rows';
import type { ProviderSpec, ResourceSpec, SimpleField } from '../types';
import type { FilterSpec, ListSpec } from '../listTypes';

/**
 * Extend, `https://api.extend.ai`, API version 2026-02-09. Facts from its docs (docs.extend.ai), its TypeScript SDK 1.17.0
 * and its CLI.
 */

/** Extract, classify, split and parse runs. The parse enum of the SDK lacks CANCELLED; the changelog of 2026-06-09 has it. */
const RUN_PHASES: Record<string, Phase> = {
	PENDING: 'waiting',
	PROCESSING: 'running',
	PROCESSED: 'completed',
	FAILED: 'failed',
	CANCELLED: 'cancelled',
};

const WORKFLOW_PHASES: Record<string, Phase> = {
	...RUN_PHASES,
	CANCELLING: 'cancelling',
	NEEDS_REVIEW: 'needsReview',
	REJECTED: 'rejected',
};

function owner(noun: string): FilterSpec {
	const title = noun.charAt(0).toUpperCase() + noun.slice(1);
	const isPicked = noun !== 'processor';
	const label = isPicked ? title : `${title} ID`;
	return filter('text', [`${noun}Id`, `${noun}Id`], label, `Only runs of this ${noun}`, {
		...(isPicked && { picker: `${noun}Id` }),
		role: noun === 'workflow' ? 'workflow' : 'processor',
	});
}

const BATCH_ID = filter(
	'text',
	['batchId', 'batchId'],
	'Batch ID',
	'Only runs that are members of this batch',
	{ placeholder: 'e.g. bpr_xK9m', role: 'batch' },
);

const FILE_NAME = filter(
	'text',
	['fileNameContains', 'fileNameContains'],
	'File Name Contains',
	'Only runs whose file name contains this text',
	{ placeholder: 'e.g. invoice' },
);

/** Where runs can be started from, as a type and as an ID. */
function source(options: readonly string[]): FilterSpec[] {
	return [
		filter('options', ['source', 'source'], 'Source', 'Only runs that were started from here', { options }),
		filter('text', ['sourceId', 'sourceId'], 'Source ID', 'Only runs that were started by this source'),
	];
}

const PROCESSOR_SOURCES = [
	'ADMIN',
	'API',
	'BATCH_PROCESSOR_RUN',
	'PLAYGROUND',
	'STUDIO',
	'WORKFLOW_CONFIGURATION',
	'WORKFLOW_RUN',
];

const PARSE_SOURCES = [
	'ADMIN',
	'API',
	'BATCH_PARSER_RUN',
	'DOCUMENT_PROCESSOR_RUN',
	'EDIT_RUN',
	'STUDIO',
	'WORKFLOW_RUN',
];

function list(filters: readonly FilterSpec[], differences: Partial<ListSpec> = {}): ListSpec {
	return {
		paging: 'pageToken',
		// Neither default nor maximum are documented; this is what Extend's own MCP server asks for.
		pageSize: 25,
		tryPageSize: 100,
		pageSizeParams: ['maxPageSize'],
		newestFirst: { sortBy: 'createdAt', sortDir: 'desc' },
		oldestFirst: { sortBy: 'createdAt', sortDir: 'asc' },
		filters,
		searchFilter: 'fileNameContains',
		...differences,
	};
}

const RUN = {
	statusPath: ['status'],
	phases: RUN_PHASES,
	createdPath: ['createdAt'],
} as const satisfies Partial<ResourceSpec>;

const ERROR = error(['failureReason'], ['failureMessage'], ['rejectionNote']);
const CREATED = at('createdAt', 'string', 'createdAt');
const DASHBOARD_URL = at('url', 'string', 'dashboardUrl');
const CREDITS = at('credits', 'number', 'usage', 'credits');
const METADATA = at('metadata', 'object', 'metadata');

/** Simplified runs, with what is particular to them after the status. */
function simple(...own: SimpleField[]): SimpleField[] {
	return [at('id', 'string', 'id'), at('status', 'string', 'status'), ...own];
}

const CANCELLABLE = {
	cancel: { answer: 'run' },
	canDelete: true,
	metadataPath: ['metadata'],
} as const satisfies Partial<ResourceSpec>;

/** An extract, classify or split run. */
function processorRun(noun: string, processor: string, ...output: string[][]) {
	return {
		...named(noun),
		...RUN,
		...CANCELLABLE,
		ownerPaths: [[processor, 'id']],
		hasDashboard: true,
		simple: simple(FILE, result('object', ...output), ERROR, CREATED, DASHBOARD_URL, CREDITS, METADATA),
		list: list([
			statusFilter(RUN_PHASES),
			owner(processor),
			BATCH_ID,
			...source(PROCESSOR_SOURCES),
			FILE_NAME,
		]),
	} satisfies Partial<ResourceSpec>;
}

/** DOC: test environment, deployments. */
const KEY_SEES =
	'An Extend key only sees runs of its own region and workspace; a test key sees only test runs, and a production key only production runs.';

export const extend: ProviderSpec = {
	name: 'extend',
	title: 'Extend',
	credential: 'extendApi',
	defaultResource: 'extractRun',
	usualResources: ['extractRun', 'parseRun', 'classifyRun', 'splitRun', 'workflowRun'],
	code: () => import('./code.js'),
	batches: 'batchRun',
	hasInstantTrigger: true,
	requestIdHeader: 'x-extend-request-id',
	keyHint:
		'Check the API key in the Extend credential. Its Region must be the one the key was made in, and an organization-wide key needs its Workspace ID.',
	keySees: KEY_SEES,
	pickers: EXTEND_PICKERS,
	// The `dashboardUrl` of a run (SDK, ExtractRun and WorkflowRun) ends with its ID.
	dashboard: {
		host: 'dashboard.extend.ai',
		idInAddress: 'https:\\/\\/dashboard\\.extend\\.ai\\/(?:[^?#]*\\/)?([\\w-]+)\\/?(?:[?#].*)?$',
	},
	notFoundHint: `Check the run ID and the resource. ${KEY_SEES} Check the key, region and workspace in the credential.`,
	resources: {
		extractRun: {
			create: EXTEND_CREATE.extractRun,
			batch: EXTEND_BATCH.extractRun,
			...processorRun('extract run', 'extractor', ['output', 'value'], ['output']),
			description: 'Get structured data out of a document',
			createAction: 'Extract data from document',
			path: '/extract_runs',
			idExample: 'exr_xK9m',
		},
		parseRun: {
			create: EXTEND_CREATE.parseRun,
			batch: EXTEND_BATCH.parseRun,
			...RUN,
			...CANCELLABLE,
			...named('parse run'),
			description: 'Turn a document into text or markdown',
			createAction: 'Parse document into text',
			path: '/parse_runs',
			idExample: 'pr_xK9m',
			simple: simple(
				FILE,
				text('output', 'chunks'),
				result('object', ['output']),
				at('outputUrl', 'string', 'outputUrl'),
				ERROR,
				CREATED,
				CREDITS,
				METADATA,
			),
			lightQuery: { responseType: 'url' },
			readOptions: [
				{
					name: 'outputAsUrl',
					param: 'responseType',
					label: 'Output as URL',
					description:
						'Whether to return a link to the output, valid for 15 minutes, instead of the output itself',
					default: false,
					values: { on: 'url', off: 'json' },
				},
			],
			list: list(
				// The list takes no CANCELLED, though runs can end that way.
				[
					statusFilter({
						PENDING: 'waiting',
						PROCESSING: 'running',
						PROCESSED: 'completed',
						FAILED: 'failed',
					}),
					BATCH_ID,
					...source(PARSE_SOURCES),
					FILE_NAME,
				],
				// The SDK says `maxPageSize`, the CLI found that only `limit` works here; unknown parameters are ignored.
				{ pageSizeParams: ['maxPageSize', 'limit'], newestFirst: {}, oldestFirst: undefined },
			),
		},
		classifyRun: {
			create: EXTEND_CREATE.classifyRun,
			batch: EXTEND_BATCH.classifyRun,
			...processorRun('classify run', 'classifier', ['output']),
			description: 'Sort a document into one of several classes',
			createAction: 'Classify document',
			path: '/classify_runs',
			idExample: 'clr_xK9m',
		},
		splitRun: {
			create: EXTEND_CREATE.splitRun,
			batch: EXTEND_BATCH.splitRun,
			...processorRun('split run', 'splitter', ['output']),
			description: 'Cut a document into its sub-documents',
			createAction: 'Split document',
			path: '/split_runs',
			idExample: 'splr_xK9m',
		},
		workflowRun: {
			create: EXTEND_CREATE.workflowRun,
			batch: EXTEND_BATCH.workflowRun,
			...RUN,
			...CANCELLABLE,
			...named('workflow run'),
			description: 'Run of an Extend workflow',
			isLong: true,
			createAction: 'Run workflow',
			path: '/workflow_runs',
			ownerPaths: [['workflow', 'id']],
			idExample: 'workflow_run_xK9m',
			hasDashboard: true,
			simple: simple(
				FILE,
				result('array', ['stepRuns']),
				ERROR,
				{ name: 'createdAt', from: [['initialRunAt'], ['createdAt']], type: 'string' },
				DASHBOARD_URL,
				CREDITS,
				METADATA,
				at('workflowId', 'string', 'workflow', 'id'),
			),
			phases: WORKFLOW_PHASES,
			// "The time the run was created" (SDK, WorkflowRun). `createdAt` is a field of list rows only.
			createdPath: ['initialRunAt'],
			rowCreatedPath: ['createdAt'],
			startedPath: ['startTime'],
			list: list([statusFilter(WORKFLOW_PHASES), owner('workflow'), BATCH_ID, FILE_NAME]),
		},
		editRun: {
			create: EXTEND_CREATE.editRun,
			...RUN,
			...named('edit run'),
			description: 'Fill or change a document or form',
			createAction: 'Fill in or edit document',
			path: '/edit_runs',
			files: [{ url: ['output', 'editedFile', 'presignedUrl'] }],
			idExample: 'edr_xK9m',
			simple: simple(FILE, result('object', ['output']), ERROR, CREDITS),
			canDelete: true,
		},
		formDetectionRun: {
			create: EXTEND_CREATE.formDetectionRun,
			...RUN,
			...named('form detection run'),
			description: 'Find the fields of a form',
			createAction: 'Detect fields of form',
			path: '/form_detection_runs',
			idExample: 'sgr_xK9m',
			simple: simple(FILE, result('object', ['output']), ERROR, CREDITS),
		},
		batchRun: {
			...RUN,
			...named('batch run'),
			description: 'A batch of extract, classify, split or parse runs',
			isLong: true,
			path: '/batch_runs',
			idExample: 'bpr_xK9m',
			// A batch of workflow runs is nothing but `{ batchId }` (SDK, WorkflowRunsCreateBatchResponse).
			simple: [
				{ name: 'id', from: [['id'], ['batchId']], type: 'string' },
				at('status', 'string', 'status'),
				at('runCount', 'number', 'runCount'),
				CREATED,
			],
			cancel: { answer: 'run', members: ['extractRun', 'parseRun', 'classifyRun', 'splitRun'] },
		},
		evaluationSetRun: {
			create: EXTEND_CREATE.evaluationSetRun,
			...RUN,
			...named('evaluation set run'),
			description: 'Run of a processor over an evaluation set',
			createAction: 'Run evaluation set',
			path: '/evaluation_set_runs',
			idExample: 'bpr_xK9m',
			simple: simple(
				at('evaluationSetId', 'string', 'evaluationSetId'),
				result('object', ['metrics']),
				CREATED,
			),
		},
		processorRun: {
			...RUN,
			...CANCELLABLE,
			...named('processor run'),
			label: 'Processor Run (Legacy)',
			description: 'Run of a processor, from before extract, classify and split runs had routes of their own',
			path: '/processor_runs',
			ownerPaths: [['processorId']],
			idExample: 'exr_xK9m',
			simple: simple(
				FILE,
				result('object', ['output', 'value'], ['output']),
				ERROR,
				CREATED,
				DASHBOARD_URL,
				CREDITS,
			),
			wrappedIn: 'processorRun',
			goneHint: 'Processor runs are a legacy route: newer API versions in the credential may not have it.',
			list: list(
				[
					statusFilter(RUN_PHASES),
					owner('processor'),
					filter(
						'options',
						['processorType', 'processorType'],
						'Processor Type',
						'Only runs of processors of this type',
						{ options: ['CLASSIFY', 'EXTRACT', 'SPLITTER'] },
					),
					...source(PROCESSOR_SOURCES),
					FILE_NAME,
				],
				{ rowsIn: 'processorRuns' },
			),
		},
	},
};
