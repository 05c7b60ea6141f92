import { isDeepStrictEqual } from 'node:util';

import { type Phase, isDone, isTerminal } from '../../nodes/shared/core/runs/run';
import { isCancelReason } from '../../nodes/shared/core/concurrency/cancellationScope';
import type { Outcome } from '../../nodes/shared/core/watch/outcome';
import type { WatchReport } from '../../nodes/shared/core/watch/watchRuns';
import { DIALECTS, type Logged } from '../support/remote';
import { type Watched, idOf } from './watchCase';

/**
 * The rules that never bend, checked on what a whole story left behind: the log of the requests, with their virtual
 * times, and the reports. Numbers the rules speak of are written out here, not taken from the code.
 */
const PREEMPT_AFTER = 20;
const SHORTEST_BACKOFF = 375;
const LONGEST_PAUSE = 300_000;
/** Milliseconds between two cancels once the provider has asked to slow down, at most. */
const SLOWEST = 500;
const ONE_LOOK = 30_000;
const FULL_READ = 30_000;
const STOP_BUDGET = 10_000;
const STOP_BUDGET_PER_RUN = 200;
const STOP_REQUESTS = 50;
const LAST_TRY = 1_000;
const ONE_REQUEST = 30_000;
const ONE_CALL_AROUND_A_CANCEL = { shortest: 1_000, longest: 10_000, share: 1 / 3 };
const LOOKUP_PAGES = 10;

/** Sums of fractions of milliseconds are not exact. */
const DUST = 0.01;

const FINAL = new Set([400, 401, 402, 403, 410, 422]);

/** True when the API took the cancel, or may have taken it without the client hearing of it. */
function mayHaveBeenTaken({ heard, status }: Logged): boolean {
	if (heard !== undefined) return heard === 'accepted';
	return status === undefined || status < 400 || status >= 500 || status === 408;
}

const OUTCOMES: Partial<Record<Phase, Outcome[]>> = {
	completed: ['completed'],
	failed: ['failed'],
	expired: ['expired'],
	rejected: ['rejected'],
	needsReview: ['needsReview'],
	cancelled: ['cancelled', 'cancelledElsewhere'],
};

const GOES_ON: ReadonlySet<Phase> = new Set(['waiting', 'running', 'cancelling']);

const ENDED: ReadonlySet<Outcome> = new Set(Object.values(OUTCOMES).flat());

/** All that happened about one run. */
interface Story {
	id: string;
	watched: Watched;
	/** Of this run, in the order they left. */
	requests: Logged[];
	reads: Logged[];
	cancels: Logged[];
	/** Reads whose answer was a run. */
	heard: Logged[];
	/** Pages of narrowed lists that showed the run. */
	shown: Logged[];
	targets: Watched['story']['targets'];
	/** Present unless the workflow was stopped, or the run could not be watched as asked. */
	report?: WatchReport;
}

function claim(condition: boolean, rule: string, story: Story | Watched, about: unknown = ''): void {
	if (condition) return;
	const watched = 'watched' in story ? story.watched : story;
	const one = 'watched' in story ? story : undefined;
	const log = watched.remote.log
		.filter(({ id }) => !one || id === one.id || id === '*')
		.map(
			(entry) =>
				`  #${entry.index} ${entry.kind} ${entry.id} ${entry.view} ${entry.at.toFixed(1)}–${entry.endedAt.toFixed(1)} ` +
				`${entry.aborted ? 'given up' : (entry.status ?? 'broke')} ${entry.phase ?? entry.heard ?? ''}` +
				(entry.retryAfter === undefined ? '' : ` Retry-After ${entry.retryAfter}`),
		);
	const { run, lastError, ...report } = one?.report ?? {};
	throw new Error(
		[
			`Broken: ${rule} (${one?.id ?? 'all runs'}) ${JSON.stringify(about)}`,
			`report: ${JSON.stringify(report)} run: ${JSON.stringify(run?.body)} fault: ${lastError?.message}`,
			`targets: ${JSON.stringify(one?.targets)} stopped: ${watched.story.stopAt} ended: ${watched.endedAt}`,
			...log.slice(-30),
		].join('\n'),
	);
}

