import type { IDataObject, INodeParameters, INodeProperties } from 'n8n-workflow';

import { DOCUMENT } from '../../nodes/shared/core/config';
import type { FaultSpec } from '../../sandbox/server';
import { NODES } from '../../scripts/docs/parameters';
import {
	type Answer,
	setBinaryDataMode,
	setSsrfProtection,
	startTestServer,
	type TestServer,
	type WorkflowResult,
} from './support';
import { credentialsFor, type Provider, useSandbox } from './support/sandbox-instance';
import { WORKFLOW_ID } from './support/workflow';

/** The `create` operation of the Retab and Extend nodes: what reaches the API, and what does not. */

const lab = useSandbox();

const PDF = { content: '%PDF-1.4 invoice', fileName: 'invoice.pdf', mimeType: 'application/pdf' };
const PDF_URL = `data:application/pdf;base64,${Buffer.from(PDF.content).toString('base64')}`;
const RETAB_PDF = { filename: 'invoice.pdf', url: PDF_URL };

const SCHEMA = { type: 'object', properties: { total: { type: 'number' } } };
const CATEGORIES = { rows: [{ name: 'invoice', description: 'asks for money' }, { name: 'letter' }] };
const pairs = (metadata: Record<string, string>) => ({
	pairs: Object.entries(metadata).map(([name, value]) => ({ name, value })),
});
const BATCH = { batch_id: 'batch_001' };
const fromUrl = (documentUrl: string) => ({ documentSource: 'url', documentUrl });
const fromId = { documentSource: 'fileId', fileId: 'file_sandbox' };

interface Row {
	provider: Provider;
	resource: string;
	path: string;
	/** Nothing but what has to be filled in. */
	least: INodeParameters;
	leastBody: IDataObject;
	/** Every field filled in with something that is not its default. */
	most: INodeParameters;
	mostBody: IDataObject;
	/** What the API says of a run it has just taken. */
	waits: RegExp;
}

const MODEL = { model: 'retab-large', bustCache: true };
const MODEL_BODY = { model: 'retab-large', bust_cache: true };
const IN_BACKGROUND = { background: true };
const PRIMITIVE = { provider: 'retab', waits: /queued|pending/ } as const;
const EXTEND = { provider: 'extend', waits: /PROCESSING|PENDING/ } as const;
const EXTEND_FILE = { file: { url: 'https://storage.googleapis.com/a.pdf' } };
const SHARED = { priority: 5, metadata: pairs(BATCH) };
const SHARED_BODY = { priority: 5, metadata: BATCH };

function processor(noun: string): Pick<Row, 'least' | 'leastBody' | 'most' | 'mostBody'> {
	return {
		least: { ...fromUrl('https://storage.googleapis.com/a.pdf'), [`${noun}Id`]: 'p_1' },
		leastBody: { ...EXTEND_FILE, [noun]: { id: 'p_1' } },
		most: {
			...fromUrl('https://storage.googleapis.com/a.pdf'),
			[`${noun}Id`]: 'p_1',
			[`${noun}Version`]: 'draft',
			additionalFields: {
				overrideConfig: '{ "rules": ["be exact"] }',
				fileName: 'b.pdf',
				...SHARED,
			},
		},
		mostBody: {
			file: { url: 'https://storage.googleapis.com/a.pdf', name: 'b.pdf' },
			[noun]: { id: 'p_1', version: 'draft', overrideConfig: { rules: ['be exact'] } },
			...SHARED_BODY,
		},
	};
}

