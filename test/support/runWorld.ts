import { ApiError } from '../../nodes/shared/core/requests/apiError';
import type { EventList, EventSource } from '../../nodes/shared/core/trigger/events';
import type { ReadView, RunClient } from '../../nodes/shared/core/runs/runClient';
import { type Phase, type Run, type TimeMark, isTerminal } from '../../nodes/shared/core/runs/run';
import { type FakeClock, seededRandom } from './fakeClock';

/** A run and all it will go through. Times are unix ms on the provider's clock. */
export interface Life {
	id: string;
	created: number;
	/** From when on the run is in which phase; it is `waiting` before. In the order of time. */
	turns: ReadonlyArray<{ at: number; phase: Phase }>;
	/** False: rows of this run do not tell its status. */
	showsStatus?: boolean;
	/** False: neither rows nor reads tell when it was created. */
	showsCreated?: boolean;
	/** Milliseconds after its creation from which on lists show it. */
	listedAfter?: number;
	/** From when on it is deleted. */
	deleted?: number;
}

export interface WorldOptions {
	/** Milliseconds that the provider's clock is ahead of ours. */
	skew?: number;
	/** Milliseconds a request takes. */
	latency?: number;
	pageSize?: number;
	/** In which order lists come, and whether the API promises it. */
	order?: 'newestFirst' | 'newestFirstUnpromised' | 'oldestFirst' | 'shuffled';
	/** False: there are no lists of the runs in one status. */
	hasStatusFilter?: boolean;
	/** A page token says how many rows to leave out, instead of where the last page ended. */
	tokensAreOffsets?: boolean;
	/** A list may show how things were up to this many milliseconds ago; how many changes with each request. */
	maxLag?: number;
	/** Share of requests that fail. */
	failures?: number;
	hasLightReads?: boolean;
	seed?: number;
}

export const UNFINISHED = ['waiting', 'running', 'needsReview'] as const satisfies readonly Phase[];

function isThere({ created, deleted }: Life, at: number): boolean {
	return created <= at && (deleted === undefined || at < deleted);
}

/** Where a run stands at a moment of the provider's clock. */
export function phaseAt({ turns }: Life, at: number): Phase {
	for (let index = turns.length - 1; index >= 0; index--) {
		const turn = turns[index];
		if (turn && turn.at <= at) return turn.phase;
	}
	return 'waiting';
}

/**
 * The runs of one resource at a provider, with lists that lag, fail, repeat nothing of what they promised, and tell as
 * little as those of real APIs.
 */
export class RunWorld {
	private readonly byId = new Map<string, Life>();

	/** In the order of the lists. */
	private ranked: Life[] = [];

	/** Every request of the provider's log: `list all <token>`, `list running <token>`, `read full <id>`. */
	readonly requests: string[] = [];

	/** While true, nothing is answered but errors. */
	isDown = false;

	/** Which requests fail, on top of chance. */
	fails: (request: string) => boolean = () => false;

	failures: number;

	maxLag: number;

	/** Creation times that are shown instead of the true ones, by id. */
	private readonly shownAs = new Map<string, number>();

	private readonly options: Required<WorldOptions>;

	private readonly chance: () => number;

	constructor(
		readonly clock: FakeClock,
		options: WorldOptions = {},
	) {
		this.options = {
			skew: 0,
			latency: 20,
			pageSize: 100,
			order: 'newestFirst',
			hasStatusFilter: true,
			tokensAreOffsets: false,
			maxLag: 0,
			failures: 0,
			hasLightReads: false,
			seed: 1,
			...options,
		};
		this.failures = this.options.failures;
		this.maxLag = this.options.maxLag;
		this.chance = seededRandom(this.options.seed);
	}

	/** The provider's time. */
	now(): number {
		return this.clock.now() + this.options.skew;
	}

	get lives(): readonly Life[] {
		return this.ranked;
	}

	add(...lives: Life[]): this {
		for (const one of lives) this.byId.set(one.id, one);
		this.ranked = [...this.byId.values()].sort(
			(a, b) => this.rank(a) - this.rank(b) || (a.id < b.id ? -1 : 1),
		);
		return this;
	}

	/** Makes the API show another creation time than the true one. */
	showAs(id: string, created: number): void {
		this.shownAs.set(id, created);
	}

