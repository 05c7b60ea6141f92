import type { JsonValue } from '../../core/runs/run';
import type { BatchSpec, BodyField, CreateSpec, DocumentSource, DocumentsSpec, Refusal } from '../types';

/** Create bodies of Extend (TypeScript SDK 1.17.0, API version 2026-02-09). All runs are in the background. */

const PRIORITY: BodyField = {
	name: 'priority',
	path: ['priority'],
	label: 'Priority',
	kind: 'integer',
	// SDK reference, "Run workflow": 1 to 100, 50 without the field.
	range: { min: 1, max: 100 },
	default: 50,
	description: 'Place in the queue when there is one, from 1 to 100: a lower number goes first',
};

const USAGE_TAGS = 'extend:usage_tags';

/** Metadata is any JSON object of at most 10 KB (SDK, `metadata`). What the three fields hold is merged. */
const METADATA: readonly BodyField[] = [
	{
		name: 'metadata',
		path: ['metadata'],
		label: 'Metadata',
		kind: 'pairs',
		limits: { bytes: 10 * 1024 },
		description: 'Names and values to find the run by later, such as batch_id = batch_001. At most 10 KB.',
	},
	{
		name: 'metadataJson',
		path: ['metadata'],
		label: 'Metadata as JSON',
		kind: 'json',
		placeholder: 'e.g. { "order": { "lines": [1, 2] } }',
		description:
			'Metadata as a JSON object, for values that are no text. Merged with the pairs of Metadata; no name may be in both.',
	},
	{
		name: 'usageTags',
		path: ['metadata', USAGE_TAGS],
		label: 'Usage Tags',
		kind: 'texts',
		placeholder: 'e.g. invoices, team-a',
		description:
			'Tags that Extend reports the usage by, separated by commas. Sent as extend:usage_tags in the metadata.',
	},
];

function metadataCheck({ metadata }: Readonly<Record<string, unknown>>): Refusal | undefined {
	const tags = ((metadata ?? {}) as Record<string, unknown>)[USAGE_TAGS];
	const areTexts = Array.isArray(tags) && tags.every((tag) => typeof tag === 'string');
	if (tags === undefined || areTexts) return undefined;
	return {
		message: `Metadata: ${USAGE_TAGS} must be a list of texts`,
		hint: 'Give the tags in the field Usage Tags instead.',
	};
}

const CONFIG: BodyField = {
	name: 'config',
	path: ['config'],
	label: 'Config',
	kind: 'json',
	description: 'Configuration of the run, as the Extend documentation describes it',
};

/** The saved extractor, classifier or splitter that does the work. */
function savedProcessor(noun: string, example: string): [id: BodyField, ...BodyField[]] {
	const title = `${noun.charAt(0).toUpperCase()}${noun.slice(1)}`;
	return [
		{
			name: `${noun}Id`,
			picker: `${noun}Id`,
			onTop: true,
			path: [noun, 'id'],
			label: title,
			kind: 'text',
			placeholder: `e.g. ${example}`,
			description: `The saved ${noun} to use`,
		},
		{
			name: `${noun}Version`,
			picker: `${noun}Version`,
			onTop: true,
			path: [noun, 'version'],
			label: `${title} Version`,
			kind: 'text',
			placeholder: 'e.g. latest, draft or 1.2',
			description: `Version of the ${noun}`,
		},
		{
			name: 'overrideConfig',
			path: [noun, 'overrideConfig'],
			label: 'Override Config',
			kind: 'json',
			description: `Settings that differ from those of the saved ${noun}`,
		},
	];
}

/** The same, or a config given with the run. */
function processorFields(noun: string, example: string): BodyField[] {
	return [
		...savedProcessor(noun, example),
		{ ...CONFIG, description: `Configuration to use instead of a saved ${noun}` },
	];
}

function processorCheck(noun: string, required: boolean): NonNullable<CreateSpec['check']> {
	const title = `${noun.charAt(0).toUpperCase()}${noun.slice(1)}`;
	return (body) => {
		const saved = (body[noun] ?? {}) as Record<string, unknown>;
		if (saved.id && body.config)
			return {
				message: `Give either ${title} or Config, not both`,
				hint: `Remove one of them. Override Config changes settings of the saved ${noun}.`,
			};
		if (!saved.id && (saved.version || saved.overrideConfig)) {
			return {
				message: `${title} Version and Override Config need ${title}`,
				hint: `Choose the ${noun}, or remove the other two.`,
			};
		}
		if (required && !saved.id && !body.config)
			return {
				message: `${title} or Config is needed`,
				hint: `Choose a saved ${noun}, or add Config to give its settings here.`,
			};
		return metadataCheck(body);
	};
}

const FILE_SOURCES: readonly DocumentSource[] = ['binary', 'url', 'fileId'];

const WITH_TEXT: readonly DocumentSource[] = [...FILE_SOURCES, 'text'];

function file(sources: readonly DocumentSource[], form: DocumentsSpec['form'] = 'one'): DocumentsSpec {
	// "Duplicate files" in a package are refused (docs, run workflow).
	const aPackage = form === 'oneOrPackage' && {
		max: 50,
		distinct: true,
		several: (files: readonly JsonValue[]) => ({ package: { files: [...files] } }),
	};
	return { sources, form, key: 'file', required: true, ...aPackage };
}

/** Edits and form detection work on the pages of a PDF (docs, edit). */
const PDF: DocumentsSpec = { ...file(FILE_SOURCES), takes: 'PDF files only' };

