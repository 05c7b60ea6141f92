/**
 * The same value without the secret, wherever it stood in a text or in the name of a field. A value that does not hold it
 * is given back as it is, not as a copy.
 */
export function redact(value: unknown, secret: string): unknown {
	if (secret === '') return value;
	if (typeof value === 'string') return value.split(secret).join(REDACTED);
	if (Array.isArray(value)) {
		const items = value.map((item) => redact(item, secret));
		return items.every((item, at) => item === value[at]) ? value : items;
	}
	if (typeof value !== 'object' || value === null) return value;
	const given = Object.entries(value);
	const entries = given.map(([name, inner]) => [redact(name, secret), redact(inner, secret)]);
	const same = entries.every(([name, inner], at) => name === given[at]?.[0] && inner === given[at]?.[1]);
	return same ? value : Object.fromEntries(entries);
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
