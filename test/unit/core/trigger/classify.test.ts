import { classify, classifyRead } from '../../../../nodes/shared/core/trigger/classify';
import type { EventName, EventOptions, ListedRun } from '../../../../nodes/shared/core/trigger/events';
import type { ResourcePoll } from '../../../../nodes/shared/core/trigger/resourcePoll';
import { SeenRuns } from '../../../../nodes/shared/core/trigger/seenRuns';
import { encode } from '../../../../nodes/shared/core/trigger/seenRunsCodec';
import { HOUR, MINUTE } from '../../../../nodes/shared/core/config';
import type { Phase } from '../../../../nodes/shared/core/runs/run';
import { FakeClock } from '../../../support/fakeClock';
import { RunWorld } from '../../../support/runWorld';

const NOW = Date.UTC(2026, 0, 1);

const OPTIONS: EventOptions = {
	events: new Set<EventName>(['finished', 'stuck']),
	stuckAfter: HOUR,
	lookBack: 0,
	budget: MINUTE,
	now: () => NOW,
};

function setUp() {
	const memory = new SeenRuns('account', ['finished', 'stuck:3600000'], (NOW - 2 * HOUR) / MINUTE);
	const pollOf = (rows: ListedRun[], followed: ListedRun[] = []): ResourcePoll => ({
		source: new RunWorld(new FakeClock()).source(),
		memory,
		list: { rows, newestFirst: true, whole: true, pages: 1, failed: false },
		followed,
		isOld: () => false,
		at: NOW,
	});
	return { memory, pollOf };
}

const row = (id: string, phase: Phase, age = MINUTE): ListedRun => ({
	id,
	phase,
	created: NOW - age,
});

const ids = (runs: ReadonlyArray<{ id: string }>) => runs.map(({ id }) => id);

test('rows lead to reads, events that nobody asked for are remembered, the rest is left alone', () => {
	const { memory, pollOf } = setUp();
	memory.finish(row('done', 'completed'));
	memory.report(row('known', 'running', 90 * MINUTE), 'stuck');
	const plan = classify(
		OPTIONS,
		pollOf([
			row('going on', 'running'),
			row('ended', 'completed'),
			row('not asked for', 'failed'),
			row('no status', 'unknown'),
			row('done', 'completed'),
			row('stuck', 'running', 90 * MINUTE),
			row('known', 'running', 90 * MINUTE),
			row('before the watermark', 'completed', 3 * HOUR),
		]),
	);
	expect(ids(plan.read)).toEqual(['ended', 'no status', 'stuck']);
	expect(plan.remember.map(({ run, event }) => [run.id, event])).toEqual([['not asked for', 'failed']]);
	expect(plan.follow).toEqual([]);
	expect(ids(plan.recent)).not.toContain('before the watermark');
});

test('a run is in one place only, and one without a creation time is followed', () => {
	const { memory, pollOf } = setUp();
	memory.follow(row('followed', 'running'));
	const timeless: ListedRun = { id: 'timeless', phase: 'running' };
	const rows = [row('followed', 'completed'), timeless, row('twice', 'completed'), row('twice', 'completed')];
	const plan = classify(OPTIONS, pollOf(rows, [row('followed', 'completed')]));
	expect(ids(plan.read)).toEqual(['followed', 'twice']);
	expect(ids(plan.follow)).toEqual(['followed', 'timeless']);
});

test('neither rows nor reads change the memory', () => {
	const { memory, pollOf } = setUp();
	memory.follow(row('followed', 'running'));
	const before = JSON.stringify(encode(memory));
	const rows = [row('followed', 'completed'), row('one', 'failed'), row('two', 'running', 90 * MINUTE)];
	const poll = pollOf(rows, rows.slice(0, 1));
	classify(OPTIONS, poll);
	const run = { id: 'two', status: 'completed', phase: 'completed' as const, body: {} };
	const read = () => classifyRead(OPTIONS, poll, row('two', 'running'), run);
	expect([read(), read()]).toEqual(Array(2).fill({ event: 'finished', isReported: true }));
	expect(JSON.stringify(encode(memory))).toBe(before);
});
