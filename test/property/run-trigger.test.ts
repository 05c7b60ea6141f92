import * as fc from 'fast-check';

import type { EventName, EventOptions } from '../../nodes/shared/core/trigger/events';
import type { PollResult, RunEvent } from '../../nodes/shared/core/trigger/poll';
import type { EventStore } from '../../nodes/shared/core/trigger/seenRunsCodec';
import { pollEvents } from '../../nodes/shared/core/trigger/pollEvents';
import type { Phase } from '../../nodes/shared/core/runs/run';
import { CancellationScope } from '../../nodes/shared/core/concurrency/cancellationScope';
import { FakeClock, seededRandom } from '../support/fakeClock';
import { type Life, RunWorld, type WorldOptions, endOf, life, phaseAt } from '../support/runWorld';
import { runs } from './runs';
import { queueOf } from '../support/queues';

/**
 * The Document Run Trigger in a world where everything that can go wrong does: whatever runs do, however often n8n
 * restarts and whatever it forgets by that, each event comes once, and none is missed that happened after activation.
 *
 * Numbers that the promises speak of are written out here, not taken from the code.
 */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How far behind a list may be, and how much later than that a new run may show up in it. */
const LAG = 4 * MINUTE;
const LONGEST_LAG = 2 * LAG;
const STUCK_AFTER = 90 * MINUTE;
const SIZE_LIMIT = 64 * 1024;

const EVENT_OF: Partial<Record<Phase, EventName>> = {
	completed: 'finished',
	failed: 'failed',
	expired: 'failed',
	rejected: 'failed',
	cancelled: 'cancelled',
};

const ALL_EVENTS: EventName[] = ['finished', 'failed', 'cancelled', 'needsReview', 'stuck'];

/** n8n around the trigger: what it stores, and when. */
class Host {
	stored: string | undefined;

	readonly events: RunEvent[] = [];

	biggest = 0;

	/** When the last poll started, on the provider's clock. */
	polledAt = 0;

	/** When the trigger began, on the provider's clock: between these two moments. Again when nothing had been stored. */
	began?: { from: number; to: number };

	private live: EventStore = {};

	private isActive = false;

	constructor(
		private readonly world: RunWorld,
		private readonly options: EventOptions,
		/** n8n stores what a trigger knows when a workflow is activated. Its experimental scheduler does not. */
		private readonly storesAtActivation: boolean,
	) {}

	/** n8n starts: only what was stored is still there. */
	async restart(): Promise<void> {
		this.isActive = false;
		await this.poll();
	}

	/** The schedule of n8n; a workflow whose activation failed is activated again instead. */
	async poll(): Promise<void> {
		const isFirst = !this.isActive;
		if (isFirst) this.live = this.stored === undefined ? {} : (JSON.parse(this.stored) as EventStore);
		const { live } = this;
		const isNew = live.memory === undefined;
		const from = this.world.now();
		this.polledAt = from;
		const findings = await this.look(live);
		// n8n was restarted meanwhile, and does not take what an old poll finds.
		if (findings === undefined || live !== this.live) return;
		// This is thrown: an activation that throws is none.
		if (findings.errors.length > 0 && findings.events.length === 0 && isFirst) return;
		this.isActive = true;
		if (isNew) this.began = { from, to: this.world.now() };
		this.events.push(...findings.events);
		const content = JSON.stringify(live);
		this.biggest = Math.max(this.biggest, content.length);
		if (findings.events.length > 0 || (isFirst && this.storesAtActivation)) this.stored = content;
	}

	private async look(store: EventStore): Promise<PollResult | undefined> {
		const { clock } = this.world;
		const scope = CancellationScope.from(undefined);
		try {
			return await clock.finish(
				pollEvents(
					{ requestQueue: queueOf(5, clock), clock, scope },
					[this.world.source()],
					this.options,
					store,
				),
			);
		} finally {
			scope.dispose();
		}
	}
}

const STEPS = [
	'poll',
	'two polls at once',
	'restart',
	'restart in the middle of a poll',
	'poll while the API is down',
	'poll while later pages fail',
	'poll while reads fail',
] as const;

