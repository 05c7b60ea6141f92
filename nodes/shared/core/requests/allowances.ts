import type { CancellationScope } from '../concurrency/cancellationScope';
import { SETTING } from '../config';

/** What an execution asks for. */
export interface Allowance {
	/** Requests in flight at most, 1 or more. */
	inFlight: number;
	/** Requests per second at most; as many as the account takes where it is not stated. */
	perSecond?: number;
}

/** What the running executions ask for. */
export class Allowances {
	/** Requests in flight at most: as many as one of them allows. */
	inFlight: number = SETTING.maxConcurrentRequests.default;

	/** Requests per second at most: as few as one of them allows. */
	perSecond = Number.POSITIVE_INFINITY;

	private readonly all = new Map<CancellationScope, Allowance>();

	/** @param onEnd called when the scope has ended, and its allowance with it */
	add(scope: CancellationScope, allowance: Allowance, onEnd: () => void): void {
		if (scope.signal.aborted) return;
		this.all.set(scope, allowance);
		this.apply();
		const end = () => {
			this.all.delete(scope);
			this.apply();
			onEnd();
		};
		scope.signal.addEventListener('abort', end, { once: true });
	}

	private apply(): void {
		const all = [...this.all.values()];
		const usual = SETTING.maxConcurrentRequests.default;
		this.inFlight = all.length > 0 ? Math.max(...all.map(({ inFlight }) => inFlight)) : usual;
		this.perSecond = Math.min(...all.map(({ perSecond = Number.POSITIVE_INFINITY }) => perSecond));
	}
}
