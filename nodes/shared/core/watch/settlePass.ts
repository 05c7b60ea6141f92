import type { Clock } from '../concurrency/clock';
import { LIST_POLLER } from '../config';
import type { ListLimits } from './listLimits';
import { type ListPass, hitsOf, pageCountOf, spotCheck } from './listPass';
import { type TrackedRuns, defer, mayDefer } from './trackedRuns';

/**
 * Decides for each run that waits how it goes on after a list pass.
 *
 * @param error why the pass ended early
 */
export function settlePass(
	pass: ListPass,
	error: unknown,
	{ runs, limits, clock }: { runs: TrackedRuns; limits: ListLimits; clock: Clock },
): void {
	const now = clock.now();
	for (const { known, hits } of pass.cursors) if (hits.length > 0) known.hits = hits;
	if (pass.explores) limits.exploresAt = now + LIST_POLLER.cooldown;
	if (error === undefined) {
		limits.onPassRead();
	} else {
		const due = [...runs.waiting].filter(({ isDue, view }) => isDue && !view);
		const latest = due.map(({ run }) => pass.startedAt + run.options.polls.interval);
		if (limits.retriesPage(error, clock, limits.credit.allows(1) ? Math.min(...latest) : 0)) {
			for (const tracked of due) runs.setTimer(tracked, limits.retryAt);
			return;
		}
	}
	if (pass.isStale) {
		limits.closedUntil = now + LIST_POLLER.cooldown;
		for (const tracked of runs.waiting) runs.readSingly(tracked, 'light', now);
		return;
	}
	let unpaid = pageCountOf(pass) - hitsOf(pass);
	for (const tracked of runs.waiting) {
		if (tracked.foundIn === pass) {
			if (tracked.isDue) runs.setTimer(tracked, now);
		} else if (pass.isMissing(tracked)) {
			// A run that waited has rather started than ended.
			runs.readSingly(tracked, tracked.run.reader.last?.phase === 'waiting' ? 'light' : 'full', now);
		} else if (unpaid > 0 && mayDefer(tracked, now)) {
			unpaid -= 1;
			limits.credit.defer();
			defer(tracked, now);
			runs.setTimer(tracked, now + tracked.delay);
		} else if (tracked.isDue) {
			runs.readSingly(tracked, 'light', now);
		}
	}
	spotCheck(pass, runs, limits, now);
}
