import { dayAt, endOfDay, minuteAt, startOfDay } from '../../../nodes/shared/n8n/parameters/timeZone';

const iso = (at: number) => new Date(at).toISOString();

test.each([
	['UTC', '2026-01-31', '2026-01-31T00:00:00.000Z', '2026-01-31T23:59:59.999Z'],
	['America/New_York', '2026-01-31', '2026-01-31T05:00:00.000Z', '2026-02-01T04:59:59.999Z'],
	['Asia/Kolkata', '2026-01-31', '2026-01-30T18:30:00.000Z', '2026-01-31T18:29:59.999Z'],
	['Pacific/Kiritimati', '2026-01-31', '2026-01-30T10:00:00.000Z', '2026-01-31T09:59:59.999Z'],
	// 23 and 25 hours long.
	['Europe/Berlin', '2026-03-29', '2026-03-28T23:00:00.000Z', '2026-03-29T21:59:59.999Z'],
	['Europe/Berlin', '2026-10-25', '2026-10-24T22:00:00.000Z', '2026-10-25T22:59:59.999Z'],
	// The clocks change at midnight: the day begins at 01:00.
	['Africa/Cairo', '2024-04-26', '2024-04-25T22:00:00.000Z', '2024-04-26T20:59:59.999Z'],
	['Africa/Cairo', '2024-11-01', '2024-10-31T22:00:00.000Z', '2024-11-01T21:59:59.999Z'],
])('%s %s', (timeZone, day, start, end) => {
	expect(iso(startOfDay(timeZone, day))).toBe(start);
	expect(iso(endOfDay(timeZone, day))).toBe(end);
});

test('a moment as the clocks there show it', () => {
	const at = Date.parse('2026-01-31T03:05:00Z');
	expect([dayAt('America/New_York', at), dayAt('UTC', at)]).toEqual(['2026-01-30', '2026-01-31']);
	expect(minuteAt('America/New_York', at)).toBe('2026-01-30 22:05');
	expect(minuteAt('UTC', Date.parse('2026-01-31T00:00:00Z'))).toBe('2026-01-31 00:00');
});
