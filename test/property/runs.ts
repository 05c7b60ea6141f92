/** How many times a property is tried: `normal`, or as often as `FAST_CHECK_RUNS` says. */
export function runs(normal: number): number {
	const asked = Number(process.env.FAST_CHECK_RUNS);
	return Number.isInteger(asked) && asked > 0 ? asked : normal;
}
