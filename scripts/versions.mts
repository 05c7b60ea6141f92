import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { ENGINES, OLDEST, TESTS, type Engine, type Result } from '../test/versions/table.js';
import { Failure } from './lib/main.mjs';
import { removeFolder } from './lib/n8n-install.mjs';
import { PROJECT_ROOT } from './lib/paths.mjs';
import { run, runTasks, show } from './lib/process.mjs';
import { exclusively, packagesOf } from './lib/setup.mjs';

/** Engines are installed here once, 150 to 330 MB each. */
const CACHE = path.join(PROJECT_ROOT, '.cache', 'engines');

/** What was measured last, for the docs. */
const RESULTS = path.join(PROJECT_ROOT, 'test', 'versions', 'results.json');

const ALL = '--all';

/** Writes the results for the docs. */
const RECORD = '--record';

const packagesIn = (engine: Engine): Record<string, string> => ({
	'n8n-core': engine.core,
	'n8n-workflow': engine.workflow,
	zod: engine.zod,
});

/** npm writes this lock file when an install is complete. */
async function isInstalledIn(folder: string, engine: Engine): Promise<boolean> {
	const found = await packagesOf(path.join(folder, 'node_modules', '.package-lock.json')).catch(
		() => undefined,
	);
	return Object.entries(packagesIn(engine)).every(
		([name, version]) => found?.[`node_modules/${name}`]?.version === version,
	);
}

/** The folder with the engine in its `node_modules`: the project's own for the version that it is developed with. */
async function install(engine: Engine): Promise<string> {
	if (await isInstalledIn(PROJECT_ROOT, engine)) return PROJECT_ROOT;
	const folder = path.join(CACHE, engine.n8n);
	if (await isInstalledIn(folder, engine)) return folder;
	await mkdir(folder, { recursive: true });
	await exclusively(folder, async () => {
		const manifest = { name: 'engine', private: true, dependencies: packagesIn(engine) };
		await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest));
		const title = `Installing the engine of n8n ${engine.n8n}`;
		const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
		await runTasks([{ title, task: () => run('npm', args, { cwd: folder }).then(() => undefined) }]);
	});
	return folder;
}

/** The part that is needed of what jest writes as JSON. */
interface Report {
	testResults: Array<{ name: string; status: string; assertionResults: Array<{ status: string }> }>;
}

/**
 * Runs the tests of nodes on one engine. Files with a failure run once more, one after the other: tight times are missed on a
 * busy machine, and what an engine cannot do fails again. A run without tests has failed.
 */
async function test({ n8n }: Engine, engine: string, scratch: string): Promise<Result> {
	const outputFile = path.join(scratch, `${n8n}.json`);
	// Older engines leave a timer behind.
	const config = [
		'node_modules/jest/bin/jest.js',
		'--forceExit',
		'--config',
		'test/versions/jest.config.cjs',
	];
	const files = new Map<string, Report['testResults'][number]>();
	const failing = (): string[] =>
		[...files].flatMap(([name, { status }]) => (status === 'failed' ? [name] : []));
	for (const tests of [() => TESTS, () => ['--runInBand', '--runTestsByPath', ...failing()]]) {
		if (files.size > 0 && failing().length === 0) break;
		console.log(`\nn8n ${n8n}\n`);
		await show([...config, '--json', '--outputFile', outputFile, ...tests()], {
			env: { N8N_ENGINE: engine, N8N_ENGINE_VERSION: n8n },
		});
		const { testResults } = JSON.parse(await readFile(outputFile, 'utf8')) as Report;
		for (const result of testResults) files.set(result.name, result);
	}
	const tests = [...files.values()].flatMap(({ assertionResults }) => assertionResults);
	const passed = tests.filter(({ status }) => status === 'passed').length;
	const failed = passed > 0 ? Math.max(tests.length - passed, failing().length) : 1;
	return { n8n, date: new Date().toISOString().slice(0, 10), node: process.versions.node, passed, failed };
}

/** Keeps the results of the other versions in the table. */
async function record(result: Result): Promise<void> {
	const kept = JSON.parse(await readFile(RESULTS, 'utf8').catch(() => '[]')) as Result[];
	const results = ENGINES.flatMap(({ n8n }) => [result, ...kept].find((one) => one.n8n === n8n) ?? []);
	await writeFile(RESULTS, `${JSON.stringify(results, undefined, '\t')}\n`);
}

function chosen(args: string[]): Engine[] {
	if (args.includes(ALL)) return [...ENGINES];
	if (args.length === 0) return [OLDEST];
	return args.map((version) => {
		const engine = ENGINES.find(({ n8n }) => n8n === version);
		if (engine) return engine;
		const known = ENGINES.map(({ n8n }) => n8n).join(', ');
		throw new Failure(`n8n ${version} is not in test/versions/table.ts.`, { hint: `Available: ${known}` });
	});
}

/**
 * `npm run test:versions`: the tests of nodes with the built package, on the engine of the oldest n8n that the package is
 * made for (`npm test` runs on the newest); with `--all` on each in the table; or on those that are named. `--record` keeps
 * the results for the docs: run `npm run docs` afterwards.
 */
export async function main(args: string[]): Promise<number> {
	const engines = chosen(args.filter((arg) => arg !== RECORD));
	await runTasks([
		{ title: 'Building the nodes', task: () => run('npm', ['run', 'build']).then(() => undefined) },
	]);
	const scratch = await mkdtemp(path.join(os.tmpdir(), 'document-runs-versions-'));
	const results: Result[] = [];
	try {
		for (const engine of engines) {
			const result = await test(engine, await install(engine), scratch);
			results.push(result);
			if (args.includes(RECORD)) await record(result);
		}
	} finally {
		await removeFolder(scratch);
	}
	console.log();
	for (const { n8n, passed, failed } of results)
		console.log(`n8n ${n8n}: ${passed} passed, ${failed} failed`);
	return results.some(({ failed }) => failed > 0) ? 1 : 0;
}
