import { ApiError } from '../../../nodes/shared/core/requests/apiError';
import { DOCUMENT } from '../../../nodes/shared/core/config';
import type { JsonValue } from '../../../nodes/shared/core/runs/run';
import { PROVIDERS, resourceOf } from '../../../nodes/shared/providers';
import { fetcherOf } from '../../../nodes/shared/providers/client/documents';
import type {
	DeliverDocument,
	DocumentInput,
	DocumentRoutes,
	Payload,
} from '../../../nodes/shared/providers/client/wire';
import { extendDelivery } from '../../../nodes/shared/providers/extend/documents';
import { retabDelivery } from '../../../nodes/shared/providers/retab/documents';
import type { ApiRequest, ByteStream, Upload } from '../../../nodes/shared/providers/client/wire';
import type { Subject } from '../../../nodes/shared/providers/types';
import type { BodyField, CreateSpec, DocumentsSpec, FetchBy } from '../../../nodes/shared/providers/types';

/** The tables of create bodies against the field tables of the APIs, and how documents travel. */

const SPECS = Object.entries(PROVIDERS).flatMap(([provider, { resources }]) =>
	Object.entries(resources).flatMap(([resource, { create }]): Array<[string, CreateSpec]> =>
		create ? [[`${provider} ${resource}`, create]] : [],
	),
);

/** Retab: OpenAPI document of 2026-08-16. Extend: SDK 1.17.0. `*` marks what is required. */
const FIELDS: Record<string, string> = {
	'retab classification':
		'*document *categories first_n_pages instructions n_consensus model bust_cache background',
	'retab edit': '*document *instructions config.color model bust_cache background',
	'retab evalRun': '*workflow_id scope.type scope.block_id scope.eval_id',
	'retab experimentRun': 'workflow_id *experiment_id plan_token',
	'retab extraction':
		'*document *json_schema additional_messages deep_extraction instructions n_consensus metadata model bust_cache background',
	'retab fileBlueprint': '*file_id intent background',
	'retab job': '*endpoint *request metadata',
	'retab parse': '*document table_parsing_format instructions model bust_cache background',
	'retab partition': '*document *key *instructions allow_overlap n_consensus model bust_cache background',
	'retab schemaGeneration': '*documents instructions model background',
	'retab split': '*document *subdocuments instructions n_consensus model bust_cache background',
	'retab workflowRun': 'documents *workflow_id json_inputs metadata version',
	'extend classifyRun':
		'*file classifier.id classifier.version classifier.overrideConfig config priority metadata metadata metadata.extend:usage_tags',
	'extend editRun': '*file config',
	'extend evaluationSetRun': '*evaluationSetId entity.id entity.version evaluationSetItemIds',
	'extend extractRun':
		'*file extractor.id extractor.version extractor.overrideConfig config priority metadata metadata metadata.extend:usage_tags',
	'extend formDetectionRun': '*file config',
	'extend parseRun': '*file config metadata metadata metadata.extend:usage_tags dataRetention.mode',
	'extend splitRun':
		'*file splitter.id splitter.version splitter.overrideConfig config priority metadata metadata metadata.extend:usage_tags',
	'extend workflowRun':
		'*file *workflow.id workflow.version outputs priority metadata metadata metadata.extend:usage_tags secrets',
};

function fieldsOf({ documents, schema, fields, backgroundField }: CreateSpec): string {
	const named = (required: boolean | undefined, name: string) => `${required ? '*' : ''}${name}`;
	return [
		...(documents ? [named(documents.required, documents.key)] : []),
		...(schema ? [named(true, schema.path.join('.'))] : []),
		...fields.map(({ required, path }) => named(required, path.join('.'))),
		...(backgroundField ? [backgroundField] : []),
	].join(' ');
}

test('each kind of run has the fields of its API', () => {
	expect(Object.fromEntries(SPECS.map(([name, spec]) => [name, fieldsOf(spec)]))).toEqual(FIELDS);
});

