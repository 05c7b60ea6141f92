import type { ApiError } from '../requests/apiError';
import type { CancelResult } from '../runs/cancelRun';
import type { Phase } from '../runs/run';

/** How the watch of a run ended. The README says what each one means. */
export type Outcome =
	| 'completed'
	| 'needsReview'
	| 'failed'
	| 'expired'
	| 'rejected'
	| 'cancelledElsewhere'
	| 'notFound'
	| 'unreachable'
	| 'cancelled'
	| 'cancelPending'
	| 'notCancellable'
	| 'stillRunning';

const OF_PHASE: Partial<Record<Phase, Outcome>> = {
	completed: 'completed',
	needsReview: 'needsReview',
	failed: 'failed',
	expired: 'expired',
	rejected: 'rejected',
};

/** The outcome of a run that is done. */
export function outcomeOf(phase: Phase, cancelledByUs = false): Outcome {
	return OF_PHASE[phase] ?? (cancelledByUs ? 'cancelled' : 'cancelledElsewhere');
}

/** The outcome of a run about which asking again cannot help. */
export function outcomeOfError(error: ApiError): Outcome {
	return error.kind === 'notFound' ? 'notFound' : 'unreachable';
}

const OF_VERDICT: Record<Exclude<CancelResult['verdict'], 'settled'>, Outcome> = {
	pending: 'cancelPending',
	refused: 'notCancellable',
	notFound: 'notFound',
	unreachable: 'unreachable',
};

export function outcomeOfCancel({ verdict, run, cancelledByUs }: CancelResult): Outcome {
	if (verdict !== 'settled') return OF_VERDICT[verdict];
	return run ? outcomeOf(run.phase, cancelledByUs) : 'unreachable';
}

/**
 * What went wrong, where an outcome says that something did, and otherwise what went wrong last.
 *
 * @param silence the error when nothing was answered at all
 */
export function errorBehind(
	outcome: string,
	last: ApiError | undefined,
	cancel: CancelResult | undefined,
	silence: ApiError | undefined,
): ApiError | undefined {
	if (outcome === 'notCancellable') return cancel?.error ?? last;
	return outcome === 'unreachable' ? (last ?? cancel?.error ?? silence) : last;
}
