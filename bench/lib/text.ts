import { markdownTable } from 'markdown-table';

import type { Summary } from './stats';

/** What a table shows where a contender cannot do something, or was not asked to. */
export const NONE = '–';

/** A table in Markdown whose columns line up, so that it reads well in a terminal too. The first column is text. */
export function table(headings: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
	return markdownTable([headings, ...rows], {
		align: headings.map((_, column) => (column === 0 ? '' : 'r')),
	});
}

/** `12,345`; with decimals only below 100, where they matter. */
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
