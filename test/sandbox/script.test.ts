import { stateAt, type Life, type Result } from '../../sandbox/server/script';

/** The life of a run as a function of time. Times are ms from its start. */

function life(result: Result, more: Partial<Life> = {}): Life {
	return { script: { pendingMs: 100, durationMs: 1_000, result }, startedFrom: 0, ...more };
}

const phases = (one: Life, ...times: number[]): string[] => times.map((time) => stateAt(one, time).phase);

test('waits, runs and ends', () => {
	expect(phases(life('completed'), 0, 99, 100, 999, 1_000, 1e12)).toEqual([
		'waiting',
		'waiting',
		'running',
		'running',
		'completed',
		'completed',
	]);
});

test.each<[Result, string]>([
	['completed', 'completed'],
	['failed', 'failed'],
	['error', 'failed'],
	['needs_review', 'needsReview'],
	['expired', 'expired'],
	['rejected', 'rejected'],
	['cancelled', 'cancelled'],
	['stuck', 'running'],
])('%s comes to %s', (result, phase) => {
	expect(phases(life(result), 1_000)).toEqual([phase]);
});

test('knows when it started and ended', () => {
	const one = life('completed');
	expect(stateAt(one, 50)).toEqual({ phase: 'waiting', since: 0, startedAt: null, endedAt: null });
	expect(stateAt(one, 500)).toEqual({ phase: 'running', since: 100, startedAt: 100, endedAt: null });
	expect(stateAt(one, 5_000)).toEqual({ phase: 'completed', since: 1_000, startedAt: 100, endedAt: 1_000 });
	expect(stateAt(life('needs_review'), 5_000)).toMatchObject({ since: 1_000, endedAt: null });
});

test('never ends before it left the queue', () => {
	const one: Life = { script: { pendingMs: 900, durationMs: 100, result: 'completed' }, startedFrom: 0 };
	expect(phases(one, 899, 900)).toEqual(['waiting', 'completed']);
});

describe('a cancel', () => {
	const cancelled = (requestedAt: number, effectiveAt: number, interim = false): Partial<Life> => ({
		cancel: { requestedAt, effectiveAt, interim },
	});

	test('takes effect at its time', () => {
		expect(phases(life('completed', cancelled(200, 300)), 199, 250, 300, 9_000)).toEqual([
			'running',
			'running',
			'cancelled',
			'cancelled',
		]);
	});

	test('shows an interim phase where there is one', () => {
		expect(phases(life('completed', cancelled(200, 300, true)), 199, 200, 299, 300)).toEqual([
			'running',
			'cancelling',
			'cancelling',
			'cancelled',
		]);
	});

	test('loses against a result that comes first', () => {
		expect(phases(life('failed', cancelled(900, 1_000, true)), 950, 1_000, 1_100)).toEqual([
			'cancelling',
			'failed',
			'failed',
		]);
	});

	test('ends a review and a stuck run', () => {
		expect(phases(life('needs_review', cancelled(2_000, 2_100)), 2_000, 2_100)).toEqual([
			'needsReview',
			'cancelled',
		]);
		expect(phases(life('stuck', cancelled(2_000, 2_000)), 1_999, 2_000)).toEqual(['running', 'cancelled']);
	});

	test('in the queue means that the run never started', () => {
		expect(stateAt(life('completed', cancelled(50, 50)), 5_000)).toMatchObject({
			startedAt: null,
			endedAt: 50,
		});
	});

	test('may never take effect', () => {
		expect(phases(life('stuck', cancelled(200, Infinity)), 1e12)).toEqual(['running']);
	});
});

describe('a phase set by hand', () => {
	test('replaces the script from then on', () => {
		const one = life('completed', { forced: { at: 500, phase: 'running' } });
		expect(phases(one, 50, 500, 1e12)).toEqual(['waiting', 'running', 'running']);
		expect(stateAt(life('stuck', { forced: { at: 500, phase: 'failed' } }), 600)).toMatchObject({
			phase: 'failed',
			startedAt: 100,
			endedAt: 500,
		});
	});

	test('lets a waiting run have started when it finishes', () => {
		expect(stateAt(life('completed', { forced: { at: 20, phase: 'completed' } }), 30)).toMatchObject({
			startedAt: 20,
			endedAt: 20,
		});
	});
});
