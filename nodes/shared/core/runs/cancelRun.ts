import type { ReaderDeps, RunReader } from './runReader';
import { ApiError } from '../requests/apiError';
import { CANCEL } from '../config';
import type { CancelAnswer, ReadView } from './runClient';
import { type Run, isTerminal } from './run';
import { delayAfter } from '../requests/retry';
import { type CancellationScope, isCancelReason } from '../concurrency/cancellationScope';
import { attempt, attemptRequest } from '../concurrency/result';

/** What was sent to cancel a run, and how the API took it. */
interface CancelAttempts {
	attempts: number;
	/** Unix ms at which the first cancel was sent; absent when none could be sent in time. */
	requestedAt?: number;
	/** Unix ms at which the API accepted it; absent when it never said so. */
	acceptedAt?: number;
	/** False when every attempt was cleanly refused: then the run's end is not our doing. */
	cancelledByUs: boolean;
	/** What went wrong with the latest attempt that went wrong: a refusal, or no usable answer. */
	error?: ApiError;
}

/**
 * What became of a cancel.
 *
 * | verdict | what is known |
 * |---|---|
 * | `settled` | a read showed the run at its end (`run.phase` says which), or waiting for a person |
 * | `pending` | a cancel was accepted, no read showed the end in time |
 * | `refused` | the API answered each attempt with a refusal, and the run goes on |
 * | `notFound` | 404 three times in a row |
 * | `unreachable` | the API could not be asked, or will not answer |
 */
export interface CancelResult extends CancelAttempts {
	verdict: 'settled' | 'pending' | 'refused' | 'notFound' | 'unreachable';
	run?: Run;
	/** Unix ms of the read that showed the end. */
	confirmedAt?: number;
}

export interface CancelDeps extends ReaderDeps {
	reader: RunReader;
	commandId: string;
	/** `accepted`: nobody waits for the outcome any more, so it is enough that a cancel was accepted. */
	until: 'confirmed' | 'accepted';
	/**
	 * Waits until a run is to be read again whose cancel is under way, and says how: after `delay` milliseconds, or later
	 * where lists show that it goes on. Without it, the run is read after that delay.
	 */
	nextRead?: (delay: number, scope: CancellationScope) => Promise<ReadView>;
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
 * When `parent` ends early, what is known by then is given back.
 *
 * @throws the reason why `parent` ended, when no cancel was sent before
 */
export async function confirmCancel(
	deps: CancelDeps,
	parent: CancellationScope,
	budget: number,
): Promise<CancelResult> {
	const scope = parent.child();
	const cancellation = new Cancellation(deps, scope, budget);
	scope.cancelIn(budget, 'timeout', deps.clock);
	const done = await attempt(() => cancellation.run());
	scope.dispose();
	if ('value' in done) return done.value;
	if (parent.signal.aborted) {
		if (!cancellation.wasSent) throw parent.signal.reason;
	} else if (done.error instanceof ApiError) {
		return cancellation.result(done.error.kind === 'notFound' ? 'notFound' : 'unreachable');
	} else if (!isCancelReason(done.error, 'timeout')) {
		throw done.error;
	}
	return cancellation.resultAtEnd();
}

class Cancellation {
	private readonly sent: CancelAttempts = { attempts: 0, cancelledByUs: false };

	/** How the latest attempt was answered; `unknown` before the first and after a lost answer. */
	private lastAnswer: 'unknown' | 'refused' | 'accepted' = 'unknown';

	/** Unix ms from which on a pause asked for by the provider no longer holds us back. */
	private readonly lastTry: number;

	private readonly callTimeout: number;

	constructor(
		private readonly deps: CancelDeps,
		private readonly scope: CancellationScope,
		budget: number,
	) {
		this.lastTry = deps.clock.now() + budget - Math.min(CANCEL.lastTry, budget / 2);
		this.callTimeout = Math.min(
			CANCEL.callTimeout,
			Math.max(CANCEL.minCallTimeout, budget * CANCEL.callShare),
		);
	}