	source(resource = 'extraction', scopeKey = 'account'): EventSource {
		const list = (phase?: Phase): EventList => ({
			newestFirst: this.options.order === 'newestFirst',
			page: (token, signal) => this.page(phase, token, signal),
		});
		return {
			resource,
			client: this.client(),
			scopeKey,
			all: list(),
			unfinished: this.options.hasStatusFilter ? UNFINISHED.map((phase) => list(phase)) : [],
			matches: () => true,
		};
	}

	private client(): RunClient {
		return {
			title: 'Test run',
			hasLightReads: this.options.hasLightReads,
			read: (id, view, signal) => this.read(id, view, signal),
			cancel: () => Promise.reject(new Error('A trigger cancels nothing')),
		};
	}

	private async read(id: string, view: ReadView, signal: AbortSignal): Promise<Run> {
		await this.answer(`read ${view} ${id}`, signal);
		const now = this.now();
		const life = this.byId.get(id);
		if (!life || !isThere(life, now)) {
			throw new ApiError('notFound', `There is no run ${id}`, { status: 404 });
		}
		const phase = phaseAt(life, now);
		return {
			id,
			status: phase,
			phase,
			created: this.createdOf(life),
			body: { id, status: phase, view },
		};
	}

	private async page(
		phase: Phase | undefined,
		token: string | undefined,
		signal: AbortSignal,
	): ReturnType<EventList['page']> {
		await this.answer(`list ${phase ?? 'all'} ${token ?? ''}`.trim(), signal);
		const { pageSize, tokensAreOffsets } = this.options;
		const shown = this.now() - Math.floor(this.chance() * this.maxLag);
		const all = this.ranked.filter(
			(one) =>
				isThere(one, shown) &&
				one.created + (one.listedAfter ?? 0) <= shown &&
				(phase === undefined || phaseAt(one, shown) === phase),
		);
		const start = token === undefined ? 0 : this.startOf(all, token);
		const rows = all.slice(start, start + pageSize);
		const last = rows.at(-1);
		const goesOn = start + pageSize < all.length;
		return {
			rows: rows.map((life) => ({
				id: life.id,
				phase: life.showsStatus === false ? 'unknown' : phaseAt(life, shown),
				created: this.createdOf(life),
			})),
			...(goesOn && last && { next: tokensAreOffsets ? String(start + pageSize) : last.id }),
		};
	}

	private createdOf(life: Life): TimeMark | undefined {
		if (life.showsCreated === false) return undefined;
		return { at: this.shownAs.get(life.id) ?? life.created, field: 'created_at' };
	}

	private startOf(all: readonly Life[], token: string): number {
		if (this.options.tokensAreOffsets) return Number(token);
		const last = this.byId.get(token);
		const after = all.findIndex(
			(life) =>
				last !== undefined &&
				(this.rank(life) > this.rank(last) || (this.rank(life) === this.rank(last) && life.id > last.id)),
		);
		return after === -1 ? all.length : after;
	}

	private rank({ id, created }: Life): number {
		switch (this.options.order) {
			case 'oldestFirst':
				return created;
			case 'shuffled':
				return scrambled(id);
			default:
				return -created;
		}
	}

	private async answer(request: string, signal: AbortSignal): Promise<void> {
		this.requests.push(request);
		await this.clock.sleep(this.options.latency, signal);
		if (this.isDown || this.fails(request) || this.chance() < this.failures) {
			throw new ApiError('server', 'The API has a problem', { status: 500 });
		}
	}
}

/** A number that has nothing to do with the order of the ids. */
function scrambled(id: string): number {
	const mixed = Array.from(id).reduce((hash, char) => Math.imul(hash ^ char.charCodeAt(0), 0x9e3779b1), 7);
	return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b) >>> 0;
}

/** A run that ends at some time, or never. */
export function life(
	id: string,
	created: number,
	ends?: { at: number; phase: Phase },
	more: Partial<Life> = {},
): Life {
	const running = { at: created, phase: 'running' as const };
	return { id, created, turns: ends ? [running, ends] : [running], ...more };
}

export function endOf({ turns }: Life): { at: number; phase: Phase } | undefined {
	return turns.find(({ phase }) => isTerminal(phase));
}
