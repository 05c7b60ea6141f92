import type { Clock } from './clock';
import type { ApiFault } from './faults';
import type { RequestGate } from './gate';
import { RETRY } from './limits';
import { timeBoxed } from './port';
import { backoff } from './schedule';
import type { Scope } from './scope';
import { settleFault } from './settle';

/** A run may or may not have been started: the request was sent and its answer is not known. */
export class UnclearStart extends Error {
	constructor(
		readonly fault: ApiFault,
		readonly advice: string,
	) {
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
	/** How the user finds out, when nobody knows whether it was started. */
	ifUnclear: string;
}

/** The server did not do it because of the state things are in. A wait helps only when the key makes it "already under way". */
const CONFLICT = 409;

/**
 * Sends a request that starts something, without ever starting it twice: it is repeated only when it certainly was not
 * carried out (it never arrived, or was refused with 429 or an answer that asks to try again), or when its idempotency key makes that safe. A 409 is a refusal, too.
 *
 * @throws ApiFault when it was not started, UnclearStart when nobody knows, or the reason why the scope ended
 */
export async function start<T>(tools: StartTools, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
	const { gate, clock } = tools;
	const scope = tools.scope.fork();
	// What an earlier attempt may have started stays unclear, however clearly a later one is refused.
	let unclear: ApiFault | undefined;
	try {
		for (let failures = 1; ; failures++) {
			const sent = await settleFault(() =>
				gate.run(scope, 'call', (slot) => timeBoxed(clock, slot, tools.timeout, request)),
			);
			if ('value' in sent) return sent.value;
			const { fault } = sent;
			gate.heed(fault, failures);
			const notStarted = !fault.mayHaveWorked || fault.status === CONFLICT;
			const safe = notStarted && fault.status !== CONFLICT;
			if (!notStarted) unclear = fault;
			const worthwhile = fault.retryable && (safe || tools.idempotent) && failures < RETRY.attempts;
			if (!worthwhile) throw unclear ? new UnclearStart(unclear, tools.ifUnclear) : fault;
			await clock.sleep(backoff(failures, clock), scope.signal);
		}
	} finally {
		scope.release();
	}
}