/** What the APIs say they do without the field. */
const DEFAULTS: Record<string, unknown> = {
	allow_overlap: true,
	bust_cache: false,
	'config.color': '#000080',
	'dataRetention.mode': 'workspace_default',
	deep_extraction: false,
	model: 'retab-small',
	n_consensus: 1,
	priority: 50,
	'scope.type': 'workflow',
	table_parsing_format: 'html',
	version: 'production',
};

test('the defaults shown in the panel are those of the API', () => {
	const shown = SPECS.flatMap(([, { fields }]) => fields)
		.filter((field) => field.default !== undefined)
		.map((field): [string, unknown] => [field.path.join('.'), field.default]);
	expect(Object.fromEntries(shown)).toEqual(DEFAULTS);
	for (const [name, value] of shown) expect([name, value]).toEqual([name, DEFAULTS[name]]);
});

test.each(SPECS)(
	'%s: each field has a name and a place of its own, or shares it to be merged',
	(_name, spec) => {
		const { fields } = spec;
		const own = (key: (field: BodyField) => string) => new Set(fields.map(key)).size;
		expect(own(({ name }) => name)).toBe(fields.length);
		const paths = fields.map(({ path }) => path.join('.'));
		const shared = paths.filter((path, at) => paths.indexOf(path) < at);
		expect(shared.filter((path) => path !== 'metadata')).toEqual([]);
		expect(own(({ label }) => label)).toBe(fields.length);
	},
);

const CONSENSUS: Record<string, number> = {
	'retab classification': 16,
	'retab extraction': 16,
	'retab partition': 8,
	'retab split': 8,
};

test('consensus runs: 1 to 8 for partitions and splits, 1 to 16 for the others', () => {
	const ranges = SPECS.flatMap(([name, { fields }]) =>
		fields.filter((field) => field.name === 'nConsensus').map(({ range }) => [name, range] as const),
	);
	expect(Object.fromEntries(ranges)).toEqual(
		Object.fromEntries(Object.entries(CONSENSUS).map(([name, max]) => [name, { min: 1, max }])),
	);
});

