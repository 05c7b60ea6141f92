import { at, filter, named } from '../rows';
import type { ListSpec } from '../listTypes';
import type { ReviewsSpec } from '../reviewTypes';
import type { BodyField, SimpleField } from '../types';
import { BLOCK_ID, WORKFLOW_ID } from './filters';

/** Reviews of Retab (OpenAPI, `/v1/workflows/reviews`): a block of a workflow waits until a person has decided. */

const LIST: ListSpec = {
	paging: 'cursor',
	pageSize: 200,
	pageSizeParams: ['limit'],
	newestFirst: { order: 'desc' },
	oldestFirst: { order: 'asc' },
	filters: [
		filter(
			'options',
			['decisionStatus', 'decision_status'],
			'Decision',
			'Only reviews that were decided like this. Those that wait, unless chosen otherwise.',
			{ options: ['all', 'approved', 'decided', 'pending', 'rejected'] },
		),
		filter('text', ['runId', 'run_id'], 'Run ID', 'Only reviews of this workflow run', {
			placeholder: 'e.g. run_01J9',
		}),
		{ ...WORKFLOW_ID, description: 'Only reviews of runs of this workflow' },
		{ ...BLOCK_ID, description: 'Only reviews of this block of the workflow' },
	],
};

/** "Discards every other latest version, so the server refuses that write with a 409 unless every discarded id is listed". */
const SUPERSEDED: BodyField = {
	name: 'supersededVersions',
	path: ['acknowledged_superseded_version_ids'],
	label: 'Superseded Versions',
	kind: 'texts',
	placeholder: 'e.g. rvr_ABCDEFGHIJKLMNOPQRSTUVWXYZ',
	description:
		'IDs of other versions to discard, separated by commas: Retab names them when it refuses because there are others',
};

/** A review inside of an answer, or as the answer itself. */
function reviewFields(...path: string[]): SimpleField[] {
	return [
		at('id', 'string', ...path, 'id'),
		// Nothing is decided about a review that waits.
		{
			name: 'decision',
			from: [
				[...path, 'decision', 'verdict'],
				[...path, 'decision'],
			],
			type: 'string',
		},
		at('workflowId', 'string', ...path, 'workflow_id'),
		at('runId', 'string', ...path, 'run_id'),
		at('blockId', 'string', ...path, 'block_id'),
	];
}

const DECIDED_VERSION =
	'The version that was looked at, as Get and Get Many return it. It may only be empty while there is no other one.';

const DECIDED: readonly SimpleField[] = [
	...reviewFields('review'),
	at('versionId', 'string', 'review', 'decision', 'version_id'),
	at('submissionStatus', 'string', 'submission_status'),
	at('resumeStatus', 'string', 'resume_status'),
	at('resumeError', 'string', 'resume_error'),
];

export const RETAB_REVIEWS: ReviewsSpec = {
	...named('review'),
	description: 'Decision of a person that a workflow run waits for',
	path: '/v1/workflows/reviews',
	idExample: 'rev_01J9',
	list: LIST,
	of: 'workflowRun',
	simple: [
		...reviewFields(),
		at('blockType', 'string', 'block_type'),
		at('versionId', 'string', 'latest_version', 'id'),
		at('output', 'object', 'latest_version', 'snapshot'),
		at('triggeredBy', 'string', 'triggered_by', 'kind'),
		at('createdAt', 'string', 'created_at'),
	],
	versions: {
		path: '/v1/workflows/reviews/versions',
		param: 'review_id',
		idPattern: /^rvr_[A-Z2-7]{26}$/,
		idExample: 'rvr_ABCDEFGHIJKLMNOPQRSTUVWXYZ',
	},
	pendingOf: (runId) => ({ run_id: runId, decision_status: 'pending' }),
	actions: {
		approve: {
			label: 'Approve',
			action: 'Approve review',
			description: 'Approve a version of the result, so that the workflow run goes on with it',
			path: '/{id}/approve',
			versionField: 'version_id',
			versionDescription: DECIDED_VERSION,
			fields: [SUPERSEDED],
			reviewAt: ['review'],
			simple: DECIDED,
		},
		reject: {
			label: 'Reject',
			action: 'Reject review',
			description: 'Reject a version of the result. The workflow run goes on without it.',
			path: '/{id}/reject',
			versionField: 'version_id',
			versionDescription: DECIDED_VERSION,
			fields: [
				{
					name: 'reason',
					path: ['reason'],
					label: 'Reason',
					kind: 'longText',
					required: true,
					placeholder: 'e.g. The total does not match the lines',
					description: 'Why it is rejected',
				},
			],
			reviewAt: ['review'],
			simple: DECIDED,
		},
		createVersion: {
			label: 'Submit Correction',
			action: 'Submit correction for review',
			description: 'Store a corrected version of the result, for Approve to take',
			path: '/versions',
			idField: 'review_id',
			versionField: 'parent_id',
			versionDescription: 'The version that is corrected. Empty means the latest one.',
			fields: [
				{
					name: 'snapshot',
					path: ['snapshot'],
					label: 'Corrected Result',
					kind: 'json',
					required: true,
					placeholder: 'e.g. { "total": 118.5 }',
					description:
						'The whole result as it should be, as a JSON object of the same form: that of an extraction, { "category": "invoice" }, { "documents": [{ "name": "invoice", "pages": [1, 2] }] } or { "partitions": [{ "key": "A1", "pages": [1] }] }',
				},
				{
					name: 'note',
					path: ['note'],
					label: 'Note',
					kind: 'text',
					placeholder: 'e.g. Total corrected',
					description: 'What was corrected, for whoever looks at it',
				},
				SUPERSEDED,
			],
			simple: [
				at('reviewId', 'string', 'review_id'),
				at('versionId', 'string', 'id'),
				at('parentId', 'string', 'parent_id'),
				at('output', 'object', 'snapshot'),
				at('note', 'string', 'note'),
				at('createdAt', 'string', 'created_at'),
			],
		},
	},
};
