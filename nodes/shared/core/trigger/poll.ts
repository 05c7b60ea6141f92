import { type CancellationScope, isCancelReason } from '../concurrency/cancellationScope';
import type { Clock } from '../concurrency/clock';
import { SECOND } from '../config';
import { ApiError } from '../requests/apiError';
import type { RequestQueue } from '../requests/requestQueue';
import type { Run } from '../runs/run';
import type { EventName, EventOptions, EventSource } from './events';

export interface PollDeps {
	requestQueue: RequestQueue;
	clock: Clock;
	scope: CancellationScope;
}

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
export interface Poll extends PollDeps {
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

export function isNotFound(error: unknown): boolean {
	return error instanceof ApiError && error.kind === 'notFound';
}