describe('deep extraction', () => {
	const check = resourceOf(PROVIDERS.retab, 'extraction').create?.check;
	const deep = (more: object) => ({ deep_extraction: true, ...more });

	test.each<[string, object]>([
		['xls', {}],
		['xlsx', {}],
		['XLSM', {}],
		['xlsb', {}],
		['csv', {}],
		['tsv', {}],
		['ods', {}],
		['a type of CSV', { fileName: 'table', mimeType: 'text/csv; charset=utf-8' }],
		['a type of Excel', { fileName: 'table', mimeType: 'application/vnd.ms-excel' }],
		[
			'a type of an open sheet',
			{ mimeType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' },
		],
	])('of %s needs the foreground and one consensus run', (ending, facts) => {
		const documents = [{ fileName: `table.${ending}`, ...facts }];
		expect(check?.(deep({ background: true }), documents)).toMatchObject({
			message: 'Deep Extraction of a spreadsheet does not work in the background',
			hint: expect.stringContaining('Switch Run in Background off') as unknown,
		});
		expect(check?.(deep({ background: false, n_consensus: 2 }), documents)?.message).toBe(
			'Deep Extraction of a spreadsheet does not work with several Consensus Runs',
		);
		expect(check?.(deep({ background: false, n_consensus: 1 }), documents)).toBeUndefined();
		expect(check?.({ deep_extraction: false, background: true }, documents)).toBeUndefined();
	});

	test('of an uploaded file, whose name Retab tells', () => {
		const body = deep({
			background: true,
			document: { filename: 'table.ods', url: 'https://storage.retab.com/1' },
		});
		expect(check?.(body, [{}])?.message).toContain('does not work in the background');
	});

	test.each(['a.pdf', 'xlsx', 'a.xlsx.pdf', 'a.csv.zip'])('of %s is free', (fileName) => {
		expect(check?.(deep({ background: true, n_consensus: 3 }), [{ fileName }])).toBeUndefined();
	});
});

test('outputs go with one file only', () => {
	const check = resourceOf(PROVIDERS.extend, 'workflowRun').create?.check;
	expect(check?.({ outputs: [{}] }, [{}, {}])?.message).toBe('Outputs cannot be given for several files');
	expect(check?.({ outputs: [{}] }, [{}])).toBeUndefined();
	expect(check?.({}, [{}, {}])).toBeUndefined();
});

test('what edits and form detection take is said, and no other kind of run is limited', () => {
	const limited = SPECS.flatMap(([name, { documents }]) =>
		documents?.takes ? [[name, documents.takes]] : [],
	);
	expect(Object.fromEntries(limited)).toEqual({
		'retab edit': 'PDF and Office files, such as DOCX, XLSX and PPTX, but no images',
		'extend editRun': 'PDF files only',
		'extend formDetectionRun': 'PDF files only',
	});
});

test('only schema generations and jobs have an idempotency key', () => {
	const idempotent = SPECS.filter(([, spec]) => spec.idempotent).map(([name]) => name);
	expect(idempotent).toEqual(['retab schemaGeneration', 'retab job']);
});

test.each<[string, object, string | undefined]>([
	['retab evalRun', {}, undefined],
	['retab evalRun', { scope: { type: 'workflow' } }, undefined],
	[
		'retab evalRun',
		{ scope: { type: 'block', block_id: 'b', eval_id: 'e' } },
		'Eval goes with the scope Single only',
	],
	['extend classifyRun', { config: {} }, undefined],
	['extend classifyRun', { classifier: { id: 'c' } }, undefined],
	['extend classifyRun', {}, 'Classifier or Config is needed'],
	['extend extractRun', {}, undefined],
	[
		'extend extractRun',
		{ extractor: { overrideConfig: {} }, config: {} },
		'Extractor Version and Override Config need Extractor',
	],
	['extend evaluationSetRun', {}, undefined],
])('%s: %j', (name, body, problem) => {
	const spec = SPECS.find(([one]) => one === name)?.[1];
	expect(spec?.check?.(body as Record<string, unknown>, [])?.message).toBe(problem);
});

function subject(provider: 'retab' | 'extend', resource: string): Subject {
	return { provider: PROVIDERS[provider], spec: resourceOf(PROVIDERS[provider], resource) };
}

interface Traffic {
	deliver: DeliverDocument;
	sent: Array<ApiRequest | Upload>;
	/** Addresses that n8n was asked to download. */
	downloaded: string[];
}

const NEVER = new AbortController().signal;

/** Requests are answered in turn; uploads are opened as a transport would. */
function traffic(provider: 'retab' | 'extend', ...answers: unknown[]): Traffic {
	const sent: Array<ApiRequest | Upload> = [];
	const downloaded: string[] = [];
	const routes: DocumentRoutes = {
		call: (request) => {
			sent.push(request);
			return Promise.resolve(answers.shift());
		},
		upload: async (request) => {
			sent.push(await request(NEVER));
			return answers.shift();
		},
		put: async (upload) => {
			sent.push(await upload(NEVER));
		},
		download: ({ url, fileName = 'downloaded.pdf' }) => {
			downloaded.push(url);
			return Promise.resolve({ ...filePayload('from the web'), fileName });
		},
	};
	const deliver =
		provider === 'retab'
			? retabDelivery(subject('retab', 'parse'), routes)
			: extendDelivery(subject('extend', 'parseRun'), routes);
	return { deliver, sent, downloaded };
}

function filePayload(content: string | Buffer): Payload {
	const bytes = Buffer.from(content);
	return {
		fileName: 'a.pdf',
		mimeType: 'application/pdf',
		size: bytes.length,
		open: () => Promise.resolve(bytes),
	};
}

function payload(content: string | Buffer, more: Partial<Payload> = {}): DocumentInput {
	return { from: 'binary', payload: { ...filePayload(content), ...more } };
}

describe('a document of Retab', () => {
	test.each<[string, DocumentInput, JsonValue]>([
		[
			'an address, named by its last part',
			{ from: 'url', url: 'https://example.com/x/B%C3%BCro%201.pdf?sig=1#p', fetcher: 'provider' },
			{ filename: 'Büro 1.pdf', url: 'https://example.com/x/B%C3%BCro%201.pdf?sig=1#p' },
		],
		[
			'an address that cannot be decoded',
			{ from: 'url', url: 'https://example.com/100%.pdf', fetcher: 'provider' },
			{ filename: '100%.pdf', url: 'https://example.com/100%.pdf' },
		],
		[
			'an address without a last part',
			{ from: 'url', url: 'https://example.com', fetcher: 'provider' },
			{ filename: 'document', url: 'https://example.com' },
		],
		[
			'a data URL has no name',
			{ from: 'url', url: 'data:application/pdf;base64,AA/BB', fetcher: 'provider' },
			{ filename: 'document', url: 'data:application/pdf;base64,AA/BB' },
		],
		[
			'a name that was given',
			{ from: 'url', url: 'https://example.com/x', fetcher: 'provider', fileName: 'y.pdf' },
			{ filename: 'y.pdf', url: 'https://example.com/x' },
		],
		['a small file', payload('hi'), { filename: 'a.pdf', url: 'data:application/pdf;base64,aGk=' }],
		[
			'a type with parameters',
			payload('hi', { mimeType: 'text/plain; charset="utf-8"' }),
			{ filename: 'a.pdf', url: 'data:text/plain;base64,aGk=' },
		],
	])('%s', async (_what, input, expected) => {
		const { deliver, sent } = traffic('retab');
		await expect(deliver(input, false)).resolves.toEqual(expected);
		expect(sent).toEqual([]);
	});

	test('a small file that comes as a stream in pieces, at an offset in a larger buffer', async () => {
		const pieces = ['one ', 'two'].map((text) => Buffer.from(`__${text}__`).subarray(2, 2 + text.length));
		const stream = {
			async *[Symbol.asyncIterator]() {
				yield* pieces;
			},
			compose: () => stream,
			destroy: () => undefined,
			on: () => undefined,
		} as ByteStream;
		const { deliver } = traffic('retab');
		const input = payload('one two', { open: () => Promise.resolve(stream) });
		await expect(deliver(input, false)).resolves.toEqual({
			filename: 'a.pdf',
			url: `data:application/pdf;base64,${Buffer.from('one two').toString('base64')}`,
		});
	});

	test('an address that n8n downloads is handed over like any file', async () => {
		const { deliver, sent, downloaded } = traffic('retab');
		const input: DocumentInput = { from: 'url', url: 'https://example.com/x', fetcher: 'n8n' };
		await expect(deliver(input, false)).resolves.toEqual({
			filename: 'downloaded.pdf',
			url: `data:application/pdf;base64,${Buffer.from('from the web').toString('base64')}`,
		});
		expect(downloaded).toEqual(['https://example.com/x']);
		expect(sent).toEqual([]);
	});

	test('a file that is there already is looked up', async () => {
		const mime_data = { filename: 'a.pdf', url: 'https://storage.retab.com/a' };
		const { deliver, sent } = traffic('retab', { mime_data, download_url: 'https://x.example' });
		await expect(deliver({ from: 'fileId', id: 'file:1' }, false)).resolves.toEqual(mime_data);
		expect(sent).toMatchObject([{ method: 'GET', path: '/v1/files/file%3A1/download-link' }]);
	});

	test('an older server that knows only the link', async () => {
		const { deliver } = traffic('retab', { download_url: 'https://x.example/1', mime_data: null });
		await expect(deliver({ from: 'fileId', id: 'file_1' }, false)).resolves.toEqual({
			filename: 'file_1',
			url: 'https://x.example/1',
		});
	});

	test('where the body takes the bare id, nothing is looked up', async () => {
		const { deliver, sent } = traffic('retab');
		await expect(deliver({ from: 'fileId', id: 'file_1' }, true)).resolves.toBe('file_1');
		expect(sent).toEqual([]);
	});

	test.each([
		['nothing', undefined],
		['no link at all', {}],
		['a link of the wrong shape', { mime_data: { id: 'file_1' } }],
	])('an answer with %s cannot be used', async (_what, answer) => {
		const { deliver } = traffic('retab', answer);
		const failed = deliver({ from: 'fileId', id: 'file_1' }, false);
		await expect(failed).rejects.toBeInstanceOf(ApiError);
		await expect(failed).rejects.toMatchObject({ kind: 'malformed' });
	});

	test('a large file: announced, put, completed', async () => {
		const { deliver, sent } = traffic(
			'retab',
			{ fileId: 'f/1', uploadUrl: 'https://s.example/1', uploadHeaders: null },
			{ filename: 'a.pdf', url: 'https://storage.retab.com/1' },
		);
		const large = payload(Buffer.alloc(DOCUMENT.inlineUpTo + 1));
		await expect(deliver(large, false)).resolves.toEqual({
			filename: 'a.pdf',
			url: 'https://storage.retab.com/1',
		});
		expect(sent).toMatchObject([
			{ path: '/v1/files/upload', body: { filename: 'a.pdf', size_bytes: DOCUMENT.inlineUpTo + 1 } },
			{ method: 'PUT', url: 'https://s.example/1', headers: {} },
			{ path: '/v1/files/upload/f%2F1/complete', body: {} },
		]);
	});

	test.each([{}, { fileId: 'f' }, { fileId: 'f', uploadUrl: 'not an address' }, { fileId: 7 }, 'text'])(
		'an announcement answered with %j: nothing is put anywhere',
		async (answer) => {
			const { deliver, sent } = traffic('retab', answer);
			await expect(deliver(payload('hi'), true)).rejects.toMatchObject({ kind: 'malformed' });
			expect(sent).toHaveLength(1);
		},
	);

	test('several files share the room in one request', async () => {
		const { deliver, sent } = traffic('retab', { fileId: 'f', uploadUrl: 'https://s.example/1' });
		const half = payload(Buffer.alloc(DOCUMENT.inlineUpTo / 2));
		const delivered = await Promise.allSettled([
			deliver(half, false),
			deliver(half, false),
			deliver(payload('x'), false),
		]);
		expect(delivered.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
		expect(sent[0]).toMatchObject({ path: '/v1/files/upload', body: { size_bytes: 1 } });
	});

	test('bare text is not a file', async () => {
		const { deliver } = traffic('retab');
		await expect(deliver({ from: 'text', text: 'hi' }, false)).rejects.toThrow(RangeError);
	});
});

describe('a document of Extend', () => {
	test.each<[string, DocumentInput, JsonValue]>([
		[
			'an address',
			{ from: 'url', url: 'https://example.com/a', fetcher: 'provider' },
			{ url: 'https://example.com/a' },
		],
		[
			'an address with a name',
			{ from: 'url', url: 'https://example.com/a', fetcher: 'provider', fileName: 'b.pdf' },
			{ url: 'https://example.com/a', name: 'b.pdf' },
		],
		['a file', { from: 'fileId', id: 'file_1' }, { id: 'file_1' }],
		['text as it is', { from: 'text', text: '  a\n' }, { text: '  a\n' }],
	])('%s', async (_what, input, expected) => {
		const { deliver, sent } = traffic('extend');
		await expect(deliver(input, false)).resolves.toEqual(expected);
		expect(sent).toEqual([]);
	});

	test('an address that n8n downloads is uploaded', async () => {
		const { deliver, sent, downloaded } = traffic('extend', { id: 'file_1' });
		const input: DocumentInput = { from: 'url', url: 'http://10.0.0.1/x', fetcher: 'n8n' };
		await expect(deliver(input, false)).resolves.toEqual({ id: 'file_1' });
		expect(downloaded).toEqual(['http://10.0.0.1/x']);
		expect(sent).toMatchObject([{ path: '/files/upload' }]);
	});

	test('a file is a form with one part, and its length is right to the byte', async () => {
		const { deliver, sent } = traffic('extend', { id: 'file_1' });
		const fileName = 'a"b\r\nc Größe.pdf';
		await expect(deliver(payload('hello', { fileName }), false)).resolves.toEqual({ id: 'file_1' });
		const { raw } = sent[0] as ApiRequest;
		const boundary = /^multipart\/form-data; boundary=(\S+)$/.exec(raw?.contentType ?? '')?.[1];
		const body = Buffer.from(raw?.content as Uint8Array);
		expect(body.length).toBe(raw?.length);
		expect(body.toString()).toBe(
			[
				`--${boundary}`,
				'content-disposition: form-data; name="file"; filename="a_b__c Größe.pdf"',
				'content-type: application/pdf',
				'',
				'hello',
				`--${boundary}--`,
				'',
			].join('\r\n'),
		);
	});

	test('an upload answered without an id', async () => {
		const { deliver } = traffic('extend', { file: { id: 'file_1' } });
		await expect(deliver(payload('hi'), false)).rejects.toMatchObject({
			kind: 'malformed',
			message: 'Extend gave an answer about a file that cannot be used: the field "id" is missing',
		});
	});
});

describe('who downloads a document', () => {
	const documentsOf = (provider: 'retab' | 'extend', resource: string): DocumentsSpec => {
		const { documents } = resourceOf(PROVIDERS[provider], resource).create ?? {};
		if (!documents) throw new Error(`${resource} takes no documents`);
		return documents;
	};
	const fetcher = (url: string, resource = 'extraction', choice: FetchBy = 'auto') =>
		fetcherOf(PROVIDERS.retab, documentsOf('retab', resource), url, choice);

	test.each([
		'https://account.blob.core.windows.net/container/a.pdf?sig=1',
		'https://storage.googleapis.com/bucket/a.pdf',
		'https://bucket.storage.googleapis.com/a.pdf',
		'https://s3.amazonaws.com/bucket/a.pdf',
		'https://bucket.s3.amazonaws.com/a.pdf',
		'https://my.bucket.s3.eu-west-1.amazonaws.com/a.pdf',
		'https://bucket.s3-us-west-2.amazonaws.com/a.pdf',
		'https://bucket.s3.dualstack.eu-west-1.amazonaws.com/a.pdf',
		'https://account.r2.cloudflarestorage.com/bucket/a.pdf',
		'https://pub-1.r2.dev/a.pdf',
		'https://PUB-1.R2.dev:443/a.pdf',
	])('Retab fetches %s itself, but not for a workflow', (url) => {
		expect(fetcher(url)).toBe('provider');
		expect(fetcher(url, 'schemaGeneration')).toBe('provider');
		expect(fetcher(url, 'workflowRun')).toBe('n8n');
	});

	test.each(['https://storage.retab.com/a.pdf', 'data:application/pdf;base64,AA=='])(
		'%s is passed on everywhere',
		(url) => {
			expect([fetcher(url), fetcher(url, 'edit'), fetcher(url, 'workflowRun')]).toEqual(
				Array(3).fill('provider'),
			);
		},
	);

	test.each([
		'https://example.com/a.pdf',
		'http://storage.googleapis.com/a.pdf',
		'https://storage.googleapis.com:8443/a.pdf',
		'https://me:secret@storage.googleapis.com/a.pdf',
		'https://storage.googleapis.com.example.com/a.pdf',
		'https://notstorage.googleapis.com/a.pdf',
		'https://evils3.amazonaws.com/a.pdf',
		'https://api.execute-api.eu-west-1.amazonaws.com/a.pdf',
		'https://blob.core.windows.net/a.pdf',
		'https://sub.storage.retab.com/a.pdf',
	])('n8n downloads %s', (url) => {
		expect(fetcher(url)).toBe('n8n');
	});

	test('the user may choose', () => {
		expect(fetcher('https://storage.googleapis.com/a.pdf', 'parse', 'n8n')).toBe('n8n');
		expect(fetcher('https://files.example.com/a.pdf', 'parse', 'provider')).toBe('provider');
		expect(() => fetcher('http://example.com/a.pdf', 'parse', 'provider')).toThrow(
			new RangeError('Retab only fetches documents from https:// addresses'),
		);
	});

	test('Extend takes any address', () => {
		const extend = (choice: FetchBy) =>
			fetcherOf(PROVIDERS.extend, documentsOf('extend', 'parseRun'), 'http://example.com/a.pdf', choice);
		expect([extend('auto'), extend('provider'), extend('n8n')]).toEqual(['provider', 'provider', 'n8n']);
	});
});
