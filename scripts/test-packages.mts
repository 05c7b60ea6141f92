import { mkdir, mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { extract } from 'tar';
import { removeFolder } from './lib/n8n-install.mjs';
import { pack } from './lib/package.mjs';
import { show } from './lib/process.mjs';
import { PACKAGES, foreignProviders, onlyProvider, type PackagePlan } from './packages/plan.js';

/** What a user sees of a package. */
const DESCRIPTIONS = ['descriptions', 'previews'];

/** What its nodes do. The rest of the code is the same in all packages. */
const BEHAVIOUR = ['timeout-cancel', 'run-trigger'];

/** `npm run test:packages`: the tests of nodes with what the tarballs for one service really hold. */
export async function main(): Promise<number> {
	const scratch = await mkdtemp(path.join(os.tmpdir(), 'document-runs-packages-'));
	let code = 0;
	try {
		for (const plan of PACKAGES.filter(onlyProvider)) {
			const { archive } = await pack(plan, scratch, scratch);
			const folder = path.join(scratch, 'unpacked', plan.name);
			await mkdir(folder, { recursive: true });
			await extract({ file: archive, cwd: folder, strip: 1 });
			for (const args of testsOf(plan)) {
				const jest = ['node_modules/jest/bin/jest.js', '--runTestsByPath', ...args];
				code ||= await show(jest, { env: { PACKAGE_DIR: folder } });
			}
		}
	} finally {
		await removeFolder(scratch);
	}
	return code;
}

/**
 * Arguments of jest. Tests name the service that they are about, or are about the first one: a package for that one has all
 * that name no other, and any other package those that name its own.
 */
function testsOf(plan: PackagePlan): string[][] {
	const name = onlyProvider(plan)?.name ?? '';
	const others = foreignProviders(plan).map((provider) => provider.name);
	const isFirst = PACKAGES[0]?.providers[0]?.name === name;
	const pattern = isFirst ? `^(?!.*(?:${others.join('|')}))` : `^(?!.*(?:${others.join('|')})).*${name}`;
	const files = (names: string[]) => names.map((one) => `test/nodes/${one}.test.ts`);
	return [files(DESCRIPTIONS), [...files([...BEHAVIOUR, name]), `--testNamePattern=${pattern}`]];
}
