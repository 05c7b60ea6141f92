import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile, cp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import type { ICredentialType, INodeType } from 'n8n-workflow';
import { create } from 'tar';
import { glob } from 'tinyglobby';
import { exampleOf, type Example } from '../packages/example.js';
import { PACKAGES, REGISTRY, isIn, onlyProvider, registryOf, type PackagePlan } from '../packages/plan.js';
import { readmeOf } from '../packages/readme.js';
import { codexOf, manifestOf, type Codex, type Manifest } from '../packages/texts.js';
import { reachedFiles } from './package-rules.mjs';
import { EXAMPLES, PROJECT_ROOT } from './paths.mjs';
import { run } from './process.mjs';
import { readRelease } from './releases.mjs';

export interface Packed {
	plan: PackagePlan;
	archive: string;
	/** Paths in the package. */
	files: string[];
	/** In bytes. */
	size: number;
	unpackedSize: number;
	/** Folder with the sources of the package, as n8n's tools want them. */
	sources: string;
}

/** The configuration of ESLint that n8n's strict mode asks for, to the letter. */
const DEFAULT_ESLINT = "import { config } from '@n8n/node-cli/eslint';\n\nexport default config;\n";

const TOOLS = ['gulpfile.js', 'tsconfig.json', 'tsconfig.build.json', 'LICENSE'];

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

async function readJson<T>(...place: string[]): Promise<T> {
	return JSON.parse(await readFile(path.join(...place), 'utf8')) as T;
}

/** Builds one package and packs it into `into` as npm would publish it. Its sources stay in `scratch`. */
export async function pack(plan: PackagePlan, scratch: string, into: string): Promise<Packed> {
	const sources = path.join(scratch, plan.name);
	await laySources(plan, sources);
	await build(sources);
	const manifest = await readJson<Manifest>(sources, 'package.json');
	if (onlyProvider(plan)) {
		await removeUnreached(sources, manifest);
		await writeTexts(plan, manifest, sources);
	}
	const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--dry-run'], { cwd: sources });
	const [{ filename, files, unpackedSize }] = JSON.parse(stdout) as [
		{ filename: string; files: Array<{ path: string }>; unpackedSize: number },
	];
	const archive = path.join(into, filename);
	const names = files.map((file) => file.path).sort(byKind);
	await archiveOf(names, sources, archive);
	const { size } = await stat(archive);
	return { plan, archive, files: names, size, unpackedSize, sources };
}

/** Files of a kind side by side: npm's own order, by the name of the file, makes an archive that is 6 % larger. */
function byKind(a: string, b: string): number {
	const keyOf = (file: string): string => `${path.extname(file)} ${file}`;
	return keyOf(a) < keyOf(b) ? -1 : 1;
}

/** As npm makes it, with nothing in it of the machine and the time: the same files give the same bytes. */
async function archiveOf(files: string[], folder: string, archive: string): Promise<void> {
	const mtime = new Date('1985-10-26T08:15:00.000Z');
	const options = { cwd: folder, prefix: 'package', portable: true, noPax: true, mtime };
	await create({ ...options, file: archive, gzip: { level: 9 } }, files);
}

/** The same by the name of a package, without its sources. Returns the tarball. */
export async function buildAndPack(name: string, into: string): Promise<string> {
	const plan = PACKAGES.find((one) => one.name === name);
	if (!plan) throw new Error(`No package ${name}`);
	const scratch = await mkdtemp(path.join(os.tmpdir(), 'document-runs-pack-'));
	try {
		return (await pack(plan, scratch, into)).archive;
	} finally {
		await rm(scratch, { recursive: true, force: true });
	}
}

