import * as fc from 'fast-check';

import type { Priority } from '../../nodes/shared/core/requests/priority';
import { CancelReason, CancellationScope } from '../../nodes/shared/core/concurrency/cancellationScope';
import { FakeClock } from '../support/fakeClock';
import { fault } from '../support/scriptedClient';
import { runs } from './runs';
import { queueOf } from '../support/queues';

interface Call {
	priority: Priority;
	/** Milliseconds after the begin at which it asks for a slot. */
	asksAt: number;
	/** Milliseconds it takes; it hangs when absent. */
	takes?: number;
	/** Milliseconds after asking at which its owner gives up. */
	patience: number;
}

interface Seen {
	call: Call;
	starts: number[];
	ends: number[];
	outcome?: 'done' | 'gaveUp';
	settledAt: number;
}

const calls = fc.array(
	fc.record({
		priority: fc.constantFrom<Priority>('urgent', 'confirm', 'call', 'read', 'poll', 'poll'),
		asksAt: fc.integer({ min: 0, max: 300 }),
		takes: fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined, freq: 4 }),
		patience: fc.integer({ min: 0, max: 2_000 }),
	}),
	{ minLength: 1, maxLength: 25 },
);

const pauses = fc.array(
	fc.record({ at: fc.integer({ min: 0, max: 300 }), lasts: fc.integer({ min: 1, max: 500 }) }),
	{ maxLength: 2 },
);

test('whoever asks for a slot: bounded, in order of precedence, never lost, and never stuck', async () => {
	await fc.assert(
		fc.asyncProperty(
			calls,
			pauses,
			fc.integer({ min: 1, max: 4 }),
			fc.nat(),
			async (given, pausing, limit, seed) => {
				const clock = new FakeClock({ seed, ties: 'shuffled' });
				const begin = clock.now();
				const now = () => clock.now() - begin;
				const requestQueue = queueOf(limit, clock);
				const root = CancellationScope.from(undefined);
				let inFlight = 0;
				let most = 0;

				const one = async (call: Call): Promise<Seen> => {
					const seen: Seen = { call, starts: [], ends: [], settledAt: 0 };
					const scope = root.child();
					await clock.sleep(call.asksAt, scope.signal);
					clock.sleep(call.patience, scope.signal).then(
						() => scope.cancel('deadline'),
						() => undefined,
					);
					const work = async (signal: AbortSignal) => {
						seen.starts.push(now());
						most = Math.max(most, (inFlight += 1));
						// The slot counts as free from the moment it is taken away, not from when the work notices.
						signal.addEventListener('abort', leave, { once: true });
						let open = true;
						function leave() {
							if (!open) return;
							open = false;
							inFlight -= 1;
							seen.ends.push(now());
						}
						try {
							await clock.sleep(call.takes ?? 10_000, signal);
						} finally {
							leave();
						}
					};
					await requestQueue.request(scope, { priority: call.priority }, work).then(
						() => (seen.outcome = 'done'),
						(error: unknown) => {
							expect(error).toEqual(new CancelReason('deadline'));
							seen.outcome = 'gaveUp';
						},
					);
					seen.settledAt = now();
					scope.dispose();
					return seen;
				};
				const pausesDone = pausing.map(async ({ at, lasts }) => {
					await clock.sleep(at, root.child().signal);
					requestQueue.pauseFor(fault(503, { retryAfter: lasts }), 1);
				});
				const [all] = await clock.finish(Promise.all([Promise.all(given.map(one)), Promise.all(pausesDone)]));

				expect(most).toBeLessThanOrEqual(limit);
				expect(clock.sleeping).toBe(0);
				for (const { call, starts, ends, outcome, settledAt } of all) {
					expect(ends).toHaveLength(starts.length);
					if (outcome === 'gaveUp') expect(settledAt).toBe(call.asksAt + call.patience);
					if (call.priority === 'urgent' || call.priority === 'call')
						expect(starts.length).toBeLessThanOrEqual(1);
					for (const start of starts) {
						const paused = pausing.some(({ at, lasts }) => start > at && start < at + lasts);
						expect(paused).toBe(false);
					}
				}
				urgentOnesWaitForUrgentOnesOnly(all, pausing, limit);
			},
		),
		{ numRuns: runs(400) },
	);
});

/** Twenty milliseconds after an urgent call asked, every slot is either its own or one that must not be taken. */
function urgentOnesWaitForUrgentOnesOnly(
	all: readonly Seen[],
	pausing: ReadonlyArray<{ at: number; lasts: number }>,
	limit: number,
): void {
	if (pausing.length > 0) return;
	for (const { call, starts, settledAt } of all) {
		if (call.priority !== 'urgent') continue;
		const from = call.asksAt + 20;
		const until = starts[0] ?? settledAt;
		for (let instant = from + 0.5; instant < until; instant += 1) {
			const busy = all.filter(
				(other) =>
					(other.call.priority === 'urgent' || other.call.priority === 'call') &&
					other.starts.some((start, index) => start < instant && (other.ends[index] ?? Infinity) > instant),
			);
			expect(busy.length).toBe(limit);
		}
	}
}
