import { measured, rest } from '../lib/meter';
import { serve } from '../lib/worker';
import type { ContenderCalls, WatchedRun } from '../messages';
import { watchOverUndici } from './coreWatch';

/** Our watch without n8n: what is missing here, n8n's engine and its HTTP stack cost. */
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
