import { parseTime } from '../../../../nodes/shared/core/runs/parseTime';

/** 2026-02-03T04:05:06.000Z */
const AT = Date.UTC(2026, 1, 3, 4, 5, 6);

describe('a time as the APIs write it', () => {
	test.each([
		['ISO in UTC', '2026-02-03T04:05:06Z', AT],
		['ISO with a small z', '2026-02-03T04:05:06z', AT],
		['ISO with milliseconds', '2026-02-03T04:05:06.789Z', AT + 789],
		['ISO with microseconds, as Python writes it', '2026-02-03T04:05:06.789123+00:00', AT + 789],
		['ISO with nanoseconds, as Go writes it', '2026-02-03T04:05:06.789123456Z', AT + 789],
		['ISO without a zone is UTC', '2026-02-03T04:05:06', AT],
		['microseconds without a zone', '2026-02-03T04:05:06.789123', AT + 789],
		['another zone', '2026-02-03T06:05:06+02:00', AT],
		['another zone, without a colon', '2026-02-02T23:05:06-0500', AT],
		['another zone, hours only, as databases write it', '2026-02-03T06:05:06+02', AT],
		['a space in place of the T', '2026-02-03 04:05:06', AT],
		['a space and a zone', '2026-02-03 06:05:06.000+02:00', AT],
		['no seconds', '2026-02-03T04:05', AT - 6_000],
		['a day', '2026-02-03', Date.UTC(2026, 1, 3)],
		['unix seconds', AT / 1_000, AT],
		['unix seconds with a fraction', AT / 1_000 + 0.25, AT + 250],
		['unix milliseconds', AT, AT],
		['unix seconds as a text', String(AT / 1_000), AT],
		['unix milliseconds as a text', String(AT), AT],
	])('%s', (_, value, at) => {
		expect(parseTime(value)).toBe(at);
	});

	test.each([
		['nothing', undefined],
		['null', null],
		['an empty text', ''],
		['words', 'yesterday'],
		['words that Date would take', 'February 3, 2026'],
		['a month that does not exist', '2026-13-03T04:05:06Z'],
		['an hour that does not exist', '2026-02-03T25:05:06Z'],
		['words after the day', '2026-02-03 at noon'],
		['zero, which servers use for "not yet"', 0],
		['the same as a text', '0'],
		['a negative number', -AT],
		['a negative number as a text', `-${AT}`],
		['NaN', Number.NaN],
		['infinity', Number.POSITIVE_INFINITY],
		['a boolean', true],
		['an object', { at: AT }],
		['a list', [AT]],
	])('is not %s', (_, value) => {
		expect(parseTime(value)).toBeUndefined();
	});
});
