/** Of several rounds. */
export interface Summary {
	median: number;
	min: number;
	max: number;
}

/**
 * The smallest value that `share` of all values do not exceed (nearest rank); NaN when there are none.
 *
 * @param share from 0 to 1: 0.99 is the 99th percentile, 1 the highest value
 */
export function quantile(values: readonly number[], share: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	const rank = Math.max(1, Math.ceil(sorted.length * share));
	return sorted[rank - 1] ?? Number.NaN;
}

/** Of an even number of values: halfway between the two in the middle. */
export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = sorted.length / 2;
	const upper = sorted[Math.floor(middle)] ?? Number.NaN;
	const lower = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
	return (lower + upper) / 2;
}

export function mean(values: readonly number[]): number {
	return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function summarize(values: readonly number[]): Summary {
	return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}
