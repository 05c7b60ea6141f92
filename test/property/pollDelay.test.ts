import * as fc from 'fast-check';

import { parseTime } from '../../nodes/shared/core/runs/parseTime';
import { type PollSettings, nextPollDelay } from '../../nodes/shared/core/watch/pollDelay';
import { backoff } from '../../nodes/shared/core/requests/backoff';
import { retryAfterOf } from '../../nodes/shared/providers/client/http';
import { FakeClock } from '../support/fakeClock';
import { runs } from './runs';

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

const settings: fc.Arbitrary<PollSettings> = fc
	.record({
		mode: fc.constantFrom('adaptive' as const, 'fixed' as const),
		interval: fc.double({ min: 100, max: DAY, noNaN: true }),
		stretch: fc.double({ min: 0, max: DAY, noNaN: true }),
	})
	.map(({ mode, interval, stretch }) => ({ mode, interval, maxInterval: interval + stretch }));

const watchedFor = fc.double({ min: 0, max: 30 * DAY, noNaN: true });

test('a poll never comes sooner than the interval, nor later than the longest one', () => {
	fc.assert(
		fc.property(settings, watchedFor, fc.nat(), (polls, time, seed) => {
			const delay = nextPollDelay(polls, time, new FakeClock({ seed }));
			expect(delay).toBeGreaterThanOrEqual(polls.interval);
			expect(delay).toBeLessThanOrEqual(polls.mode === 'fixed' ? polls.interval : polls.maxInterval);
		}),
		{ numRuns: runs(500) },
	);
});

test('news is never older than a tenth of the wait, give or take the jitter', () => {
	fc.assert(
		fc.property(watchedFor, fc.nat(), (time, seed) => {
			const polls = { mode: 'adaptive', interval: SECOND, maxInterval: 30 * DAY } as const;
			const delay = nextPollDelay(polls, time, new FakeClock({ seed }));
			expect(delay).toBeLessThanOrEqual(Math.max(SECOND, time * 0.1) * 1.15);
		}),
		{ numRuns: runs(500) },
	);
});

test('a backoff is never shorter than 375 ms, nor longer than 18.75 s', () => {
	fc.assert(
		fc.property(fc.integer({ min: 1, max: 100_000 }), fc.nat(), (failures, seed) => {
			const wait = backoff(failures, new FakeClock({ seed }));
			expect(wait).toBeGreaterThanOrEqual(375);
			expect(wait).toBeLessThanOrEqual(18_750);
		}),
		{ numRuns: runs(500) },
	);
});

describe('a time is the same in whatever form it comes', () => {
	const at = fc.integer({ min: Date.UTC(2001, 0, 1), max: Date.UTC(2100, 0, 1) });

	test('ISO, with a zone or without', () => {
		fc.assert(
			fc.property(at, fc.integer({ min: -14 * 4, max: 14 * 4 }), (time, quarters) => {
				const iso = new Date(time).toISOString();
				expect(parseTime(iso)).toBe(time);
				expect(parseTime(iso.replace('Z', ''))).toBe(time);
				expect(parseTime(iso.replace('Z', '456Z'))).toBe(time);
				const minutes = quarters * 15;
				const local = new Date(time + minutes * 60 * SECOND).toISOString().replace('Z', '');
				const two = (value: number) => String(value).padStart(2, '0');
				const zone = `${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
				expect(parseTime(`${local}${minutes < 0 ? '-' : '+'}${zone}`)).toBe(time);
			}),
			{ numRuns: runs(500) },
		);
	});

	test('unix seconds and milliseconds, as numbers and as texts', () => {
		fc.assert(
			fc.property(at, (time) => {
				const whole = Math.floor(time / SECOND) * SECOND;
				expect(parseTime(time)).toBe(time);
				expect(parseTime(String(time))).toBe(time);
				expect(parseTime(whole / SECOND)).toBe(whole);
				expect(parseTime(String(whole / SECOND))).toBe(whole);
			}),
			{ numRuns: runs(500) },
		);
	});
});

test('whatever comes as a time, it is a time after 1970 or none', () => {
	fc.assert(
		fc.property(fc.oneof(fc.anything(), fc.string(), fc.double(), fc.date().map(String)), (value) => {
			const at = parseTime(value);
			if (at !== undefined) expect(Number.isFinite(at)).toBe(true);
		}),
		{ numRuns: runs(1_000) },
	);
});

test('whatever comes as Retry-After, it is a wait or none', () => {
	const header = fc.oneof(
		fc.string(),
		fc.double().map(String),
		fc.integer().map(String),
		fc.date().map(String),
	);
	fc.assert(
		fc.property(header, fc.option(header, { nil: undefined }), (value, date) => {
			const wait = retryAfterOf({ 'retry-after': value, date }, Date.UTC(2026, 0, 1));
			if (wait !== undefined) expect(wait).toBeGreaterThanOrEqual(0);
			expect(wait).not.toBeNaN();
		}),
		{ numRuns: runs(1_000) },
	);
});
