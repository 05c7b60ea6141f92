import { createHash } from 'crypto';

import { SEEN_RUNS } from '../config';
import { INTERIM_EVENTS, type InterimEvent, type RunRef } from './events';

/** Stands for the minute of a run whose creation time is not known. */
export const TIMELESS = Number.NaN;

/** Digests of runs that are done, and of events of unfinished ones, by the minute of their creation. */
export class DoneRuns {
	readonly byMinute = new Map<number, Set<string>>();

	private readonly all = new Set<string>();

	/** @param key the id of a run, or `interimKey` */
	has(key: string): boolean {
		return formsOf(key).some((digest) => this.all.has(digest));
	}

	add(minute: number, key: string): void {
		this.addDigest(minute, digestOf(key));
	}

	addDigest(minute: number, digest: string): void {
		const digests = this.byMinute.get(minute) ?? new Set();
		digests.add(digest);
		this.byMinute.set(minute, digests);
		this.all.add(digest);
	}

	forget(minute: number): void {
		for (const digest of this.byMinute.get(minute) ?? []) this.all.delete(digest);
		this.byMinute.delete(minute);
	}

	/** Forgets runs without a creation time that a whole list did not show, once there are many. */
	forgetTimeless(shown: readonly RunRef[]): void {
		const digests = this.byMinute.get(TIMELESS);
		if (!digests || digests.size <= SEEN_RUNS.timeless) return;
		this.forget(TIMELESS);
		const keys = shown.flatMap(({ id }) => [id, ...INTERIM_EVENTS.map((event) => interimKey(id, event))]);
		for (const digest of keys.flatMap(formsOf)) if (digests.has(digest)) this.addDigest(TIMELESS, digest);
	}

	/** Characters of each digest when stored: once there are short ones, or very many, all are short. */
	width(): number {
		const isCrowded = this.all.size > SEEN_RUNS.manyDigests;
		const isShort = isCrowded || [...this.all].some((digest) => digest.length === SEEN_RUNS.shortDigest);
		return isShort ? SEEN_RUNS.shortDigest : SEEN_RUNS.digest;
	}
}

export function interimKey(id: string, event: InterimEvent): string {
	return `${id} ${event}`;
}

function digestOf(key: string): string {
	return createHash('sha256').update(key).digest('base64url').slice(0, SEEN_RUNS.digest);
}

/** A digest as it is made, and as it may be stored. */
function formsOf(key: string): string[] {
	const digest = digestOf(key);
	return [digest, digest.slice(0, SEEN_RUNS.shortDigest)];
}
