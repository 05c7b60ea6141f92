import type { Clock } from './clock';

/** Why a request or wait was aborted. Not an error of the run or the API, so it never becomes an error of the node. */
export type CancelReasonKind = 'stopped' | 'deadline' | 'timeout' | 'preempted' | 'released';

export class CancelReason extends Error {
	constructor(readonly kind: CancelReasonKind) {
		super(`Interrupted: ${kind}`);
		this.name = 'CancelReason';
	}
}

export function isCancelReason(error: unknown, kind?: CancelReasonKind): error is CancelReason {
	return error instanceof CancelReason && (kind === undefined || error.kind === kind);
}

/** Thousands of scopes end like this: one shared error saves a stack trace each. */
const RELEASED = new CancelReason('released');

/**
 * A tree of abort signals: cancelling a scope cancels everything below it, and nothing above.
 *
 * Not `AbortSignal.any`: thousands of requests depend on the signal of one workflow, and listeners or dependent signals
 * would pile up there until it ends (docs/decisions/0004).
 */
export class CancellationScope {
	private readonly controller = new AbortController();

	/** Created on demand: few of the scopes of thousands of runs have one at a time. */
	private children?: Set<CancellationScope>;

	private constructor(private readonly parent?: CancellationScope) {}

	/** A root scope that is cancelled with `signal`; `dispose` it when the work is done. */
	static from(signal: AbortSignal | undefined): CancellationScope {
		const root = new CancellationScope();
		if (signal?.aborted) root.cancel('stopped');
		else signal?.addEventListener('abort', () => root.cancel('stopped'), { once: true, signal: root.signal });
		return root;
	}

	get signal(): AbortSignal {
		return this.controller.signal;
	}

	/** The scope at the top: one for all work of an execution. */
	get root(): CancellationScope {
		return this.parent?.root ?? this;
	}

	child(): CancellationScope {
		const child = new CancellationScope(this);
		if (this.signal.aborted) child.controller.abort(this.signal.reason);
		else (this.children ??= new Set()).add(child);
		return child;
	}

	cancel(kind: CancelReasonKind): void {
		this.abort(new CancelReason(kind));
	}

	/** Cancels in `ms` milliseconds, unless the scope has ended by then. */
	cancelIn(ms: number, kind: CancelReasonKind, clock: Pick<Clock, 'sleep'>): void {
		clock.sleep(ms, this.signal).then(
			() => this.cancel(kind),
			() => undefined,
		);
	}

	/** `work`, or the reason why the scope ended, whichever comes first. The scope has to be disposed of afterwards. */
	race<T>(work: Promise<T>): Promise<T> {
		const { signal } = this;
		return new Promise((resolve, reject) => {
			if (signal.aborted) reject(signal.reason);
			else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
			work.then(resolve, reject);
		});
	}

	/** Ends a scope that is no longer needed: timers and requests below it are aborted. */
	dispose(): void {
		this.abort(RELEASED);
	}

	private abort(reason: unknown): void {
		if (this.signal.aborted) return;
		this.parent?.children?.delete(this);
		this.controller.abort(reason);
		for (const child of [...(this.children ?? [])]) child.abort(reason);
	}
}
