import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';

import { FormData, request } from 'undici';

import { MultipartError, readFileField } from '../../sandbox/server/multipart';
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
		body: '--b\r\ncontent-disposition: form-data; name="file"; filename="a.pdf"\r\n\r\nhalf',
	});
	expect(cut).toMatchObject({ status: 400, json: { message: containing('Unexpected end of form') } });
});

test('an upload needs the key', async () => {
	expect((await kit.send('POST', '/files/upload', { body: 'x' })).status).toBe(401);
});

describe('the multipart reader', () => {
	const BOUNDARY = '----b';
	const TAIL = `\r\n--${BOUNDARY}--\r\n`;
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
		Buffer.from(TAIL),
	]);

	const read = (
		pieces: AsyncIterable<Uint8Array>,
		bytes: (piece: Uint8Array) => void,
	): Promise<string | undefined> =>
		readFileField(pieces, `multipart/form-data; boundary=${BOUNDARY}`, 'file', bytes);

	test.each([1, 2, 3, 7, 64, 10_000])('finds the same file in pieces of %i bytes', async (size) => {
		const pieces = Array.from({ length: Math.ceil(body.length / size) }, (_value, at) =>
			body.subarray(at * size, (at + 1) * size),
		);
		const hash = createHash('sha256');
		const name = await read(Readable.from(pieces), (piece) => hash.update(piece));
		expect(name).toBe('f');
		expect(hash.digest('hex')).toBe(createHash('sha256').update(content).digest('hex'));
	});

	test('hands a large file on in pieces', async () => {
		const SIZE = 8 * 1_024 * 1_024;
		let largest = 0;
		let total = 0;
		const piece = randomBytes(64 * 1_024);
		const [head, tail] = [body.subarray(0, body.indexOf(content)), body.subarray(-TAIL.length)];
		const all = [head, ...Array.from({ length: SIZE / piece.length }, () => piece), tail];
		await read(Readable.from(all), ({ length }) => {
			largest = Math.max(largest, length);
			total += length;
		});
		expect(total).toBe(SIZE);
		expect(largest).toBeLessThanOrEqual(2 * piece.length);
	});

	test('refuses a body that is cut, and one that is no form', async () => {
		const ignore = (): void => undefined;
		await expect(read(Readable.from([body.subarray(0, 400)]), ignore)).rejects.toThrow(MultipartError);
		const noForm = readFileField(Readable.from([body]), 'application/json', 'file', ignore);
		await expect(noForm).rejects.toThrow(MultipartError);
		await expect(readFileField(Readable.from([]), undefined, 'file', ignore)).rejects.toThrow(MultipartError);
	});
});
