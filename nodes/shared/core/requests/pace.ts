import type { Clock } from '../concurrency/clock';
import { DOWNLOAD, SECOND } from '../config';
import { isCancelReason, CancellationScope } from '../concurrency/cancellationScope';
import { attempt } from '../concurrency/result';

/**
 * The time limit of one download: `DOWNLOAD.grace` at first, more with every byte that arrives, and never beyond
 * `DOWNLOAD.timeout`. A server that sends a byte now and then would outlive any limit on silence.
 */
export class Pace {
	private readonly scope: CancellationScope;

	private readonly beganAt: number;

	private received = 0;

	/** @param signal ends the download from outside */
	constructor(
		private readonly clock: Pick<Clock, 'now' | 'sleep'>,
		signal: AbortSignal,
	) {
		this.scope = CancellationScope.from(signal);
		this.beganAt = clock.now();
		void this.watch();
	}

	/** Ends when the time is over, with the signal from outside, or with `release`. */
	get signal(): AbortSignal {
		return this.scope.signal;
	}

	/** Whether it was the time limit that has ended it. */
	get isOver(): boolean {
		return isCancelReason(this.signal.reason, 'timeout');
	}

	/** Milliseconds since the beginning. */
	get elapsed(): number {
		return this.clock.now() - this.beganAt;
	}

	/** Bytes that have arrived. */
	get bytes(): number {
		return this.received;
	}

	count(bytes: number): void {
		this.received += bytes;
	}

	/** Nothing is downloaded any more. */
	release(): void {
		this.scope.dispose();
	}

	private get left(): number {
		const earned = DOWNLOAD.grace + (this.received / DOWNLOAD.minSpeed) * SECOND;
		// Whole milliseconds, as timers count: of a fraction, none might pass.
		return Math.ceil(Math.min(earned, DOWNLOAD.timeout)) - this.elapsed;
	}

	private async watch(): Promise<void> {
		while (this.left > 0) {
			const slept = await attempt(() => this.clock.sleep(this.left, this.signal));
			if ('error' in slept) return;
		}
		this.scope.cancel('timeout');
	}
}