export function checkRules(watched: Watched): void {
	const stories = storiesOf(watched);
	everythingIsReported(watched, stories);
	withinTheLimit(watched);
	pausesAreKept(watched, stories);
	nothingStaysBehind(watched);
	for (const story of stories) {
		oneRequestAtATime(story);
		aCancelIsNotRepeated(story);
		neverBeforeTheDeadline(story);
		exactlyAtTheDeadline(story, stories);
		noRequestTakesForEver(story);
		aRunInReviewIsLeftToThePerson(story);
		pollsKeepTheirDistance(story);
		pollsAreLight(story);
		sameCommandId(story);
		if (story.report) {
			theLastReadIsTheTruth(story, story.report);
			everyOutcomeHasItsReason(story, story.report);
			inTime(story, story.report);
			numbersAreRight(story, story.report);
		}
	}
	stoppedAtOnce(watched, stories);
}

function storiesOf(watched: Watched): Story[] {
	const { log, runs } = watched.remote;
	return runs.map(({ id }, run) => {
		const requests = log.filter((entry) => entry.id === id);
		const index = watched.story.targets.findIndex((target) => target.run === run);
		const result = watched.results?.[index];
		return {
			id,
			watched,
			requests,
			reads: requests.filter(({ kind }) => kind === 'read'),
			cancels: requests.filter(({ kind }) => kind === 'cancel'),
			heard: requests.filter(({ kind, status, phase }) => kind === 'read' && status === 200 && phase),
			shown: log.filter((entry) => entry.isNarrowed && entry.status === 200 && entry.shown?.has(id)),
			targets: watched.story.targets.filter((target) => target.run === run),
			report: result && 'report' in result ? result.report : undefined,
		};
	});
}

/** Rule 4: nothing is lost, nothing is reported twice, equal ids are watched once, one bad item hurts no other. */
function everythingIsReported(watched: Watched, stories: Story[]): void {
	const { results, thrown, story } = watched;
	if (!results) {
		claim(story.stopAt !== undefined, 'only a stop ends everything', watched, String(thrown));
		claim(isCancelReason(thrown, 'stopped'), 'a stop is told as a stop', watched, String(thrown));
		return;
	}
	claim(results.length === story.targets.length, 'one result per target', watched, results.length);
	results.forEach((result, index) => {
		const run = story.targets[index]?.run ?? -1;
		const first = story.targets.findIndex((target) => target.run === run);
		claim(isDeepStrictEqual(result, results[first]), 'equal ids have equal results', watched, index);
		if ('report' in result) {
			claim(result.report.id === idOf(run), 'results are in the order of the targets', watched, index);
			return;
		}
		const own = stories.find(({ id }) => id === idOf(run));
		claim(
			result.error.name === 'WatchError',
			'only a missing time is an error',
			watched,
			String(result.error),
		);
		claim(
			!DIALECTS[story.remote.dialect].showsCreated && own?.heard.length !== 0,
			'a time is missing only where the run does not show it',
			watched,
		);
	});
}

/** Rule 4: a bound on requests in flight; after a stop, a bound of its own. */
function withinTheLimit(watched: Watched): void {
	const { limit, stopAt, options } = watched.story;
	const most = stopAt !== undefined && options.onStop === 'cancel' ? Math.max(limit, STOP_REQUESTS) : limit;
	claim(watched.remote.mostInFlight <= most, 'never more than the limit', watched);
}

/** Rule 4: equal ids are watched once, and one watch asks one thing at a time. */
function oneRequestAtATime(story: Story): void {
	story.requests.forEach((entry, index) => {
		const next = story.requests[index + 1];
		if (next) claim(next.at >= entry.endedAt, 'one request at a time', story, [entry.index, next.index]);
	});
}