const ROWS: Row[] = [
	{
		...PRIMITIVE,
		resource: 'classification',
		path: '/v1/classifications',
		least: { categories: { rows: [{ name: 'invoice' }] } },
		leastBody: { document: RETAB_PDF, categories: [{ name: 'invoice' }], ...IN_BACKGROUND },
		most: {
			categories: CATEGORIES,
			additionalFields: { firstNPages: 3, instructions: ' look twice ', nConsensus: 5, ...MODEL },
		},
		mostBody: {
			document: RETAB_PDF,
			categories: [{ name: 'invoice', description: 'asks for money' }, { name: 'letter' }],
			first_n_pages: 3,
			instructions: 'look twice',
			n_consensus: 5,
			...MODEL_BODY,
			...IN_BACKGROUND,
		},
	},
	{
		...PRIMITIVE,
		resource: 'edit',
		path: '/v1/edits',
		least: { instructions: 'Fill in Ada' },
		leastBody: { document: RETAB_PDF, instructions: 'Fill in Ada', ...IN_BACKGROUND },
		most: {
			instructions: 'Fill in Ada',
			documentSource: 'template',
			templateId: 'tpl_1',
			additionalFields: { color: '#ff0000', ...MODEL },
		},
		mostBody: {
			template_id: 'tpl_1',
			instructions: 'Fill in Ada',
			config: { color: '#ff0000' },
			...MODEL_BODY,
			...IN_BACKGROUND,
		},
	},
	{
		...PRIMITIVE,
		resource: 'evalRun',
		path: '/v1/workflows/evals/runs',
		least: { workflowId: 'wf_1' },
		leastBody: { workflow_id: 'wf_1', scope: { type: 'workflow' } },
		most: { workflowId: 'wf_1', scope: 'block', blockId: 'block_1' },
		mostBody: { workflow_id: 'wf_1', scope: { type: 'block', block_id: 'block_1' } },
	},
	{
		...PRIMITIVE,
		resource: 'experimentRun',
		path: '/v1/workflows/experiments/runs',
		least: { experimentId: 'exp_1' },
		leastBody: { experiment_id: 'exp_1' },
		most: { experimentId: 'exp_1', workflowId: 'wf_1', additionalFields: { planToken: 'plan_1' } },
		mostBody: { experiment_id: 'exp_1', workflow_id: 'wf_1', plan_token: 'plan_1' },
	},
	{
		...PRIMITIVE,
		resource: 'extraction',
		path: '/v1/extractions',
		least: { schemaFrom: 'json', jsonSchema: JSON.stringify(SCHEMA) },
		leastBody: { document: RETAB_PDF, json_schema: SCHEMA, ...IN_BACKGROUND },
		most: {
			schemaFrom: 'json',
			jsonSchema: `={{ (${JSON.stringify(SCHEMA).replaceAll('}', ' } ')}) }}`,
			...fromUrl('https://storage.googleapis.com/files/a%20b.pdf?x=1'),
			additionalFields: {
				additionalMessages: '[{ "role": "user", "content": "in euro" }]',
				deepExtraction: true,
				instructions: 'look twice',
				nConsensus: 16,
				metadata: pairs({ ...BATCH, customer: 'Müller' }),
				...MODEL,
			},
		},
		mostBody: {
			document: { filename: 'a b.pdf', url: 'https://storage.googleapis.com/files/a%20b.pdf?x=1' },
			json_schema: SCHEMA,
			additional_messages: [{ role: 'user', content: 'in euro' }],
			deep_extraction: true,
			instructions: 'look twice',
			n_consensus: 16,
			metadata: { ...BATCH, customer: 'Müller' },
			...MODEL_BODY,
			...IN_BACKGROUND,
		},
	},
	{
		...PRIMITIVE,
		resource: 'fileBlueprint',
		path: '/v1/files/blueprints',
		least: fromId,
		leastBody: { file_id: 'file_sandbox', ...IN_BACKGROUND },
		most: { ...fromId, additionalFields: { intent: 'to fill it' } },
		mostBody: { file_id: 'file_sandbox', intent: 'to fill it', ...IN_BACKGROUND },
	},
	{
		...PRIMITIVE,
		waits: /validating|queued/,
		resource: 'job',
		path: '/v1/jobs',
		least: { endpoint: '/v1/parses', request: '{ "document": { "url": "x" } }' },
		leastBody: { endpoint: '/v1/parses', request: { document: { url: 'x' } } },
		most: {
			endpoint: '/v1/schemas/generate',
			request: '{ "documents": [] }',
			additionalFields: { metadata: pairs(BATCH) },
		},
		mostBody: { endpoint: '/v1/schemas/generate', request: { documents: [] }, metadata: BATCH },
	},
	{
		...PRIMITIVE,
		resource: 'parse',
		path: '/v1/parses',
		least: {},
		leastBody: { document: RETAB_PDF, ...IN_BACKGROUND },
		most: {
			...fromUrl('https://storage.googleapis.com/'),
			additionalFields: { tableParsingFormat: 'yaml', instructions: 'all', fileName: 'named.pdf', ...MODEL },
		},
		mostBody: {
			document: { filename: 'named.pdf', url: 'https://storage.googleapis.com/' },
			table_parsing_format: 'yaml',
			instructions: 'all',
			...MODEL_BODY,
			...IN_BACKGROUND,
		},
	},
	{
		...PRIMITIVE,
		resource: 'partition',
		path: '/v1/partitions',
		least: { key: 'invoice_number', instructions: 'one per invoice' },
		leastBody: {
			document: RETAB_PDF,
			key: 'invoice_number',
			instructions: 'one per invoice',
			...IN_BACKGROUND,
		},
		most: {
			key: 'invoice_number',
			instructions: 'one per invoice',
			additionalFields: { allowOverlap: false, nConsensus: 2, ...MODEL },
		},
		mostBody: {
			document: RETAB_PDF,
			key: 'invoice_number',
			instructions: 'one per invoice',
			allow_overlap: false,
			n_consensus: 2,
			...MODEL_BODY,
			...IN_BACKGROUND,
		},
	},
	{
		...PRIMITIVE,
		resource: 'schemaGeneration',
		path: '/v1/schemas/generate',
		least: {},
		leastBody: { documents: [RETAB_PDF], ...IN_BACKGROUND },
		most: {
			...fromUrl('https://storage.googleapis.com/a,b.pdf, https://storage.googleapis.com/c.pdf ,'),
			additionalFields: { instructions: 'short names', model: 'retab-large' },
		},
		mostBody: {
			documents: [
				{ filename: 'a,b.pdf', url: 'https://storage.googleapis.com/a,b.pdf' },
				{ filename: 'c.pdf', url: 'https://storage.googleapis.com/c.pdf' },
			],
			instructions: 'short names',
			model: 'retab-large',
			...IN_BACKGROUND,
		},
	},
	{
		...PRIMITIVE,
		resource: 'split',
		path: '/v1/splits',
		least: { subdocuments: { rows: [{ name: 'invoice' }] } },
		// n8n fills in the switches of a row.
		leastBody: {
			document: RETAB_PDF,
			subdocuments: [{ name: 'invoice', allow_multiple_instances: false }],
			...IN_BACKGROUND,
		},
		most: {
			subdocuments: {
				rows: [{ name: 'invoice', description: 'asks for money', allowMultipleInstances: true }],
			},
			additionalFields: { instructions: 'look twice', nConsensus: 8, ...MODEL },
		},
		mostBody: {
			document: RETAB_PDF,
			subdocuments: [{ name: 'invoice', description: 'asks for money', allow_multiple_instances: true }],
			instructions: 'look twice',
			n_consensus: 8,
			...MODEL_BODY,
			...IN_BACKGROUND,
		},
	},
	{
		...PRIMITIVE,
		resource: 'workflowRun',
		path: '/v1/workflows/runs',
		least: { workflowId: 'wf_1' },
		leastBody: { workflow_id: 'wf_1' },
		most: {
			workflowId: 'wf_1',
			documents: {
				rows: [
					{ documentSource: 'binary', binaryPropertyName: 'data', blockId: 'start-1' },
					{ documentSource: 'fileId', fileId: 'file_sandbox', blockId: 'start-2' },
				],
			},
			additionalFields: {
				jsonInputs: '{ "start-3": { "total": 1 } }',
				metadata: pairs(BATCH),
				version: 'draft',
			},
		},
		mostBody: {
			workflow_id: 'wf_1',
			documents: {
				'start-1': RETAB_PDF,
				'start-2': {
					filename: 'invoice.pdf',
					url: 'https://storage.retab.com/files/file_sandbox/invoice.pdf',
				},
			},
			json_inputs: { 'start-3': { total: 1 } },
			metadata: BATCH,
			version: 'draft',
		},
	},
	{ ...EXTEND, resource: 'classifyRun', path: '/classify_runs', ...processor('classifier') },
	{
		...EXTEND,
		resource: 'editRun',
		path: '/edit_runs',
		least: fromId,
		leastBody: { file: { id: 'file_sandbox' } },
		most: { ...fromId, additionalFields: { config: '{ "instructions": "fill it" }' } },
		mostBody: { file: { id: 'file_sandbox' }, config: { instructions: 'fill it' } },
	},
	{
		...EXTEND,
		resource: 'evaluationSetRun',
		path: '/evaluation_set_runs',
		least: { evaluationSetId: 'ev_1' },
		leastBody: { evaluationSetId: 'ev_1' },
		most: {
			evaluationSetId: 'ev_1',
			additionalFields: {
				entityId: 'ex_1',
				entityVersion: '1.2',
				evaluationSetItemIds: 'evi_1, evi_2,',
			},
		},
		mostBody: {
			evaluationSetId: 'ev_1',
			entity: { id: 'ex_1', version: '1.2' },
			evaluationSetItemIds: ['evi_1', 'evi_2'],
		},
	},
	{ ...EXTEND, resource: 'extractRun', path: '/extract_runs', ...processor('extractor') },
	{
		...EXTEND,
		resource: 'formDetectionRun',
		path: '/form_detection_runs',
		least: fromId,
		leastBody: { file: { id: 'file_sandbox' } },
		most: { ...fromId, additionalFields: { config: '{ "pages": 1 }' } },
		mostBody: { file: { id: 'file_sandbox' }, config: { pages: 1 } },
	},
	{
		...EXTEND,
		resource: 'parseRun',
		path: '/parse_runs',
		least: fromId,
		leastBody: { file: { id: 'file_sandbox' } },
		most: {
			...fromId,
			additionalFields: {
				config: '{ "target": "markdown" }',
				dataRetention: 'zero',
				metadata: pairs(BATCH),
			},
		},
		mostBody: {
			file: { id: 'file_sandbox' },
			config: { target: 'markdown' },
			dataRetention: { mode: 'zero' },
			metadata: BATCH,
		},
	},
	{ ...EXTEND, resource: 'splitRun', path: '/split_runs', ...processor('splitter') },
	{
		...EXTEND,
		resource: 'workflowRun',
		path: '/workflow_runs',
		least: { workflowId: 'workflow_1', documentSource: 'text', documentText: 'Invoice 7' },
		leastBody: { workflow: { id: 'workflow_1' }, file: { text: 'Invoice 7' } },
		most: {
			workflowId: 'workflow_1',
			documentSource: 'fileId',
			fileId: 'file_sandbox',
			workflowVersion: '3',
			additionalFields: {
				outputs: '[{ "processorId": "ex_1", "output": { "total": 42 } }]',
				secrets: '{ "token": "abc" }',
				...SHARED,
			},
		},
		mostBody: {
			workflow: { id: 'workflow_1', version: '3' },
			file: { id: 'file_sandbox' },
			outputs: [{ processorId: 'ex_1', output: { total: 42 } }],
			secrets: { token: 'abc' },
			...SHARED_BODY,
		},
	},
];

const CASES = ROWS.map((row): [string, Row] => [`${row.provider} ${row.resource}`, row]);

function rowOf(name: string): Row {
	const found = CASES.find(([one]) => one === name)?.[1];
	if (!found) throw new Error(`No row ${name}`);
	return found;
}

type Files = Record<string, { content: Buffer | string; fileName?: string; mimeType?: string }>;

/** Runs `create` once for each item; an item holds the PDF in the field `data` unless told otherwise. */
async function create(
	{ provider, resource }: Pick<Row, 'provider' | 'resource'>,
	parameters: INodeParameters,
	{ items = [{ data: PDF }], ...more }: { items?: Files[]; [setting: string]: unknown } = {},
): Promise<WorkflowResult> {
	return await lab.n8n.runWorkflow({
		node: provider,
		parameters: { resource, operation: 'create', ...parameters },
		items: await Promise.all(items.map((files, at) => lab.n8n.binaryItem({ at }, files))),
		...more,
	});
}

/** Bodies of the POST requests to a path since `from`, oldest first. */
function bodiesTo(path: string, from = 0): IDataObject[] {
	return lab.sandbox.requests
		.slice(from)
		.filter((request) => request.method === 'POST' && request.path === path)
		.map(({ body }) => JSON.parse(body ?? 'null') as IDataObject);
}

