import { FILENAME_REGEX_LENGTH } from '../defaults';
import { retabBadQuery, retabError } from '../errors';
import { isObject } from '../json';
import type { Snapshot } from '../resource';
import { extensionOf } from '../samples';
import { JOB_ENDPOINTS } from './bodies';
import { durationOf, workflowOf } from './records';

/** List filters of the Retab API. Parameters that a list does not know are ignored, as its server does. */

export type Query = URLSearchParams;
export type Predicate = (shot: Snapshot) => boolean;
/** Undefined when the query does not use the filter. */
type Filter = (query: Query, statuses: readonly string[] | undefined) => Predicate | undefined;

const DAY_MS = 86_400_000;
const TRIGGER_TYPES = ['manual', 'manual_run', 'api', 'schedule', 'webhook', 'email', 'custom', 'restart'];
const JOB_SOURCES = ['api', 'project', 'workflow'];
const SORT_FIELDS = ['created_at', 'timing.created_at', 'started_at', 'timing.started_at'];
const DAY = /^(\d{4}-\d{2}-\d{2})(?:[T ].*)?$/;

/** The value of a parameter; an empty one counts as given. */
function text(name: string, keep: (value: string, shot: Snapshot) => boolean): Filter {
	return (query) => {
		const value = query.get(name);
		return value === null ? undefined : (shot) => keep(value, shot);
	};
}

function oneOf(name: string, value: string, allowed: readonly string[] | undefined): string {
	if (allowed && !allowed.includes(value)) {
		throw retabBadQuery(name, `Input should be ${allowed.map((one) => `'${one}'`).join(' or ')}`, 'enum');
	}
	return value;
}

function requestText(shot: Snapshot, ...path: string[]): unknown {
	return path.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), shot.run.request);
}

/** Start of the day (UTC) that `value` names; a date-time counts for its day. */
function dayOf(name: string, value: string): number {
	const text = DAY.exec(value)?.[1] ?? '';
	const day = Date.parse(`${text}T00:00:00Z`);
	// Date.parse turns 30 February into 2 March.
	const exists = !Number.isNaN(day) && new Date(day).toISOString().startsWith(text);
	if (!exists || Number.isNaN(Date.parse(value))) {
		throw retabError(400, `Invalid date format for ${name}: use YYYY-MM-DD`);
	}
	return day;
}

function instantOf(name: string, value: string): number {
	const instant = Date.parse(value);
	if (Number.isNaN(instant)) {
		throw retabBadQuery(name, 'Input should be a valid datetime', 'datetime_from_date_parsing');
	}
	return instant;
}

type InWindow = (createdAt: number) => boolean;

function windowOf(
	query: Query,
	read: (name: string, value: string) => number,
	length: number,
): InWindow | undefined {
	const fromText = query.get('from_date');
	const toText = query.get('to_date');
	if (fromText === null && toText === null) return undefined;
	const from = fromText === null ? -Infinity : read('from_date', fromText);
	const to = toText === null ? Infinity : read('to_date', toText) + length;
	return (createdAt) => createdAt >= from && (length > 0 ? createdAt < to : createdAt <= to);
}

function ofRun(inWindow: InWindow | undefined): Predicate | undefined {
	return inWindow && (({ run }) => inWindow(run.createdAt));
}

/**
 * Whole days from `from_date` to `to_date`; the first after the second lets nothing through.
 * @throws ApiError 400 for a malformed date
 */
export function dayWindow(query: Query): InWindow {
	return windowOf(query, dayOf, DAY_MS) ?? (() => true);
}

function metadataFilter(query: Query): Predicate | undefined {
	const value = query.get('metadata');
	if (value === null) return undefined;
	let wanted: unknown;
	try {
		wanted = JSON.parse(value);
	} catch {
		wanted = undefined;
	}
	if (!isObject(wanted)) throw retabError(400, 'metadata must be a JSON object of key/value pairs');
	const pairs = Object.entries(wanted);
	return ({ run }) => pairs.every(([key, one]) => run.metadata?.[key] === one);
}

function wholeNumber(query: Query, name: string): number | undefined {
	const value = query.get(name);
	if (value === null) return undefined;
	if (!/^-?\d+$/.test(value)) throw retabBadQuery(name, 'Input should be a valid integer', 'int_parsing');
	return Number(value);
}

function startsWith(filename: string, prefix: string): boolean {
	return filename.toLowerCase().startsWith(prefix.toLowerCase());
}

