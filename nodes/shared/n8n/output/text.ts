import { DAY, HOUR, MINUTE, SECOND } from '../../core/config';

/**
 * The same value without the secret, wherever it stood in a text or in the name of a field. A value that does not hold it
 * is given back as it is, not as a copy.
 */
export function redact(value: unknown, secret: string): unknown {
	// Looking is much quicker than copying, and answers hardly ever hold it.
	return secret === '' || !holds(value, secret) ? value : without(value, secret);
}

function holds(value: unknown, secret: string): boolean {
	if (typeof value === 'string') return value.includes(secret);
	if (Array.isArray(value)) return value.some((item) => holds(item, secret));
	if (typeof value !== 'object' || value === null) return false;
	for (const [name, inner] of Object.entries(value)) {
		if (name.includes(secret) || holds(inner, secret)) return true;
	}
	return false;
}

function without(value: unknown, secret: string): unknown {
	if (typeof value === 'string') return value.replaceAll(secret, () => REDACTED);
	if (Array.isArray(value)) return value.map((item) => without(item, secret));
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(
		Object.entries(value).map(([name, inner]) => [without(name, secret), without(inner, secret)]),
	);
}

const REDACTED = '***';

/**
 * A text that is safe to throw: an error message that holds `canceled`, with one l, makes n8n mark the whole execution
 * as cancelled instead of failed, and no error workflow runs.
 */
export function safeMessage(text: string): string {
	return text.replace(/(cancel)(?=ed|ing)/gi, '$1l');
}

/** `1 run`, `2 runs`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
	return `${count} ${count === 1 ? noun : plural}`;
}

/** `extractions, jobs and splits` */
export function listed(words: readonly string[]): string {
	return [words.slice(0, -1).join(', '), ...words.slice(-1)].filter(Boolean).join(' and ');
}

const UNITS: ReadonlyArray<[ms: number, noun: string]> = [
	[DAY, 'day'],
	[HOUR, 'hour'],
	[MINUTE, 'minute'],
];

/** A duration of `ms` milliseconds in the largest unit in which it is a whole number above 1: `60 minutes`, `2 days`. */
export function inWords(ms: number): string {
	const [unit, noun] = UNITS.find(([size]) => ms % size === 0 && ms > size) ?? [SECOND, 'second'];
	return counted(ms / unit, noun);
}
