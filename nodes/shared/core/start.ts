import type { Clock } from './clock';
import { ApiFault } from './faults';
import type { RequestGate } from './gate';
import { RETRY } from './limits';
import { timeBoxed } from './port';
import { backoff } from './schedule';
import type { Scope } from './scope';

/** A run may or may not have been started: the request was sent and its answer is not known. */
export class UnclearStart extends Error {
	constructor(readonly fault: ApiFault) {
		super(`It is not known whether the run was started. ${fault.message}`);
		this.name = 'UnclearStart';
	}
}

export interface StartTools {
	gate: RequestGate;
	clock: Clock;
	scope: Scope;
	/** Milliseconds one attempt may take. */
	timeout: number;
	/** True when the request carries an idempotency key, so that repeating it starts nothing twice. */
	idempotent: boolean;
}

/**
 * Sends a request that starts something, without ever starting it twice: it is repeated only when it certainly was not
 * carried out (it never arrived, or was refused with 429), or when its idempotency key makes that safe.
 *
 * @throws ApiFault when it was not started, UnclearStart when nobody knows, or the reason why the scope ended
 */
export async function start<T>(tools: StartTools, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
	const { gate, clock } = tools;
	const scope = tools.scope.fork();
	try {
		for (let failures = 1; ; failures++) {
			try {
				return await gate.run(scope, 'call', (slot) => timeBoxed(clock, slot, tools.timeout, request));
			} catch (error) {
				if (!(error instanceof ApiFault)) throw error;
				gate.heed(error, failures);
				const notStarted = error.neverArrived || !error.retryable || error.kind === 'rateLimited';
				const worthwhile = error.retryable && (notStarted || tools.idempotent) && failures < RETRY.attempts;
				if (!worthwhile) throw notStarted ? error : new UnclearStart(error);
				await clock.sleep(backoff(failures, clock), scope.signal);
			}
		}
	} finally {
		scope.release();
	}
}
