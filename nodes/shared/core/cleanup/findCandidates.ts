import type { Claims } from './claims';
import { attemptRequest } from '../concurrency/result';
import { LIST } from '../config';
import { ApiError } from '../requests/apiError';
import { PageCursor, paginate } from '../requests/paginate';
import { type CallDeps, call } from '../requests/retry';
import type { ListedRun, ReadView, RunClient, RunList } from '../runs/runClient';
import type { Phase, Run } from '../runs/run';
import type { ListPoller } from '../watch/listPoller';

/** One list that may hold stuck runs. */
export interface StuckList {
	/** True where the API sorts the oldest first: then reading stops at the first run that is too young. */
	oldestFirst: boolean;
	page: RunList['page'];
}

/** The runs of one resource, and the lists that together hold all of them that may be stuck. */
export interface CleanupSource {
	resource: string;
	client: RunClient;
	lists: readonly StuckList[];
	/** The read that holds all that `matches` looks at. */
	view: ReadView;
	/** Whether the run itself passes the user's filters. */
	matches(run: Run): boolean;
}

export interface CleanupOptions {
	/** Milliseconds since its creation after which an unfinished run is stuck. */
	olderThan: number;
	/** Runs that are acted on at most, over all resources. */
	limit: number;
	dryRun: boolean;
	/** Phases that count as unfinished. */
	phases: ReadonlySet<Phase>;
	/** Milliseconds for each cancel to be accepted and confirmed. */
	confirmFor: number;
}

export interface CleanupDeps extends CallDeps {
	/** The idempotency key for cancelling a run. */
	commandId(id: string): string;
	/** Shared by all cleanups of the account. */
	claims: Claims;
	/** Shared by all executions of the account that watch or cancel runs of a resource. */
	listPoller(resource: string): ListPoller;
	/** As in `WatchDeps`. */
	isOfAccount?: () => boolean;
}

/** A run that may be stuck: a read decides. */
export interface Candidate {
	source: CleanupSource;
	row: ListedRun;
}

/** A list that was not read to its end: after an error, behind more pages than are read, or by pages that form a circle. */
export interface ListGap {
	resource: string;
	reason: ApiError | 'tooLong' | 'circular';
}

/**
 * @param onGap called for each list that was not read to its end; the rows before that count
 * @throws ApiError when no list could be read and nothing was found
 */
export async function findCandidates(
	deps: CleanupDeps,
	sources: readonly CleanupSource[],
	options: CleanupOptions,
	onGap: (gap: ListGap) => void,
): Promise<Candidate[]> {
	const found = new Map<string, Candidate>();
	const reasons = await Promise.all(
		sources.flatMap((source) =>
			source.lists.map(async (list) => {
				const onRow = (row: ListedRun) => found.set(`${source.resource} ${row.id}`, { source, row });
				const reason = await readList(deps, list, options, onRow);
				if (reason) onGap({ resource: source.resource, reason });
				return reason;
			}),
		),
	);
	const [error] = reasons;
	// With a wrong key, for example, a report of no stuck runs would be wrong.
	if (found.size === 0 && error instanceof ApiError && reasons.every((reason) => reason instanceof ApiError))
		throw error;
	const createdAt = ({ row }: Candidate) => row.created?.at ?? Number.MAX_VALUE;
	return [...found.values()].sort((a, b) => createdAt(a) - createdAt(b));
}

/** Calls `onRow` for each row that may be stuck. Returns why the list was not read to its end, if it was not. */
async function readList(
	deps: CleanupDeps,
	list: StuckList,
	options: CleanupOptions,
	onRow: (row: ListedRun) => void,
): Promise<ListGap['reason'] | undefined> {
	const youngest = deps.clock.now() - options.olderThan;
	const cursor = new PageCursor(false);
	let last = Number.NEGATIVE_INFINITY;
	let inOrder = list.oldestFirst;
	const read = await attemptRequest(async () => {
		const pages = paginate(cursor, LIST.cleanupPages, (token) =>
			call(deps, (signal) => list.page(token, signal)),
		);
		for await (const page of pages) {
			for (const row of page.rows) {
				const createdAt = row.created?.at;
				if (createdAt !== undefined) {
					inOrder &&= createdAt >= last;
					last = createdAt;
				}
				const isTooYoung = createdAt !== undefined && createdAt > youngest;
				if (!isTooYoung && (row.phase === 'unknown' || options.phases.has(row.phase))) onRow(row);
			}
			// The rest is younger still, unless the API ignored the sort parameter.
			if (inOrder && last > youngest) return true;
		}
		return cursor.isAtEnd;
	});
	if ('error' in read) return read.error;
	if (cursor.isCircular) return 'circular';
	return read.value ? undefined : 'tooLong';
}
