import { ApiError } from '../../nodes/shared/core/requests/apiError';
import { type JsonObject, type Phase, isTerminal } from '../../nodes/shared/core/runs/run';
import { PROVIDERS, resourceOf } from '../../nodes/shared/providers';
import { ResourceClient } from '../../nodes/shared/providers/client/resourceClient';
import type { ApiRequest, ApiResponse } from '../../nodes/shared/providers/client/wire';
import { type FakeClock, seededRandom } from './fakeClock';

/**
 * A small model of the two APIs for property tests: runs that live through a history of their own, cancels that mean what
 * they mean at each resource, and faults. It speaks HTTP at the level of `Send`, and logs every request with its times.
 */

/** How a resource calls its phases, and what a cancel means to it. */
interface Dialect {
	provider: 'retab' | 'extend';
	statuses: Partial<Record<Phase, string>>;
	/** Whether a read shows when the run was created, and when it started. */
	showsCreated: boolean;
	showsStarted: boolean;
	/**
	 * - `idempotent`: 200 with the record, whatever its state (Retab primitives)
	 * - `refusing`: a refusal on a run that has ended (Retab jobs 400, eval runs 404, Extend)
	 * - `envelope`: always 200, `cancellation_status` tells (Retab workflow runs)
	 */
	cancel: 'idempotent' | 'refusing' | 'envelope';
	/** Statuses a refusal may come with. */
	refusals: readonly number[];
	/** Phases besides the ended ones in which a cancel is refused. */
	refusedIn: readonly Phase[];
	/** Query parameter that only light reads, or only full reads, carry. */
	light?: { param: string; value: string };
}

const RETAB_STATUSES: Partial<Record<Phase, string>> = {
	waiting: 'queued',
	running: 'in_progress',
	completed: 'completed',
	failed: 'failed',
	cancelled: 'cancelled',
};

const EXTEND_STATUSES: Partial<Record<Phase, string>> = {
	waiting: 'PENDING',
	running: 'PROCESSING',
	completed: 'PROCESSED',
	failed: 'FAILED',
	cancelled: 'CANCELLED',
};

export const DIALECTS = {
	extraction: {
		provider: 'retab',
		statuses: RETAB_STATUSES,
		showsCreated: true,
		showsStarted: false,
		cancel: 'idempotent',
		refusals: [],
		refusedIn: [],
		light: { param: 'include_output', value: 'false' },
	},
	job: {
		provider: 'retab',
		statuses: { ...RETAB_STATUSES, expired: 'expired' },
		showsCreated: true,
		showsStarted: true,
		cancel: 'refusing',
		refusals: [400],
		refusedIn: [],
		light: { param: 'include_response', value: 'false' },
	},
	workflowRun: {
		provider: 'retab',
		statuses: { ...RETAB_STATUSES, running: 'running', failed: 'error', needsReview: 'awaiting_review' },
		showsCreated: true,
		showsStarted: true,
		cancel: 'envelope',
		refusals: [],
		refusedIn: [],
	},
	evalRun: {
		provider: 'retab',
		statuses: { ...RETAB_STATUSES, running: 'running', failed: 'error' },
		showsCreated: true,
		showsStarted: true,
		cancel: 'refusing',
		refusals: [404],
		refusedIn: [],
	},
	extractRun: {
		provider: 'extend',
		statuses: EXTEND_STATUSES,
		showsCreated: true,
		showsStarted: false,
		cancel: 'refusing',
		refusals: [400, 409, 422],
		refusedIn: ['waiting'],
	},
	parseRun: {
		provider: 'extend',
		statuses: EXTEND_STATUSES,
		showsCreated: false,
		showsStarted: false,
		cancel: 'refusing',
		refusals: [400, 409, 422],
		refusedIn: ['waiting'],
		light: { param: 'responseType', value: 'url' },
	},
	extendWorkflowRun: {
		provider: 'extend',
		statuses: {
			...EXTEND_STATUSES,
			cancelling: 'CANCELLING',
			needsReview: 'NEEDS_REVIEW',
			rejected: 'REJECTED',
		},
		showsCreated: true,
		showsStarted: true,
		cancel: 'refusing',
		refusals: [400, 409, 422],
		refusedIn: ['cancelling', 'needsReview'],
	},
} as const satisfies Record<string, Dialect>;

