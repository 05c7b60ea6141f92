import type { ApiError } from '../shared/core/requests/apiError';
import type { Outcome } from '../shared/core/watch/outcome';
import type { WatchReport } from '../shared/core/watch/watchRuns';
import type { AroundRun } from '../shared/n8n/output/simplify';
import { safeMessage } from '../shared/n8n/output/text';
import type { OutputName } from './fields';

export const OUTPUT_OF: Record<Outcome, OutputName> = {
	completed: 'Completed',
	needsReview: 'Completed',
	failed: 'Failed',
	expired: 'Failed',
	rejected: 'Failed',
	cancelledElsewhere: 'Failed',
	notFound: 'Failed',
	unreachable: 'Failed',
	cancelled: 'Timed Out',
	cancelPending: 'Timed Out',
	notCancellable: 'Timed Out',
	stillRunning: 'Still Running',
};

function iso(at: number | undefined): string | null {
	return at === undefined ? null : new Date(at).toISOString();
}

/** The item for a run. What was never learned is `null`; the run object of the API stays as it came, under `run`. */
export function reportItem(report: WatchReport, provider: string, resource: string): AroundRun {
	const { cancel, run, deadline, countedFrom } = report;
	return {
		outcome: report.outcome,
		timedOut: report.timedOut,
		provider,
		resource,
		id: report.id,
		status: run?.status ?? null,
		phase: run?.phase ?? 'unknown',
		deadline: iso(deadline),
		...(countedFrom && { countedFrom: { field: countedFrom.field, time: iso(countedFrom.at) } }),
		elapsedMs: report.elapsed,
		polls: report.polls,
		history: report.history.map(({ status, at }) => ({ status, seenAt: iso(at) })),
		...(cancel && {
			cancel: { ...cancelDetails(cancel), lateMs: lateness(cancel, deadline) },
		}),
		...(report.members && { members: report.members }),
		...(report.lastError && { lastError: errorDetails(report.lastError) }),
		run: run?.body ?? null,
	};
}

export function cancelDetails(cancel: NonNullable<WatchReport['cancel']>): object {
	return {
		requestedAt: iso(cancel.requestedAt),
		acceptedAt: iso(cancel.acceptedAt),
		attempts: cancel.attempts,
		confirmedAt: iso(cancel.confirmedAt),
	};
}

/** Milliseconds from the deadline until the API accepted the cancel, or until the first cancel was sent where it never did. */
function lateness(
	{ requestedAt, acceptedAt = requestedAt }: NonNullable<WatchReport['cancel']>,
	deadline: number | undefined,
): number | null {
	return acceptedAt === undefined || deadline === undefined ? null : acceptedAt - deadline;
}

/**
 * Named `lastError` in the item: a field `error` at the top would make n8n's Retry On Fail run the node again, and would
 * send the item to the error output.
 */
export function errorDetails(error: ApiError): object {
	return {
		message: safeMessage(error.message),
		...(error.hint && { description: safeMessage(error.hint) }),
		...(error.status && { httpCode: error.status }),
		...(error.code && { code: error.code }),
		...(error.requestId && { requestId: error.requestId }),
	};
}
