import path from 'node:path';
import { ensureBenchPackages, ensureN8n, ensureProject } from './lib/install.mjs';
import { PROJECT_ROOT } from './lib/paths.mjs';
import { npm, run, runMain } from './lib/process.mjs';
import { Progress } from './lib/progress.mjs';
import { Failure } from './lib/failure.mjs';

// `npm run bench`: installs what the benchmark compares with when it is missing, builds, and runs the benchmark.
runMain(async () => {
	const args = process.argv.slice(2);
	const progress = new Progress();
	await ensureProject(progress);
	if (!args.includes('--help')) {
		await ensureBenchPackages(progress);
		await ensureN8n(progress);
		await progress.step('Building the nodes', async () => {
			const { code, tail } = await npm(['run', 'build'], { cwd: PROJECT_ROOT });
			if (code !== 0) throw new Failure('The build failed.', { details: tail });
		});
	}
	const main = path.join(PROJECT_ROOT, 'bench', 'main.ts');
	const { code } = await run(process.execPath, ['--import', 'tsx', main, ...args], {
		cwd: PROJECT_ROOT,
		output: 'inherit',
	});
	return code;
});
