import { EXTEND } from './extendFacts';
import { containing, EXTEND_HEADERS, FILE, TEXT, useKit, type Answer, type Json } from './support';

/** What a create call takes and refuses, as the Extend API documents it. */

const kit = useKit();

function expectRefused(answer: Answer, place: string): void {
	expect(answer).toMatchObject({
		status: 400,
		json: {
			code: 'INVALID_REQUEST',
			message: containing(place),
			retryable: false,
			requestId: TEXT,
		},
	});
	expect(answer.headers['x-extend-request-id']).toBe(answer.json.requestId);
}

const config = { schema: { type: 'object' } };
const twoFiles = { files: [FILE, FILE] };
const twoIds = { files: [{ id: 'file_sandbox' }, { id: 'file_sandbox' }] };
const mixed = { files: [FILE, { id: 'file_sandbox' }] };

const ACCEPTED: Array<[string, Json]> = [
	['/extract_runs', { file: FILE }],
	['/extract_runs', { file: FILE, config }],
	['/extract_runs', { file: { text: 'hello', name: 'a.txt' }, extractor: { id: 'ex_1', version: 'draft' } }],
	['/extract_runs', { package: twoFiles, extractor: { id: 'ex_1', overrideConfig: {} } }],
	['/extract_runs', { file: { id: 'file_sandbox' }, priority: 5, metadata: { nested: { a: [1, null] } } }],
	['/classify_runs', { file: { text: 'hello' }, config }],
	['/split_runs', { file: { ...FILE, settings: { password: 'x' } }, config }],
	['/parse_runs', { file: FILE, config: { target: 'spatial' }, dataRetention: { mode: 'zero' } }],
	['/edit_runs', { file: FILE, config: {} }],
	['/form_detection_runs', { file: FILE }],
	[
		'/workflow_runs',
		{ workflow: { id: 'w', version: '2' }, package: { files: [FILE, { id: 'file_sandbox' }] } },
	],
	['/workflow_runs', { workflow: { id: 'w' }, file: FILE, outputs: [], secrets: {}, priority: 1 }],
	['/workflow_runs', { workflow: { id: 'w' }, file: FILE, outputs: [{ processorId: 'ex_1', output: {} }] }],
	['/extract_runs', { file: FILE, priority: 100, metadata: { 'extend:usage_tags': ['a', 'b'] } }],
	['/workflow_runs/batch', { workflow: { id: 'w' }, inputs: [{ file: FILE, secrets: {} }] }],
	['/workflow_runs', { workflow: { id: 'w' }, file: { text: 'hello' } }],
	['/evaluation_set_runs', { evaluationSetId: 'ev_1', entity: { id: 'ex_1' }, evaluationSetItemIds: ['a'] }],
	['/processor_runs', { processorId: 'dp_1', file: { fileName: 'a.pdf', fileUrl: FILE.url } }],
];

test.each(ACCEPTED)('POST %s takes %j', async (path, body) => {
	expect((await kit.extend('POST', path, body)).status).toBe(200);
});

