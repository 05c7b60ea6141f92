import { iso, isoOrNull } from '../clock';
import { OUTPUT_URL_TTL_MS } from '../defaults';
import { isObject, without, type JsonObject } from '../json';
import type { Snapshot } from '../resource';
import { extensionOf, sampleOf, samplePages, sampleText } from '../samples';
import { resultUrl, signedUrl } from '../storage';
import type { Run } from '../store';

/** The objects of the Extend API, built from a run and its state. Fields and types: Extend, SDK 1.17.0. */

const CREDITS = 3;
const DASHBOARD = 'https://dashboard.extend.ai';
const PROCESSING_MS = 1_800;
const DEFAULT_SCHEMA = {
	type: 'object',
	properties: {
		invoice_number: { type: 'string' },
		supplier: { type: 'string' },
		total: { type: 'number' },
		lines: { type: 'array', items: { type: 'object', properties: { description: { type: 'string' } } } },
	},
};

function done({ state }: Snapshot): boolean {
	return state.phase === 'completed';
}

function lastChange({ run, state }: Snapshot): string {
	return iso(Math.max(state.since, run.changedAt));
}

function times(shot: Snapshot): JsonObject {
	const createdAt = shot.run.steering.noCreatedAt ? null : iso(shot.run.createdAt);
	return { createdAt, updatedAt: lastChange(shot) };
}

/** "Missing for runs before 2025-10-07." */
const USAGE_SINCE = Date.parse('2025-10-07T00:00:00Z');

function usage(shot: Snapshot): JsonObject | null {
	if (!done(shot) || shot.run.createdAt < USAGE_SINCE) return null;
	return { credits: CREDITS, totalCredits: CREDITS, breakdown: [{ object: 'usage_item', credits: CREDITS }] };
}

function metrics(shot: Snapshot): JsonObject | null {
	return done(shot) ? { processingTimeMs: PROCESSING_MS, pageCount: 3 } : null;
}

/** Present when `FAILED`; `extra` adds what a cancelled run may carry. */
function failure({ state }: Snapshot, reason: string, aborted = false): JsonObject {
	if (state.phase === 'failed') {
		return { failureReason: reason, failureMessage: 'The file could not be processed' };
	}
	if (state.phase === 'cancelled' && aborted) {
		return { failureReason: 'ABORTED', failureMessage: 'The run was aborted by the user' };
	}
	return { failureReason: null, failureMessage: null };
}

function fileSummary(run: Run, sent: unknown, at = 0): JsonObject {
	const source = isObject(sent) ? sent : {};
	const id = source.id ?? source.fileId ?? `file_${run.id}_${at}`;
	const name = typeof source.name === 'string' ? source.name : run.filename;
	const created = iso(run.createdAt);
	return {
		object: 'file',
		id,
		name,
		type: extensionOf(name).toUpperCase() || null,
		parentFileId: null,
		metadata: {},
		createdAt: created,
		updatedAt: created,
	};
}

function packageFiles(run: Run): JsonObject[] | null {
	const sent = isObject(run.request.package) ? run.request.package.files : undefined;
	return Array.isArray(sent) ? sent.map((one, at) => fileSummary(run, one, at)) : null;
}

/** The reference as sent becomes a summary with a name; null when the run was made from a bare `config`. */
function processor(run: Run, kind: string): { summary: JsonObject | null; version: JsonObject | null } {
	const sent = run.request[kind];
	if (!isObject(sent)) return { summary: null, version: null };
	const created = iso(run.createdAt);
	const at = { createdAt: created, updatedAt: created };
	return {
		summary: { object: kind, id: sent.id, name: `Sandbox ${kind}`, ...at },
		version: {
			object: `${kind}_version`,
			id: `${kind}_version_1`,
			version: sent.version ?? '1.0',
			...at,
		},
	};
}

function processorRunFields(shot: Snapshot, kind: string, object: string, output: JsonObject): JsonObject {
	const { run, status } = shot;
	const { summary, version } = processor(run, kind);
	return {
		object,
		id: run.id,
		status,
		output: done(shot) ? output : null,
		initialOutput: null,
		reviewedOutput: null,
		...failure(shot, 'FAILED_TO_PROCESS_FILE', true),
		metadata: run.metadata,
		reviewed: false,
		edited: false,
		config: run.request.config ?? { type: object },
		[kind]: summary,
		[`${kind}Version`]: version,
		file: run.request.package === undefined ? fileSummary(run, run.request.file) : null,
		parseRunId: done(shot) ? `pr_of_${run.id}` : null,
		dashboardUrl: `${DASHBOARD}/runs/${run.id}`,
		usage: usage(shot),
		...times(shot),
	};
}