interface Story {
	world: WorldOptions & { tellsTime: boolean };
	lookBack: number;
	lives: Life[];
	steps: Array<{ wait: number; what: (typeof STEPS)[number] }>;
	storesAtActivation: boolean;
}

/** Moments of a story: the trigger is activated at 0. Coarse, so that many are equal. */
const moment = (min: number, max: number) =>
	fc.oneof(
		fc.integer({ min: Math.ceil(min / HOUR), max: Math.floor(max / HOUR) }).map((hours) => hours * HOUR),
		fc.integer({ min, max }),
	);

const STORY_LENGTH = 12 * HOUR;

const span = fc.oneof(
	fc.integer({ min: 0, max: 5 * SECOND }),
	fc.integer({ min: 0, max: 3 * HOUR }),
	fc.integer({ min: 0, max: 2 * DAY }),
);

const end: fc.Arbitrary<Phase | undefined> = fc.constantFrom(
	'completed',
	'completed',
	'completed',
	'failed',
	'cancelled',
	'expired',
	'rejected',
	undefined,
);

const aLife = fc
	.record({
		created: fc.oneof(moment(-3 * DAY, STORY_LENGTH), moment(-HOUR, STORY_LENGTH)),
		starts: span,
		review: fc.option(fc.record({ after: span, lasts: span }), { freq: 6 }),
		lasts: span,
		ends: end,
		listedAfter: fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, fc.integer({ min: 0, max: LAG })),
		showsStatus: fc.integer({ min: 0, max: 9 }).map((dice) => dice > 0),
		showsCreated: fc.integer({ min: 0, max: 19 }).map((dice) => dice > 0),
	})
	.map(({ created, starts, review, lasts, ends, ...rows }) => {
		const turns: Array<{ at: number; phase: Phase }> = [];
		let at = created + starts;
		turns.push({ at, phase: 'running' });
		if (review) {
			at += review.after;
			turns.push({ at, phase: 'needsReview' });
			at += review.lasts;
			turns.push({ at, phase: 'running' });
		}
		if (ends) turns.push({ at: at + lasts, phase: ends });
		return { created, turns, ...rows };
	});

const worlds = fc
	.record({
		skew: fc.constantFrom(0, 0, -3 * HOUR, 5 * HOUR, -40 * SECOND),
		tellsTime: fc.boolean(),
		latency: fc.constantFrom(0, 30, 900),
		pageSize: fc.constantFrom(2, 3, 10, 100),
		order: fc.constantFrom<Array<Required<WorldOptions>['order']>>(
			'newestFirst',
			'newestFirst',
			'newestFirstUnpromised',
			'oldestFirst',
			'shuffled',
		),
		hasStatusFilter: fc.boolean(),
		tokensAreOffsets: fc.boolean(),
		maxLag: fc.constantFrom(0, 0, 5 * SECOND, LAG),
		failures: fc.constantFrom(0, 0, 0.05, 0.4),
		hasLightReads: fc.boolean(),
		seed: fc.nat(),
	})
	.map((world) => ({
		...world,
		// A few rows may come newest first by chance; the pages of real lists are longer than that.
		pageSize: world.order === 'shuffled' ? Math.max(10, world.pageSize) : world.pageSize,
		// Offsets into lists of which each answer shows another moment lead anywhere.
		tokensAreOffsets: world.tokensAreOffsets && world.maxLag === 0,
	}));

const stories: fc.Arbitrary<Story> = fc
	.record({
		world: worlds,
		lookBack: fc.constantFrom(0, 0, 2 * HOUR, DAY),
		lives: fc
			.array(aLife, { minLength: 1, maxLength: 30, size: 'max' })
			.map((lives) => lives.map((life, index) => ({ ...life, id: `run_${index}` }))),
		steps: fc.array(
			fc.record({
				wait: fc.oneof(fc.constant(MINUTE), fc.integer({ min: 1, max: 40 * MINUTE })),
				what: fc.oneof({ arbitrary: fc.constant('poll' as const), weight: 2 }, fc.constantFrom(...STEPS)),
			}),
			{ minLength: 3, maxLength: 25, size: 'max' },
		),
		storesAtActivation: fc.integer({ min: 0, max: 3 }).map((dice) => dice > 0),
	})
	// Of a run without a time, in a list without an order, nobody could tell whether it is new.
	.map((story) =>
		story.world.order === 'shuffled'
			? { ...story, lives: story.lives.map((life) => ({ ...life, showsCreated: true })) }
			: story,
	);

