import { z, type ZodRawShape, type ZodTypeAny } from 'zod';

import { JOB_METADATA_KEY_LENGTH, JOB_METADATA_PAIRS, JOB_METADATA_VALUE_LENGTH } from '../defaults';
import { isSteeringKey } from '../steering';
import { jsonObject } from '../validate';

/** Create bodies of the Retab API, defaults included (Retab: openapi.json, request schemas). */

const DATA_URL = /^data:[\w.+-]+\/[\w.+-]+(;[\w=.-]+)*;base64,[A-Za-z0-9+/=\s]*$/;
const STORAGE_URL = /^https:\/\/storage\.retab\.com\//;

/** Primitives take a data URL or any https URL. A bare `{id}` fails on both counts: missing fields, extra field. */
const document = z
	.object({
		filename: z.string(),
		url: z
			.string()
			.refine(
				(url) => DATA_URL.test(url) || /^https:\/\/\S+$/.test(url),
				'must be a data URL or an https URL',
			),
	})
	.strict();

/** Workflow runs refuse other people's URLs (Retab CLI: only `data:` and `storage.retab.com`). */
const workflowDocument = z
	.object({
		filename: z.string(),
		url: z
			.string()
			.refine(
				(url) => DATA_URL.test(url) || STORAGE_URL.test(url),
				'External URLs are not allowed: send a data URL or a storage.retab.com URL',
			),
	})
	.strict();

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
const consensus = (maximum?: number): z.ZodDefault<z.ZodNumber> => {
	const votes = z.number().int().min(1);
	return (maximum === undefined ? votes : votes.max(maximum)).default(1);
};

const inBackground = { background: z.boolean().default(false), metadata };

/** What all six primitives take; `background: true` cannot be combined with `stream`. */
function primitiveBody(shape: ZodRawShape): ZodTypeAny {
	return z
		.object({
			model,
			bust_cache: z.boolean().default(false),
			stream: z.boolean().default(false),
			...inBackground,
		})
		.refine(({ background, stream }) => !(background && stream), {
			message: 'background cannot be combined with stream',
			path: ['stream'],
		})
		.and(z.object(shape));
}

/** The Retab CLI allows 1–16 votes for extractions and 1–8 for splits. */
export const extractionBody = primitiveBody({
	document,
	json_schema: jsonObject,
	instructions: text,
	n_consensus: consensus(16),
	additional_messages: z.array(jsonObject).nullish(),
	deep_extraction: z.boolean().default(false),
});

export const parseBody = primitiveBody({
	document,
	table_parsing_format: z.enum(['markdown', 'yaml', 'html', 'json']).default('html'),
	instructions: text,
});

export const classificationBody = primitiveBody({
	document,
	categories: z
		.array(
			z.object({ name: z.string(), handle_key: z.string().nullish(), description: z.string().default('') }),
		)
		.min(1),
	first_n_pages: z.number().int().nullish(),
	instructions: text,
	n_consensus: consensus(),
});

export const splitBody = primitiveBody({
	document,
	subdocuments: z.array(
		z.object({
			name: z.string(),
			description: z.string().default(''),
			allow_multiple_instances: z.boolean().default(false),
		}),
	),
	instructions: text,
	n_consensus: consensus(8),
});

export const partitionBody = primitiveBody({
	document,
	key: z.string(),
	instructions: z.string(),
	n_consensus: consensus(),
	allow_overlap: z.boolean().default(true),
});

/** Exactly one of `document` and `template_id`; the route answers 400 otherwise. */
export const editBody = primitiveBody({
	instructions: z.string(),
	document: document.nullish(),
	template_id: z.string().nullish(),
	config: z.object({ color: z.string().nullable().default('#000080') }).default({}),
});

export const fileBlueprintBody = z.object({
	...inBackground,
	file_id: z.string(),
	intent: text,
	mode: z.enum(['instant', 'reasoning']).nullish(),
});

export const schemaGenerationBody = z.object({
	...inBackground,
	documents: z.array(document),
	model,
	instructions: text,
});

export const workflowRunBody = z.object({
	workflow_id: z.string(),
	documents: z.record(workflowDocument).default({}),
	json_inputs: jsonObject.default({}),
	version: z
		.string()
		.regex(/^(production|draft|ver_.+)$/, "Input should be 'production', 'draft' or a version id")
		.default('production'),
	metadata,
});

export const evalRunBody = z
	.object({
		workflow_id: z.string(),
		scope: z
			.discriminatedUnion('type', [
				z.object({ type: z.literal('workflow') }),
				z.object({ type: z.literal('block'), block_id: z.string() }),
				z.object({ type: z.literal('single'), eval_id: z.string() }),
			])
			.nullish(),
		metadata,
	})
	.strict();

export const experimentRunBody = z
	.object({
		experiment_id: z.string(),
		workflow_id: z.string().nullish(),
		plan_token: z.string().nullish(),
		metadata,
	})
	.strict();

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

export const jobBody = z.object({
	endpoint: z.enum(JOB_ENDPOINTS),
	request: jsonObject,
	metadata: jobMetadata,
});

export const uploadBody = z.object({
	filename: z.string().min(1),
	size_bytes: z.number().int().min(0),
	content_type: z.string().nullish(),
	sha256: z
		.string()
		.regex(/^[a-fA-F0-9]{64}$/)
		.nullish(),
});

export const completeUploadBody = uploadBody.pick({ sha256: true });

/** The cancel call of a workflow run may come without a body, or with one that holds a `command_id`. */
export const cancelWorkflowRunBody = z.object({ command_id: z.string().nullish() }).nullish();
