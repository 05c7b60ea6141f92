import { Agent } from 'undici';

import { RequestGate } from '../../nodes/shared/core/gate';
import { ListedTimes } from '../../nodes/shared/core/listed';
import { Scope } from '../../nodes/shared/core/scope';
import { type WatchResult, type WatchTarget, watchRuns } from '../../nodes/shared/core/watch';
import { hostClock } from '../../nodes/shared/n8n/clock';
import { PROVIDERS, resourceOf } from '../../nodes/shared/providers';
import { ResourceApi } from '../../nodes/shared/providers/api';
import { accessOf } from '../../nodes/shared/providers/auth';
import { EXTEND_KEY, RETAB_KEY } from '../../sandbox/server/defaults';
import { sendOverUndici } from '../../test/support/undiciSend';
import type { WatchOrder } from '../messages';

/** The one place where the benchmark touches the core: a watch without n8n, over undici and connections that stay open. */
export async function watchOverUndici(order: WatchOrder): Promise<WatchResult[]> {
	const { url, api, ids, speed, polls, inFlight, timeouts } = order;
	const provider = PROVIDERS[api];
	const access = accessOf(
		api,
		api === 'retab'
			? { apiKey: RETAB_KEY, baseUrl: url }
			: { apiKey: EXTEND_KEY, region: 'custom', baseUrl: url },
	);
	const agent = new Agent();
	const spec = resourceOf(provider, api === 'retab' ? 'extraction' : 'extractRun');
	const port = new ResourceApi(provider, spec, sendOverUndici(agent, access), () => hostClock.now());
	const gate = new RequestGate(inFlight, hostClock);
	const scope = Scope.from(undefined);
	const plan: WatchTarget['plan'] = {
		polls: { ...polls, interval: polls.interval / speed, maxInterval: polls.maxInterval / speed },
		confirmFor: CONFIRM_FOR_MS,
		whenTimeIsUp: 'cancel',
		onStop: 'leave',
		looks: 'untilSettled',
	};
	const targets = ids.map((id, at): WatchTarget => ({
		id,
		timeout: (timeouts?.[at] ?? NO_DEADLINE_S) * 1_000,
		countFrom: 'now',
		plan,
	}));
	try {
		return await watchRuns(
			{
				port,
				gate,
				clock: hostClock,
				scope,
				listed: new ListedTimes(port, gate, hostClock),
				commandId: (id) => `bench:${id}`,
			},
			targets,
		);
	} finally {
		scope.release();
		await agent.close();
	}
}

const CONFIRM_FOR_MS = 30_000;

/** Far beyond the end of every load, in seconds. */
const NO_DEADLINE_S = 3_600;
