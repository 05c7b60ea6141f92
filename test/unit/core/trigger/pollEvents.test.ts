import type { EventName, EventOptions } from '../../../../nodes/shared/core/trigger/events';
import type { PollResult } from '../../../../nodes/shared/core/trigger/poll';
import type { EventStore } from '../../../../nodes/shared/core/trigger/seenRunsCodec';
import { findExamples } from '../../../../nodes/shared/core/trigger/findExamples';
import { pollEvents } from '../../../../nodes/shared/core/trigger/pollEvents';
import { DAY, HOUR, SEEN_RUNS, MINUTE, SECOND, TRIGGER } from '../../../../nodes/shared/core/config';
import type { Phase } from '../../../../nodes/shared/core/runs/run';
import { CancellationScope } from '../../../../nodes/shared/core/concurrency/cancellationScope';
import { FakeClock } from '../../../support/fakeClock';
import { type Life, RunWorld, type WorldOptions, life } from '../../../support/runWorld';
import { queueOf } from '../../../support/queues';

interface Setup {
	events?: EventName[];
	stuckAfter?: number;
	lookBack?: number;
	world?: WorldOptions;
	budget?: number;
}

/** A trigger and the world it looks at; time starts at 0 on the provider's clock, when the trigger begins. */
function setUp({
	events = ['finished', 'failed', 'cancelled'],
	world: worldOptions,
	...options
}: Setup = {}) {
	const clock = new FakeClock();
	const world = new RunWorld(clock, worldOptions);
	const zero = world.now();
	const wanted: EventOptions = {
		events: new Set(events),
		stuckAfter: HOUR,
		lookBack: 0,
		budget: 4 * MINUTE,
		now: () => world.now(),
		...options,
	};
	const work = <T>(look: (deps: Parameters<typeof pollEvents>[0]) => Promise<T>): Promise<T> => {
		const scope = CancellationScope.from(undefined);
		const requestQueue = queueOf(5, clock);
		return clock.finish(look({ requestQueue, clock, scope })).finally(() => scope.dispose());
	};
	const store: EventStore = {};
	return {
		clock,
		world,
		store,
		/** Moments relative to the beginning. */
		at: (ms: number) => zero + ms,
		poll: (changes: Partial<EventOptions> = {}, into = store, sources = [world.source()]) =>
			work((deps) => pollEvents(deps, sources, { ...wanted, ...changes }, into)),
		examples: (changes: Partial<EventOptions> = {}) =>
			work((deps) => findExamples(deps, [world.source()], { ...wanted, ...changes })),
	};
}

function told(findings: PollResult | undefined): string[] {
	return (findings?.events ?? []).map(({ event, run }) => `${run.id} ${event}`);
}

/** Enough to fill the first page of the list: older runs do not show there. */
function aPageOfOthers(now: number): Life[] {
	return Array.from({ length: 100 }, (_, index) =>
		life(`other_${index}`, now - index * MINUTE, { at: now - index * MINUTE, phase: 'completed' }),
	);
}

const ended = (phase: Phase, at: number) => ({ at, phase });

