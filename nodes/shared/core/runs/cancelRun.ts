import type { RunReader } from './runReader';
import type { Clock } from '../concurrency/clock';
import { ApiError } from '../requests/apiError';
import type { RequestQueue } from '../requests/requestQueue';
import { CANCEL } from '../config';
import { type CancelAnswer, type ReadView, type RunClient } from './runClient';
import { type Run, isTerminal } from './run';
import { type CancellationScope, isCancelReason } from '../concurrency/cancellationScope';
import { attempt, attemptRequest } from '../concurrency/result';

/**
 * What became of a cancel.
 *
 * | verdict | what is known |
 * |---|---|
 * | `settled` | a read showed the run at its end (`run.phase` says which), or waiting for a person |
 * | `pending` | a cancel was accepted, no read showed the end in time |
 * | `refused` | the API answered each attempt with a refusal, and the run goes on |
 * | `unreachable` | the API could not be asked, or will not answer |
 */
export interface CancelResult {
	verdict: 'settled' | 'pending' | 'refused' | 'unreachable';
	run?: Run;
	/** False when every attempt was cleanly refused: then the run's end is not our doing. */
	cancelledByUs: boolean;
	/** Unix ms at which the first cancel left; absent when none could leave in time. */
	requestedAt?: number;
	attempts: number;
	/** Unix ms of the read that showed the end. */
	confirmedAt?: number;
	/** What went wrong with the latest attempt to cancel that went wrong: a refusal, or no usable answer. */
	error?: ApiError;
}

export interface CancelDeps {
	client: RunClient;
	requestQueue: RequestQueue;
	clock: Clock;
	reader: RunReader;
	commandId: string;
	/** `accepted`: nobody waits for the outcome any more, so it is enough that a cancel was taken. */
	until: 'confirmed' | 'accepted';
	/** `report`: a cancel that has left is reported as far as it is known, instead of throwing (default). */
	whenStopped?: 'throw' | 'report';
}

/**
 * Cancels a run and stays until a read shows what became of it, at most `budget` milliseconds.
 *
 * A cancel answer is a claim, a read is the truth: whatever the API says to the cancel, the run is read. While a cancel
 * was neither accepted nor the run ended, the cancel is tried again (a job in a race, a run that is not cancellable yet,
 * an answer that got lost). Once accepted it is not sent again.
 *
 * The first cancel does not wait for a rate-limit pause; later requests do, up to a moment before the budget ends.
 *
 * @throws the reason why `parent` ended, when it ended before the budget was used up
 */
export async function confirmCancel(
	deps: CancelDeps,
	parent: CancellationScope,
	budget: number,
): Promise<CancelResult> {
	const cancellation = new Cancellation(deps, parent.child(), budget);
	const result = await attempt(() => cancellation.run());
	cancellation.dispose();
	if ('value' in result) return result.value;
	if (parent.signal.aborted) {
		if (deps.whenStopped === 'report' && cancellation.wasSent) return cancellation.resultAtEnd();
		throw parent.signal.reason;
	}
	if (result.error instanceof ApiError) return cancellation.result('unreachable');
	if (!isCancelReason(result.error, 'timeout')) throw result.error;
	return cancellation.resultAtEnd();
}

class Cancellation {
	/** How the latest attempt was answered; `unknown` before the first and after a lost answer. */
	private lastAnswer: 'unknown' | 'refused' | 'accepted';

	/** True once an attempt was accepted, or may have been carried out without our hearing of it. */
	private cancelledByUs = false;

	private attempts = 0;

	private requestedAt?: number;

	private error?: ApiError;

	/** Unix ms from which on a pause asked for by the provider no longer holds us back. */
	private readonly lastTry: number;

	private readonly callTimeout: number;

	constructor(
		private readonly deps: CancelDeps,
		private readonly scope: CancellationScope,
		private readonly budget: number,
	) {
		this.lastAnswer = deps.reader.cancelAccepted ? 'accepted' : 'unknown';
		this.lastTry = deps.clock.now() + budget - Math.min(CANCEL.lastTry, budget / 2);
		this.callTimeout = Math.min(
			CANCEL.callTimeout,
			Math.max(CANCEL.minCallTimeout, budget * CANCEL.callShare),
		);
	}

