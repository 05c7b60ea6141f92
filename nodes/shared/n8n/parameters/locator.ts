/** The value of a parameter, whether it is a resource locator or not. */
export function plainValue(given: unknown): unknown {
	return typeof given === 'object' && given !== null && '__rl' in given && 'value' in given
		? given.value
		: given;
}
