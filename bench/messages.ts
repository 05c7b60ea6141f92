/** Messages from the benchmark to the processes of the sandbox and of the contenders, as JSON. */
import type { Costs } from './lib/meter';

export type Api = 'retab' | 'extend';

/** A group of runs. Times are in ms of the sandbox's clock. */
export interface Lives {
	api: Api;
	count: number;
	/** Shortest and longest duration; that of a run is the same in each load with the same `seed`. */
	fromMs?: number;
	toMs?: number;
	/** They never end by themselves. */
	stuck?: boolean;
	/** Age of the runs at the start. */
	ageMs?: number;
}

export interface Load {
	/** How many times faster than real time the sandbox's clock runs. */
	speed: number;
	seed: number;
	lives: Lives[];
	/** Returns 429s and slow responses again and again, for reads and for cancels. */
	trouble?: boolean;
	/** Response time in real ms: as from an API that is not on this machine. */
	answerMs?: number;
}

export interface OpenedLoad {
	/** Id of this load in later calls. */
	handle: number;
	url: string;
	/** Of each group of lives. */
	ids: string[][];
}

/** What the sandbox received since the load was opened. */
export interface Seen {
	/** Requests for one run. */
	reads: number;
	/** Requests for a page of a list. */
	lists: number;
	cancels: number;
	/** Requests with a 429 response. */
	refused: number;
	/** Time from the end of each run to the first response that shows it, in ms of the sandbox's clock. */
	delays: number[];
	/** Runs that ended by themselves and were not read afterwards. */
	unread: number;
	/** When the last run ended by itself, unix ms. */
	lastEnd: number;
	/** When the first cancel of a run arrived, unix ms. */
	cancelledAt: Record<string, number>;
	cancelled: string[];
	/** Median response time of a cancel, in ms. */
	cancelAnswerMs: number;
}

export interface ReceivedRequest {
	method: string;
	path: string;
	/** Bytes received. */
	bodySize: number;
	/** Null without a response. */
	status: number | null;
}

/** The process of the sandbox: one server per load. */
export interface SandboxCalls {
	open(load: Load): Promise<OpenedLoad>;
	seen(handle: number): Promise<Seen>;
	requests(handle: number): Promise<ReceivedRequest[]>;
	close(handle: number): Promise<void>;
}

/** How often to poll, in ms of the sandbox's clock. */
export interface Polls {
	mode: 'adaptive' | 'fixed';
	interval: number;
	maxInterval: number;
}

/** The work of all contenders: watch these runs to their end. */
export interface WatchOrder {
	url: string;
	api: Api;
	ids: string[];
	/** Of the sandbox's clock: all waits are shorter by this factor. */
	speed: number;
	/** Ours only; the others have their own rules. */
	polls: Polls;
	/** Ours only. */
	inFlight: number;
	/** Real seconds until each run is cancelled; ours only. */
	timeouts?: number[];
	/** See `measured`. */
	collectEveryMs?: number;
	/** Ours only: one execution for each run. */
	isSplit?: boolean;
}

export interface WatchedRun {
	id: string;
	outcome: string;
	/** Unix ms. */
	deadline: number;
}

export interface WatchAnswer {
	costs: Costs;
	/** Runs watched to their end. */
	ended: number;
	/** From contenders that cancel. */
	runs: WatchedRun[];
}

/** The process of a contender. */
export interface ContenderCalls {
	/** Collects garbage before a load is opened. */
	rest(none: null): Promise<null>;
	watch(order: WatchOrder): Promise<WatchAnswer>;
}

export interface CleanUpOrder {
	url: string;
	limit: number;
	inFlight: number;
}

export interface CleanUpAnswer {
	costs: Costs;
	cancelled: number;
}

export interface NodeCalls extends ContenderCalls {
	cleanUp(order: CleanUpOrder): Promise<CleanUpAnswer>;
}