export type DialectName = keyof typeof DIALECTS;

export const UNKNOWN_STATUS = 'HIBERNATING';

/** All times are virtual milliseconds from the begin of the test; negative ones lie before it. */
export interface RemoteRunPlan {
	createdAt: number;
	startsAt: number;
	/** Absent for a run that is stuck. */
	endsAt?: number;
	endsAs: Phase;
	/** A run that waits for a person is completed by one then. */
	reviewedAt?: number;
	/** From then on a run that is under way shows a status nobody knows. */
	strangeFrom?: number;
	/** So many reads do not find the run yet. */
	invisibleReads: number;
	cancel: {
		/** Milliseconds from an accepted cancel to its effect. */
		takes: number;
		/** Accepted, and nothing ever happens. */
		ignored: boolean;
		/** The run completes at the very moment the first cancel arrives. */
		finishesFirst: boolean;
		/** So many cancels are answered 409 before one is taken. */
		races: number;
		/** So many cancels are carried out, and their answers get lost. */
		answersLost: number;
	};
}

export type FaultKindPlan =
	| { kind: 'status'; status: number; retryAfter?: number; asDate?: boolean }
	| { kind: 'hang' | 'hangDeaf' | 'reset' | 'refusedConnection' | 'brokenJson' | 'webPage' | 'hugePage' };

export interface FaultPlan {
	from: number;
	/** Milliseconds. */
	lasts: number;
	on: 'read' | 'cancel' | 'list' | 'all';
	/** Only every so manieth request is hit; 1 is all. */
	every: number;
	what: FaultKindPlan;
}

/** How the lists differ from what they should be. */
export interface ListsPlan {
	/** Milliseconds the rows are behind. */
	lag: number;
	/** A run is in no list before this (ms from the begin of the test) plus its place among the runs. */
	newFrom: number;
	/** Every so manieth row is left out; 0 is none. */
	skips: number;
	/** Every so manieth row comes twice; 0 is none. */
	repeats: number;
	/** The last page of a list leads back to its first one. */
	circular: boolean;
	/** The status filter is ignored. */
	ignoresStatus: boolean;
	/** From then on (ms) the rows stand still. */
	frozenFrom?: number;
	/** Other people's unfinished runs, newer than ours, and older ones. */
	othersNewer: number;
	othersOlder: number;
	/** Larger pages are refused. */
	maxPageSize: number;
}

export const GOOD_LISTS: ListsPlan = {
	lag: 0,
	newFrom: Number.NEGATIVE_INFINITY,
	skips: 0,
	repeats: 0,
	circular: false,
	ignoresStatus: false,
	othersNewer: 0,
	othersOlder: 0,
	maxPageSize: 100,
};

export interface RemotePlan {
	dialect: DialectName;
	lists: ListsPlan;
	runs: readonly RemoteRunPlan[];
	faults: readonly FaultPlan[];
	/** Longest time a request takes when nothing is wrong. */
	latency: number;
	/** Milliseconds the clock of the server is ahead. */
	skew: number;
	/** Rows per page of the list. */
	rowsPerPage: number;
	seed: number;
}

