import { PROVIDERS } from '../../nodes/shared/providers';
import type { ExtendResource } from '../../sandbox/server';
import { EXTEND_ROWS, type ExtendRow } from '../../sandbox/server/extend/resources';
import { FILE, type Json, type Body } from './support';

/**
 * The Extend API as tests know it. Paths and operations come from the nodes' table, which was made from the vendor's documents
 * on its own; the rest is what no table of the nodes holds.
 */

interface OwnFacts {
	resource: ExtendResource;
	/** The smallest body that is accepted; undefined where no create call exists. */
	body?: Json;
	/** Body of a batch besides its inputs, where batches exist. */
	batch?: Json;
	/** Fields of the full object. */
	fields: string[];
	/** Fields of the full object that a list row lacks, and that only a list row has. */
	rowLacks?: string[];
	rowAdds?: string[];
}

export interface ExtendFacts extends Omit<OwnFacts, 'batch'> {
	object: string;
	path: string;
	prefix: string;
	list: boolean;
	delete: boolean;
	cancel: boolean;
	/** Knows `PENDING` and `CANCELLED`. */
	pends: boolean;
	batch?: { body: Json; prefix: string };
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

const OUTPUTS = ['output', 'initialOutput', 'reviewedOutput', 'config'];

const FACTS: OwnFacts[] = [
	{
		resource: 'extractRun',
		body: { file: FILE, extractor: { id: 'ex_1' } },
		batch: { extractor: { id: 'ex_1' } },
		fields: [...processorFields('extractor'), 'edits', 'files'],
		rowLacks: [...OUTPUTS, 'edits'],
		rowAdds: [],
	},
	{
		resource: 'classifyRun',
		body: { file: FILE, classifier: { id: 'cl_1' } },
		batch: { classifier: { id: 'cl_1' } },
		fields: processorFields('classifier'),
		rowLacks: OUTPUTS,
		rowAdds: [],
	},
	{
		resource: 'splitRun',
		body: { file: FILE, splitter: { id: 'spl_1' } },
		batch: { splitter: { id: 'spl_1' } },
		fields: processorFields('splitter'),
		rowLacks: OUTPUTS,
		rowAdds: [],
	},
	{
		resource: 'parseRun',
		body: { file: FILE },
		batch: {},
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
		resource: 'workflowRun',
		body: { workflow: { id: 'workflow_1' }, file: FILE },
		batch: { workflow: { id: 'workflow_1' } },
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
		resource: 'editRun',
		body: { file: FILE },
		fields: [...COMMON, ...FAILURE, 'file', 'config', 'output', 'metrics', 'usage'],
	},
	{
		resource: 'formDetectionRun',
		body: { file: FILE },
		fields: [...COMMON, ...FAILURE, 'file', 'config', 'output', 'metrics', 'usage'],
	},
	{
		resource: 'evaluationSetRun',
		body: { evaluationSetId: 'ev_1' },
		fields: [...COMMON, ...TIMES, 'evaluationSetId', 'entity', 'entityVersion', 'metrics', 'options'],
	},
	{
		resource: 'batchRun',
		fields: [...COMMON, 'runCount', 'createdAt'],
	},
	{
		resource: 'processorRun',
		body: { processorId: 'dp_1', file: { fileUrl: FILE.url } },
		fields: [...COMMON, ...FAILURE, 'processorId', 'output', 'metadata', 'config', 'files'],
		rowLacks: ['output', 'config', 'edits'],
		rowAdds: TIMES,
	},
];

export const EXTEND: ExtendFacts[] = FACTS.map(({ batch, ...facts }) => {
	const spec = PROVIDERS.extend.resources[facts.resource];
	if (!spec) throw new Error(`the nodes do not know ${facts.resource}`);
	const row: ExtendRow = EXTEND_ROWS[facts.resource];
	return {
		...facts,
		object: row.object,
		path: spec.path,
		prefix: row.idPrefix,
		list: spec.list !== undefined,
		delete: spec.canDelete === true,
		// The members of a batch are cancelled, not the batch.
		cancel: spec.cancel !== undefined && spec.cancel.members === undefined,
		pends: row.statuses.waiting !== undefined,
		...(batch && row.batch && { batch: { body: batch, prefix: row.batch.idPrefix } }),
	};
});

/** Legacy answers wrap the run. */
export function unwrapped(json: Body): Body {
	return json.processorRun ?? json;
}
