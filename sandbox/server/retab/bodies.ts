import { z, type ZodRawShape } from 'zod';

import { JOB_METADATA_KEY_LENGTH, JOB_METADATA_PAIRS, JOB_METADATA_VALUE_LENGTH } from '../defaults';
import { refuse } from '../rules';
import { extensionOf } from '../samples';
import { isSteeringKey } from '../steering';
import { jsonObject } from '../validate';

/** Create bodies of the Retab API, defaults included (Retab: openapi.json, request schemas). Other fields are refused. */

const DATA_URL = /^data:[\w.+-]+\/[\w.+-]+(;[\w=.-]+)*;base64,[A-Za-z0-9+/=\s]*$/;

const OWN_HOST = 'storage.retab.com';

/** "Custom domains are not fetched by default" (Retab: core-concepts/Files); `*.` stands for any name in front. */
export const FETCHED_HOSTS = [
	OWN_HOST,
	'storage.googleapis.com',
	'*.storage.googleapis.com',
	'*.blob.core.windows.net',
	'*.amazonaws.com',
	'*.r2.cloudflarestorage.com',
	'*.r2.dev',
] as const;

function isOn(url: string, hosts: readonly string[]): boolean {
	if (!URL.canParse(url)) return false;
	const { protocol, hostname } = new URL(url);
	const matches = (host: string): boolean =>
		host.startsWith('*.') ? hostname.endsWith(host.slice(1)) : hostname === host;
	return protocol === 'https:' && hosts.some(matches);
}

function documentFrom(hosts: readonly string[], advice: string) {
	return z
		.object({
			filename: z.string(),
			url: z.string().refine((url) => DATA_URL.test(url) || isOn(url, hosts), advice),
		})
		.strict();
}

/** A bare `{id}` fails on both counts: missing fields, extra field. */
const document = documentFrom(
	FETCHED_HOSTS,
	'Documents are not fetched from this address: send a data URL, or an https URL of an object store',
);

/** Workflow runs refuse other people's URLs (Retab CLI: workflows_runs.go). */
const workflowDocument = documentFrom(
	[OWN_HOST],
	`External URLs are not allowed: send a data URL or a ${OWN_HOST} URL`,
);

/** Metadata is a map of strings; only the sandbox's own keys may hold numbers and flags. */
const metadata = z
	.record(z.unknown())
	.superRefine((pairs, context) => {
		for (const [key, value] of Object.entries(pairs)) {
			if (typeof value === 'string' || isSteeringKey(key)) continue;
			context.addIssue({
				code: z.ZodIssueCode.invalid_type,
				expected: 'string',
				received: z.getParsedType(value),
				path: [key],
			});
		}
	})
	.nullish();

const jobMetadata = metadata.superRefine((pairs, context) => {
	const own = Object.entries(pairs ?? {}).filter(([key]) => !isSteeringKey(key));
	const problem = (path: string[], message: string): void =>
		context.addIssue({ code: z.ZodIssueCode.custom, path, message });
	if (own.length > JOB_METADATA_PAIRS) problem([], `at most ${JOB_METADATA_PAIRS} pairs are allowed`);
	for (const [key, value] of own) {
		if (key.length > JOB_METADATA_KEY_LENGTH) {
			problem([key], `keys may have at most ${JOB_METADATA_KEY_LENGTH} characters`);
		}
		if (typeof value === 'string' && value.length > JOB_METADATA_VALUE_LENGTH) {
			problem([key], `values may have at most ${JOB_METADATA_VALUE_LENGTH} characters`);
		}
	}
});

const text = z.string().nullish();
const model = z.string().default('retab-small');
const consensus = (most = Infinity) => z.number().int().min(1).max(most).default(1);

/** Where the API has no metadata, only the sandbox's own keys are allowed. */
const steeringOnly = z
	.record(z.unknown())
	.superRefine((pairs, context) => {
		if (Object.keys(pairs).every(isSteeringKey)) return;
		refuse(context, 'Extra inputs are not permitted', { type: 'extra_forbidden' });
	})
	.nullish();

/** A body without fields that the API does not know. */
function body<Shape extends ZodRawShape>(shape: Shape) {
	return z.object({ metadata: steeringOnly, ...shape }).strict();
}

const background = z.boolean().default(false);

/** What all six primitives take. */
const primitive = { model, bust_cache: z.boolean().default(false), background };

const SPREADSHEETS: readonly string[] = [
	...['csv', 'ods', 'ots', 'tsv', 'xlam', 'xls', 'xlsb', 'xlsm', 'xlsx', 'xltm', 'xltx'],
];

