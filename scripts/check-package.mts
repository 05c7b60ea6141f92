import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { Listr } from 'listr2';
import { extract } from 'tar';
import { glob } from 'tinyglobby';
import { Failure } from './lib/main.mjs';
import { N8N, removeFolder } from './lib/n8n-install.mjs';
import { loadPackage, pack, type Packed } from './lib/package.mjs';
import {
	PROVIDED_MODULES,
	SIZE_LIMIT,
	WORKFLOW_VALUES,
	forbiddenTexts,
	reachedFiles,
	workflowValues,
	wrongFiles,
	wrongImports,
} from './lib/package-rules.mjs';
import { N8N_NODE_ROOT, PROJECT_ROOT } from './lib/paths.mjs';
import { npmCi, run, runTasks } from './lib/process.mjs';
import { hasSection } from './lib/releases.mjs';
import { installOnce } from './lib/setup.mjs';
import { PACKAGES, foreignNames, onlyProvider } from './packages/plan.js';
import type { Manifest } from './packages/texts.js';
import { verify } from './packages/verification.js';

/** Timeout of loading the package, in ms; it takes about 1 s. */
const LOAD_TIMEOUT_MS = 30_000;

/**
 * Files of a package that n8n reads at most to show its nodes. Each costs it about half a ms whenever it starts: what only
 * runs a node belongs behind an `import()`. The bench shows the time.
 */
const MOST_FILES_TO_SHOW = 50;

const HELPERS = path.join(PROJECT_ROOT, 'scripts', 'lib');

const N8N_NODE_CLI = path.join(N8N_NODE_ROOT, 'node_modules', '@n8n', 'node-cli', 'bin', 'n8n-node.mjs');

/** Throws when it fails; may return a detail to show. */
type Check = () => Promise<string | undefined> | string | undefined;

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

/** Names of the nodes and credentials that the Node.js `program` loads, and how many files that takes. */
async function load(program: string, installed: string): Promise<string> {
	const { stdout } = await run(program, [path.join(HELPERS, 'package-load.mjs'), installed], {
		cwd: installed,
		env: { NODE_OPTIONS: undefined, NODE_PATH: undefined },
		timeout: LOAD_TIMEOUT_MS,
	});
	const { names, files } = JSON.parse(stdout) as { names: string[]; files: number };
	if (files > MOST_FILES_TO_SHOW) {
		throw new Failure(`${files} files are read to show the nodes, ${MOST_FILES_TO_SHOW} at most`);
	}
	return `${names.join(', ')} (${files} files)`;
}

async function scan(folder: string, kind: 'source' | 'packed', scratch: string): Promise<undefined> {
	await run(process.execPath, [path.join(HELPERS, 'package-scan.mjs'), folder, kind], {
		env: { TMPDIR: scratch, TEMP: scratch, TMP: scratch },
	});
}

/** Runs n8n's command line for community nodes on the sources of a package. Returns what it prints. */
async function n8nNode(command: 'lint' | 'cloud-support', sources: string): Promise<string> {
	const { all } = await run(process.execPath, [N8N_NODE_CLI, command], {
		cwd: sources,
		// It starts ESLint through the package manager that has started it.
		env: { npm_config_user_agent: 'npm', NO_COLOR: '1', FORCE_COLOR: undefined },
	});
	return all;
}