/** Rule 1 and 2: outcomes are what the last read said, and a cancel is only claimed where one may have been carried out. */
function theLastReadIsTheTruth(story: Story, report: WatchReport): void {
	const last = story.heard.at(-1);
	const phase = report.run?.phase;
	const byRow =
		phase && GOES_ON.has(phase) && story.shown.some(({ shown }) => shown?.get(story.id) === phase);
	const isOpen = last === undefined || (last.phase !== undefined && GOES_ON.has(last.phase));
	claim(
		phase === last?.phase || (byRow === true && isOpen),
		'the run in the report is the last one that was read, or that a list showed',
		story,
	);
	if (!ENDED.has(report.outcome)) {
		claim(!last?.phase || !isTerminal(last.phase), 'a run that was seen at its end is reported so', story);
		return;
	}
	claim(
		last?.phase !== undefined && (OUTCOMES[last.phase] ?? []).includes(report.outcome),
		'the outcome is what the last read said',
		story,
		last,
	);
	const remoteRun = story.watched.remote.runs.find(({ id }) => id === story.id);
	if (last?.phase && isTerminal(last.phase)) {
		claim(remoteRun?.phaseAt(story.watched.endedAt) === last.phase, 'the remote run really ended so', story);
	}
	if (last?.phase !== 'cancelled') return;
	const shown = story.heard.find(({ phase }) => phase === 'cancelled');
	const before = story.cancels.filter((cancel) => cancel.at <= (shown?.endedAt ?? 0));
	if (report.outcome === 'cancelled') {
		claim(report.timedOut && before.some(mayHaveBeenTaken), 'cancelled only by a cancel of ours', story);
	} else {
		claim(!before.some(({ carriedOut }) => carriedOut), 'a cancel of ours is not somebody else’s', story);
	}
}

/** Rules 1, 2 and 5: no run is given up without a reason. An unknown status is none. */
function everyOutcomeHasItsReason(story: Story, report: WatchReport): void {
	const { options } = story.watched.story;
	const afterCancel = story.heard.filter(
		({ at }) => at >= (story.cancels[0]?.endedAt ?? Number.POSITIVE_INFINITY),
	);
	const accepted =
		story.cancels.some(({ heard }) => heard === 'accepted') ||
		afterCancel.some(({ phase }) => phase === 'cancelling');
	const end = report.elapsed;
	const budgetOver = end >= dueOf(story) + options.confirmFor - DUST;
	switch (report.outcome) {
		case 'stillRunning': {
			const look = [...story.heard, ...story.shown].sort((a, b) => a.endedAs - b.endedAs).at(-1);
			claim(
				report.timedOut
					? options.atDeadline === 'leave' && end >= dueOf(story) - DUST
					: options.mode === 'once' && look !== undefined && knownAt(story, end).deadline > look.endedAt,
				'a run is still running only when the time is not up, or when it shall be left alone',
				story,
			);
			return;
		}
		case 'notFound':
			claim(report.lastError?.status === 404 && asksInVain(story, end), 'not found only by a 404', story);
			return;
		case 'unreachable':
			claim(report.lastError !== undefined, 'what went wrong is told', story);
			claim(
				asksInVain(story, end) ||
					(report.timedOut && budgetOver && !accepted && story.cancels.at(-1)?.heard !== 'refused') ||
					(report.timedOut && budgetOver && !accepted && story.cancels.at(-1)?.aborted === true) ||
					(!report.timedOut && options.mode === 'once' && end >= ONE_LOOK - DUST),
				'a run is given up only for a fault that stays, or when all time is used up',
				story,
			);
			return;
		case 'cancelPending':
			claim(accepted && budgetOver, 'pending only when a cancel was taken, and after all the time', story);
			return;
		case 'notCancellable':
			claim(
				!accepted && budgetOver && story.cancels.some(({ heard }) => heard === 'refused'),
				'not cancellable only when the API refused to the end',
				story,
			);
			claim(report.lastError !== undefined, 'the words of the API are kept', story);
			return;
		default:
			return;
	}
}

/** True when the answer that ended it cannot get better by asking again: a final status, or the third 404 in a row. */
function asksInVain(story: Story, end: number): boolean {
	const known = story.watched.remote.log.filter(
		({ id, kind, endedAt }) => (id === story.id || kind === 'list') && Math.abs(endedAt - end) <= DUST,
	);
	if (known.some(({ kind, status, heard }) => status && FINAL.has(status) && (kind !== 'cancel' || !heard)))
		return true;
	return known.some(({ status, kind }) => status === 404 && kind !== 'cancel');
}

