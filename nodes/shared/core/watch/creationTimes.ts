import { PageCursor } from '../requests/paginate';
import type { RequestQueue } from '../requests/requestQueue';
import { LIST } from '../config';
import type { RunClient } from '../runs/runClient';
import type { TimeMark } from '../runs/run';
import { type CancellationScope, isCancelReason } from '../concurrency/cancellationScope';
import { attempt } from '../concurrency/result';

/**
 * Creation times that only a list row knows (Extend parse runs). Pages are read once and shared by all
 * runs that are watched together.
 */
export class CreationTimes {
	private readonly known = new Map<string, TimeMark>();

	private readonly cursor = new PageCursor();

	private exhausted = false;

	/** The page under way, for all who wait for it. */
	private page?: Promise<void>;

	constructor(
		private readonly client: RunClient,
		private readonly requestQueue: RequestQueue,
	) {}

	/**
	 * The creation time of a run, looked up in at most `LIST.lookupPages` pages.
	 *
	 * @throws ApiError, or the reason why the scope ended
	 */
	async createdOf(id: string, scope: CancellationScope): Promise<TimeMark | undefined> {
		while (!this.known.has(id) && !this.exhausted) {
			this.page ??= this.readNextPage(scope).finally(() => {
				this.page = undefined;
			});
			const { page } = this;
			// Nobody waits for the page of another beyond the end of their own scope.
			const waiting = scope.child();
			const read = await attempt(() => waiting.race(page));
			waiting.dispose();
			if ('value' in read) continue;
			// The one who read the page may have ended, and its page with it: then another one reads it.
			if (!isCancelReason(read.error) || scope.signal.aborted) throw read.error;
		}
		return this.known.get(id);
	}

	/** The creation time of a run, as far as the pages read until now tell. */
	knownOf(id: string): TimeMark | undefined {
		return this.known.get(id);
	}

	private async readNextPage(scope: CancellationScope): Promise<void> {
		const listPage = this.client.listPage?.bind(this.client);
		if (!listPage) {
			this.exhausted = true;
			return;
		}
		const page = await this.requestQueue.request(scope, { priority: 'read' }, (signal) =>
			listPage(this.cursor.token, signal),
		);
		for (const row of page.rows) if (row.created) this.known.set(row.id, row.created);
		this.cursor.advance(page);
		this.exhausted = this.cursor.isAtEnd || this.cursor.pages >= LIST.lookupPages;
	}
}
