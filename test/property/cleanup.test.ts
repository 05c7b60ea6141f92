import fc from 'fast-check';

import type { CleanupReport } from '../../nodes/shared/core/cleanup/cancelStuckRuns';
import type { CleanupSource, StuckList } from '../../nodes/shared/core/cleanup/findCandidates';
import type { CancelAnswer, ListedRun, RunClient } from '../../nodes/shared/core/runs/runClient';
import { type Phase, type Run, isTerminal } from '../../nodes/shared/core/runs/run';
import { HOUR, bornAt, startCleanup } from '../support/cleaning';
import { FAKE_EPOCH, FakeClock } from '../support/fakeClock';
import { fault } from '../support/scriptedClient';
import { MINUTE, SECOND } from '../support/watching';

/**
 * Random accounts, faults and races against a simple model: whatever happens, every stuck run is accounted for once,
 * nothing else is ever cancelled, and the report tells the truth.
 */

/** What goes wrong with a request: nothing is carried out (`down`), or it is and the answer is lost (`lost`). */
type Mishap = 'down' | 'lost' | 'rateLimited' | 'hang' | undefined;

interface Plot {
	resource: number;
	/** Milliseconds when the cleanup starts. */
	age: number;
	phase: Phase;
	/** Milliseconds after the start at which it ends by itself, and how. */
	ends?: { after: number; as: Phase };
	/** False when the user's filters do not allow for it, though the list has it. */
	meant: boolean;
	/** What its row tells: the truth, nothing, or that it is two hours old and running. */
	row: 'true' | 'silent' | 'lie';
	/** False when neither read nor row tell when it was created. */
	dated: boolean;
	/** Whether the read tells it, too. */
	datedInRead: boolean;
	/** A run that cannot be read. */
	unreadable: boolean;
	readMishaps: Mishap[];
	cancel: { kind: 'works' | 'ignored' | 'refused' | 'refusedAtFirst'; lag: number; mishaps: Mishap[] };
}

interface Scene {
	plots: Plot[];
	/** Of each resource's list: rows per page, whether it sorts, and pages that fail so many times. */
	lists: Array<{ size: number; sorts: boolean; failures: Record<number, number> }>;
	dryRun: boolean;
	limit: number;
	includeNeedsReview: boolean;
	inFlight: number;
	latency: number;
	/** Milliseconds after which the workflow is stopped. */
	stopAfter?: number;
	seed: number;
}

const OLDER_THAN = HOUR;
const CONFIRM_FOR = 5 * SECOND;

interface Asked {
	kind: 'read' | 'cancel' | 'list';
	id: string;
	at: number;
	/** Places in the order of all that happened: times alone leave it open. */
	sent: number;
	answered?: number;
	/** Whether the answer came back. */
	arrived?: boolean;
	/** Phase that a read showed. */
	showed?: Phase;
	accepted?: boolean;
}

/** One run of the model account. */
class ModelRun {
	private cancelledAt = Number.POSITIVE_INFINITY;

	private cancels = 0;

	/** Requests that came, whatever became of them. */
	reads = 0;

	cancelRequests = 0;

	constructor(
		readonly id: string,
		readonly plot: Plot,
	) {}

	get createdAt(): number {
		return FAKE_EPOCH - this.plot.age;
	}

	phaseAt(now: number): Phase {
		const endsAt = this.plot.ends ? FAKE_EPOCH + this.plot.ends.after : Number.POSITIVE_INFINITY;
		if (this.plot.ends && endsAt <= now && endsAt <= this.cancelledAt) return this.plot.ends.as;
		return this.cancelledAt <= now ? 'cancelled' : this.plot.phase;
	}

	/** Gives back whether the cancel was accepted. */
	cancel(now: number): boolean {
		this.cancels += 1;
		const { kind, lag } = this.plot.cancel;
		if (isTerminal(this.phaseAt(now)) || kind === 'refused') return false;
		if (kind === 'refusedAtFirst' && this.cancels < 3) return false;
		if (kind !== 'ignored') this.cancelledAt = Math.min(this.cancelledAt, now + lag);
		return true;
	}

	creationTimes(): ListedRun {
		const { row, dated, phase } = this.plot;
		if (row === 'lie') return { id: this.id, phase: 'running', created: bornAt(2 * HOUR) };
		return {
			id: this.id,
			phase: row === 'silent' ? 'unknown' : phase,
			created: dated ? { at: this.createdAt, field: 'created_at' } : undefined,
		};
	}

	read(now: number): Run {
		const { dated, datedInRead } = this.plot;
		const phase = this.phaseAt(now);
		const created = dated && datedInRead ? { at: this.createdAt, field: 'created_at' } : undefined;
		return { id: this.id, status: phase, phase, created, body: {} };
	}
}

