import { markdownTable } from 'markdown-table';

/** A table as Prettier would write it. */
export function table(header: string[], rows: string[][]): string {
	const cells = [header, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
	return markdownTable(cells);
}

/** `a` and `b` → '`a`, `b`'. */
export function code(values: ReadonlyArray<string | number | boolean>): string {
	return values.map((value) => `\`${value}\``).join(', ');
}

export function unique<T>(values: readonly T[]): T[] {
	return [...new Set(values)];
}

export function yesNo(value: boolean): string {
	return value ? 'yes' : '–';
}