const FILTERS = {
	/** Case-insensitive prefix. */
	filename: text('filename', (prefix, { run }) => startsWith(run.filename, prefix)),
	filename_contains: text('filename_contains', (part, { run }) =>
		run.filename.toLowerCase().includes(part.toLowerCase()),
	),
	/** Extractions: a deprecated alias of the prefix; patterns are rejected. */
	filename_regex_prefix: (query) => {
		const value = query.get('filename_regex');
		if (value === null) return undefined;
		if (/[\\^$*+?()[\]{}|]/.test(value)) throw retabBadQuery('filename_regex', 'Patterns are not supported');
		return ({ run }) => startsWith(run.filename, value);
	},
	/** Jobs: a real pattern of at most 256 characters. */
	filename_regex: (query) => {
		const value = query.get('filename_regex');
		if (value === null) return undefined;
		if (value.length > FILENAME_REGEX_LENGTH) {
			throw retabBadQuery(
				'filename_regex',
				`String should have at most ${FILENAME_REGEX_LENGTH} characters`,
				'string_too_long',
			);
		}
		try {
			const pattern = new RegExp(value, 'i');
			return ({ run }) => pattern.test(run.filename);
		} catch {
			throw retabBadQuery('filename_regex', 'Invalid pattern');
		}
	},
	document_type: (query) => {
		const types = query.getAll('document_type');
		return types.length === 0 ? undefined : ({ run }) => types.includes(extensionOf(run.filename));
	},
	status: (query, statuses) => {
		const value = query.get('status');
		if (value === null) return undefined;
		const wanted = oneOf('status', value, statuses);
		return ({ status }) => status === wanted;
	},
	exclude_status: (query, statuses) => {
		const value = query.get('exclude_status');
		if (value === null) return undefined;
		const unwanted = oneOf('exclude_status', value, statuses);
		return ({ status }) => status !== unwanted;
	},
	dates: (query) => ofRun(windowOf(query, dayOf, DAY_MS)),
	/** Eval runs: exact instants, checked by type. */
	date_times: (query) => ofRun(windowOf(query, instantOf, 0)),
	metadata: metadataFilter,
	template_id: text('template_id', (id, shot) => requestText(shot, 'template_id') === id),
	workflow_id: text('workflow_id', (id, { run }) => workflowOf(run) === id),
	experiment_id: text('experiment_id', (id, shot) => requestText(shot, 'experiment_id') === id),
	eval_id: text('eval_id', (id, shot) => requestText(shot, 'scope', 'eval_id') === id),
	target_block_id: text('target_block_id', (id, shot) => requestText(shot, 'scope', 'block_id') === id),
	block_id: text('block_id', (id) => id === 'block_extract_1'),
	/** Every run of the sandbox was started through the API. */
	trigger_type: (query) => {
		const value = query.get('trigger_type');
		if (value === null) return undefined;
		const wanted = oneOf('trigger_type', value, TRIGGER_TYPES);
		return () => wanted === 'api';
	},
	duration: (query) => {
		const least = wholeNumber(query, 'min_duration_ms');
		const most = wholeNumber(query, 'max_duration_ms');
		if (least === undefined && most === undefined) return undefined;
		return (shot) => {
			const duration = durationOf(shot, shot.world.clock.now());
			return duration !== null && duration >= (least ?? -Infinity) && duration <= (most ?? Infinity);
		};
	},
	/** Part of a run id. */
	search: text('search', (part, { run }) => run.id.includes(part)),
	/** Runs come in order of creation whatever field is named; an unknown one is refused. */
	sort_by: (query) => {
		const value = query.get('sort_by');
		if (value !== null) oneOf('sort_by', value, SORT_FIELDS);
		return undefined;
	},
	job_id: text('job_id', (id, { run }) => run.id === id),
	endpoint: (query) => {
		const value = query.get('endpoint');
		if (value === null) return undefined;
		const wanted = oneOf('endpoint', value, JOB_ENDPOINTS);
		return ({ run }) => run.request.endpoint === wanted;
	},
	source: (query) => {
		const value = query.get('source');
		if (value === null) return undefined;
		const wanted = oneOf('source', value, JOB_SOURCES);
		return (shot) => {
			if (shot.run.metadata?.workflow_id !== undefined) return wanted === 'workflow';
			return wanted === (requestText(shot, 'request', 'project_id') === undefined ? 'api' : 'project');
		};
	},
	/** Jobs are also found by what is in their request or metadata. */
	job_request: (query) => {
		const wanted: Array<[string | null, (shot: Snapshot) => unknown]> = [
			[query.get('project_id'), (shot) => requestText(shot, 'request', 'project_id')],
			[query.get('model'), (shot) => requestText(shot, 'request', 'model')],
			[query.get('workflow_id'), ({ run }) => run.metadata?.workflow_id],
			[
				query.get('workflow_block_id'),
				({ run }) => run.metadata?.workflow_block_id ?? run.metadata?.block_id,
			],
		];
		const given = wanted.filter(([value]) => value !== null);
		return given.length === 0 ? undefined : (shot) => given.every(([value, read]) => read(shot) === value);
	},
} satisfies Record<string, Filter>;

export type FilterName = keyof typeof FILTERS;

/**
 * One predicate for all filters of a list.
 * @throws ApiError 422 for a value that is not allowed, 400 for a malformed date
 */
export function filterBy(
	names: readonly FilterName[],
	query: Query,
	statuses: readonly string[] | undefined,
): Predicate {
	const predicates = names.flatMap((name) => {
		const filter: Filter = FILTERS[name];
		return filter(query, statuses) ?? [];
	});
	return (shot) => predicates.every((predicate) => predicate(shot));
}