export function extractRun(shot: Snapshot): JsonObject {
	const config = isObject(shot.run.request.config) ? shot.run.request.config : {};
	const value = sampleOf(config.schema ?? DEFAULT_SCHEMA);
	return {
		...processorRunFields(shot, 'extractor', 'extract_run', { value, metadata: {} }),
		edits: null,
		files: packageFiles(shot.run),
	};
}

export function classifyRun(shot: Snapshot): JsonObject {
	const output = { id: 'invoice', type: 'invoice', confidence: 0.98, insights: [{ content: sampleText() }] };
	return processorRunFields(shot, 'classifier', 'classify_run', output);
}

const SPLITS = 40;

export function splitRun(shot: Snapshot): JsonObject {
	const splits = Array.from({ length: SPLITS }, (_value, at) => ({
		classificationId: 'invoice',
		type: 'invoice',
		observation: `Pages ${2 * at + 1} and ${2 * at + 2} belong to one invoice`,
		startPage: 2 * at + 1,
		endPage: 2 * at + 2,
		fileId: `file_${shot.run.id}_${at}`,
	}));
	return processorRunFields(shot, 'splitter', 'split_run', { splits });
}

export function parseOutput(): JsonObject {
	const pages = samplePages();
	return {
		chunks: pages.map((content, at) => ({
			object: 'chunk',
			id: `chunk_${at + 1}`,
			type: 'page',
			content,
			metadata: { pageRange: { start: at + 1, end: at + 1 } },
			blocks: [],
		})),
	};
}

/** The only run with a status but without any time. */
export function parseRun(shot: Snapshot): JsonObject {
	const { run, status } = shot;
	return {
		object: 'parse_run',
		id: run.id,
		batchId: run.batchId,
		file: fileSummary(run, run.request.file),
		status,
		...failure(shot, 'OCR_ERROR'),
		metadata: run.metadata,
		output: done(shot) ? parseOutput() : null,
		outputUrl: null,
		metrics: metrics(shot),
		config: run.request.config ?? { target: 'markdown' },
		usage: usage(shot),
	};
}

/** `responseType=url`: a link valid for 15 minutes in place of the output. */
export function parseRunWithUrl(shot: Snapshot): JsonObject {
	const { world, run } = shot;
	const url = signedUrl(world, `outputs/${run.id}`, world.clock.now() + OUTPUT_URL_TTL_MS);
	return { ...parseRun(shot), output: null, outputUrl: done(shot) ? url : null };
}

export function editRun(shot: Snapshot): JsonObject {
	const { run, status, world } = shot;
	const editedFile = {
		id: `file_edited_${run.id}`,
		presignedUrl: resultUrl(world, `results/${run.id}.pdf`),
	};
	return {
		object: 'edit_run',
		id: run.id,
		file: fileSummary(run, run.request.file),
		status,
		...failure(shot, 'FIELD_DETECTION_ERROR'),
		config: run.request.config ?? {},
		output: done(shot) ? { editedFile, filledValues: { notes: sampleText() } } : null,
		metrics: metrics(shot),
		usage: usage(shot),
	};
}

export function formDetectionRun(shot: Snapshot): JsonObject {
	const { run, status } = shot;
	return {
		object: 'form_detection_run',
		id: run.id,
		file: fileSummary(run, run.request.file),
		status,
		...failure(shot, 'FIELD_DETECTION_ERROR'),
		config: run.request.config ?? {},
		output: done(shot) ? { schema: DEFAULT_SCHEMA, notes: sampleText() } : null,
		metrics: metrics(shot),
		usage: usage(shot),
	};
}

const STEP_NAMES = ['Parse', 'Extract', 'Review'];

/** Steps run one after the other; the last one of an unfinished run shows what it is doing. */
function stepRuns(shot: Snapshot): JsonObject[] {
	const { run, state } = shot;
	const waiting: Partial<Record<typeof state.phase, string[]>> = {
		waiting: ['PENDING', 'PENDING', 'PENDING'],
		running: ['PROCESSED', 'PROCESSING', 'PENDING'],
		cancelling: ['PROCESSED', 'PROCESSING', 'PENDING'],
		needsReview: ['PROCESSED', 'PROCESSED', 'WAITING'],
		failed: ['PROCESSED', 'FAILED', 'PENDING'],
		cancelled: ['PROCESSED', 'CANCELLED', 'CANCELLED'],
	};
	const statuses = waiting[state.phase] ?? ['PROCESSED', 'PROCESSED', 'PROCESSED'];
	return STEP_NAMES.map((name, at) => ({
		object: 'workflow_step_run',
		id: `step_run_${run.id}_${at}`,
		status: statuses[at],
		step: { object: 'workflow_step', id: `step_${at + 1}`, name, type: name.toUpperCase() },
		result: done(shot) ? { text: sampleText() } : null,
	}));
}