/** One request as the server, and the wire, saw it. Times are virtual milliseconds from the begin of the test. */
export interface Logged {
	index: number;
	kind: 'read' | 'cancel' | 'list';
	id: string;
	view: 'light' | 'full';
	at: number;
	/** When it was answered, broke, or was given up, and how many requests had left by then. */
	endedAt: number;
	sentByThen: number;
	/** Its place among all requests in the order in which they ended. */
	endedAs: number;
	/** The HTTP answer that reached the client. */
	status?: number;
	/** Phase a read showed. */
	phase?: Phase;
	/** The run's own times as a read showed them: unix ms. */
	created?: number;
	started?: number;
	/** What the server did with a cancel, whether or not the client heard of it. */
	carriedOut?: boolean;
	/** What the client heard of a cancel. */
	heard?: 'accepted' | 'refused';
	commandId?: string;
	/** Ids in a page of a list, and the phases it shows them in. */
	rows?: string[];
	shown?: ReadonlyMap<string, Phase>;
	/** True for a list that is narrowed to a status. */
	isNarrowed: boolean;
	/** Milliseconds the answer asked to pause. */
	retryAfter?: number;
	/** The client gave it up. */
	aborted: boolean;
}

/** A row of a list, before it is put into the words of a provider. */
interface Row {
	id: string;
	/** Among all runs of the account. */
	tracked: number;
	phase: Phase;
	status: string;
	createdAt: number;
}

class RemoteRun {
	private readonly pausedAt: number = Number.POSITIVE_INFINITY;

	private terminalAt: number;

	private terminalAs: Phase;

	private cancelAsked = false;

	private cancelAt = Number.POSITIVE_INFINITY;

	private cancels = 0;

	reads = 0;

	constructor(
		readonly id: string,
		readonly options: RemoteRunPlan,
		private readonly dialect: Dialect,
	) {
		this.terminalAt = options.endsAt ?? Number.POSITIVE_INFINITY;
		this.terminalAs = options.endsAs;
		if (options.endsAs !== 'needsReview') return;
		this.pausedAt = this.terminalAt;
		this.terminalAt = options.reviewedAt ?? Number.POSITIVE_INFINITY;
		this.terminalAs = 'completed';
	}

	phaseAt(now: number): Phase {
		if (this.cancelAt <= now && this.cancelAt < this.terminalAt) return 'cancelled';
		if (this.terminalAt <= now) return this.terminalAs;
		if (this.cancelAsked && this.dialect.statuses.cancelling) return 'cancelling';
		if (this.pausedAt <= now) return 'needsReview';
		if (now < this.options.startsAt) return 'waiting';
		return now >= (this.options.strangeFrom ?? Number.POSITIVE_INFINITY) ? 'unknown' : 'running';
	}

	statusAt(now: number): string {
		return this.dialect.statuses[this.phaseAt(now)] ?? UNKNOWN_STATUS;
	}

	/** Takes a cancel, or does not. */
	cancel(now: number): 'taken' | 'race' | 'refused' {
		const { options, dialect } = this;
		this.cancels += 1;
		if (options.cancel.finishesFirst && !isTerminal(this.phaseAt(now))) {
			this.terminalAt = now;
			this.terminalAs = 'completed';
		}
		const phase = this.phaseAt(now);
		if (isTerminal(phase)) return dialect.cancel === 'idempotent' ? 'taken' : 'refused';
		if (dialect.refusedIn.includes(phase)) return 'refused';
		if (this.cancels <= options.cancel.races && dialect.cancel === 'refusing') return 'race';
		if (options.cancel.ignored) return 'taken';
		this.cancelAsked = true;
		this.cancelAt = Math.min(this.cancelAt, now + options.cancel.takes);
		return 'taken';
	}

	get losesAnswer(): boolean {
		return this.cancels <= this.options.cancel.answersLost;
	}
}

export class RemoteApi {
	readonly log: Logged[] = [];

	readonly runs: readonly RemoteRun[];

	mostInFlight = 0;

	private readonly newestFirst: readonly RemoteRun[];

	private readonly dialect: Dialect;

	private readonly start: number;

	private readonly random: () => number;

	private readonly hits = new Map<FaultPlan, number>();

	private inFlight = 0;

	private ends = 0;

	constructor(
		private readonly clock: FakeClock,
		private readonly options: RemotePlan,
	) {
		this.dialect = DIALECTS[options.dialect];
		this.start = clock.now();
		this.random = seededRandom(options.seed);
		this.runs = options.runs.map((run, index) => new RemoteRun(`run_${index}`, run, this.dialect));
		this.newestFirst = [...this.runs].sort((a, b) => b.options.createdAt - a.options.createdAt);
	}

