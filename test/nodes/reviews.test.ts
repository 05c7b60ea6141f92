import type { IDataObject, INodeParameters } from 'n8n-workflow';

import type { WorkflowResult } from './support';
import { useSandbox } from './support/sandbox-instance';

/** Reviews of Retab: what a workflow run waits for, read and decided about, and the run goes on. */

const lab = useSandbox();

/** A workflow run that waits for a person, with the ID of its review. */
function waitingRun(more: IDataObject = {}): { runId: string; reviewId: string } {
	const { id } = lab.sandbox.createRun({
		provider: 'retab',
		resource: 'workflowRun',
		createdAt: Date.now() - 60_000,
		steering: { result: 'needs_review', durationMs: 1_000 },
		request: more,
	});
	return { runId: id, reviewId: `rev_${id}` };
}

function onReview(
	operation: string,
	parameters: INodeParameters = {},
	items: IDataObject[] = [{}],
	onError?: 'continueRegularOutput',
): Promise<WorkflowResult> {
	return lab.n8n.runWorkflow({
		node: 'retab',
		parameters: { resource: 'review', operation, simplify: true, ...parameters },
		items,
		...(onError && { onError }),
	});
}

const byId = (value: string) => ({ __rl: true, mode: 'id', value });

/** The first item of a result that went well. */
function only({ json, error }: WorkflowResult): IDataObject {
	expect(error).toBeUndefined();
	expect(json[0]).toHaveLength(1);
	return json[0]?.[0] ?? {};
}

function sent(path: RegExp): unknown[] {
	return lab.sandbox.requests.flatMap((request) =>
		request.method === 'POST' && path.test(request.path) ? [JSON.parse(request.body ?? '{}') as unknown] : [],
	);
}

beforeEach(() => lab.sandbox.reset());

describe('Get Many', () => {
	test('those that wait, newest first', async () => {
		const first = waitingRun();
		const second = waitingRun();
		const { json } = await onReview('getAll');
		expect(json[0]?.map(({ runId }) => runId)).toEqual([second.runId, first.runId]);
		expect(json[0]?.[0]).toEqual({
			id: second.reviewId,
			decision: null,
			workflowId: 'wf_sandbox_invoices',
			runId: second.runId,
			blockId: 'block_review_1',
			blockType: 'extract',
			versionId: expect.stringMatching(/^rvr_[A-Z2-7]{26}$/) as unknown,
			output: { invoice_number: 'INV-1001', supplier: 'Example Ltd', total: 118.5 },
			triggeredBy: 'confidence_lt',
			createdAt: expect.any(String) as unknown,
		});
	});

	test('filters and limit', async () => {
		const runs = [waitingRun(), waitingRun(), waitingRun({ workflow_id: 'wf_other' })];
		const count = async (filters: INodeParameters, more: INodeParameters = {}) =>
			(await onReview('getAll', { filters, ...more })).json[0]?.length;
		expect(await count({ runId: runs[0]?.runId ?? '' })).toBe(1);
		expect(await count({ workflowId: byId('wf_other') })).toBe(1);
		expect(await count({ blockId: byId('block_other') })).toBe(0);
		expect(await count({}, { limit: 2 })).toBe(2);
		await onReview('approve', {}, [{ reviewId: runs[0]?.reviewId }]);
		expect(await count({})).toBe(2);
		expect(await count({ decisionStatus: 'approved' })).toBe(1);
		expect(await count({ decisionStatus: 'all' })).toBe(3);
	});

	test('more than a page, and without the versions no request but for the pages', async () => {
		for (let at = 0; at < 205; at += 1) waitingRun();
		const options = { includeVersion: false };
		const { json } = await onReview('getAll', { returnAll: true, options });
		expect(Object.keys(json[0]?.[0] ?? {})).not.toContain('versionId');
		expect(lab.sandbox.requests).toHaveLength(2);
		expect(new Set(json[0]?.map(({ id }) => id)).size).toBe(205);
		expect(lab.listQueries('/v1/workflows/reviews')).toHaveLength(2);
	});

	test.each([true, false])('its item is what Approve takes, with simplify %s', async (simplify) => {
		const { runId, reviewId } = waitingRun();
		const seen = only(await onReview('getAll', { simplify }));
		await onReview('createVersion', { snapshot: '{ "total": 120 }' }, [{ id: reviewId }]);
		const { error } = await onReview('approve', {}, [seen]);
		expect(error?.message).toMatch(/^Retab reported a conflict \(409\)/);
		expect(lab.sandbox.getRun(runId)?.phase).toBe('needsReview');
	});

	test('none: says which ones a key can see', async () => {
		const { hints } = await onReview('getAll');
		expect(hints.map(({ message }) => message)).toEqual([
			expect.stringMatching(/^No reviews found\. The Retab key/),
		]);
	});
});

