import { jittered } from '../../../../nodes/shared/core/concurrency/clock';
import { backoff } from '../../../../nodes/shared/core/requests/backoff';
import {
	CompletionTimes,
	type PollSettings,
	nextPollDelay,
} from '../../../../nodes/shared/core/watch/pollDelay';
import { FakeClock } from '../../../support/fakeClock';

/** A clock whose random numbers are all the same: 0 is the shortest delay of a spread, 0.5 its middle. */
function always(random: number): FakeClock {
	return Object.assign(new FakeClock(), { random: () => random });
}

const LOWEST = always(0);
const MIDDLE = always(0.5);
const HIGHEST = always(1 - Number.EPSILON);

const ADAPTIVE: PollSettings = { mode: 'adaptive', interval: 1_000, maxInterval: 30_000 };

describe('the delay to the next poll', () => {
	test.each([
		['a run just begun', 0, 1_000],
		['after ten seconds', 10_000, 1_000],
		['after a minute', 60_000, 6_000],
		['after four minutes', 240_000, 24_000],
		['after an hour', 3_600_000, 30_000],
	])('adaptive, %s', (_, watchedFor, delay) => {
		expect(nextPollDelay(ADAPTIVE, watchedFor, MIDDLE)).toBe(delay);
	});

	test('the jitter is 15 % to either side', () => {
		expect(nextPollDelay(ADAPTIVE, 100_000, LOWEST)).toBeCloseTo(8_500);
		expect(nextPollDelay(ADAPTIVE, 100_000, HIGHEST)).toBeCloseTo(11_500);
	});

	test('the jitter never goes below the interval', () => {
		expect(nextPollDelay(ADAPTIVE, 0, LOWEST)).toBe(1_000);
	});

	test('the jitter never goes above the maximum', () => {
		expect(nextPollDelay(ADAPTIVE, 300_000, HIGHEST)).toBe(30_000);
	});

	test('fixed: always the interval, with no jitter and no maximum', () => {
		const fixed: PollSettings = { mode: 'fixed', interval: 45_000, maxInterval: 30_000 };
		for (const clock of [LOWEST, MIDDLE, HIGHEST]) {
			expect(nextPollDelay(fixed, 0, clock)).toBe(45_000);
			expect(nextPollDelay(fixed, 3_600_000, clock)).toBe(45_000);
		}
	});
});

describe('the wait after failed requests', () => {
	test.each([
		[1, 500],
		[2, 1_000],
		[3, 2_000],
		[5, 8_000],
		[6, 15_000],
		[50, 15_000],
		[5_000, 15_000],
	])('%i in a row', (failures, wait) => {
		expect(backoff(failures, MIDDLE)).toBe(wait);
	});

	test('the jitter is 25 % to either side', () => {
		expect(backoff(1, LOWEST)).toBe(375);
		expect(backoff(1, HIGHEST)).toBeCloseTo(625);
	});
});

test('a spread of nothing changes nothing', () => {
	expect(jittered(1_234, 0, LOWEST)).toBe(1_234);
});

describe('what the runs that have ended teach about the others', () => {
	const usual = { from: 60_000, until: 70_000 };

	test.each([
		['long before: no later than the maximum', 5_000, 30_000],
		['before: until then', 45_000, 15_000],
		['just before: no sooner than the interval', 59_900, 1_000],
		['meanwhile: a tenth of the time that most took longer than the first', 65_000, 1_000],
		['after that: as if nothing were known', 80_000, 8_000],
	])('%s', (_, age, delay) => {
		expect(nextPollDelay(ADAPTIVE, age, MIDDLE, { ...usual, age })).toBeCloseTo(delay);
	});

	test('where runs take very different times, they are asked no more often than without', () => {
		const wide = { from: 10_000, until: 3_600_000, age: 100_000 };
		expect(nextPollDelay(ADAPTIVE, 100_000, MIDDLE, wide)).toBe(10_000);
	});

	test('fixed: nothing', () => {
		const fixed: PollSettings = { mode: 'fixed', interval: 5_000, maxInterval: 5_000 };
		expect(nextPollDelay(fixed, 45_000, MIDDLE, { ...usual, age: 45_000 })).toBe(5_000);
	});

	test('two runs teach nothing, three do', () => {
		const experience = new CompletionTimes();
		experience.record(9_000, 10_000);
		experience.record(11_000, 12_000);
		expect(experience.quantiles).toBeUndefined();
		experience.record(10_000, 11_000);
		expect(experience.quantiles).toEqual({ from: 9_000, until: 12_000 });
	});

	test('the odd one out says nothing about the others', () => {
		const experience = new CompletionTimes();
		for (let run = 0; run < 20; run++) experience.record(60_000 + run, 61_000 + run);
		experience.record(100, 200);
		experience.record(3_600_000, 3_700_000);
		expect(experience.quantiles).toEqual({ from: 60_001, until: 61_018 });
	});
});
