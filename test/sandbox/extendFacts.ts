import type { ExtendResource } from '../../sandbox/server';
import { FILE, type Json, type Body } from './support';

/** The Extend API as tests know it, written out by hand and not taken from the server's own tables. */

export interface ExtendFacts {
	resource: ExtendResource;
	object: string;
	path: string;
	prefix: string;
	/** The smallest body that is accepted; undefined where no create call exists. */
	body?: Json;
	list: boolean;
	delete: boolean;
	cancel: boolean;
	/** Name of the batch body's processor, where batches exist. */
	batch?: { body: Json; prefix: string };
	/** Knows `PENDING` and `CANCELLED`. */
	pends: boolean;
	/** Fields of the full object. */
	fields: string[];
	/** Fields of the full object that a list row lacks, and that only a list row has. */
	rowLacks?: string[];
	rowAdds?: string[];
}

const COMMON = ['object', 'id', 'status'];
const FAILURE = ['failureReason', 'failureMessage'];
const TIMES = ['createdAt', 'updatedAt'];

function processorFields(kind: string): string[] {
	return [
		...COMMON,
		...FAILURE,
		...TIMES,
		'output',
		'initialOutput',
		'reviewedOutput',
		'metadata',
		'reviewed',
		'edited',
		'config',
		kind,
		`${kind}Version`,
		'file',
		'parseRunId',
		'dashboardUrl',
		'usage',
	];
}

const everything = { list: true, delete: true, cancel: true, pends: true };
const readOnly = { list: false, delete: false, cancel: false };
const OUTPUTS = ['output', 'initialOutput', 'reviewedOutput', 'config'];

export const EXTEND: ExtendFacts[] = [
	{
		...everything,
		resource: 'extractRun',
		object: 'extract_run',
		path: '/extract_runs',
		prefix: 'exr_',
		body: { file: FILE, extractor: { id: 'ex_1' } },
		batch: { body: { extractor: { id: 'ex_1' } }, prefix: 'bpr_' },
		fields: [...processorFields('extractor'), 'edits', 'files'],
		rowLacks: [...OUTPUTS, 'edits'],
		rowAdds: [],
	},
	{
		...everything,
		resource: 'classifyRun',
		object: 'classify_run',
		path: '/classify_runs',
		prefix: 'clr_',
		body: { file: FILE, classifier: { id: 'cl_1' } },
		batch: { body: { classifier: { id: 'cl_1' } }, prefix: 'bpr_' },
		fields: processorFields('classifier'),
		rowLacks: OUTPUTS,
		rowAdds: [],
	},
	{
		...everything,
		resource: 'splitRun',
		object: 'split_run',
		path: '/split_runs',
		prefix: 'splr_',
		body: { file: FILE, splitter: { id: 'spl_1' } },
		batch: { body: { splitter: { id: 'spl_1' } }, prefix: 'bpr_' },
		fields: processorFields('splitter'),
		rowLacks: OUTPUTS,
		rowAdds: [],
	},
	{
		...everything,
		resource: 'parseRun',
		object: 'parse_run',
		path: '/parse_runs',
		prefix: 'pr_',
		body: { file: FILE },
		batch: { body: {}, prefix: 'bpar_' },
		fields: [
			...COMMON,
			...FAILURE,
			'batchId',
			'file',
			'metadata',
			'output',
			'outputUrl',
			'metrics',
			'config',
			'usage',
		],
		rowLacks: ['output', 'outputUrl', 'config'],
		rowAdds: TIMES,
	},
	{
		...everything,
		resource: 'workflowRun',
		object: 'workflow_run',
		path: '/workflow_runs',
		prefix: 'workflow_run_',
		body: { workflow: { id: 'workflow_1' }, file: FILE },
		batch: { body: { workflow: { id: 'workflow_1' } }, prefix: 'batch_' },
		fields: [
			...COMMON,
			...FAILURE,
			'workflow',
			'workflowVersion',
			'dashboardUrl',
			'metadata',
			'batchId',
			'files',
			'initialRunAt',
			'reviewedByUser',
			'reviewed',
			'rejectionNote',
			'reviewedAt',
			'startTime',
			'endTime',
			'stepRuns',
			'usage',
		],
		rowLacks: ['stepRuns', 'metadata', 'failureReason', 'failureMessage', 'reviewed'],
		rowAdds: TIMES,
	},
	{
		...readOnly,
		delete: true,
		pends: false,
		resource: 'editRun',
		object: 'edit_run',
		path: '/edit_runs',
		prefix: 'edr_',
		body: { file: FILE },
		fields: [...COMMON, ...FAILURE, 'file', 'config', 'output', 'metrics', 'usage'],
	},
	{
		...readOnly,
		pends: false,
		resource: 'formDetectionRun',
		object: 'form_detection_run',
		path: '/form_detection_runs',
		prefix: 'sgr_',
		body: { file: FILE },
		fields: [...COMMON, ...FAILURE, 'file', 'config', 'output', 'metrics', 'usage'],
	},
	{
		...readOnly,
		pends: true,
		resource: 'evaluationSetRun',
		object: 'evaluation_set_run',
		path: '/evaluation_set_runs',
		prefix: 'bpr_',
		body: { evaluationSetId: 'ev_1' },
		fields: [...COMMON, ...TIMES, 'evaluationSetId', 'entity', 'entityVersion', 'metrics', 'options'],
	},
	{
		...readOnly,
		pends: true,
		resource: 'batchRun',
		object: 'batch_run',
		path: '/batch_runs',
		prefix: 'bpr_',
		fields: [...COMMON, 'runCount', 'createdAt'],
	},
	{
		...everything,
		resource: 'processorRun',
		object: 'document_processor_run',
		path: '/processor_runs',
		prefix: 'dpr_',
		body: { processorId: 'dp_1', file: { fileUrl: FILE.url } },
		fields: [...COMMON, ...FAILURE, 'processorId', 'output', 'metadata', 'config', 'files'],
		rowLacks: ['output', 'config', 'edits'],
		rowAdds: TIMES,
	},
];

/** Legacy answers wrap the run. */
export function unwrapped(json: Body): Body {
	return json.processorRun ?? json;
}
