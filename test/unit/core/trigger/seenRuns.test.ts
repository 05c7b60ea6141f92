import { SeenRuns } from '../../../../nodes/shared/core/trigger/seenRuns';
import { decode, encode } from '../../../../nodes/shared/core/trigger/seenRunsCodec';
import { HOUR, SEEN_RUNS, MINUTE, TRIGGER } from '../../../../nodes/shared/core/config';

const ZERO = Date.UTC(2026, 0, 1);
const EASY = 40_000;

function memory(): SeenRuns {
	return new SeenRuns('account', ['finished'], ZERO / MINUTE);
}

/** As it comes back from the database of n8n. */
function reloaded(made: SeenRuns): SeenRuns {
	const loaded = decode(JSON.parse(JSON.stringify(encode(made))));
	if (!loaded) throw new Error('The memory cannot be read again');
	return loaded;
}

const run = (id: string, created?: number) => ({ id, created });

test('runs created before the watermark are past; a run without a time never is', () => {
	const made = memory();
	expect(made.isPast(run('old', ZERO - 1))).toBe(true);
	expect(made.isPast(run('new', ZERO))).toBe(false);
	expect(made.isPast(run('timeless'))).toBe(false);
});

test('what was finished, told and followed survives being stored', () => {
	const made = memory();
	made.finish(run('done', ZERO + MINUTE));
	made.finish(run('done without a time'));
	made.report(run('told', ZERO + MINUTE), 'stuck');
	made.follow(run('followed', ZERO - HOUR));
	made.report(run('followed', ZERO - HOUR), 'needsReview');
	const loaded = reloaded(made);
	expect(loaded.isDone(run('done'))).toBe(true);
	expect(loaded.isDone(run('done without a time'))).toBe(true);
	expect(loaded.isDone(run('told'))).toBe(false);
	expect(loaded.wasReported(run('told'), 'stuck')).toBe(true);
	expect(loaded.wasReported(run('told'), 'needsReview')).toBe(false);
	expect(loaded.wasReported(run('followed'), 'needsReview')).toBe(true);
	expect(loaded.open.get('followed')?.created).toBe(ZERO - HOUR);
	expect(encode(loaded)).toEqual(encode(made));
	expect([loaded.scopeKey, loaded.events]).toEqual(['account', ['finished']]);
});

test('what is not a stored memory is none', () => {
	for (const value of [undefined, null, 'text', [], {}, { fits: 1 }]) {
		expect(decode(value)).toBeUndefined();
	}
});

describe('the watermark', () => {
	const late = TRIGGER.listDelay + 2 * MINUTE;

	test('moves to the end of the minute after what was the newest creation when the delay of lists began', () => {
		const made = memory();
		made.advance([], ZERO + HOUR, 0, EASY);
		made.advance([], ZERO + 2 * HOUR, late - 1, EASY);
		expect(made.isPast(run('one', ZERO + HOUR - MINUTE))).toBe(false);
		made.advance([], ZERO + 2 * HOUR, late, EASY);
		expect(made.isPast(run('one', ZERO + HOUR + 2 * MINUTE - 1))).toBe(true);
		// This one is less than the delay of lists old, and may still turn up.
		expect(made.isPast(run('two', ZERO + HOUR + 2 * MINUTE))).toBe(false);
	});

	test('also moves when nothing new came, and after it was stored', () => {
		const made = memory();
		made.advance([], ZERO + HOUR, 0, EASY);
		const loaded = reloaded(made);
		loaded.advance([], undefined, late, EASY);
		expect(loaded.isPast(run('one', ZERO + HOUR))).toBe(true);
	});

	test('waits anew when our clock was set back', () => {
		const made = memory();
		made.advance([], ZERO + HOUR, 5 * late, EASY);
		made.advance([], ZERO + HOUR, late, EASY);
		made.advance([], ZERO + HOUR, 2 * late - 1, EASY);
		expect(made.isPast(run('one', ZERO))).toBe(false);
		made.advance([], ZERO + HOUR, 2 * late, EASY);
		expect(made.isPast(run('one', ZERO))).toBe(true);
	});

	test('forgets what is done, and takes along what is not, with what was told about it', () => {
		const made = memory();
		made.finish(run('done', ZERO + MINUTE));
		made.report(run('going on', ZERO + MINUTE), 'stuck');
		made.advance([], ZERO + HOUR, 0, EASY);
		const newer = run('newer', ZERO + HOUR + 2 * MINUTE);
		made.advance([run('going on', ZERO + MINUTE), newer], ZERO + HOUR, late, EASY);
		expect(made.isDone(run('done'))).toBe(false);
		expect([...made.open]).toEqual([['going on', { created: ZERO + MINUTE, reported: new Set(['stuck']) }]]);
		expect(Object.keys(encode(made).done)).toEqual([]);
	});

	test('stays where that takes less memory, when there is much', () => {
		const made = memory();
		const many = Array.from({ length: 50 }, (_, index) => run(`run_${index}`, ZERO + 30 * MINUTE));
		made.finish(run('early', ZERO));
		made.finish(run('done', ZERO + 30 * MINUTE));
		made.advance([], ZERO + HOUR, 0, 100);
		made.advance(many, ZERO + HOUR, late, 100);
		expect(made.open.size).toBe(0);
		// Up to the minute of the many, not over it.
		expect(made.isPast(run('early', ZERO))).toBe(true);
		expect(made.isPast(run('done', ZERO + 30 * MINUTE))).toBe(false);
	});
});

