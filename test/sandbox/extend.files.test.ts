import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';

import { FormData, request } from 'undici';

import { MultipartError, boundaryOf, readMultipart } from '../../sandbox/server/multipart';
import { containing, EXTEND_HEADERS, matching, useKit, type Body } from './support';

const kit = useKit();

async function upload(form: FormData): Promise<{ status: number; json: Body }> {
	const answer = await request(`${kit.sandbox.url}/files/upload`, {
		method: 'POST',
		headers: EXTEND_HEADERS,
		body: form,
	});
	return { status: answer.statusCode, json: (await answer.body.json()) as Body };
}

test('a file is uploaded as multipart and used by its id', async () => {
	const form = new FormData();
	form.append('note', 'not the file');
	form.append('file', new Blob([randomBytes(300_000)]), 'March bill.pdf');
	const { status, json } = await upload(form);
	expect(status).toBe(200);
	expect(json).toMatchObject({
		object: 'file',
		id: matching(/^file_/),
		name: 'March bill.pdf',
		type: 'PDF',
	});
	const run = await kit.extend('POST', '/parse_runs', { file: { id: json.id } });
	expect(run.json.file).toMatchObject({ id: json.id, name: 'March bill.pdf' });
	expect(kit.sandbox.requests[0]).toMatchObject({ operation: 'file.upload', body: null });
	expect(kit.sandbox.requests[0]?.bodySize).toBeGreaterThan(300_000);
});

test('an upload without the field, or that is no multipart, is refused', async () => {
	const form = new FormData();
	form.append('document', new Blob(['x']), 'a.pdf');
	expect((await upload(form)).json).toMatchObject({
		code: 'INVALID_REQUEST',
		message: containing('file'),
	});
	expect(await kit.extend('POST', '/files/upload', { file: 'x' })).toMatchObject({
		status: 400,
		json: { code: 'INVALID_REQUEST' },
	});
	const cut = await kit.send('POST', '/files/upload', {
		headers: { ...EXTEND_HEADERS, 'content-type': 'multipart/form-data; boundary=b' },
		body: '--b\r\ncontent-disposition: form-data; name="file"\r\n\r\nhalf',
	});
	expect(cut).toMatchObject({ status: 400, json: { message: containing('ends') } });
});

test('an upload needs the key', async () => {
	expect((await kit.send('POST', '/files/upload', { body: 'x' })).status).toBe(401);
});

describe('the multipart reader', () => {
	const BOUNDARY = '----b';
	const content = Buffer.concat([
		Buffer.from('\r\n------'),
		randomBytes(500),
		Buffer.from('\r\n----b\r\n--'),
	]);
	const body = Buffer.concat([
		Buffer.from(`preamble\r\n--${BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n`),
		Buffer.from(
			`--${BOUNDARY}\r\ncontent-type: x/y\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n`,
		),
		content,
		Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
	]);

	test.each([1, 2, 3, 7, 64, 10_000])('finds the same parts in pieces of %i bytes', async (size) => {
		const pieces = Array.from({ length: Math.ceil(body.length / size) }, (_value, at) =>
			body.subarray(at * size, (at + 1) * size),
		);
		const parts: Array<{ name: string; filename: string | null; hash: ReturnType<typeof createHash> }> = [];
		await readMultipart(Readable.from(pieces), BOUNDARY, {
			part: (name, filename) => parts.push({ name, filename, hash: createHash('sha256') }),
			bytes: (piece) => parts.at(-1)?.hash.update(piece),
		});
		const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');
		expect(parts.map(({ name, filename, hash }) => [name, filename, hash.digest('hex')])).toEqual([
			['a', null, sha256('1')],
			['file', 'f', sha256(content)],
		]);
	});

	test('refuses parts without a name and endless headers', async () => {
		const sink = { part: (): void => undefined, bytes: (): void => undefined };
		const read = (text: string): Promise<void> =>
			readMultipart(Readable.from([Buffer.from(text)]), 'b', sink);
		await expect(read('--b\r\ncontent-type: x/y\r\n\r\n')).rejects.toThrow(MultipartError);
		await expect(read(`--b\r\nx: ${'y'.repeat(20_000)}`)).rejects.toThrow('too long');
		await expect(read('')).rejects.toThrow('ends in the middle');
	});

	test('reads the boundary quoted or plain', () => {
		expect(boundaryOf('multipart/form-data; boundary=abc')).toBe('abc');
		expect(boundaryOf('Multipart/Form-Data; charset=utf-8; boundary="a b"')).toBe('a b');
		expect(() => boundaryOf('application/json')).toThrow(MultipartError);
		expect(() => boundaryOf(undefined)).toThrow(MultipartError);
	});
});
