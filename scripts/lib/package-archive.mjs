import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Failure } from './failure.mjs';

/** Unit of a tar archive, in bytes: each entry is a header block and its content, padded to whole blocks. */
const BLOCK = 512;

/** Where the fields of a header block are: offset and length. */
const NAME = [0, 100];
const SIZE = [124, 12];
const TYPE = [156, 1];
const PREFIX = [345, 155];

/** Entry types: a plain file (old and POSIX form), a folder, and what tools note about the entries to come. */
const FILE_TYPES = new Set(['0', '']);
const FOLDER_TYPE = '5';
const NOTE_TYPES = new Set(['x', 'g']);

/**
 * The files of a package as npm packed it. Links and anything else that is not a plain file are refused.
 *
 * @param {string} archive A `.tgz` file.
 * @returns {Promise<Map<string, Buffer>>} Content by path below npm's folder `package`.
 */
export async function readArchive(archive) {
	const tar = gunzipSync(await readFile(archive));
	/** @type {Map<string, Buffer>} */
	const files = new Map();
	for (let at = 0; at < tar.length && tar[at] !== 0;) {
		const header = tar.subarray(at, at + BLOCK);
		/** @param {number[]} place */
		const text = ([offset = 0, length = 0]) =>
			header
				.subarray(offset, offset + length)
				.toString('utf8')
				.replace(/\0.*$/s, '')
				.trim();
		const name = [text(PREFIX), text(NAME)].filter(Boolean).join('/');
		const size = Number.parseInt(text(SIZE), 8);
		const type = text(TYPE);
		const content = tar.subarray(at + BLOCK, at + BLOCK + size);
		at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
		if (type === FOLDER_TYPE || NOTE_TYPES.has(type)) continue;
		const [root, ...rest] = name.split('/');
		if (!FILE_TYPES.has(type) || root !== 'package' || rest.includes('..')) {
			throw new Failure(`The archive holds an entry that is no plain file of the package: ${name}`);
		}
		files.set(rest.join('/'), content);
	}
	return files;
}

/**
 * @param {Map<string, Buffer>} files
 * @param {string} folder
 */
export async function writeFiles(files, folder) {
	for (const [name, content] of files) {
		const file = path.join(folder, name);
		await mkdir(path.dirname(file), { recursive: true });
		await writeFile(file, content);
	}
}
