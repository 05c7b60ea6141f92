import type { ApiError } from '../requests/apiError';
import type { Phase, Run, TimeMark } from './run';

/** `light` leaves out a large output where the API offers that; `full` is the whole object. */
export type ReadView = 'light' | 'full';

/** What an API said to a cancel. A claim either way: only a read tells what became of the run. */
export type CancelAnswer = { accepted: true; claimsEnded: boolean } | { accepted: false; error: ApiError };

/** One page of a list. */
export interface RunPage {
	/** Rows in the order of the API; a row without an id or status is left out. */
	rows: Array<{ id: string; created?: TimeMark }>;
	/** Page token of the next page; none on the last one. */
	next?: string;
}

/** What a list tells about a run: a hint where to look, never the truth. */
export interface ListedRun {
	id: string;
	/** `unknown` when the row does not tell. */
	phase: Phase;
	created?: TimeMark;
	/** The row as a run; absent where the row has no status. */
	run?: Run;
}

/** A list of runs, newest first where the API can sort. */
export interface RunList {
	/** The raw status that all of its runs are in, where the list is narrowed to one. */
	status?: string;
	page(token: string | undefined, signal: AbortSignal): Promise<{ rows: ListedRun[]; next?: string }>;
}

/** Members of a batch, all of the same resource. */
export interface MemberList extends RunList {
	client: RunClient;
}

/**
 * The runs of one resource at one provider, as the core sees them. Every method ends at once when its signal is
 * aborted, and throws an `ApiError` for whatever the API or the network did wrong.
 */
export interface RunClient {
	/** For messages, such as `Retab extraction`. */
	readonly title: string;
	/** True when a `light` read is a different request from a `full` one. */
	readonly hasLightReads: boolean;
	read(id: string, view: ReadView, signal: AbortSignal): Promise<Run>;
	/** @param commandId the same for each attempt to cancel the same run, for APIs that take an idempotency key */
	cancel(id: string, commandId: string, signal: AbortSignal): Promise<CancelAnswer>;
	/**
	 * Pages searched for the creation time of a run that does not tell it, newest runs first where the API can sort. Absent or
	 * empty where the API cannot list, or where the run always tells.
	 */
	listPage?(token: string | undefined, signal: AbortSignal): Promise<RunPage>;
	/**
	 * The lists that together hold every member of a batch. Absent unless the runs are batches that are cancelled by
	 * cancelling their members.
	 */
	members?(id: string): readonly MemberList[];
	/** The lists that together hold every unfinished run, the most likely one first. Absent where the API cannot list. */
	readonly unfinished?: readonly RunList[];
}
