import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { Listr } from 'listr2';
import { extract } from 'tar';
import { glob } from 'tinyglobby';
import { Failure } from './lib/main.mjs';
import { N8N_NODE, removeFolder } from './lib/n8n-install.mjs';
import { buildAndPack } from './lib/package.mjs';
import {
	PROVIDED_MODULES,
	SIZE_LIMIT,
	WORKFLOW_VALUES,
	forbiddenTexts,
	workflowValues,
	wrongFiles,
	wrongImports,
} from './lib/package-rules.mjs';
import { PROJECT_ROOT } from './lib/paths.mjs';
import { run } from './lib/process.mjs';

/** Timeout of loading the package, in ms; it takes about 1 s. */
const LOAD_TIMEOUT_MS = 30_000;

const HELPERS = path.join(PROJECT_ROOT, 'scripts', 'lib');

/** Throws when it fails; may return a detail to show. */
type Check = () => Promise<string | undefined> | string | undefined;

interface Manifest {
	name: string;
	version: string;
	n8n: { nodes: string[]; credentials: string[] };
}

function none(problems: string[], detail?: string): string | undefined {
	if (problems.length > 0) throw new Failure(problems.join('\n'));
	return detail;
}

const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} kB`;

/** The registry that npm uses here. */
async function registryHost(): Promise<string[]> {
	const { stdout } = await run('npm', ['config', 'get', 'registry']);
	return URL.canParse(stdout) ? [new URL(stdout).host] : [];
}

/** Installs the unpacked package as n8n does: with nothing but n8n's own packages beside it. */
async function install(packed: string, name: string, modules: string): Promise<string> {
	const installed = path.join(modules, name);
	await cp(packed, installed, { recursive: true });
	for (const provided of PROVIDED_MODULES) {
		const target = path.join(PROJECT_ROOT, 'node_modules', provided);
		await symlink(target, path.join(modules, provided), 'junction');
	}
	return installed;
}

/** Names of the nodes and credentials that the Node.js `program` loads. */
async function load(program: string, installed: string): Promise<string> {
	const { stdout } = await run(program, [path.join(HELPERS, 'package-load.mjs'), installed], {
		cwd: installed,
		env: { NODE_OPTIONS: undefined, NODE_PATH: undefined },
		timeout: LOAD_TIMEOUT_MS,
	});
	return (JSON.parse(stdout) as { names: string[] }).names.join(', ');
}

async function scan(folder: string, kind: 'source' | 'packed', scratch: string): Promise<undefined> {
	await run(process.execPath, [path.join(HELPERS, 'package-scan.mjs'), folder, kind], {
		env: { TMPDIR: scratch, TEMP: scratch, TMP: scratch },
	});
}

/** All checks by what is true when they pass. */
async function checksOf(scratch: string): Promise<Array<[title: string, check: Check]>> {
	const { archive, files: names, size, unpackedSize } = await buildAndPack(scratch);
	const packed = path.join(scratch, 'packed');
	await mkdir(packed);
	await extract({ file: archive, cwd: packed, strip: 1, strict: true });
	const texts = names.map(async (name) => [name, await readFile(path.join(packed, name), 'utf8')] as const);
	const files = new Map(await Promise.all(texts));
	const { name, version, n8n } = JSON.parse(files.get('package.json') ?? '') as Manifest;
	const installed = await install(packed, name, path.join(scratch, 'installed', 'node_modules'));
	// The Node.js that runs this, and that of the real n8n where it is installed.
	const programs = [process.execPath, N8N_NODE].filter(existsSync);
	const versions = await Promise.all(programs.map((program) => run(program, ['--version'])));
	return [
		[
			'It contains all built sources, icons and texts, and nothing else',
			async () => none(wrongFiles(files, await glob(['nodes/**', 'credentials/**'])), `${files.size} files`),
		],
		[
			'It is small',
			() => {
				const detail = `${kilobytes(size)} packed, ${kilobytes(unpackedSize)} unpacked`;
				if (size > SIZE_LIMIT.packed || unpackedSize > SIZE_LIMIT.unpacked) throw new Failure(detail);
				return detail;
			},
		],
		[
			'CHANGELOG.md has a section for this version',
			() => none(files.get('CHANGELOG.md')?.includes(`\n## [${version}]`) ? [] : [`No section ${version}`]),
		],
		[
			`The code imports its own files, ${PROVIDED_MODULES.join(' and ')}, and no others`,
			async () => none(await wrongImports(packed, files, [...n8n.nodes, ...n8n.credentials])),
		],
		[
			'n8n 1.x and 2.x have all that it imports from n8n-workflow',
			() => {
				const values = workflowValues(files);
				const here = createRequire(import.meta.url)('n8n-workflow') as object;
				const wrong = values.filter((value) => !WORKFLOW_VALUES.includes(value) || !(value in here));
				return none(
					wrong.map((value) => `${value} is not allowed`),
					values.join(', '),
				);
			},
		],
		...programs.map((program, index): [string, Check] => [
			`All nodes and credentials load in Node.js ${versions[index]?.stdout ?? ''}`,
			() => load(program, installed),
		]),
		[
			'It contains no secrets, paths of this machine or registry',
			async () => none(forbiddenTexts(files, [PROJECT_ROOT, os.homedir(), ...(await registryHost())])),
		],
		["n8n's package scan passes for the sources", () => scan(PROJECT_ROOT, 'source', scratch)],
		["n8n's package scan passes for the package", () => scan(packed, 'packed', scratch)],
	];
}

/** `npm run check:package`: packs the package as npm would publish it and checks the result. */
export async function main(): Promise<number> {
	const scratch = await mkdtemp(path.join(os.tmpdir(), 'document-runs-package-'));
	try {
		const checks = await checksOf(scratch);
		const tasks = checks.map(([title, check]) => ({
			title,
			async task(_: unknown, task: { title?: string }) {
				const detail = await check();
				if (detail) task.title = `${title} (${detail})`;
			},
		}));
		const list = new Listr(tasks, {
			exitOnError: false,
			collectErrors: 'minimal',
			fallbackRenderer: 'simple',
		});
		await list.run();
		const failed = list.errors.length;
		console.log(`${checks.length - failed} passed, ${failed} failed`);
		return failed === 0 ? 0 : 1;
	} finally {
		await removeFolder(scratch);
	}
}
