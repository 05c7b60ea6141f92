import { RETAB } from './retabFacts';
import {
	BOOLEAN,
	containing,
	including,
	NUMBER,
	PDF,
	RETAB_HEADERS,
	TEXT,
	useKit,
	type Answer,
	type Body,
	type Json,
} from './support';

/** What a create call takes and refuses, as the Retab API documents it. */

const kit = useKit();

/** What a 422 names: the place and the kind of each problem. */
function problems({ status, json }: Answer): Array<[string, string]> {
	expect(status).toBe(422);
	const detail = json.detail as Array<{ loc: string[]; type: string }>;
	return detail.map(({ loc, type }) => [loc.join('.'), type]);
}

const REQUIRED: Array<[string, string[]]> = [
	['/v1/extractions', ['document', 'json_schema']],
	['/v1/parses', ['document']],
	['/v1/classifications', ['document', 'categories']],
	['/v1/splits', ['document', 'subdocuments']],
	['/v1/partitions', ['document', 'key', 'instructions']],
	['/v1/edits', ['instructions']],
	['/v1/files/blueprints', ['file_id']],
	['/v1/schemas/generate', ['documents']],
	['/v1/workflows/runs', ['workflow_id']],
	['/v1/workflows/evals/runs', ['workflow_id']],
	['/v1/workflows/experiments/runs', ['experiment_id']],
	['/v1/jobs', ['endpoint', 'request']],
];

test.each(REQUIRED)('POST %s requires %j', async (path, fields) => {
	const expected = fields.map((field) => [`body.${field}`, 'missing']);
	expect(problems(await kit.retab('POST', path, {})).sort()).toEqual(expected.sort());
	expect(problems(await kit.retab('POST', path)).sort()).toEqual(expected.sort());
});

test('validation answers have loc, msg and type', async () => {
	const { json } = await kit.retab('POST', '/v1/parses', {});
	expect(json).toEqual({ detail: [{ loc: ['body', 'document'], msg: 'Field required', type: 'missing' }] });
});

test('JSON that cannot be read is a 422', async () => {
	const answer = await kit.send('POST', '/v1/parses', { headers: RETAB_HEADERS, body: '{"document":' });
	expect(problems(answer)).toEqual([['body.0', 'json_invalid']]);
});

const WRONG: Array<[string, Json, string, string]> = [
	['/v1/extractions', { json_schema: 'text' }, 'body.json_schema', 'dict_type'],
	['/v1/extractions', { n_consensus: 0 }, 'body.n_consensus', 'greater_than_equal'],
	['/v1/extractions', { n_consensus: 17 }, 'body.n_consensus', 'less_than_equal'],
	['/v1/extractions', { n_consensus: '3' }, 'body.n_consensus', 'number_type'],
	['/v1/extractions', { metadata: { tenant: 7 } }, 'body.metadata.tenant', 'string_type'],
	['/v1/extractions', { background: 'yes' }, 'body.background', 'boolean_type'],
	['/v1/parses', { table_parsing_format: 'xml' }, 'body.table_parsing_format', 'enum'],
	['/v1/classifications', { categories: [] }, 'body.categories', 'too_short'],
	['/v1/classifications', { categories: [{ description: 'x' }] }, 'body.categories.0.name', 'missing'],
	['/v1/splits', { n_consensus: 9 }, 'body.n_consensus', 'less_than_equal'],
	['/v1/partitions', { n_consensus: 9 }, 'body.n_consensus', 'less_than_equal'],
	['/v1/splits', { subdocuments: 'invoice' }, 'body.subdocuments', 'list_type'],
	['/v1/partitions', { allow_overlap: 1 }, 'body.allow_overlap', 'boolean_type'],
	['/v1/edits', { config: { color: 5 } }, 'body.config.color', 'string_type'],
	['/v1/files/blueprints', { mode: 'slow' }, 'body.mode', 'enum'],
	['/v1/workflows/runs', { version: 'latest' }, 'body.version', 'value_error'],
	['/v1/workflows/runs', { documents: [] }, 'body.documents', 'dict_type'],
	['/v1/workflows/evals/runs', { scope: { type: 'other' } }, 'body.scope.type', 'union_tag_invalid'],
	['/v1/workflows/evals/runs', { scope: { type: 'block' } }, 'body.scope.block_id', 'missing'],
	['/v1/workflows/evals/runs', { scope: { type: 'workflow', x: 1 } }, 'body.scope.x', 'extra_forbidden'],
	['/v1/edits', { config: { size: 5 } }, 'body.config.size', 'extra_forbidden'],
	['/v1/classifications', { categories: [{ name: 'a', x: 1 }] }, 'body.categories.0.x', 'extra_forbidden'],
	['/v1/splits', { subdocuments: [{ name: 'a', x: 1 }] }, 'body.subdocuments.0.x', 'extra_forbidden'],
	['/v1/parses', { stream: true }, 'body.stream', 'extra_forbidden'],
	['/v1/parses', { metadata: { tenant: 'acme' } }, 'body.metadata', 'extra_forbidden'],
	['/v1/jobs', { endpoint: '/v1/nothing' }, 'body.endpoint', 'enum'],
	['/v1/jobs', { request: [] }, 'body.request', 'dict_type'],
	['/v1/jobs', { metadata: { ['k'.repeat(65)]: 'v' } }, `body.metadata.${'k'.repeat(65)}`, 'value_error'],
	['/v1/jobs', { metadata: { k: 'v'.repeat(513) } }, 'body.metadata.k', 'value_error'],
];