/** The sources of a package: those of the tree that belong to it, with a registry of its own. */
async function laySources(plan: PackagePlan, folder: string): Promise<void> {
	const files = await glob(['nodes/**', 'credentials/**', 'README.md', ...TOOLS], {
		cwd: PROJECT_ROOT,
	});
	const root = await readJson<Manifest>(PROJECT_ROOT, 'package.json');
	for (const file of files.filter((one) => isIn(plan, one))) {
		const target = path.join(folder, file);
		await mkdir(path.dirname(target), { recursive: true });
		await cp(path.join(PROJECT_ROOT, file), target);
	}
	for (const file of files.filter((one) => one.endsWith('.node.json') && isIn(plan, one))) {
		const codex = await readJson<Codex>(PROJECT_ROOT, file);
		await writeFile(path.join(folder, file), json(codexOf(plan, codex)));
	}
	const { dir, packageJson } = await readRelease(plan.name);
	await Promise.all([
		writeFile(path.join(folder, REGISTRY), registryOf(plan)),
		writeFile(path.join(folder, 'package.json'), json(manifestOf(plan, root, packageJson.version))),
		cp(path.join(dir, 'CHANGELOG.md'), path.join(folder, 'CHANGELOG.md')),
		writeFile(path.join(folder, 'eslint.config.mjs'), DEFAULT_ESLINT),
		symlink(path.join(PROJECT_ROOT, 'node_modules'), path.join(folder, 'node_modules'), 'junction'),
	]);
}

async function build(folder: string): Promise<void> {
	for (const [tool, ...args] of [
		// The tree was checked as a whole.
		['typescript/bin/tsc', '-p', 'tsconfig.build.json', '--noCheck'],
		['gulp/bin/gulp.js', '--silent'],
	]) {
		const program = path.join(PROJECT_ROOT, 'node_modules', tool ?? '');
		await run(process.execPath, [program, ...args], { cwd: folder, env: { OUT_DIR: 'dist' } });
	}
}

/** Removes what only another service needs: no node or credential of this package leads there. */
async function removeUnreached(folder: string, { n8n }: Manifest): Promise<void> {
	const reached = await reachedFiles(folder, [...n8n.nodes, ...n8n.credentials]);
	const built = await glob('dist/**/*.js', { cwd: folder });
	const others = built.filter((file) => !reached.has(file));
	await Promise.all(others.map((file) => rm(path.join(folder, file))));
}

/** README and example, out of what was built. */
async function writeTexts(plan: PackagePlan, manifest: Manifest, folder: string): Promise<void> {
	const { nodes, credentials } = loadPackage(folder, manifest);
	const descriptions = nodes.map(({ description }) => description);
	const starting = descriptions.find(({ name }) => name === onlyProvider(plan)?.name);
	if (!starting) throw new Error(`${plan.name} has no node of its service`);
	const root = await readFile(path.join(PROJECT_ROOT, 'README.md'), 'utf8');
	const tree = await readJson<Example>(EXAMPLES, 'timeout-cancel.json');
	const example = exampleOf(plan, tree, starting);
	await mkdir(path.join(folder, 'examples'), { recursive: true });
	await Promise.all([
		writeFile(path.join(folder, 'examples', 'timeout-cancel.json'), json(example)),
		writeFile(
			path.join(folder, 'README.md'),
			readmeOf({ plan, manifest, root, nodes: descriptions, credentials, example }),
		),
	]);
}

/** The nodes and credentials of a built package, loaded as n8n does: a class has the name of its file. */
export function loadPackage(
	folder: string,
	{ n8n }: Manifest,
): { nodes: INodeType[]; credentials: ICredentialType[] } {
	const load = createRequire(path.join(folder, 'package.json'));
	const instanceOf = (file: string): unknown => {
		const className = path.basename(file).split('.')[0] ?? '';
		const type = (load(`./${file}`) as Record<string, new () => unknown>)[className];
		if (!type) throw new Error(`${file} exports no class ${className}`);
		return new type();
	};
	return {
		nodes: n8n.nodes.map((file) => instanceOf(file) as INodeType),
		credentials: n8n.credentials.map((file) => instanceOf(file) as ICredentialType),
	};
}