	/** Milliseconds since the begin of the test. */
	get now(): number {
		return this.clock.now() - this.start;
	}

	/** The client's side of it. */
	api(): ResourceClient {
		const provider = PROVIDERS[this.dialect.provider];
		const name = this.options.dialect === 'extendWorkflowRun' ? 'workflowRun' : this.options.dialect;
		const send = (request: ApiRequest, signal: AbortSignal) => this.send(request, signal);
		return new ResourceClient(provider, resourceOf(provider, name), send, () => this.clock.now());
	}

	/** What becomes of a request. */
	async send(request: ApiRequest, signal: AbortSignal): Promise<ApiResponse> {
		const entry = this.entryOf(request);
		this.log.push(entry);
		this.inFlight += 1;
		this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
		let open = true;
		const end = () => {
			if (!open) return;
			open = false;
			this.inFlight -= 1;
			entry.endedAt = this.now;
			entry.sentByThen = this.log.length;
			entry.endedAs = this.ends++;
			entry.aborted = signal.aborted;
		};
		signal.addEventListener('abort', end, { once: true });
		try {
			const half = (this.random() * this.options.latency) / 2;
			await this.clock.sleep(half, signal);
			const answer = await this.perform(request, entry, signal);
			await this.clock.sleep(half, signal);
			this.note(entry, answer);
			return answer;
		} finally {
			signal.removeEventListener('abort', end);
			end();
		}
	}

	private entryOf({ method, path, query, body }: ApiRequest): Logged {
		const { light } = this.dialect;
		const id = /run_\d+/.exec(path)?.[0] ?? '*';
		const commandId = body?.command_id;
		return {
			index: this.log.length,
			kind: method === 'POST' ? 'cancel' : id === '*' ? 'list' : 'read',
			id,
			view: light && String(query?.[light.param]) === light.value ? 'light' : 'full',
			at: this.now,
			endedAt: Number.POSITIVE_INFINITY,
			sentByThen: 0,
			endedAs: Number.POSITIVE_INFINITY,
			aborted: false,
			isNarrowed: query?.status !== undefined,
			commandId: typeof commandId === 'string' ? commandId : undefined,
		};
	}

	/** What happens when the request arrives: the effect, and the answer that is sent back. */
	private async perform(request: ApiRequest, entry: Logged, signal: AbortSignal): Promise<ApiResponse> {
		const fault = this.faultFor(entry);
		if (fault) return this.fail(fault, signal);
		if (entry.kind === 'list') return this.page(request, entry);
		const run = this.runs.find(({ id }) => id === entry.id);
		if (!run) return respond(404, { detail: 'not found' });
		return entry.kind === 'cancel' ? this.cancel(run, entry, signal) : this.read(run, entry);
	}

	private faultFor(entry: Logged): FaultKindPlan | undefined {
		for (const fault of this.options.faults) {
			if (this.now < fault.from || this.now >= fault.from + fault.lasts) continue;
			if (fault.on !== 'all' && fault.on !== entry.kind) continue;
			const hit = (this.hits.get(fault) ?? 0) + 1;
			this.hits.set(fault, hit);
			if (hit % fault.every === 0) return fault.what;
		}
		return undefined;
	}