describe('where the trigger begins', () => {
	test('what was over before is not reported, what is still going on is followed to its end', async () => {
		const { world, clock, poll, at } = setUp();
		world.add(
			life('over', at(-HOUR), ended('completed', at(-30 * MINUTE))),
			life('old', at(-30 * DAY), ended('completed', at(5 * MINUTE))),
			life('recent', at(-MINUTE), ended('failed', at(5 * MINUTE))),
		);
		expect(told(await poll())).toEqual([]);
		await clock.advance(10 * MINUTE);
		expect(told(await poll())).toEqual(['old finished', 'recent failed']);
		expect(told(await poll())).toEqual([]);
	});

	test('Look Back also reports what happened to runs created within that time', async () => {
		const { world, poll, at } = setUp({ lookBack: 2 * HOUR, events: ['finished', 'stuck'] });
		world.add(
			life('before', at(-3 * HOUR), ended('completed', at(-MINUTE))),
			life('within', at(-HOUR - MINUTE), ended('completed', at(-HOUR))),
			life('hanging', at(-90 * MINUTE)),
		);
		expect(told(await poll())).toEqual(['hanging stuck', 'within finished']);
		expect(told(await poll())).toEqual([]);
	});

	test('without lists of unfinished runs, they are found among all', async () => {
		const { world, clock, poll, at } = setUp({ world: { hasStatusFilter: false, pageSize: 10 } });
		for (let index = 0; index < 95; index++) {
			world.add(life(`over_${index}`, at(-index * HOUR), ended('completed', at(-index * HOUR))));
		}
		world.add(life('old', at(-96 * HOUR), ended('completed', at(MINUTE))));
		await poll();
		expect(world.requests.filter((request) => request.startsWith('list all'))).toHaveLength(10);
		world.requests.length = 0;
		await clock.advance(2 * MINUTE);
		expect(told(await poll())).toEqual(['old finished']);
		// From then on one page is enough.
		expect(world.requests).toEqual(['list all', 'read light old']);
	});

	test('runs that slip to another page while the lists are read are found in a second pass', async () => {
		const { world, clock, poll, at } = setUp({
			world: { pageSize: 2, tokensAreOffsets: true, latency: SECOND },
		});
		// Oldest last: when the first two end while their page is read, the others move up by two rows.
		world.add(
			life('first', at(-2 * HOUR), ended('completed', at(3.5 * SECOND))),
			life('second', at(-3 * HOUR), ended('completed', at(3.5 * SECOND))),
			life('third', at(-4 * HOUR), ended('completed', at(HOUR))),
			life('fourth', at(-5 * HOUR), ended('completed', at(HOUR))),
			life('fifth', at(-6 * HOUR), ended('completed', at(HOUR))),
		);
		await poll();
		await clock.advance(2 * HOUR);
		expect(told(await poll()).sort()).toEqual(
			expect.arrayContaining(['fifth finished', 'fourth finished', 'third finished']),
		);
	});

	test('a first look that fails is none: nothing is remembered, and the next poll begins', async () => {
		const { world, clock, store, poll, at } = setUp();
		world.add(life('run', at(-MINUTE), ended('completed', at(MINUTE))));
		world.isDown = true;
		const findings = await poll();
		expect(findings?.errors).toMatchObject([{ resource: 'extraction', error: { status: 500 } }]);
		expect(store).toEqual({});
		world.isDown = false;
		await clock.advance(2 * MINUTE);
		expect(told(await poll())).toEqual([]);
	});

	test('old rows without a status are read, so that none is taken for new later', async () => {
		const { world, clock, poll, at } = setUp();
		world.add(
			life('over', at(-5 * MINUTE), ended('completed', at(-4 * MINUTE)), { showsStatus: false }),
			life('running', at(-5 * MINUTE), ended('completed', at(MINUTE)), { showsStatus: false }),
		);
		expect(told(await poll())).toEqual([]);
		await clock.advance(2 * MINUTE);
		expect(told(await poll())).toEqual(['running finished']);
	});

	test('when one of them cannot be read, the trigger does not begin', async () => {
		const { world, store, poll, at } = setUp();
		world.add(life('over', at(-5 * MINUTE), ended('completed', at(-4 * MINUTE)), { showsStatus: false }));
		world.fails = (request) => request.startsWith('read');
		expect((await poll())?.errors).toHaveLength(1);
		expect(store).toEqual({});
	});
});

