import type { Clock } from '../concurrency/clock';
import { RATE, SECOND } from '../config';

type Answer = 'taken' | 'refused';

/** How many requests the API took and refused in the last `RATE.window`, and how many it took at best. */
export class AnsweredRequests {
	private window = 0;

	private now: Record<Answer, number> = { taken: 0, refused: 0 };

	private before: Record<Answer, number> = { taken: 0, refused: 0 };

	/** The most that were taken, and when (unix ms). */
	private best = { perSecond: 0, at: Number.NEGATIVE_INFINITY };

	constructor(private readonly clock: Pick<Clock, 'now'>) {}

	count(answer: Answer): void {
		this.turnWindow();
		this.now[answer] += 1;
		if (answer === 'taken') this.noteBest();
	}

	get takenPerSecond(): number {
		return this.perSecond('taken');
	}

	/** The most that was taken within `RATE.remember`. */
	get bestPerSecond(): number {
		this.noteBest();
		return this.best.perSecond;
	}

	/** The share of the answers that were refusals, 0 to 1. */
	get refusedShare(): number {
		const refused = this.perSecond('refused');
		return refused === 0 ? 0 : refused / (refused + this.takenPerSecond);
	}

	private noteBest(): void {
		const at = this.clock.now();
		const perSecond = this.takenPerSecond;
		if (perSecond >= this.best.perSecond || at - this.best.at > RATE.remember) this.best = { perSecond, at };
	}

	private perSecond(answer: Answer): number {
		this.turnWindow();
		const over = (this.clock.now() % RATE.window) / RATE.window;
		return ((this.now[answer] + this.before[answer] * (1 - over)) * SECOND) / RATE.window;
	}

	private turnWindow(): void {
		const window = Math.floor(this.clock.now() / RATE.window);
		if (window === this.window) return;
		this.before = window === this.window + 1 ? this.now : { taken: 0, refused: 0 };
		this.now = { taken: 0, refused: 0 };
		this.window = window;
	}
}
