import type { IExecuteFunctions } from 'n8n-workflow';
import { z } from 'zod';

import type { WatchReport } from '../shared/core/watch/watchRuns';
import { systemClock } from '../shared/n8n/transport/systemClock';

/** A cancel that this node has sent in this execution. Times are unix ms. */
const ownCancel = z.object({
	requestedAt: z.number().optional(),
	acceptedAt: z.number().optional(),
	attempts: z.number(),
	confirmedAt: z.number().optional(),
	deadline: z.number().optional(),
});

type OwnCancel = z.infer<typeof ownCancel>;

const KEY = 'ownCancels';

/**
 * Tells runs that this node had cancelled before from those that somebody else cancelled. In a loop, a run whose cancel was
 * not confirmed in time is looked at again, and is cancelled then.
 *
 * n8n keeps the context of a node over the loops and waits of one execution, and in its database. Another execution or
 * another node does not know it: there such a run stays `cancelledElsewhere`.
 *
 * @param account what an ID belongs to, such as `retab extraction`
 * @returns the report, with the earlier cancel where there was one
 */
export function ownCancels(
	context: IExecuteFunctions,
	account: string,
): (report: WatchReport) => WatchReport {
	const store = context.getContext('node');
	const known = new Map(Object.entries(z.record(ownCancel).catch({}).parse(store[KEY])));
	return (report) => {
		const name = `${account} ${report.id}`;
		const earlier = known.get(name);
		if (report.outcome === 'cancelledElsewhere' && earlier) return cancelledBefore(report, earlier);
		if (report.cancel && mayBeOurs(report)) {
			known.set(name, { ...toStore(report.cancel), deadline: report.deadline });
			store[KEY] = Object.fromEntries(known);
		}
		return report;
	};
}

/** False where each attempt was refused: whatever becomes of such a run is not our doing. */
function mayBeOurs({ cancel, outcome }: WatchReport): boolean {
	const isOpen = outcome === 'unreachable' && cancel?.requestedAt !== undefined;
	return cancel?.acceptedAt !== undefined || outcome === 'cancelled' || isOpen;
}

function toStore({
	requestedAt,
	acceptedAt,
	attempts,
	confirmedAt,
}: NonNullable<WatchReport['cancel']>): OwnCancel {
	return { requestedAt, acceptedAt, attempts, confirmedAt };
}

function cancelledBefore(report: WatchReport, { deadline, ...cancel }: OwnCancel): WatchReport {
	return {
		...report,
		outcome: 'cancelled',
		timedOut: true,
		deadline: deadline ?? report.deadline,
		cancel: { ...cancel, confirmedAt: cancel.confirmedAt ?? systemClock.now() },
	};
}
