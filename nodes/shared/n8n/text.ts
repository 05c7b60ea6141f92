/**
 * A copy of a value in which the secret, wherever it stands in a text, is replaced.
 */
export function redact(value: unknown, secret: string): unknown {
	if (secret === '') return value;
	if (typeof value === 'string') return value.split(secret).join('***');
	if (Array.isArray(value)) return value.map((item) => redact(item, secret));
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, redact(inner, secret)]));
}

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
