import { createHash } from 'node:crypto';

import { iso, isoOrNull } from '../clock';
import { JOB_DATA_TTL_MS } from '../defaults';
import { isObject, type JsonObject } from '../json';
import type { Snapshot } from '../resource';
import { resultUrl } from '../storage';
import { mimeTypeOf, sampleOf, samplePages, sampleText } from '../samples';
import type { JobTimes } from '../steering';
import type { Run } from '../store';

/** The objects of the Retab API, built from a run and its state. Fields and types: Retab, openapi.json; jobs as of 2026-05-31. */

const CREDITS = 1.5;
const TOTAL_EVALS = 4;
const TOTAL_DOCUMENTS = 5;
const SCORE = 0.92;
const DEFAULT_WORKFLOW = 'wf_sandbox_invoices';
const SECOND = 1_000;

const FAILURE = {
	code: 'processing_error',
	message: 'The document could not be processed',
	details: null,
};

function fileRef(run: Run): JsonObject {
	const uploaded = run.request.file_id;
	const id = typeof uploaded === 'string' ? uploaded : `file_${run.id}`;
	return { id, filename: run.filename, mime_type: mimeTypeOf(run.filename) };
}

function done({ state }: Snapshot): boolean {
	return state.phase === 'completed';
}

function createdAt({ run }: Snapshot): string | null {
	return run.steering.noCreatedAt ? null : iso(run.createdAt);
}

function orNull(value: unknown): unknown {
	return value ?? null;
}

function votes(run: Run): number {
	return typeof run.request.n_consensus === 'number' ? run.request.n_consensus : 1;
}

/** What all primitives share. */
function primitive(shot: Snapshot, fields: JsonObject): JsonObject {
	const { run, state, status } = shot;
	return {
		id: run.id,
		file: fileRef(run),
		model: run.request.model,
		instructions: orNull(run.request.instructions),
		...fields,
		status,
		error: state.phase === 'failed' ? FAILURE : null,
		usage: done(shot) ? { credits: CREDITS } : null,
		created_at: createdAt(shot),
	};
}

export function extraction(shot: Snapshot): JsonObject {
	const { run } = shot;
	const output = done(shot) ? sampleOf(run.request.json_schema) : {};
	const consensus = { choices: Array.from({ length: votes(run) }, () => output), likelihoods: {} };
	return primitive(shot, {
		json_schema: run.request.json_schema,
		n_consensus: votes(run),
		output: output ?? {},
		consensus: done(shot) && votes(run) > 1 ? consensus : null,
		metadata: run.metadata,
	});
}

export function parse(shot: Snapshot): JsonObject {
	const pages = done(shot) ? samplePages() : [];
	return primitive(shot, {
		table_parsing_format: shot.run.request.table_parsing_format,
		output: { pages, text: pages.join('\n') },
	});
}

function names(list: unknown): string[] {
	return (Array.isArray(list) ? list : []).flatMap((one) => (isObject(one) ? [String(one.name)] : []));
}

export function classification(shot: Snapshot): JsonObject {
	const { run } = shot;
	const decision = { reasoning: sampleText(), category: names(run.request.categories)[0] ?? '' };
	const choices = Array.from({ length: votes(run) }, () => decision);
	return primitive(shot, {
		categories: run.request.categories,
		n_consensus: votes(run),
		output: done(shot) ? decision : { reasoning: '', category: '' },
		consensus: done(shot) && votes(run) > 1 ? { choices, likelihoods: 1 } : null,
	});
}

/** Enough rows to weigh a few KB. */
const LONG_LIST = 60;

