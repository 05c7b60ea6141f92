import type { Accounts } from '../../nodes/shared/core/account';
import { CancellationScope } from '../../nodes/shared/core/concurrency/cancellationScope';
import type { RunClient } from '../../nodes/shared/core/runs/runClient';
import { CreationTimes } from '../../nodes/shared/core/watch/creationTimes';
import {
	type WatchDeps,
	type WatchResult,
	type WatchTarget,
	watchRuns,
} from '../../nodes/shared/core/watch/watchRuns';
import type { FakeClock } from './fakeClock';

export interface Execution {
	/** Ends as the execution does. */
	results: Promise<WatchResult[]>;
	stop: () => void;
	/** With which n8n would tell of a stop. */
	signal: AbortSignal;
}

/** An execution of a node that watches runs of an account, as a session of n8n does. */
export function startExecution(
	clock: FakeClock,
	accounts: Accounts,
	key: string,
	client: RunClient,
	targets: readonly WatchTarget[],
	inFlight = 5,
	more: Pick<WatchDeps, 'onChange' | 'isOfAccount'> = {},
): Execution {
	const host = new AbortController();
	const scope = CancellationScope.from(host.signal);
	const { account, leave } = accounts.join(key);
	const { requestQueue } = account;
	requestQueue.allow(scope, { inFlight });
	const results = watchRuns(
		{
			client,
			requestQueue,
			listPoller: account.listPoller(client.title),
			clock,
			scope,
			creationTimes: new CreationTimes(client, requestQueue),
			commandId: (id) => `command:${id}`,
			...more,
		},
		targets,
	).finally(() => {
		scope.dispose();
		leave();
	});
	results.catch(() => undefined);
	return { results, stop: () => host.abort(), signal: host.signal };
}
