import type { CancellationScope } from '../concurrency/cancellationScope';
import { attempt } from '../concurrency/result';

/** Runs that a cleanup is working on: another one of the same account that finds them waits, and looks at what has become of them. */
export class Claims {
	private readonly held = new Map<string, Promise<unknown>>();

	/**
	 * Works on a run alone.
	 *
	 * @throws what `work` throws, or the reason why the scope ended while another one worked on it
	 */
	async hold<T>(run: string, scope: CancellationScope, work: () => Promise<T>): Promise<T> {
		for (let other = this.held.get(run); other; other = this.held.get(run)) {
			const waiting = scope.child();
			const waited = await attempt(() => waiting.race(other));
			waiting.dispose();
			if ('error' in waited && scope.signal.aborted) throw scope.signal.reason;
		}
		const own = attempt(work);
		this.held.set(run, own);
		const done = await own;
		this.held.delete(run);
		if ('error' in done) throw done.error;
		return done.value;
	}
}
