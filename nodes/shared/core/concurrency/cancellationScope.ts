/** Why something under way was ended. Not a failure of the run or of the API, so it never becomes an error of the node. */
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

/** Most scopes end like this, by the thousands: one error for all spares the cost of a stack trace each. */
const RELEASED = new CancelReason('released');

/**
 * A tree of abort signals: ending a scope ends everything below it, and nothing above.
 *
 * Own bookkeeping instead of `AbortSignal.any`: thousands of requests hang below one workflow, and listeners or
 * dependent signals on one long-lived signal would pile up there until it ends.
 */
export class CancellationScope {
	private readonly controller = new AbortController();

	/** Only where there are any: of the scopes of thousands of runs, few have one at a time. */
	private children?: Set<CancellationScope>;

	private constructor(private readonly parent?: CancellationScope) {}

	/** A root scope that ends with `signal`; `release` it when the work is done. */
	static from(signal: AbortSignal | undefined): CancellationScope {
		const root = new CancellationScope();
		if (signal?.aborted) root.cancel('stopped');
		else signal?.addEventListener('abort', () => root.cancel('stopped'), { once: true, signal: root.signal });
		return root;
	}

	get signal(): AbortSignal {
		return this.controller.signal;
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

	/** Ends the scope because nobody needs it any more: timers and requests below it stop. */
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