interface Played {
	host: Host;
	world: RunWorld;
	lookBack: number;
	tellsTime: boolean;
}

async function play({
	world: worldOptions,
	lookBack,
	lives,
	steps,
	storesAtActivation,
}: Story): Promise<Played> {
	const clock = new FakeClock({ seed: worldOptions.seed });
	const world = new RunWorld(clock, worldOptions);
	const zero = world.now();
	world.add(
		...lives.map((life) => ({
			...life,
			created: zero + life.created,
			turns: life.turns.map((turn) => ({ ...turn, at: zero + turn.at })),
		})),
	);
	const options: EventOptions = {
		events: new Set(ALL_EVENTS),
		stuckAfter: STUCK_AFTER,
		lookBack,
		budget: 4 * MINUTE,
		now: () => (worldOptions.tellsTime ? world.now() : clock.now()),
	};
	const host = new Host(world, options, storesAtActivation);
	await host.restart();
	for (const { wait, what } of steps) {
		await clock.advance(wait);
		switch (what) {
			case 'poll':
				await host.poll();
				break;
			case 'two polls at once':
				await Promise.all([host.poll(), host.poll()]);
				break;
			case 'restart':
				await host.restart();
				break;
			case 'restart in the middle of a poll':
				await Promise.all([host.poll(), host.restart()]);
				break;
			default:
				world.fails = (request) =>
					what === 'poll while the API is down' ||
					request.startsWith(what === 'poll while reads fail' ? 'read' : 'list all r');
				await host.poll();
				world.fails = () => false;
		}
	}
	// In the end all is well, and there is time for everything to show.
	world.failures = 0;
	world.maxLag = 0;
	for (let round = 0; round < 4; round++) {
		await clock.advance(LONGEST_LAG);
		await host.poll();
	}
	return { host, world, lookBack, tellsTime: worldOptions.tellsTime };
}

function describeRun(life: Life, began: number): string {
	const hours = (at: number) => ((at - began) / HOUR).toFixed(3);
	return `${life.id}, created ${hours(life.created)} h, ${life.turns.map(({ at, phase }) => `${phase} ${hours(at)} h`).join(', ')}`;
}

/** What the story promises and did not hold; nothing when all is well. */
function broken({ host, world, lookBack, tellsTime }: Played): string[] {
	const { began, events } = host;
	if (!began) return ['the trigger never began'];
	const now = world.now();
	const wrong: string[] = [];
	for (const life of world.lives) {
		const told = (event: EventName) =>
			events.filter((one) => one.run.id === life.id && one.event === event).length;
		const claim = (holds: boolean, what: string) => {
			if (!holds) wrong.push(`${what}: ${describeRun(life, began.from)}`);
		};
		// What had happened to a run as new as this when the trigger began is reported all the same.
		const isNew = life.showsCreated !== false && tellsTime && life.created > began.to - lookBack;
		const isOld = life.created < began.from - (tellsTime || lookBack === 0 ? lookBack : 2 * DAY);
		const isListed = life.created + (life.listedAfter ?? 0) <= host.polledAt;
		const isPromised = (at: number) => isListed && at <= host.polledAt && (isNew || at > began.to);
		const isForbidden = (at: number) => isOld && at < began.from - LONGEST_LAG;
		for (const event of ALL_EVENTS) claim(told(event) <= 1, `${event} more than once`);

		const ended = endOf(life);
		const atEnd = ended && ended.at <= now ? EVENT_OF[ended.phase] : undefined;
		for (const event of ['finished', 'failed', 'cancelled'] as const) {
			if (event !== atEnd) claim(told(event) === 0, `${event}, which never happened`);
		}
		if (ended && atEnd) {
			if (isPromised(ended.at)) claim(told(atEnd) === 1, `${atEnd} missed`);
			if (isForbidden(ended.at)) claim(told(atEnd) === 0, `${atEnd} of before the activation`);
		}

		const phase = phaseAt(life, now);
		const since = life.turns.filter(({ at }) => at <= now).at(-1)?.at ?? life.created;
		const reviews = life.turns.some((turn) => turn.phase === 'needsReview');
		if (!reviews) claim(told('needsReview') === 0, 'needsReview, which never happened');
		if (phase === 'needsReview') {
			if (isPromised(since)) claim(told('needsReview') === 1, 'needsReview missed');
			if (isForbidden(since)) claim(told('needsReview') === 0, 'needsReview of before the activation');
		}

		if (!tellsTime) continue;
		const overdue = life.created + STUCK_AFTER;
		const isOpen = phase === 'waiting' || phase === 'running';
		if (isOpen && life.showsCreated !== false && isPromised(overdue) && overdue < now - MINUTE) {
			claim(told('stuck') === 1, 'stuck missed');
		}
		if (overdue > now) claim(told('stuck') === 0, 'stuck too early');
		if (!reviews && isForbidden(overdue)) claim(told('stuck') === 0, 'stuck of before the activation');
	}
	return wrong;
}

