import { Agent } from 'undici';

import { Account } from '../../nodes/shared/core/account';
import { CreationTimes } from '../../nodes/shared/core/watch/creationTimes';
import { CancellationScope } from '../../nodes/shared/core/concurrency/cancellationScope';
import { type WatchResult, type WatchTarget, watchRuns } from '../../nodes/shared/core/watch/watchRuns';
import { systemClock } from '../../nodes/shared/n8n/transport/systemClock';
import { PROVIDERS, resourceOf } from '../../nodes/shared/providers';
import { ResourceClient } from '../../nodes/shared/providers/client/resourceClient';
import { EXTEND_KEY, RETAB_KEY } from '../../sandbox/server/defaults';
import { sendOverUndici } from '../../test/support/undiciSend';
import type { WatchOrder } from '../messages';

/** A watch without n8n, over undici and keep-alive connections. The only use of the core in the benchmark. */
export async function watchOverUndici(order: WatchOrder): Promise<WatchResult[]> {
	const { url, api, ids, speed, polls, inFlight, timeouts } = order;
	const provider = PROVIDERS[api];
	const { access: accessOf } = await provider.code();
	const access = accessOf(
		api === 'retab'
			? { apiKey: RETAB_KEY, baseUrl: url }
			: { apiKey: EXTEND_KEY, region: 'custom', baseUrl: url },
	);
	const agent = new Agent();
	const spec = resourceOf(provider, api === 'retab' ? 'extraction' : 'extractRun');
	const client = new ResourceClient(provider, spec, sendOverUndici(agent, access), () => systemClock.now());
	const account = new Account(systemClock);
	const { requestQueue } = account;
	const scope = CancellationScope.from(undefined);
	requestQueue.allow(scope, { inFlight });
	const options: WatchTarget['options'] = {
		polls: { ...polls, interval: polls.interval / speed, maxInterval: polls.maxInterval / speed },
		confirmFor: CONFIRM_FOR_MS,
		atDeadline: 'cancel',
		onStop: 'leave',
		mode: 'untilSettled',
	};
	const targets = ids.map((id, at): WatchTarget => ({
		id,
		timeout: (timeouts?.[at] ?? NO_DEADLINE_S) * 1_000,
		countFrom: 'now',
		options,
	}));
	try {
		return await watchRuns(
			{
				client,
				requestQueue,
				listPoller: account.listPoller(spec.path),
				clock: systemClock,
				scope,
				creationTimes: new CreationTimes(client, requestQueue),
				commandId: (id) => `bench:${id}`,
			},
			targets,
		);
	} finally {
		scope.dispose();
		await agent.close();
	}
}

const CONFIRM_FOR_MS = 30_000;

/** After the end of every load, in seconds. */
const NO_DEADLINE_S = 3_600;
