import { setTimeout as delay } from 'node:timers/promises';

import { type FaultSpec, type LoggedRequest, type Sandbox, startSandbox } from '../sandbox/server';
import { median } from './lib/stats';
import { serve } from './lib/worker';
import type { Lives, Load, ReceivedRequest, SandboxCalls, Seen } from './messages';

/**
 * The sandbox in its own process: one new server per load, so that no run, connection or request of an earlier contender is
 * left, and its clock starts at the real time again.
 */

/** The resources of the runs: both can be listed by status and cancelled. */
const KIND = {
	retab: { provider: 'retab', resource: 'extraction' },
	extend: { provider: 'extend', resource: 'extractRun' },
} as const;

/** Often enough that the request log of the sandbox has not dropped entries yet. */
const TALLY_EVERY_MS = 100;

/** How long responses may take that are not complete when a contender has ended. */
const SETTLE_MS = 50;

const TROUBLE: { everyMs: number; faults: FaultSpec[] } = {
	everyMs: 4_000,
	faults: [
		{ path: 're:^GET ', status: 429, retryAfter: 1, count: 1 },
		{ path: 're:^GET ', delayMs: 400, count: 4 },
		{ path: 're:^POST .*/cancel$', status: 429, count: 1 },
		{ path: 're:^POST .*/cancel$', delayMs: 250, count: 4 },
	],
};