export function split(shot: Snapshot): JsonObject {
	const { run } = shot;
	const kinds = names(run.request.subdocuments);
	const output = Array.from({ length: kinds.length === 0 ? 0 : LONG_LIST }, (_value, at) => ({
		name: kinds[at % kinds.length],
		pages: [2 * at + 1, 2 * at + 2],
		regions: [],
	}));
	return primitive(shot, {
		subdocuments: run.request.subdocuments,
		n_consensus: votes(run),
		output: done(shot) ? output : [],
		consensus: done(shot) && votes(run) > 1 ? { likelihoods: [], choices: [output] } : null,
	});
}

export function partition(shot: Snapshot): JsonObject {
	const { run } = shot;
	const output = Array.from({ length: LONG_LIST }, (_value, at) => ({
		key: `${String(run.request.key)} ${at + 1}`,
		pages: [2 * at + 1, 2 * at + 2],
	}));
	return primitive(shot, {
		key: run.request.key,
		n_consensus: votes(run),
		allow_overlap: run.request.allow_overlap,
		output: done(shot) ? output : [],
		consensus: done(shot) && votes(run) > 1 ? { choices: [output], likelihoods: [] } : null,
	});
}

export function edit(shot: Snapshot): JsonObject {
	const { run, world } = shot;
	const formData = Array.from({ length: LONG_LIST / 3 }, (_value, at) => ({
		key: `field_${at + 1}`,
		description: `Field ${at + 1} of the form`,
		type: 'text',
		value: `Value ${at + 1}`,
		bbox: { left: 0.1, top: at / LONG_LIST, width: 0.3, height: 0.01, page: 1 },
	}));
	const filled = {
		filename: `filled-${run.filename}`,
		url: resultUrl(world, `results/${run.id}.pdf`),
	};
	return primitive(shot, {
		config: run.request.config,
		template_id: orNull(run.request.template_id),
		output: done(shot)
			? { form_data: formData, filled_document: filled }
			: { form_data: [], filled_document: { filename: '', url: '' } },
		filled_document_ref: done(shot)
			? { id: `file_filled_${run.id}`, filename: filled.filename, mime_type: 'application/pdf' }
			: null,
	});
}

export function fileBlueprint(shot: Snapshot): JsonObject {
	const { run, state, status } = shot;
	return {
		object: 'file.blueprint',
		id: run.id,
		file: fileRef(run),
		intent: orNull(run.request.intent),
		output: done(shot) ? { document_type: 'invoice', summary: sampleText() } : {},
		status,
		error: state.phase === 'failed' ? FAILURE : null,
		created_at: createdAt(shot),
		started_at: isoOrNull(state.startedAt),
		completed_at: isoOrNull(state.endedAt),
		mode: orNull(run.request.mode),
	};
}

const GENERATED_PROPERTIES = 24;

export function schemaGeneration(shot: Snapshot): JsonObject {
	const { run, state, status } = shot;
	const properties = Object.fromEntries(
		Array.from({ length: GENERATED_PROPERTIES }, (_value, at) => [
			`field_${at + 1}`,
			{ type: 'string', description: `Field ${at + 1} as it appears in the examples` },
		]),
	);
	return {
		object: 'schema',
		id: run.id,
		created_at: createdAt(shot),
		json_schema: done(shot) ? { type: 'object', properties } : {},
		strict: true,
		status,
		error: state.phase === 'failed' ? FAILURE : null,
	};
}

function timing({ run, state }: Snapshot): JsonObject {
	return {
		created_at: run.steering.noCreatedAt ? null : iso(run.createdAt),
		started_at: isoOrNull(state.startedAt),
		completed_at: isoOrNull(state.endedAt),
	};
}

/** ms of work so far, null before it began. */
export function durationOf({ state }: Pick<Snapshot, 'state'>, now: number): number | null {
	return state.startedAt === null ? null : Math.round((state.endedAt ?? now) - state.startedAt);
}

function batchTiming(shot: Snapshot): JsonObject {
	const { endedAt } = shot.state;
	return { ...timing(shot), duration_ms: endedAt === null ? null : durationOf(shot, endedAt) };
}

