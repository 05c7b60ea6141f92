import { ApiError, type ApiErrorDetails, errorKindOf } from '../../nodes/shared/core/requests/apiError';
import type { CancelAnswer, ReadView, RunPage, RunClient } from '../../nodes/shared/core/runs/runClient';
import { PHASES, type Phase, type Run, type TimeMark } from '../../nodes/shared/core/runs/run';
import type { FakeClock } from './fakeClock';

/** One request a scripted API got. Times are milliseconds since the port was made. */
export interface ScriptedRequest {
	kind: 'read' | 'cancel' | 'list';
	id: string;
	at: number;
	/** When it was answered, failed or was given up; absent while it is under way. */
	endedAt?: number;
	/** Only of reads. */
	view?: ReadView;
	/** Only of cancels. */
	commandId?: string;
	/** Only of lists. */
	token?: string;
	/** True when the core gave it up. */
	aborted?: boolean;
}

export interface RunTimes {
	created?: number;
	started?: number;
}

/** What an API does with one request: how long it takes, and how it ends. */
export type Step<T> = (context: { clock: FakeClock; signal: AbortSignal; id: string }) => Promise<T>;

/** The API says that the run is in this status. Names of phases are that phase; any other status is unknown. */
export function says(status: string, times: RunTimes = {}): Step<Run> {
	return async ({ id }) => ({
		id,
		status,
		phase: PHASES.find((phase) => phase === status) ?? ('unknown' satisfies Phase),
		created: mark(times.created, 'created_at'),
		started: mark(times.started, 'started_at'),
		body: { id, status },
	});
}

function mark(at: number | undefined, field: string): TimeMark | undefined {
	return at === undefined ? undefined : { at, field };
}

export function fault(status: number, details: Omit<ApiErrorDetails, 'status'> = {}): ApiError {
	return new ApiError(errorKindOf(status), `The API answered ${status}`, { status, ...details });
}

/** The request is answered with this HTTP status. */
export function fails(status: number, details: Omit<ApiErrorDetails, 'status'> = {}): Step<never> {
	return async () => Promise.reject(fault(status, details));
}

/** The connection breaks after the request was sent. */
export function breaks(details: ApiErrorDetails = {}): Step<never> {
	return async () => Promise.reject(new ApiError('network', 'The connection was reset', details));
}

/** The answer is not what it should be. */
export function garbles(): Step<never> {
	return async () => Promise.reject(new ApiError('malformed', 'The answer is not JSON', { status: 200 }));
}

/** No answer ever comes; ends when the request is given up. */
export function hangs(): Step<never> {
	return ({ signal }) =>
		new Promise((_, reject) => {
			signal.addEventListener('abort', () => reject(signal.reason), { once: true });
		});
}

/** No answer ever comes, and the client does not even notice that the request was given up. */
export function hangsDeaf(): Step<never> {
	return () => new Promise(() => undefined);
}

/** The same, `ms` milliseconds later. */
export function takes<T>(ms: number, then: Step<T>): Step<T> {
	return async (context) => {
		await context.clock.sleep(ms, context.signal);
		return then(context);
	};
}

/** The cancel is accepted; `claimsEnded` when the answer says that the run is at its end already. */
export function accepts(claimsEnded = false): Step<CancelAnswer> {
	return async () => ({ accepted: true, claimsEnded });
}

export function refuses(status: number, details: Omit<ApiErrorDetails, 'status'> = {}): Step<CancelAnswer> {
	return async () => ({ accepted: false, error: fault(status, details) });
}

/**
 * An API that answers the requests about each run step by step as told; the last step of a script is repeated. A run
 * without a script of its own follows the one of `*`.
 */
export class ScriptedClient implements RunClient {
	readonly title = 'Test run';

	readonly requests: ScriptedRequest[] = [];

	mostInFlight = 0;

	listPage?: (token: string | undefined, signal: AbortSignal) => Promise<RunPage>;

	private readonly start: number;

	private inFlight = 0;

	private readonly scripts = new Map<string, Array<Step<unknown>>>();

	constructor(
		private readonly clock: FakeClock,
		readonly hasLightReads = false,
	) {
		this.start = clock.now();
	}

	/** A text stands for `says(text)`. */
	reads(id: string, ...steps: Array<Step<Run> | string>): this {
		return this.script(
			'read',
			id,
			steps.map((step) => (typeof step === 'string' ? says(step) : step)),
		);
	}

	/** Scripts full reads apart from light ones. */
	fullReads(id: string, ...steps: Array<Step<Run> | string>): this {
		return this.script(
			'full',
			id,
			steps.map((step) => (typeof step === 'string' ? says(step) : step)),
		);
	}

	cancels(id: string, ...steps: Array<Step<CancelAnswer>>): this {
		return this.script('cancel', id, steps);
	}

	/** One step per page of the list, whatever the token; `id` in the log is the page token. */
	lists(...steps: Array<Step<RunPage>>): this {
		this.listPage = (token, signal) => this.perform({ kind: 'list', id: '*', token }, 'list', signal);
		return this.script('list', '*', steps);
	}

	read(id: string, view: ReadView, signal: AbortSignal): Promise<Run> {
		const hasOwnScript = view === 'full' && (this.scripts.has(`full ${id}`) || this.scripts.has('full *'));
		return this.perform({ kind: 'read', id, view }, hasOwnScript ? 'full' : 'read', signal);
	}

	cancel(id: string, commandId: string, signal: AbortSignal): Promise<CancelAnswer> {
		return this.perform({ kind: 'cancel', id, commandId }, 'cancel', signal);
	}

	/** Milliseconds at which the requests of one kind left. */
	times(kind: ScriptedRequest['kind'], id?: string): number[] {
		return this.of(kind, id).map(({ at }) => at);
	}

	of(kind: ScriptedRequest['kind'], id?: string): ScriptedRequest[] {
		return this.requests.filter((one) => one.kind === kind && (id === undefined || one.id === id));
	}

	private script(name: string, id: string, steps: Array<Step<unknown>>): this {
		this.scripts.set(`${name} ${id}`, steps);
		return this;
	}

	private async perform<T>(
		what: Omit<ScriptedRequest, 'at'>,
		script: string,
		signal: AbortSignal,
	): Promise<T> {
		const request: ScriptedRequest = { ...what, at: this.clock.now() - this.start };
		this.requests.push(request);
		this.inFlight += 1;
		this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
		let open = true;
		const end = () => {
			if (!open) return;
			open = false;
			this.inFlight -= 1;
			request.endedAt = this.clock.now() - this.start;
			request.aborted = signal.aborted;
		};
		signal.addEventListener('abort', end, { once: true });
		try {
			const step = this.nextStep(script, what.id);
			return (await step({ clock: this.clock, signal, id: what.id })) as T;
		} finally {
			signal.removeEventListener('abort', end);
			end();
		}
	}

	private nextStep(script: string, id: string): Step<unknown> {
		const steps = this.scripts.get(`${script} ${id}`) ?? this.scripts.get(`${script} *`) ?? [];
		const step = steps.length > 1 ? steps.shift() : steps[0];
		if (!step) throw new Error(`Nothing is scripted for ${script} ${id}`);
		return step;
	}
}
