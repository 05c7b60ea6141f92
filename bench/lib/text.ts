import { markdownTable } from 'markdown-table';

import type { Summary } from './stats';

/** In a table: a contender cannot do this, or was not run. */
export const NONE = '–';

/** A Markdown table with aligned columns, also readable in a terminal. The first column is text. */
export function table(headings: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
	return markdownTable([headings, ...rows], {
		align: headings.map((_, column) => (column === 0 ? '' : 'r')),
	});
}

/** `12,345`; with decimals only below 100. */
export function shown(value: number, decimals = 0): string {
	if (!Number.isFinite(value)) return NONE;
	const digits = Math.abs(value) < 100 ? decimals : 0;
	return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** `12 (10–15)`: the median and, where the rounds differ, their spread. */
export function spread({ median, min, max }: Summary, decimals = 0): string {
	const [low, high] = [shown(min, decimals), shown(max, decimals)];
	return low === high ? shown(median, decimals) : `${shown(median, decimals)} (${low}–${high})`;
}
