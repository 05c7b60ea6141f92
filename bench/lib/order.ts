/**
 * The order of the contenders in a round (from 0): another one is first each time, and every second round is backwards, so
 * that none is always first or always follows the same one.
 */
export function orderOfRound<T>(contenders: readonly T[], round: number): T[] {
	const first = contenders.length === 0 ? 0 : round % contenders.length;
	const rotated = [...contenders.slice(first), ...contenders.slice(0, first)];
	return round % 2 === 0 ? rotated : rotated.reverse();
}