const REFUSED: Array<[string, Json, string]> = [
	['/extract_runs', {}, 'file'],
	['/extract_runs', { file: FILE, package: twoFiles }, 'file and package'],
	['/extract_runs', { file: FILE, extractor: { id: 'ex_1' }, config }, 'extractor'],
	['/extract_runs', { file: FILE, extractor: {} }, 'extractor.id'],
	['/extract_runs', { file: FILE, extractor: 'ex_1' }, 'extractor'],
	['/extract_runs', { file: { url: FILE.url, id: 'file_sandbox' } }, 'exactly one of'],
	['/extract_runs', { file: {} }, 'exactly one of'],
	['/extract_runs', { file: { url: 'ftp://example.com/a.pdf' } }, 'file.url'],
	['/extract_runs', { file: FILE, priority: 'high' }, 'priority'],
	['/extract_runs', { package: { files: [FILE] } }, 'package.files'],
	['/extract_runs', { package: { files: Array.from({ length: 51 }, () => FILE) } }, 'package.files'],
	['/extract_runs', { file: FILE, metadata: 'text' }, 'metadata'],
	['/extract_runs', { file: FILE, metadata: { long: 'x'.repeat(10_241) } }, 'metadata'],
	['/classify_runs', { file: FILE }, 'classifier or config'],
	['/classify_runs', { classifier: { id: 'cl_1' } }, 'file'],
	['/split_runs', { file: FILE }, 'splitter or config'],
	['/split_runs', { file: { text: 'hello' }, config }, 'text is not supported'],
	['/parse_runs', { file: { text: 'hello' } }, 'text is not supported'],
	['/parse_runs', {}, 'file'],
	['/edit_runs', { file: { text: 'hello' } }, 'text is not supported'],
	['/form_detection_runs', {}, 'file'],
	['/workflow_runs', { file: FILE }, 'workflow'],
	['/workflow_runs', { workflow: { id: 'w' } }, 'file and package'],
	['/evaluation_set_runs', {}, 'evaluationSetId'],
	['/processor_runs', { file: { fileUrl: FILE.url } }, 'processorId'],
	['/processor_runs', { processorId: 'dp_1' }, 'file and rawText'],
	['/extract_runs/batch', { extractor: { id: 'ex_1' } }, 'inputs'],
	['/classify_runs/batch', { inputs: [{ file: FILE }] }, 'classifier'],
	['/classify_runs/batch', { config, classifier: { id: 'c' }, inputs: [{ file: FILE }] }, 'config'],
	['/extract_runs', { file: FILE, priority: 0 }, 'priority'],
	['/extract_runs', { file: FILE, priority: 101 }, 'priority'],
	['/extract_runs', { file: FILE, metadata: { 'extend:usage_tags': 'a' } }, 'extend:usage_tags'],
	['/extract_runs', { file: FILE, extractor: { id: 'ex_1', surprise: 1 } }, 'surprise'],
	['/extract_runs', { file: { url: FILE.url, surprise: 1 } }, 'surprise'],
	['/extract_runs', { file: { id: 'file_sandbox', name: 'a.pdf' } }, 'name'],
	['/extract_runs', { package: { files: [FILE, { text: 'hello' }] } }, 'text is not supported'],
	['/extract_runs', { package: { files: [FILE, FILE], name: 'x' } }, 'name'],
	['/parse_runs', { file: FILE, dataRetention: { mode: 'never' } }, 'dataRetention.mode'],
	['/parse_runs', { file: FILE, dataRetention: { hours: 1 } }, 'hours'],
	['/parse_runs', { file: FILE, priority: 5 }, 'priority'],
	['/edit_runs', { file: FILE, metadata: { tenant: 'acme' } }, 'metadata'],
	['/workflow_runs', { workflow: { id: 'w', surprise: 1 }, file: FILE }, 'surprise'],
	['/workflow_runs', { workflow: { id: 'w' }, package: twoFiles }, 'same file twice'],
	['/workflow_runs', { workflow: { id: 'w' }, package: twoIds }, 'same file twice'],
	['/workflow_runs', { workflow: { id: 'w' }, package: mixed, outputs: [] }, 'together with package'],
	[
		'/workflow_runs',
		{ workflow: { id: 'w' }, file: FILE, outputs: [{ processorId: 'ex_1' }] },
		'outputs.0.output',
	],
	['/evaluation_set_runs', { evaluationSetId: 'ev_1', entity: { version: '1' } }, 'entity.id'],
	['/workflow_runs/batch', { inputs: [{ file: FILE }] }, 'workflow'],
];

test.each(REFUSED)('POST %s refuses %j', async (path, body, place) => {
	expectRefused(await kit.extend('POST', path, body), place);
});

