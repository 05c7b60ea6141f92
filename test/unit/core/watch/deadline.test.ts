import { Deadline, timeToCountFrom } from '../../../../nodes/shared/core/watch/deadline';
import type { Run, TimeMark } from '../../../../nodes/shared/core/runs/run';

/** 2026-02-03T04:05:06.000Z */
const AT = Date.UTC(2026, 1, 3, 4, 5, 6);

describe('the time a timeout is counted from', () => {
	const created: TimeMark = { at: AT, field: 'created_at' };
	const started: TimeMark = { at: AT + 5_000, field: 'started_at' };
	const run: Run = { id: 'r', status: 'running', phase: 'running', body: {} };

	test.each([
		['created', 'created', { created, started }, created],
		['started', 'started', { created, started }, started],
		['created, where only the start is known', 'created', { started }, started],
		['started, where the run has not started yet', 'started', { created }, created],
		['created, where nothing is known', 'created', {}, undefined],
		['started, where nothing is known', 'started', {}, undefined],
	] as const)('%s', (_, countFrom, times, expected) => {
		expect(timeToCountFrom({ ...run, ...times }, countFrom)).toBe(expected);
	});
});

describe('the deadline', () => {
	const run: Run = { id: 'r', status: 'running', phase: 'running', body: {} };
	const created = (at: number): TimeMark => ({ at, field: 'created_at' });

	test('counts from now until the run tells more, and then from the earliest of all', () => {
		const deadline = new Deadline(
			[
				{ timeout: 10_000, countFrom: 'now' },
				{ timeout: 10_000, countFrom: 'created' },
			],
			AT,
		);
		expect([deadline.at, deadline.isKnown]).toEqual([AT + 10_000, true]);
		expect(deadline.update({ ...run, created: created(AT - 4_000) }, undefined, AT)).toBe(true);
		expect([deadline.at, deadline.countedFrom]).toEqual([AT + 6_000, created(AT - 4_000)]);
	});

	test('is not known before a time to count from is', () => {
		const deadline = new Deadline([{ timeout: 10_000, countFrom: 'created' }], AT);
		expect([deadline.isKnown, deadline.needsListedTime(run)]).toEqual([false, true]);
		expect(deadline.update(run, undefined, AT)).toBe(false);
		expect(deadline.update(run, created(AT - 1_000), AT)).toBe(true);
		expect([deadline.at, deadline.isKnown]).toEqual([AT + 9_000, true]);
	});

	test('never counts from the future: a time that is ahead counts from when it was first read', () => {
		const deadline = new Deadline([{ timeout: 10_000, countFrom: 'created' }], AT);
		for (const now of [AT, AT + 5_000])
			deadline.update({ ...run, created: created(AT + 60_000) }, undefined, now);
		expect(deadline.at).toBe(AT + 10_000);
	});
});
