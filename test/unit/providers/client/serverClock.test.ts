import type { ApiResponse } from '../../../../nodes/shared/providers/client/wire';
import { ServerClock } from '../../../../nodes/shared/providers/client/serverClock';

const NOON = Date.UTC(2026, 0, 31, 12);

const AN_HOUR_AHEAD = new Date(NOON + 3_600_000).toUTCString();

/** The provider's time after one answer with these headers, which took two seconds by our clock. */
async function after(headers: ApiResponse['headers']): Promise<number> {
	let now = NOON - 1_000;
	const time = new ServerClock(() => now);
	const send = time.observing(() => {
		now += 2_000;
		return Promise.resolve({ status: 200, headers, body: {} });
	});
	await send({ method: 'GET', path: '/' }, new AbortController().signal);
	return time.now();
}

test('until there is an answer, our clock is taken for the provider’s', () => {
	expect(new ServerClock(() => NOON).now()).toBe(NOON);
});

test('the answer was made in the middle of the request, and its time is cut to seconds', async () => {
	// We say 12:00:01 when the answer is here; it was made at 13:00:00 to 13:00:01, when we had 12:00:00.
	expect(await after({ date: AN_HOUR_AHEAD })).toBe(NOON + 3_600_000 + 1_000 + 500);
	expect(await after({ date: AN_HOUR_AHEAD, age: '0' })).toBe(NOON + 3_600_000 + 1_000 + 500);
});

test.each([
	['no time', {}],
	['a time that is none', { date: 'yesterday' }],
	['the time at which a cache got it', { date: AN_HOUR_AHEAD, age: '3600' }],
])('an answer with %s tells nothing', async (_, headers) => {
	expect(await after(headers)).toBe(NOON + 1_000);
});

test('a failed request tells nothing, and fails as it would', async () => {
	const time = new ServerClock(() => NOON);
	const send = time.observing(() => Promise.reject(new Error('no answer')));
	await expect(send({ method: 'GET', path: '/' }, new AbortController().signal)).rejects.toThrow('no answer');
	expect(time.now()).toBe(NOON);
});