test.each(WRONG)('POST %s refuses %j', async (path, change, place, type) => {
	const body = RETAB.find((one) => one.path === path)?.body;
	expect(problems(await kit.retab('POST', path, { ...body, ...change }))).toEqual([[place, type]]);
});

test('a job takes at most 16 metadata pairs of its own', async () => {
	const pairs = (count: number): Json =>
		Object.fromEntries(Array.from({ length: count }, (_value, at) => [`k${at}`, 'v']));
	const body = { endpoint: '/v1/parses', request: {} };
	const sixteen = { ...pairs(16), sandbox_result: 'stuck' };
	expect((await kit.retab('POST', '/v1/jobs', { ...body, metadata: sixteen })).status).toBe(202);
	expect(problems(await kit.retab('POST', '/v1/jobs', { ...body, metadata: pairs(17) }))).toEqual([
		['body.metadata', 'value_error'],
	]);
});

describe('documents', () => {
	const create = (document: Json): Promise<Answer> => kit.retab('POST', '/v1/parses', { document });

	test.each([
		PDF.url,
		'https://storage.retab.com/files/file_1/a.pdf',
		'https://account.blob.core.windows.net/c/a.pdf?sig=x',
		'https://storage.googleapis.com/bucket/a.pdf',
		'https://bucket.storage.googleapis.com/a.pdf',
		'https://bucket.s3.eu-west-1.amazonaws.com/a.pdf',
		'https://account.r2.cloudflarestorage.com/b/a.pdf',
		'https://pub-1.r2.dev/a.pdf',
	])('are taken from %s', async (url) => {
		expect((await create({ filename: 'a.pdf', url })).status).toBe(201);
	});

	test('may be in the storage of the sandbox, which stands for that of Retab', async () => {
		const url = `${kit.sandbox.url}/_storage/files/file_sandbox?expires=9`;
		expect((await create({ filename: 'a.pdf', url })).status).toBe(201);
		const elsewhere = url.replace('_storage', 'other');
		expect((await create({ filename: 'a.pdf', url: elsewhere })).status).toBe(422);
	});

	test('are refused as a bare id', async () => {
		expect(problems(await create({ id: 'file_1' })).sort()).toEqual([
			['body.document.filename', 'missing'],
			['body.document.id', 'extra_forbidden'],
			['body.document.url', 'missing'],
		]);
	});

	test.each([
		'https://example.com/a.pdf',
		'https://storage.retab.com.example.com/a.pdf',
		'https://evilstorage.googleapis.com/a.pdf',
		'https://r2.dev.example.com/a.pdf',
		'http://storage.googleapis.com/bucket/a.pdf',
		'a.pdf',
		'data:application/pdf,plain',
		'',
	])('are refused with the URL "%s"', async (url) => {
		expect(problems(await create({ filename: 'a.pdf', url }))).toEqual([
			['body.document.url', 'value_error'],
		]);
	});

	test('of workflow runs may not be on other hosts', async () => {
		const start = (url: string): Promise<Answer> =>
			kit.retab('POST', '/v1/workflows/runs', {
				workflow_id: 'wf_1',
				documents: { block_1: { filename: 'a.pdf', url } },
			});
		expect((await start(PDF.url)).status).toBe(202);
		expect((await start('https://storage.retab.com/files/file_1/a.pdf')).status).toBe(202);
		expect(problems(await start('https://bucket.s3.amazonaws.com/a.pdf'))).toEqual([
			['body.documents.block_1.url', 'value_error'],
		]);
	});
});

