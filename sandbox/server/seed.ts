import { EXTEND_ROWS, type ExtendResource } from './extend/resources';
import { isObject, type JsonObject } from './json';
import type { ResourceRow } from './resource';
import { RETAB_ROWS, type RetabResource } from './retab/resources';
import { addRun, forcePhase, snapshot } from './runs';
import type { Phase } from './script';
import { checkSteering, SteeringError, type SteeringInput } from './steering';
import type { Run } from './store';
import type { World } from './world';

export type RunSeed = (
	{ provider: 'retab'; resource: RetabResource } | { provider: 'extend'; resource: ExtendResource }
) & {
	/** Wins over `sandbox_…` keys in `metadata`. */
	steering?: SteeringInput;
	/** Shown by the resources that show metadata. */
	metadata?: JsonObject | null;
	id?: string;
	/** Sandbox ms, a date, or RFC 3339 text; now unless given. The run has lived since then. */
	createdAt?: number | Date | string;
	/** Fields of the create body, on top of a sample body; not checked. */
	request?: JsonObject;
	batchId?: string;
	/** Member run ids of a batch run; its status then follows from theirs. */
	members?: string[];
};

/** The state of a run for tests, computed when it is read. */
export interface RunView {
	id: string;
	provider: 'retab' | 'extend';
	resource: string;
	/** Raw status as the API shows it now. */
	status: string;
	phase: Phase;
	/** Sandbox ms. */
	createdAt: number;
	startedAt: number | null;
	endedAt: number | null;
	metadata: JsonObject | null;
	request: JsonObject;
	batchId: string | null;
	name: string | null;
	attempt: number;
	/** Cancel requests that reached the run, refused ones included. */
	cancelRequests: number;
	/** Sandbox ms at which a cancel request was accepted; null when none was, or after a retry. */
	cancelAcceptedAt: number | null;
}

/** A change by hand; it takes effect now. */
export interface RunChange {
	/** The phase the run is in from now on, until it is cancelled or changed again. */
	phase?: Phase;
	/** Merged into the run's steering; durations count from the run's creation as before. */
	steering?: SteeringInput;
}

export const PHASES: readonly Phase[] = [
	'waiting',
	'running',
	'needsReview',
	'completed',
	'failed',
	'expired',
	'rejected',
	'cancelled',
];

/** @throws Error for an unknown provider or resource */
function rowOf(provider: string, resource: string): ResourceRow {
	const rows: Record<string, ResourceRow> =
		provider === 'retab' ? RETAB_ROWS : provider === 'extend' ? EXTEND_ROWS : {};
	const row = Object.hasOwn(rows, resource) ? rows[resource] : undefined;
	if (!row) throw new Error(`There is no resource ${provider}/${resource}`);
	return row;
}

function timeOf(value: RunSeed['createdAt']): number | undefined {
	if (value === undefined || typeof value === 'number') return value;
	const time = typeof value === 'string' ? Date.parse(value) : value.getTime();
	if (Number.isNaN(time)) throw new Error(`createdAt is not a time: ${String(value)}`);
	return time;
}

/** @throws SteeringError, or Error for an unknown resource or a duplicate id */
export function seedRun(world: World, seed: RunSeed): Run {
	const row = rowOf(seed.provider, seed.resource);
	const metadata = seed.metadata ?? null;
	return addRun(world, row, {
		request: { ...row.sampleBody, ...seed.request, ...(metadata ? { metadata } : {}) },
		metadata,
		steering: seed.steering && checkSteering(seed.steering),
		id: seed.id,
		createdAt: timeOf(seed.createdAt),
		batchId: seed.batchId,
		members: seed.members,
	});
}

export function viewOf(world: World, run: Run): RunView {
	const { state, status } = snapshot(world, rowOf(run.provider, run.resource), run);
	return {
		id: run.id,
		provider: run.provider,
		resource: run.resource,
		status,
		phase: state.phase,
		createdAt: run.createdAt,
		startedAt: state.startedAt,
		endedAt: state.endedAt,
		metadata: run.metadata,
		request: run.request,
		batchId: run.batchId,
		name: run.name,
		attempt: run.attempt,
		cancelRequests: run.cancelRequests,
		cancelAcceptedAt: run.life.cancel?.requestedAt ?? null,
	};
}

/** @throws SteeringError, or Error for a phase that the resource does not have */
export function changeRun(world: World, run: Run, change: RunChange): void {
	const row = rowOf(run.provider, run.resource);
	if (change.steering) {
		const steering = checkSteering(change.steering);
		const { script } = run.life;
		const result = steering.result ?? script.result;
		if (!row.results.includes(result)) {
			throw new SteeringError([{ key: 'result', message: `${row.resource} runs never come to '${result}'` }]);
		}
		run.steering = { ...run.steering, ...steering };
		run.endStatus = run.steering.endStatus ?? row.resultStatuses?.[result];
		run.life.script = {
			pendingMs: steering.pendingMs ?? script.pendingMs,
			durationMs: steering.durationMs ?? script.durationMs,
			result,
		};
	}
	if (change.phase !== undefined) {
		const known = change.phase === 'waiting' || row.statuses[change.phase] !== undefined;
		if (!known || change.phase === 'cancelling') {
			throw new Error(`${row.resource} runs are never ${change.phase}`);
		}
		forcePhase(world, run, change.phase);
	}
}

/** A seed as `/_sandbox/runs` receives it. */
export function asSeed(value: unknown): RunSeed {
	if (!isObject(value)) throw new Error('a run is an object');
	rowOf(String(value.provider), String(value.resource));
	return value as RunSeed;
}