describe('Get', () => {
	test('a review comes with the latest version of the result', async () => {
		const { reviewId } = waitingRun();
		expect(only(await onReview('get', {}, [{ id: reviewId }]))).toMatchObject({
			id: reviewId,
			decision: null,
			versionId: expect.stringMatching(/^rvr_[A-Z2-7]{26}$/) as unknown,
			output: { invoice_number: 'INV-1001', total: 118.5 },
		});
	});

	test('without Simplify, the object of the API with the version beside it', async () => {
		const { reviewId } = waitingRun();
		expect(only(await onReview('get', { simplify: false }, [{ id: reviewId }]))).toMatchObject({
			id: reviewId,
			step_id: expect.any(String) as unknown,
			latest_version: { review_id: reviewId, snapshot: { total: 118.5 } },
		});
	});

	test('a review that is not there', async () => {
		const { error } = await onReview('get', {}, [{ id: 'rev_missing' }]);
		expect(error?.message).toBe(
			"Retab did not find the run or resource (404): Review 'rev_missing' not found",
		);
		expect(error?.description).toMatch(/^Check the ID of the review\. The Retab key selects the environment/);
	});

	test('without an ID', async () => {
		const { error } = await onReview('get', {}, [{}]);
		expect(error?.message).toMatch(/^Review is /);
		expect(error?.description).toMatch(/\{\{ \$json\.reviewId \}\}/);
		expect(lab.sandbox.requests).toEqual([]);
	});
});

describe('Approve', () => {
	test('the latest version, unless the item names one, and the run goes on', async () => {
		const { runId, reviewId } = waitingRun();
		const item = only(await onReview('approve', {}, [{ id: reviewId }]));
		expect(item).toEqual({
			id: reviewId,
			decision: 'approved',
			workflowId: 'wf_sandbox_invoices',
			runId,
			blockId: 'block_review_1',
			versionId: expect.stringMatching(/^rvr_/) as unknown,
			submissionStatus: 'accepted',
			resumeStatus: 'resumed',
			resumeError: null,
		});
		expect(sent(/approve$/)).toEqual([{ version_id: item.versionId }]);
		expect(lab.sandbox.getRun(runId)?.phase).toBe('running');
	});

	test('the version that somebody has seen: another one submitted meanwhile is not approved unseen', async () => {
		const { runId, reviewId } = waitingRun();
		const seen = only(await onReview('get', {}, [{ id: reviewId }]));
		const corrected = only(
			await onReview('createVersion', { snapshot: '{ "total": 120 }' }, [{ id: reviewId }]),
		);

		const refused = await onReview('approve', {}, [seen]);
		expect(refused.error?.message).toMatch(/^Retab reported a conflict \(409\): .*rvr_/);
		expect(refused.error?.description).toMatch(/put the version IDs .* into Superseded Versions/);
		expect(sent(/approve$/)).toHaveLength(1);
		expect(lab.sandbox.getRun(runId)?.phase).toBe('needsReview');

		const superseded = { supersededVersions: corrected.versionId as string };
		const item = only(await onReview('approve', { additionalFields: superseded }, [seen]));
		expect(item).toMatchObject({ decision: 'approved', versionId: seen.versionId });
		expect(sent(/approve$/)[1]).toEqual({
			version_id: seen.versionId,
			acknowledged_superseded_version_ids: [corrected.versionId],
		});
	});

	test('where nobody says which version, and somebody has corrected it: nothing is decided unseen', async () => {
		const { runId, reviewId } = waitingRun();
		const corrected = only(
			await onReview('createVersion', { snapshot: '{ "total": 120 }', simplify: false }, [{ id: reviewId }]),
		);
		for (const operation of ['approve', 'reject']) {
			const { error } = await onReview(operation, { reason: 'Wrong' }, [{ id: reviewId }]);
			expect(error?.message).toBe(
				`Review ${reviewId} has 2 versions, and Version does not say which one you mean`,
			);
			expect(error?.description).toMatch(`The latest one is ${corrected.id as string}.`);
		}
		expect(lab.sandbox.getRun(runId)?.phase).toBe('needsReview');

		expect(only(await onReview('approve', {}, [corrected]))).toMatchObject({ versionId: corrected.id });
	});

	test('twice is once; the other decision afterwards is an error', async () => {
		const { reviewId } = waitingRun();
		await onReview('approve', {}, [{ id: reviewId }]);
		const again = only(await onReview('approve', {}, [{ id: reviewId }]));
		expect(again).toMatchObject({ submissionStatus: 'already_applied', resumeStatus: 'skipped' });
		const { error } = await onReview('reject', { reason: 'Too late' }, [{ id: reviewId }]);
		expect(error?.message).toBe(
			`Your decision about review ${reviewId} was not taken: it was approved before`,
		);
		expect(error?.description).toMatch(/^Get the review to see who has decided/);
	});

	test('a lost answer: sent again, and the decision stands once', async () => {
		const { runId, reviewId } = waitingRun();
		lab.sandbox.plantFault({
			path: '/v1/workflows/reviews/*/approve',
			status: 502,
			count: 1,
			applyAfter: true,
		});
		expect(only(await onReview('approve', {}, [{ id: reviewId }]))).toMatchObject({ decision: 'approved' });
		expect(lab.sandbox.getRun(runId)?.phase).toBe('running');
	});

	test.each([
		['failed', /was taken, but its run could not be resumed: worker is gone\./],
		['pending', /was taken; its run goes on in a moment/],
	])('a run that does not go on (%s) is a hint', async (resumeStatus, hint) => {
		const { reviewId } = waitingRun();
		const review = { id: reviewId, decision: { verdict: 'approved', version_id: 'rvr_A' } };
		lab.sandbox.plantFault({
			path: '/v1/workflows/reviews/*/approve',
			status: 200,
			body: { review, resume_status: resumeStatus, resume_error: 'worker is gone' },
		});
		const result = await onReview('approve', {}, [{ id: reviewId }]);
		expect(only(result)).toMatchObject({ resumeStatus, resumeError: 'worker is gone' });
		expect(result.hints[0]?.message).toMatch(hint);
	});

	test('what is no version is refused before any request', async () => {
		const { reviewId } = waitingRun();
		const { error } = await onReview('approve', { versionId: byId('latest') }, [{ id: reviewId }]);
		expect(error?.message).toBe('Version is not the ID of one; it is the text "latest"');
		expect(lab.sandbox.requests).toEqual([]);
	});

	test('each item is a decision of its own', async () => {
		const reviews = [waitingRun(), waitingRun()];
		const items = [{ id: reviews[0]?.reviewId }, { id: 'rev_missing' }, { id: reviews[1]?.reviewId }];
		const { json, outputs } = await onReview('approve', {}, items, 'continueRegularOutput');
		expect(json[0]).toMatchObject([
			{ decision: 'approved' },
			{ error: expect.stringContaining('not found') as unknown },
			{ decision: 'approved' },
		]);
		expect(outputs[0]?.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }, { item: 2 }]);
	});
});

