import { build, type Metafile } from 'esbuild';

// What the package may contain. Each rule gets the files by path and returns one line for each problem.

export type Files = Map<string, string>;

/** Modules that the built code may import. n8n provides both. */
export const PROVIDED_MODULES = ['n8n-workflow', 'zod'];

/** Modules of Node.js that n8n's rules for community packages allow, also on n8n Cloud. */
const ALLOWED_BUILTINS = ['crypto'];

/**
 * Values that the built code may import from n8n-workflow: those that exist in n8n 1.x and 2.x. The newest of them is
 * `NodeConnectionTypes` (n8n-workflow 1.83.0). Never `sleepWithAbort`, which exists in n8n 1.98 to 2.33 only.
 */
export const WORKFLOW_VALUES = ['NodeApiError', 'NodeConnectionTypes', 'NodeOperationError', 'sleep'];

/** Largest size of the package, in bytes. */
export const SIZE_LIMIT = { packed: 150_000, unpacked: 620 * 1024 };

/** Schemas of node outputs, which the build makes. */
const PREVIEW = /^dist\/nodes\/\w+\/__schema__\/v1\.0\.0(?:\/\w+\/\w+)?\.json$/;

/** In packages for one service, whose examples are not those of the repository. */
const EXAMPLE = 'examples/timeout-cancel.json';

const TOP_FILES = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'];

/**
 * `sources`: files in `nodes` and `credentials`. Each source is built; each icon and codex file is copied.
 *
 * @param reached the built files of a package for one service, which has no others
 */
export function wrongFiles(files: Files, sources: string[], reached?: ReadonlySet<string>): string[] {
	const built = sources.flatMap((file) => {
		const js = `dist/${file.slice(0, -'.ts'.length)}.js`;
		if (file.endsWith('.ts')) return reached?.has(js) === false ? [] : [js];
		return /\.(?:svg|png|node\.json)$/.test(file) ? [`dist/${file}`] : [];
	});
	const expected = [...TOP_FILES, ...(reached ? [EXAMPLE] : []), ...built];
	return [
		...expected.filter((name) => !files.has(name)).map((name) => `missing: ${name}`),
		...[...files.keys()]
			.filter((name) => !expected.includes(name) && !PREVIEW.test(name))
			.map((name) => `not expected: ${name}`),
		...[...files].filter(([, text]) => text === '').map(([name]) => `empty: ${name}`),
	];
}

/** What each built file imports, by its path; only those that `entryPoints` lead to. */
async function bundled(folder: string, entryPoints: string[]): Promise<Metafile['inputs']> {
	const { metafile } = await build({
		absWorkingDir: folder,
		entryPoints,
		outdir: '.',
		bundle: true,
		metafile: true,
		write: false,
		platform: 'node',
		packages: 'external',
		logLevel: 'silent',
	});
	return metafile.inputs;
}

/** The built files that `entryPoints` lead to. */
export async function reachedFiles(folder: string, entryPoints: string[]): Promise<Set<string>> {
	return new Set(Object.keys(await bundled(folder, entryPoints)));
}

/** Modules that the code must not import, and built files that nothing imports, found by bundling `entryPoints`. */
export async function wrongImports(folder: string, files: Files, entryPoints: string[]): Promise<string[]> {
	const inputs = await bundled(folder, entryPoints);
	const allowed = [...PROVIDED_MODULES, ...ALLOWED_BUILTINS];
	const foreign = Object.entries(inputs).flatMap(([name, { imports }]) =>
		imports
			.filter(({ path, external }) => external && !allowed.includes(path))
			.map(({ path }) => `${name} imports ${path}`),
	);
	const others = [...files].flatMap(([name, code]) => {
		if (!name.endsWith('.js')) return [];
		// The bundler leaves these as they are.
		if (/\b(?:require|import)\s*\((?!\s*["'])/.test(code))
			return [`${name} has an import of a computed name`];
		return name in inputs || ONLY_TYPES.test(code) ? [] : [`${name} is not imported`];
	});
	return [...foreign, ...others];
}

/** A built source that only declares types: comments and the mark of an ES module. */
const ONLY_TYPES =
	/^"use strict";\s*(?:(?:\/\/[^\n]*|\/\*[\s\S]*?\*\/|Object\.defineProperty\(exports, "__esModule", \{ value: true \}\);)\s*)*$/;

/** Names of the values that the built code imports from n8n-workflow. */
export function workflowValues(files: Files): string[] {
	const names = [...files.values()].flatMap((code) => {
		const variable = /\b(\w+) = (?:__\w+\()?require\("n8n-workflow"\)/.exec(code)?.[1];
		if (variable === undefined) return [];
		return [...code.matchAll(new RegExp(`\\b${variable}\\b(?!\\s*=)(?:\\.(\\w+))?`, 'g'))].map(
			([, name]) => name ?? '(all of it)',
		);
	});
	return [...new Set(names)].sort();
}

/** What no file may contain. `/home/node` is the home folder of n8n's own container. */
const FORBIDDEN_TEXTS: Array<[what: string, pattern: RegExp]> = [
	['a key', /\b(?:sk|rk|pk|rt|api|key|gh[oprsu]|xox[abeprs]|glpat|npm|AKIA)[-_]?(?=\w*\d)[A-Za-z0-9]{20,}/],
	['a key', /\b(?:rt|sk|pk)_(?:live|test|prod)_(?=\w*\d)\w{12,}/],
	['a signed token', /\beyJ[\w-]{10,}\.[\w-]{10,}/],
	['a private key', /-----BEGIN [A-Z ]+-----/],
	['a long random text', /(?<![\w/+-])(?=\w*\d)(?=\w*[a-z])(?:[0-9a-f]{32,}|[A-Za-z0-9]{40,})(?![\w/+-])/],
	[
		'a path of a machine',
		/(?:^|[\s"'`(=:])(?:\/(?:home(?!\/node\/)|Users|root|work|tmp|opt|private|mnt)\/\w|[A-Z]:\\)/,
	],
	['a package registry', /\bregistry\.[a-z]|_authToken|\.npmrc/i],
	['a source map', /sourceMappingURL/],
];

/** `ownTexts`: folders and the registry of this machine. */
export function forbiddenTexts(files: Files, ownTexts: string[]): string[] {
	return [...files].flatMap(([name, text]) => {
		const known = FORBIDDEN_TEXTS.flatMap(([what, pattern]) => {
			const found = pattern.exec(text)?.[0];
			return found === undefined ? [] : [`${name} contains ${what}: ${found.trim().slice(0, 12)}…`];
		});
		const own = ownTexts.filter((secret) => text.includes(secret)).map(() => `${name} names this machine`);
		return [...known, ...own];
	});
}
