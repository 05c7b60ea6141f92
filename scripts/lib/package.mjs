import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from './main.mjs';
import { run } from './process.mjs';

/**
 * Builds the package and packs it as npm would publish it.
 *
 * @param {string} folder Where the archive goes.
 * @returns {Promise<string>} The archive.
 */
export async function buildAndPack(folder) {
	await run('npm', ['run', 'build']);
	await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder]);
	const archive = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
	if (archive === undefined) throw new Failure('npm pack wrote no archive.');
	return path.join(folder, archive);
}
