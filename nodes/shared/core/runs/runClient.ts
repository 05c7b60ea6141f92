import { type Clock } from '../concurrency/clock';
import { ApiError } from '../requests/apiError';
import type { Phase, Run, TimeMark } from './run';
import type { CancellationScope } from '../concurrency/cancellationScope';
import { attempt } from '../concurrency/result';

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
	/** The lists that together hold every unfinished run, the most likely one first. Absent where the API cannot list. */
	readonly unfinished?: readonly RunList[];
}

/** The fault of an API that was silent for `ms` milliseconds. */
export function noAnswer(ms: number): ApiError {
	return new ApiError('network', `The API did not answer within ${Math.round(ms / 100) / 10} s`, {
		hint: 'Try again later, and check that this n8n reaches the API quickly (network, proxy, firewall).',
	});
}

/**
 * Runs one request that may take at most `ms` milliseconds.
 *
 * @throws ApiError `network` when the time is over, the scope's reason when the scope ended first
 */
export async function withTimeout<T>(
	clock: Clock,
	scope: CancellationScope,
	ms: number,
	request: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
	const box = scope.child();
	const ended = new Promise<never>((_, reject) => {
		if (box.signal.aborted) reject(box.signal.reason);
		else box.signal.addEventListener('abort', () => reject(box.signal.reason), { once: true });
	});
	clock.sleep(ms, box.signal).then(
		() => box.cancel('timeout'),
		() => undefined,
	);
	const answered = await attempt(() => Promise.race([request(box.signal), ended]));
	const timeIsOver = box.signal.aborted;
	box.dispose();
	ended.catch(() => undefined);
	if ('value' in answered) return answered.value;
	// The scope may end by a time limit of its own: only the box's own limit says anything about the API.
	if (scope.signal.aborted) throw scope.signal.reason;
	throw timeIsOver ? noAnswer(ms) : answered.error;
}
