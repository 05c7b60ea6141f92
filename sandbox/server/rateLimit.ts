/** Requests that one provider's key may still send, and until when they are counted (real ms). */
interface Bucket {
	level: number;
	at: number;
}

/** So many requests per second and key, those of one second at once. Counts in real time, whatever the sandbox's speed. */
export class RateLimit {
	private readonly buckets = new Map<string, Bucket>();

	constructor(private readonly now: () => number = () => performance.now()) {}

	/** False when the request is one too many. */
	takes(key: string, perSecond: number): boolean {
		const now = this.now();
		const { level, at } = this.buckets.get(key) ?? { level: perSecond, at: now };
		const filled = Math.min(perSecond, level + ((now - at) / 1_000) * perSecond);
		const isTaken = filled >= 1;
		this.buckets.set(key, { level: isTaken ? filled - 1 : filled, at: now });
		return isTaken;
	}
}
