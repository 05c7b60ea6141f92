import { isCancelReason } from '../concurrency/cancellationScope';
import { attempt, attemptRequest } from '../concurrency/result';
import { READ, RETRY, SECOND } from '../config';
import { ApiError, noAnswer } from '../requests/apiError';
import { backoff } from '../requests/backoff';
import { retry } from '../requests/retry';
import { type Run, isDone, isTerminal } from '../runs/run';
import type { RunReader } from '../runs/runReader';
import type { WatchDeps } from './types';

export interface FinalRead {
	run: Run;
	/** Why the run is not the whole object, where no request tells. */
	error?: ApiError;
}

/**
 * The whole object of a run that has ended, where polls were light. What the light read said stands when the full
 * read fails: an ended run stays ended.
 *
 * @throws the reason why the scope ended
 */
export async function finalRead(deps: WatchDeps, reader: RunReader, run: Run): Promise<FinalRead> {
	const { client, clock, requestQueue } = deps;
	if (!client.hasLightReads || reader.lastIsFull) return { run };
	// The result of a run is worth waiting for. One that has none is not held up by a long pause.
	const hasResult = !isTerminal(run.phase) || run.phase === 'completed';
	const pause = requestQueue.pauseLeft();
	if (!hasResult && pause >= READ.fullRead) return { run, error: heldBack(client.title, pause) };
	const scope = deps.scope.child();
	const startedAt = clock.now();
	timeLimit(deps, hasResult, scope.signal).then(
		() => scope.cancel('timeout'),
		() => undefined,
	);
	const read = await attempt(() => readUntilDone({ clock, scope }, reader));
	scope.dispose();
	if ('value' in read) return { run: read.value ?? run };
	if (!isCancelReason(read.error, 'timeout')) throw read.error;
	return { run, error: noAnswer(clock.now() - startedAt) };
}

/** Ends when a full read has been tried for long enough. Where there is a result to get, pauses do not count. */
async function timeLimit(
	{ clock, requestQueue }: WatchDeps,
	hasResult: boolean,
	signal: AbortSignal,
): Promise<void> {
	const latest = clock.now() + READ.fullRead + (hasResult ? RETRY.maxRetryAfter : 0);
	let pause = hasResult ? requestQueue.pauseLeft() : 0;
	do {
		await clock.sleep(Math.min(latest - clock.now(), pause + READ.fullRead), signal);
		pause = requestQueue.pauseLeft();
	} while (pause > 0 && clock.now() < latest);
}

/** Nothing when it cannot be had. @throws CancelReason when the scope ended */
async function readUntilDone(
	{ clock, scope }: Pick<WatchDeps, 'clock' | 'scope'>,
	reader: RunReader,
): Promise<Run | undefined> {
	for (;;) {
		// That the run has ended is known: no need to wait for another key.
		const shouldRetry = (error: ApiError) => !reader.isFinal(error) && error.kind !== 'auth';
		const read = await attemptRequest(() =>
			retry({ clock, scope }, { shouldRetry }, () => reader.read('full', scope, 'read')),
		);
		if ('error' in read) return undefined;
		if (isDone(read.value.phase)) return read.value;
		await clock.sleep(backoff(1, clock), scope.signal);
	}
}

function heldBack(title: string, pause: number): ApiError {
	return new ApiError(
		'rateLimited',
		`${title}: rate limited for another ${Math.round(pause / SECOND)} s, so the run was not read as a whole`,
		{ hint: 'What is in the item is right, but not everything: read the run later with Get.' },
	);
}
