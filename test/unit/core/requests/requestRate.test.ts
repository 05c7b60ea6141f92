import { CancellationScope } from '../../../../nodes/shared/core/concurrency/cancellationScope';
import { RATE } from '../../../../nodes/shared/core/config';
import type { Priority } from '../../../../nodes/shared/core/requests/priority';
import { RequestQueue } from '../../../../nodes/shared/core/requests/requestQueue';
import { FakeClock } from '../../../support/fakeClock';
import { fault } from '../../../support/scriptedClient';
import { SECOND } from '../../../support/watching';

interface Answer {
	priority: Priority;
	/** Milliseconds from the start. */
	at: number;
	refused: boolean;
}

/** An account behind a server that takes so many requests per second (a bucket of as many), and answers in 50 ms. */
function behind(perSecond: number, retryAfter?: number) {
	const clock = new FakeClock();
	const start = clock.now();
	const requestQueue = new RequestQueue(clock);
	const root = CancellationScope.from(undefined);
	const answers: Answer[] = [];
	let level = perSecond;
	let filledAt = start;
	const serve = (priority: Priority) => async (signal: AbortSignal) => {
		const now = clock.now();
		level = Math.min(perSecond, level + ((now - filledAt) / SECOND) * perSecond);
		filledAt = now;
		const refused = level < 1;
		if (!refused) level -= 1;
		answers.push({ priority, at: now - start, refused });
		await clock.sleep(50, signal);
		if (refused) throw fault(429, { retryAfter });
	};
	/** Sends until it is taken. */
	const send = async (priority: Priority, scope = root): Promise<number> => {
		for (let failures = 0; ; failures++) {
			const options = { priority, failuresBefore: failures };
			const sent = await requestQueue.request(scope, options, serve(priority)).then(
				() => true,
				() => false,
			);
			if (sent) return clock.now() - start;
		}
	};
	/** Executions that poll without end. */
	const poll = (count: number, until: number) =>
		Array.from({ length: count }, async () => {
			const scope = CancellationScope.from(undefined);
			while (clock.now() - start < until) await send('poll', scope);
			scope.dispose();
		});
	return { clock, requestQueue, root, answers, send, poll };
}

const refusals = (answers: readonly Answer[]) => answers.filter(({ refused }) => refused).length;

describe('the learned rate', () => {
	test('there is none before the first refusal', async () => {
		const { clock, answers, send } = behind(10_000);
		await clock.finish(Promise.all(Array.from({ length: 500 }, () => send('poll'))));
		// Five at a time, each for 50 ms.
		expect(answers.at(-1)?.at).toBe(99 * 50);
	});

	test.each([
		[10, 5, undefined],
		[10, 5, SECOND],
		[100, 50, undefined],
		[100, 50, SECOND],
	])(
		'behind %s requests per second, %s in flight, one answer in ten is a refusal at most, and the plan is used (Retry-After %s)',
		async (perSecond, inFlight, retryAfter) => {
			const { clock, requestQueue, root, answers, poll } = behind(perSecond, retryAfter);
			requestQueue.allow(root, { inFlight });
			await clock.finish(Promise.all(poll(2 * inFlight + 10, 120 * SECOND)));
			expect(refusals(answers) / answers.length).toBeLessThanOrEqual(0.1);
			const taken = answers.length - refusals(answers);
			expect(taken / 120 / perSecond).toBeGreaterThan(0.6);
		},
	);

	test('it comes back, and goes beyond what was refused, as soon as the account takes more', async () => {
		const { clock, requestQueue, answers, poll } = behind(50);
		await clock.finish(
			requestQueue
				.request(CancellationScope.from(undefined), { priority: 'poll' }, () => Promise.reject(fault(429)))
				.catch(() => undefined),
		);
		await clock.finish(Promise.all(poll(5, 30 * SECOND)));
		const last = answers.filter(({ at, refused }) => !refused && at >= 20 * SECOND);
		expect(last.length / 10).toBeGreaterThan(30);
	});

	test('a server that refuses one request now and then, whatever the rate, is not asked more slowly', async () => {
		const { clock, requestQueue, answers, poll } = behind(10_000);
		const polls = poll(5, 20 * SECOND);
		for (let times = 0; times < 8; times++) {
			await clock.advance(2 * SECOND);
			const refused = () => Promise.reject(fault(429, { retryAfter: SECOND }));
			const options = { priority: 'confirm' as const };
			const sent = requestQueue.request(CancellationScope.from(undefined), options, refused);
			await clock.finish(sent.catch(() => undefined));
		}
		await clock.finish(Promise.all(polls));
		// 100 per second, but for eight pauses of a second.
		expect(answers.length).toBeGreaterThan(0.95 * 100 * (20 - 8));
	});

	test('cancels do not suffer from a refusal while there was little to send', async () => {
		const { clock, requestQueue, send } = behind(100);
		await clock.finish(Promise.all(Array.from({ length: 60 }, () => send('poll'))));
		await clock.advance(10 * SECOND);
		const refused = requestQueue.request(CancellationScope.from(undefined), { priority: 'poll' }, () =>
			Promise.reject(fault(429, { retryAfter: SECOND })),
		);
		await clock.finish(refused.catch(() => undefined));
		await clock.advance(SECOND);
		const begin = clock.now();
		await clock.finish(Promise.all(Array.from({ length: 60 }, () => send('urgent'))));
		expect(clock.now() - begin).toBeLessThan(2 * SECOND);
	});

	test('30 cancels go before all polls, within about 3 seconds', async () => {
		const { clock, answers, send, poll } = behind(10);
		const polls = poll(20, 40 * SECOND);
		await clock.advance(30 * SECOND);
		const cancels = Array.from({ length: 30 }, () => send('urgent'));
		const takenAt = await clock.finish(Promise.all(cancels));
		await clock.finish(Promise.all(polls));
		expect(Math.max(...takenAt) - 30 * SECOND).toBeLessThanOrEqual(5 * SECOND);
		const between = answers.filter(
			({ at, priority }) => priority === 'poll' && at > 30_100 && at < Math.max(...takenAt) - 100,
		);
		expect(between.length).toBeLessThanOrEqual(5);
	});
});