	private fail(what: FaultKindPlan, signal: AbortSignal): Promise<ApiResponse> {
		switch (what.kind) {
			case 'status': {
				const { status, retryAfter, asDate } = what;
				const wait = asDate
					? new Date(this.serverTime() + (retryAfter ?? 0)).toUTCString()
					: String((retryAfter ?? 0) / 1_000);
				const headers = {
					date: new Date(this.serverTime()).toUTCString(),
					...(retryAfter !== undefined && { 'retry-after': wait }),
				};
				return Promise.resolve(respond(status, { detail: 'planted', message: 'planted' }, headers));
			}
			case 'hang':
				return new Promise((_, reject) => {
					signal.addEventListener('abort', () => reject(signal.reason), { once: true });
				});
			case 'hangDeaf':
				return new Promise(() => undefined);
			case 'reset':
				return Promise.reject(new ApiError('network', 'the connection was reset'));
			case 'refusedConnection':
				return Promise.reject(new ApiError('network', 'the connection was refused', { notSent: true }));
			case 'brokenJson':
				return Promise.resolve(respond(200, '{"id": "run_1", "sta'));
			case 'webPage':
				return Promise.resolve(respond(200, '<html><body>Down for maintenance</body></html>'));
			case 'hugePage':
				return Promise.resolve(respond(200, `<html><body>${'Down for maintenance. '.repeat(50_000)}`));
		}
	}

	private read(run: RemoteRun, entry: Logged): ApiResponse {
		run.reads += 1;
		if (run.reads <= run.options.invisibleReads) return respond(404, { detail: 'not found' });
		const body = this.bodyOf(run);
		entry.phase = run.phaseAt(this.now);
		const { showsCreated, showsStarted } = this.dialect;
		if (showsCreated) entry.created = this.serverTime(run.options.createdAt);
		if (showsStarted && this.hasStarted(run)) entry.started = this.serverTime(run.options.startsAt);
		return respond(200, body);
	}

	private cancel(run: RemoteRun, entry: Logged, signal: AbortSignal): ApiResponse | Promise<ApiResponse> {
		const what = run.cancel(this.now);
		entry.carriedOut = what === 'taken';
		if (run.losesAnswer) {
			const ways = ['hang', 'reset', 'brokenJson', 'webPage'] as const;
			const kind = ways[Math.floor(this.random() * ways.length)] ?? 'reset';
			return this.fail({ kind }, signal);
		}
		if (what === 'race') return respond(409, { detail: 'Job status changed, please retry' });
		if (this.dialect.cancel === 'envelope') {
			const cancellation_status =
				what === 'refused'
					? 'cancellation_failed'
					: run.phaseAt(this.now) === 'cancelled'
						? 'cancelled'
						: 'cancellation_requested';
			return respond(200, { run: this.bodyOf(run), redis_available: true, cancellation_status });
		}
		if (what === 'refused') {
			const { refusals } = this.dialect;
			const status = refusals[Math.floor(this.random() * refusals.length)] ?? 400;
			return respond(status, { detail: 'cannot be cancelled', message: 'cannot be cancelled' });
		}
		return respond(200, this.bodyOf(run));
	}

	private page({ query }: ApiRequest, entry: Logged): ApiResponse {
		const { provider } = this.dialect;
		// A list of all runs is for looking up creation times; what is wrong with lists is wrong with the narrowed ones.
		const lists = entry.isNarrowed ? this.options.lists : GOOD_LISTS;
		const size = Number(query?.limit ?? query?.maxPageSize);
		if (size > lists.maxPageSize) return respond(400, { message: 'the page is too large' });
		const after = query?.nextPageToken ?? query?.after;
		const asOf = Math.min(this.now - lists.lag, lists.frozenFrom ?? Number.POSITIVE_INFINITY);
		const all = this.creationTimes(lists, asOf, lists.ignoresStatus ? undefined : query?.status);
		// A token is a place in the order of all runs: rows that have gone since do not move the others up.
		const from = after === undefined ? 0 : all.findIndex(({ tracked }) => tracked > Number(after));
		const cut = from < 0 ? [] : all.slice(from, from + Math.min(size, this.options.rowsPerPage));
		const isTwice = ({ tracked }: Row) => lists.repeats > 0 && tracked % lists.repeats === 0;
		const rows = cut.flatMap((row) => (isTwice(row) ? [row, row] : [row]));
		entry.rows = rows.map(({ id }) => id);
		entry.shown = new Map(rows.map(({ id, phase }) => [id, phase]));
		const data = rows.map((row) => this.rowOf(row));
		const last = cut.at(-1);
		const isLast = last === undefined || last === all.at(-1);
		const next = last && !isLast ? String(last.tracked) : lists.circular && last ? '-1' : undefined;
		if (provider === 'extend')
			return respond(200, { data, ...(next !== undefined && { nextPageToken: next }) });
		return respond(200, { data, list_metadata: { before: null, after: next ?? null } });
	}

