import { isCancelReason } from '../concurrency/cancellationScope';
import { attempt } from '../concurrency/result';
import { SECOND } from '../config';
import { ApiError, isNotFound } from '../requests/apiError';
import { type CallDeps, call } from '../requests/retry';
import type { Run } from '../runs/run';
import type { ReadView } from '../runs/runClient';
import type { EventName, EventOptions, EventSource } from './events';

export interface RunEvent {
	event: EventName;
	resource: string;
	run: Run;
	/** Unix ms on the provider's clock. */
	created?: number;
	/** Unix ms on our clock. */
	detected: number;
}

export interface PollResult {
	/** By creation time, oldest first. */
	events: RunEvent[];
	/** The first error of each resource. No event is lost: the next poll tries again. */
	errors: Array<{ resource: string; error: ApiError }>;
	/** What had to be given up. */
	warnings: string[];
}

/** What one poll works with. */
export interface Poll extends CallDeps {
	options: EventOptions;
	result: PollResult;
}

/** Keeps the first error of a resource for the result. Anything but an ApiError is a bug, and is thrown. */
export function recordError(poll: Poll, { resource, client }: EventSource, thrown: unknown): void {
	const { errors } = poll.result;
	const inTime = `within the ${poll.options.budget / SECOND} s of a poll`;
	const hint = 'The next poll continues. If this persists, choose fewer resources, or set a filter.';
	const error = isCancelReason(thrown)
		? new ApiError('network', `${client.title}: not everything could be read ${inTime}`, { hint })
		: thrown;
	if (!(error instanceof ApiError)) throw thrown;
	if (!errors.some((one) => one.resource === resource)) errors.push({ resource, error });
}

/** Returns nothing after an error, which is recorded; `deleted` after a 404 where that may be. */
export async function readRun(
	poll: Poll,
	source: EventSource,
	id: string,
	view: ReadView,
	mayBeDeleted: boolean,
): Promise<Run | 'deleted' | undefined> {
	const read = await attempt(() => call(poll, (signal) => source.client.read(id, view, signal)));
	if ('value' in read) return read.value;
	if (mayBeDeleted && isNotFound(read.error)) return 'deleted';
	recordError(poll, source, read.error);
	return undefined;
}
