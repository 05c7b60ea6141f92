import { createHash } from 'crypto';

import { MINUTE, WEBHOOK } from '../config';

/**
 * Which events were reported, as it is stored: the digests of their IDs, joined, by the minute in which they came (base 36).
 * Changed in place, because several deliveries at once share it.
 */
export type SeenEvents = Record<string, string>;

const RADIX = 36;

export function hasSeen(seen: SeenEvents, eventId: string): boolean {
	const digest = digestOf(eventId);
	return Object.values(seen).some((digests) => partsOf(digests).includes(digest));
}

/** Remembers an event, and forgets those that are too old or too many. */
export function remember(seen: SeenEvents, eventId: string, now: number): void {
	const minute = Math.floor(now / MINUTE).toString(RADIX);
	seen[minute] = (seen[minute] ?? '') + digestOf(eventId);
	forget(seen, now);
}

/** Adds what another process has seen. */
export function addSeen(seen: SeenEvents, others: SeenEvents): void {
	for (const [minute, digests] of Object.entries(others)) {
		const own = seen[minute] ?? '';
		if (own === digests) continue;
		const known = new Set(partsOf(own));
		seen[minute] =
			own +
			partsOf(digests)
				.filter((digest) => !known.has(digest))
				.join('');
	}
}

function forget(seen: SeenEvents, now: number): void {
	const newestFirst = Object.keys(seen).sort((a, b) => minuteOf(b) - minuteOf(a));
	let count = 0;
	for (const minute of newestFirst) {
		// A minute goes as a whole, but never the newest one.
		const isTooOld = minuteOf(minute) * MINUTE < now - WEBHOOK.remember;
		if (isTooOld || count >= WEBHOOK.maxEvents) Reflect.deleteProperty(seen, minute);
		count += (seen[minute] ?? '').length / WEBHOOK.digest;
	}
}

function minuteOf(text: string): number {
	return Number.parseInt(text, RADIX);
}

function partsOf(digests: string): string[] {
	return digests.match(new RegExp(`.{${WEBHOOK.digest}}`, 'g')) ?? [];
}

function digestOf(eventId: string): string {
	return createHash('sha256').update(eventId).digest('base64url').slice(0, WEBHOOK.digest);
}
