import { attemptRequest } from '../concurrency/result';
import { RETRY } from '../config';
import type { ApiError } from './apiError';
import { type CallDeps, call } from './retry';

/** A run may or may not have been started: the request was sent, its response is not known. */
export class UnknownOutcomeError extends Error {
	constructor(
		readonly error: ApiError,
		readonly hint: string,
		started = 'the run',
	) {
		super(`It is not known whether ${started} was started. ${error.message}`);
		this.name = 'UnknownOutcomeError';
	}
}

export interface SubmitDeps extends CallDeps {
	/** True when the request has an idempotency key: repeating it starts nothing twice. */
	idempotent: boolean;
	/** What the request starts: `the run` where nothing else is said. */
	started?: string;
	/** How the user can find out whether it was started. */
	hintIfUnknown: string;
}

/** A refusal. Sending it again only helps with an idempotency key, where it can mean "already being carried out". */
const CONFLICT = 409;

/**
 * Sends a request that starts something, but never starts it twice: it is sent again only if it was certainly not carried
 * out (not sent, or refused for now), or if it has an idempotency key (docs/decisions/0006).
 *
 * @throws ApiError when it was not started, UnknownOutcomeError when nobody knows, or the reason why the scope was cancelled
 */
export async function submit<T>(deps: SubmitDeps, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
	// What an earlier attempt may have started stays unknown, even if a later one is refused.
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
	throw unknown ? new UnknownOutcomeError(unknown, deps.hintIfUnknown, deps.started) : sent.error;
}
