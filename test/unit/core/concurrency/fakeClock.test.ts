import { FAKE_EPOCH, FakeClock } from '../../../support/fakeClock';

const never = new AbortController().signal;

test('time stands still until it is moved on', async () => {
	const clock = new FakeClock();
	const woken: string[] = [];
	void clock.sleep(10, never).then(() => woken.push('ten'));
	await clock.settle();
	expect(clock.now()).toBe(FAKE_EPOCH);
	await clock.advance(9);
	expect(woken).toEqual([]);
	await clock.advance(1);
	expect(woken).toEqual(['ten']);
	expect(clock.now()).toBe(FAKE_EPOCH + 10);
});

test('all promise chains come to rest before the next timer fires, however long they are', async () => {
	const clock = new FakeClock();
	const log: string[] = [];
	const first = (async () => {
		await clock.sleep(5, never);
		for (let turn = 0; turn < 5_000; turn++) await Promise.resolve();
		log.push('chain of the first');
	})();
	const second = clock.sleep(5, never).then(() => log.push('second'));
	await clock.finish(Promise.all([first, second]));
	expect(log).toEqual(['chain of the first', 'second']);
});

test('a sleeper ends at once with the reason of its signal, and leaves nothing behind', async () => {
	const clock = new FakeClock();
	const host = new AbortController();
	const sleep = clock.sleep(10, host.signal);
	expect(clock.sleeping).toBe(1);
	host.abort('enough');
	await expect(sleep).rejects.toBe('enough');
	expect(clock.sleeping).toBe(0);
	await expect(clock.sleep(10, host.signal)).rejects.toBe('enough');
});

test('work that nothing can wake up any more is reported instead of waited for', async () => {
	const clock = new FakeClock();
	await expect(clock.finish(new Promise(() => undefined))).rejects.toThrow('Stuck');
});

test('work that never ends is reported as well', async () => {
	const clock = new FakeClock();
	const stop = new AbortController();
	const endless = (async () => {
		for (;;) await clock.sleep(100, stop.signal);
	})();
	await expect(clock.finish(endless, 1_000)).rejects.toThrow('Not done after 1000 ms');
	stop.abort();
	await expect(endless).rejects.toBeDefined();
});

test('timers of one millisecond fire in the order they were set, or shuffled for the same seed alike', async () => {
	const orderOf = async (ties: 'inOrder' | 'shuffled', seed: number) => {
		const clock = new FakeClock({ ties, seed });
		const order: number[] = [];
		const all = [0, 1, 2, 3, 4, 5].map((index) => clock.sleep(7, never).then(() => order.push(index)));
		await clock.finish(Promise.all(all));
		return order;
	};
	expect(await orderOf('inOrder', 1)).toEqual([0, 1, 2, 3, 4, 5]);
	expect(await orderOf('shuffled', 3)).toEqual(await orderOf('shuffled', 3));
	expect(await orderOf('shuffled', 3)).not.toEqual([0, 1, 2, 3, 4, 5]);
});