class ModelApi {
	readonly asked: Asked[] = [];

	readonly runs: ModelRun[];

	mostInFlight = 0;

	private inFlight = 0;

	private moments = 0;

	constructor(
		private readonly clock: FakeClock,
		private readonly scene: Scene,
	) {
		this.runs = scene.plots.map((plot, at) => new ModelRun(`r${at}`, plot));
	}

	get sources(): CleanupSource[] {
		return this.scene.lists.map((_, resource) => ({
			resource: `resource${resource}`,
			client: this.client,
			lists: [this.list(resource)],
			view: 'light',
			matches: ({ id }) => this.run(id).plot.meant,
		}));
	}

	run(id: string): ModelRun {
		const run = this.runs.find((one) => one.id === id);
		if (!run) throw new Error(`There is no run ${id}`);
		return run;
	}

	private readonly client: RunClient = {
		title: 'Model run',
		hasLightReads: false,
		read: (id, _, signal) =>
			this.answer({ kind: 'read', id }, signal, async (asked) => {
				const run = this.run(id);
				if (run.plot.unreadable) throw fault(404);
				await this.befall(run.plot.readMishaps[run.reads++], signal);
				const read = run.read(this.clock.now());
				asked.showed = read.phase;
				return read;
			}),
		cancel: (id, _, signal) =>
			this.answer<CancelAnswer>({ kind: 'cancel', id }, signal, async (asked) => {
				const run = this.run(id);
				const mishap = run.plot.cancel.mishaps[run.cancelRequests++];
				if (mishap !== 'lost') await this.befall(mishap, signal);
				asked.accepted = run.cancel(this.clock.now());
				if (mishap === 'lost') throw fault(502);
				return asked.accepted
					? { accepted: true, claimsEnded: run.phaseAt(this.clock.now()) === 'cancelled' }
					: { accepted: false, error: fault(400) };
			}),
	};

	private list(resource: number): StuckList {
		const { size = 1, sorts = false, failures = {} } = this.scene.lists[resource] ?? {};
		const rows = this.runs.filter(({ plot }) => plot.resource === resource).map((run) => run.creationTimes());
		if (sorts) rows.sort((a, b) => (a.created?.at ?? 0) - (b.created?.at ?? 0));
		const failed: Record<number, number> = {};
		return {
			oldestFirst: sorts,
			page: (token, signal) =>
				this.answer({ kind: 'list', id: `${resource}` }, signal, async () => {
					const page = Number(token ?? 0);
					failed[page] = (failed[page] ?? 0) + 1;
					if (failed[page] <= (failures[page] ?? 0)) throw fault(500);
					const next = (page + 1) * size < rows.length ? String(page + 1) : undefined;
					return { rows: rows.slice(page * size, (page + 1) * size), next };
				}),
		};
	}

	private async answer<T>(
		what: Pick<Asked, 'kind' | 'id'>,
		signal: AbortSignal,
		work: (asked: Asked) => Promise<T>,
	): Promise<T> {
		const asked: Asked = { ...what, at: this.clock.now(), sent: this.moments++ };
		this.asked.push(asked);
		this.inFlight += 1;
		this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
		let open = true;
		const close = () => {
			if (open) this.inFlight -= 1;
			open = false;
		};
		// A request that is given up is no longer under way from that moment on.
		signal.addEventListener('abort', close, { once: true });
		try {
			await this.clock.sleep(this.scene.latency, signal);
			const answer = await work(asked);
			await this.clock.sleep(this.scene.latency, signal);
			asked.arrived = true;
			return answer;
		} finally {
			close();
			asked.answered = this.moments++;
		}
	}

	private async befall(mishap: Mishap, signal: AbortSignal): Promise<void> {
		if (mishap === 'hang') await this.clock.sleep(24 * HOUR, signal);
		if (mishap === 'rateLimited') throw fault(429, { retryAfter: SECOND });
		if (mishap !== undefined) throw fault(503);
	}
}

const mishap = fc.constantFrom<Mishap>(undefined, undefined, 'down', 'lost', 'rateLimited', 'hang');

/** Latest moment at which a run ends by itself, in milliseconds: while the cleanup is under way. */
const LATEST_END = 10 * SECOND;

