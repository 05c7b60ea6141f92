/**
 * Lays out rows under headings, every column as wide as its widest cell.
 *
 * @param {string[]} headings
 * @param {string[][]} rows
 * @returns {string}
 */
export function formatTable(headings, rows) {
	const widths = headings.map((heading, column) =>
		Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)),
	);
	/** @param {string[]} cells */
	const line = (cells) =>
		widths
			.map((width, column) => (cells[column] ?? '').padEnd(width))
			.join('  ')
			.trimEnd();
	return [line(headings), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
