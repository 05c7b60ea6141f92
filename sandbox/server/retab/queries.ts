import { z, type ZodRawShape, type ZodTypeAny } from 'zod';

import { FILENAME_REGEX_LENGTH, RETAB_MAX_LIMIT, RETAB_MAX_REVIEWS } from '../defaults';
import { isObject } from '../json';
import { refuse, repeated, wholeNumber } from '../rules';
import { JOB_ENDPOINTS } from './bodies';

/**
 * Query parameters of the Retab API, one table a route (Retab: openapi.json, parameters; jobs as of 2026-05-31). Values come
 * out as the lists use them: dates as times, patterns as expressions.
 */

const DAY_MS = 86_400_000;
const DAY = /^(\d{4}-\d{2}-\d{2})(?:[T ].*)?$/;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$/;

const text = z.string().optional();

/** `true`, `false` and what else pydantic takes for them. */
const flag = (value: boolean): ZodTypeAny =>
	z
		.string()
		.transform((sent, context) => {
			if (/^(true|1|yes|on|t|y)$/i.test(sent)) return true;
			if (/^(false|0|no|off|f|n)$/i.test(sent)) return false;
			return refuse(context, 'Input should be a valid boolean, unable to interpret input', {
				type: 'bool_parsing',
			});
		})
		.default(String(value));

/** The first ms of the day that the text names, or `plus` ms later; a date-time counts for its day (UTC). */
function dayOf(plus: number) {
	return z
		.string()
		.transform((sent, context) => {
			const day = DAY.exec(sent)?.[1] ?? '';
			const time = Date.parse(`${day}T00:00:00Z`);
			// Date.parse turns 30 February into 2 March.
			const exists = !Number.isNaN(time) && new Date(time).toISOString().startsWith(day);
			if (exists && !Number.isNaN(Date.parse(sent))) return time + plus;
			return refuse(context, `Invalid date format for ${String(context.path[0])}: use YYYY-MM-DD`, {
				status: 400,
			});
		})
		.optional();
}

const instant = z
	.string()
	.transform((sent, context) => {
		const time = DATE_TIME.test(sent) ? Date.parse(sent) : NaN;
		if (!Number.isNaN(time)) return time;
		return refuse(context, 'Input should be a valid datetime', { type: 'datetime_from_date_parsing' });
	})
	.optional();

const days = { from_date: dayOf(0), to_date: dayOf(DAY_MS - 1) };
/** Eval runs: typed as date-times. */
const instants = { from_date: instant, to_date: instant };

/** A JSON object as text, compared pair by pair. */
const metadata = z
	.string()
	.transform((sent, context) => {
		try {
			const wanted: unknown = JSON.parse(sent);
			if (isObject(wanted)) return wanted;
		} catch {
			// Text that is no JSON gets the answer below.
		}
		return refuse(context, 'metadata must be a JSON object of key/value pairs', { status: 400 });
	})
	.optional();

function escaped(pattern: string): string {
	return pattern.replace(/[\\^$*+?.()[\]{}|]/g, '\\$&');
}

/** Case-insensitive prefix. */
const prefix = z
	.string()
	.transform((sent) => new RegExp(`^${escaped(sent)}`, 'i'))
	.optional();

const part = z
	.string()
	.transform((sent) => new RegExp(escaped(sent), 'i'))
	.optional();

/** Extractions: a deprecated alias of the prefix; patterns are rejected. */
const prefixAlias = z
	.string()
	.regex(/^[^\\^$*+?()[\]{}|]*$/, 'Patterns are not supported')
	.transform((sent) => new RegExp(`^${escaped(sent)}`, 'i'))
	.optional();

/** Jobs: a real pattern of at most 256 characters. */
const pattern = z
	.string()
	.max(FILENAME_REGEX_LENGTH)
	.transform((sent, context) => {
		try {
			return new RegExp(sent, 'i');
		} catch {
			return refuse(context, 'Invalid pattern');
		}
	})
	.optional();

/** The parameter's own description lists these endings. */
export const DOCUMENT_TYPES = [
	...[
		'bmp',
		'csv',
		'doc',
		'docm',
		'docx',
		'dotm',
		'dotx',
		'eml',
		'gif',
		'heic',
		'heif',
		'htm',
		'html',
		'jpeg',
	],
	...[
		'jpg',
		'json',
		'md',
		'mhtml',
		'msg',
		'odp',
		'ods',
		'odt',
		'ots',
		'ott',
		'pdf',
		'png',
		'ppt',
		'pptx',
		'rtf',
	],
	...[
		'svg',
		'tif',
		'tiff',
		'tsv',
		'txt',
		'webp',
		'xlam',
		'xls',
		'xlsb',
		'xlsm',
		'xlsx',
		'xltm',
		'xltx',
		'xml',
	],
	...['yaml', 'yml'],
] as const;