function statusIn(run: IDataObject | undefined): unknown {
	return run?.status ?? (run?.lifecycle as IDataObject | undefined)?.status;
}

beforeEach(() => {
	lab.sandbox.clearFaults();
	lab.sandbox.reset();
});

describe('the request', () => {
	test.each(CASES)('%s: the least that can be said', async (_name, row) => {
		const result = await create(row, row.least);
		expect(result.error).toBeUndefined();
		expect(bodiesTo(row.path)).toEqual([row.leastBody]);
		expect(String(statusIn(result.json[0]?.[0]))).toMatch(row.waits);
	});

	test.each(CASES)('%s: all that can be said', async (_name, row) => {
		const result = await create(row, row.most);
		expect(result.error).toBeUndefined();
		expect(bodiesTo(row.path)).toEqual([row.mostBody]);
		expect(result.outputs[0]?.[0]?.pairedItem).toEqual({ item: 0 });
	});

	test.each(CASES.filter(([, { leastBody }]) => leastBody.background === true))(
		'%s: waits for the result when it is not to run in the background',
		async (_name, row) => {
			const result = await create(row, { ...row.least, background: false });
			expect(result.error).toBeUndefined();
			expect(bodiesTo(row.path)).toEqual([{ ...row.leastBody, background: false }]);
			expect(statusIn(result.json[0]?.[0])).toBe('completed');
		},
	);

	test('the time limit is ours alone, n8n adds none of 5 minutes', async () => {
		const { authenticatedRequests } = await create(rowOf('retab parse'), { background: false });
		expect(authenticatedRequests.map(({ timeout }) => timeout)).toEqual([0]);
	});

	test('a config instead of a saved extractor, or neither: the schema is inferred', async () => {
		const { resource, provider, path } = rowOf('extend extractRun');
		await create({ provider, resource }, { ...fromId, additionalFields: { config: { schema: SCHEMA } } });
		await create({ provider, resource }, fromId);
		expect(bodiesTo(path)).toEqual([
			{ file: { id: 'file_sandbox' }, config: { schema: SCHEMA } },
			{ file: { id: 'file_sandbox' } },
		]);
	});

	test('Extend metadata: pairs, JSON and usage tags are one object', async () => {
		const row = rowOf('extend parseRun');
		const result = await create(row, {
			...fromId,
			additionalFields: {
				metadata: pairs(BATCH),
				metadataJson: '{ "order": { "lines": [1, 2] }, "paid": true }',
				usageTags: ' team-a, invoices ,',
			},
		});
		expect(result.error).toBeUndefined();
		expect(bodiesTo(row.path)).toEqual([
			{
				file: { id: 'file_sandbox' },
				metadata: {
					...BATCH,
					order: { lines: [1, 2] },
					paid: true,
					'extend:usage_tags': ['team-a', 'invoices'],
				},
			},
		]);
	});

	test('Extend usage tags alone, as a list out of an expression', async () => {
		const row = rowOf('extend parseRun');
		await create(row, { ...fromId, additionalFields: { usageTags: '={{ ["a, b", "c"] }}' } });
		expect(bodiesTo(row.path)).toEqual([
			{ file: { id: 'file_sandbox' }, metadata: { 'extend:usage_tags': ['a, b', 'c'] } },
		]);
	});

	test('Retab: a spreadsheet is extracted deeply in the foreground', async () => {
		const row = rowOf('retab extraction');
		const sheet = { content: 'a;b', fileName: 'table.csv', mimeType: 'text/csv' };
		const deep = { ...row.least, additionalFields: { deepExtraction: true } };
		const refused = await create(row, deep, { items: [{ data: sheet }] });
		expect(refused.error).toMatchObject({
			message: 'Deep Extraction of a spreadsheet does not work in the background',
			description: expect.stringContaining('Switch Run in Background off') as unknown,
		});
		expect(bodiesTo(row.path)).toEqual([]);
		const taken = await create(row, { ...deep, background: false }, { items: [{ data: sheet }] });
		expect(taken.error).toBeUndefined();
		expect(bodiesTo(row.path)).toMatchObject([{ deep_extraction: true, background: false }]);
	});

	test('an eval run of a single eval', async () => {
		const row = rowOf('retab evalRun');
		await create(row, { workflowId: 'wf_1', scope: 'single', evalId: 'eval_1' });
		expect(bodiesTo(row.path)).toEqual([
			{ workflow_id: 'wf_1', scope: { type: 'single', eval_id: 'eval_1' } },
		]);
	});

	test('fields that were added and emptied again are not sent', async () => {
		const row = rowOf('retab extraction');
		await create(row, {
			...row.least,
			additionalFields: {
				instructions: '  ',
				model: '',
				metadata: {},
				additionalMessages: '[]',
				nConsensus: '',
			},
		});
		expect(bodiesTo(row.path)).toEqual([row.leastBody]);
	});

	test('names that mean something in JavaScript, and that n8n would drop from an object', async () => {
		const row = rowOf('retab extraction');
		await create(row, {
			schemaFrom: 'json',
			jsonSchema: '{ "properties": { "prototype": { "type": "string" } } }',
			additionalFields: {
				metadata: {
					pairs: [
						{ name: '__proto__', value: 'x' },
						{ name: 'constructor', value: 7 },
					],
				},
			},
		});
		expect(lab.sandbox.requests.at(-1)?.body).toMatch(
			/^{"json_schema":{"properties":{"prototype":{"type":"string"}}},"metadata":{"__proto__":"x","constructor":"7"},/,
		);
	});
});

describe('Tag With Execution', () => {
	const TAGGED = { options: { tagWithExecution: true } };
	const execution = { additionalData: { executionId: '231' } };
	const TAG = { n8n_execution_id: '231', n8n_workflow_id: WORKFLOW_ID };
	const hasMetadata = ([, { most }]: (typeof CASES)[number]) =>
		(most.additionalFields as IDataObject | undefined)?.metadata !== undefined;

	test.each(CASES.filter(hasMetadata))(
		'%s: the metadata name the execution, beside those of the user',
		async (_name, row) => {
			const alone = await create(row, { ...row.least, ...TAGGED }, execution);
			const beside = await create(row, { ...row.most, ...TAGGED }, execution);

			expect([alone.error, beside.error]).toEqual([undefined, undefined]);
			const { metadata } = row.mostBody as { metadata: IDataObject };
			expect(bodiesTo(row.path)).toEqual([
				{ ...row.leastBody, metadata: TAG },
				{ ...row.mostBody, metadata: { ...metadata, ...TAG } },
			]);
		},
	);

	test.each(CASES.filter((one) => !hasMetadata(one)))(
		'%s: has no metadata, so the option is neither shown nor sent',
		async (_name, row) => {
			const result = await create(row, { ...row.least, ...TAGGED }, execution);

			expect(result.error).toBeUndefined();
			expect(bodiesTo(row.path)).toEqual([row.leastBody]);
			expect(optionsOf(row)).not.toContain('tagWithExecution');
		},
	);

	test.each(CASES.filter(hasMetadata))('%s: the option is off unless the user wants it', (_name, row) => {
		expect(optionsOf(row)).toContain('tagWithExecution');
		const field = optionFieldsOf(row).find(({ name }) => name === 'tagWithExecution');
		expect(field?.default).toBe(false);
	});

	test('a name that the user has given, too, is refused before anything is sent', async () => {
		const row = rowOf('retab extraction');
		const metadata = pairs({ n8n_execution_id: '7' });
		const { error } = await create(row, { ...row.least, ...TAGGED, additionalFields: { metadata } });

		expect(error).toMatchObject({
			message: 'Tag With Execution: "n8n_execution_id" is in another field as well',
			description: expect.stringContaining('Take it out of one of the two fields.') as unknown,
		});
		expect(bodiesTo(row.path)).toEqual([]);
	});

	test('its pairs count for the limit of the API', async () => {
		const row = rowOf('retab job');
		const fifteen = pairs(Object.fromEntries(Array.from({ length: 15 }, (_, at) => [`name_${at}`, 'x'])));
		const { error } = await create(row, { ...row.least, ...TAGGED, additionalFields: { metadata: fifteen } });

		expect(error?.message).toBe('Metadata: at most 16 pairs are allowed');
		expect(bodiesTo(row.path)).toEqual([]);
	});

	function optionFieldsOf({ provider, resource }: Row): INodeProperties[] {
		return NODES[provider].description.properties
			.filter(
				({ name, displayOptions: { show } = {} }) =>
					name === 'options' && show?.resource?.includes(resource) && show.operation?.includes('create'),
			)
			.flatMap(({ options }) => options as INodeProperties[]);
	}

	function optionsOf(row: Row): string[] {
		return optionFieldsOf(row).map(({ name }) => name);
	}
});

describe('what the API refuses is told in its own words', () => {
	test.each<[string, string, INodeParameters, string, string]>([
		[
			'an external address for a workflow run, where the user wants it passed on',
			'retab workflowRun',
			{
				workflowId: 'wf_1',
				options: { fetchBy: 'provider' },
				documents: { rows: [{ ...fromUrl('https://storage.googleapis.com/a.pdf'), blockId: 'start-1' }] },
			},
			'422',
			'External URLs are not allowed: send a data URL or a storage.retab.com URL',
		],
		[
			'a version that cannot be',
			'retab workflowRun',
			{ workflowId: 'wf_1', additionalFields: { version: 'newest' } },
			'422',
			"Input should be 'production', 'draft' or a version id",
		],
		['a file that is not there', 'retab parse', { ...fromId, fileId: 'file_lost' }, '404', 'File not found'],
		[
			'messages that are none',
			'retab extraction',
			{ schemaFrom: 'json', jsonSchema: SCHEMA, additionalFields: { additionalMessages: '["hello"]' } },
			'422',
			'body.additional_messages.0: Input should be a valid dictionary',
		],
		[
			'a data URL, which Extend does not take',
			'extend parseRun',
			fromUrl(PDF_URL),
			'400',
			'must be an http(s) URL',
		],
	])('%s', async (_what, name, parameters, httpCode, said) => {
		const { status, error } = await create(rowOf(name), parameters);
		expect(status).toBe('error');
		expect(error).toMatchObject({ name: 'NodeApiError', httpCode, itemIndex: 0 });
		expect(error?.message).toContain(said);
		expect(error?.description ?? '').not.toContain('run ID');
	});
});

describe.each(['default', 'filesystem'] as const)('documents, binary data mode %s', (mode) => {
	beforeAll(() => setBinaryDataMode(mode));
	afterAll(() => setBinaryDataMode('default'));

	const LARGE = { ...PDF, content: Buffer.alloc(DOCUMENT.inlineUpTo + 1, 'x') };

	test('Retab: a file up to the threshold travels in the request', async () => {
		const content = Buffer.alloc(DOCUMENT.inlineUpTo, 'x');
		const result = await create(rowOf('retab parse'), {}, { items: [{ data: { ...PDF, content } }] });
		expect(result.error).toBeUndefined();
		expect(lab.sandbox.requests).toHaveLength(1);
		expect(lab.sandbox.requests[0]?.bodySize).toBeGreaterThan((content.length * 4) / 3);
	});

	test('Retab: a larger one is uploaded first, without the key', async () => {
		const result = await create(rowOf('retab parse'), {}, { items: [{ data: LARGE }] });
		expect(result.error).toBeUndefined();
		const [announced, put, completed, started] = lab.sandbox.requests;
		expect(JSON.parse(announced?.body ?? '')).toEqual({
			filename: 'invoice.pdf',
			size_bytes: LARGE.content.length,
			content_type: 'application/pdf',
		});
		expect(put).toMatchObject({ method: 'PUT', bodySize: LARGE.content.length, status: 200 });
		expect(put?.headers).toMatchObject({
			'content-length': String(LARGE.content.length),
			'content-type': 'application/pdf',
		});
		expect(put?.headers).not.toHaveProperty('api-key');
		expect(put?.headers).not.toHaveProperty('authorization');
		expect(completed).toMatchObject({ path: expect.stringMatching(/\/complete$/), body: '{}' });
		expect(JSON.parse(started?.body ?? '')).toEqual({
			document: {
				filename: 'invoice.pdf',
				url: expect.stringMatching(/^https:\/\/storage\.retab\.com\/.*\/invoice\.pdf$/),
			},
			background: true,
		});
	});

	test('Retab: a blueprint always takes an uploaded file', async () => {
		const row = rowOf('retab fileBlueprint');
		const result = await create(row, { documentSource: 'binary' });
		expect(result.error).toBeUndefined();
		expect(bodiesTo(row.path)).toEqual([{ file_id: expect.stringMatching(/^file_/), background: true }]);
	});

	test('Retab: several files of one run share the room in its request', async () => {
		const half = { ...PDF, content: Buffer.alloc(DOCUMENT.inlineUpTo / 2 + 1, 'x') };
		const result = await create(
			rowOf('retab schemaGeneration'),
			{ binaryPropertyName: 'one, two, three' },
			{ items: [{ one: half, two: half, three: { ...PDF, fileName: 'c.pdf' } }] },
		);
		expect(result.error).toBeUndefined();
		expect(lab.sandbox.requests.map(({ method, status }) => `${method} ${status}`)).toEqual([
			'POST 200',
			'PUT 200',
			'POST 200',
			'POST 200',
		]);
	});

	test('Extend: a file is uploaded as a form', async () => {
		const row = rowOf('extend parseRun');
		const result = await create(row, {}, { items: [{ data: LARGE }] });
		expect(result.error).toBeUndefined();
		const [upload] = lab.sandbox.requests;
		expect(upload).toMatchObject({ path: '/files/upload', status: 200 });
		expect(upload?.headers['content-length']).toBe(String(upload?.bodySize));
		const [body] = bodiesTo(row.path);
		expect(body).toEqual({ file: { id: expect.stringMatching(/^file_/) } });
	});

	test('Extend: several files go as one package, one file never does', async () => {
		const row = rowOf('extend extractRun');
		const result = await create(row, { binaryPropertyName: 'one,two' }, { items: [{ one: PDF, two: PDF }] });
		expect(result.error).toBeUndefined();
		const id = expect.stringMatching(/^file_/) as unknown;
		expect(bodiesTo(row.path)).toEqual([{ package: { files: [{ id }, { id }] } }]);
	});

	test('names with quotes, line breaks and other alphabets, a type with parameters, no name at all', async () => {
		const names = ['"quoted".pdf', 'a\r\nb.pdf', 'Rechnung Größe 発票.pdf'];
		const files = Object.fromEntries(
			names.map((fileName, at) => [`f${at}`, { ...PDF, fileName, mimeType: 'text/plain; charset=utf-8' }]),
		);
		const items = [{ ...files, f3: { content: 'hello', mimeType: 'text/plain' } }];
		const parameters = { binaryPropertyName: 'f0,f1,f2,f3' };
		const retab = await create(rowOf('retab schemaGeneration'), parameters, { items });
		expect(retab.error).toBeUndefined();
		const { documents } = bodiesTo('/v1/schemas/generate')[0] as {
			documents: Array<{ filename: string; url: string }>;
		};
		expect(documents.map(({ filename }) => filename)).toEqual([...names, 'document.txt']);
		expect(documents.map(({ url }) => url.split(',')[0])).toEqual(Array(4).fill('data:text/plain;base64'));
		const extend = await create(rowOf('extend extractRun'), parameters, { items });
		expect(extend.error).toBeUndefined();
	});

	test.each(['data', '_files.data', 'letter', '={{ $json._files.data }}', '={{ $json.letter }}'])(
		'a file among the data of an item: %s',
		async (binaryPropertyName) => {
			const row = rowOf('retab parse');
			const { binary = {} } = await lab.n8n.binaryItem({}, { data: PDF });
			const result = await lab.n8n.runWorkflow({
				node: 'retab',
				parameters: { resource: 'parse', operation: 'create', binaryPropertyName },
				items: [{ json: { _files: binary, letter: binary.data } as unknown as IDataObject }],
			});
			expect(result.error).toBeUndefined();
			expect(bodiesTo(row.path)).toMatchObject([{ document: { filename: 'invoice.pdf' } }]);
		},
	);

	test("a workflow with n8n's combined binary mode", async () => {
		const row = rowOf('retab parse');
		const result = await create(row, {}, { settings: { binaryMode: 'combined' } });
		expect(result.error).toBeUndefined();
		expect(bodiesTo(row.path)).toMatchObject([{ document: { filename: 'invoice.pdf' } }]);
	});

	test('an empty file', async () => {
		const { error } = await create(
			rowOf('retab parse'),
			{},
			{ items: [{ data: { ...PDF, content: Buffer.alloc(0) } }] },
		);
		expect(error?.message).toBe('The file "invoice.pdf" is empty');
		expect(lab.sandbox.requests).toEqual([]);
	});

	test('a binary field that is not there', async () => {
		const { error } = await create(rowOf('retab parse'), {}, { items: [{ scan: PDF, letter: PDF }] });
		expect(error).toMatchObject({
			message: 'The item has no binary field "data"',
			description: 'It has: scan, letter. Enter one of these names in Input Binary Field.',
		});
		const none = await create(rowOf('extend parseRun'), {}, { items: [{}] });
		expect(none.error?.description).toBe(
			'It has none: a file must come from an earlier step, such as a form, a mail or Read File. For a file on the web, set Document From to URL.',
		);
		expect(lab.sandbox.requests).toEqual([]);
	});

	test('the only file of the item is taken, whatever it is called, unless another name was entered', async () => {
		const row = rowOf('retab parse');
		const result = await create(row, {}, { items: [{ scan: { ...PDF, fileName: 'scan.pdf' } }] });
		expect(result.error).toBeUndefined();
		expect(bodiesTo(row.path)).toMatchObject([{ document: { filename: 'scan.pdf' } }]);
		const { error } = await create(row, { binaryPropertyName: 'invoice' }, { items: [{ scan: PDF }] });
		expect(error).toMatchObject({
			message: 'The item has no binary field "invoice"',
			description: 'It has: scan. Enter that name in Input Binary Field.',
		});
	});

	describe('faults of an upload', () => {
		test('one that passes: the file is sent anew from its beginning', async () => {
			lab.sandbox.plantFault({ path: '/_storage/**', method: 'PUT', status: 503 });
			lab.sandbox.plantFault({ path: '/files/upload', reset: true });
			for (const name of ['retab parse', 'extend parseRun']) {
				const result = await create(rowOf(name), {}, { items: [{ data: LARGE }] });
				expect(result.error).toBeUndefined();
			}
			const puts = lab.sandbox.requests.filter(({ method }) => method === 'PUT');
			expect(puts.map(({ status }) => status)).toEqual([503, 200]);
		});

		test.each<[string, FaultSpec, string, string]>([
			[
				'an upload session that has expired',
				{
					path: '/v1/files/upload/*/complete',
					status: 410,
					body: { detail: 'Upload session expired' },
				},
				'410',
				'Retab no longer has the run or resource (410): Upload session expired',
			],
			[
				'bytes that got lost',
				{
					path: '/v1/files/upload/*/complete',
					status: 422,
					body: { detail: 'Size mismatch: expected 3 bytes, got 2' },
				},
				'422',
				'Retab refused the request (422): Size mismatch: expected 3 bytes, got 2',
			],
			[
				'a storage that says no: that is not about the key',
				{ path: '/_storage/**', status: 403, body: { message: 'ExpiredToken' } },
				'403',
				'The file storage of Retab did not take the file (403): ExpiredToken',
			],
		])('%s', async (_what, fault, httpCode, message) => {
			lab.sandbox.plantFault(fault);
			const { error } = await create(rowOf('retab parse'), {}, { items: [{ data: LARGE }] });
			expect(error).toMatchObject({
				httpCode,
				message,
				description: expect.stringMatching(
					/^No run was started\. Run the node again: it uploads the file anew\./,
				),
			});
			expect(bodiesTo('/v1/parses')).toEqual([]);
		});
	});
});

describe('never twice', () => {
	const LOST: Array<[string, Omit<FaultSpec, 'path'>, RegExp]> = [
		['a reset before it was handled', { reset: true }, /the connection was reset/],
		['a reset after it was handled', { reset: true, applyAfter: true }, /the connection was reset/],
		['500', { status: 500 }, /had a server error \(500\)/],
		['502 with a web page', { status: 502, html: true, applyAfter: true }, /\(502\)/],
		['an answer that breaks off', { truncate: true, applyAfter: true }, /Retab|Extend/],
	];
	const repeatable = new Set(['retab schemaGeneration', 'retab job']);
	const notListed = new Set([
		'retab schemaGeneration',
		'retab fileBlueprint',
		'extend editRun',
		'extend formDetectionRun',
		'extend evaluationSetRun',
	]);

	test.each(CASES.filter(([name]) => !repeatable.has(name)))(
		'%s: one request, however its answer gets lost',
		async (name, row) => {
			for (const [what, fault, message] of LOST) {
				const before = lab.sandbox.requests.length;
				lab.sandbox.plantFault({ ...fault, path: `POST ${row.path}` });
				const { error } = await create(row, row.least);
				expect([what, bodiesTo(row.path, before).length]).toEqual([what, 1]);
				expect(error?.message).toMatch(/^It is not known whether the run was started\. /);
				expect(error?.message).toMatch(message);
				expect(error?.description).toContain(
					'It was not sent again, because that could start the run twice. ' +
						(notListed.has(name)
							? `${row.provider === 'retab' ? 'Retab' : 'Extend'} has no list of`
							: 'Look for it with Get Many'),
				);
			}
		},
	);

	test('every kind of run: sent again after 429, when it was not taken', async () => {
		for (const { path } of ROWS) {
			lab.sandbox.plantFault({ path: `POST ${path}`, status: 429, retryAfter: '0' });
		}
		const results = await Promise.all(ROWS.map((row) => create(row, row.least)));
		expect(results.flatMap(({ error }) => error?.message ?? [])).toEqual([]);
		expect(ROWS.map(({ path }) => [path, bodiesTo(path).length])).toEqual(ROWS.map(({ path }) => [path, 2]));
	});

	test('as late as the API asked for', async () => {
		const row = rowOf('retab parse');
		lab.sandbox.plantFault({ path: `POST ${row.path}`, status: 429, retryAfter: 1 });
		await create(row, fromUrl('https://storage.googleapis.com/a.pdf'));
		const [first, second] = lab.sandbox.requests;
		expect((second?.time ?? 0) - (first?.time ?? 0)).toBeGreaterThanOrEqual(990);
	});

	test.each(CASES.filter(([name]) => repeatable.has(name)))(
		'%s: sent again with its idempotency key, and there is one run',
		async (_name, row) => {
			lab.sandbox.plantFault({ path: `POST ${row.path}`, reset: true, applyAfter: true });
			lab.sandbox.plantFault({ path: `POST ${row.path}`, status: 500, applyAfter: true });
			const result = await create(row, row.least, { items: [{ data: PDF }, { data: PDF }] });
			expect(result.error).toBeUndefined();
			const posts = lab.sandbox.requests.filter(({ path }) => path === row.path);
			const keys = posts.map(({ headers }) => headers['idempotency-key']);
			expect(posts).toHaveLength(4);
			expect(new Set(keys).size).toBe(2);
			const ids = result.json[0]?.map(({ id }) => id);
			expect(new Set(ids).size).toBe(2);
		},
	);

	test('a key of its own for each execution, and for each time round a loop', async () => {
		const row = rowOf('retab job');
		const results = [await create(row, row.least), await create(row, row.least)];
		const looped = await lab.n8n.runWorkflow({
			workflow: {
				nodes: [
					{
						id: 'Start',
						name: 'Start',
						type: 'n8n-nodes-base.manualTrigger',
						typeVersion: 1,
						position: [0, 0],
						parameters: {},
					},
					{
						id: 'Create',
						name: 'Create',
						type: 'n8n-nodes-document-runs.retab',
						typeVersion: 1,
						position: [200, 0],
						parameters: { resource: row.resource, operation: 'create', ...row.least },
					},
					{
						id: 'Again',
						name: 'Again',
						type: 'n8n-nodes-base.if',
						typeVersion: 2,
						position: [400, 0],
						parameters: {
							conditions: {
								options: { caseSensitive: true, typeValidation: 'strict', version: 2 },
								combinator: 'and',
								conditions: [
									{
										id: '1',
										leftValue: '={{ $runIndex }}',
										rightValue: 2,
										operator: { type: 'number', operation: 'lt' },
									},
								],
							},
						},
					},
				],
				connections: {
					Start: { main: [[{ node: 'Create', type: 'main', index: 0 }]] },
					Create: { main: [[{ node: 'Again', type: 'main', index: 0 }]] },
					Again: { main: [[{ node: 'Create', type: 'main', index: 0 }], []] },
				},
			},
			credentials: credentialsFor(lab.sandbox.url),
		});
		expect(looped.runsOf('Create')).toBe(3);
		const ids = [
			...results.map(({ json }) => json[0]?.[0]?.id),
			...[0, 1, 2].map((at) => looped.outputsOf('Create', at)[0]?.[0]?.json.id),
		];
		expect(new Set(ids).size).toBe(5);
	});

	test.each(['engine', 'invoke'] as const)('a run for each call of an agent (%s)', async (style) => {
		const { resource, least } = rowOf('retab job');
		const result = await lab.n8n.runAsTool({
			node: 'retab',
			parameters: { resource, operation: 'create', ...least },
			calls: [{}, {}],
			style,
		});
		const answers = JSON.stringify(result.answers);
		expect(new Set(answers.match(/job_[\w-]+/g)).size).toBe(2);
	});

	test('n8n tries a failed node again: still one run where there is a key', async () => {
		const row = rowOf('retab job');
		lab.sandbox.plantFault({ path: `POST ${row.path}`, reset: true, applyAfter: true, count: 4 });
		const result = await create(row, row.least, { retryOnFail: true, maxTries: 2, waitBetweenTries: 0 });
		expect(result.error).toBeUndefined();
		const keys = lab.sandbox.requests.map(({ headers }) => headers['idempotency-key']);
		expect(keys).toHaveLength(5);
		expect(new Set(keys).size).toBe(1);
	});

	test('with a key: what the last attempt says does not hide that an earlier one may have worked', async () => {
		const row = rowOf('retab job');
		lab.sandbox.plantFault({ path: `POST ${row.path}`, reset: true, applyAfter: true });
		lab.sandbox.plantFault({ path: `POST ${row.path}`, status: 403 });
		const { error } = await create(row, row.least);
		expect(error?.message).toMatch(/^It is not known whether the run was started\./);
		expect(error?.description).toContain('it was started once at most. Look for it with Get Many');
	});

	test('a conflict is a refusal', async () => {
		const row = rowOf('retab experimentRun');
		lab.sandbox.plantFault({
			path: `POST ${row.path}`,
			status: 409,
			body: { detail: 'The plan has changed' },
			count: 'always',
		});
		const { error } = await create(row, row.most);
		expect(error?.message).toBe('Retab reported a conflict (409): The plan has changed');
		expect(bodiesTo(row.path)).toHaveLength(1);
	});

	test("stopped by n8n's own guard: clear that nothing was started", async () => {
		const inside = await startTestServer(() => ({ status: 200 }), '127.0.0.2');
		setSsrfProtection(true);
		try {
			const { error } = await create(rowOf('extend parseRun'), fromId, {
				credentials: credentialsFor(inside.url),
			});
			expect(error?.message).toBe(
				'Extend could not be reached: this n8n does not allow requests to its address',
			);
			expect(inside.requests).toEqual([]);
		} finally {
			setSsrfProtection(false);
			await inside.close();
		}
	});

	test('sent again while the connection is refused', async () => {
		const closed = await startTestServer(() => ({ status: 200 }));
		await closed.close();
		const before = Date.now();
		const { error } = await create(rowOf('extend parseRun'), fromId, {
			credentials: credentialsFor(closed.url),
		});
		expect(error?.message).toBe('Extend could not be reached: the connection was refused');
		expect(Date.now() - before).toBeGreaterThan(1_500);
	});
});

describe('what comes next', () => {
	const hintsOf = ({ hints }: WorkflowResult) => hints.map(({ message, type }) => [type, message]);

	test('a run in the background: Timeout Cancel waits for the result', async () => {
		expect(hintsOf(await create(rowOf('retab parse'), {}))).toEqual([
			[
				'info',
				'The parse was started and goes on at Retab. Connect Timeout Cancel to this node: it waits for the result, and cancels the run when its time is up. To wait without cancelling, connect another Retab node with the operation "Poll Until Finished".',
			],
		]);
	});

	test('where a run cannot be cancelled, the node itself waits', async () => {
		expect(hintsOf(await create(rowOf('extend editRun'), {}))).toEqual([
			[
				'info',
				'The edit run was started and goes on at Extend. To wait for the result, connect another Extend node with the operation "Poll Until Finished" to this node.',
			],
		]);
	});

	test('nothing to wait for: in the foreground, and when nothing was started', async () => {
		expect(hintsOf(await create(rowOf('retab parse'), { background: false }))).toEqual([]);
		const settings = { onError: 'continueRegularOutput' };
		expect(hintsOf(await create(rowOf('retab parse'), {}, { items: [{}], ...settings }))).toEqual([]);
	});
});

describe('several items', () => {
	const parse = rowOf('retab parse');

	test('start side by side within the limit, and come out in order', async () => {
		lab.sandbox.plantFault({ path: 'POST /v1/parses', delayMs: 150, count: 'always' });
		const result = await create(
			parse,
			{
				...fromUrl('=https://storage.googleapis.com/{{ $json.at }}.pdf'),
				options: { maxConcurrentRequests: 3 },
			},
			{ items: Array(9).fill({}) },
		);
		const started = result.outputs[0] ?? [];
		expect(started.map(({ pairedItem }) => pairedItem)).toEqual(started.map((_, item) => ({ item })));
		expect(started).toHaveLength(9);
		const times = lab.sandbox.requests.map(({ time, durationMs }) => [time, time + (durationMs ?? 0)]);
		const most = Math.max(
			...times.map(([at = 0]) => times.filter(([from = 0, to = 0]) => from <= at && at < to).length),
		);
		expect(most).toBeGreaterThan(1);
		expect(most).toBeLessThanOrEqual(3);
		const names = started.map(({ json }) => (json.document ?? json.file) as IDataObject);
		expect(names.map(({ filename }) => filename)).toEqual(started.map((_, at) => `${at}.pdf`));
	});

	test('nothing is started while one of them is not right', async () => {
		const result = await create(
			parse,
			fromUrl('={{ $json.at === 2 ? "ftp://x" : "https://storage.googleapis.com/a.pdf" }}'),
			{ items: Array(4).fill({}) },
		);
		expect(result.error?.message).toBe(
			'Document URL must begin with https:// or http://; it is the text "ftp://x" [item 2]',
		);
		expect(lab.sandbox.requests).toEqual([]);
	});

	test('the good ones are started when the node may go on', async () => {
		const result = await create(
			parse,
			fromUrl('={{ $json.at === 1 ? "" : "https://storage.googleapis.com/a.pdf" }}'),
			{
				items: Array(3).fill({}),
				continueOnFail: true,
			},
		);
		expect(result.json[0]?.map(({ id, error }) => (id ? 'started' : error))).toEqual([
			'started',
			expect.stringMatching(/^Document URL is empty: the expression \{\{ .* \}\} found nothing \[item 1\]$/),
			'started',
		]);
		expect(bodiesTo(parse.path)).toHaveLength(2);
	});

	test('one that fails: the error names the runs that were started', async () => {
		lab.sandbox.plantFault({ path: 'POST /v1/parses', status: 402, after: 1 });
		const result = await create(parse, {}, { items: Array(3).fill({ data: PDF }) });
		const ids = await listed();
		expect(ids).toHaveLength(2);
		expect(result.error?.message).toContain('(402)');
		for (const id of ids) expect(result.error?.description).toContain(id);
		expect(result.error?.description).toMatch(/2 other items came to an end: started /);
	});

	async function listed(): Promise<string[]> {
		const response = await fetch(`${lab.sandbox.url}/v1/parses`, {
			headers: { 'Api-Key': lab.sandbox.keys.retab },
		});
		const { data } = (await response.json()) as { data: Array<{ id: string }> };
		return data.map(({ id }) => id);
	}
});

describe('bad input: told before anything is sent', () => {
	const rows = (count: number, value = 'v') => ({
		metadata: { pairs: Array.from({ length: count }, (_, at) => ({ name: `k${at}`, value })) },
	});
	const job = rowOf('retab job').least;
	/** n8n itself refuses a required field that is left empty: only an expression gets there. */
	const EMPTY = '={{ "" }}';
	const FOUND_NOTHING = 'is empty: the expression {{ "" }} found nothing';
	const extend = { ...fromId, extractorId: 'ex_1' };
	const withFields = (base: INodeParameters, additionalFields: INodeParameters): INodeParameters => ({
		...base,
		additionalFields,
	});

	test.each<[string, string, INodeParameters, string]>([
		['no schema', 'retab extraction', {}, 'Fields needs at least one row'],
		['an emptied schema', 'retab extraction', { schemaFrom: 'json', jsonSchema: '' }, 'JSON Schema is empty'],
		[
			'a schema that is a list',
			'retab extraction',
			{ schemaFrom: 'json', jsonSchema: '[1]' },
			'JSON Schema must be a JSON object; it is a list',
		],
		[
			'a schema that is null',
			'retab extraction',
			{ schemaFrom: 'json', jsonSchema: 'null' },
			'JSON Schema must be a JSON object; it is null',
		],
		[
			'a schema that is a number',
			'retab extraction',
			{ schemaFrom: 'json', jsonSchema: 7 },
			'JSON Schema must be a JSON object; it is 7',
		],
		[
			'messages that are no list',
			'retab extraction',
			withFields({ schemaFrom: 'json', jsonSchema: SCHEMA }, { additionalMessages: '{ "role": "user" }' }),
			'Additional Messages must be a JSON array; it is an object',
		],
		['no categories', 'retab classification', {}, 'Categories needs at least one row'],
		['no rows', 'retab classification', { categories: { rows: [] } }, 'Categories needs at least one row'],
		[
			'a category without a name',
			'retab classification',
			{ categories: { rows: [{ name: 'a' }, { name: ' ' }] } },
			'Categories: Name of row 2 is empty',
		],
		[
			'a category that is a number',
			'retab classification',
			{ categories: { rows: [{ name: '={{ 7 }}' }] } },
			'Categories: Name of row 1 must be a string; it is 7',
		],
		[
			'a flag that is none',
			'retab split',
			{ subdocuments: { rows: [{ name: 'a', allowMultipleInstances: 'yes' }] } },
			'Sub-Documents: Allow Multiple Instances of row 1 must be true or false; it is the text "yes"',
		],
		[
			'too many votes',
			'retab split',
			withFields({ subdocuments: { rows: [{ name: 'a' }] } }, { nConsensus: 9 }),
			'Consensus Runs must be a whole number from 1 to 8; it is 9',
		],
		[
			'no votes',
			'retab extraction',
			withFields({ schemaFrom: 'json', jsonSchema: SCHEMA }, { nConsensus: 0 }),
			'Consensus Runs must be a whole number from 1 to 16; it is 0',
		],
		[
			'half a vote',
			'retab partition',
			withFields({ key: 'k', instructions: 'i' }, { nConsensus: 1.5 }),
			'Consensus Runs must be a whole number from 1 to 8; it is 1.5',
		],
		[
			'too many votes on a partition',
			'retab partition',
			withFields({ key: 'k', instructions: 'i' }, { nConsensus: 9 }),
			'Consensus Runs must be a whole number from 1 to 8; it is 9',
		],
		[
			'a spreadsheet at an address, extracted deeply in the background',
			'retab extraction',
			withFields(
				{ schemaFrom: 'json', jsonSchema: SCHEMA, ...fromUrl('https://example.com/a.xlsx?v=1') },
				{ deepExtraction: true },
			),
			'Deep Extraction of a spreadsheet does not work in the background',
		],
		[
			'a spreadsheet in a data URL, extracted deeply with votes',
			'retab extraction',
			withFields(
				{
					schemaFrom: 'json',
					jsonSchema: SCHEMA,
					...fromUrl('data:text/csv;base64,YTti'),
					background: false,
				},
				{ deepExtraction: true, nConsensus: 3 },
			),
			'Deep Extraction of a spreadsheet does not work with several Consensus Runs',
		],
		[
			'votes in a text',
			'retab classification',
			withFields({ categories: CATEGORIES }, { nConsensus: '={{ "three" }}' }),
			'Consensus Runs must be a whole number from 1 to 16; it is the text "three"',
		],
		[
			'no pages',
			'retab classification',
			withFields({ categories: CATEGORIES }, { firstNPages: 0 }),
			'First Pages Only must be a whole number from 1 to 10000; it is 0',
		],
		['no key', 'retab partition', { key: ' ', instructions: 'i' }, 'Key is empty'],
		[
			'no instructions',
			'retab partition',
			{ key: 'k', instructions: EMPTY },
			`Instructions ${FOUND_NOTHING}`,
		],
		['no instructions for an edit', 'retab edit', { instructions: EMPTY }, `Instructions ${FOUND_NOTHING}`],
		['no workflow', 'retab workflowRun', { workflowId: EMPTY }, `Workflow ${FOUND_NOTHING}`],
		[
			'a number for a text',
			'retab workflowRun',
			{ workflowId: '={{ 7 }}' },
			'Workflow must be a string; it is 7',
		],
		[
			'a format that is none',
			'retab parse',
			withFields({}, { tableParsingFormat: 'csv' }),
			'Table Format must be one of html, json, markdown, yaml; it is the text "csv"',
		],
		[
			'a cache that is no switch',
			'retab parse',
			withFields({}, { bustCache: '={{ "on" }}' }),
			'Ignore Cache must be true or false; it is the text "on"',
		],
		[
			'an endpoint that is none',
			'retab job',
			{ ...job, endpoint: '/v1/jobs' },
			'Endpoint must be one of /v1/extractions, /v1/parses, /v1/splits, /v1/partitions, /v1/classifications, /v1/schemas/generate, /v1/files/analyze, /v1/edits, /v1/edits/templates/fill, /v1/edits/templates/generate, /v1/evals/extract/process, /v1/evals/extract/extract, /v1/evals/extract/split; it is the text "/v1/jobs"',
		],
		['a job without a request', 'retab job', { endpoint: '/v1/parses' }, 'Request is empty'],
		['17 pairs', 'retab job', withFields(job, rows(17)), 'Metadata: at most 16 pairs are allowed'],
		[
			'a long name',
			'retab job',
			withFields(job, { metadata: pairs({ ['k'.repeat(65)]: 'v' }) }),
			`Metadata: the name "${'k'.repeat(40)}" is longer than 64 characters`,
		],
		[
			'a long value',
			'retab job',
			withFields(job, rows(1, 'v'.repeat(513))),
			'Metadata: the value of "k0" is longer than 512 characters',
		],
		[
			'more than 10 KB',
			'extend extractRun',
			withFields(extend, rows(1, 'ü'.repeat(5_120))),
			'Metadata: at most 10 KB are allowed',
		],
		[
			'a pair without a name',
			'extend extractRun',
			withFields(extend, { metadata: { pairs: [{ name: ' ', value: 'v' }] } }),
			'Metadata: each pair needs a name',
		],
		[
			'a name twice',
			'extend extractRun',
			withFields(extend, {
				metadata: {
					pairs: [
						{ name: 'a', value: '1' },
						{ name: ' a', value: '2' },
					],
				},
			}),
			'Metadata: the name "a" is duplicated',
		],
		[
			'a value that is an object',
			'extend extractRun',
			withFields(extend, { metadata: { pairs: [{ name: 'a', value: '={{ ({ b: 1 }) }}' }] } }),
			'Metadata: the value of "a" must be a string; it is an object',
		],
		[
			'a priority of 0',
			'extend extractRun',
			withFields(extend, { priority: 0 }),
			'Priority must be a whole number from 1 to 100; it is 0',
		],
		[
			'a priority above 100',
			'extend workflowRun',
			withFields({ ...fromId, workflowId: 'workflow_1' }, { priority: 101 }),
			'Priority must be a whole number from 1 to 100; it is 101',
		],
		[
			'metadata that is no object',
			'extend parseRun',
			withFields(fromId, { metadataJson: '[1]' }),
			'Metadata as JSON must be a JSON object; it is a list',
		],
		[
			'a name in pairs and JSON',
			'extend parseRun',
			withFields(fromId, { metadata: pairs({ a: '1' }), metadataJson: '{ "b": 2, "a": 3 }' }),
			'Metadata as JSON: "a" is in another field as well',
		],
		[
			'usage tags in two fields',
			'extend parseRun',
			withFields(fromId, { metadataJson: '{ "extend:usage_tags": ["a"] }', usageTags: 'b' }),
			'Usage Tags: "extend:usage_tags" is in another field as well',
		],
		[
			'usage tags as a pair',
			'extend extractRun',
			withFields(extend, { metadata: pairs({ 'extend:usage_tags': 'a' }) }),
			'Metadata: extend:usage_tags must be a list of texts',
		],
		[
			'usage tags that are numbers',
			'extend workflowRun',
			withFields({ ...fromId, workflowId: 'workflow_1' }, { metadataJson: '{ "extend:usage_tags": [1] }' }),
			'Metadata: extend:usage_tags must be a list of texts',
		],
		[
			'more than 10 KB in all fields together',
			'extend splitRun',
			withFields(
				{ ...fromId, splitterId: 'spl_1' },
				{
					...rows(1, 'v'.repeat(5_120)),
					metadataJson: JSON.stringify({ list: ['w'.repeat(5_120)] }),
				},
			),
			'Metadata: at most 10 KB are allowed',
		],
		[
			'outputs for a package',
			'extend workflowRun',
			withFields(
				{ ...fromId, fileId: 'file_1, file_2', workflowId: 'workflow_1' },
				{ outputs: '[{ "a": 1 }]' },
			),
			'Outputs cannot be given for several files',
		],
		[
			'the same file twice',
			'extend extractRun',
			{ ...extend, fileId: 'file_1, file_2,file_1' },
			'Document "file_1" is duplicated',
		],
		[
			'the same address twice',
			'extend workflowRun',
			{ ...fromUrl('https://example.com/a.pdf, https://example.com/a.pdf'), workflowId: 'workflow_1' },
			'Document "https://example.com/a.pdf" is duplicated',
		],
		[
			'the same binary field twice',
			'extend extractRun',
			{ binaryPropertyName: 'data, data' },
			'Document "data" is duplicated',
		],
		[
			'an extractor and a config',
			'extend extractRun',
			withFields({ ...fromId, extractorId: 'ex_1' }, { config: '{ "a": 1 }' }),
			'Give either Extractor or Config, not both',
		],
		[
			'a version of nothing',
			'extend extractRun',
			{ ...fromId, extractorVersion: '1' },
			'Extractor Version and Override Config need Extractor',
		],
		['no classifier', 'extend classifyRun', fromId, 'Classifier or Config is needed'],
		['no splitter', 'extend splitRun', fromId, 'Splitter or Config is needed'],
		[
			'a processor version of nothing',
			'extend evaluationSetRun',
			withFields({ evaluationSetId: 'ev_1' }, { entityVersion: '1' }),
			'Processor Version needs Processor ID',
		],
		[
			'no evaluation set',
			'extend evaluationSetRun',
			{ evaluationSetId: EMPTY },
			`Evaluation Set ID ${FOUND_NOTHING}`,
		],
		[
			'a block without its ID',
			'retab evalRun',
			{ workflowId: 'wf_1', scope: 'block' },
			'Block is needed for the scope Block',
		],
		[
			'an eval without its ID',
			'retab evalRun',
			{ workflowId: 'wf_1', scope: 'single' },
			'Eval is needed for the scope Single',
		],
		['no address', 'retab parse', fromUrl(' '), 'Document URL is empty'],
		[
			'an address that is none',
			'retab parse',
			fromUrl('example.com/a.pdf'),
			'Document URL must begin with https:// or http://; it is the text "example.com/a.pdf"',
		],
		[
			'a file of the machine',
			'extend parseRun',
			fromUrl('file:///etc/hosts'),
			'Document URL must begin with https:// or http://; it is the text "file:///etc/hosts"',
		],
		[
			'one address of several that is none',
			'extend extractRun',
			fromUrl('https://storage.googleapis.com/a.pdf, ftp://example.com/b.pdf'),
			'Document URL must begin with https:// or http://; it is the text "ftp://example.com/b.pdf"',
		],
		['no file ID', 'retab parse', { ...fromId, fileId: EMPTY }, `File ${FOUND_NOTHING}`],
		[
			'a file ID that leaves its path',
			'retab parse',
			{ ...fromId, fileId: '../runs' },
			'File: an ID may only hold letters, digits and _ - : ~ @ = +; it is the text "../runs"',
		],
		[
			'a file ID with a slash',
			'extend extractRun',
			{ ...extend, fileId: 'file_1,file/2' },
			'File: an ID may only hold letters, digits and _ - : ~ @ = +; it is the text "file/2"',
		],
		['no text', 'extend extractRun', { documentSource: 'text', documentText: ' ' }, 'Document Text is empty'],
		[
			'no template',
			'retab edit',
			{ instructions: 'i', documentSource: 'template', templateId: EMPTY },
			`Template ${FOUND_NOTHING}`,
		],
		[
			'a source that is none',
			'retab parse',
			{ documentSource: 'text' },
			'Document From must be one of binary, url, fileId; it is the text "text"',
		],
		['no binary field', 'retab parse', { binaryPropertyName: EMPTY }, `Input Binary Field ${FOUND_NOTHING}`],
		[
			'51 files',
			'extend extractRun',
			{ ...extend, fileId: Array(51).fill('file_sandbox').join() },
			'At most 50 documents are allowed in one run, and there are 51',
		],
		[
			'a document without its block',
			'retab workflowRun',
			{ workflowId: 'wf_1', documents: { rows: [{ ...fromId, blockId: EMPTY }] } },
			'Start Block is empty',
		],
		[
			'two documents for one block',
			'retab workflowRun',
			{
				workflowId: 'wf_1',
				documents: {
					rows: [
						{ ...fromId, blockId: 's' },
						{ ...fromId, blockId: ' s ' },
					],
				},
			},
			'Start Block "s" is duplicated',
		],
		[
			'a source of a block that is none',
			'retab workflowRun',
			{ workflowId: 'wf_1', documents: { rows: [{ documentSource: 'template', blockId: 's' }] } },
			'Document From must be one of binary, url, fileId; it is the text "template"',
		],
	])('%s (%s)', async (_what, name, parameters, message) => {
		const { status, error } = await create(rowOf(name), parameters);
		expect(status).toBe('error');
		expect(error).toMatchObject({
			name: 'NodeOperationError',
			message,
			itemIndex: 0,
		});
		expect(lab.sandbox.requests).toEqual([]);
	});

	test('a schema that is not JSON', async () => {
		const { error } = await create(rowOf('retab extraction'), {
			schemaFrom: 'json',
			jsonSchema: '{ type: object }',
		});
		expect(error?.message).toMatch(/^JSON Schema is not valid JSON: .*position.*$/);
		expect(lab.sandbox.requests).toEqual([]);
	});
});

describe('a storage of another kind', () => {
	let storage: TestServer;

	beforeAll(async () => {
		storage = await startTestServer((request): Answer => {
			if (request.path === '/v1/files/upload') {
				return {
					status: 200,
					headers: { 'content-type': 'application/json' },
					body: JSON.stringify({
						fileId: 'file_1',
						uploadUrl: `${storage.url}/bucket/key?signature=1`,
						uploadMethod: 'POST',
						uploadHeaders: { 'Content-Type': 'application/octet-stream', 'x-amz-acl': 'private' },
					}),
				};
			}
			if (request.path.startsWith('/bucket/')) {
				return { status: 307, headers: { location: `${storage.url}/elsewhere` } };
			}
			return { status: 500 };
		});
	});
	afterAll(async () => await storage.close());

	test('its headers and method count, and no step is taken along a redirect', async () => {
		const { error } = await create(
			rowOf('retab fileBlueprint'),
			{ documentSource: 'binary' },
			{ credentials: credentialsFor(storage.url) },
		);
		expect(error?.message).toBe('The file storage of Retab did not take the file (307)');
		const [, put, ...rest] = storage.requests;
		expect(rest).toEqual([]);
		expect(put).toMatchObject({ method: 'POST', path: '/bucket/key' });
		expect(put?.headers).toMatchObject({
			'content-type': 'application/octet-stream',
			'x-amz-acl': 'private',
			'content-length': String(PDF.content.length),
		});
		expect(JSON.stringify(put?.headers)).not.toContain('rt_test_sandbox');
	});
});
