import { createHash } from 'node:crypto';

import {
	containing,
	matching,
	RETAB_HEADERS,
	rows,
	TEXT,
	useKit,
	type Answer,
	type Body,
	type Json,
} from './support';

/** The three-step upload and the reads of the Retab API. */

const kit = useKit();
const CONTENT = Buffer.from('%PDF-1.4 a small file');
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');

async function begin(more: Json = {}): Promise<Body> {
	const answer = await kit.retab('POST', '/v1/files/upload', {
		filename: 'invoice.pdf',
		size_bytes: CONTENT.length,
		content_type: 'application/pdf',
		...more,
	});
	expect(answer.status).toBe(200);
	return answer.json;
}

function put(session: Body, body: Buffer = CONTENT, headers?: Record<string, string>): Promise<Answer> {
	return kit.send('PUT', session.uploadUrl.slice(kit.sandbox.url.length), {
		headers: headers ?? session.uploadHeaders,
		body,
	});
}

const complete = ({ fileId }: Pick<Body, 'fileId'>, body?: Json): Promise<Answer> =>
	kit.retab('POST', `/v1/files/upload/${fileId}/complete`, body);

test('a file is uploaded in three steps and used as a document', async () => {
	const session = await begin({ sha256: SHA256.toUpperCase() });
	expect(session).toEqual({
		fileId: matching(/^file_/),
		uploadUrl: containing(kit.sandbox.url),
		uploadMethod: 'PUT',
		uploadHeaders: { 'content-type': 'application/pdf' },
		mimeData: { filename: 'invoice.pdf', url: matching(/^https:\/\/storage\.retab\.com\//) },
		expiresAt: TEXT,
	});
	expect((await put(session)).status).toBe(200);
	const completed = await complete(session, { sha256: SHA256 });
	expect(completed).toMatchObject({ status: 200, json: session.mimeData });
	expect(Object.keys(completed.json)).toEqual(['filename', 'url']);
	const run = await kit.retab('POST', '/v1/workflows/runs', {
		workflow_id: 'wf_1',
		documents: { block_1: completed.json },
	});
	expect(run.status).toBe(202);
	expect(kit.sandbox.requests.find(({ method }) => method === 'PUT')).toMatchObject({
		bodySize: CONTENT.length,
		body: null,
	});
});

test('the upload needs no key, and refuses one', async () => {
	const session = await begin();
	const answer = await put(session, CONTENT, { ...session.uploadHeaders, ...RETAB_HEADERS });
	expect(answer.status).toBe(400);
	expect(
		(await put(session, CONTENT, { ...session.uploadHeaders, 'api-key': 'rt_test_sandbox' })).status,
	).toBe(400);
	expect((await put(session)).status).toBe(200);
});

test('the upload needs the headers it was given', async () => {
	expect((await put(await begin(), CONTENT, { 'content-type': 'text/plain' })).status).toBe(403);
});

test('an unknown session is a 404', async () => {
	expect(await complete({ fileId: 'file_nope' })).toMatchObject({
		status: 404,
		json: { detail: 'Upload session not found' },
	});
});

test('an expired session is a 410, and its URL a 403', async () => {
	const session = await begin();
	await put(session);
	kit.advance(15 * 60_000);
	expect(await complete(session)).toMatchObject({ status: 410, json: { detail: 'Upload session expired' } });
	expect((await put(session)).status).toBe(403);
});

test('a session without content, with the wrong size or the wrong hash is a 422', async () => {
	const empty = await begin();
	expect((await complete(empty)).status).toBe(422);
	const short = await begin();
	await put(short, CONTENT.subarray(1));
	expect(await complete(short)).toMatchObject({
		status: 422,
		json: { detail: containing('Size') },
	});
	const other = await begin();
	await put(other);
	expect((await complete(other, { sha256: 'a'.repeat(64) })).status).toBe(422);
	const declared = await begin({ sha256: 'b'.repeat(64) });
	await put(declared);
	expect((await complete(declared)).status).toBe(422);
});

test('the first step checks its body', async () => {
	for (const change of [{ filename: '' }, { size_bytes: -1 }, { size_bytes: '5' }, { sha256: 'xyz' }]) {
		const body = { filename: 'a.pdf', size_bytes: 1, ...change };
		expect((await kit.retab('POST', '/v1/files/upload', body)).status).toBe(422);
	}
});

test('files are read, listed and linked once they are complete', async () => {
	const session = await begin();
	await put(session);
	expect((await kit.retab('GET', `/v1/files/${session.fileId}`)).status).toBe(404);
	await complete(session);
	expect((await kit.retab('GET', `/v1/files/${session.fileId}`)).json).toMatchObject({
		object: 'file',
		id: session.fileId,
		filename: 'invoice.pdf',
		mime_type: 'application/pdf',
		page_count: null,
	});
	const link = (await kit.retab('GET', `/v1/files/${session.fileId}/download-link`)).json;
	expect(link).toMatchObject({
		filename: 'invoice.pdf',
		mime_data: session.mimeData,
		expires_in: TEXT,
	});
	const path = link.download_url.slice(kit.sandbox.url.length);
	expect((await kit.send('GET', path)).text).toMatch(/^%PDF/);
	kit.advance(60 * 60_000);
	expect((await kit.send('GET', path)).status).toBe(403);
	expect((await kit.retab('GET', '/v1/files/file_nope/download-link')).status).toBe(404);
});

test('the list of files is paged, filtered, and tolerates an unknown cursor', async () => {
	for (const filename of ['b.png', 'Bill.pdf']) {
		const session = await begin({ filename, content_type: null });
		await put(session, CONTENT, session.uploadHeaders);
		await complete(session);
		kit.advance(1000);
	}
	const names = async (query: string): Promise<string[]> =>
		rows(await kit.retab('GET', `/v1/files?${query}`)).map(({ filename }) => filename);
	expect(await names('')).toEqual(['Bill.pdf', 'b.png', 'invoice.pdf']);
	expect(await names('limit=1&order=asc')).toEqual(['invoice.pdf']);
	expect(await names('filename=B')).toEqual(['Bill.pdf', 'b.png']);
	expect(await names('mime_type=image/png')).toEqual(['b.png']);
	expect(await names('after=nope&limit=1')).toEqual(['Bill.pdf']);
	for (const query of ['limit=0', 'limit=-5', 'limit=101']) {
		expect((await kit.retab('GET', `/v1/files?${query}`)).status).toBe(422);
	}
	expect((await kit.retab('GET', '/v1/files?from_date=yesterday')).status).toBe(400);
});

test('a blueprint shows the file it was made from', async () => {
	const { json } = await kit.retab('POST', '/v1/files/blueprints', { file_id: 'file_sandbox' });
	expect(json).toMatchObject({
		object: 'file.blueprint',
		file: { id: 'file_sandbox', filename: 'invoice.pdf', mime_type: 'application/pdf' },
	});
});
