import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';

import { checkLine, checksOf } from './checks';
import { measureBatch } from './figures/batch';
import { measureCleanUp } from './figures/cleanUp';
import { measureExecutions } from './figures/executions';
import { measureLateness } from './figures/lateness';
import { measureMany } from './figures/many';
import { measurePublished } from './figures/published';
import { measureCrowd, measureRequests } from './figures/requests';
import { describeMachine } from './machine';
import { FULL, QUICK } from './plan';
import { Processes } from './processes';
import { headOf, plotsOf, reportOf } from './report';
import type { Results } from './results';

const ROOT = join(__dirname, '..');
const RESULTS = join(ROOT, 'bench', 'results.md');
const IMAGES = join(ROOT, 'docs', 'images');

const FIGURES = ['requests', 'executions', 'lateness', 'cleanUp', 'batch', 'many', 'published'] as const;

interface Settings {
	quick: boolean;
	only: readonly string[];
}

const command = new Command('npm run bench --')
	.description(
		'Compares the nodes with other ways to watch runs, prints the results, and writes bench/results.md and the plots of the docs.\n' +
			'Exit code 1 when a check fails.',
	)
	.option('--quick', 'one round and fewer sizes, about 3 minutes; writes nothing', false)
	.addOption(
		new Option('--only <figure...>', 'only these; writes nothing').choices(FIGURES).default(FIGURES, 'all'),
	);

/** @returns whether all checks passed */
async function bench({ quick, only }: Settings): Promise<boolean> {
	const plan = quick ? QUICK : FULL;
	const begin = Date.now();
	const minutes = (): number => (Date.now() - begin) / 60_000;
	const say = (text: string): void => console.log(`${minutes().toFixed(1).padStart(5)} min  ${text}`);
	const machine = await describeMachine();
	const processes = new Processes();
	const results: Results = {
		requests: [],
		crowd: [],
		executions: [],
		lateness: [],
		cleanUp: [],
		many: [],
		batch: [],
	};
	try {
		if (only.includes('requests')) results.requests = await measureRequests(processes, plan, say);
		if (only.includes('requests')) results.crowd = await measureCrowd(processes, plan, say);
		if (only.includes('executions')) results.executions = await measureExecutions(processes, plan, say);
		if (only.includes('lateness')) results.lateness = await measureLateness(processes, plan, say);
		if (only.includes('cleanUp')) results.cleanUp = await measureCleanUp(processes, plan, say);
		if (only.includes('batch')) results.batch = await measureBatch(processes, plan, say);
		if (only.includes('many')) results.many = await measureMany(processes, plan, say);
		if (only.includes('published')) results.published = await measurePublished(plan);
	} finally {
		await processes.close();
	}

	const checks = checksOf(results);
	const report = `${headOf(machine, plan, minutes())}\n\n${reportOf(results, checks, plan)}\n`;
	console.log(`\n${report}`);
	if (!quick && only === FIGURES) {
		await mkdir(IMAGES, { recursive: true });
		await writeFile(RESULTS, report);
		for (const [name, svg] of Object.entries(plotsOf(results))) await writeFile(join(IMAGES, name), svg);
		console.log('Written: bench/results.md, and the plots in docs/images');
	}
	const failed = checks.filter(({ ok }) => !ok);
	for (const check of failed) console.log(checkLine(check));
	return failed.length === 0;
}

async function main(): Promise<void> {
	if (!(await bench(command.parse().opts<Settings>()))) process.exitCode = 1;
}

void main();
