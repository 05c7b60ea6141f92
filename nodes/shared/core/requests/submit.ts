import { attemptRequest } from '../concurrency/result';
import { RETRY } from '../config';
import type { ApiError } from './apiError';
import { type CallDeps, call } from './retry';

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

export interface SubmitDeps extends CallDeps {
	/** True when the request carries an idempotency key, so that repeating it starts nothing twice. */
	idempotent: boolean;
	/** How the user finds out whether it was started. */
	hintIfUnknown: string;
}

/** The server did not do it because of the state things are in. A wait helps only when the key makes it "already under way". */
const CONFLICT = 409;

/**
 * Sends a request that starts something, without ever starting it twice: it is repeated only when it certainly was not
 * carried out (not sent, or refused), or when its idempotency key makes that safe. A 409 is a refusal as well.
 *
 * @throws ApiError when it was not started, UnknownOutcomeError when nobody knows, or the reason why the scope was cancelled
 */
export async function submit<T>(deps: SubmitDeps, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
	// What an earlier attempt may have started stays unknown, however clearly a later one is refused.
	let unknown: ApiError | undefined;
	const sent = await attemptRequest(() =>
		call(deps, send, {
			shouldRetry(error, failures) {
				const isRefused = error.status === CONFLICT;
				if (error.mayHaveWorked && !isRefused) unknown = error;
				const isSafe = deps.idempotent || (!error.mayHaveWorked && !isRefused);
				return error.retryable && isSafe && failures < RETRY.attempts;
			},
		}),
	);
	if ('value' in sent) return sent.value;
	throw unknown ? new UnknownOutcomeError(unknown, deps.hintIfUnknown) : sent.error;
}
