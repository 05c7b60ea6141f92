import { ApiError } from '../../../../nodes/shared/core/requests/apiError';
import type { Priority } from '../../../../nodes/shared/core/requests/priority';
import { CancelReason, CancellationScope } from '../../../../nodes/shared/core/concurrency/cancellationScope';
import { FakeClock } from '../../../support/fakeClock';
import { fault } from '../../../support/scriptedClient';
import { queueOf } from '../../../support/queues';

/** Requests through one gate. The log holds `+name` when one leaves and `-name` when its slot is free again. */
function requestsThrough(limit: number, clock = new FakeClock()) {
	const start = clock.now();
	const requestQueue = queueOf(limit, clock);
	const root = CancellationScope.from(undefined);
	const log: string[] = [];
	const leftAt: Record<string, number> = {};
	return {
		clock,
		requestQueue,
		root,
		log,
		leftAt,
		/** A request that takes `ms` milliseconds; for ever when that is infinite. */
		send: (
			name: string,
			priority: Priority,
			ms: number,
			scope = root,
			ignorePauseAfter?: number,
		): Promise<string> => {
			const work = async (signal: AbortSignal) => {
				log.push(`+${name}`);
				leftAt[name] = clock.now() - start;
				try {
					if (ms === Number.POSITIVE_INFINITY) await untilEnd(signal);
					else await clock.sleep(ms, signal);
					return `answer to ${name}`;
				} finally {
					log.push(`-${name}`);
				}
			};
			const answer = requestQueue.request(scope, { priority, ignorePauseAfter, timeout: LONG }, work);
			answer.catch(() => undefined);
			return answer;
		},
	};
}

/** Milliseconds: longer than any of these tests. */
const LONG = 24 * 3_600_000;

function untilEnd(signal: AbortSignal): Promise<never> {
	return new Promise((_, reject) => {
		signal.addEventListener('abort', () => reject(signal.reason), { once: true });
	});
}

const FOREVER = Number.POSITIVE_INFINITY;

describe('the bound on requests in flight', () => {
	test('no more than the limit leave, the others follow in their order', async () => {
		const { clock, send, log } = requestsThrough(2);
		await clock.finish(Promise.all(['a', 'b', 'c', 'd'].map((name) => send(name, 'poll', 10))));
		expect(log).toEqual(['+a', '+b', '-a', '+c', '-b', '+d', '-c', '-d']);
	});

	test('an answer and a failure free the slot alike', async () => {
		const { clock, requestQueue, root, send } = requestsThrough(1);
		const failing = requestQueue.request(root, { priority: 'call' }, async () => Promise.reject(fault(500)));
		await expect(clock.finish(failing)).rejects.toThrow(ApiError);
		await expect(clock.finish(send('next', 'call', 1))).resolves.toBe('answer to next');
	});

	test('a call goes before polls that have waited longer, a cancel before both', async () => {
		const { clock, send, log } = requestsThrough(1);
		const all = [
			send('under way', 'call', 10),
			send('poll', 'poll', 10),
			send('call', 'call', 10),
			send('cancel', 'urgent', 10),
		];
		await clock.finish(Promise.all(all));
		expect(log.filter((entry) => entry.startsWith('+'))).toEqual(['+under way', '+cancel', '+call', '+poll']);
	});

	test('whoever gives up waiting leaves the queue', async () => {
		const { clock, root, send, log } = requestsThrough(1);
		const impatient = root.child();
		const first = send('first', 'poll', 10);
		const givenUp = send('given up', 'poll', 10, impatient);
		const last = send('last', 'poll', 10);
		await clock.settle();
		impatient.cancel('deadline');
		await expect(givenUp).rejects.toEqual(new CancelReason('deadline'));
		await clock.finish(Promise.all([first, last]));
		expect(log).toEqual(['+first', '-first', '+last', '-last']);
	});

	test('a scope that has ended sends nothing', async () => {
		const { root, send, log } = requestsThrough(1);
		root.cancel('stopped');
		await expect(send('late', 'urgent', 1)).rejects.toEqual(new CancelReason('stopped'));
		expect(log).toEqual([]);
	});

	test('a scope that ends between getting a slot and using it sends nothing', async () => {
		const { clock, root, send, log } = requestsThrough(1);
		const own = root.child();
		const late = send('late', 'poll', 1, own);
		own.cancel('deadline');
		await expect(late).rejects.toEqual(new CancelReason('deadline'));
		expect(log).toEqual([]);
		await expect(clock.finish(send('next', 'poll', 1))).resolves.toBe('answer to next');
	});
});

