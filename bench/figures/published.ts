import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { Plan } from '../plan';

/** The package as it is published. */
export interface PublishedSample {
	/** From the first `require` to the last node and credential, in fresh processes, ms. */
	loadMs: number[];
	packedBytes: number;
	unpackedBytes: number;
	files: number;
}

const ROOT = join(__dirname, '..', '..');
const run = promisify(execFile);

interface PackedArchive {
	size: number;
	unpackedSize: number;
	entryCount: number;
}

export async function measurePublished({ loads }: Plan): Promise<PublishedSample> {
	const loadMs: number[] = [];
	for (let at = 0; at < loads; at++) {
		const { stdout } = await run(process.execPath, [join(ROOT, 'bench', 'load.mjs')]);
		loadMs.push(Number(stdout));
	}
	const npm = process.env.npm_execpath;
	if (npm === undefined) throw new Error('Start the benchmark with npm: npm run bench');
	const { stdout } = await run(process.execPath, [npm, 'pack', '--dry-run', '--json', '--ignore-scripts'], {
		cwd: ROOT,
	});
	const [archive] = JSON.parse(stdout) as PackedArchive[];
	if (!archive) throw new Error('npm pack says nothing');
	return {
		loadMs,
		packedBytes: archive.size,
		unpackedBytes: archive.unpackedSize,
		files: archive.entryCount,
	};
}
