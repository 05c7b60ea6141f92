import type { Clock } from '../concurrency/clock';
import type { ApiError } from './apiError';
import type { RequestQueue } from './requestQueue';
import { RETRY } from '../config';
import { withTimeout } from '../runs/runClient';
import { backoff } from '../watch/pollDelay';
import type { CancellationScope } from '../concurrency/cancellationScope';
import { attemptRequest } from '../concurrency/result';

/** A run may or may not have been started: the request was sent and its answer is not known. */
export class UnknownOutcomeError extends Error {
	constructor(
		readonly error: ApiError,
		readonly hint: string,
	) {
		super(`It is not known whether the run was started. ${error.message}`);
		this.name = 'UnknownOutcomeError';
	}
}

export interface SubmitDeps {
	requestQueue: RequestQueue;
	clock: Clock;
	scope: CancellationScope;
	/** Milliseconds one attempt may take. */
	timeout: number;
	/** True when the request carries an idempotency key, so that repeating it starts nothing twice. */
	idempotent: boolean;
	/** How the user finds out, when nobody knows whether it was started. */
	hintIfUnknown: string;
}

/** The server did not do it because of the state things are in. A wait helps only when the key makes it "already under way". */
const CONFLICT = 409;

/**
 * Sends a request that starts something, without ever starting it twice: it is repeated only when it certainly was not
 * carried out (it never arrived, or was refused with 429 or an answer that asks to try again), or when its idempotency key makes that safe. A 409 is a refusal, too.
 *
 * @throws ApiError when it was not started, UnknownOutcomeError when nobody knows, or the reason why the scope ended
 */
export async function submit<T>(deps: SubmitDeps, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
	const { requestQueue, clock } = deps;
	const scope = deps.scope.child();
	// What an earlier attempt may have started stays unclear, however clearly a later one is refused.
	let unclear: ApiError | undefined;
	try {
		for (let failures = 1; ; failures++) {
			const sent = await attemptRequest(() =>
				requestQueue.run(scope, 'call', (slot) => withTimeout(clock, slot, deps.timeout, request)),
			);
			if ('value' in sent) return sent.value;
			const { error } = sent;
			requestQueue.pauseFor(error, failures);
			const notStarted = !error.mayHaveWorked || error.status === CONFLICT;
			const safe = notStarted && error.status !== CONFLICT;
			if (!notStarted) unclear = error;
			const worthwhile = error.retryable && (safe || deps.idempotent) && failures < RETRY.attempts;
			if (!worthwhile) throw unclear ? new UnknownOutcomeError(unclear, deps.hintIfUnknown) : error;
			await clock.sleep(backoff(failures, clock), scope.signal);
		}
	} finally {
		scope.dispose();
	}
}
