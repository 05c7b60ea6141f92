import type {
	BodyField,
	CreateSpec,
	DocumentFacts,
	DocumentSource,
	DocumentsSpec,
	Refusal,
	SchemaField,
} from '../types';

/** Create bodies of Retab (OpenAPI document of 2026-08-16; jobs: state of 2026-05-31). */

const MODEL: BodyField = {
	name: 'model',
	path: ['model'],
	label: 'Model',
	kind: 'text',
	default: 'retab-small',
	description: 'Model that does the work',
};

const INSTRUCTIONS: BodyField = {
	name: 'instructions',
	path: ['instructions'],
	label: 'Instructions',
	kind: 'longText',
	placeholder: 'e.g. Amounts are in euro',
	description: 'What to look out for, in plain words',
};

const BUST_CACHE: BodyField = {
	name: 'bustCache',
	path: ['bust_cache'],
	label: 'Ignore Cache',
	kind: 'boolean',
	default: false,
	description: 'Whether to do the work again even if the same request was answered before',
};

/**
 * Retab's CLI allows 1 to 16 for extractions and 1 to 8 for partitions (`partitions.go`) and splits; where it says nothing,
 * the wider range counts.
 */
function consensus(max: number): BodyField {
	return {
		name: 'nConsensus',
		path: ['n_consensus'],
		label: 'Consensus Runs',
		kind: 'integer',
		default: 1,
		range: { min: 1, max },
		description: 'How many times to do the work and vote on the result',
	};
}

const METADATA: BodyField = {
	name: 'metadata',
	path: ['metadata'],
	label: 'Metadata',
	kind: 'pairs',
	description: 'Names and values to find the run by later, such as batch_id = batch_001',
};

const JSON_SCHEMA: SchemaField = {
	name: 'jsonSchema',
	path: ['json_schema'],
	label: 'JSON Schema',
	description: 'JSON Schema of the data to get out of the document',
};

function namedRows(name: string, path: string, label: string, one: string): BodyField {
	return {
		name,
		path: [path],
		label,
		kind: 'rows',
		required: true,
		description: `The ${label.toLowerCase()} to choose from`,
		columns: [
			{
				name: 'name',
				field: 'name',
				label: 'Name',
				kind: 'text',
				required: true,
				description: `Name of the ${one}`,
			},
			{
				name: 'description',
				field: 'description',
				label: 'Description',
				kind: 'text',
				description: `How to recognize the ${one}`,
			},
		],
	};
}

const FILE_SOURCES: readonly DocumentSource[] = ['binary', 'url', 'fileId'];

const OWN_STORAGE = /^storage\.retab\.com$/;

/** "Custom domains are not fetched by default" (Retab: core-concepts/Files). Of amazonaws.com, S3 is meant. */
const FETCHED_HOSTS: readonly RegExp[] = [
	OWN_STORAGE,
	/^(?:.+\.)?storage\.googleapis\.com$/,
	/^.+\.blob\.core\.windows\.net$/,
	/^.+\.r2\.cloudflarestorage\.com$/,
	/^.+\.r2\.dev$/,
	/^(?:.+\.)?s3(?:[.-][a-z0-9-]+)*\.amazonaws\.com$/,
];

/** Of workflow runs the server refuses all other addresses (Retab CLI: workflows_runs.go). */
const FETCHED_FOR_WORKFLOWS: readonly RegExp[] = [OWN_STORAGE];

const DOCUMENT: DocumentsSpec = {
	sources: FILE_SOURCES,
	form: 'one',
	key: 'document',
	required: true,
	fetchedHosts: FETCHED_HOSTS,
};

const BACKGROUND = { backgroundField: 'background' } as const;

const SUBDOCUMENTS = namedRows('subdocuments', 'subdocuments', 'Sub-Documents', 'sub-document');

const WORKFLOW_ID: BodyField = {
	name: 'workflowId',
	picker: 'workflowId',
	onTop: true,
	path: ['workflow_id'],
	label: 'Workflow',
	kind: 'text',
	placeholder: 'e.g. wf_3kT9',
	required: true,
	description: 'The workflow to run',
};

const SPREADSHEET_NAME = /\.(?:csv|ods|ots|tsv|xlam|xls|xlsb|xlsm|xlsx|xltm|xltx)$/i;

const SPREADSHEET_TYPE =
	/^(?:text\/(?:csv|tab-separated-values)|application\/vnd\.(?:ms-excel|openxmlformats-officedocument\.spreadsheetml|oasis\.opendocument\.spreadsheet))/i;

function isSpreadsheet({ fileName = '', mimeType = '' }: DocumentFacts): boolean {
	return SPREADSHEET_NAME.test(fileName) || SPREADSHEET_TYPE.test(mimeType);
}

