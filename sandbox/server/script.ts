/**
 * The life of one run as a pure function of its script and the time: no timers, so that thousands of runs are cheap
 * and a test can set the clock.
 */

export type Phase =
	| 'waiting'
	| 'running'
	| 'cancelling'
	| 'needsReview'
	| 'completed'
	| 'failed'
	| 'expired'
	| 'rejected'
	| 'cancelled';

const TERMINAL_PHASES: ReadonlySet<Phase> = new Set([
	'completed',
	'failed',
	'expired',
	'rejected',
	'cancelled',
]);

export function isTerminal(phase: Phase): boolean {
	return TERMINAL_PHASES.has(phase);
}

/** What a run comes to. `cancelled` means that somebody else cancels it, `error` is another word for failed. */
export const RESULTS = [
	'completed',
	'failed',
	'error',
	'stuck',
	'needs_review',
	'expired',
	'rejected',
	'cancelled',
] as const;
export type Result = (typeof RESULTS)[number];

/** How a run reacts to a cancel request; sandbox/README.md explains each word. */
export const CANCEL_BEHAVIOURS = ['normal', 'slow', 'ignored', 'race_409', 'finishes_first'] as const;
export type CancelBehaviour = (typeof CANCEL_BEHAVIOURS)[number];

export interface Script {
	/** ms after the start of the attempt until the run leaves the queue */
	pendingMs: number;
	/** ms after the start of the attempt until `result`; never before `pendingMs` is over */
	durationMs: number;
	result: Result;
}

/** A cancel request that was accepted. */
export interface AcceptedCancel {
	requestedAt: number;
	/** When the run stops; `Infinity` when the request is accepted and then ignored. */
	effectiveAt: number;
	/** The API shows an interim status from the request until the run stops (Extend workflow runs: `CANCELLING`). */
	interim: boolean;
}

/** A phase set by hand; it replaces what the script says from `at` on. */
export interface ForcedPhase {
	at: number;
	phase: Phase;
}

export interface Life {
	script: Script;
	/** Start of the current attempt in sandbox ms: creation, or the last retry. */
	startedFrom: number;
	cancel?: AcceptedCancel;
	forced?: ForcedPhase;
}

export interface State {
	phase: Phase;
	/** Sandbox ms at which this phase began. */
	since: number;
	/** Sandbox ms at which work began; null while waiting and for runs that never left the queue. */
	startedAt: number | null;
	/** Sandbox ms at which a terminal phase was reached, else null. */
	endedAt: number | null;
}

const RESULT_PHASES: Record<Exclude<Result, 'stuck'>, Phase> = {
	completed: 'completed',
	failed: 'failed',
	error: 'failed',
	needs_review: 'needsReview',
	expired: 'expired',
	rejected: 'rejected',
	cancelled: 'cancelled',
};

/** The phase a script ends in; a stuck run has none. */
export function resultPhase(result: Result): Phase | undefined {
	return result === 'stuck' ? undefined : RESULT_PHASES[result];
}

function resultAt(life: Life): number {
	if (life.script.result === 'stuck') return Infinity;
	return life.startedFrom + Math.max(life.script.durationMs, life.script.pendingMs);
}

function scriptedPhase(life: Life, now: number): { phase: Phase; since: number } {
	const workFrom = life.startedFrom + life.script.pendingMs;
	const end = resultAt(life);
	const phase = resultPhase(life.script.result);
	if (phase && now >= end) return { phase, since: end };
	if (now >= workFrom) return { phase: 'running', since: workFrom };
	return { phase: 'waiting', since: life.startedFrom };
}

function uncancelledPhase(life: Life, now: number): { phase: Phase; since: number } {
	const { forced } = life;
	if (forced && now >= forced.at) return { phase: forced.phase, since: forced.at };
	return scriptedPhase(life, now);
}

/** When the run would reach a terminal phase if nobody cancelled it. */
function uncancelledEnd(life: Life): number {
	const { forced } = life;
	if (forced) return isTerminal(forced.phase) ? forced.at : Infinity;
	const phase = resultPhase(life.script.result);
	return phase && isTerminal(phase) ? resultAt(life) : Infinity;
}

/** The state of a run at `now` (sandbox ms). */
export function stateAt(life: Life, now: number): State {
	const { cancel } = life;
	let { phase, since } = uncancelledPhase(life, now);
	if (cancel && now >= cancel.requestedAt) {
		if (now >= cancel.effectiveAt && uncancelledEnd(life) > cancel.effectiveAt) {
			phase = 'cancelled';
			since = cancel.effectiveAt;
		} else if (cancel.interim && !isTerminal(phase)) {
			phase = 'cancelling';
			since = cancel.requestedAt;
		}
	}
	return {
		phase,
		since,
		startedAt: startOfWork(life, phase, since, now),
		endedAt: isTerminal(phase) ? since : null,
	};
}

function startOfWork(life: Life, phase: Phase, since: number, now: number): number | null {
	const planned = life.startedFrom + life.script.pendingMs;
	if (phase === 'waiting') return null;
	// A run that was made to finish while it still waited did start: the moment it finished.
	if (phase === 'completed' || phase === 'failed') return Math.min(planned, since);
	return planned <= (isTerminal(phase) ? since : now) ? planned : null;
}
