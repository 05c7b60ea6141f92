/** Where a run stands, whatever its API calls it. Derived from the raw status by the provider's status table. */
export const PHASES = [
	'waiting',
	'running',
	'cancelling',
	'needsReview',
	'completed',
	'failed',
	'expired',
	'rejected',
	'cancelled',
	'unknown',
] as const;

export type Phase = (typeof PHASES)[number];

const TERMINAL: ReadonlySet<Phase> = new Set(['completed', 'failed', 'expired', 'rejected', 'cancelled']);

/** True when the run has ended and will not change any more. `unknown` is never terminal. */
export function isTerminal(phase: Phase): boolean {
	return TERMINAL.has(phase);
}

/** True when there is nothing left to wait for: the run has ended, or it waits for a person. */
export function isDone(phase: Phase): boolean {
	return isTerminal(phase) || phase === 'needsReview';
}

/** The phases of a run that goes on, in the order it can go through them. */
export const UNFINISHED: readonly Phase[] = ['waiting', 'running', 'cancelling'];

/** Phases of a stuck run. A run that waits for a person is only stuck when the user says so. */
export function unfinishedPhases(includeNeedsReview: boolean): ReadonlySet<Phase> {
	return new Set(includeNeedsReview ? [...UNFINISHED, 'needsReview'] : UNFINISHED);
}

/** True when the run is known to go on. `unknown` is neither settled nor unfinished. */
export function isUnfinished(phase: Phase): boolean {
	return UNFINISHED.includes(phase);
}

/** True when both phases are of a run that goes on, and `phase` comes after `earlier`. */
export function isLater(phase: Phase, earlier: Phase): boolean {
	return isUnfinished(earlier) && UNFINISHED.indexOf(phase) > UNFINISHED.indexOf(earlier);
}

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

export type JsonObject = { [key: string]: JsonValue };

/** A point in time that an API reported, in unix milliseconds, with the field it was read from. */
export interface TimeMark {
	at: number;
	field: string;
}

/** One answer about a run: what the core needs of it, and the API's own object, untouched. */
export interface Run {
	id: string;
	status: string;
	phase: Phase;
	created?: TimeMark;
	started?: TimeMark;
	body: JsonObject;
}