describe('a pause for all', () => {
	test('what has waited is spread over time, not sent at once', async () => {
		const { clock, requestQueue, answers, send } = behind(1_000);
		const root = CancellationScope.from(undefined);
		requestQueue.allow(root, { inFlight: 100 });
		const refused = requestQueue.request(root, { priority: 'poll' }, () =>
			Promise.reject(fault(429, { retryAfter: 10 * SECOND })),
		);
		await clock.finish(refused.catch(() => undefined));
		await clock.finish(Promise.all(Array.from({ length: 60 }, () => send('poll'))));
		expect(answers[0]?.at).toBe(10 * SECOND);
		expect(answers.filter(({ at }) => at < 10.4 * SECOND)).toHaveLength(RATE.minBurst);
		expect(Math.max(...answers.map(({ at }) => at))).toBeLessThan(20 * SECOND);
	});
});

describe('a stated rate', () => {
	test('is never exceeded, from the first request on', async () => {
		const { clock, requestQueue, root, answers, send } = behind(10);
		requestQueue.allow(root, { inFlight: 50, perSecond: 5 });
		await clock.finish(Promise.all(Array.from({ length: 50 }, () => send('poll'))));
		expect(refusals(answers)).toBe(0);
		for (const { at } of answers) {
			const inSecond = answers.filter((other) => other.at >= at && other.at < at + SECOND);
			expect(inSecond.length).toBeLessThanOrEqual(5 + RATE.minBurst);
		}
	});

	test('ends with the execution that states it', async () => {
		const { clock, requestQueue, root, answers, send } = behind(10_000);
		const careful = CancellationScope.from(undefined);
		requestQueue.allow(careful, { inFlight: 1, perSecond: 1 });
		requestQueue.allow(root, { inFlight: 5 });
		const sending = Promise.all(Array.from({ length: 20 }, () => send('poll')));
		await clock.advance(3 * SECOND);
		expect(answers.length).toBeLessThanOrEqual(5);
		careful.dispose();
		await clock.finish(sending, SECOND);
		expect(answers).toHaveLength(20);
	});
});

describe('requests in flight', () => {
	test('as many as the execution that allows the most, and less when it has ended', async () => {
		const { clock, requestQueue, answers, send } = behind(10_000);
		const [few, many] = [CancellationScope.from(undefined), CancellationScope.from(undefined)];
		requestQueue.allow(few, { inFlight: 2 });
		requestQueue.allow(many, { inFlight: 10 });
		const sending = Promise.all(Array.from({ length: 40 }, () => send('poll', few)));
		await clock.advance(60);
		expect(answers.filter(({ at }) => at === 0)).toHaveLength(10);
		many.dispose();
		await clock.finish(sending);
		expect(answers.filter(({ at }) => at === 100)).toHaveLength(2);
	});

	test('an execution with a thousand requests does not hold up one with a single request', async () => {
		const { clock, send } = behind(10_000);
		const [big, small] = [CancellationScope.from(undefined), CancellationScope.from(undefined)];
		const many = Promise.all(Array.from({ length: 1_000 }, () => send('poll', big)));
		await clock.advance(10);
		const one = send('poll', small);
		expect(await clock.finish(one)).toBeLessThanOrEqual(150);
		await clock.finish(many);
	});
});
