/** Why something under way was ended. Not a failure of the run or of the API, so it never becomes an error of the node. */
export type InterruptionKind = 'stopped' | 'deadline' | 'timeout' | 'preempted' | 'released';

export class Interruption extends Error {
	constructor(readonly kind: InterruptionKind) {
		super(`Interrupted: ${kind}`);
		this.name = 'Interruption';
	}
}

export function isInterruption(error: unknown, kind?: InterruptionKind): error is Interruption {
	return error instanceof Interruption && (kind === undefined || error.kind === kind);
}

/** Most scopes end like this, by the thousands: one error for all spares the cost of a stack trace each. */
const RELEASED = new Interruption('released');

/**
 * A tree of abort signals: ending a scope ends everything below it, and nothing above.
 *
 * Own bookkeeping instead of `AbortSignal.any`: thousands of requests hang below one workflow, and listeners or
 * dependent signals on one long-lived signal would pile up there until it ends.
 */
export class Scope {
	private readonly controller = new AbortController();

	/** Only where there are any: of the scopes of thousands of runs, few have one at a time. */
	private children?: Set<Scope>;

	private constructor(private readonly parent?: Scope) {}

	/** A root scope that ends with `signal`; `release` it when the work is done. */
	static from(signal: AbortSignal | undefined): Scope {
		const root = new Scope();
		if (signal?.aborted) root.end('stopped');
		else signal?.addEventListener('abort', () => root.end('stopped'), { once: true, signal: root.signal });
		return root;
	}

	get signal(): AbortSignal {
		return this.controller.signal;
	}

	fork(): Scope {
		const child = new Scope(this);
		if (this.signal.aborted) child.controller.abort(this.signal.reason);
		else (this.children ??= new Set()).add(child);
		return child;
	}

	end(kind: InterruptionKind): void {
		this.abort(new Interruption(kind));
	}

	/** Ends the scope because nobody needs it any more: timers and requests below it stop. */
	release(): void {
		this.abort(RELEASED);
	}

	private abort(reason: unknown): void {
		if (this.signal.aborted) return;
		this.parent?.children?.delete(this);
		this.controller.abort(reason);
		for (const child of [...(this.children ?? [])]) child.abort(reason);
	}
}
