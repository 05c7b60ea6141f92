import path from 'node:path';
import { run } from './process.mjs';

export interface Packed {
	archive: string;
	/** Paths in the package. */
	files: string[];
	/** In bytes. */
	size: number;
	unpackedSize: number;
}

/** Builds the package and packs it into `folder` as npm would publish it. */
export async function buildAndPack(folder: string): Promise<Packed> {
	await run('npm', ['run', 'build']);
	const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]);
	const [{ filename, files, ...sizes }] = JSON.parse(stdout) as [
		{ filename: string; files: Array<{ path: string }>; size: number; unpackedSize: number },
	];
	return { ...sizes, archive: path.join(folder, filename), files: files.map(({ path: name }) => name) };
}