test('Reject needs a reason, and the run goes on', async () => {
	const { runId, reviewId } = waitingRun();
	const without = await onReview('reject', { reason: ' ' }, [{ id: reviewId }]);
	expect(without.error?.message).toBe('Reason is empty');
	expect(lab.sandbox.requests).toEqual([]);
	const item = only(await onReview('reject', { reason: 'Wrong total' }, [{ id: reviewId }]));
	expect(item).toMatchObject({ decision: 'rejected', resumeStatus: 'resumed' });
	expect(sent(/reject$/)).toEqual([{ version_id: item.versionId, reason: 'Wrong total' }]);
	expect(lab.sandbox.getRun(runId)?.phase).toBe('running');
});

test('Submit Correction: its item is what Approve takes', async () => {
	const { runId, reviewId } = waitingRun();
	const before = only(await onReview('get', {}, [{ id: reviewId }]));
	const corrected = only(
		await onReview(
			'createVersion',
			{ snapshot: '{ "invoice_number": "INV-1001", "total": 120 }', additionalFields: { note: 'Total' } },
			[before],
		),
	);
	expect(corrected).toEqual({
		reviewId,
		versionId: expect.not.stringContaining(before.versionId as string) as unknown,
		parentId: before.versionId,
		output: { invoice_number: 'INV-1001', total: 120 },
		note: 'Total',
		createdAt: expect.any(String) as unknown,
	});
	const approved = only(await onReview('approve', {}, [corrected]));
	expect(approved).toMatchObject({
		id: reviewId,
		runId,
		decision: 'approved',
		versionId: corrected.versionId,
	});
});

test('an agent can approve', async () => {
	const { runId, reviewId } = waitingRun();
	const { answers } = await lab.n8n.runAsTool({
		node: 'retab',
		parameters: { resource: 'review', operation: 'approve', reviewId: byId(reviewId), versionId: byId('') },
		calls: [{}],
	});
	expect(JSON.stringify(answers)).toContain('"decision":"approved"');
	expect(lab.sandbox.getRun(runId)?.phase).toBe('running');
});
