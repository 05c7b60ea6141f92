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

	/** When the last refusal came of a request that was sent after the one before (unix ms), and whether none had come shortly before. */
	private newsAt = Number.NEGATIVE_INFINITY;

	private isAlone = true;

	constructor(private readonly clock: Pick<Clock, 'now'>) {}

	countTaken(): void {
		this.turnWindow();
		this.now.taken += 1;
		this.noteBest();
	}

	/** @returns true when it says nothing about the rate: one among many answers, and none shortly before */
	countRefused(sentAt: number): boolean {
		const now = this.clock.now();
		this.turnWindow();
		this.now.refused += 1;
		if (sentAt > this.newsAt) {
			this.isAlone = now - this.newsAt > RATE.aloneFor;
			this.newsAt = now;
		}
		const refused = this.perSecond('refused');
		return this.isAlone && refused < RATE.noise * (refused + this.takenPerSecond);
	}

	get takenPerSecond(): number {
		return this.perSecond('taken');
	}

	/** The most that was taken within `RATE.remember`. */
	get bestPerSecond(): number {
		this.noteBest();
		return this.best.perSecond;
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
