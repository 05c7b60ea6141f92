import type { Clock } from '../concurrency/clock';
import type { ApiError } from '../requests/apiError';
import type { Priority } from '../requests/priority';
import type { RequestOptions, RequestQueue } from '../requests/requestQueue';
import { RETRY, TEXT } from '../config';
import { type ReadView, type RunClient } from './runClient';
import { type Phase, type Run, isLater } from './run';
import type { CancellationScope } from '../concurrency/cancellationScope';
import { attemptRequest } from '../concurrency/result';

/** A status a run was seen in, and since when (unix ms, our clock). */
export interface SeenStatus {
	status: string;
	phase: Phase;
	at: number;
}

export interface ReaderDeps {
	client: RunClient;
	requestQueue: RequestQueue;
	clock: Clock;
	/** Called when the run was seen in another status than before. */
	onChange?: (run: Run) => void;
}

/**
 * Reads one run and keeps what was read: the last answer, the statuses seen, and how often in a row reading failed, which
 * decides whether to read again.
 */
export class RunReader {
	/** Reads sent so far, failed ones included. */
	reads = 0;

	last?: Run;

	/** True when `last` came from a full read. */
	lastIsFull = false;

	/** What went wrong with the latest request about this run; gone with the next good answer. */
	lastError?: ApiError;

	readonly history: SeenStatus[] = [];

	/** Requests about this run that failed since its last good answer. */
	failuresInARow = 0;

	private notFoundInARow = 0;

	constructor(
		readonly id: string,
		private readonly deps: ReaderDeps,
	) {}

	/**
	 * One read.
	 *
	 * @throws ApiError, or the reason why the scope ended
	 */
	async read(
		view: ReadView,
		scope: CancellationScope,
		priority: Priority,
		limits: Pick<RequestOptions, 'timeout' | 'ignorePauseAfter'> = {},
	): Promise<Run> {
		const { requestQueue, client } = this.deps;
		const onSent = () => {
			this.reads += 1;
		};
		const options = { ...limits, priority, failuresBefore: this.failuresInARow, onSent };
		const read = await attemptRequest(() =>
			requestQueue.request(scope, options, (signal) => client.read(this.id, view, signal)),
		);
		if ('error' in read) {
			this.onError(read.error);
			throw read.error;
		}
		this.lastIsFull = view === 'full';
		this.failuresInARow = 0;
		this.notFoundInARow = 0;
		this.lastError = undefined;
		this.remember(read.value);
		return read.value;
	}

	/** Keeps count of an error. */
	onError(error: ApiError): void {
		this.lastError = error;
		this.failuresInARow += 1;
		this.notFoundInARow = error.kind === 'notFound' ? this.notFoundInARow + 1 : 0;
	}

	/** True when asking again cannot help: an error that will not go away, or the run stays invisible. */
	isFinal(error: ApiError): boolean {
		if (error.kind === 'notFound') return this.notFoundInARow >= RETRY.notFoundInARow;
		// A key that could read the run has been changed or withdrawn since: n8n may get the new one any moment.
		if (error.kind === 'auth') return this.last === undefined;
		// A run that is left alone goes on: whatever the response says, the server may answer again before the deadline.
		return !error.retryable && error.kind !== 'server' && error.kind !== 'rateLimited';
	}

	/** A row of a list may be older than the last read, so that it never takes a run back to an earlier phase. */
	onListRow(run: Run): void {
		const { last } = this;
		if (last && (last.status === run.status || !isLater(run.phase, last.phase))) return;
		this.lastIsFull = false;
		this.remember(run);
	}

	private remember(run: Run): void {
		const changed = this.last?.status !== run.status;
		this.last = run;
		if (!changed) return;
		const { clock, onChange } = this.deps;
		if (this.history.length < TEXT.history)
			this.history.push({ status: run.status, phase: run.phase, at: clock.now() });
		onChange?.(run);
	}
}