describe('events', () => {
	test.each<[Phase, EventName]>([
		['completed', 'finished'],
		['failed', 'failed'],
		['expired', 'failed'],
		['rejected', 'failed'],
		['cancelled', 'cancelled'],
	])('%s is %s', async (phase, event) => {
		const { world, clock, poll, at } = setUp();
		world.add(life('run', at(SECOND), ended(phase, at(2 * SECOND))));
		await poll();
		await clock.advance(MINUTE);
		expect(told(await poll())).toEqual([`run ${event}`]);
	});

	test('the events of one run come one by one, each once', async () => {
		const { world, clock, poll, at } = setUp({ events: ['needsReview', 'stuck', 'finished'] });
		world.add({
			id: 'run',
			created: at(MINUTE),
			turns: [
				{ at: at(2 * MINUTE), phase: 'needsReview' },
				{ at: at(2 * HOUR), phase: 'running' },
				{ at: at(3 * HOUR), phase: 'needsReview' },
				{ at: at(4 * HOUR), phase: 'completed' },
			],
		});
		const heard: string[] = [];
		for (let polls = 0; polls < 60; polls++) {
			heard.push(...told(await poll()));
			await clock.advance(5 * MINUTE);
		}
		// In review for two hours, it is not stuck; back at work, it is.
		expect(heard).toEqual(['run needsReview', 'run stuck', 'run finished']);
	});

	test('an event carries the run as the API gives it in full, its creation and when it was found', async () => {
		const { world, clock, poll, at } = setUp({ world: { hasLightReads: true } });
		world.add(life('run', at(SECOND), ended('completed', at(2 * SECOND)), { showsStatus: false }));
		await poll();
		await clock.advance(MINUTE);
		const findings = await poll();
		expect(findings?.events).toEqual([
			{
				event: 'finished',
				resource: 'extraction',
				run: expect.objectContaining({ id: 'run', phase: 'completed' }) as unknown,
				created: at(SECOND),
				detected: clock.now(),
			},
		]);
		expect(findings?.events[0]?.run.body).toEqual({ id: 'run', status: 'completed', view: 'full' });
	});

	test('the event follows from the read, not from the row', async () => {
		const { world, clock, poll, at } = setUp({ world: { latency: 10 * SECOND } });
		// The row says "needs review"; by the time it is read, it has failed.
		world.add({
			id: 'run',
			created: at(50 * SECOND),
			turns: [
				{ at: at(50 * SECOND), phase: 'needsReview' },
				{ at: at(75 * SECOND), phase: 'failed' },
			],
		});
		await poll({ events: new Set(['needsReview', 'failed']) });
		await clock.advance(20 * SECOND);
		expect(told(await poll({ events: new Set(['needsReview', 'failed']) }))).toEqual(['run failed']);
	});

	test('events that nobody asked for cost no read', async () => {
		const { world, clock, poll, at } = setUp({ events: ['failed'] });
		world.add(life('run', at(SECOND), ended('completed', at(2 * SECOND))));
		await poll();
		await clock.advance(MINUTE);
		world.requests.length = 0;
		await poll();
		expect(world.requests).toEqual(['list all']);
	});

	test('a run is stuck by the clock of the provider, not by ours', async () => {
		const { world, clock, poll, at } = setUp({ events: ['stuck'], world: { skew: -5 * HOUR } });
		world.add(life('run', at(0)));
		await poll();
		await clock.advance(59 * MINUTE);
		expect(told(await poll())).toEqual([]);
		await clock.advance(MINUTE);
		expect(told(await poll())).toEqual(['run stuck']);
	});

	test('an event that is asked for later starts from then on', async () => {
		const { world, clock, poll, at } = setUp();
		world.add(
			life('one', at(SECOND), ended('completed', at(MINUTE))),
			life('two', at(SECOND), ended('completed', at(10 * MINUTE))),
			life('three', at(SECOND), ended('failed', at(MINUTE))),
		);
		await poll({ events: new Set(['failed']) });
		await clock.advance(2 * MINUTE);
		expect(told(await poll({ events: new Set(['failed', 'finished']) }))).toEqual(['three failed']);
		await clock.advance(10 * MINUTE);
		expect(told(await poll({ events: new Set(['failed', 'finished']) }))).toEqual(['two finished']);
	});

	test('a shorter limit for stuck runs starts from then on as well', async () => {
		const { world, clock, poll, at } = setUp({ events: ['stuck'] });
		world.add(life('older', at(0)), life('younger', at(25 * MINUTE)));
		await poll();
		await clock.advance(40 * MINUTE);
		expect(told(await poll({ stuckAfter: 30 * MINUTE }))).toEqual([]);
		await clock.advance(20 * MINUTE);
		expect(told(await poll({ stuckAfter: 30 * MINUTE }))).toEqual(['younger stuck']);
	});

	test('another account or filter begins anew', async () => {
		const { world, clock, store, poll, at } = setUp();
		world.add(life('run', at(SECOND), ended('completed', at(2 * SECOND))));
		await poll();
		await clock.advance(MINUTE);
		expect(told(await poll({}, store, [world.source('extraction', 'another')]))).toEqual([]);
		expect(told(await poll({}, store, [world.source('extraction', 'another')]))).toEqual([]);
	});

	test('what is stored by another version begins anew instead of failing', async () => {
		const { world, store, poll, at } = setUp();
		world.add(life('run', at(-MINUTE), ended('completed', at(-SECOND))));
		store.memory = { version: 0, resources: { extraction: 'something else' } };
		expect(told(await poll())).toEqual([]);
		store.memory = { version: 1, resources: { extraction: { from: 'something else' } } };
		expect(told(await poll())).toEqual([]);
	});
});