test.each(RETAB)('POST $path refuses fields that the API does not know', async ({ path, body }) => {
	expect(problems(await kit.retab('POST', path, { ...body, surprise: 1 }))).toEqual([
		['body.surprise', 'extra_forbidden'],
	]);
	expect(problems(await kit.retab('POST', `${path}?surprise=1`, body))).toEqual([
		['query.surprise', 'extra_forbidden'],
	]);
});

test('an extraction refuses background together with stream', async () => {
	const body = { document: PDF, json_schema: { type: 'object' } };
	const answer = await kit.retab('POST', '/v1/extractions', { ...body, background: true, stream: true });
	expect(problems(answer)).toEqual([['body.stream', 'value_error']]);
});

describe('deep extraction', () => {
	const deep = (filename: string, more: Json): Promise<Answer> =>
		kit.retab('POST', '/v1/extractions', {
			document: { ...PDF, filename },
			json_schema: { type: 'object' },
			deep_extraction: true,
			...more,
		});

	test.each([{ background: true }, { n_consensus: 3 }])(
		'of a spreadsheet is refused with %j',
		async (more) => {
			for (const filename of ['list.xlsx', 'LIST.CSV']) {
				expect(await deep(filename, more)).toMatchObject({
					status: 400,
					json: { detail: containing('deep_extraction') },
				});
			}
			expect((await deep('list.pdf', more)).status).toBe(201);
			expect((await deep('list.xlsx', {})).status).toBe(201);
		},
	);
});

test('a streamed extraction answers 200', async () => {
	const answer = await kit.retab('POST', '/v1/extractions', {
		document: PDF,
		json_schema: { type: 'object' },
		stream: true,
	});
	expect(answer).toMatchObject({ status: 200, json: { status: 'completed' } });
	expect(answer.headers['content-type']).toBe('application/stream+json');
});

test('an extraction in the background may answer 202', async () => {
	kit.sandbox.switches.extractionCreated = 202;
	const body = { document: PDF, json_schema: { type: 'object' } };
	expect((await kit.retab('POST', '/v1/extractions', { ...body, background: true })).status).toBe(202);
	expect((await kit.retab('POST', '/v1/extractions', body)).status).toBe(201);
});

describe('edits', () => {
	test('need exactly one of document and template_id, else 400', async () => {
		const instructions = 'Fill in the form';
		const create = (body: Json): Promise<Answer> => kit.retab('POST', '/v1/edits', { instructions, ...body });
		expect((await create({ document: PDF })).status).toBe(201);
		expect(await create({ template_id: 'tpl_1' })).toMatchObject({
			status: 201,
			json: { template_id: 'tpl_1' },
		});
		for (const body of [{}, { document: PDF, template_id: 'tpl_1' }, { document: null, template_id: null }]) {
			expect(await create(body)).toMatchObject({ status: 400, json: { detail: TEXT } });
		}
	});
});

test('a blueprint needs a known file', async () => {
	expect(await kit.retab('POST', '/v1/files/blueprints', { file_id: 'file_nope' })).toMatchObject({
		status: 404,
		json: { detail: 'File not found' },
	});
});