export function workflowRun(shot: Snapshot): JsonObject {
	const { run, state, status } = shot;
	const { summary, version } = processor(run, 'workflow');
	const rejected = state.phase === 'rejected';
	return {
		object: 'workflow_run',
		id: run.id,
		workflow: summary,
		workflowVersion: version,
		dashboardUrl: `${DASHBOARD}/workflows/${run.id}`,
		status,
		metadata: run.metadata ?? {},
		batchId: run.batchId,
		files: packageFiles(run) ?? [fileSummary(run, run.request.file)],
		...failure(shot, 'INTERNAL_ERROR'),
		initialRunAt: shot.run.steering.noCreatedAt ? null : iso(run.createdAt),
		reviewedByUser: rejected ? 'jane.doe@example.com' : null,
		reviewed: rejected,
		rejectionNote: rejected ? 'Not an invoice' : null,
		reviewedAt: rejected ? isoOrNull(state.endedAt) : null,
		startTime: isoOrNull(state.startedAt),
		endTime: isoOrNull(state.endedAt),
		stepRuns: stepRuns(shot),
		usage: usage(shot),
	};
}

export function batchRun(shot: Snapshot): JsonObject {
	const { run, status } = shot;
	return {
		object: 'batch_run',
		id: run.id,
		status,
		runCount: run.members.length || 1,
		createdAt: times(shot).createdAt,
	};
}

export function evaluationSetRun(shot: Snapshot): JsonObject {
	const { run, status } = shot;
	return {
		object: 'evaluation_set_run',
		id: run.id,
		evaluationSetId: run.request.evaluationSetId,
		entity: run.request.entity ?? { object: 'extractor', id: 'ex_sandbox_invoices' },
		entityVersion: { object: 'extractor_version', id: 'exv_sandbox_1', version: '1.0' },
		metrics: done(shot) ? { numFiles: 4, meanAccuracy: 0.97, notes: sampleText() } : {},
		status,
		options: { evaluationSetItemIds: run.request.evaluationSetItemIds ?? [] },
		...times(shot),
	};
}

/** The legacy object; answers wrap it as `{success, processorRun}`. */
export function processorRun(shot: Snapshot): JsonObject {
	const { run, status } = shot;
	const value = sampleOf(DEFAULT_SCHEMA);
	return {
		object: 'document_processor_run',
		id: run.id,
		processorId: run.request.processorId,
		processorVersionId: 'exv_sandbox_1',
		processorName: 'Sandbox processor',
		status,
		output: done(shot) ? { value, metadata: {} } : null,
		...failure(shot, 'FAILED_TO_PROCESS_FILE', true),
		metadata: run.metadata,
		reviewed: false,
		edited: false,
		edits: {},
		type: 'EXTRACT',
		config: run.request.config ?? { type: 'EXTRACT' },
		initialOutput: null,
		reviewedOutput: null,
		files: [fileSummary(run, run.request.file)],
		mergedProcessors: [],
		url: `${DASHBOARD}/runs/${run.id}`,
		usage: usage(shot),
	};
}

/** List rows: no output, config or edits; `usage` without its breakdown. */
function summaryOf(record: JsonObject, ...dropped: string[]): JsonObject {
	const row = without(record, ...dropped);
	return isObject(row.usage) ? { ...row, usage: without(row.usage, 'breakdown') } : row;
}

const OUTPUT_FIELDS = ['output', 'initialOutput', 'reviewedOutput', 'config', 'edits'];

export function processorRunSummary(record: JsonObject): JsonObject {
	return summaryOf(record, ...OUTPUT_FIELDS);
}

/** Rows of parse runs have the times that the full object lacks. */
export function parseRunSummary(record: JsonObject, shot: Snapshot): JsonObject {
	return { ...summaryOf(record, 'output', 'outputUrl', 'config'), ...times(shot) };
}

const WORKFLOW_ROW_LACKS = ['stepRuns', 'metadata', 'failureReason', 'failureMessage', 'reviewed'];

/** So have rows of workflow runs, which in turn lack much of the full object. */
export function workflowRunSummary(record: JsonObject, shot: Snapshot): JsonObject {
	return { ...summaryOf(record, ...WORKFLOW_ROW_LACKS), ...times(shot) };
}

const LEGACY_ROW_HAS = [
	'id',
	'status',
	'processorId',
	'processorName',
	'processorVersionId',
	'type',
	'usage',
];

export function legacySummary(record: JsonObject, shot: Snapshot): JsonObject {
	const row = Object.fromEntries(LEGACY_ROW_HAS.map((key) => [key, record[key]]));
	return { ...summaryOf(row), ...times(shot) };
}
