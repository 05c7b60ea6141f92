import type { Clock } from '../concurrency/clock';
import type { ApiError } from '../requests/apiError';
import type { Priority, RequestQueue } from '../requests/requestQueue';
import { RETRY, TEXT } from '../config';
import { type ReadView, type RunClient } from './runClient';
import { type Phase, type Run, isLater } from './run';
import { backoff } from '../requests/backoff';
import type { CancellationScope } from '../concurrency/cancellationScope';
import { attemptRequest } from '../concurrency/result';

/** A status a run was seen in, and since when (unix ms, our clock). */
export interface SeenStatus {
	status: string;
	phase: Phase;
	at: number;
}

export interface ReadLimits {
	/** Milliseconds after which a read without an answer is given up. */
	timeout?: number;
	/** Unix ms from which on a provider-wide pause no longer holds the read back. */
	ignorePauseAfter?: number;
}

/**
 * Asks about one run and remembers what it heard: the last answer, the statuses seen, and how often in a row asking
 * failed, which decides whether and when to ask again.
 */
export class RunReader {
	/** Reads sent so far, failed ones included. */
	reads = 0;

	last?: Run;

	/** True when `last` came from a full read. */
	lastIsFull = false;

	/** What went wrong with the latest request about this run; gone with the next good answer. */
	lastError?: ApiError;

	/** True once the API took a cancel of this run: then none is sent again, whatever happens. */
	cancelAccepted = false;

	readonly history: SeenStatus[] = [];

	private notFoundInARow = 0;

	/** Requests about this run that failed since its last good answer. */
	failuresInARow = 0;

	constructor(
		readonly id: string,
		private readonly client: RunClient,
		private readonly requestQueue: RequestQueue,
		private readonly clock: Clock,
		private readonly onChange?: (run: Run) => void,
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
		limits: ReadLimits = {},
	): Promise<Run> {
		const asked = await attemptRequest(() =>
			this.requestQueue.request(
				scope,
				{
					...limits,
					priority,
					failuresBefore: this.failuresInARow,
					onSent: () => {
						this.reads += 1;
					},
				},
				(signal) => this.client.read(this.id, view, signal),
			),
		);
		if ('error' in asked) {
			this.onError(asked.error);
			throw asked.error;
		}
		this.lastIsFull = view === 'full';
		this.applyRead(asked.value);
		return asked.value;
	}

	/** Keeps count of an error. */
	onError(error: ApiError): void {
		this.lastError = error;
		this.failuresInARow += 1;
		this.notFoundInARow = error.kind === 'notFound' ? this.notFoundInARow + 1 : 0;
	}

	/** True when asking again cannot help: a fault that will not go away, or the run stays invisible. */
	isFinal(error: ApiError): boolean {
		if (error.kind === 'notFound') return this.notFoundInARow >= RETRY.notFoundInARow;
		return !error.retryable;
	}

	/** Milliseconds to wait before asking again after the last fault. */
	retryDelay(): number {
		return backoff(Math.max(1, this.failuresInARow), this.clock);
	}

	/**
	 * What a row of a list said about the run. It may be older than the last read, so that it never takes a run back to an
	 * earlier phase.
	 */
	onListRow(run: Run): void {
		const known = this.last;
		if (known && (known.status === run.status || !isLater(run.phase, known.phase))) return;
		this.lastIsFull = false;
		this.remember(run);
	}

	private applyRead(run: Run): void {
		this.failuresInARow = 0;
		this.notFoundInARow = 0;
		this.lastError = undefined;
		this.remember(run);
	}

	private remember(run: Run): void {
		const changed = this.last?.status !== run.status;
		this.last = run;
		if (!changed) return;
		if (this.history.length < TEXT.history)
			this.history.push({ status: run.status, phase: run.phase, at: this.clock.now() });
		this.onChange?.(run);
	}
}
