import type { Clock } from '../concurrency/clock';
import { RATE, SECOND } from '../config';

/** How many requests the API took in the last `RATE.window`. */
export class TakenRequests {
	private window = 0;

	private now = 0;

	private before = 0;

	constructor(private readonly clock: Pick<Clock, 'now'>) {}

	count(): void {
		this.turnWindow();
		this.now += 1;
	}

	get perSecond(): number {
		this.turnWindow();
		const over = (this.clock.now() % RATE.window) / RATE.window;
		return ((this.now + this.before * (1 - over)) * SECOND) / RATE.window;
	}

	private turnWindow(): void {
		const window = Math.floor(this.clock.now() / RATE.window);
		if (window === this.window) return;
		this.before = window === this.window + 1 ? this.now : 0;
		this.now = 0;
		this.window = window;
	}
}