/** Rule 3: the first cancel never leaves too early. */
function neverBeforeTheDeadline(story: Story): void {
	const first = story.cancels[0];
	if (!first || afterStop(story, first)) return;
	claim(
		story.watched.story.options.atDeadline === 'cancel' || story.watched.story.options.mode === 'none',
		'left alone',
		story,
	);
	const known = knownAt(story, first.at);
	claim(first.at >= known.deadline - DUST, 'never before the deadline', story, known);
}

/**
 * Rule 3: it leaves when the time is up, whatever hangs, sleeps or pauses. Only other cancels may hold it up: where there are
 * no free slots, and, once the provider has asked to slow down, each of them for as long as the lowest rate says.
 */
function exactlyAtTheDeadline(story: Story, stories: Story[]): void {
	const { watched, report } = story;
	const { options, limit, stopAt } = watched.story;
	if (options.atDeadline === 'leave') return;
	const first = story.cancels[0];
	const due = dueOf(story);
	const ended = report ? report.elapsed : (stopAt ?? watched.endedAt);
	if (!first && (!report?.timedOut || ended <= due + PREEMPT_AFTER)) return;
	const left = first && !afterStop(story, first) ? first.at : ended;
	if (left <= due + PREEMPT_AFTER + DUST) return;
	if (!report && !first) return;
	const urgent = stories.flatMap((one) => urgentOf(one)).filter(({ id }) => id !== story.id);
	const isSlowed = watched.remote.log.some(
		({ endedAt, status, retryAfter }) => endedAt <= left && (status === 429 || retryAfter !== undefined),
	);
	const sent = [...urgent.filter(({ kind }) => kind === 'cancel').map(({ at }) => at), left];
	/** The rate may hold all of them back, but the next one leaves as soon as the lowest rate says. */
	const isPaced = (instant: number) =>
		isSlowed && sent.some((at) => at >= instant - DUST && at <= instant + SLOWEST + DUST);
	const instants = [due + PREEMPT_AFTER + DUST, ...urgent.map(({ endedAt }) => endedAt + DUST)].filter(
		(at) => at >= due + PREEMPT_AFTER && at < left - DUST,
	);
	for (const instant of instants) {
		const busy = urgent.filter(({ at, endedAt }) => at <= instant && endedAt > instant).length;
		claim(busy >= limit || isPaced(instant), 'a cancel leaves at its deadline', story, {
			due,
			left,
			instant,
			busy,
		});
	}
}

/** Requests that may hold up other cancels: cancels, and the reads that find out what became of them. */
function urgentOf(story: Story): Logged[] {
	const first = story.cancels[0];
	const last = story.cancels.at(-1);
	if (!first || !last) return [];
	// A run in review may still be cancelled by a cancel that was accepted: looking goes on.
	const isOver = (phase?: Phase) =>
		phase && (isTerminal(phase) || (phase === 'needsReview' && last.heard === 'refused'));
	const result = story.heard.find(({ index, phase }) => index > last.index && isOver(phase));
	return story.requests.filter(({ index }) => index >= first.index && index <= (result?.index ?? Infinity));
}

/** What told about the times of a run: reads, and for a single look also the rows that hold the time to count from. */
function toldOf(story: Story, created: number): Logged[] {
	const { options } = story.watched.story;
	if (options.mode !== 'once') return pollsOf(story);
	const countsFromStart = story.targets.some(({ countFrom }) => countFrom === 'started');
	const rows = story.shown
		.map((page) => ({ ...page, phase: page.shown?.get(story.id), created }))
		.filter(({ phase }) => phase && GOES_ON.has(phase) && (phase === 'waiting' || !countsFromStart));
	return [...pollsOf(story), ...rows].sort((a, b) => a.endedAs - b.endedAs);
}

/** A page of the list of all runs, read to find out when a run was created. */
function isLookup({ kind, isNarrowed, status }: Logged): boolean {
	return kind === 'list' && !isNarrowed && status === 200;
}

