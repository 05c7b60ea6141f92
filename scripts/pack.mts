import { mkdir, mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { removeFolder } from './lib/n8n-install.mjs';
import { pack } from './lib/package.mjs';
import { PROJECT_ROOT } from './lib/paths.mjs';
import { PACKAGES } from './packages/plan.js';

/** `npm run pack`: builds all packages of this tree into `packages/`. */
export async function main(): Promise<void> {
	const into = path.join(PROJECT_ROOT, 'packages');
	await removeFolder(into);
	await mkdir(into);
	const scratch = await mkdtemp(path.join(os.tmpdir(), 'document-runs-pack-'));
	try {
		for (const plan of PACKAGES) {
			const { archive, size } = await pack(plan, scratch, into);
			console.log(`${path.relative(PROJECT_ROOT, archive)} ${(size / 1000).toFixed(1)} kB`);
		}
	} finally {
		await removeFolder(scratch);
	}
}