const STORIES = 400;

test(
	'each event comes once, and none is missed, whatever happens',
	async () => {
		await fc.assert(
			fc.asyncProperty(stories, async (story) => {
				const played = await play(story);
				expect(broken(played)).toEqual([]);
				expect(played.host.biggest).toBeLessThan(SIZE_LIMIT);
			}),
			{
				numRuns: runs(STORIES),
				// To make a counterexample small may take minutes: after this, the smallest so far has to do.
				interruptAfterTimeLimit: runs(STORIES) * 125,
				markInterruptAsFailure: true,
			},
		);
	},
	runs(STORIES) * 150,
);

/** 10,000 runs over four days, polled by the hour, and n8n restarted twice a day: what n8n has to store, and what comes out. */
test.each<[string, (index: number, chance: () => number) => number]>([
	[
		'that start over two days, every fifth in one of three bursts',
		(index, chance) => (index % 5 === 0 ? (1 + (index % 3)) * 10 * HOUR : chance() * 2 * DAY),
	],
	['that start as one batch, all in the same minute', (_, chance) => HOUR + chance() * MINUTE],
])(
	'10,000 runs %s: less than 64 KB to store at any time, and each event comes once',
	async (_, createdAfter) => {
		const clock = new FakeClock();
		const world = new RunWorld(clock, { latency: 0 });
		const zero = world.now();
		const chance = seededRandom(7);
		const lives = Array.from({ length: 10_000 }, (__, index): Life => {
			const id = `extr_01J9ZQ3X8M5V7K2B4N6C${String(index).padStart(4, '0')}`;
			const created = zero + createdAfter(index, chance);
			// Most end soon, some after a day, and each hundredth never does.
			const phase = index % 7 ? 'completed' : 'failed';
			const end = { at: created + chance() ** 4 * DAY, phase } as const;
			return life(id, created, index % 100 === 1 ? undefined : end);
		});
		world.add(...lives);
		const host = new Host(
			world,
			{
				events: new Set(ALL_EVENTS),
				stuckAfter: 36 * HOUR,
				lookBack: 0,
				budget: 4 * MINUTE,
				now: () => world.now(),
			},
			true,
		);
		await host.restart();
		for (let polls = 1; polls <= 4 * 24; polls++) {
			await clock.advance(HOUR);
			await (polls % 12 === 0 ? host.restart() : host.poll());
		}
		expect(host.biggest).toBeLessThan(SIZE_LIMIT);
		const told = new Map<string, number>();
		for (const { event, run } of host.events) {
			told.set(`${run.id} ${event}`, (told.get(`${run.id} ${event}`) ?? 0) + 1);
		}
		const due = lives.map((one) => `${one.id} ${EVENT_OF[endOf(one)?.phase ?? 'unknown'] ?? 'stuck'}`);
		// A few are enough to see what is wrong.
		expect(due.filter((one) => told.get(one) !== 1).slice(0, 5)).toEqual([]);
		expect(told.size).toBe(due.length);
		// In the end only what still hangs is remembered.
		expect(host.stored?.length).toBeLessThan(8 * 1024);
	},
	60_000,
);