function afterStop(story: Story, entry: Logged): boolean {
	return entry.index >= (story.watched.sentBeforeStop ?? Number.POSITIVE_INFINITY);
}

/** Reads that were heard while the run was polled, up to the first cancel. */
function pollsOf(story: Story): Logged[] {
	return story.heard.filter(({ index }) => index < (story.cancels[0]?.index ?? Number.POSITIVE_INFINITY));
}

/** What a watch knew of its deadline, and since when: each answer may tell more, a page of the list as well. */
interface Knowledge {
	at: number;
	deadline: number;
}

function knowledgeOf(story: Story): Knowledge[] {
	const { start, remote, story: given } = story.watched;
	const page = remote.log.find((entry) => isLookup(entry) && entry.rows?.includes(story.id));
	const created = remote.runs.find(({ id }) => id === story.id)?.options.createdAt ?? 0;
	const pages = remote.log.filter(isLookup);
	const failedPages = remote.log.filter(
		({ kind, status, aborted, isNarrowed }) => kind === 'list' && !isNarrowed && status !== 200 && !aborted,
	);
	const lookedThroughAt = pages[LOOKUP_PAGES - 1]?.endedAt;
	const firstSeen = new Map<number, number>();
	const creationTimes = start + created + given.remote.skew;
	return toldOf(story, creationTimes).flatMap((read) => {
		let at = read.endedAt;
		const deadlines: number[] = [];
		for (const { countFrom, timeout } of story.targets) {
			if (countFrom === 'now') {
				deadlines.push(timeout);
				continue;
			}
			const isListed = page !== undefined && isBefore(page, read);
			let mark =
				countFrom === 'created'
					? (read.created ?? (isListed ? creationTimes : read.started))
					: (read.started ?? read.created);
			if (mark === undefined) {
				const toldAt = page?.endedAt ?? lookedThroughAt;
				// A list that fails meanwhile ends the search: the next look begins it anew, if it still has to.
				const failed = failedPages.some(
					({ endedAt }) => endedAt >= read.endedAt && endedAt < (toldAt ?? Infinity),
				);
				if (toldAt === undefined || failed) return [];
				at = Math.max(at, toldAt);
				if (!page) continue;
				mark = creationTimes;
			}
			// A run cannot have begun in the future.
			if (!firstSeen.has(mark)) firstSeen.set(mark, Math.min(mark - start, at));
			deadlines.push((firstSeen.get(mark) ?? 0) + timeout);
		}
		return deadlines.length > 0 ? [{ at, deadline: Math.min(...deadlines) }] : [];
	});
}

/** Whether one answer came before another. */
function isBefore(one: Logged, other: Logged): boolean {
	return one.endedAs < other.endedAs;
}

/** The deadline as far as it was known at a time. Until the run's own times are known: the latest it can be. */
function knownAt(story: Story, at: number): Knowledge {
	if (story.watched.story.options.mode === 'none') return { at: 0, deadline: 0 };
	// A single look cancels nothing that it does not know the age of.
	const looksOnce = story.watched.story.options.mode === 'once';
	const latest = looksOnce
		? Number.POSITIVE_INFINITY
		: Math.min(...story.targets.map(({ timeout }) => timeout));
	const known = knowledgeOf(story).filter((one) => one.at <= at + DUST);
	return known.at(-1) ?? { at: 0, deadline: latest };
}

/** When the time was up and the watch could know it. */
function dueOf(story: Story): number {
	const polledUntil = story.cancels[0]?.at ?? story.report?.elapsed ?? Number.POSITIVE_INFINITY;
	const { at, deadline } = knownAt(story, polledUntil);
	return Math.max(at, deadline);
}

/** Once the API took a cancel, and we heard it, none is sent again. */
function aCancelIsNotRepeated(story: Story): void {
	const taken = story.cancels.find(({ heard }) => heard === 'accepted');
	const again = story.cancels.find(({ index }) => taken && index > taken.index);
	claim(!again, 'an accepted cancel is not repeated', story, again);
}

