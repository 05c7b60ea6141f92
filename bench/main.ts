import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { checkLine, checksOf } from './checks';
import { measureBatch } from './figures/batch';
import { measureCleanUp } from './figures/cleanUp';
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

const FIGURES = ['requests', 'lateness', 'cleanUp', 'batch', 'many', 'published'] as const;

const HELP = `Usage: npm run bench -- [options]

Compares with what people would use instead, prints the figures, and writes bench/results.md and the plots of the docs.
Exit code 1 when a check fails.

  --quick          one round and fewer sizes, about 3 minutes; writes nothing
  --only <figure>  only this one (may be repeated; writes nothing): ${FIGURES.join(', ')}
  --help           show this text
`;

interface Settings {
	quick: boolean;
	only: ReadonlySet<string>;
}

/** @throws RangeError for arguments that are not understood */
function settings(): Settings | undefined {
	const { values } = parseArgs({
		options: {
			quick: { type: 'boolean', default: false },
			only: { type: 'string', multiple: true, default: [...FIGURES] },
			help: { type: 'boolean', default: false },
		},
	});
	if (values.help) return undefined;
	const unknown = values.only.find((one) => !FIGURES.some((figure) => figure === one));
	if (unknown !== undefined) throw new RangeError(`There is no figure "${unknown}": ${FIGURES.join(', ')}`);
	return { quick: values.quick, only: new Set(values.only) };
}

/** @returns whether all checks passed */
async function bench({ quick, only }: Settings): Promise<boolean> {
	const plan = quick ? QUICK : FULL;
	const begin = Date.now();
	const minutes = (): number => (Date.now() - begin) / 60_000;
	const say = (text: string): void => console.log(`${minutes().toFixed(1).padStart(5)} min  ${text}`);
	const machine = await describeMachine();
	const processes = new Processes();
	const results: Results = { requests: [], crowd: [], lateness: [], cleanUp: [], many: [], batch: [] };
	try {
		if (only.has('requests')) results.requests = await measureRequests(processes, plan, say);
		if (only.has('requests')) results.crowd = await measureCrowd(processes, plan, say);
		if (only.has('lateness')) results.lateness = await measureLateness(processes, plan, say);
		if (only.has('cleanUp')) results.cleanUp = await measureCleanUp(processes, plan, say);
		if (only.has('batch')) results.batch = await measureBatch(processes, plan, say);
		if (only.has('many')) results.many = await measureMany(processes, plan, say);
		if (only.has('published')) results.published = await measurePublished(plan);
	} finally {
		await processes.close();
	}

	const checks = checksOf(results);
	const report = `${headOf(machine, plan, minutes())}\n\n${reportOf(results, checks, plan)}\n`;
	console.log(`\n${report}`);
	if (!quick && only.size === FIGURES.length) {
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
	const asked = settings();
	if (!asked) console.log(HELP);
	else if (!(await bench(asked))) process.exitCode = 1;
}

main().catch((error: unknown) => {
	console.error(error instanceof Error ? (error.stack ?? error.message) : error);
	process.exitCode = 1;
});
