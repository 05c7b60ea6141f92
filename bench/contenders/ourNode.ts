import type { IDataObject } from 'n8n-workflow';

import { EXTEND_KEY, RETAB_KEY } from '../../sandbox/server/defaults';
import { createTestInstance, type TestInstance, type WorkflowResult } from '../../test/nodes/support';
import { ExtendApi, RetabApi, TimeoutCancel } from '../built';
import { measured, rest } from '../lib/meter';
import { serve } from '../lib/worker';
import type { NodeCalls, Polls, WatchedRun } from '../messages';

/** The Timeout Cancel node as it is published, in n8n's engine and over n8n's own HTTP helper. */

/** The smallest interval that the node accepts, in seconds. */
const SHORTEST_INTERVAL_S = 0.1;

const RESOURCES = { retab: 'extraction', extend: 'extractRun' } as const;

/** After the end of every load, in seconds. */
const NO_DEADLINE_S = 3_600;

function instance(url: string): TestInstance {
	return createTestInstance({
		nodes: [TimeoutCancel],
		credentialTypes: [RetabApi, ExtendApi],
		recordsRequests: false,
		credentials: {
			retabApi: { apiKey: RETAB_KEY, baseUrl: url },
			extendApi: { apiKey: EXTEND_KEY, region: 'custom', baseUrl: url },
		},
	});
}

function pollOptions({ mode, interval, maxInterval }: Polls, speed: number): IDataObject {
	const seconds = (ms: number): number => ms / 1_000 / speed;
	if (seconds(interval) < SHORTEST_INTERVAL_S) {
		throw new RangeError(`At speed ${speed} an interval of ${interval} ms is shorter than the node allows`);
	}
	return { intervalMode: mode, interval: seconds(interval), maxInterval: seconds(maxInterval) };
}

function watched({ id, outcome, deadline }: IDataObject): WatchedRun {
	return { id: id as string, outcome: outcome as string, deadline: Date.parse(deadline as string) };
}

const ENDED_BY_ITSELF: ReadonlySet<string> = new Set(['completed', 'failed', 'needsReview']);

serve<NodeCalls>({
	rest,

	async watch({ url, api, ids, speed, polls, inFlight, timeouts, collectEveryMs, isSplit }) {
		const n8n = instance(url);
		const execute = (items: IDataObject[]): Promise<WorkflowResult> =>
			n8n.runWorkflow({
				node: 'timeoutCancel',
				parameters: {
					// Only the whole item tells the deadline.
					simplify: false,
					operation: 'watch',
					provider: api,
					resource: RESOURCES[api],
					timeout: '={{ $json.timeout }}',
					options: { ...pollOptions(polls, speed), maxConcurrentRequests: inFlight },
				},
				items,
			});
		const items = ids.map((id, at) => ({ id, timeout: timeouts?.[at] ?? NO_DEADLINE_S }));
		const executions = isSplit ? items.map((item) => [item]) : [items];
		const work = (): Promise<WorkflowResult[]> => Promise.all(executions.map(execute));
		const { value: results, costs } = await measured(work, collectEveryMs);
		const runs = results.flatMap(({ status, error, json }) => {
			if (status !== 'success') throw new Error(error?.message ?? status);
			return json.flat().map(watched);
		});
		return {
			costs,
			ended: runs.filter(({ outcome }) => ENDED_BY_ITSELF.has(outcome)).length,
			runs: timeouts ? runs : [],
		};
	},

	async cleanUp({ url, limit, inFlight }) {
		const n8n = instance(url);
		const { value: result, costs } = await measured(() =>
			n8n.runWorkflow({
				node: 'timeoutCancel',
				parameters: {
					operation: 'cleanup',
					provider: 'retab',
					resources: [RESOURCES.retab],
					olderThan: 60,
					olderThanUnit: 'minutes',
					dryRun: false,
					limit,
					options: { maxConcurrentRequests: inFlight },
				},
			}),
		);
		if (result.status !== 'success') throw new Error(result.error?.message ?? result.status);
		const cancelled = result.json.flat().filter(({ outcome }) => outcome === 'cancelled').length;
		return { costs, cancelled };
	},
});
