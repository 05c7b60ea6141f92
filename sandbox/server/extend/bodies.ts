import { z, type ZodRawShape, type ZodTypeAny } from 'zod';

import {
	EXTEND_MAX_BATCH,
	EXTEND_MAX_METADATA_BYTES,
	EXTEND_MAX_PACKAGE,
	EXTEND_MAX_PRIORITY,
	EXTEND_MIN_PACKAGE,
	EXTEND_MIN_PRIORITY,
} from '../defaults';
import type { JsonObject } from '../json';
import { refuse } from '../rules';
import { isSteeringKey } from '../steering';
import { jsonObject } from '../validate';

/** Create bodies of the Extend API (Extend: SDK 1.17.0, create requests). Other fields are refused. */

type FileSource = 'url' | 'id' | 'text';

function present(body: JsonObject, ...keys: string[]): string[] {
	return keys.filter((key) => body[key] !== undefined && body[key] !== null);
}

const httpUrl = z.string().regex(/^https?:\/\/\S+$/, 'must be an http(s) URL');

const FILE_FIELDS: Record<FileSource, ZodRawShape> = {
	url: {
		url: httpUrl,
		name: z.string().optional(),
		settings: z.object({ password: z.string().optional() }).strict().optional(),
	},
	id: { id: z.string().min(1) },
	text: { text: z.string(), name: z.string().optional() },
};

/** One of `{url}`, `{id}` and, where the run type takes it, `{text}`, each with its own fields. */
function file(...sources: FileSource[]): ZodTypeAny {
	return jsonObject.superRefine((sent, context) => {
		const [given, ...others] = present(sent, 'url', 'id', 'text') as FileSource[];
		if (given === undefined || others.length > 0) {
			refuse(context, `must have exactly one of ${sources.join(', ')}`);
		} else if (!sources.includes(given)) {
			refuse(context, `${given} is not supported here`);
		} else {
			const checked = z.object(FILE_FIELDS[given]).strict().safeParse(sent);
			checked.error?.issues.forEach((issue) => context.addIssue(issue));
		}
	});
}

/** Any JSON; only the tags for usage have a form of their own. */
const metadata = z
	.object({ 'extend:usage_tags': z.array(z.string()).optional() })
	.catchall(z.unknown())
	.refine(
		(pairs) => Buffer.byteLength(JSON.stringify(pairs)) <= EXTEND_MAX_METADATA_BYTES,
		`must be at most ${EXTEND_MAX_METADATA_BYTES} bytes of JSON`,
	)
	.nullish();

/** Where the API has no metadata, only the sandbox's own keys are allowed. */
const steeringOnly = jsonObject
	.refine((pairs) => Object.keys(pairs).every(isSteeringKey), 'Unrecognized key: metadata')
	.nullish();

/** A body without fields that the API does not know. */
function body<Shape extends ZodRawShape>(shape: Shape) {
	return z.object({ metadata: steeringOnly, ...shape }).strict();
}

const priority = z.number().int().min(EXTEND_MIN_PRIORITY).max(EXTEND_MAX_PRIORITY).optional();

const reference = z
	.object({ id: z.string().min(1), version: z.string().optional(), overrideConfig: jsonObject.optional() })
	.strict();

const workflow = z.object({ id: z.string().min(1), version: z.string().optional() }).strict();

const files = z.array(file('url', 'id')).min(EXTEND_MIN_PACKAGE).max(EXTEND_MAX_PACKAGE);

const extractPackage = z.object({ files }).strict();

/** Each file once, by its id or its URL (Extend: SDK, WorkflowRunPackage); extract runs are not said to care. */
const workflowPackage = z
	.object({
		files: files.superRefine((sent: JsonObject[], context) => {
			const names = sent.map(({ url, id }) => JSON.stringify([url, id]));
			if (new Set(names).size < names.length) refuse(context, 'must not hold the same file twice');
		}),
	})
	.strict();

/** Exactly one of `file` and `package`. */
function fileOrPackage(body: JsonObject, context: z.RefinementCtx): void {
	if (present(body, 'file', 'package').length !== 1)
		refuse(context, 'provide exactly one of file and package', {}, ['file']);
}