const plot: fc.Arbitrary<Plot> = fc.record(
	{
		resource: fc.nat(2),
		age: fc.constantFrom(MINUTE, 59 * MINUTE, HOUR, 61 * MINUTE, 2 * HOUR, 5 * HOUR, 5 * HOUR, 90 * HOUR),
		phase: fc.constantFrom<Phase>(
			'waiting',
			'running',
			'running',
			'cancelling',
			'needsReview',
			'unknown',
			'completed',
		),
		ends: fc.record({
			after: fc.nat(LATEST_END),
			as: fc.constantFrom<Phase>('completed', 'failed', 'expired', 'cancelled'),
		}),
		meant: fc.constantFrom(true, true, true, false),
		row: fc.constantFrom<Plot['row']>('true', 'true', 'true', 'silent', 'lie'),
		dated: fc.constantFrom(true, true, true, true, false),
		datedInRead: fc.boolean(),
		unreadable: fc.constantFrom(false, false, false, false, false, true),
		readMishaps: fc.array(mishap, { maxLength: 2 }),
		cancel: fc.record({
			kind: fc.constantFrom<Plot['cancel']['kind']>(
				'works',
				'works',
				'works',
				'ignored',
				'refused',
				'refusedAtFirst',
			),
			lag: fc.constantFrom(0, 0, 300, 2 * SECOND, 20 * SECOND),
			mishaps: fc.array(mishap, { maxLength: 2 }),
		}),
	},
	{
		requiredKeys: [
			'resource',
			'age',
			'phase',
			'meant',
			'row',
			'dated',
			'datedInRead',
			'unreadable',
			'readMishaps',
			'cancel',
		],
	},
);

const list = fc.record({
	size: fc.integer({ min: 1, max: 4 }),
	sorts: fc.boolean(),
	failures: fc.dictionary(fc.constantFrom('0', '1', '2'), fc.integer({ min: 1, max: 5 }), { maxKeys: 1 }),
});

const scene: fc.Arbitrary<Scene> = fc.record(
	{
		plots: fc.array(plot, { maxLength: 14 }),
		lists: fc.tuple(list, list, list),
		dryRun: fc.constantFrom(false, false, false, true),
		limit: fc.constantFrom(1, 3, 100, 100),
		includeNeedsReview: fc.boolean(),
		inFlight: fc.integer({ min: 1, max: 6 }),
		latency: fc.constantFrom(0, 20, 400),
		stopAfter: fc.nat(20 * SECOND),
		seed: fc.nat(),
	},
	{
		requiredKeys: ['plots', 'lists', 'dryRun', 'limit', 'includeNeedsReview', 'inFlight', 'latency', 'seed'],
	},
);

interface Ending {
	api: ModelApi;
	clock: FakeClock;
	/** Absent when the cleanup failed: no list could be read. */
	report?: CleanupReport;
	phases: ReadonlySet<Phase>;
	stoppedAt?: number;
}

async function play(given: Scene): Promise<Ending> {
	const clock = new FakeClock({ seed: given.seed, ties: 'shuffled' });
	const api = new ModelApi(clock, given);
	const phases = new Set<Phase>(['waiting', 'running', 'cancelling']);
	if (given.includeNeedsReview) phases.add('needsReview');
	const { dryRun, limit, inFlight, stopAfter } = given;
	const options = { olderThan: OLDER_THAN, confirmFor: CONFIRM_FOR, phases, dryRun, limit };
	const cleaning = startCleanup(clock, api.sources, options, inFlight);
	const progress = { over: false };
	const end = cleaning.report.then(
		(report) => {
			progress.over = true;
			return report;
		},
		(error: unknown) => {
			progress.over = true;
			if ((error as { status?: number }).status === 500) return undefined;
			throw error;
		},
	);
	let stoppedAt: number | undefined;
	if (stopAfter !== undefined) {
		await clock.advance(stopAfter);
		if (!progress.over) {
			stoppedAt = clock.now();
			cleaning.stop();
		}
	}
	const report = await clock.finish(end);
	return { api, clock, report, phases, stoppedAt };
}

/** What the last read of a run showed that was answered before a moment, or at all. */
function lastShown(api: ModelApi, id: string, before = Number.POSITIVE_INFINITY): Phase | undefined {
	const reads = api.asked.filter((one) => one.kind === 'read' && one.id === id && one.arrived);
	return reads.filter(({ answered = before }) => answered < before).at(-1)?.showed;
}