/** Rule 5: Retry-After, and a 429 without one, hold back every request but the first cancel of a run and the last tries. */
function pausesAreKept(watched: Watched, stories: Story[]): void {
	for (const cause of watched.remote.log) {
		if (cause.aborted || cause.status === undefined) continue;
		const pause = cause.retryAfter ?? (cause.status === 429 ? SHORTEST_BACKOFF : 0);
		const until = cause.endedAt + Math.min(pause, LONGEST_PAUSE);
		const early = watched.remote.log.find(
			(entry) => entry.index >= cause.sentByThen && entry.at < until - DUST && !ignoresPauses(entry, stories),
		);
		claim(!early, 'pauses are kept', watched, { cause, early });
	}
}

/** Until when the provider, by the answers up to a time, wanted to be left alone. */
function pausedUntil({ remote }: Watched, at: number): number {
	const pauses = remote.log
		.filter(({ aborted, status, endedAt }) => !aborted && status !== undefined && endedAt <= at + DUST)
		.map(({ endedAt, retryAfter = 0 }) => endedAt + Math.min(retryAfter, LONGEST_PAUSE));
	return Math.max(0, ...pauses);
}

/** Phases of a run that ended, or waits for a person, with something to show for it. */
function hasResult(phase: Phase | undefined): boolean {
	return phase === 'completed' || phase === 'needsReview';
}

/** All runs are cancelled at once after a stop: the more there are, the longer each of them may take. */
function stopBudgetOf({ story }: Watched): number {
	return STOP_BUDGET + (new Set(story.targets.map(({ run }) => run)).size - 1) * STOP_BUDGET_PER_RUN;
}

function ignoresPauses(entry: Logged, stories: Story[]): boolean {
	const story = stories.find(({ id }) => id === entry.id);
	if (!story || !(entry.kind === 'cancel' || urgentOf(story).includes(entry))) return false;
	const stopped = afterStop(story, entry);
	const first = story.cancels.find((cancel) => afterStop(story, cancel) === stopped);
	if (entry === first) return true;
	const begin = stopped ? (story.watched.story.stopAt ?? 0) : dueOf(story);
	const budget = stopped ? stopBudgetOf(story.watched) : story.watched.story.options.confirmFor;
	return entry.at >= begin + budget - Math.min(LAST_TRY, budget / 2) - DUST;
}

/** Rule 3: a request that hangs is given up, around a cancel sooner than elsewhere. */
function noRequestTakesForEver(story: Story): void {
	const { shortest, longest, share } = ONE_CALL_AROUND_A_CANCEL;
	const urgent = new Set(urgentOf(story));
	for (const entry of story.requests) {
		const budget = afterStop(story, entry)
			? stopBudgetOf(story.watched)
			: story.watched.story.options.confirmFor;
		const most = urgent.has(entry) ? Math.min(longest, Math.max(shortest, budget * share)) : ONE_REQUEST;
		claim(entry.endedAt - entry.at <= most + DUST, 'a request that hangs is given up', story, entry.index);
	}
}

/** Rule 2: what waits for a person and refuses to be cancelled is not asked again and again. */
function aRunInReviewIsLeftToThePerson(story: Story): void {
	const review = story.heard.find(
		({ phase, index }) =>
			phase === 'needsReview' &&
			story.cancels.filter((cancel) => cancel.index < index).at(-1)?.heard === 'refused',
	);
	const again = story.cancels.find(({ index }) => review && index > review.index);
	claim(!again, 'a run in review is left to the person', story, again);
}

/** Rule 10: no spinning. */
function pollsKeepTheirDistance(story: Story): void {
	const { polls: settings, mode } = story.watched.story.options;
	const polls = story.reads.filter(
		({ index }) => index < (story.cancels[0]?.index ?? Number.POSITIVE_INFINITY),
	);
	const interval =
		DIALECTS[story.watched.story.remote.dialect].showsCreated && mode !== 'once'
			? settings.interval
			: SHORTEST_BACKOFF;
	polls.forEach((poll, index) => {
		const next = polls[index + 1];
		if (!next || poll.aborted) return;
		const ended = poll.phase !== undefined && poll.status === 200 && isDone(poll.phase);
		if (ended && next.view === 'full') return;
		const wait = poll.status === 200 && poll.phase ? Math.min(interval, settings.interval) : SHORTEST_BACKOFF;
		claim(next.at - poll.endedAt >= wait - DUST, 'polls keep their distance', story, [
			poll.index,
			next.index,
		]);
	});
	const { confirmFor } = story.watched.story.options;
	const aroundCancels = urgentOf(story).length;
	const most = 2 * ((confirmFor + stopBudgetOf(story.watched)) / 200 + 12);
	claim(aroundCancels <= most, 'cancels keep their distance', story, aroundCancels);
}