describe('a cancel that finds no free slot', () => {
	test('goes before the reads that confirm other cancels, and takes the slot of one that is slow', async () => {
		const { clock, send, leftAt } = requestsThrough(2);
		const reads = ['slow', 'slower', 'waiting'].map((name) => send(name, 'confirm', 100));
		const cancel = send('cancel', 'urgent', 5);
		await clock.finish(Promise.all([...reads, cancel]));
		expect(leftAt).toMatchObject({ cancel: 20, waiting: 25 });
	});

	test('a read that confirms a cancel takes the slot of a poll, not that of a cancel', async () => {
		const { clock, send, leftAt } = requestsThrough(2);
		const others = [send('cancel', 'urgent', 100), send('poll', 'poll', 100)];
		const reads = ['first', 'second'].map((name) => send(name, 'confirm', 50));
		await clock.finish(Promise.all([...others, ...reads]));
		expect(leftAt).toMatchObject({ first: 20, second: 70 });
	});

	test('waits 20 ms for one', async () => {
		const { clock, send, leftAt, log } = requestsThrough(1);
		const poll = send('poll', 'poll', 15);
		const cancel = send('cancel', 'urgent', 5);
		await clock.finish(Promise.all([poll, cancel]));
		expect(leftAt.cancel).toBe(15);
		expect(log).toEqual(['+poll', '-poll', '+cancel', '-cancel']);
	});

	test('then takes the one of the poll that is under way longest; that poll is sent again', async () => {
		const { clock, send, leftAt, log } = requestsThrough(2);
		const polls = [send('older', 'poll', 100)];
		await clock.advance(10);
		polls.push(send('younger', 'poll', 100));
		const cancel = send('cancel', 'urgent', 5);
		await clock.finish(cancel);
		expect(leftAt.cancel).toBe(30);
		await expect(clock.finish(Promise.all(polls))).resolves.toEqual(['answer to older', 'answer to younger']);
		expect(log).toEqual([
			'+older',
			'+younger',
			'-older',
			'+cancel',
			'-cancel',
			'+older',
			'-younger',
			'-older',
		]);
	});

	test('a confirming read that loses its slot in the moment it got it was never sent', async () => {
		const { clock, send, log, leftAt } = requestsThrough(1);
		const own = [send('read', 'read', FOREVER), send('confirm', 'confirm', 5)];
		await clock.finish(send('cancel', 'urgent', 5));
		await clock.finish(own[1] ?? Promise.reject(new Error('not sent')));
		expect(leftAt).toMatchObject({ cancel: 20, confirm: 25 });
		expect(log.filter((entry) => entry === '+confirm')).toHaveLength(1);
	});

	test('several cancels take a slot each', async () => {
		const { clock, send, leftAt } = requestsThrough(3);
		for (const name of ['a', 'b', 'c']) void send(name, 'poll', FOREVER);
		const cancels = ['x', 'y', 'z'].map((name) => send(name, 'urgent', 5));
		await clock.finish(Promise.all(cancels));
		expect(leftAt).toMatchObject({ x: 20, y: 20, z: 20 });
	});

	test('several that run out of patience together take a slot each, whichever of them is first', async () => {
		for (let seed = 0; seed < 20; seed++) {
			const { clock, send, leftAt } = requestsThrough(2, new FakeClock({ seed, ties: 'shuffled' }));
			for (const name of ['a', 'b']) void send(name, 'poll', FOREVER);
			await clock.finish(Promise.all(['x', 'y'].map((name) => send(name, 'urgent', 5))));
			expect(leftAt).toMatchObject({ x: 20, y: 20 });
		}
	});

	test('takes the slot of a repeatable read that hangs, when there is no poll', async () => {
		const { clock, send, leftAt, log } = requestsThrough(1);
		void send('full read', 'read', FOREVER);
		await clock.finish(send('cancel', 'urgent', 5));
		expect(leftAt.cancel).toBe(20);
		expect(log.slice(0, 3)).toEqual(['+full read', '-full read', '+cancel']);
	});

	test('never takes the slot of a call that must not be repeated, nor of another cancel', async () => {
		for (const priority of ['call', 'urgent'] as const) {
			const { clock, send, leftAt } = requestsThrough(1);
			const first = send('first', priority, 500);
			const cancel = send('cancel', 'urgent', 5);
			await expect(clock.finish(first)).resolves.toBe('answer to first');
			await clock.finish(cancel);
			expect(leftAt.cancel).toBe(500);
		}
	});

	test('takes nothing any more once it has got a slot', async () => {
		const { clock, send, log } = requestsThrough(2);
		const polls = [send('a', 'poll', 10), send('b', 'poll', 200)];
		const cancel = send('cancel', 'urgent', 100);
		await clock.finish(Promise.all([...polls, cancel]));
		expect(log).toEqual(['+a', '+b', '-a', '+cancel', '-cancel', '-b']);
	});

	test('takes nothing any more once it was given up', async () => {
		const { clock, root, send, log } = requestsThrough(1);
		const own = root.child();
		const poll = send('poll', 'poll', 100);
		const cancel = send('cancel', 'urgent', 5, own);
		await clock.advance(10);
		own.cancel('stopped');
		await expect(cancel).rejects.toEqual(new CancelReason('stopped'));
		await clock.finish(poll);
		expect(log).toEqual(['+poll', '-poll']);
	});

	test('a poll that lost its slot and is not wanted any more ends for the reason of its owner', async () => {
		const { clock, root, send } = requestsThrough(1);
		const own = root.child();
		const poll = send('poll', 'poll', FOREVER, own);
		const cancel = send('cancel', 'urgent', 5);
		await clock.advance(20);
		own.cancel('deadline');
		await expect(poll).rejects.toEqual(new CancelReason('deadline'));
		await clock.finish(cancel);
	});
});