const BLOCK_FAILURE = {
	message: 'Block failed: the document could not be read',
	stack_trace: null,
	block_id: 'block_extract_1',
	block_name: 'Extract',
	error_code: 'document_unreadable',
	context: null,
};

function workflowLifecycle({ state, status }: Snapshot): JsonObject {
	switch (state.phase) {
		case 'needsReview':
			return { status, waiting_for_block_ids: ['block_review_1'] };
		case 'failed':
			return {
				status,
				message: BLOCK_FAILURE.message,
				stage: 'execution',
				category: 'permanent',
				details: BLOCK_FAILURE,
				failing_step_id: 'step_extract_1',
			};
		case 'cancelled':
			return { status, reason: 'Cancelled by request' };
		default:
			return { status };
	}
}

function batchLifecycle({ state, status }: Snapshot): JsonObject {
	if (state.phase === 'failed') return { status, message: BLOCK_FAILURE.message, details: BLOCK_FAILURE };
	if (state.phase === 'cancelled') return { status, reason: null };
	return { status };
}

export function workflowOf(run: Run): string {
	return typeof run.request.workflow_id === 'string' ? run.request.workflow_id : DEFAULT_WORKFLOW;
}

export function workflowVersionOf(run: Run): string {
	const { version } = run.request;
	if (typeof version === 'string' && version.startsWith('ver_')) return version;
	return `ver_${createHash('sha256')
		.update(`${workflowOf(run)}:${String(version)}`)
		.digest('hex')
		.slice(0, 20)}`;
}

/** Two flat ids in the schema, one nested object in older examples. */
function workflowIds({ run, world }: Snapshot): JsonObject {
	const ids = { workflow_id: workflowOf(run), version_id: workflowVersionOf(run) };
	if (world.switches.workflowIds === 'nested') return { workflow: ids };
	return { workflow_id: ids.workflow_id, workflow_version_id: ids.version_id };
}

const TRIGGER = { type: 'api' };

export function workflowRun(shot: Snapshot): JsonObject {
	const { run } = shot;
	const documents = isObject(run.request.documents) ? run.request.documents : {};
	return {
		id: run.id,
		...workflowIds(shot),
		trigger: TRIGGER,
		lifecycle: workflowLifecycle(shot),
		timing: timing(shot),
		inputs: {
			documents: Object.fromEntries(
				Object.entries(documents).map(([block, sent]) => {
					const filename = isObject(sent) ? String(sent.filename) : run.filename;
					return [block, { id: `file_${run.id}_${block}`, filename, mime_type: mimeTypeOf(filename) }];
				}),
			),
			json_data: run.request.json_inputs ?? {},
		},
		metadata: run.metadata,
	};
}

export function evalRun(shot: Snapshot): JsonObject {
	const { run, state } = shot;
	const scope = isObject(run.request.scope) ? run.request.scope : {};
	const total = scope.type === 'single' ? 1 : TOTAL_EVALS;
	const counts = { pending: 0, queued: 0, running: 0, completed: 0, error: 0, cancelled: 0 };
	if (state.phase === 'completed') counts.completed = total;
	else if (state.phase === 'failed') counts.error = total;
	else if (state.phase === 'cancelled') counts.cancelled = total;
	else if (state.phase === 'running') counts.running = total;
	else counts.pending = total;
	return {
		id: run.id,
		workflow_id: workflowOf(run),
		workflow_version_id: workflowVersionOf(run),
		trigger: TRIGGER,
		lifecycle: batchLifecycle(shot),
		timing: batchTiming(shot),
		target: scope.type === 'block' ? { type: 'block', block_id: scope.block_id } : null,
		eval_id: orNull(scope.eval_id),
		total_evals: total,
		counts: {
			lifecycle_counts: counts,
			outcome: { passed: done(shot) ? total : 0, failed: 0, blocked: 0 },
		},
		freshness: {
			status: 'unknown',
			reasons: ['no_baseline'],
			validity_fingerprint: null,
			input_fingerprint: null,
			baseline_run_id: null,
		},
	};
}