type Values = readonly [string, ...string[]];

const oneOf = <V extends Values>(...values: V) => z.enum(values).optional();

/** A place to sort by; the schema takes any text and names the default only. */
const SORT_FIELDS: Values = [
	'created_at',
	'timing.created_at',
	'started_at',
	'timing.started_at',
	'updated_at',
];

const sortBy = (place: string) => z.enum(SORT_FIELDS).default(place);

/** What every list takes; `before` and `after` exclude each other. */
function list<Shape extends ZodRawShape>(limit: number, shape: Shape) {
	return {
		before: text,
		after: text,
		limit: wholeNumber(1, RETAB_MAX_LIMIT).default(String(limit)),
		order: z.enum(['asc', 'desc']).default('desc'),
		...shape,
	};
}

const STATUS = oneOf('pending', 'queued', 'in_progress', 'completed', 'failed', 'cancelled');
const WORKFLOW_STATUS = oneOf(
	'pending',
	'queued',
	'running',
	'completed',
	'error',
	'failed',
	'awaiting_review',
	'cancelled',
);
const RUN_STATUS = oneOf('pending', 'queued', 'running', 'completed', 'error', 'cancelled');

const reviewLimit = wholeNumber(1, RETAB_MAX_REVIEWS).default('50');

const fileList = { filename: prefix, ...days };

export const lists = {
	extraction: list(10, {
		...fileList,
		filename_regex: prefixAlias,
		filename_contains: part,
		document_type: repeated(z.enum(DOCUMENT_TYPES)),
		status: STATUS,
		metadata,
	}),
	/** The only primitive without a `status` filter. */
	parse: list(10, fileList),
	primitive: list(10, { ...fileList, status: STATUS }),
	edit: list(10, { ...fileList, status: STATUS, template_id: text }),
	workflowRun: list(20, {
		...days,
		workflow_id: text,
		status: WORKFLOW_STATUS,
		exclude_status: WORKFLOW_STATUS,
		trigger_type: oneOf('manual', 'api', 'schedule', 'webhook', 'email', 'restart'),
		min_duration_ms: wholeNumber().optional(),
		max_duration_ms: wholeNumber().optional(),
		search: text,
		metadata,
		sort_by: sortBy('timing.created_at'),
	}),
	/** `status` and `exclude_status` are any text in the schema. */
	evalRun: list(50, {
		...instants,
		workflow_id: text,
		eval_id: text,
		target_block_id: text,
		status: text,
		exclude_status: text,
		trigger_type: oneOf('manual', 'api', 'schedule', 'webhook', 'email', 'restart', 'custom'),
		sort_by: sortBy('created_at'),
	}),
	experimentRun: list(20, {
		...days,
		workflow_id: text,
		experiment_id: text,
		block_id: text,
		status: RUN_STATUS,
		exclude_status: RUN_STATUS,
		/** The only one that the Retab CLI sends (workflows_experiments.go). */
		trigger_type: oneOf('manual_run'),
		sort_by: sortBy('created_at'),
	}),
	job: list(20, {
		...days,
		job_id: text,
		status: oneOf('validating', 'queued', 'in_progress', 'completed', 'failed', 'cancelled', 'expired'),
		endpoint: z.enum(JOB_ENDPOINTS).optional(),
		source: oneOf('api', 'project', 'workflow'),
		project_id: text,
		workflow_id: text,
		workflow_block_id: text,
		model: text,
		filename_regex: pattern,
		filename_contains: part,
		document_type: repeated(z.enum(DOCUMENT_TYPES)),
		metadata,
		include_request: flag(false),
		include_response: flag(false),
	}),
	file: list(10, {
		...fileList,
		mime_type: text,
		include_embeddings: flag(false),
		sort_by: sortBy('created_at'),
	}),
	workflow: list(10, { project_id: text, sort_by: sortBy('updated_at') }),
	/** Blocks, evals and experiments of one workflow. */
	ofWorkflow: list(20, { workflow_id: z.string() }),
	/** Oldest first, and larger pages than elsewhere. */
	review: {
		...list(50, {
			workflow_id: text,
			run_id: text,
			block_id: text,
			step_id: text,
			iteration_key: text,
			decision_status: z.enum(['pending', 'approved', 'rejected', 'decided', 'all']).default('pending'),
		}),
		limit: reviewLimit,
		order: z.enum(['asc', 'desc']).default('asc'),
	},
	reviewVersion: { review_id: z.string(), before: text, after: text, limit: reviewLimit },
	template: list(10, { name: part, sort_by: sortBy('created_at') }),
} satisfies Record<string, ZodRawShape>;

/** Parameters of the read of one run. */
export const gets = {
	primitive: { include_output: flag(true) },
	job: { include_request: flag(false), include_response: flag(false) },
	none: {},
} satisfies Record<string, ZodRawShape>;
