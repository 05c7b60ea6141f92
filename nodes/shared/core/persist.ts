import type { Clock } from './clock';
import type { ApiFault } from './faults';
import type { RequestGate } from './gate';
import { REQUEST, RETRY } from './limits';
import { timeBoxed } from './port';
import { backoff } from './schedule';
import type { Scope } from './scope';
import { settleFault } from './settle';

/**
 * Sends a request that may safely be repeated (a read, a delete) until it works: at most `RETRY.attempts` times, a 404 at
 * most `RETRY.notFoundInARow` times, with backoff.
 *
 * `tools.timeout` is the milliseconds that one attempt may take.
 *
 * @param onFault called before the request is repeated
 * @throws the last ApiFault, or the reason why the scope ended
 */
export async function persist<T>(
	tools: { gate: RequestGate; clock: Clock; scope: Scope; timeout?: number },
	request: (signal: AbortSignal) => Promise<T>,
	onFault?: (fault: ApiFault) => void,
): Promise<T> {
	const { gate, clock, timeout = REQUEST.timeout } = tools;
	const scope = tools.scope.fork();
	try {
		for (let failures = 1; ; failures++) {
			const sent = await settleFault(() =>
				gate.run(scope, 'call', (slot) => timeBoxed(clock, slot, timeout, request)),
			);
			if ('value' in sent) return sent.value;
			const { fault } = sent;
			gate.heed(fault, failures);
			const worthwhile =
				fault.kind === 'notFound'
					? failures < RETRY.notFoundInARow
					: fault.retryable && failures < RETRY.attempts;
			if (!worthwhile) throw fault;
			onFault?.(fault);
			await clock.sleep(backoff(failures, clock), scope.signal);
		}
	} finally {
		scope.release();
	}
}