test('defaults are filled in', async () => {
	const of = async (path: string): Promise<Body> =>
		(await kit.retab('POST', path, RETAB.find((one) => one.path === path)?.body)).json;
	expect(await of('/v1/extractions')).toMatchObject({
		model: 'retab-small',
		n_consensus: 1,
		instructions: null,
	});
	expect(await of('/v1/parses')).toMatchObject({ table_parsing_format: 'html' });
	expect(await of('/v1/partitions')).toMatchObject({ allow_overlap: true });
	expect(await of('/v1/edits')).toMatchObject({ config: { color: '#000080' }, template_id: null });
	expect(await of('/v1/splits')).toMatchObject({
		subdocuments: [{ name: 'invoice', allow_multiple_instances: false }],
	});
});

test('the output follows the schema', async () => {
	const { json } = await kit.retab('POST', '/v1/extractions', {
		document: PDF,
		json_schema: {
			type: 'object',
			properties: {
				total: { type: 'number' },
				paid: { type: ['boolean', 'null'] },
				currency: { enum: ['EUR', 'USD'] },
				lines: { type: 'array', items: { type: 'object', properties: { text: { type: 'string' } } } },
			},
		},
		n_consensus: 3,
	});
	expect(json.output).toEqual({
		total: NUMBER,
		paid: BOOLEAN,
		currency: 'EUR',
		lines: including({ text: TEXT }),
	});
	expect(json.consensus).toEqual({ choices: [json.output, json.output, json.output], likelihoods: {} });
});

describe('metadata', () => {
	test('is shown by extractions, workflow runs and jobs as it was sent', async () => {
		const metadata = { tenant: 'acme', sandbox_duration_ms: 5 };
		for (const path of ['/v1/extractions', '/v1/workflows/runs', '/v1/jobs']) {
			const body = RETAB.find((one) => one.path === path)?.body;
			expect((await kit.retab('POST', path, { ...body, metadata })).json.metadata).toEqual(metadata);
		}
	});

	test.each(RETAB.filter(({ fields }) => !fields.includes('metadata')))(
		'steers $resource but is not shown',
		async ({ path, body, prefix }) => {
			const metadata = { sandbox_result: 'failed' };
			const { json } = await kit.retab('POST', path, { ...body, metadata });
			expect(json.id).toMatch(new RegExp(`^${prefix}`));
			expect(json.metadata).toBeUndefined();
			kit.advance(60_000);
			expect(kit.sandbox.getRun(json.id)).toMatchObject({ phase: 'failed', metadata });
		},
	);

	test.each([
		['sandbox_result', 'needs_review'],
		['sandbox_result', 'nonsense'],
		['sandbox_duration_ms', 'soon'],
		['sandbox_duration_ms', -1],
		['sandbox_cancel', 'never'],
		['sandbox_durations_ms', '5'],
	])('with the steering mistake %s=%s is refused', async (key, value) => {
		const answer = await kit.retab('POST', '/v1/parses', {
			document: PDF,
			background: true,
			metadata: { [key]: value },
		});
		expect(problems(answer)).toEqual([[`body.metadata.${key}`, 'value_error']]);
	});
});

describe('Idempotency-Key', () => {
	const post = (path: string, body: Json, key: string): Promise<Answer> =>
		kit.send('POST', path, { headers: { ...RETAB_HEADERS, 'idempotency-key': key }, body });

	test.each(['/v1/jobs', '/v1/schemas/generate'])('gives the same record again on %s', async (path) => {
		const found = RETAB.find((one) => one.path === path)?.body;
		const body = path === '/v1/jobs' ? { ...found } : { ...found, background: true };
		const first = await post(path, body, 'k1');
		const again = await post(path, body, 'k1');
		const other = await post(path, body, 'k2');
		expect(again).toMatchObject({ status: first.status, json: { id: first.json.id } });
		expect(other.json.id).not.toBe(first.json.id);
		expect((await kit.retab('POST', path, body)).json.id).not.toBe(first.json.id);
	});

	test('means nothing to the other resources', async () => {
		const first = await post('/v1/parses', { document: PDF, background: true }, 'k1');
		const second = await post('/v1/parses', { document: PDF, background: true }, 'k1');
		expect(second.json.id).not.toBe(first.json.id);
	});
});