test.each(EXTEND.filter(({ body }) => body))(
	'POST $path refuses fields that the API does not know',
	async ({ path, body, batch }) => {
		expectRefused(await kit.extend('POST', path, { ...body, surprise: 1 }), 'surprise');
		expectRefused(await kit.extend('POST', `${path}?surprise=1`, body), 'surprise');
		if (!batch) return;
		const inputs = [{ file: FILE, surprise: 1 }];
		expectRefused(await kit.extend('POST', `${path}/batch`, { ...batch.body, inputs }), 'surprise');
	},
);

test('an unknown file is a 404', async () => {
	for (const [path, body] of [
		['/parse_runs', { file: { id: 'file_nope' } }],
		['/workflow_runs', { workflow: { id: 'w' }, package: { files: [FILE, { id: 'file_nope' }] } }],
		['/parse_runs/batch', { inputs: [{ file: { id: 'file_nope' } }] }],
		['/processor_runs', { processorId: 'dp_1', file: { fileId: 'file_nope' } }],
	] as const) {
		expect(await kit.extend('POST', path, body)).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } });
	}
});

test('JSON that cannot be read is a 400', async () => {
	expectRefused(await kit.send('POST', '/parse_runs', { headers: EXTEND_HEADERS, body: '{"file":' }), 'JSON');
});

test('the file of the answer is the one that was sent', async () => {
	const create = async (file: Json): Promise<unknown> =>
		(await kit.extend('POST', '/parse_runs', { file })).json.file;
	expect(await create({ url: 'https://a.example/x/March%20bill.pdf?s=1' })).toMatchObject({
		name: 'March bill.pdf',
		type: 'PDF',
	});
	expect(await create({ url: 'https://a.example/x.pdf', name: 'named.png' })).toMatchObject({
		name: 'named.png',
	});
	expect(await create({ id: 'file_sandbox' })).toMatchObject({ id: 'file_sandbox', name: 'invoice.pdf' });
	expect(await create({ url: 'https://a.example/%E0%A4%A' })).toMatchObject({ name: 'document.pdf' });
});

test('a package is answered with files instead of file', async () => {
	const { json } = await kit.extend('POST', '/extract_runs', { package: twoFiles });
	expect(json).toMatchObject({ file: null, files: [{ object: 'file' }, { object: 'file' }] });
	const single = await kit.extend('POST', '/extract_runs', { file: FILE });
	expect(single.json).toMatchObject({ file: { object: 'file' }, files: null });
});

describe('metadata', () => {
	test.each(EXTEND.filter(({ body, fields }) => body && fields.includes('metadata')))(
		'is shown by $resource as it was sent',
		async ({ path, body }) => {
			const metadata = { tenant: 7, sandbox_duration_ms: '5' };
			const { json } = await kit.extend('POST', path, { ...body, metadata });
			expect((json.processorRun ?? json).metadata).toEqual(metadata);
		},
	);

	test.each(EXTEND.filter(({ body, fields }) => body && !fields.includes('metadata')))(
		'steers $resource but is not shown',
		async ({ path, body }) => {
			const { json } = await kit.extend('POST', path, { ...body, metadata: { sandbox_result: 'failed' } });
			expect(json).not.toHaveProperty('metadata');
			kit.advance(60_000);
			expect(kit.sandbox.getRun(json.id)?.status).toBe('FAILED');
		},
	);

	test.each([
		['/edit_runs', { sandbox_result: 'cancelled' }],
		['/extract_runs', { sandbox_result: 'needs_review' }],
		['/extract_runs', { sandbox_result: 'expired' }],
		['/extract_runs', { sandbox_cancel: 'sometimes' }],
		['/extract_runs', { sandbox_duration: 5 }],
	])('of %s with the steering mistake %j is refused', async (path, metadata) => {
		expectRefused(await kit.extend('POST', path, { file: FILE, metadata }), Object.keys(metadata)[0] ?? '');
	});
});