/** The Retab CLI allows 1–16 votes for extractions and 1–8 for splits and partitions. */
export const extractionBody = body({
	...primitive,
	document,
	json_schema: jsonObject,
	instructions: text,
	n_consensus: consensus(16),
	metadata,
	additional_messages: z.array(jsonObject).nullish(),
	stream: z.boolean().default(false),
	deep_extraction: z.boolean().default(false),
}).superRefine((sent, context) => {
	if (sent.background && sent.stream) {
		refuse(context, 'background cannot be combined with stream', {}, ['stream']);
	}
	// Retab CLI: extractions.go.
	const ofSpreadsheet = sent.deep_extraction && SPREADSHEETS.includes(extensionOf(sent.document.filename));
	if (ofSpreadsheet && (sent.background || sent.n_consensus > 1)) {
		refuse(context, 'deep_extraction on spreadsheets supports neither background nor n_consensus', {
			status: 400,
		});
	}
});

export const parseBody = body({
	...primitive,
	document,
	table_parsing_format: z.enum(['markdown', 'yaml', 'html', 'json']).default('html'),
	instructions: text,
});

export const classificationBody = body({
	...primitive,
	document,
	categories: z
		.array(
			z
				.object({ name: z.string(), handle_key: z.string().nullish(), description: z.string().default('') })
				.strict(),
		)
		.min(1),
	first_n_pages: z.number().int().nullish(),
	instructions: text,
	n_consensus: consensus(),
});

export const splitBody = body({
	...primitive,
	document,
	subdocuments: z.array(
		z
			.object({
				name: z.string(),
				description: z.string().default(''),
				allow_multiple_instances: z.boolean().default(false),
			})
			.strict(),
	),
	instructions: text,
	n_consensus: consensus(8),
});

export const partitionBody = body({
	...primitive,
	document,
	key: z.string(),
	instructions: z.string(),
	n_consensus: consensus(8),
	allow_overlap: z.boolean().default(true),
});

export const editBody = body({
	...primitive,
	instructions: z.string(),
	document: document.nullish(),
	template_id: z.string().nullish(),
	config: z
		.object({ color: z.string().nullable().default('#000080') })
		.strict()
		.default({}),
}).superRefine((sent, context) => {
	const given = [sent.document, sent.template_id].filter((one) => one !== null && one !== undefined);
	if (given.length !== 1) {
		refuse(context, 'Provide exactly one of document or template_id', { status: 400 });
	}
});

export const fileBlueprintBody = body({
	background,
	file_id: z.string(),
	intent: text,
	mode: z.enum(['instant', 'reasoning']).nullish(),
});

export const schemaGenerationBody = body({
	background,
	documents: z.array(document),
	model,
	instructions: text,
});

export const workflowRunBody = body({
	workflow_id: z.string(),
	documents: z.record(workflowDocument).default({}),
	json_inputs: jsonObject.default({}),
	version: z
		.string()
		.regex(/^(production|draft|ver_.+)$/, "Input should be 'production', 'draft' or a version id")
		.default('production'),
	metadata,
});

export const evalRunBody = body({
	workflow_id: z.string(),
	scope: z
		.discriminatedUnion('type', [
			z.object({ type: z.literal('workflow') }).strict(),
			z.object({ type: z.literal('block'), block_id: z.string() }).strict(),
			z.object({ type: z.literal('single'), eval_id: z.string() }).strict(),
		])
		.nullish(),
});

export const experimentRunBody = body({
	experiment_id: z.string(),
	workflow_id: z.string().nullish(),
	plan_token: z.string().nullish(),
});

export const JOB_ENDPOINTS = [
	'/v1/extractions',
	'/v1/parses',
	'/v1/splits',
	'/v1/partitions',
	'/v1/classifications',
	'/v1/schemas/generate',
	'/v1/edits',
	'/v1/edits/templates/fill',
	'/v1/edits/templates/generate',
	'/v1/evals/extract/process',
	'/v1/evals/extract/extract',
	'/v1/evals/extract/split',
	'/v1/files/analyze',
] as const;

export const jobBody = body({
	endpoint: z.enum(JOB_ENDPOINTS),
	request: jsonObject,
	metadata: jobMetadata,
});

const sha256 = z
	.string()
	.regex(/^[a-fA-F0-9]{64}$/)
	.nullish();

export const uploadBody = z
	.object({
		filename: z.string().min(1),
		size_bytes: z.number().int().min(0),
		content_type: z.string().nullish(),
		sha256,
	})
	.strict();

export const completeUploadBody = z.object({ sha256 }).strict();

/** The cancel call of a workflow run may come without a body, or with one that holds a `command_id`. */
export const cancelWorkflowRunBody = z.object({ command_id: z.string().nullish() }).strict().nullish();

/** Other cancel calls take none; Retab's Go SDK sends `{}`. */
export const noBody = z.object({}).strict().nullish();