	/**
	 * @throws ApiError when asking again cannot help, CancelReason `timeout` when the budget is used up
	 */
	async run(): Promise<CancelResult> {
		const { clock, reader } = this.deps;
		clock.sleep(this.budget, this.scope.signal).then(
			() => this.scope.cancel('timeout'),
			() => undefined,
		);
		let wait: number = CANCEL.firstWait;
		for (;;) {
			const tried = await attemptRequest(() => this.cancelAndLook());
			if ('error' in tried && reader.isFinal(tried.error)) throw tried.error;
			if ('value' in tried && tried.value) return tried.value;
			const pause = 'error' in tried ? Math.max(wait, reader.retryDelay()) : wait;
			const left = this.lastTry - clock.now();
			await clock.sleep(left > 0 ? Math.min(pause, left) : wait, this.scope.signal);
			wait = Math.min(CANCEL.maxWait, wait * CANCEL.waitGrowth);
		}
	}

	/**
	 * One round: a cancel, unless one was accepted already, and a read. Gives back the result when there is one.
	 *
	 * @throws ApiError
	 */
	private async cancelAndLook(): Promise<CancelResult | undefined> {
		const view = this.lastAnswer === 'accepted' ? 'light' : await this.attempt();
		if (this.lastAnswer === 'accepted' && this.deps.until === 'accepted') return this.result('pending');
		const run = await this.deps.reader.read(view, this.scope, 'confirm', {
			timeout: this.callTimeout,
			ignorePauseAfter: this.lastTry,
		});
		const inReview = run.phase === 'needsReview' && this.lastAnswer === 'refused';
		if (isTerminal(run.phase) || inReview) return this.result('settled', run);
		// A cancel is under way, be it ours whose answer was lost or somebody else's: another would be refused.
		if (run.phase === 'cancelling') this.lastAnswer = 'accepted';
		return undefined;
	}

	/**
	 * Sends a cancel and says what to read next.
	 *
	 * @throws ApiError when the cancel was certainly not carried out, or will never be
	 */
	private async attempt(): Promise<ReadView> {
		const asked = await attemptRequest(() => this.request());
		if ('error' in asked) {
			const { error } = asked;
			this.deps.reader.onError(error);
			this.error = error;
			this.lastAnswer = 'unknown';
			if (!error.mayHaveWorked) throw error;
			// Whatever else went wrong may hide a cancel that did arrive: only a read can tell.
			this.cancelledByUs = true;
			return 'light';
		}
		const answer = asked.value;
		if (!answer.accepted) {
			this.lastAnswer = 'refused';
			this.error = answer.error;
			return 'light';
		}
		this.lastAnswer = 'accepted';
		this.deps.reader.cancelAccepted = true;
		this.cancelledByUs = true;
		return answer.claimsEnded ? 'full' : 'light';
	}

	private async request(): Promise<CancelAnswer> {
		const { clock, requestQueue, client, reader, commandId } = this.deps;
		const answer = await requestQueue.request(
			this.scope,
			{
				priority: 'urgent',
				timeout: this.callTimeout,
				ignorePauseAfter: this.attempts === 0 ? clock.now() : this.lastTry,
				failuresBefore: reader.failuresInARow,
				onSent: () => {
					this.requestedAt ??= clock.now();
					this.attempts += 1;
				},
			},
			(signal) => client.cancel(reader.id, commandId, signal),
		);
		if (!answer.accepted) requestQueue.pauseFor(answer.error, this.attempts);
		return answer;
	}

	/** True once a request to cancel was sent. */
	get wasSent(): boolean {
		return this.requestedAt !== undefined;
	}

	resultAtEnd(): CancelResult {
		if (this.lastAnswer === 'accepted') return this.result('pending');
		if (this.lastAnswer === 'refused') return this.result('refused');
		return this.result('unreachable');
	}

	result(verdict: CancelResult['verdict'], run?: Run): CancelResult {
		return {
			verdict,
			run,
			cancelledByUs: this.cancelledByUs,
			requestedAt: this.requestedAt,
			attempts: this.attempts,
			confirmedAt: verdict === 'settled' ? this.deps.clock.now() : undefined,
			error: this.error,
		};
	}

	dispose(): void {
		this.scope.dispose();
	}
}
