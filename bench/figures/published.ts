import { exec } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { Plan } from '../plan';

/** The package as it is published. */
export interface PublishedSample {
	/** Time to load all nodes and credentials, in new processes, ms. */
	loadMs: number[];
	packedBytes: number;
	unpackedBytes: number;
	files: number;
}

const ROOT = join(__dirname, '..', '..');

const run = promisify(exec);

export async function measurePublished({ loads }: Plan): Promise<PublishedSample> {
	const loadMs: number[] = [];
	for (let at = 0; at < loads; at++) {
		const { stdout } = await run('node scripts/lib/package-load.mjs .', { cwd: ROOT });
		loadMs.push((JSON.parse(stdout) as { ms: number }).ms);
	}
	const { stdout } = await run('npm pack --dry-run --json --ignore-scripts', { cwd: ROOT });
	const [{ size, unpackedSize, entryCount }] = JSON.parse(stdout) as [
		{ size: number; unpackedSize: number; entryCount: number },
	];
	return { loadMs, packedBytes: size, unpackedBytes: unpackedSize, files: entryCount };
}
