import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { extract } from 'tar';
import { glob } from 'tinyglobby';
import { explain, Failure } from './lib/main.mjs';
import { N8N_NODE, removeFolder } from './lib/n8n-install.mjs';
import { buildAndPack } from './lib/package.mjs';
import {
	PROVIDED_MODULES,
	SIZE_LIMIT,
	WORKFLOW_VALUES,
	expectedFiles,
	forbiddenTexts,
	manifestOf,
	workflowValues,
	wrongFiles,
	wrongImports,
} from './lib/package-rules.mjs';
import { PROJECT_ROOT } from './lib/paths.mjs';
import { run } from './lib/process.mjs';

// `npm run check:package`: packs the package as npm would publish it and checks what comes out. One line a check.

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
 * The files of the package as npm packed it, which are laid out as well.
 *
 * @param {string} file
 * @param {string} folder
 */
async function unpack(file, folder) {
	await mkdir(folder, { recursive: true });
	/** @type {string[]} */
	const names = [];
	await extract({
		file,
		cwd: folder,
		strip: 1,
		strict: true,
		onReadEntry({ path: name, type }) {
			if (type !== 'File' || !name.startsWith('package/')) {
				throw new Failure(`The archive holds an entry that is no plain file of the package: ${name}`);
			}
			names.push(name.slice('package/'.length));
		},
	});
	return new Map(
		await Promise.all(
			names.map(async (name) => /** @type {const} */ ([name, await readFile(path.join(folder, name))])),
		),
	);
}

/** The registry npm uses here: nothing of the package may name it. */
async function registryHost() {
	const { stdout } = await run('npm', ['config', 'get', 'registry']);
	return URL.canParse(stdout) ? [new URL(stdout).host] : [];
}

/** The Node.js programs there are: the one that runs this, and the one of the real n8n where that is installed. */
async function nodePrograms() {
	const programs = existsSync(N8N_NODE) ? [process.execPath, N8N_NODE] : [process.execPath];
	return await Promise.all(
		programs.map(async (program) => ({ program, version: (await run(program, ['--version'])).stdout })),
	);
}

/**
 * Lays the package out as n8n does, with nothing but n8n's own packages beside it.
 *
 * @param {string} packed
 * @param {string} name Of the package.
 * @param {string} folder
 */
async function install(packed, name, folder) {
	const modules = path.join(folder, 'node_modules');
	const installed = path.join(modules, name);
	await cp(packed, installed, { recursive: true });
	for (const provided of PROVIDED_MODULES) {
		await symlink(
			path.join(PROJECT_ROOT, 'node_modules', provided),
			path.join(modules, provided),
			'junction',
		);
	}
	return installed;
}

/**
 * @param {string} program
 * @param {string} installed
 */
async function load(program, installed) {
	const { stdout } = await run(program, [path.join(HELPERS, 'package-load.mjs'), installed], {
		cwd: installed,
		env: { NODE_OPTIONS: undefined, NODE_PATH: undefined },
		timeout: LOAD_TIMEOUT_MS,
	});
	return /** @type {string[]} */ (JSON.parse(stdout)).join(', ');
}

/**
 * @param {string} folder
 * @param {'source' | 'packed'} kind
 * @param {string} scratch
 */
async function scan(folder, kind, scratch) {
	await run(process.execPath, [path.join(HELPERS, 'package-scan.mjs'), folder, kind], {
		env: { TMPDIR: scratch, TEMP: scratch, TMP: scratch },
	});
}

/** @param {string} scratch Temporary folder. */
async function checkAll(scratch) {
	const archive = await buildAndPack(scratch);
	const packed = path.join(scratch, 'packed');
	const files = await unpack(archive, packed);
	const manifest = manifestOf(files);
	const installed = await install(packed, String(manifest['name']), path.join(scratch, 'installed'));

	await check('it holds each built source, icon and text, and nothing else', async () => {
		none(wrongFiles(files, expectedFiles(await glob(['nodes/**', 'credentials/**']))));
		return `${files.size} files`;
	});
	await check('it is small', async () => {
		const unpacked = [...files.values()].reduce((sum, content) => sum + content.length, 0);
		const { size } = await stat(archive);
		const detail = `${kilobytes(size)} packed, ${kilobytes(unpacked)} unpacked`;
		if (size > SIZE_LIMIT.packed || unpacked > SIZE_LIMIT.unpacked) throw new Failure(detail);
		return detail;
	});
	await check('CHANGELOG.md tells of this version', () => {
		if (!String(files.get('CHANGELOG.md')).includes(`\n## [${String(manifest['version'])}]`))
			throw new Failure('It does not.');
	});
	await check(
		`the code loads all its own files, ${PROVIDED_MODULES.join(' and ')}, and no others`,
		async () => none(await wrongImports(packed, files)),
	);
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
}

export async function main() {
	const scratch = await mkdtemp(path.join(os.tmpdir(), 'document-runs-package-'));
	try {
		return await checkAll(scratch);
	} finally {
		await removeFolder(scratch);
	}
}
