import { RUN_DURATION_MS, SLOW_CANCEL_LAG_MS } from './defaults';
import { filenameOf } from './filename';
import type { JsonObject } from './json';
import type { ResourceRow, Snapshot } from './resource';
import { isTerminal, resultPhase, stateAt, type Phase, type Result, type Script, type State } from './script';
import { SteeringError, steeringOf, type Steering } from './steering';
import type { Run } from './store';
import type { World } from './world';

export interface NewRun {
	/** The checked create body. */
	request: JsonObject;
	metadata?: JsonObject | null;
	/** Wins over the `sandbox_…` keys of `metadata`. */
	steering?: Steering;
	id?: string;
	/** Sandbox ms; now unless given. */
	createdAt?: number;
	batchId?: string | null;
	members?: string[];
	/** The create call waits until the run has ended. */
	synchronous?: boolean;
	/** ms in the queue unless steered; the row's number unless given. */
	queueMs?: number;
}

function scriptOf(row: ResourceRow, steering: Steering, options: NewRun): Script {
	const result = steering.result ?? 'completed';
	if (!row.results.includes(result)) {
		throw new SteeringError([
			{ key: 'sandbox_result', message: `${row.resource} runs never come to '${result}'` },
		]);
	}
	if (options.synchronous) {
		if (result === 'stuck') {
			throw new SteeringError([{ key: 'sandbox_result', message: "'stuck' needs a run in the background" }]);
		}
		return { pendingMs: 0, durationMs: 0, result };
	}
	const durationMs = steering.durationMs ?? (steering.pendingMs ?? 0) + RUN_DURATION_MS;
	const pendingMs = steering.pendingMs ?? Math.min(options.queueMs ?? row.queueMs, durationMs);
	return { pendingMs, durationMs, result };
}

/** @throws SteeringError for steering that the resource cannot follow; Error when the id is taken */
export function addRun(world: World, row: ResourceRow, options: NewRun): Run {
	const metadata = options.metadata ?? null;
	const steering = { ...steeringOf(metadata), ...options.steering };
	const createdAt = options.createdAt ?? world.clock.now();
	const script = scriptOf(row, steering, options);
	const run: Run = {
		id: options.id ?? world.store.newId(row.idPrefix),
		provider: row.provider,
		resource: row.resource,
		createdAt,
		filename: filenameOf(world.store, row.provider, options.request),
		request: options.request,
		metadata,
		steering,
		life: { script, startedFrom: createdAt },
		endStatus: steering.endStatus ?? row.resultStatuses?.[script.result],
		batchId: options.batchId ?? null,
		members: options.members ?? [],
		cancelRequests: 0,
		raced: false,
		commands: new Set(),
		attempt: 1,
		name: null,
		changedAt: createdAt,
	};
	world.store.add(run);
	return run;
}

/** A new attempt of the same run, as a job retry makes one. */
export function restart(world: World, run: Run, result: Result): void {
	const startedFrom = world.clock.now();
	run.life = { script: { ...run.life.script, result }, startedFrom };
	run.endStatus = undefined;
	run.attempt += 1;
}

/** A batch run is over when its last member is; it has no script. */
function batchState(world: World, run: Run, now: number): State {
	const own = stateAt(run.life, now);
	const members = run.members.flatMap((id) => world.store.get(id) ?? []);
	if (members.length === 0) return own;
	const states = members.map((member) => stateAt(member.life, now));
	const since = Math.max(...states.map((state) => state.since));
	const startedAt = Math.min(...states.map((state) => state.startedAt ?? Infinity));
	const started = Number.isFinite(startedAt) ? startedAt : null;
	const all = (phase: Phase): boolean => states.every((state) => state.phase === phase);
	if (states.some((state) => !isTerminal(state.phase) && state.phase !== 'needsReview')) {
		const phase = all('waiting') ? 'waiting' : 'running';
		return { phase, since: started ?? run.createdAt, startedAt: started, endedAt: null };
	}
	const phase = all('failed') ? 'failed' : all('cancelled') ? 'cancelled' : 'completed';
	return { phase, since, startedAt: started, endedAt: since };
}

/** The state of `run` at `at` (sandbox ms). */
function runState(world: World, run: Run, at: number): State {
	return run.members.length > 0 && !run.life.forced ? batchState(world, run, at) : stateAt(run.life, at);
}

function rawStatus(row: ResourceRow, run: Run, state: State): string {
	const table = row.statuses[state.phase] ?? row.statuses.running;
	if (state.phase === 'waiting') return run.steering.pendingStatus ?? table;
	if (state.phase === 'running') return run.steering.status ?? table;
	if (state.phase === 'needsReview' || state.phase === 'cancelling') return table;
	const ownEnd = state.phase === resultPhase(run.life.script.result);
	return ownEnd && run.endStatus ? run.endStatus : table;
}

/** `run` as it was at `at` (sandbox ms), by default now. */
export function snapshot(world: World, row: ResourceRow, run: Run, at = world.clock.now()): Snapshot {
	const state = runState(world, run, at);
	return { run, state, status: rawStatus(row, run, state), world };
}

/** `run` as the answer to its own create call shows it: never finished, however short its life. */
export function createdSnapshot(world: World, row: ResourceRow, run: Run): Snapshot {
	const phase: Phase = run.life.script.pendingMs > 0 || row.queueMs > 0 ? 'waiting' : 'running';
	const startedAt = phase === 'running' ? run.createdAt : null;
	const state: State = { phase, since: run.createdAt, startedAt, endedAt: null };
	return { run, state, status: rawStatus(row, run, state), world };
}

/** False until the run's read-after-write lag is over. */
export function isVisible(run: Run, at: number): boolean {
	return at >= run.createdAt + (run.steering.visibleAfterMs ?? 0);
}

/** Result of a cancel request: accepted, refused because of the run's phase, or the one 409 of `race_409`. */
export type CancelOutcome = 'accepted' | 'refused' | 'raced';

/** Applies a cancel request to `run` as its steering says. */
export function requestCancel(world: World, row: ResourceRow, run: Run): CancelOutcome {
	const now = world.clock.now();
	const behaviour = run.steering.cancel ?? 'normal';
	run.cancelRequests += 1;
	if (behaviour === 'finishes_first' && !isTerminal(stateAt(run.life, now).phase)) {
		const planned = resultPhase(run.life.script.result);
		forcePhase(world, run, planned && isTerminal(planned) ? planned : 'completed', now);
	}
	const { phase } = stateAt(run.life, now);
	if (!row.cancellable.includes(phase)) return 'refused';
	if (behaviour === 'race_409' && !run.raced) {
		run.raced = true;
		return 'raced';
	}
	if (run.life.cancel) return 'accepted';
	run.life.cancel = {
		requestedAt: now,
		effectiveAt: now + cancelLag(row, run, phase),
		interim: row.statuses.cancelling !== undefined && behaviour !== 'ignored',
	};
	return 'accepted';
}

function cancelLag(row: ResourceRow, run: Run, phase: Phase): number {
	const { cancel, cancelMs } = run.steering;
	if (cancel === 'ignored') return Infinity;
	if (cancelMs !== undefined) return cancelMs;
	if (cancel === 'slow') return SLOW_CANCEL_LAG_MS;
	return phase === 'running' ? row.cancelLagMs : 0;
}

/** Puts the run into `phase` at `at` (sandbox ms, by default now), whatever its script says. */
export function forcePhase(world: World, run: Run, phase: Phase, at = world.clock.now()): void {
	run.life.forced = { at, phase };
	run.life.cancel = undefined;
}
