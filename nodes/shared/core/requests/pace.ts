import type { Clock } from '../concurrency/clock';
import { DOWNLOAD, SECOND } from '../config';
import { isCancelReason, CancellationScope } from '../concurrency/cancellationScope';
import { attempt } from '../concurrency/result';

/**
 * The timeout of a download: `DOWNLOAD.grace`, extended with every byte at `DOWNLOAD.minSpeed`, at most `DOWNLOAD.timeout`.
 * An idle timeout would not end a server that sends a byte now and then.
 */
export class Pace {
	private readonly scope: CancellationScope;

	private readonly beganAt: number;

	private received = 0;

	/** @param signal aborts the download from outside */
	constructor(
		private readonly clock: Pick<Clock, 'now' | 'sleep'>,
		signal: AbortSignal,
	) {
		this.scope = CancellationScope.from(signal);
		this.beganAt = clock.now();
		void this.watch();
	}

	/** Aborted by the timeout, by the signal from outside, or by `release`. */
	get signal(): AbortSignal {
		return this.scope.signal;
	}

	/** Whether the timeout has aborted it. */
	get isOver(): boolean {
		return isCancelReason(this.signal.reason, 'timeout');
	}

	/** Milliseconds since the start. */
	get elapsed(): number {
		return this.clock.now() - this.beganAt;
	}

	/** Bytes received. */
	get bytes(): number {
		return this.received;
	}

	count(bytes: number): void {
		this.received += bytes;
	}

	/** The download has ended. */
	release(): void {
		this.scope.dispose();
	}

	private get left(): number {
		const earned = DOWNLOAD.grace + (this.received / DOWNLOAD.minSpeed) * SECOND;
		// Timers take whole milliseconds: a fraction could be rounded to 0, again and again.
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
