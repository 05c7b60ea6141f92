/** What the benchmark says to its processes: to the sandbox, and to the contenders. Everything is JSON. */
import type { Costs } from './lib/meter';

export type Api = 'retab' | 'extend';

/** A group of runs that live alike. Times are in ms of the sandbox's clock. */
export interface Lives {
	api: Api;
	count: number;
	/** Shortest and longest life; each run's own one lies between, the same in each load with the same `seed`. */
	fromMs?: number;
	toMs?: number;
	/** Never ends by itself. */
	stuck?: boolean;
	/** How old the runs are already. */
	ageMs?: number;
}

export interface Load {
	/** The sandbox's clock passes so many times as fast. */
	speed: number;
	seed: number;
	lives: Lives[];
	/** Plants 429 answers and slow ones again and again, for reads as well as for cancels. */
	trouble?: boolean;
	/** Every answer takes so long, in real ms: as from an API that is not on this machine. */
	answerMs?: number;
}

export interface OpenedLoad {
	/** Names this load in the calls that follow. */
	handle: number;
	url: string;
	/** Of each group of lives. */
	ids: string[][];
}

/** What the sandbox has seen since the load was opened. */
export interface Seen {
	/** Requests for one run. */
	reads: number;
	/** Requests for a page of a list. */
	lists: number;
	cancels: number;
	/** 429 answers among them. */
	refused: number;
	/** Time from the end of each run to the answer that says so first, in ms of the sandbox's clock. */
	delays: number[];
	/** Runs that ended by themselves and were not read afterwards. */
	unread: number;
	/** When the last run ended by itself, unix ms. */
	lastEnd: number;
	/** When the first cancel of a run arrived, unix ms. */
	cancelledAt: Record<string, number>;
	/** Runs that are cancelled by now. */
	cancelled: string[];
	/** Time from the arrival of a cancel to its answer, in ms: median. */
	cancelAnswerMs: number;
}

export interface ReceivedRequest {
	method: string;
	path: string;
	/** Bytes received. */
	bodySize: number;
	/** Null while there is no answer. */
	status: number | null;
}

/** The process of the sandbox: one server per load, with nothing left of earlier ones. */
export interface SandboxCalls {
	open(load: Load): Promise<OpenedLoad>;
	seen(handle: number): Promise<Seen>;
	requests(handle: number): Promise<ReceivedRequest[]>;
	close(handle: number): Promise<void>;
}

/** How often to ask, in ms of the sandbox's clock. */
export interface Polls {
	mode: 'adaptive' | 'fixed';
	interval: number;
	maxInterval: number;
}

/** The work of all contenders: see these runs to their end. */
export interface WatchOrder {
	url: string;
	api: Api;
	ids: string[];
	/** Of the sandbox's clock: whoever waits, waits so many times shorter. */
	speed: number;
	/** Only ours can be told; the others have rules of their own. */
	polls: Polls;
	/** Only ours have such a bound. */
	inFlight: number;
	/** Seconds of real time until each run is cancelled; only ours can do that. */
	timeouts?: number[];
	/** See `measured`. */
	collectEveryMs?: number;
}

export interface WatchedRun {
	id: string;
	outcome: string;
	/** Unix ms. */
	deadline: number;
}

export interface WatchAnswer {
	costs: Costs;
	/** Runs seen to their end. */
	ended: number;
	/** In detail, from those who can cancel. */
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

/** The process of our nodes can do more. */
export interface NodeCalls extends ContenderCalls {
	cleanUp(order: CleanUpOrder): Promise<CleanUpAnswer>;
}
