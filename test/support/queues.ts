import type { Clock } from '../../nodes/shared/core/concurrency/clock';
import { CancellationScope } from '../../nodes/shared/core/concurrency/cancellationScope';
import { RequestQueue } from '../../nodes/shared/core/requests/requestQueue';
import { ListPoller } from '../../nodes/shared/core/watch/listPoller';

/** The request queue of an account that a single execution uses. */
export function queueOf(inFlight: number, clock: Clock): RequestQueue {
	const requestQueue = new RequestQueue(clock);
	requestQueue.allow(CancellationScope.from(undefined), { inFlight });
	return requestQueue;
}

/** What an execution has of its account: a request queue, and the list poller of one resource. */
export function accountOf(
	inFlight: number,
	clock: Clock,
): { requestQueue: RequestQueue; listPoller: ListPoller } {
	const requestQueue = queueOf(inFlight, clock);
	return { requestQueue, listPoller: new ListPoller(requestQueue, clock) };
}
