import { Agent, request } from 'undici';

import { RETAB_KEY } from '../../sandbox/server/defaults';
import { measured, rest } from '../lib/meter';
import { serve } from '../lib/worker';
import type { ContenderCalls, WatchAnswer, WatchOrder } from '../messages';

/** For contenders that poll run by run: all runs at once, each in its own loop. */
export function servePolling(prepare: (order: WatchOrder) => (id: string) => Promise<void>): void {
	serve<ContenderCalls>({
		rest,

		async watch(order): Promise<WatchAnswer> {
			const { value, costs } = await measured(async () => {
				const poll = prepare(order);
				await Promise.all(order.ids.map(poll));
				return order.ids.length;
			});
			return { costs, ended: value, runs: [] };
		},
	});
}

/** `status` is 0 without a response. */
export interface RetabAnswer {
	status: number;
	run: { status?: string };
}

/** Reads a full Retab extraction over keep-alive connections. */
export function retabReader(url: string): (id: string) => Promise<RetabAnswer> {
	const dispatcher = new Agent();
	return async (id) => {
		try {
			const { statusCode, body } = await request(`${url}/v1/extractions/${encodeURIComponent(id)}`, {
				dispatcher,
				headers: { 'api-key': RETAB_KEY },
			});
			return { status: statusCode, run: (await body.json()) as RetabAnswer['run'] };
		} catch {
			return { status: 0, run: {} };
		}
	};
}
