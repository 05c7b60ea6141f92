/** What the editor shows of a field, or of a choice in one. */
interface Shown {
	name: string;
	displayName?: string;
}

const shownText = ({ name, displayName = name }: Shown): string => displayName.toLowerCase();

/**
 * In the order of the alphabet, as n8n's linter wants it. Titles are plain ASCII: `localeCompare` would load the tables for
 * all languages first, 10 to 15 ms of the time that n8n takes to load the package.
 */
export function alphabetical<T extends Shown>(entries: readonly T[]): T[] {
	return [...entries].sort((a, b) => (shownText(a) < shownText(b) ? -1 : 1));
}