function checkRequests({ dryRun, limit, inFlight }: Scene, { api, phases, stoppedAt, report }: Ending): void {
	const cancels = api.asked.filter(({ kind }) => kind === 'cancel');
	if (dryRun) expect(cancels).toEqual([]);
	expect(new Set(cancels.map(({ id }) => id)).size).toBeLessThanOrEqual(limit);
	for (const { id, at, sent } of cancels) {
		const { plot, createdAt } = api.run(id);
		expect(plot.meant).toBe(true);
		// Only the row of a run that tells nothing itself is believed.
		const trusted = plot.row === 'lie' && !(plot.dated && plot.datedInRead);
		if (!trusted) {
			expect(plot.dated).toBe(true);
			expect(at - createdAt).toBeGreaterThanOrEqual(OLDER_THAN);
		}
		const shown = lastShown(api, id, sent) ?? 'completed';
		expect(isTerminal(shown)).toBe(false);
		if (shown === 'needsReview')
			expect(phases.has(shown) || cancels.filter((one) => one.id === id).length > 1).toBe(true);
		// Whatever was sent is in the report, also of a stopped cleanup.
		expect(report?.runs.filter((run) => run.id === id)).toHaveLength(1);
	}
	expect(api.mostInFlight).toBeLessThanOrEqual(inFlight);
	if (stoppedAt !== undefined) expect(api.asked.filter(({ at }) => at > stoppedAt)).toEqual([]);
}

function checkReport({ dryRun, limit }: Scene, { api, report, stoppedAt }: Ending): void {
	if (!report) return;
	const { runs } = report;
	expect(report.stopped).toBe(stoppedAt !== undefined);
	expect(new Set(runs.map(({ id }) => id)).size).toBe(runs.length);
	expect(runs.length).toBeLessThanOrEqual(limit);
	if (report.beyondLimit > 0) expect(runs.length).toBe(limit);
	const listedAt = runs.map(({ id }) => api.run(id).creationTimes().created?.at ?? Number.POSITIVE_INFINITY);
	expect(listedAt).toEqual([...listedAt].sort((a, b) => (a === b ? 0 : a - b)));
	for (const { id, outcome, run, cancel, lastError, age } of runs) {
		const cancels = api.asked.filter((one) => one.kind === 'cancel' && one.id === id);
		const shown = lastShown(api, id);
		expect(cancel?.attempts ?? 0).toBe(cancels.length);
		if (age !== undefined && outcome !== 'unreachable') expect(age).toBeGreaterThanOrEqual(OLDER_THAN);
		switch (outcome) {
			case 'wouldCancel':
				expect(dryRun).toBe(true);
				expect(isTerminal(shown ?? 'completed')).toBe(false);
				break;
			case 'cancelled':
				expect([shown, run?.phase]).toEqual(['cancelled', 'cancelled']);
				break;
			case 'alreadyFinished':
				expect(isTerminal(shown ?? 'running')).toBe(true);
				break;
			case 'cancelPending':
				expect(isTerminal(shown ?? 'completed')).toBe(false);
				expect(cancels.some(({ accepted }) => accepted) || shown === 'cancelling').toBe(true);
				break;
			case 'notCancellable':
				expect(cancels.some(({ accepted }) => accepted === false)).toBe(true);
				break;
			case 'unreachable':
				if (cancels.length === 0) expect(lastError).toBeDefined();
		}
	}
}

/**
 * Every run that was stuck from beginning to end is in the report, and every one that the list showed as stuck and that
 * ended meanwhile, unless the list was cut short or the limit reached.
 */
function checkCompleteness(given: Scene, { api, report, phases, stoppedAt, clock }: Ending): void {
	if (!report || stoppedAt !== undefined || report.beyondLimit > 0) return;
	const cut = new Set(report.incomplete.map(({ resource }) => resource));
	for (const { id, plot } of api.runs) {
		const stuck = phases.has(plot.phase) || plot.phase === 'unknown';
		const old = plot.dated && plot.age >= OLDER_THAN;
		const goesOn = !plot.ends || plot.ends.after > clock.now() - FAKE_EPOCH;
		const shown = plot.row === 'true' && phases.has(plot.phase);
		const creationTimes = !cut.has(`resource${plot.resource}`);
		if (!stuck || !old || !plot.meant || !(goesOn || shown) || !creationTimes) continue;
		expect(report.runs.map((run) => run.id)).toContain(id);
	}
	// A list is only cut short by a page that fails each time it is asked for.
	for (const resource of cut) {
		const { failures = {} } = given.lists[Number(resource.slice('resource'.length))] ?? {};
		expect(Math.max(...Object.values(failures))).toBeGreaterThanOrEqual(4);
	}
}

test('every stuck run is accounted for once, and nothing else is touched', async () => {
	await fc.assert(
		fc.asyncProperty(scene, async (given) => {
			const ending = await play(given);
			checkRequests(given, ending);
			checkReport(given, ending);
			checkCompleteness(given, ending);
			expect(ending.clock.sleeping).toBe(0);
		}),
		{ numRuns: 300 },
	);
}, 120_000);