/** `config` instead of the processor's reference; never both. */
function referenceOrConfig(name: string, required: boolean) {
	return (body: JsonObject, context: z.RefinementCtx): void => {
		const given = present(body, name, 'config');
		if (given.length > 1) refuse(context, `provide either ${name} or config, not both`, {}, [name]);
		if (required && given.length === 0) refuse(context, `provide either ${name} or config`, {}, [name]);
	};
}

const processed = { config: jsonObject.optional(), priority, metadata };

/** Without extractor and config the schema is inferred. */
export const extractRunBody = body({
	...processed,
	file: file('url', 'id', 'text').optional(),
	package: extractPackage.optional(),
	extractor: reference.optional(),
}).superRefine((sent, context) => {
	fileOrPackage(sent, context);
	referenceOrConfig('extractor', false)(sent, context);
});

export const classifyRunBody = body({
	...processed,
	file: file('url', 'id', 'text'),
	classifier: reference.optional(),
}).superRefine(referenceOrConfig('classifier', true));

export const splitRunBody = body({
	...processed,
	file: file('url', 'id'),
	splitter: reference.optional(),
}).superRefine(referenceOrConfig('splitter', true));

export const parseRunBody = body({
	file: file('url', 'id'),
	config: jsonObject.optional(),
	metadata,
	dataRetention: z
		.object({ mode: z.enum(['workspace_default', 'zero']).optional() })
		.strict()
		.optional(),
});

export const editRunBody = body({ file: file('url', 'id'), config: jsonObject.optional() });

export const formDetectionRunBody = body({ file: file('url', 'id'), config: jsonObject.optional() });

export const workflowRunBody = body({
	workflow,
	file: file('url', 'id', 'text').optional(),
	package: workflowPackage.optional(),
	outputs: z.array(z.object({ processorId: z.string().min(1), output: jsonObject }).strict()).optional(),
	priority,
	metadata,
	secrets: jsonObject.optional(),
}).superRefine((sent, context) => {
	fileOrPackage(sent, context);
	if (present(sent, 'outputs', 'package').length > 1) {
		refuse(context, 'not supported together with package', {}, ['outputs']);
	}
});

export const evaluationSetRunBody = body({
	evaluationSetId: z.string().min(1),
	entity: z
		.object({ id: z.string().min(1), version: z.string().optional() })
		.strict()
		.optional(),
	evaluationSetItemIds: z.array(z.string()).optional(),
});

/** Legacy: one of `file` and `rawText`. */
export const processorRunBody = body({
	...processed,
	processorId: z.string().min(1),
	version: z.string().optional(),
	file: z
		.object({
			fileName: z.string().optional(),
			fileUrl: httpUrl.optional(),
			fileId: z.string().min(1).optional(),
		})
		.strict()
		.optional(),
	rawText: z.string().optional(),
	sync: z.boolean().optional(),
}).superRefine((sent, context) => {
	if (present(sent, 'file', 'rawText').length !== 1) {
		refuse(context, 'provide exactly one of file and rawText', {}, ['file']);
	}
});

/**
 * 1–1000 inputs, each with its own file and metadata (Extend: SDK, *CreateBatchRequest). A saved processor is required: there
 * is no `config` in its place, except for parses, which know nothing else.
 */
function batch(shape: ZodRawShape, sources: FileSource[], inputShape: ZodRawShape = {}): ZodTypeAny {
	const input = z.object({ file: file(...sources), metadata, ...inputShape }).strict();
	return body({ ...shape, inputs: z.array(input).min(1).max(EXTEND_MAX_BATCH), priority });
}

const ANY_FILE: FileSource[] = ['url', 'id', 'text'];

export const extractBatchBody = batch({ extractor: reference }, ANY_FILE);
export const classifyBatchBody = batch({ classifier: reference }, ANY_FILE);
export const splitBatchBody = batch({ splitter: reference }, ['url', 'id']);
export const parseBatchBody = batch({ config: jsonObject.optional() }, ANY_FILE);
export const workflowBatchBody = batch({ workflow }, ANY_FILE, { secrets: jsonObject.optional() });

/** `POST /workflow_runs/{id}`. */
export const updateWorkflowRunBody = z
	.object({ name: z.string().optional(), metadata: jsonObject.optional() })
	.strict();

/** Cancel calls take none; Extend's CLI sends `{}`. */
export const noBody = z.object({}).strict();
