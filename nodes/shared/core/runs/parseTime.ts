/** Numbers from here on are unix milliseconds, below it unix seconds: the year 5138 in seconds, 1973 in milliseconds. */
const SMALLEST_MILLISECONDS = 1e11;

const HAS_ZONE = /(?:z|[+-]\d{2}:?\d{2})$/i;

const HAS_ZONE_OF_HOURS = /T.*[+-]\d{2}$/;

/** A day alone is UTC already; `Date.parse` does not know zones of whole hours, such as `+02`. */
function withZone(time: string): string {
	if (!time.includes('T') || HAS_ZONE.test(time)) return time;
	return HAS_ZONE_OF_HOURS.test(time) ? `${time}:00` : `${time}Z`;
}

/**
 * Unix milliseconds of a time as the APIs write it: ISO 8601 (without a zone it is UTC: Python servers leave it out),
 * unix seconds, or unix milliseconds, the numbers also as text. `undefined` for anything else.
 */
export function parseTime(value: unknown): number | undefined {
	if (typeof value === 'string' && /^\d+(\.\d+)?$/.test(value)) return parseTime(Number(value));
	if (typeof value === 'number') {
		if (!Number.isFinite(value) || value <= 0) return undefined;
		return value < SMALLEST_MILLISECONDS ? value * 1_000 : value;
	}
	if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}/.test(value)) return undefined;
	const at = Date.parse(withZone(value.replace(' ', 'T')));
	return Number.isNaN(at) ? undefined : at;
}