describe('size', () => {
	test('10,000 runs that ended in one minute take less than 64 KB, and none is confused with another', () => {
		const made = memory();
		for (let index = 0; index < 10_000; index++) made.finish(run(`extr_${index}`, ZERO + index));
		expect(JSON.stringify(encode(made)).length).toBeLessThan(64 * 1024);
		const loaded = reloaded(made);
		const known = (prefix: string) =>
			Array.from({ length: 10_000 }, (_, index) => loaded.isDone(run(`${prefix}_${index}`)));
		expect(new Set(known('extr'))).toEqual(new Set([true]));
		expect(new Set(known('other'))).toEqual(new Set([false]));
	});

	test('digests that were shortened stay short until they are forgotten', () => {
		const made = memory();
		for (let index = 0; index <= SEEN_RUNS.manyDigests; index++) made.finish(run(`one_${index}`, ZERO));
		const loaded = reloaded(made);
		expect(encode(loaded).width).toBe(SEEN_RUNS.shortDigest);
		loaded.finish(run('another', ZERO + 3 * MINUTE));
		loaded.advance([], ZERO + MINUTE, 0, EASY);
		loaded.advance([], ZERO + MINUTE, TRIGGER.listDelay + 2 * MINUTE, EASY);
		expect(encode(loaded).width).toBe(SEEN_RUNS.digest);
		expect(reloaded(loaded).isDone(run('another'))).toBe(true);
	});

	test('runs without a time are forgotten when no list shows them, once there are many', () => {
		const made = memory();
		for (let index = 0; index < SEEN_RUNS.timeless; index++) made.finish(run(`run_${index}`));
		made.done.forgetTimeless([]);
		expect(made.isDone(run('run_0'))).toBe(true);
		made.finish(run('one more'));
		made.done.forgetTimeless([run('one more'), run('run_1')]);
		expect([made.isDone(run('run_0')), made.isDone(run('run_1')), made.isDone(run('one more'))]).toEqual([
			false,
			true,
			true,
		]);
	});

	test('what must be given up is the oldest: followed runs first, then finished ones', () => {
		const made = memory();
		for (let index = 0; index < 20; index++) made.follow(run(`run_${index}`, ZERO + (20 - index) * MINUTE));
		made.finish(run('done', ZERO + MINUTE));
		expect(made.evictOldest()).toBe(2);
		expect([made.open.has('run_19'), made.open.has('run_18'), made.open.has('run_17')]).toEqual([
			false,
			false,
			true,
		]);
		while (made.open.size > 0) made.evictOldest();
		expect(made.evictOldest()).toBe(0);
		expect(made.isDone(run('done'))).toBe(false);
		expect(made.isPast(run('done', ZERO + MINUTE))).toBe(true);
	});
});
