import { CancellationScope } from '../concurrency/cancellationScope';
import { CANCEL } from '../config';
import type { RequestQueue } from '../requests/requestQueue';

/** The cancels that follow a stop of the workflow: its own scope is gone by then, and its bound on requests with it. */
export class StopCancels {
	/** Milliseconds that each run may take: all are cancelled at once, and the API takes them one after the other. */
	readonly budget: number;

	/** Runs that were not cancelled. */
	readonly missed: string[] = [];

	private opened?: CancellationScope;

	/** @param runs that are watched, 1 or more */
	constructor(
		private readonly requestQueue: RequestQueue,
		runs: number,
	) {
		this.budget = CANCEL.stopBudget + (runs - 1) * CANCEL.stopBudgetPerRun;
	}

	get scope(): CancellationScope {
		if (this.opened) return this.opened;
		this.opened = CancellationScope.from(undefined);
		this.requestQueue.allow(this.opened, { inFlight: CANCEL.stopRequests });
		return this.opened;
	}

	dispose(): void {
		this.opened?.dispose();
	}
}
