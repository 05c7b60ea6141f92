/**
 * How late each request is sent when at most `slots` are in flight and each takes `answerMs`: the cost of the limit alone.
 *
 * @param due when each is to leave, in ms
 * @returns ms, in the order in which they are due
 */
export function queueLateness(due: readonly number[], slots: number, answerMs: number): number[] {
	const sorted = [...due].sort((a, b) => a - b);
	const left: number[] = [];
	return sorted.map((time, at) => {
		const freed = (left[at - slots] ?? Number.NEGATIVE_INFINITY) + answerMs;
		const leaves = Math.max(time, freed);
		left.push(leaves);
		return leaves - time;
	});
}