/** Rule 6: polls leave the output out; the whole object is read once, at the end. */
function pollsAreLight(story: Story): void {
	const dialect = DIALECTS[story.watched.story.remote.dialect];
	if (!('light' in dialect)) return;
	const whole = story.heard.filter(({ view, phase }) => view === 'full' && phase && isDone(phase));
	claim(whole.length <= 1, 'the whole object is read once', story);
	const ended = story.heard.findIndex(({ phase }) => phase && isDone(phase));
	const pages = story.watched.remote.log.filter(({ isNarrowed, status }) => isNarrowed && status === 200);
	const early = story.reads.find(
		(read) =>
			read.view === 'full' &&
			// A run that is missing in the lists has most likely ended: then one read is enough.
			!pages.some((page) => page.index < read.index) &&
			!story.heard.slice(0, ended + 1).some(({ index }) => ended >= 0 && index < read.index) &&
			!story.cancels.some(({ index, heard }) => index < read.index && heard === 'accepted'),
	);
	claim(!early, 'the whole object is read at the end', story, early);
	if (story.report && ENDED.has(story.report.outcome) && whole.length === 0) {
		const tried = story.reads.some(({ view }) => view === 'full');
		const { elapsed, run } = story.report;
		const since = elapsed - (story.heard[ended]?.endedAt ?? 0);
		const isHeldBack =
			!hasResult(run?.phase) && pausedUntil(story.watched, elapsed) >= elapsed + FULL_READ - DUST;
		claim(tried || isHeldBack || since >= FULL_READ - DUST, 'the whole object is read at the end', story);
		claim(story.report.lastError !== undefined, 'why there is no whole object is told', story);
	}
}

/** Rule 2: one command id for all attempts to cancel a run, where the API takes one. */
function sameCommandId(story: Story): void {
	const wanted = story.watched.story.remote.dialect === 'workflowRun' ? `command:${story.id}` : undefined;
	for (const cancel of story.cancels) claim(cancel.commandId === wanted, 'one command id', story, cancel);
}

/** Every report comes by the deadline, the time for the cancel, and the time for the whole object. */
function inTime(story: Story, report: WatchReport): void {
	const { options } = story.watched.story;
	const result = story.heard.find(({ phase }) => phase && isDone(phase));
	// A result is worth a pause.
	const whole = FULL_READ + (hasResult(report.run?.phase) ? LONGEST_PAUSE : 0);
	const latest = report.cancel
		? dueOf(story) + options.confirmFor + whole
		: result
			? result.endedAt + whole
			: options.mode === 'once'
				? ONE_LOOK
				: dueOf(story);
	claim(report.elapsed <= latest + DUST, 'every report comes in time', story, {
		elapsed: report.elapsed,
		latest,
	});
	const after = story.requests.find(({ at }) => at > report.elapsed + DUST);
	claim(!after, 'nothing is sent about a run that was reported', story, after);
}

