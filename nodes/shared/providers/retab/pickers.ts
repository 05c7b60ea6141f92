import type { PickerSpec } from '../listTypes';

/** Lists of Retab that fields are picked from (OpenAPI). */

const LIST = {
	paging: 'cursor',
	pageSizeParams: ['limit'],
	pageSize: 100,
	nameAt: ['name'],
	valueAt: ['id'],
} as const satisfies Partial<PickerSpec>;

const OF_WORKFLOW = { parameter: 'workflowId', noun: 'workflow', param: 'workflow_id' };

export const RETAB_PICKERS: Readonly<Record<string, PickerSpec>> = {
	workflowId: {
		...LIST,
		plural: 'workflows',
		path: '/v1/workflows',
		example: 'wf_3kT9',
	},
	startBlockId: {
		...LIST,
		plural: 'start blocks in this workflow',
		path: '/v1/workflows/blocks',
		nameAt: ['label'],
		types: ['start_document', 'start_json'],
		needs: OF_WORKFLOW,
		example: 'start-document',
	},
	blockId: {
		...LIST,
		plural: 'blocks in this workflow',
		path: '/v1/workflows/blocks',
		nameAt: ['label'],
		needs: OF_WORKFLOW,
		example: 'extract-1',
	},
	evalId: {
		...LIST,
		plural: 'evals of this workflow',
		path: '/v1/workflows/evals',
		needs: OF_WORKFLOW,
		example: 'wfeval_3kT9',
	},
	experimentId: {
		...LIST,
		plural: 'experiments of this workflow',
		path: '/v1/workflows/experiments',
		needs: OF_WORKFLOW,
		example: 'exp_3kT9',
	},
	reviewId: {
		...LIST,
		plural: 'reviews that wait',
		path: '/v1/workflows/reviews',
		nameAt: ['run_id'],
		example: 'rev_01J9',
	},
	versionId: {
		...LIST,
		plural: 'versions of this review',
		path: '/v1/workflows/reviews/versions',
		nameAt: ['created_at'],
		needs: { parameter: 'reviewId', noun: 'review', param: 'review_id' },
		example: 'rvr_ABCDEFGHIJKLMNOPQRSTUVWXYZ',
	},
	templateId: {
		...LIST,
		plural: 'templates',
		path: '/v1/edits/templates',
		search: 'name',
		example: 'edittplt_3kT9',
	},
	fileId: {
		...LIST,
		plural: 'files',
		path: '/v1/files',
		nameAt: ['filename'],
		search: 'filename',
		example: 'file_3kT9',
	},
};
