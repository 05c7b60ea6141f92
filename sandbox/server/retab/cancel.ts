import { ApiError, retabError } from '../errors';
import type { JsonObject } from '../json';
import { requestCancel, snapshot, type CancelOutcome } from '../runs';
import type { Run } from '../store';
import type { World } from '../world';
import type { CancelKind, RetabRow } from './resources';

/** What a cancel call answers, per kind of resource (Retab: cancel pages of each resource). Every success is a 200. */

interface CancelCall {
	world: World;
	row: RetabRow;
	run: Run;
	commandId: string | null;
}

function raced(label: string): ApiError {
	return retabError(409, `${label} status changed, please retry`);
}

function record({ world, row, run }: CancelCall): JsonObject {
	return row.record(snapshot(world, row, run));
}

function ask({ world, row, run }: CancelCall): CancelOutcome {
	return requestCancel(world, row, run);
}

/** The record, unchanged where the run is already over. */
function cancelPrimitive(call: CancelCall): JsonObject {
	if (ask(call) === 'raced') throw raced('Resource');
	return record(call);
}

/** Refuses with 400 what is over; a race is a 409. */
function cancelJob(call: CancelCall): JsonObject {
	const outcome = ask(call);
	if (outcome === 'raced') throw raced('Job');
	if (outcome === 'refused') {
		const { status } = snapshot(call.world, call.row, call.run);
		throw retabError(400, `Cannot cancel job in '${status}' status`);
	}
	return record(call);
}

/** Always 200: `cancellation_status` tells what happened. An accepted `command_id` may be repeated at will. */
function cancelWorkflowRun(call: CancelCall): JsonObject {
	const { world, row, run, commandId } = call;
	const repeated = commandId !== null && run.commands.has(commandId);
	const outcome = repeated ? 'accepted' : ask(call);
	if (outcome === 'accepted' && commandId !== null) run.commands.add(commandId);
	const { phase } = snapshot(world, row, run).state;
	const accepted = phase === 'cancelled' ? 'cancelled' : 'cancellation_requested';
	return {
		run: record(call),
		redis_available: outcome !== 'raced',
		cancellation_status: outcome === 'accepted' ? accepted : 'cancellation_failed',
	};
}

/** 404 for a run that is over, as for one that is missing. */
function cancelEvalRun(call: CancelCall): JsonObject {
	const outcome = ask(call);
	if (outcome === 'raced') throw raced('Eval run');
	if (outcome === 'refused') throw retabError(404, call.row.notFound(call.run.id));
	return record(call);
}

/** `{id, lifecycle}` only; 404 for a completed or failed run, 200 for a cancelled one. */
function cancelExperimentRun(call: CancelCall): JsonObject {
	const outcome = ask(call);
	if (outcome === 'raced') throw raced('Experiment run');
	if (outcome === 'refused') throw retabError(404, call.row.notFound(call.run.id));
	const { id, lifecycle } = record(call);
	return { id, lifecycle };
}

export const CANCELS: Record<CancelKind, (call: CancelCall) => JsonObject> = {
	primitive: cancelPrimitive,
	job: cancelJob,
	workflowRun: cancelWorkflowRun,
	evalRun: cancelEvalRun,
	experimentRun: cancelExperimentRun,
};
