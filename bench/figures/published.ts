import { exec } from 'node:child_process';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { extract, list } from 'tar';

import { version } from '../../package.json';
import { PACKAGES } from '../../scripts/packages/plan';
import type { Plan } from '../plan';

/** A package as it is published. */
export interface PublishedSample {
	name: string;
	/** Time to load all nodes and credentials, in new processes, ms. */
	loadMs: number[];
	packedBytes: number;
	unpackedBytes: number;
	files: number;
}

const ROOT = join(__dirname, '..', '..');

/** Where `npm run pack` has put them. */
const PACKED = join(ROOT, 'packages');

const run = promisify(exec);

export async function measurePublished({ loads }: Plan): Promise<PublishedSample[]> {
	// Below the project, whose n8n-workflow and zod stand for those of n8n.
	const scratch = await mkdtemp(join(PACKED, 'unpacked-'));
	try {
		const samples: PublishedSample[] = [];
		for (const { name } of PACKAGES) samples.push(await measurePackage(name, join(scratch, name), loads));
		return samples;
	} finally {
		await rm(scratch, { recursive: true, force: true });
	}
}

async function measurePackage(name: string, folder: string, loads: number): Promise<PublishedSample> {
	const file = join(PACKED, `${name}-${version}.tgz`);
	await mkdir(folder);
	await extract({ file, cwd: folder, strip: 1 });
	const loadMs: number[] = [];
	for (let at = 0; at < loads; at++) {
		const { stdout } = await run(`node scripts/lib/package-load.mjs "${folder}"`, { cwd: ROOT });
		loadMs.push((JSON.parse(stdout) as { ms: number }).ms);
	}
	const sizes: number[] = [];
	await list({ file, onReadEntry: ({ size }) => sizes.push(size) });
	const unpackedBytes = sizes.reduce((sum, size) => sum + size, 0);
	const { size: packedBytes } = await stat(file);
	return { name, loadMs, packedBytes, unpackedBytes, files: sizes.length };
}