/** The checks of one package by what is true when they pass. */
async function checksOf(packed: Packed, scratch: string): Promise<Array<[title: string, check: Check]>> {
	const { plan, archive, files: names, size, unpackedSize, sources } = packed;
	const folder = path.join(scratch, 'packed', plan.name);
	await mkdir(folder, { recursive: true });
	await extract({ file: archive, cwd: folder, strip: 1, strict: true });
	const texts = names.map(async (name) => [name, await readFile(path.join(folder, name), 'utf8')] as const);
	const files = new Map(await Promise.all(texts));
	const manifest = JSON.parse(files.get('package.json') ?? '') as Manifest;
	const { name, version, n8n } = manifest;
	const publish = (
		await Promise.all(
			['.github/workflows/publish.yml', 'scripts/publish.mts'].map((file) =>
				readFile(path.join(PROJECT_ROOT, file), 'utf8'),
			),
		)
	).join('\n');
	const entryPoints = [...n8n.nodes, ...n8n.credentials];
	const installed = await install(folder, name, path.join(scratch, 'installed', plan.name, 'node_modules'));
	// The Node.js that runs this, and that of the real n8n where it is installed.
	const programs = [process.execPath, N8N.node].filter(existsSync);
	const versions = await Promise.all(programs.map((program) => run(program, ['--version'])));
	return [
		[
			'It contains all built sources, icons and texts, and nothing else',
			async () => {
				const own = await glob(['nodes/**', 'credentials/**'], { cwd: sources });
				const reached = onlyProvider(plan) && (await reachedFiles(sources, entryPoints));
				return none(wrongFiles(files, own, reached), `${files.size} files`);
			},
		],
		[
			'Built again, it has the same bytes',
			async () => {
				const again = await pack(plan, path.join(scratch, 'again'), path.join(scratch, 'again'));
				const [first, second] = await Promise.all([archive, again.archive].map((file) => readFile(file)));
				return none(first && second?.equals(first) ? [] : ['The two differ']);
			},
		],
		[
			'It names no service that it is not for',
			() =>
				none([...files].flatMap(([file, text]) => foreignNames(plan, text).map((at) => `${file}: ${at}`))),
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
			() => none(hasSection(files.get('CHANGELOG.md') ?? '', version) ? [] : [`No section ${version}`]),
		],
		[
			`The code imports its own files, ${PROVIDED_MODULES.join(' and ')}, and no others`,
			async () => none(await wrongImports(folder, files, entryPoints)),
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
		["n8n's package scan passes for the sources", () => scan(sources, 'source', scratch)],
		["n8n's package scan passes for the package", () => scan(folder, 'packed', scratch)],
		[
			"n8n's lint passes in strict mode, with its default configuration",
			async () => {
				await n8nNode('lint', sources);
				return undefined;
			},
		],
		[
			"n8n's cloud support is enabled",
			async () => {
				const answer = await n8nNode('cloud-support', sources);
				return none(answer.includes('Cloud support is ENABLED') ? [] : [answer]);
			},
		],
		...verify({ plan, manifest, files, publish, ...loadPackage(installed, manifest) }).map(
			([title, check]): [string, Check] => [title, () => none(check())],
		),
	];
}

/** `npm run check:package`: packs all packages as npm would publish them and checks the results. */
export async function main(): Promise<number> {
	const scratch = await mkdtemp(path.join(os.tmpdir(), 'document-runs-package-'));
	try {
		const title = "Installing n8n's command line for community nodes";
		await installOnce(N8N_NODE_ROOT, () =>
			runTasks([{ title, task: (_, task) => npmCi(N8N_NODE_ROOT, task) }]),
		);
		// It finds the command line's ESLint configuration from the sources, which lie below.
		await symlink(path.join(N8N_NODE_ROOT, 'node_modules'), path.join(scratch, 'node_modules'), 'junction');
		await mkdir(path.join(scratch, 'again'));
		const counts = { passed: 0, failed: 0 };
		for (const plan of PACKAGES) {
			console.log(`\n${plan.name}\n`);
			const failed = await checkAll(await checksOf(await pack(plan, scratch, scratch), scratch));
			counts.failed += failed.length;
			counts.passed += failed.total - failed.length;
		}
		console.log(`\n${counts.passed} passed, ${counts.failed} failed`);
		return counts.failed === 0 ? 0 : 1;
	} finally {
		await removeFolder(scratch);
	}
}

/** Shows what passes and what does not. */
async function checkAll(
	checks: Array<[title: string, check: Check]>,
): Promise<{ length: number; total: number }> {
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
	return { length: list.errors.length, total: checks.length };
}
