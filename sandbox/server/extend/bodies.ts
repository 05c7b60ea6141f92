import { z, type ZodTypeAny } from 'zod';

import {
	EXTEND_MAX_BATCH,
	EXTEND_MAX_METADATA_BYTES,
	EXTEND_MAX_PACKAGE,
	EXTEND_MIN_PACKAGE,
} from '../defaults';
import type { JsonObject } from '../json';
import { jsonObject } from '../validate';

/** Create bodies of the Extend API (Extend: SDK 1.17.0, create requests). Unknown fields are dropped. */

type FileSource = 'url' | 'id' | 'text';

function present(body: JsonObject, ...keys: string[]): string[] {
	return keys.filter((key) => body[key] !== undefined && body[key] !== null);
}

function refuse(context: z.RefinementCtx, message: string, ...path: string[]): void {
	context.addIssue({ code: z.ZodIssueCode.custom, message, path });
}

const httpUrl = z.string().regex(/^https?:\/\/\S+$/, 'must be an http(s) URL');

/** One of `{url}`, `{id}` and, where the run type takes it, `{text}`. */
function file(...sources: FileSource[]): ZodTypeAny {
	return z
		.object({
			url: httpUrl.optional(),
			id: z.string().min(1).optional(),
			text: z.string().optional(),
			name: z.string().optional(),
			settings: z.object({ password: z.string().optional() }).optional(),
		})
		.superRefine((body, context) => {
			const given = present(body, 'url', 'id', 'text');
			if (given.length !== 1) refuse(context, `must have exactly one of ${sources.join(', ')}`);
			else if (!sources.some((source) => source === given[0])) {
				refuse(context, `${String(given[0])} is not supported here`);
			}
		});
}

const metadata = jsonObject
	.refine(
		(pairs) => Buffer.byteLength(JSON.stringify(pairs)) <= EXTEND_MAX_METADATA_BYTES,
		`must be at most ${EXTEND_MAX_METADATA_BYTES} bytes of JSON`,
	)
	.nullish();

const priority = z.number().int().optional();

const reference = z.object({
	id: z.string().min(1),
	version: z.string().optional(),
	overrideConfig: jsonObject.optional(),
});

const packageOfFiles = z.object({
	name: z.string().optional(),
	files: z
		.array(file('url', 'id', 'text'))
		.min(EXTEND_MIN_PACKAGE)
		.max(EXTEND_MAX_PACKAGE),
});

/** Exactly one of `file` and `package`. */
function fileOrPackage(body: JsonObject, context: z.RefinementCtx): void {
	if (present(body, 'file', 'package').length !== 1)
		refuse(context, 'provide exactly one of file and package', 'file');
}

/** `config` instead of the processor's reference; never both. */
function referenceOrConfig(name: string, required: boolean) {
	return (body: JsonObject, context: z.RefinementCtx): void => {
		const given = present(body, name, 'config');
		if (given.length > 1) refuse(context, `provide either ${name} or config, not both`, name);
		if (required && given.length === 0) refuse(context, `provide either ${name} or config`, name);
	};
}

/** Without extractor and config the schema is inferred. */
export const extractRunBody = z
	.object({
		file: file('url', 'id', 'text').optional(),
		package: packageOfFiles.optional(),
		extractor: reference.optional(),
		config: jsonObject.optional(),
		priority,
		metadata,
	})
	.superRefine((body, context) => {
		fileOrPackage(body, context);
		referenceOrConfig('extractor', false)(body, context);
	});

export const classifyRunBody = z
	.object({
		file: file('url', 'id', 'text'),
		classifier: reference.optional(),
		config: jsonObject.optional(),
		priority,
		metadata,
	})
	.superRefine(referenceOrConfig('classifier', true));

export const splitRunBody = z
	.object({
		file: file('url', 'id'),
		splitter: reference.optional(),
		config: jsonObject.optional(),
		priority,
		metadata,
	})
	.superRefine(referenceOrConfig('splitter', true));

export const parseRunBody = z.object({
	file: file('url', 'id'),
	config: jsonObject.optional(),
	metadata,
	dataRetention: z.unknown(),
});

export const editRunBody = z.object({ file: file('url', 'id'), config: jsonObject.optional(), metadata });

export const formDetectionRunBody = z.object({
	file: file('url', 'id'),
	config: jsonObject.optional(),
	metadata,
});

export const workflowRunBody = z
	.object({
		workflow: z.object({ id: z.string().min(1), version: z.string().optional() }),
		file: file('url', 'id', 'text').optional(),
		package: packageOfFiles.optional(),
		outputs: z.array(z.unknown()).optional(),
		priority,
		metadata,
		secrets: jsonObject.optional(),
	})
	.superRefine(fileOrPackage);

export const evaluationSetRunBody = z.object({
	evaluationSetId: z.string().min(1),
	entity: jsonObject.optional(),
	evaluationSetItemIds: z.array(z.string()).optional(),
	metadata,
});

/** Legacy: one of `file` and `rawText`. */
export const processorRunBody = z
	.object({
		processorId: z.string().min(1),
		version: z.string().optional(),
		file: z
			.object({
				fileName: z.string().optional(),
				fileUrl: httpUrl.optional(),
				fileId: z.string().min(1).optional(),
			})
			.optional(),
		rawText: z.string().optional(),
		sync: z.boolean().optional(),
		priority,
		metadata,
		config: jsonObject.optional(),
	})
	.superRefine((body, context) => {
		if (present(body, 'file', 'rawText').length !== 1) {
			refuse(context, 'provide exactly one of file and rawText', 'file');
		}
	});

/** 1–1000 inputs, each with what a single create call would have besides the processor. */
function batch(shape: z.ZodRawShape, sources: FileSource[], processor: string | null): ZodTypeAny {
	const input = z.object({ file: file(...sources), metadata });
	const body = z.object({
		...shape,
		inputs: z.array(input).min(1).max(EXTEND_MAX_BATCH),
		priority,
		metadata,
	});
	return processor === null ? body : body.superRefine(referenceOrConfig(processor, true));
}

const optionalConfig = { config: jsonObject.optional() };

export const extractBatchBody = batch(
	{ extractor: reference.optional(), ...optionalConfig },
	['url', 'id', 'text'],
	'extractor',
);
export const classifyBatchBody = batch(
	{ classifier: reference.optional(), ...optionalConfig },
	['url', 'id', 'text'],
	'classifier',
);
export const splitBatchBody = batch(
	{ splitter: reference.optional(), ...optionalConfig },
	['url', 'id'],
	'splitter',
);
export const parseBatchBody = batch(optionalConfig, ['url', 'id', 'text'], null);
export const workflowBatchBody = batch(
	{ workflow: z.object({ id: z.string().min(1), version: z.string().optional() }) },
	['url', 'id', 'text'],
	null,
);

/** `POST /workflow_runs/{id}`. */
export const updateWorkflowRunBody = z.object({
	name: z.string().optional(),
	metadata: jsonObject.optional(),
});