describe('a pause', () => {
	test('holds back every lane for as long as the provider asked', async () => {
		const { clock, requestQueue, send, leftAt } = requestsThrough(5);
		requestQueue.pauseFor(fault(429, { retryAfter: 3_000 }), 1);
		await clock.finish(
			Promise.all(
				(['poll', 'call', 'read', 'urgent'] as const).map((priority) => send(priority, priority, 1)),
			),
		);
		expect(leftAt).toEqual({ poll: 3_000, call: 3_000, read: 3_000, urgent: 3_000 });
	});

	test('lets requests that are under way come home', async () => {
		const { clock, requestQueue, send } = requestsThrough(5);
		const underWay = send('under way', 'poll', 100);
		await clock.settle();
		requestQueue.pauseFor(fault(429, { retryAfter: 60_000 }), 1);
		await clock.finish(underWay, 100);
	});

	test('does not hold back a cancel that need not heed it', async () => {
		const { clock, requestQueue, send, leftAt } = requestsThrough(5);
		requestQueue.pauseFor(fault(429, { retryAfter: 60_000 }), 1);
		await clock.finish(send('cancel', 'urgent', 1, undefined, clock.now()));
		expect(leftAt.cancel).toBe(0);
	});

	test('holds back another one up to the time from which it need not heed it', async () => {
		const { clock, requestQueue, send, leftAt } = requestsThrough(5);
		requestQueue.pauseFor(fault(429, { retryAfter: 60_000 }), 1);
		await clock.finish(send('last try', 'urgent', 1, undefined, clock.now() + 29_000));
		expect(leftAt['last try']).toBe(29_000);
	});

	test('that is shorter does not cut a longer one', async () => {
		const { clock, requestQueue, send, leftAt } = requestsThrough(5);
		requestQueue.pauseFor(fault(503, { retryAfter: 5_000 }), 1);
		requestQueue.pauseFor(fault(503, { retryAfter: 2_000 }), 1);
		await clock.finish(send('poll', 'poll', 1));
		expect(leftAt.poll).toBe(5_000);
	});

	test('that comes later and is longer counts for those that wait already', async () => {
		const { clock, requestQueue, send, leftAt } = requestsThrough(5);
		requestQueue.pauseFor(fault(503, { retryAfter: 5_000 }), 1);
		const poll = send('poll', 'poll', 1);
		await clock.advance(1_000);
		requestQueue.pauseFor(fault(503, { retryAfter: 9_000 }), 1);
		await clock.finish(poll);
		expect(leftAt.poll).toBe(10_000);
	});

	test('is five minutes at most, whatever one odd header says', async () => {
		const { clock, requestQueue, send, leftAt } = requestsThrough(5);
		requestQueue.pauseFor(fault(429, { retryAfter: 24 * 3_600_000 }), 1);
		await clock.finish(send('poll', 'poll', 1));
		expect(leftAt.poll).toBe(300_000);
	});

	test('after a 429 that names no time, it is the backoff of so many failures in a row', async () => {
		const { clock, requestQueue, send, leftAt } = requestsThrough(5);
		requestQueue.pauseFor(fault(429), 3);
		await clock.finish(send('poll', 'poll', 1));
		expect(leftAt.poll).toBeGreaterThanOrEqual(1_500);
		expect(leftAt.poll).toBeLessThanOrEqual(2_500);
	});

	test('nothing else that names no time is one', async () => {
		const { clock, requestQueue, send, leftAt } = requestsThrough(5);
		for (const status of [400, 404, 500, 503]) requestQueue.pauseFor(fault(status), 1);
		await clock.finish(send('poll', 'poll', 1));
		expect(leftAt.poll).toBe(0);
	});

	test('ends for nobody who gave up during it', async () => {
		const { clock, requestQueue, root, send, log } = requestsThrough(1);
		requestQueue.pauseFor(fault(429, { retryAfter: 3_000 }), 1);
		const own = root.child();
		const poll = send('poll', 'poll', 1, own);
		await clock.advance(1_000);
		own.cancel('deadline');
		await expect(poll).rejects.toEqual(new CancelReason('deadline'));
		expect(log).toEqual([]);
		expect(clock.sleeping).toBe(0);
	});
});

test('nothing stays behind when all is done', async () => {
	const { clock, root, send } = requestsThrough(2);
	const polls = ['a', 'b', 'c', 'd'].map((name) => send(name, 'poll', 50));
	const cancels = ['x', 'y'].map((name) => send(name, 'urgent', 5));
	await clock.finish(Promise.all([...polls, ...cancels]));
	await clock.advance(1_000);
	expect(clock.sleeping).toBe(0);
	expect((root as unknown as { children: Set<CancellationScope> }).children.size).toBe(0);
});
