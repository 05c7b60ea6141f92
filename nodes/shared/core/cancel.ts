import type { RunAsker } from './asker';
import type { Clock } from './clock';
import { ApiFault } from './faults';
import type { RequestGate } from './gate';
import { CANCEL } from './limits';
import { type CancelAnswer, type Detail, type RunPort, timeBoxed } from './port';
import { type Run, isTerminal } from './run';
import { type Scope, isInterruption } from './scope';
import { settle, settleFault } from './settle';

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
	ours: boolean;
	/** Unix ms at which the first cancel left; absent when none could leave in time. */
	requestedAt?: number;
	attempts: number;
	/** Unix ms of the read that showed the end. */
	confirmedAt?: number;
	/** What went wrong with the latest attempt to cancel that went wrong: a refusal, or no usable answer. */
	fault?: ApiFault;
}

export interface CancelTools {
	port: RunPort;
	gate: RequestGate;
	clock: Clock;
	asker: RunAsker;
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
	tools: CancelTools,
	parent: Scope,
	budget: number,
): Promise<CancelResult> {
	const cancellation = new Cancellation(tools, parent.fork(), budget);
	const settled = await settle(() => cancellation.run());
	cancellation.release();
	if ('value' in settled) return settled.value;
	if (parent.signal.aborted) {
		if (tools.whenStopped === 'report' && cancellation.hasLeft) return cancellation.resultAtEnd();
		throw parent.signal.reason;
	}
	if (settled.error instanceof ApiFault) return cancellation.result('unreachable');
	if (!isInterruption(settled.error, 'timeout')) throw settled.error;
	return cancellation.resultAtEnd();
}

class Cancellation {
	/** How the latest attempt was answered; `unknown` before the first and after a lost answer. */
	private standing: 'unknown' | 'refused' | 'accepted';

	/** True once an attempt was accepted, or may have been carried out without our hearing of it. */
	private ours = false;

	private attempts = 0;

	private requestedAt?: number;

	private fault?: ApiFault;

	/** Unix ms from which on a pause asked for by the provider no longer holds us back. */
	private readonly lastTry: number;

	private readonly callTimeout: number;

	constructor(
		private readonly tools: CancelTools,
		private readonly scope: Scope,
		private readonly budget: number,
	) {
		this.standing = tools.asker.cancelAccepted ? 'accepted' : 'unknown';
		this.lastTry = tools.clock.now() + budget - Math.min(CANCEL.lastTry, budget / 2);
		this.callTimeout = Math.min(
			CANCEL.callTimeout,
			Math.max(CANCEL.minCallTimeout, budget * CANCEL.callShare),
		);
	}

	/**
	 * @throws ApiFault when asking again cannot help, Interruption `timeout` when the budget is used up
	 */
	async run(): Promise<CancelResult> {
		const { clock, asker } = this.tools;
		clock.sleep(this.budget, this.scope.signal).then(
			() => this.scope.end('timeout'),
			() => undefined,
		);
		let wait: number = CANCEL.firstWait;
		for (;;) {
			const tried = await settleFault(() => this.cancelAndLook());
			if ('fault' in tried && asker.isFinal(tried.fault)) throw tried.fault;
			if ('value' in tried && tried.value) return tried.value;
			const pause = 'fault' in tried ? Math.max(wait, asker.retryDelay()) : wait;
			const left = this.lastTry - clock.now();
			await clock.sleep(left > 0 ? Math.min(pause, left) : wait, this.scope.signal);
			wait = Math.min(CANCEL.maxWait, wait * CANCEL.waitGrowth);
		}
	}

	/**
	 * One round: a cancel, unless one was accepted already, and a read. Gives back the result when there is one.
	 *
	 * @throws ApiFault
	 */
	private async cancelAndLook(): Promise<CancelResult | undefined> {
		const detail = this.standing === 'accepted' ? 'light' : await this.attempt();
		if (this.standing === 'accepted' && this.tools.until === 'accepted') return this.result('pending');
		const run = await this.tools.asker.read(detail, this.scope, 'confirm', {
			timeout: this.callTimeout,
			ignorePauseAfter: this.lastTry,
		});
		const inReview = run.phase === 'needsReview' && this.standing === 'refused';
		if (isTerminal(run.phase) || inReview) return this.result('settled', run);
		// A cancel is under way, be it ours whose answer was lost or somebody else's: another would be refused.
		if (run.phase === 'cancelling') this.standing = 'accepted';
		return undefined;
	}

	/**
	 * Sends a cancel and says what to read next.
	 *
	 * @throws ApiFault when the cancel was certainly not carried out, or will never be
	 */
	private async attempt(): Promise<Detail> {
		const asked = await settleFault(() => this.request());
		if ('fault' in asked) {
			const { fault } = asked;
			this.tools.asker.failed(fault);
			this.fault = fault;
			this.standing = 'unknown';
			if (!fault.mayHaveWorked) throw fault;
			// Whatever else went wrong may hide a cancel that did arrive: only a read can tell.
			this.ours = true;
			return 'light';
		}
		const answer = asked.value;
		if (!answer.accepted) {
			this.standing = 'refused';
			this.fault = answer.fault;
			return 'light';
		}
		this.standing = 'accepted';
		this.tools.asker.cancelAccepted = true;
		this.ours = true;
		return answer.claimsEnded ? 'full' : 'light';
	}

	private request(): Promise<CancelAnswer> {
		const { clock, gate, port, asker, commandId } = this.tools;
		return gate.run(
			this.scope,
			'urgent',
			async (slot) => {
				this.requestedAt ??= clock.now();
				this.attempts += 1;
				const answer = await timeBoxed(clock, slot, this.callTimeout, (signal) =>
					port.cancel(asker.id, commandId, signal),
				);
				if (!answer.accepted) gate.heed(answer.fault, this.attempts);
				return answer;
			},
			this.attempts === 0 ? clock.now() : this.lastTry,
		);
	}

	/** True once a request to cancel was sent. */
	get hasLeft(): boolean {
		return this.requestedAt !== undefined;
	}

	resultAtEnd(): CancelResult {
		if (this.standing === 'accepted') return this.result('pending');
		if (this.standing === 'refused') return this.result('refused');
		return this.result('unreachable');
	}

	result(verdict: CancelResult['verdict'], run?: Run): CancelResult {
		return {
			verdict,
			run,
			ours: this.ours,
			requestedAt: this.requestedAt,
			attempts: this.attempts,
			confirmedAt: verdict === 'settled' ? this.tools.clock.now() : undefined,
			fault: this.fault,
		};
	}

	release(): void {
		this.scope.release();
	}
}
