import type { Clock } from './clock';
import type { RequestGate } from './gate';
import { LIST, REQUEST } from './limits';
import { type RunPort, timeBoxed } from './port';
import type { TimeMark } from './run';
import { type Scope, isInterruption } from './scope';
import { settle } from './settle';

/**
 * Creation times that only a list row knows (Extend parse runs). Pages are read once and shared by all
 * runs that are watched together.
 */
export class ListedTimes {
	private readonly known = new Map<string, TimeMark>();

	private pages = 0;

	private next: string | undefined;

	private exhausted = false;

	/** The page under way, for all who wait for it. */
	private page?: Promise<void>;

	constructor(
		private readonly port: RunPort,
		private readonly gate: RequestGate,
		private readonly clock: Clock,
	) {}

	/**
	 * The creation time of a run, looked up in at most `LIST.lookupPages` pages.
	 *
	 * @throws ApiFault, or the reason why the scope ended
	 */
	async createdOf(id: string, scope: Scope): Promise<TimeMark | undefined> {
		while (!this.known.has(id) && !this.exhausted) {
			this.page ??= this.readNextPage(scope).finally(() => {
				this.page = undefined;
			});
			const { page } = this;
			const read = await settle(() => untilEnd(scope, page));
			if ('value' in read) continue;
			// The one who read the page may have ended, and its page with it: then another one reads it.
			if (!isInterruption(read.error) || scope.signal.aborted) throw read.error;
		}
		return this.known.get(id);
	}

	/** The creation time of a run, as far as the pages read until now tell. */
	knownOf(id: string): TimeMark | undefined {
		return this.known.get(id);
	}

	private async readNextPage(scope: Scope): Promise<void> {
		const listPage = this.port.listPage?.bind(this.port);
		if (!listPage) {
			this.exhausted = true;
			return;
		}
		const page = await this.gate.run(scope, 'read', (slot) =>
			timeBoxed(this.clock, slot, REQUEST.timeout, (signal) => listPage(this.next, signal)),
		);
		for (const row of page.rows) if (row.created) this.known.set(row.id, row.created);
		this.pages += 1;
		this.exhausted = page.next === undefined || page.next === this.next || this.pages >= LIST.lookupPages;
		this.next = page.next;
	}
}

/** `work`, or the reason why the scope ended, whichever comes first: nobody waits for the page of another beyond that. */
async function untilEnd<T>(scope: Scope, work: Promise<T>): Promise<T> {
	const waiting = scope.fork();
	try {
		waiting.signal.throwIfAborted();
		return await Promise.race([
			work,
			new Promise<never>((_, reject) => {
				waiting.signal.addEventListener('abort', () => reject(waiting.signal.reason), { once: true });
			}),
		]);
	} finally {
		waiting.release();
	}
}
