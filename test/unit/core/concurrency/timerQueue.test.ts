import { CancellationScope } from '../../../../nodes/shared/core/concurrency/cancellationScope';
import { TimerQueue } from '../../../../nodes/shared/core/concurrency/timerQueue';
import { FakeClock, seededRandom } from '../../../support/fakeClock';

function setUp() {
	const clock = new FakeClock();
	const start = clock.now();
	const scope = CancellationScope.from(undefined);
	const timerQueue = new TimerQueue(clock, scope);
	const rung: string[] = [];
	const set = (name: string, at: number) =>
		timerQueue.set(start + at, () => rung.push(`${name} at ${clock.now() - start}`));
	return { clock, start, scope, timerQueue, rung, set };
}

test('alarms ring at their times, those of the same time in the order they were set in', async () => {
	const { clock, rung, set } = setUp();
	set('c', 300);
	set('a', 100);
	set('b', 200);
	set('b2', 200);
	await clock.advance(250);
	expect(rung).toEqual(['a at 100', 'b at 200', 'b2 at 200']);
	await clock.advance(50);
	expect(rung.at(-1)).toBe('c at 300');
});

test('an alarm that is moved rings at its new time only, earlier or later', async () => {
	const { clock, start, rung, set } = setUp();
	const later = set('later', 100);
	const earlier = set('earlier', 500);
	later.reschedule(start + 300);
	earlier.reschedule(start + 50);
	await clock.advance(1_000);
	expect(rung).toEqual(['earlier at 50', 'later at 300']);
});

test('a cancelled alarm does not ring, unless it is set again', async () => {
	const { clock, start, rung, set } = setUp();
	const alarm = set('a', 100);
	set('b', 200);
	alarm.cancel();
	alarm.cancel();
	await clock.advance(300);
	expect(rung).toEqual(['b at 200']);
	alarm.reschedule(start + 400);
	await clock.advance(300);
	expect(rung).toEqual(['b at 200', 'a at 400']);
});

test('an alarm for a time in the past rings on the next turn, not at once', async () => {
	const { clock, rung, set } = setUp();
	set('past', -1_000);
	expect(rung).toEqual([]);
	await clock.advance(0);
	expect(rung).toEqual(['past at 0']);
});

test('however many alarms there are, there is one timer, and none after the end', async () => {
	const { clock, timerQueue, set } = setUp();
	for (let at = 1; at <= 1_000; at++) set(`${at}`, 2_000 - at);
	expect(clock.sleeping).toBe(1);
	timerQueue.close();
	await clock.settle();
	expect(clock.sleeping).toBe(0);
});

test('when the scope has ended, nothing rings any more', async () => {
	const { clock, scope, rung, set } = setUp();
	set('a', 100);
	scope.cancel('stopped');
	await clock.advance(1_000);
	expect(rung).toEqual([]);
});

test('a thousand alarms of the same time let other work in between', async () => {
	const { clock, start, timerQueue } = setUp();
	let rung = 0;
	const seen: number[] = [];
	for (let one = 0; one < 1_000; one++) timerQueue.set(start + 100, () => (rung += 1));
	await clock.advance(99);
	const other = clock.sleep(1, new AbortController().signal).then(() => seen.push(rung));
	await clock.advance(1);
	await other;
	expect(rung).toBe(1_000);
	expect(seen[0]).toBeLessThan(1_000);
});

test('set, moved and cancelled at random, alarms ring in the order of their times', async () => {
	const { clock, start, timerQueue } = setUp();
	const random = seededRandom(7);
	const rung: number[] = [];
	const alarms = Array.from({ length: 500 }, () => {
		const alarm = timerQueue.set(start + Math.floor(random() * 10_000), () => rung.push(alarm.at - start));
		return alarm;
	});
	const left = alarms.filter((alarm, index) => {
		if (index % 3 === 0) alarm.reschedule(start + Math.floor(random() * 10_000));
		if (index % 5 === 0) alarm.cancel();
		return index % 5 !== 0;
	});
	await clock.advance(10_000);
	expect(rung).toEqual(left.map(({ at }) => at - start).sort((a, b) => a - b));
});
