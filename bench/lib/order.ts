/**
 * Who goes when in a round (from 0): the same contenders, another one first each time, and every second round backwards.
 * So nobody always runs on a fresh machine, and nobody always follows the same other one.
 */
export function orderOfRound<T>(contenders: readonly T[], round: number): T[] {
	const first = contenders.length === 0 ? 0 : round % contenders.length;
	const rotated = [...contenders.slice(first), ...contenders.slice(0, first)];
	return round % 2 === 0 ? rotated : rotated.reverse();
}
