import { DOWNLOAD, SECOND } from '../../../../nodes/shared/core/config';
import { Pace } from '../../../../nodes/shared/core/requests/pace';
import { FakeClock } from '../../../support/fakeClock';

function download() {
	const clock = new FakeClock();
	const outside = new AbortController();
	return { clock, outside, pace: new Pace(clock, outside.signal) };
}

test('nothing at all: it ends with the time of grace', async () => {
	const { clock, pace } = download();
	await clock.advance(DOWNLOAD.grace - 1);
	expect(pace.signal.aborted).toBe(false);
	await clock.advance(1);
	expect(pace.signal.aborted).toBe(true);
	expect(pace.isOver).toBe(true);
	expect(clock.sleeping).toBe(0);
});

test('a byte now and then earns no time worth mentioning', async () => {
	const { clock, pace } = download();
	while (!pace.signal.aborted && pace.elapsed < DOWNLOAD.timeout) {
		pace.count(1);
		await clock.advance(100);
	}
	expect(pace.elapsed).toBeLessThan(DOWNLOAD.grace + SECOND);
	expect(pace.isOver).toBe(true);
});

test('whoever is just fast enough goes on, and ends with the time limit of all', async () => {
	const { clock, pace } = download();
	while (pace.elapsed < DOWNLOAD.timeout - SECOND) {
		pace.count(DOWNLOAD.minSpeed);
		await clock.advance(SECOND);
		expect(pace.signal.aborted).toBe(false);
	}
	await clock.advance(SECOND);
	expect(pace.isOver).toBe(true);
});

test('the signal from outside ends it at once, and that was not the time', async () => {
	const { clock, outside, pace } = download();
	outside.abort();
	expect(pace.signal.aborted).toBe(true);
	expect(pace.isOver).toBe(false);
	await clock.advance(0);
	expect(clock.sleeping).toBe(0);
});

test('what is over leaves no timer behind', async () => {
	const { clock, pace } = download();
	pace.count(5);
	pace.release();
	await clock.advance(0);
	expect(pace.isOver).toBe(false);
	expect(pace.bytes).toBe(5);
	expect(clock.sleeping).toBe(0);
});