export function experimentRun(shot: Snapshot): JsonObject {
	const { run, state } = shot;
	return {
		id: run.id,
		workflow_id: workflowOf(run),
		workflow_version_id: workflowVersionOf(run),
		trigger: TRIGGER,
		experiment_id: run.request.experiment_id,
		block_id: 'block_extract_1',
		block_type: 'extract',
		n_consensus: 3,
		lifecycle: batchLifecycle(shot),
		timing: batchTiming(shot),
		parent_run_id: null,
		block_version_id: null,
		metrics_validity_fingerprint: null,
		metrics_validity_fingerprint_version: null,
		block_execution_fingerprint: `bef_${run.id}`,
		documents_fingerprint: `df_${run.id}`,
		score: done(shot) ? SCORE : null,
		total_document_count: TOTAL_DOCUMENTS,
		completed_document_count: done(shot) ? TOTAL_DOCUMENTS : 0,
		document_count: TOTAL_DOCUMENTS,
		error_count: state.phase === 'failed' ? TOTAL_DOCUMENTS : 0,
	};
}

function jobTime(ms: number | null, format: JobTimes): number | string | null {
	if (ms === null) return null;
	if (format === 'unix') return Math.floor(ms / SECOND);
	return format === 'unix_ms' ? Math.floor(ms) : iso(ms);
}

/** A job without the request and response that only `include_request` and `include_response` bring. */
export function job(shot: Snapshot): JsonObject {
	const { run, state, status, world } = shot;
	const format = run.steering.times ?? world.switches.jobTimes;
	const time = (ms: number | null): number | string | null => jobTime(ms, format);
	const failed = state.phase === 'failed';
	return {
		id: run.id,
		object: 'job',
		status,
		endpoint: run.request.endpoint,
		request: null,
		response: null,
		error: failed ? FAILURE : null,
		warnings: run.steering.warning
			? [{ code: run.steering.warning, message: `Warning: ${run.steering.warning}`, details: null }]
			: null,
		created_at: run.steering.noCreatedAt ? null : time(run.createdAt),
		started_at: time(state.startedAt),
		completed_at: time(state.endedAt),
		expires_at: time(run.createdAt + JOB_DATA_TTL_MS),
		metadata: run.metadata,
		organization_id: 'org_sandbox',
		cancelled: state.phase === 'cancelled' || run.life.cancel !== undefined,
		attempt_count: state.startedAt === null ? run.attempt - 1 : run.attempt,
		last_attempt_at: time(state.startedAt),
		last_failure_code: failed ? FAILURE.code : null,
	};
}

/** A job's data is cleaned seven days after its creation. */
export function jobDataIsGone(run: Run, now: number): boolean {
	return now >= run.createdAt + JOB_DATA_TTL_MS;
}

/** Embeds what the caller asked for, as far as it exists. */
export function jobWithData(shot: Snapshot, include: { request: boolean; response: boolean }): JsonObject {
	const { run, world } = shot;
	const kept = !jobDataIsGone(run, world.clock.now());
	const body = { id: `result_${run.id}`, output: { text: sampleText() }, status: 'completed' };
	return {
		...job(shot),
		request: include.request && kept ? run.request.request : null,
		response: include.response && kept && done(shot) ? { status_code: 200, body } : null,
	};
}

/** Rows of old records lack their status and hold nulls where newer records hold values. */
export function asOldRecord(record: JsonObject): JsonObject {
	const rest = { ...record };
	delete rest.status;
	const nulled = Object.fromEntries(
		['categories', 'subdocuments', 'usage', 'created_at']
			.filter((key) => key in rest)
			.map((key) => [key, null]),
	);
	return { ...rest, ...nulled, ...('table_parsing_format' in rest ? { table_parsing_format: '' } : {}) };
}
