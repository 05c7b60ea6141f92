import { measured, rest } from '../lib/meter';
import { serve } from '../lib/worker';
import type { ContenderCalls, WatchedRun } from '../messages';
import { watchOverUndici } from './coreWatch';

/** Our watch without n8n: the difference to the node is the cost of n8n's engine and HTTP helper. */
serve<ContenderCalls>({
	rest,

	async watch(order) {
		const { value: results, costs } = await measured(() => watchOverUndici(order));
		const runs = results.map((result): WatchedRun => {
			if ('error' in result) throw result.error;
			const { id, outcome, deadline = Number.NaN } = result.report;
			return { id, outcome, deadline };
		});
		const ended = runs.filter(({ outcome }) => outcome === 'completed').length;
		return { costs, ended, runs: order.timeouts ? runs : [] };
	},
});
