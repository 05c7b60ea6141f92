import { type CleanupReport, cancelStuckRuns } from '../../nodes/shared/core/cleanup/cancelStuckRuns';
import type {
	CleanupOptions,
	CleanupSource,
	StuckList,
} from '../../nodes/shared/core/cleanup/findCandidates';
import type { ListedRun, RunClient } from '../../nodes/shared/core/runs/runClient';
import type { Phase, TimeMark } from '../../nodes/shared/core/runs/run';
import { CancellationScope } from '../../nodes/shared/core/concurrency/cancellationScope';
import { FAKE_EPOCH, type FakeClock } from './fakeClock';
import type { Step } from './scriptedClient';
import { MINUTE, SECOND } from './watching';
import { Claims } from '../../nodes/shared/core/cleanup/claims';
import { accountOf } from './queues';

export const HOUR = 60 * MINUTE;

/** Runs that are older than an hour and not finished, for real. */
export const CLEANUP: CleanupOptions = {
	olderThan: HOUR,
	limit: 100,
	dryRun: false,
	phases: new Set(['waiting', 'running', 'cancelling']),
	confirmFor: 30 * SECOND,
};

/** The creation of a run that was `age` milliseconds old when the fake clock started. */
export function bornAt(age: number): TimeMark {
	return { at: FAKE_EPOCH - age, field: 'created_at' };
}

/** A row of a list; two hours old and running unless told otherwise. */
export function row(id: string, given: { age?: number; phase?: Phase } = {}): ListedRun {
	return { id, phase: given.phase ?? 'running', created: bornAt(given.age ?? 2 * HOUR) };
}

export interface ListPage {
	rows: ListedRun[];
	next?: string;
}

/** What a list answers for each page token; '' stands for the first page, and an array of rows for a last page. */
export type Pages = Record<string, ListPage | ListedRun[] | Array<Step<ListPage>>>;

export interface ScriptedList extends StuckList {
	/** Page tokens asked for, '' for the first page. */
	asked: string[];
}

function isSteps(page: Pages[string]): page is Array<Step<ListPage>> {
	return Array.isArray(page) && typeof page[0] === 'function';
}

/** A list with these pages. A page given as steps goes through them, and repeats the last one. */
export function listOf(clock: FakeClock, pages: Pages | ListedRun[], oldestFirst = true): ScriptedList {
	const script: Pages = Array.isArray(pages) ? { '': pages } : pages;
	const asked: string[] = [];
	return {
		oldestFirst,
		asked,
		page: async (token = '', signal) => {
			asked.push(token);
			const page = script[token];
			if (!page) throw new Error(`Nothing is scripted for page "${token}"`);
			if (isSteps(page)) {
				const step = page.length > 1 ? page.shift() : page[0];
				if (!step) throw new Error(`Nothing is scripted for page "${token}"`);
				return await step({ clock, signal, id: token });
			}
			return Array.isArray(page) ? { rows: page } : page;
		},
	};
}

/** The step that answers with a page. */
export function gives(page: ListPage): Step<ListPage> {
	return async () => page;
}

export function sourceOf(
	client: RunClient,
	lists: StuckList[],
	given: Partial<CleanupSource> = {},
): CleanupSource {
	return { resource: 'job', client, lists, view: 'light', matches: () => true, ...given };
}

export interface Cleaning {
	report: Promise<CleanupReport>;
	/** Stops the workflow. */
	stop: () => void;
}

/** Starts a cleanup. `limit`: requests in flight at most. */
export function startCleanup(
	clock: FakeClock,
	sources: readonly CleanupSource[],
	options: Partial<CleanupOptions> = {},
	limit = 5,
	claims = new Claims(),
): Cleaning {
	const host = new AbortController();
	const scope = CancellationScope.from(host.signal);
	const { requestQueue, listPoller } = accountOf(limit, clock);
	const commandId = (id: string) => `command:${id}`;
	const deps = { requestQueue, clock, scope, claims, commandId, listPoller: () => listPoller };
	const report = cancelStuckRuns(deps, sources, { ...CLEANUP, ...options }).finally(() => scope.dispose());
	report.catch(() => undefined);
	return { report, stop: () => host.abort() };
}

/** Cleans up to the end. */
export function clean(
	clock: FakeClock,
	sources: readonly CleanupSource[],
	options?: Partial<CleanupOptions>,
	limit?: number,
): Promise<CleanupReport> {
	return clock.finish(startCleanup(clock, sources, options, limit).report);
}

/** `id: outcome` of each run, in order. */
export function outcomes({ runs }: CleanupReport): string[] {
	return runs.map(({ id, outcome }) => `${id}: ${outcome}`);
}