/** On spreadsheets `deep_extraction` has neither background nor consensus: 400 otherwise (CLI, `extractions.go`). */
function deepExtractionCheck(
	body: Readonly<Record<string, unknown>>,
	documents: readonly DocumentFacts[],
): Refusal | undefined {
	if (body.deep_extraction !== true) return undefined;
	const { filename } = (body.document ?? {}) as Record<string, unknown>;
	const delivered = typeof filename === 'string' ? [{ fileName: filename }] : [];
	if (![...documents, ...delivered].some(isSpreadsheet)) return undefined;
	const inBackground = body.background === true;
	if (!inBackground && Number(body.n_consensus ?? 1) <= 1) return undefined;
	return {
		message: `Deep Extraction of a spreadsheet does not work ${inBackground ? 'in the background' : 'with several Consensus Runs'}`,
		hint: 'Switch Run in Background off and leave Consensus Runs at 1, or switch Deep Extraction off.',
	};
}

export const RETAB_CREATE: Readonly<Record<string, CreateSpec>> = {
	classification: {
		...BACKGROUND,
		documents: DOCUMENT,
		fields: [
			namedRows('categories', 'categories', 'Categories', 'category'),
			{
				name: 'firstNPages',
				path: ['first_n_pages'],
				label: 'First Pages Only',
				kind: 'integer',
				range: { min: 1, max: 10_000 },
				description: 'How many pages from the beginning to look at. Empty means all.',
			},
			INSTRUCTIONS,
			consensus(16),
			MODEL,
			BUST_CACHE,
		],
	},
	edit: {
		...BACKGROUND,
		documents: {
			...DOCUMENT,
			sources: [...FILE_SOURCES, 'template'],
			templateKey: 'template_id',
			takes: 'PDF and Office files, such as DOCX, XLSX and PPTX, but no images',
		},
		fields: [
			{ ...INSTRUCTIONS, required: true, placeholder: 'e.g. Fill in the name Ada Lovelace' },
			{
				name: 'color',
				path: ['config', 'color'],
				label: 'Text Color',
				kind: 'color',
				default: '#000080',
				description: 'Color of the text that is filled in, as a hex code',
			},
			MODEL,
			BUST_CACHE,
		],
	},
	evalRun: {
		fields: [
			WORKFLOW_ID,
			{
				name: 'scope',
				onTop: true,
				path: ['scope', 'type'],
				label: 'Scope',
				kind: 'options',
				options: ['workflow', 'block', 'single'],
				default: 'workflow',
				description: 'Which evals to run: all of the workflow, those of one block, or a single one',
			},
			{
				name: 'blockId',
				picker: 'blockId',
				onTop: true,
				shownFor: { field: 'scope', is: 'block' },
				path: ['scope', 'block_id'],
				label: 'Block',
				kind: 'text',
				description: 'The block whose evals to run, for the scope Block',
			},
			{
				name: 'evalId',
				picker: 'evalId',
				onTop: true,
				shownFor: { field: 'scope', is: 'single' },
				path: ['scope', 'eval_id'],
				label: 'Eval',
				kind: 'text',
				description: 'The eval to run, for the scope Single',
			},
		],
		check: ({ scope }) => {
			const { type, block_id, eval_id } = (scope ?? {}) as Record<string, unknown>;
			const refuse = (message: string, hint: string): Refusal => ({ message, hint });
			if (type === 'block' && !block_id)
				return refuse('Block is needed for the scope Block', 'Choose the block, or another scope.');
			if (type === 'single' && !eval_id)
				return refuse('Eval is needed for the scope Single', 'Choose the eval, or another scope.');
			if (block_id && type !== 'block')
				return refuse('Block goes with the scope Block only', 'Empty Block, or set Scope to Block.');
			if (eval_id && type !== 'single')
				return refuse('Eval goes with the scope Single only', 'Empty Eval, or set Scope to Single.');
			return undefined;
		},
	},
	experimentRun: {
		fields: [
			{
				...WORKFLOW_ID,
				required: false,
				description:
					'Workflow of the experiment: the list of experiments needs it. Not needed for an experiment by its ID.',
			},
			{
				name: 'experimentId',
				picker: 'experimentId',
				path: ['experiment_id'],
				label: 'Experiment',
				kind: 'text',
				placeholder: 'e.g. exp_3kT9',
				required: true,
				description: 'The experiment to run',
			},
			{
				name: 'planToken',
				path: ['plan_token'],
				label: 'Plan Token',
				kind: 'secret',
				description: 'Token of a plan preview: the run is refused if the plan has changed since',
			},
		],
	},
	extraction: {
		...BACKGROUND,
		documents: DOCUMENT,
		schema: JSON_SCHEMA,
		fields: [
			{
				name: 'additionalMessages',
				path: ['additional_messages'],
				label: 'Additional Messages',
				kind: 'jsonList',
				description: 'More chat messages for the model, as a JSON array of objects',
			},
			{
				name: 'deepExtraction',
				path: ['deep_extraction'],
				label: 'Deep Extraction',
				kind: 'boolean',
				default: false,
				description:
					'Whether to take more time for documents with very long lists. A spreadsheet needs Run in Background off for it, and one consensus run.',
			},
			INSTRUCTIONS,
			consensus(16),
			METADATA,
			MODEL,
			BUST_CACHE,
		],
		check: deepExtractionCheck,
	},
	fileBlueprint: {
		...BACKGROUND,
		documents: { sources: ['binary', 'fileId'], form: 'fileId', key: 'file_id', required: true },
		fields: [
			{
				name: 'intent',
				path: ['intent'],
				label: 'Intent',
				kind: 'longText',
				description: 'What the blueprint is for, in plain words',
			},
		],
	},
	job: {
		idempotent: true,
		fields: [
			{
				name: 'endpoint',
				path: ['endpoint'],
				label: 'Endpoint',
				kind: 'options',
				required: true,
				options: [
					'/v1/extractions',
					'/v1/parses',
					'/v1/splits',
					'/v1/partitions',
					'/v1/classifications',
					'/v1/schemas/generate',
					'/v1/files/analyze',
					'/v1/edits',
					'/v1/edits/templates/fill',
					'/v1/edits/templates/generate',
					'/v1/evals/extract/process',
					'/v1/evals/extract/extract',
					'/v1/evals/extract/split',
				],
				description: 'What the job does',
			},
			{
				name: 'request',
				path: ['request'],
				label: 'Request',
				kind: 'json',
				required: true,
				description: 'Body for the endpoint, as the Retab documentation describes it',
			},
			{ ...METADATA, limits: { pairs: 16, name: 64, value: 512 } },
		],
	},
	parse: {
		...BACKGROUND,
		documents: DOCUMENT,
		fields: [
			{
				name: 'tableParsingFormat',
				path: ['table_parsing_format'],
				label: 'Table Format',
				kind: 'options',
				options: ['html', 'json', 'markdown', 'yaml'],
				default: 'html',
				description: 'How tables are written in the text',
			},
			INSTRUCTIONS,
			MODEL,
			BUST_CACHE,
		],
	},
	partition: {
		...BACKGROUND,
		documents: DOCUMENT,
		fields: [
			{
				name: 'key',
				path: ['key'],
				label: 'Key',
				kind: 'text',
				required: true,
				placeholder: 'e.g. invoice_number',
				description: 'What the parts differ in',
			},
			{
				...INSTRUCTIONS,
				required: true,
				placeholder: 'e.g. One part for each invoice number',
				description: 'How to divide the document, in plain words',
			},
			{
				name: 'allowOverlap',
				path: ['allow_overlap'],
				label: 'Allow Overlap',
				kind: 'boolean',
				default: true,
				description: 'Whether a page may belong to more than one part',
			},
			consensus(8),
			MODEL,
			BUST_CACHE,
		],
	},
	schemaGeneration: {
		...BACKGROUND,
		idempotent: true,
		documents: { ...DOCUMENT, form: 'list', key: 'documents' },
		fields: [INSTRUCTIONS, MODEL],
	},
	split: {
		...BACKGROUND,
		documents: DOCUMENT,
		fields: [
			{
				...SUBDOCUMENTS,
				columns: [
					...(SUBDOCUMENTS.columns ?? []),
					{
						name: 'allowMultipleInstances',
						field: 'allow_multiple_instances',
						label: 'Allow Multiple Instances',
						kind: 'boolean',
						description: 'Whether it may occur more than once in the document',
					},
				],
			},
			INSTRUCTIONS,
			consensus(8),
			MODEL,
			BUST_CACHE,
		],
	},
	workflowRun: {
		documents: {
			sources: FILE_SOURCES,
			form: 'byBlock',
			key: 'documents',
			required: false,
			fetchedHosts: FETCHED_FOR_WORKFLOWS,
		},
		fields: [
			WORKFLOW_ID,
			{
				name: 'jsonInputs',
				path: ['json_inputs'],
				label: 'JSON Inputs',
				kind: 'json',
				description: 'Inputs of the start blocks that take JSON: an object from block ID to input',
			},
			METADATA,
			{
				name: 'version',
				path: ['version'],
				label: 'Version',
				kind: 'text',
				default: 'production',
				placeholder: 'e.g. draft or ver_3kT9',
				description: 'Version of the workflow: production, draft, or the ID of a version',
			},
		],
	},
};
