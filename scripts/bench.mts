import { N8N } from './lib/n8n-install.mjs';
import { BENCH_ROOT } from './lib/paths.mjs';
import { npmCi, run, runTasks, show } from './lib/process.mjs';
import { installOnce } from './lib/setup.mjs';

/** `npm run bench`: installs the packages to compare with, builds, and runs the benchmark. */
export async function main(args: string[]): Promise<number> {
	if (!args.includes('--help')) {
		const title = 'Installing the packages to compare with';
		await installOnce(BENCH_ROOT, () => runTasks([{ title, task: (_, task) => npmCi(BENCH_ROOT, task) }]));
		await N8N.install();
		await runTasks([
			{ title: 'Building the nodes', task: () => run('npm', ['run', 'build']).then(() => undefined) },
			{ title: 'Packing the packages', task: () => run('npm', ['run', 'pack']).then(() => undefined) },
		]);
	}
	return await show(['--import', 'tsx', 'bench/main.ts', ...args]);
}
