import type { Clock } from '../concurrency/clock';
import { RATE, SECOND } from '../config';
import { AnsweredRequests } from './answeredRequests';

/** Requests that may be sent now; filled with time, at the rate. May be below 0 after requests that did not wait for it. */
interface Bucket {
	level: number;
	/** Unix ms up to which it is filled. */
	at: number;
}

/** Below this, a missing part of a request is an error of rounding. */
const DUST = 1e-6;

/**
 * How many requests per second an account takes: without a limit until it refuses one. Then the rate falls at once, comes
 * back to where it was refused, waits there for a while and goes beyond it, as TCP CUBIC and the adaptive mode of the AWS
 * SDKs do. Beyond that point it only grows as far as it is used. Few refusals among very many answers only pause: a server that
 * is in trouble now and then says nothing about the rate.
 *
 * Cancels wait for each other, never for other requests. Other requests wait for all.
 */
export class RequestRate {
	/** The most that the user allows, per second. */
	stated = Number.POSITIVE_INFINITY;

	/** Requests per second at which a request was refused the last time. */
	private refusedAt = Number.POSITIVE_INFINITY;

	/** When the rate fell the last time, and from when on it grows again (unix ms). */
	private fellAt = Number.NEGATIVE_INFINITY;

	private growsFrom = 0;

	/** When a request had to wait for the rate the last time (unix ms). */
	private heldBackAt = Number.NEGATIVE_INFINITY;

	private readonly all: Bucket;

	private readonly urgent: Bucket;

	private readonly answered: AnsweredRequests;

	constructor(private readonly clock: Pick<Clock, 'now'>) {
		this.answered = new AnsweredRequests(clock);
		this.all = { level: RATE.minBurst, at: clock.now() };
		this.urgent = { ...this.all };
	}

	/** Requests per second that may be sent now; infinite as long as nothing was refused or stated. */
	get perSecond(): number {
		const { refusedAt, stated } = this;
		if (refusedAt === Number.POSITIVE_INFINITY) return stated;
		const seconds = Math.max(0, this.clock.now() - this.growsFrom) / SECOND;
		const untilBack = Math.cbrt((refusedAt * (1 - RATE.decrease)) / RATE.growth);
		const grown = refusedAt + RATE.growth * (seconds - untilBack) ** 3;
		const used = Math.max(refusedAt, RATE.headroom * this.answered.takenPerSecond);
		return Math.min(stated, Math.max(RATE.min, Math.min(grown, used)));
	}

	/** Milliseconds until a request may be sent; 0 when it may be sent now. */
	wait(isUrgent: boolean): number {
		const rate = this.perSecond;
		if (rate === Number.POSITIVE_INFINITY) return 0;
		const bucket = isUrgent ? this.urgent : this.all;
		this.fill(bucket, rate);
		const missing = 1 - bucket.level;
		if (missing <= DUST) return 0;
		this.heldBackAt = this.clock.now();
		return Math.ceil((missing / rate) * SECOND);
	}

	/** A request is sent. */
	spend(isUrgent: boolean): void {
		const rate = this.perSecond;
		for (const bucket of isUrgent ? [this.all, this.urgent] : [this.all]) {
			this.fill(bucket, rate);
			// Without a rate, nothing is missing later either.
			if (rate !== Number.POSITIVE_INFINITY) bucket.level -= 1;
		}
	}

	/** A request was taken by the API, whatever came of it. */
	onTaken(): void {
		this.answered.countTaken();
	}

	/**
	 * A request was refused because there were too many.
	 *
	 * @param sentAt unix ms; refusals of requests that were sent before the rate fell are no news
	 * @param until unix ms up to which nothing is to be sent
	 */
	onRefused(sentAt: number, until: number): void {
		const now = this.clock.now();
		const before = this.perSecond;
		const isNoise = this.answered.countRefused();
		const hasFallen = sentAt <= this.fellAt;
		if (isNoise && !hasFallen) return;
		this.growsFrom = Math.max(this.growsFrom, now, until);
		if (hasFallen) return;
		// Where the rate held requests back, what was taken is what the API takes; otherwise there was no need of more.
		const isUsed = now - this.heldBackAt <= RATE.window;
		const { takenPerSecond, bestPerSecond } = this.answered;
		this.refusedAt = Math.max(RATE.min, Math.min(before, isUsed ? takenPerSecond : bestPerSecond));
		this.fellAt = now;
		Object.assign(this.all, { level: Math.min(this.all.level, 0), at: now });
	}

	private fill(bucket: Bucket, rate: number): void {
		const now = this.clock.now();
		const most = Math.max(RATE.minBurst, (rate * RATE.burst) / SECOND);
		const filled =
			rate === Number.POSITIVE_INFINITY ? RATE.minBurst : bucket.level + (rate * (now - bucket.at)) / SECOND;
		bucket.level = Math.min(most, filled);
		bucket.at = now;
	}
}