	/** The rows of a list, newest first: other people's newer runs, ours, and other people's older ones. */
	private creationTimes(lists: ListsPlan, asOf: number, status: unknown): Row[] {
		const other = (name: string, tracked: number, createdAt: number): Row => ({
			id: `${name}_${tracked}`,
			tracked,
			phase: 'running',
			status: this.dialect.statuses.running ?? '',
			createdAt,
		});
		const isShown = (index: number) =>
			this.now >= lists.newFrom + index && !(lists.skips > 0 && index % lists.skips === 0);
		const ours = this.newestFirst.flatMap((run, index): Row[] => {
			const { id, options } = run;
			const row = { id, phase: run.phaseAt(asOf), status: run.statusAt(asOf), createdAt: options.createdAt };
			return isShown(index) ? [{ ...row, tracked: lists.othersNewer + index }] : [];
		});
		const newer = Array.from({ length: lists.othersNewer }, (_, at) => other('newer', at, 1_000));
		const behind = lists.othersNewer + this.runs.length;
		const older = Array.from({ length: lists.othersOlder }, (_, at) => other('older', behind + at, -1e8));
		return [...newer, ...ours, ...older].filter((row) => status === undefined || row.status === status);
	}

	private rowOf({ id, status, createdAt }: Row): JsonObject {
		const created = this.isoTime(createdAt);
		if (this.dialect.provider === 'extend') return { id, status, createdAt: created };
		if (this.dialect.statuses.running !== 'running') return { id, status, created_at: created };
		return { id, lifecycle: { status }, timing: { created_at: created, started_at: null } };
	}

	private bodyOf(run: RemoteRun): JsonObject {
		const { provider, statuses, showsCreated, showsStarted } = this.dialect;
		const { id } = run;
		const status = run.statusAt(this.now);
		const created = showsCreated ? this.isoTime(run.options.createdAt) : null;
		const started = showsStarted && this.hasStarted(run) ? this.isoTime(run.options.startsAt) : null;
		if (provider === 'extend')
			return { id, status, createdAt: created, initialRunAt: created, startTime: started };
		return statuses.running === 'running'
			? { id, lifecycle: { status }, timing: { created_at: created, started_at: started } }
			: { id, status, created_at: created, started_at: started };
	}

	private hasStarted(run: RemoteRun): boolean {
		return run.options.startsAt <= this.now;
	}

	/** Unix ms by the server's clock, of a time of the test. */
	private serverTime(at = this.now): number {
		return this.start + at + this.options.skew;
	}

	private isoTime(at: number): string {
		return new Date(this.serverTime(at)).toISOString();
	}

	/** What the answer said, once it has reached the client. */
	private note(entry: Logged, { status, headers, body }: ApiResponse): void {
		entry.status = status;
		const wait = headers['retry-after'];
		if (wait !== undefined) {
			entry.retryAfter = /^[\d.]+$/.test(wait)
				? Number(wait) * 1_000
				: Date.parse(wait) - Date.parse(headers.date ?? '');
		}
		if (entry.kind !== 'cancel') return;
		if (status >= 400) {
			if ([400, 404, 409, 422].includes(status)) entry.heard = 'refused';
			return;
		}
		if (typeof body !== 'object' || body === null) return;
		const failed = 'cancellation_status' in body && body.cancellation_status === 'cancellation_failed';
		entry.heard = failed ? 'refused' : 'accepted';
	}
}

function respond(status: number, body: unknown, headers: Record<string, string> = {}): ApiResponse {
	return { status, headers, body };
}