	/**
	 * @throws ApiError when asking again cannot help, CancelReason when the scope ended
	 */
	async run(): Promise<CancelResult> {
		const { clock, reader } = this.deps;
		let wait: number = CANCEL.firstWait;
		let view: ReadView = 'light';
		for (;;) {
			const tried = await attemptRequest(() => this.cancelAndRead(view));
			if ('error' in tried && reader.isFinal(tried.error)) throw tried.error;
			if ('value' in tried && tried.value) return tried.value;
			const isUnderWay = 'value' in tried && this.lastAnswer === 'accepted';
			const pause =
				'error' in tried ? Math.max(wait, delayAfter(tried.error, reader.failuresInARow, clock)) : wait;
			view = await this.nextRead(pause, wait, isUnderWay);
			wait = Math.min(CANCEL.maxWait, wait * CANCEL.waitGrowth);
		}
	}

	/** Waits for `pause` milliseconds, but not beyond the last try; after that, for `wait` milliseconds. */
	private async nextRead(pause: number, wait: number, isUnderWay: boolean): Promise<ReadView> {
		const { clock, nextRead } = this.deps;
		const left = this.lastTry - clock.now();
		if (!nextRead || !isUnderWay || left <= pause) {
			await clock.sleep(left > 0 ? Math.min(pause, left) : wait, this.scope.signal);
			return 'light';
		}
		const scope = this.scope.child();
		scope.cancelIn(left, 'deadline', clock);
		const next = await attempt(() => nextRead(pause, scope));
		scope.dispose();
		if ('value' in next) return next.value;
		if (!isCancelReason(next.error, 'deadline')) throw next.error;
		return 'light';
	}

	/**
	 * One round: a cancel, unless one was accepted already, and a read. Gives back the result when there is one.
	 *
	 * @param next how a run is read whose cancel was accepted before
	 * @throws ApiError
	 */
	private async cancelAndRead(next: ReadView): Promise<CancelResult | undefined> {
		const view = this.lastAnswer === 'accepted' ? next : await this.attempt();
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
		const { sent, deps } = this;
		const asked = await attemptRequest(() => this.request());
		if ('error' in asked) {
			const { error } = asked;
			deps.reader.onError(error);
			sent.error = error;
			this.lastAnswer = 'unknown';
			if (!error.mayHaveWorked) throw error;
			// Whatever else went wrong may hide a cancel that did arrive: only a read can tell.
			sent.cancelledByUs = true;
			return 'light';
		}
		const answer = asked.value;
		if (!answer.accepted) {
			this.lastAnswer = 'refused';
			sent.error = answer.error;
			return 'light';
		}
		this.lastAnswer = 'accepted';
		sent.acceptedAt = deps.clock.now();
		sent.cancelledByUs = true;
		return answer.claimsEnded ? 'full' : 'light';
	}

	private async request(): Promise<CancelAnswer> {
		const { clock, requestQueue, client, reader, commandId } = this.deps;
		const { sent } = this;
		const answer = await requestQueue.request(
			this.scope,
			{
				priority: 'urgent',
				timeout: this.callTimeout,
				ignorePauseAfter: sent.attempts === 0 ? clock.now() : this.lastTry,
				failuresBefore: reader.failuresInARow,
				onSent: () => {
					sent.requestedAt ??= clock.now();
					sent.attempts += 1;
				},
			},
			(signal) => client.cancel(reader.id, commandId, signal),
		);
		if (!answer.accepted) requestQueue.pauseFor(answer.error, sent.attempts);
		return answer;
	}

	/** True once a cancel was sent. */
	get wasSent(): boolean {
		return this.sent.requestedAt !== undefined;
	}

	resultAtEnd(): CancelResult {
		if (this.lastAnswer === 'accepted') return this.result('pending');
		return this.result(this.lastAnswer === 'refused' ? 'refused' : 'unreachable');
	}

	result(verdict: CancelResult['verdict'], run?: Run): CancelResult {
		const confirmedAt = verdict === 'settled' ? this.deps.clock.now() : undefined;
		return { verdict, run, ...this.sent, confirmedAt };
	}
}