describe('lists', () => {
	test('more finished runs than one page, all created in the same moment', async () => {
		const { world, clock, poll, at } = setUp({ world: { pageSize: 7 } });
		await poll();
		const ids = Array.from({ length: 40 }, (_, index) => `run_${index}`);
		world.add(...ids.map((id) => life(id, at(MINUTE), ended('completed', at(MINUTE)))));
		await clock.advance(2 * MINUTE);
		expect(told(await poll()).sort()).toEqual(ids.map((id) => `${id} finished`).sort());
		expect(told(await poll())).toEqual([]);
	});

	test('once a batch is over, a poll costs one page again, though nothing newer comes', async () => {
		const { world, clock, poll, at } = setUp({ world: { pageSize: 10 } });
		await poll();
		for (let index = 0; index < 50; index++) {
			world.add(life(`run_${index}`, at(MINUTE), ended('completed', at(2 * MINUTE))));
		}
		await clock.advance(3 * MINUTE);
		expect(told(await poll())).toHaveLength(50);
		const pagesOfNextPoll = async () => {
			world.requests.length = 0;
			expect(told(await poll())).toEqual([]);
			return world.requests.length;
		};
		await clock.advance(5 * MINUTE);
		expect(await pagesOfNextPoll()).toBe(5);
		await clock.advance(10 * MINUTE);
		await poll();
		expect(await pagesOfNextPoll()).toBe(1);
	});

	test('a run that shows up late in the list is not missed', async () => {
		const { world, clock, poll, at } = setUp();
		await poll();
		world.add(life('early', at(2 * MINUTE), ended('completed', at(2 * MINUTE))));
		await clock.advance(9 * MINUTE);
		expect(told(await poll())).toEqual(['early finished']);
		world.add(life('late', at(MINUTE), ended('completed', at(MINUTE))));
		expect(told(await poll())).toEqual(['late finished']);
	});

	test('many unfinished runs are looked up in their lists instead of one by one', async () => {
		const { world, clock, poll, at } = setUp();
		world.add(...aPageOfOthers(at(0)));
		for (let index = 0; index < 30; index++) {
			world.add(life(`run_${index}`, at(-DAY + index), ended('completed', at(index * HOUR + HOUR))));
		}
		await poll();
		await clock.advance(90 * MINUTE);
		world.requests.length = 0;
		expect(told(await poll())).toEqual(['run_0 finished']);
		expect(world.requests).toEqual([
			'list all',
			'list waiting',
			'list running',
			'list needsReview',
			'read light run_0',
		]);
	});

	test('a list that fails does not send a flood of reads after it', async () => {
		const { world, clock, poll, at } = setUp();
		world.add(...aPageOfOthers(at(0)));
		for (let index = 0; index < 30; index++) {
			world.add(life(`run_${index}`, at(-DAY + index), ended('completed', at(HOUR))));
		}
		await poll();
		await clock.advance(2 * HOUR);
		world.fails = (request) => request.startsWith('list running');
		world.requests.length = 0;
		expect((await poll())?.errors).toHaveLength(1);
		expect(world.requests.filter((request) => request.startsWith('read'))).toEqual([]);
		world.fails = () => false;
		expect(told(await poll())).toHaveLength(30);
	});

	test('a list in no order is read to its end; one that begins newest first, no further than needed', async () => {
		const lists = async (order: WorldOptions['order']) => {
			const { world, clock, poll, at } = setUp({ world: { order, pageSize: 10 } });
			for (let index = 0; index < 60; index++) {
				world.add(life(`run_${index}`, at(-index * HOUR), ended('completed', at(-index * HOUR))));
			}
			await poll();
			await clock.advance(MINUTE);
			world.requests.length = 0;
			await poll();
			return world.requests.length;
		};
		expect(await lists('newestFirst')).toBe(1);
		expect(await lists('newestFirstUnpromised')).toBe(1);
		expect(await lists('oldestFirst')).toBe(6);
		expect(await lists('shuffled')).toBe(6);
	});

	test('a creation time far in the future does not hide the runs that come after it', async () => {
		const { world, clock, poll, at } = setUp();
		await poll();
		world.add(life('odd', at(-HOUR), ended('completed', at(MINUTE))));
		const odd = world.lives[0];
		if (odd) world.showAs('odd', at(1_000 * DAY));
		await clock.advance(2 * MINUTE);
		expect(told(await poll())).toEqual(['odd finished']);
		for (let polls = 0; polls < 5; polls++) {
			await clock.advance(10 * MINUTE);
			expect(told(await poll())).toEqual([]);
		}
		world.add(life('next', world.now(), ended('completed', world.now())));
		await clock.advance(MINUTE);
		expect(told(await poll())).toEqual(['next finished']);
	});

	test('a run that was deleted is not asked about for ever', async () => {
		const { world, clock, poll, at } = setUp();
		world.add(life('run', at(-HOUR), undefined, { deleted: at(MINUTE) }));
		await poll();
		await clock.advance(2 * MINUTE);
		const findings = await poll();
		expect(findings).toEqual({ events: [], errors: [], warnings: [] });
		world.requests.length = 0;
		await poll();
		expect(world.requests).toEqual(['list all']);
	});
});