/** mulberry32: with the same seed the runs have the same durations for every contender. */
function randomFrom(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

/**
 * Unix time minus the time of the log, exact to a few microseconds, read when a millisecond begins. With an error of half a
 * millisecond, a run that ended while it was read would sometimes seem to be read before its end.
 */
function skewOfLog(): number {
	const before = Date.now();
	let now = before;
	while (now === before) now = Date.now();
	return now - (performance.timeOrigin + performance.now());
}

class Opened {
	/** Of each group of lives. */
	readonly ids: string[][];

	/** When each run ends by itself, in ms of the sandbox's clock. */
	private readonly ends = new Map<string, number>();

	private readonly all: Set<string>;

	private lastSeq = 0;

	private pending: LoggedRequest[] = [];

	private readonly counts = { reads: 0, lists: 0, cancels: 0, refused: 0 };

	private readonly delays = new Map<string, number>();

	/** The time of the last read of each run before its end. */
	private readonly lastAnswer = new Map<string, number>();

	private readonly cancelledAt: Record<string, number> = {};

	private readonly cancelAnswers: number[] = [];

	/** Added to a time of the log, which is monotonic, it gives unix time. */
	private readonly skew = skewOfLog();

	private readonly timers: NodeJS.Timeout[];

	private constructor(
		readonly sandbox: Sandbox,
		private readonly startedAt: number,
		private readonly load: Load,
	) {
		const random = randomFrom(load.seed);
		this.ids = load.lives.map((lives) => this.create(lives, random));
		this.all = new Set(this.ids.flat());
		this.timers = [setInterval(() => this.tally(), TALLY_EVERY_MS)];
		this.plant([]);
		if (load.trouble) this.timers.push(setInterval(() => this.plant(TROUBLE.faults), TROUBLE.everyMs));
	}

	static async start(load: Load): Promise<Opened> {
		let startedAt: number | undefined;
		const now = (): number => {
			const time = Date.now();
			startedAt ??= time;
			return time;
		};
		const sandbox = await startSandbox({ now, speed: load.speed });
		return new Opened(sandbox, startedAt ?? now(), load);
	}

	private create(
		{ api, count, fromMs = 0, toMs = fromMs, stuck, ageMs }: Lives,
		random: () => number,
	): string[] {
		return Array.from({ length: count }, () => {
			const durationMs = Math.round(fromMs + random() * (toMs - fromMs));
			const { id, createdAt } = this.sandbox.createRun({
				...KIND[api],
				...(ageMs === undefined ? {} : { createdAt: this.sandbox.now() - ageMs }),
				steering: stuck ? { result: 'stuck' } : { durationMs },
			});
			if (!stuck) this.ends.set(id, createdAt + durationMs);
			return id;
		});
	}

	private plant(faults: readonly FaultSpec[]): void {
		this.sandbox.clearFaults();
		for (const fault of faults) this.sandbox.plantFault(fault);
		const { answerMs } = this.load;
		if (answerMs) this.sandbox.plantFault({ path: '**', delayMs: answerMs, count: 'always' });
	}

	/** Unix ms of a moment of the sandbox's clock. */
	private realTime(sandboxMs: number): number {
		return this.startedAt + (sandboxMs - this.startedAt) / this.load.speed;
	}

	private sandboxTime(unixMs: number): number {
		return this.startedAt + (unixMs - this.startedAt) * this.load.speed;
	}

	private tally(): void {
		const { requests } = this.sandbox;
		const fresh = requests.filter(({ seq }) => seq > this.lastSeq);
		this.lastSeq = requests.at(-1)?.seq ?? this.lastSeq;
		for (const entry of fresh) this.count(entry);
		const toRead = [...this.pending, ...fresh];
		this.pending = toRead.filter(({ durationMs }) => durationMs === null);
		for (const entry of toRead) this.readResponse(entry);
	}

	private count({ method, path, time }: LoggedRequest): void {
		const id = this.runOf(path);
		if (method === 'GET' && id) this.counts.reads += 1;
		else if (method === 'GET') this.counts.lists += 1;
		else if (id && path.endsWith('/cancel')) {
			this.counts.cancels += 1;
			this.cancelledAt[id] ??= time + this.skew;
		}
	}

	private runOf(path: string): string | undefined {
		return path.split('/').find((part) => this.all.has(part));
	}

	/** What the sender of a request knows from its response. */
	private readResponse({ method, path, time, durationMs, status, sandboxTime }: LoggedRequest): void {
		if (durationMs === null) return;
		if (status === 429) this.counts.refused += 1;
		const id = this.runOf(path);
		if (!id || status !== 200) return;
		if (path.endsWith('/cancel')) this.cancelAnswers.push(durationMs);
		const end = this.ends.get(id);
		if (method !== 'GET' || end === undefined || this.delays.has(id)) return;
		const answered = this.sandboxTime(time + durationMs + this.skew);
		if (sandboxTime >= end) this.delays.set(id, answered - end);
		else this.lastAnswer.set(id, answered);
	}

	async seen(): Promise<Seen> {
		await delay(SETTLE_MS);
		this.tally();
		const now = this.sandbox.now();
		let unread = 0;
		for (const [id, end] of this.ends) {
			if (this.delays.has(id) || end > now) continue;
			// It ended between the arrival of a request and its response.
			const answered = this.lastAnswer.get(id) ?? 0;
			if (answered >= end) this.delays.set(id, answered - end);
			else unread += 1;
		}
		const ended = [...this.ends.values()].filter((end) => end <= now);
		return {
			...this.counts,
			delays: [...this.delays.values()],
			unread,
			lastEnd: this.realTime(Math.max(...ended)),
			cancelledAt: this.cancelledAt,
			cancelled: this.ids.flat().filter((id) => this.sandbox.getRun(id)?.phase === 'cancelled'),
			cancelAnswerMs: median(this.cancelAnswers),
		};
	}

	async close(): Promise<void> {
		for (const timer of this.timers) clearInterval(timer);
		await this.sandbox.close();
	}
}

const opened = new Map<number, Opened>();
let last = 0;

function loadOf(handle: number): Opened {
	const found = opened.get(handle);
	if (!found) throw new Error(`No load ${handle} is open`);
	return found;
}

serve<SandboxCalls>({
	async open(load) {
		const handle = ++last;
		const one = await Opened.start(load);
		opened.set(handle, one);
		return { handle, url: one.sandbox.url, ids: one.ids };
	},
	seen: async (handle) => await loadOf(handle).seen(),
	requests: (handle) =>
		Promise.resolve(
			loadOf(handle).sandbox.requests.map(({ method, path, bodySize, status }): ReceivedRequest => ({
				method,
				path,
				bodySize,
				status,
			})),
		),
	async close(handle) {
		const one = loadOf(handle);
		opened.delete(handle);
		await one.close();
	},
});
