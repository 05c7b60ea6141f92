import type { IDataObject, INodeParameters } from 'n8n-workflow';

import { credentialsFor, useSandbox } from './support/sandbox-instance';

/** Check Once in a loop: what the node remembers of its own cancels. */

const lab = useSandbox();

function stuckRun(): string {
	const createdAt = Date.now() - 3_600_000;
	const steering = { result: 'stuck' as const };
	return lab.sandbox.createRun({ provider: 'retab', resource: 'extraction', steering, createdAt }).id;
}

describe('a loop over the same run', () => {
	const node = (name: string, type: string, parameters: INodeParameters) => ({
		id: name,
		name,
		type,
		typeVersion: type.endsWith('if') ? 2 : 1,
		position: [0, 0] as [number, number],
		parameters,
	});
	const again = {
		conditions: {
			options: { caseSensitive: true, typeValidation: 'strict', version: 2 },
			combinator: 'and',
			conditions: [
				{
					id: '1',
					leftValue: '={{ $runIndex }}',
					rightValue: 1,
					operator: { type: 'number', operation: 'lt' },
				},
			],
		},
	};
	const OURS = 'n8n-nodes-document-runs.timeoutCancel';

	/** Looks twice: whatever comes out of the first look goes in again. */
	async function checkTwice(id: string) {
		const parameters = {
			operation: 'check',
			provider: 'retab',
			resource: 'extraction',
			runId: id,
			timeout: 60,
			simplify: false,
			options: { confirmFor: 0.5 },
		};
		const toAgain = [{ node: 'Again', type: 'main' as const, index: 0 }];
		const result = await lab.n8n.runWorkflow({
			workflow: {
				nodes: [
					node('Start', 'n8n-nodes-base.manualTrigger', {}),
					node('Check', OURS, parameters),
					node('Again', 'n8n-nodes-base.if', again),
				],
				connections: {
					Start: { main: [[{ node: 'Check', type: 'main', index: 0 }]] },
					Check: { main: [toAgain, toAgain, toAgain, toAgain] },
					Again: { main: [[{ node: 'Check', type: 'main', index: 0 }], []] },
				},
			},
			credentials: credentialsFor(lab.sandbox.url),
		});
		expect(result.error).toBeUndefined();
		expect(result.runsOf('Check')).toBe(2);
		return [0, 1].map((run) =>
			result.outputsOf('Check', run).flatMap((items, at) => items.map(({ json }) => [at, json] as const)),
		);
	}

	test('a run that this node had cancelled before is not one that somebody else cancelled', async () => {
		const id = stuckRun();
		// After the first read nothing is read any more until the time to confirm is over.
		const path = `GET /v1/extractions/${id}`;
		lab.sandbox.plantFault({ path, status: 503, after: 1, count: 4 });
		const [first, second] = await checkTwice(id);
		expect(first).toMatchObject([[2, { outcome: 'cancelPending', timedOut: true }]]);
		expect(second).toMatchObject([
			[2, { outcome: 'cancelled', timedOut: true, status: 'cancelled', cancel: { attempts: 1 } }],
		]);
		const cancelOf = (look: typeof first) => look?.[0]?.[1].cancel as IDataObject;
		expect(cancelOf(first).confirmedAt).toBeNull();
		expect(cancelOf(second)).toMatchObject({
			requestedAt: cancelOf(first).requestedAt,
			acceptedAt: cancelOf(first).acceptedAt,
			lateMs: cancelOf(first).lateMs,
			confirmedAt: expect.any(String) as unknown,
		});
		expect(lab.requestsAbout(id).filter(({ method }) => method === 'POST')).toHaveLength(1);
	});

	test('one that somebody else cancelled stays that, also the second time', async () => {
		const id = stuckRun();
		await lab.n8n.runWorkflow({
			node: 'retab',
			parameters: {
				resource: 'extraction',
				operation: 'cancel',
				runId: { __rl: true, mode: 'id', value: id },
			},
		});
		const looks = await checkTwice(id);
		expect(looks).toMatchObject([
			[[1, { outcome: 'cancelledElsewhere' }]],
			[[1, { outcome: 'cancelledElsewhere' }]],
		]);
	});
});
