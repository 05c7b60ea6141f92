/** The part of a page that paging needs. */
interface Page {
	rows: readonly unknown[];
	/** Page token of the next page; none on the last one. */
	next?: string;
}

/** How far a list was read. */
export class PageCursor {
	/** Token of the page to read next; none for the first page. */
	token?: string;

	pages = 0;

	isAtEnd = false;

	/** True when a page token was seen before. */
	isCircular = false;

	private readonly seen = new Set<string>();

	/** @param isEmptyPageLast false where more pages may follow an empty one */
	constructor(private readonly isEmptyPageLast = true) {}

	/** Moves on after a page was read. */
	advance({ rows, next }: Page): void {
		this.pages += 1;
		this.isCircular = next !== undefined && this.seen.has(next);
		// A server that repeats a token, or sends one with each empty page, would never end.
		this.isAtEnd = next === undefined || this.isCircular || (this.isEmptyPageLast && rows.length === 0);
		this.token = next;
		if (next !== undefined) this.seen.add(next);
	}
}

/**
 * The pages of a list from the cursor to the end, at most `maxPages` in all.
 *
 * @throws what `read` throws
 */
export async function* paginate<P extends Page>(
	cursor: PageCursor,
	maxPages: number,
	read: (token: string | undefined) => Promise<P>,
): AsyncGenerator<P, void, undefined> {
	while (!cursor.isAtEnd && cursor.pages < maxPages) {
		const page = await read(cursor.token);
		cursor.advance(page);
		yield page;
	}
}