describe('what goes wrong', () => {
	test('a page that fails: what came before is reported, the rest comes with the next poll', async () => {
		const { world, clock, poll, at } = setUp({ world: { pageSize: 3 } });
		await poll();
		for (let index = 0; index < 8; index++) {
			world.add(life(`run_${index}`, at(index * SECOND), ended('completed', at(index * SECOND))));
		}
		await clock.advance(MINUTE);
		world.fails = (request) => request.startsWith('list all run_');
		const first = await poll();
		expect(told(first)).toEqual(['run_5 finished', 'run_6 finished', 'run_7 finished']);
		expect(first?.errors).toHaveLength(1);
		world.fails = () => false;
		expect(told(await poll())).toEqual([0, 1, 2, 3, 4].map((index) => `run_${index} finished`));
		expect(told(await poll())).toEqual([]);
	});

	test('a read that fails holds up nothing else', async () => {
		const { world, clock, poll, at } = setUp();
		await poll();
		world.add(
			life('one', at(SECOND), ended('completed', at(SECOND))),
			life('two', at(SECOND), ended('completed', at(SECOND))),
		);
		await clock.advance(MINUTE);
		world.fails = (request) => request === 'read full one';
		const findings = await poll();
		expect(told(findings)).toEqual(['two finished']);
		expect(findings?.errors).toMatchObject([{ resource: 'extraction', error: { status: 500 } }]);
		world.fails = () => false;
		expect(told(await poll())).toEqual(['one finished']);
	});

	test('a resource that fails holds up no other, and loses nothing by it', async () => {
		const { world, clock, store, poll, at } = setUp();
		const other = new RunWorld(clock);
		const sources = [world.source('extraction'), other.source('parse')];
		await poll({}, store, sources);
		world.add(life('one', at(SECOND), ended('completed', at(SECOND))));
		other.add(life('two', at(SECOND), ended('completed', at(SECOND))));
		await clock.advance(MINUTE);
		other.isDown = true;
		const findings = await poll({}, store, sources);
		expect(told(findings)).toEqual(['one finished']);
		expect(findings?.errors).toMatchObject([{ resource: 'parse' }]);
		other.isDown = false;
		expect(told(await poll({}, store, sources))).toEqual(['two finished']);
	});

	test('a poll ends with its time, and the next one goes on', async () => {
		const { world, clock, poll, at } = setUp({ budget: 10 * SECOND, world: { latency: 3 * SECOND } });
		world.isDown = false;
		const begun = await poll({ budget: MINUTE });
		expect(begun?.errors).toEqual([]);
		for (let index = 0; index < 12; index++) {
			world.add(life(`run_${index}`, at(20 * SECOND + index), ended('completed', at(20 * SECOND + index))));
		}
		await clock.advance(MINUTE);
		const before = clock.now();
		const first = await poll();
		expect(clock.now() - before).toBe(10 * SECOND);
		// One list and two rounds of five reads.
		expect(told(first)).toHaveLength(10);
		expect(first?.errors).toMatchObject([
			{ error: { message: 'Test run: not everything could be read within the 10 s of a poll' } },
		]);
		expect(told(await poll())).toHaveLength(2);
	});

	test('while a poll is under way, the next one leaves everything to it', async () => {
		const { world, clock, store, at } = setUp();
		const options: EventOptions = {
			events: new Set(['finished']),
			stuckAfter: HOUR,
			lookBack: HOUR,
			budget: MINUTE,
			now: () => world.now(),
		};
		world.add(life('run', at(-MINUTE), ended('completed', at(-SECOND))));
		const scope = CancellationScope.from(undefined);
		const deps = { requestQueue: queueOf(5, clock), clock, scope };
		const both = Promise.all([1, 2].map(() => pollEvents(deps, [world.source()], options, store)));
		const [first, second] = await clock.finish(both);
		expect(told(first)).toEqual(['run finished']);
		expect(second).toBeUndefined();
		expect(clock.sleeping).toBe(0);
	});

	test('more runs than one poll reads come with the next ones, oldest first', async () => {
		const { world, clock, poll, at } = setUp();
		await poll();
		const count = TRIGGER.reads + 50;
		for (let index = 0; index < count; index++) {
			world.add(life(`run_${index}`, at(SECOND + index), ended('completed', at(SECOND + index))));
		}
		await clock.advance(MINUTE);
		const first = told(await poll());
		expect(first).toHaveLength(TRIGGER.reads);
		expect(first.slice(0, 2)).toEqual(['run_0 finished', 'run_1 finished']);
		expect(told(await poll())).toHaveLength(50);
	});
});

