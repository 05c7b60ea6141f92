import { DAY } from '../../core/config';

/** Days and times as a clock in a time zone shows them. */

function partsAt(timeZone: string, at: number): { day: string; time: string } {
	const format = new Intl.DateTimeFormat('en-US', {
		timeZone,
		hourCycle: 'h23',
		year: 'numeric',
		month: '2-digit',
		day: '2-digit',
		hour: '2-digit',
		minute: '2-digit',
	});
	const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
	const of = (...types: Intl.DateTimeFormatPartTypes[]) => types.map((type) => parts.get(type) ?? '');
	return { day: of('year', 'month', 'day').join('-'), time: of('hour', 'minute').join(':') };
}

/** `2026-01-31` @param at unix ms */
export function dayAt(timeZone: string, at: number): string {
	return partsAt(timeZone, at).day;
}

/** `2026-01-31 09:30` @param at unix ms */
export function minuteAt(timeZone: string, at: number): string {
	const { day, time } = partsAt(timeZone, at);
	return `${day} ${time}`;
}

/** The first moment of a day (`YYYY-MM-DD`) in a time zone, as unix ms. */
export function startOfDay(timeZone: string, day: string): number {
	const midnight = Date.parse(`${day}T00:00:00Z`);
	const starts = [midnight - DAY, midnight + DAY].map((near) => midnight - offsetAt(timeZone, near));
	// Where the clocks change at midnight, only one of the two offsets leads into the day.
	return Math.min(...starts.filter((at) => dayAt(timeZone, at) === day));
}

/** The last moment of a day, as unix ms. */
export function endOfDay(timeZone: string, day: string): number {
	const next = new Date(Date.parse(`${day}T00:00:00Z`) + DAY).toISOString().slice(0, 10);
	return startOfDay(timeZone, next) - 1;
}

/** Milliseconds that the clocks of a time zone are ahead of UTC, in whole minutes. */
function offsetAt(timeZone: string, at: number): number {
	const { day, time } = partsAt(timeZone, at);
	return Date.parse(`${day}T${time}:00Z`) - at;
}
