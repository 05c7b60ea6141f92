import type { Clock } from '../concurrency/clock';
import { RATE, SECOND } from '../config';

type Answer = 'taken' | 'refused';

/** How many requests the API took and refused in the last milliseconds. */
class RecentAnswers {
	private window = 0;

	private now: Record<Answer, number> = { taken: 0, refused: 0 };

	private before: Record<Answer, number> = { taken: 0, refused: 0 };

	constructor(
		private readonly clock: Pick<Clock, 'now'>,
		/** Milliseconds. */
		private readonly length: number,
	) {}

	add(answer: Answer): void {
		this.turnWindow();
		this.now[answer] += 1;
	}

	perSecond(answer: Answer): number {
		this.turnWindow();
		const over = (this.clock.now() % this.length) / this.length;
		return ((this.now[answer] + this.before[answer] * (1 - over)) * SECOND) / this.length;
	}

	private turnWindow(): void {
		const window = Math.floor(this.clock.now() / this.length);
		if (window === this.window) return;
		this.before = window === this.window + 1 ? this.now : { taken: 0, refused: 0 };
		this.now = { taken: 0, refused: 0 };
		this.window = window;
	}
}

/** What the answers of an account say about how many requests it takes. */
export class AnsweredRequests {
	private readonly last: RecentAnswers;

	private readonly lately: RecentAnswers;

	/** The most that were taken, and when (unix ms). */
	private best = { perSecond: 0, at: Number.NEGATIVE_INFINITY };

	constructor(private readonly clock: Pick<Clock, 'now'>) {
		this.last = new RecentAnswers(clock, RATE.window);
		this.lately = new RecentAnswers(clock, RATE.noiseOver);
	}

	countTaken(): void {
		this.last.add('taken');
		this.lately.add('taken');
		this.noteBest();
	}

	/** @returns true when it says nothing about the rate: one of very many answers */
	countRefused(): boolean {
		this.lately.add('refused');
		const refused = this.lately.perSecond('refused');
		return refused < RATE.noise * (refused + this.lately.perSecond('taken'));
	}

	get takenPerSecond(): number {
		return this.last.perSecond('taken');
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
}