describe('memory', () => {
	test('a list longer than a poll reads is given up beyond that, and said so', async () => {
		const { world, clock, poll, at } = setUp({ events: ['cancelled'], world: { pageSize: 1, latency: 0 } });
		await poll();
		for (let index = 0; index <= TRIGGER.pages; index++) {
			world.add(life(`run_${index}`, at(SECOND + index), ended('completed', at(SECOND + index))));
		}
		await clock.advance(MINUTE);
		expect((await poll())?.warnings).toEqual([
			`The list of "extraction" runs is too long: only its first ${TRIGGER.pages} pages were read`,
		]);
	});

	test('more unfinished runs than can be remembered: the oldest are given up, and said so', async () => {
		const { world, clock, store, poll, at } = setUp({ world: { latency: 0 } });
		for (let index = 0; index < 3_000; index++) world.add(life(`run_${index}`, at(-DAY + index)));
		world.add(life('newest', at(-MINUTE), ended('completed', at(MINUTE))));
		const findings = await poll();
		expect(findings?.warnings).toMatchObject([
			expect.stringMatching(/^Too many runs to remember: \d+ unfinished "extraction" runs/),
		]);
		expect(JSON.stringify(store).length).toBeLessThan(SEEN_RUNS.size + 100);
		await clock.advance(2 * MINUTE);
		expect(told(await poll())).toEqual(['newest finished']);
	});
});

describe('examples', () => {
	test('are a few of the newest runs in which the chosen events have happened', async () => {
		const { world, examples, at } = setUp({ events: ['failed', 'stuck', 'needsReview'] });
		world.add(
			...[1, 2, 3, 4].map((hours) =>
				life(`failed_${hours}`, at(-hours * HOUR), ended('failed', at(-SECOND))),
			),
			life('finished', at(-MINUTE), ended('completed', at(-SECOND))),
			life('hanging', at(-150 * MINUTE)),
		);
		expect(told(await examples())).toEqual(['failed_1 failed', 'failed_2 failed', 'hanging stuck']);
	});

	test('are found among the unfinished runs even where these are far down the list', async () => {
		const { world, examples, at } = setUp({ events: ['stuck'], world: { pageSize: 5 } });
		for (let index = 0; index < 50; index++) {
			world.add(life(`over_${index}`, at(-index * MINUTE), ended('completed', at(-index * MINUTE))));
		}
		world.add(life('hanging', at(-DAY)));
		expect(told(await examples())).toEqual(['hanging stuck']);
	});

	test('there are none when nothing has happened', async () => {
		const { world, examples, at } = setUp({ events: ['failed'] });
		world.add(life('run', at(-HOUR), ended('completed', at(-SECOND))));
		expect(await examples()).toEqual({ events: [], errors: [], warnings: [] });
	});

	test('a fault is told, not hidden', async () => {
		const { world, examples } = setUp();
		world.isDown = true;
		expect((await examples()).errors).toMatchObject([{ error: { status: 500 } }]);
	});
});