function numbersAreRight(story: Story, report: WatchReport): void {
	const { start } = story.watched;
	claim(report.polls === story.reads.length, 'polls are the reads that left', story, story.reads.length);
	const first = story.cancels[0];
	claim((report.cancel?.attempts ?? 0) === story.cancels.length, 'attempts are the cancels that left', story);
	claim(
		report.cancel?.requestedAt === undefined
			? !first
			: Math.abs(report.cancel.requestedAt - start - (first?.at ?? 0)) < DUST,
		'requestedAt is when the first cancel left',
		story,
	);
	if (report.cancel?.confirmedAt !== undefined) {
		const at = report.cancel.confirmedAt - start;
		claim(
			story.heard.some(({ endedAt, phase }) => phase && isDone(phase) && Math.abs(endedAt - at) < DUST),
			'confirmedAt is when a read showed the end',
			story,
		);
	}
	historyIsRight(story, report);
	if (report.outcome !== 'stillRunning') {
		claim(
			report.timedOut === (report.cancel !== undefined),
			'timedOut is when the deadline came first',
			story,
		);
	}
	const known = knownAt(story, first?.at ?? report.elapsed);
	const unsettled = pollsOf(story).every(({ phase }) => phase && !isDone(phase));
	if (report.deadline !== undefined && unsettled) {
		claim(
			Math.abs(report.deadline - start - known.deadline) < 1,
			'the deadline is counted from where it should be',
			story,
			known,
		);
	}
}

/** Rule 1: the history is what reads and rows said, rows only of runs that go on, and nothing a read said is missing. */
function historyIsRight(story: Story, report: WatchReport): void {
	const { start } = story.watched;
	for (const { phase, at } of report.history) {
		const isThen = ({ endedAt }: Logged) => Math.abs(endedAt - (at - start)) <= DUST;
		const told =
			story.heard.some((entry) => entry.phase === phase && isThen(entry)) ||
			(GOES_ON.has(phase) &&
				story.shown.some((entry) => entry.shown?.get(story.id) === phase && isThen(entry)));
		claim(told, 'the history is what reads and rows said', story, phase);
	}
	let at = 0;
	for (const { phase } of story.heard) {
		const rest = report.history.slice(Math.max(0, at - 1)).findIndex((one) => one.phase === phase);
		claim(rest >= 0, 'all that the reads said is in the history', story, phase);
		at = Math.max(0, at - 1) + rest + 1;
	}
}

/** Rule 7: a stop ends everything at once; remote runs are cancelled only where that was asked for. */
function stoppedAtOnce(watched: Watched, stories: Story[]): void {
	const { story, sentBeforeStop, endedAt } = watched;
	if (sentBeforeStop === undefined || story.stopAt === undefined) return;
	const late = watched.remote.log.slice(sentBeforeStop);
	if (story.options.onStop === 'leave') {
		claim(late.length === 0, 'nothing is sent after a stop', watched, late);
		claim(endedAt <= story.stopAt + DUST, 'a stop ends the watch at once', watched, endedAt);
		return;
	}
	claim(
		endedAt <= story.stopAt + stopBudgetOf(watched) + DUST,
		'a stop ends the watch soon',
		watched,
		endedAt,
	);
	claim(
		late.every(({ kind }) => kind !== 'list'),
		'no list is read after a stop',
		watched,
	);
	for (const one of stories) {
		const after = one.requests.filter((entry) => afterStop(one, entry));
		const heardBefore = one.heard.filter((entry) => !afterStop(one, entry));
		const lastPhase = heardBefore.at(-1)?.phase;
		if (lastPhase && isDone(lastPhase)) claim(after.length === 0, 'a run that has ended is left alone', one);
		claim(!after[0] || after[0].kind === 'cancel', 'after a stop, first the cancel', one);
		const open =
			!one.cancels.some((cancel) => !afterStop(one, cancel)) &&
			!(lastPhase && isDone(lastPhase)) &&
			story.options.mode === 'untilSettled' &&
			dueOf(one) > story.stopAt &&
			!one.requests.some(({ status }) => status && (FINAL.has(status) || status === 404)) &&
			!watched.remote.log.some(({ kind, isNarrowed }) => kind === 'list' && !isNarrowed);
		const slots = stories
			.flatMap((other) => urgentOf(other))
			.filter((entry) => entry.index >= sentBeforeStop && entry.id !== one.id);
		if (open && slots.length < story.limit) {
			claim(after[0]?.at === story.stopAt, 'an open run is cancelled when the workflow stops', one);
		}
	}
}

function nothingStaysBehind(watched: Watched): void {
	claim(watched.timersLeft === 0, 'no timer stays behind', watched, watched.timersLeft);
	claim(watched.listenersLeft === 0, 'no listener stays behind', watched, watched.listenersLeft);
}
