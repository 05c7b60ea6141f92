import { existsSync } from 'node:fs';
import { mkdir, readdir, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { explain, Failure } from './lib/failure.mjs';
import { ensureProject } from './lib/install.mjs';
import { readArchive, writeFiles } from './lib/package-archive.mjs';
import {
	PROVIDED_MODULES,
	SIZE_LIMIT,
	WORKFLOW_VALUES,
	deadFiles,
	expectedFiles,
	forbiddenTexts,
	manifestOf,
	workflowValues,
	wrongFiles,
	wrongImports,
	wrongManifest,
} from './lib/package-rules.mjs';
import { N8N_ROOT, PROJECT_ROOT } from './lib/paths.mjs';
import { Child, npm, run, runMain, temporaryFolder } from './lib/process.mjs';
import { Progress } from './lib/progress.mjs';

// `npm run check:package`: packs the package as npm would publish it and checks what comes out. One line a check.

/** Folders and files the build reads. */
const BUILD_INPUTS = ['nodes', 'credentials', 'tsconfig.json', 'tsconfig.build.json', 'gulpfile.js'];

/** How long loading the package may take, in ms; it needs about 1 s. */
const LOAD_TIMEOUT_MS = 30_000;

const HELPERS = path.join(PROJECT_ROOT, 'scripts', 'lib');

const results = { passed: 0, failed: 0 };

/**
 * One check, one line.
 *
 * @param {string} title What holds when it passes.
 * @param {() => Promise<string | void> | string | void} work Throws when it does not; may return what else to say.
 */
async function check(title, work) {
	try {
		const detail = await work();
		results.passed++;
		console.log(`ok      ${title}${detail ? ` (${detail})` : ''}`);
	} catch (error) {
		results.failed++;
		console.log(`not ok  ${title}\n${explain(error).replace(/^/gm, '          ')}`);
	}
}

/** @param {string[]} problems */
function none(problems) {
	if (problems.length > 0) throw new Failure(problems.join('\n'));
}

/** @param {number} bytes */
function kilobytes(bytes) {
	return `${(bytes / 1024).toFixed(1)} kB`;
}

/**
 * Files below some folders and files of the project, from the project folder, with slashes.
 *
 * @param {string[]} places
 */
async function filesBelow(places) {
	const found = await Promise.all(
		places.map(async (place) => {
			const whole = path.join(PROJECT_ROOT, place);
			if (!(await stat(whole)).isDirectory()) return [place];
			const entries = await readdir(whole, { recursive: true, withFileTypes: true });
			return entries
				.filter((entry) => entry.isFile())
				.map((entry) => path.relative(PROJECT_ROOT, path.join(entry.parentPath, entry.name)))
				.map((name) => name.replaceAll(path.sep, '/'));
		}),
	);
	return found.flat().sort();
}

/** Builds when there is no build, or one that is older than what it was made of. */
async function ensureBuild() {
	/** @param {string[]} names */
	const times = async (names) =>
		await Promise.all(names.map(async (name) => (await stat(path.join(PROJECT_ROOT, name))).mtimeMs));
	const built = existsSync(path.join(PROJECT_ROOT, 'dist')) ? await filesBelow(['dist']) : [];
	// Icons and codex files keep the time of their source.
	const oldest = Math.min(...(await times(built.filter((name) => name.endsWith('.js')))));
	const newest = Math.max(...(await times(await filesBelow(BUILD_INPUTS))));
	if (built.length > 0 && oldest > newest) return;
	console.log('Building, because dist is missing or older than the sources …');
	const { code, tail } = await npm(['run', 'build'], { cwd: PROJECT_ROOT });
	if (code !== 0) throw new Failure('The build failed.', { details: tail });
}

/** @param {string} folder */
async function pack(folder) {
	const { code, tail } = await npm(['pack', '--ignore-scripts', '--pack-destination', folder], {
		cwd: PROJECT_ROOT,
	});
	const archive = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
	if (code !== 0 || archive === undefined) throw new Failure('npm pack failed.', { details: tail });
	return path.join(folder, archive);
}

/** The registry npm uses here: nothing of the package may name it. */
async function registryHost() {
	const { tail } = await npm(['config', 'get', 'registry'], { cwd: PROJECT_ROOT });
	const address = tail.split('\n').find((line) => URL.canParse(line));
	return address === undefined ? [] : [new URL(address).host];
}

/**
 * The Node.js programs there are: the one that runs this, and the one of the real n8n where that is installed.
 *
 * @returns {Promise<{ program: string, version: string }[]>}
 */
async function nodePrograms() {
	const packages = path.join(N8N_ROOT, 'node_modules', 'node', 'node_modules');
	const binary = process.platform === 'win32' ? 'node.exe' : 'node';
	const installed = existsSync(packages) ? await readdir(packages) : [];
	const programs = installed.map((name) => path.join(packages, name, 'bin', binary)).filter(existsSync);
	const others = await Promise.all(
		programs.map(async (program) => {
			const { tail } = await run(program, ['--version'], { cwd: PROJECT_ROOT });
			return { program, version: tail.trim() };
		}),
	);
	return [
		{ program: process.execPath, version: process.version },
		...others.filter(({ version }) => version !== process.version),
	];
}

/**
 * Lays the package out as n8n does, with nothing but n8n's own packages beside it.
 *
 * @param {Map<string, Buffer>} files
 * @param {string} folder
 */
async function install(files, folder) {
	const modules = path.join(folder, 'node_modules');
	const installed = path.join(modules, String(manifestOf(files)['name']));
	await mkdir(modules, { recursive: true });
	await writeFiles(files, installed);
	for (const name of PROVIDED_MODULES) {
		await symlink(path.join(PROJECT_ROOT, 'node_modules', name), path.join(modules, name), 'junction');
	}
	return installed;
}

/**
 * @param {string} program
 * @param {string} installed
 */
async function load(program, installed) {
	const child = new Child(program, [path.join(HELPERS, 'package-load.mjs'), installed], {
		cwd: installed,
		env: { NODE_OPTIONS: undefined, NODE_PATH: undefined },
	});
	const timer = setTimeout(() => child.stop(), LOAD_TIMEOUT_MS);
	const code = await child.ended;
	clearTimeout(timer);
	if (code !== 0) throw new Failure('It does not load, or goes on running.', { details: child.tail() });
	return /** @type {string[]} */ (JSON.parse(child.tail())).join(', ');
}

/**
 * @param {string} folder
 * @param {'source' | 'packed'} kind
 * @param {string} scratch
 */
async function scan(folder, kind, scratch) {
	const { code, tail } = await run(process.execPath, [path.join(HELPERS, 'package-scan.mjs'), folder, kind], {
		cwd: PROJECT_ROOT,
		env: { TMPDIR: scratch, TEMP: scratch, TMP: scratch },
	});
	if (code !== 0) throw new Failure("n8n's scan found problems.", { details: tail });
}

runMain(async () => {
	await ensureProject(new Progress());
	await ensureBuild();
	const scratch = await temporaryFolder('package');
	const archive = await pack(scratch);
	const files = await readArchive(archive);
	const packed = path.join(scratch, 'packed');
	await writeFiles(files, packed);
	const installed = await install(files, path.join(scratch, 'installed'));

	await check('it holds each built source, icon and text, and nothing else', async () => {
		none(wrongFiles(files, expectedFiles(await filesBelow(['nodes', 'credentials']))));
		return `${files.size} files`;
	});
	await check('it is small', async () => {
		const unpacked = [...files.values()].reduce((sum, content) => sum + content.length, 0);
		const { size } = await stat(archive);
		const detail = `${kilobytes(size)} packed, ${kilobytes(unpacked)} unpacked`;
		if (size > SIZE_LIMIT.packed || unpacked > SIZE_LIMIT.unpacked) throw new Failure(detail);
		return detail;
	});
	await check('package.json brings no dependencies and no install scripts along', () =>
		none(wrongManifest(files)),
	);
	await check(`the code loads only its own files, ${PROVIDED_MODULES.join(' and ')}`, () =>
		none(wrongImports(files)),
	);
	await check('every built file is used', () => none(deadFiles(files)));
	await check('what it takes from n8n-workflow is in n8n 1.x and 2.x', () => {
		const values = workflowValues(files);
		const here = createRequire(import.meta.url)('n8n-workflow');
		none(
			values
				.filter((name) => !WORKFLOW_VALUES.includes(name) || !(name in here))
				.map((name) => `${name} is not among ${WORKFLOW_VALUES.join(', ')}`),
		);
		return values.join(', ');
	});
	for (const { program, version } of await nodePrograms()) {
		await check(`all nodes and credentials load under Node.js ${version}`, () => load(program, installed));
	}
	await check('it holds no secrets, no paths of a machine, no registry', async () => {
		none(forbiddenTexts(files, [PROJECT_ROOT, os.homedir(), ...(await registryHost())]));
	});
	await check("n8n's package scan passes on the sources", () => scan(PROJECT_ROOT, 'source', scratch));
	await check("n8n's package scan passes on the package", () => scan(packed, 'packed', scratch));

	console.log(`${results.passed} passed, ${results.failed} failed`);
	return results.failed === 0 ? 0 : 1;
});