const WORKFLOW: readonly BodyField[] = [
	{
		name: 'workflowId',
		picker: 'workflowId',
		path: ['workflow', 'id'],
		label: 'Workflow',
		kind: 'text',
		required: true,
		placeholder: 'e.g. workflow_xK9m',
		description: 'The workflow to run',
	},
	{
		name: 'workflowVersion',
		picker: 'workflowVersion',
		onTop: true,
		path: ['workflow', 'version'],
		label: 'Workflow Version',
		kind: 'text',
		placeholder: 'e.g. 3',
		description: 'Version of the workflow. Empty means the deployed one.',
	},
];

const SECRETS: BodyField = {
	name: 'secrets',
	path: ['secrets'],
	label: 'Secrets',
	kind: 'json',
	description: 'Secrets for the steps of the workflow, as a JSON object',
};

export const EXTEND_CREATE: Readonly<Record<string, CreateSpec>> = {
	classifyRun: {
		documents: file(WITH_TEXT),
		fields: [...processorFields('classifier', 'cl_xK9m'), PRIORITY, ...METADATA],
		check: processorCheck('classifier', true),
	},
	editRun: { documents: PDF, fields: [CONFIG] },
	evaluationSetRun: {
		fields: [
			{
				name: 'evaluationSetId',
				path: ['evaluationSetId'],
				label: 'Evaluation Set ID',
				kind: 'text',
				required: true,
				placeholder: 'e.g. ev_xK9m',
				description: 'The evaluation set to run',
			},
			{
				name: 'entityId',
				path: ['entity', 'id'],
				label: 'Processor ID',
				kind: 'text',
				placeholder: 'e.g. ex_xK9m',
				description: 'Extractor, classifier or splitter to evaluate instead of the one of the set',
			},
			{
				name: 'entityVersion',
				path: ['entity', 'version'],
				label: 'Processor Version',
				kind: 'text',
				placeholder: 'e.g. latest, draft or 1.2',
				description: 'Version of that processor',
			},
			{
				name: 'evaluationSetItemIds',
				path: ['evaluationSetItemIds'],
				label: 'Item IDs',
				kind: 'texts',
				placeholder: 'e.g. evi_1, evi_2',
				description: 'Items of the set to run, separated by commas. Empty means all.',
			},
		],
		check: ({ entity }) => {
			const { id, version } = (entity ?? {}) as Record<string, unknown>;
			return version && !id
				? {
						message: 'Processor Version needs Processor ID',
						hint: 'Add Processor ID, or remove Processor Version.',
					}
				: undefined;
		},
	},
	extractRun: {
		documents: file(WITH_TEXT, 'oneOrPackage'),
		fields: [...processorFields('extractor', 'ex_xK9m'), PRIORITY, ...METADATA],
		check: processorCheck('extractor', false),
	},
	formDetectionRun: { documents: PDF, fields: [CONFIG] },
	parseRun: {
		documents: file(FILE_SOURCES),
		fields: [
			CONFIG,
			...METADATA,
			{
				name: 'dataRetention',
				path: ['dataRetention', 'mode'],
				label: 'Data Retention',
				kind: 'options',
				options: ['workspace_default', 'zero'],
				default: 'workspace_default',
				description: 'Whether Extend keeps the data of the run. Zero is for plans that include it.',
			},
		],
		check: metadataCheck,
	},
	splitRun: {
		documents: file(FILE_SOURCES),
		fields: [...processorFields('splitter', 'spl_xK9m'), PRIORITY, ...METADATA],
		check: processorCheck('splitter', true),
	},
	workflowRun: {
		documents: file(WITH_TEXT, 'oneOrPackage'),
		fields: [
			...WORKFLOW,
			{
				name: 'outputs',
				path: ['outputs'],
				label: 'Outputs',
				kind: 'jsonList',
				description: 'Outputs to use instead of doing the work, as a JSON array. Not for several files.',
			},
			PRIORITY,
			...METADATA,
			SECRETS,
		],
		check: (body, documents) =>
			body.outputs && documents.length > 1
				? {
						message: 'Outputs cannot be given for several files',
						hint: 'Extend takes no outputs with a package: give one file, or take Outputs out.',
					}
				: metadataCheck(body),
	},
};

/** SDK, `*CreateBatchRequest`: 1 to 1,000 inputs, priority 90 without the field. */
const BATCH_PRIORITY: BodyField = { ...PRIORITY, default: 90 };

function batch(
	sources: readonly DocumentSource[],
	fields: readonly BodyField[],
	more: Partial<BatchSpec> = {},
): BatchSpec {
	return {
		documents: file(sources),
		fields: [...fields, BATCH_PRIORITY, ...METADATA],
		check: metadataCheck,
		inputKeys: ['file', 'metadata'],
		max: 1_000,
		isRun: true,
		...more,
	};
}

/** Only a saved processor: a batch takes no config in its place. */
function processorBatch(sources: readonly DocumentSource[], noun: string, example: string): BatchSpec {
	const [id, ...others] = savedProcessor(noun, example);
	return batch(sources, [{ ...id, required: true }, ...others]);
}

/** Bodies of `POST <path>/batch`: all files of splits need an address or an ID, those of parses may be texts here. */
export const EXTEND_BATCH: Readonly<Record<string, BatchSpec>> = {
	classifyRun: processorBatch(WITH_TEXT, 'classifier', 'cl_xK9m'),
	extractRun: processorBatch(WITH_TEXT, 'extractor', 'ex_xK9m'),
	parseRun: batch(WITH_TEXT, [CONFIG]),
	splitRun: processorBatch(FILE_SOURCES, 'splitter', 'spl_xK9m'),
	workflowRun: batch(WITH_TEXT, [...WORKFLOW, SECRETS], {
		inputKeys: ['file', 'metadata', 'secrets'],
		isRun: false,
	}),
};
