/**
 * How late each of these requests leaves when at most `slots` are in flight, each takes `answerMs`, and the sender itself
 * takes no time at all: what a bound on requests costs by itself.
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
