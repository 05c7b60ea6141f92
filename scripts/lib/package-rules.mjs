import { build } from 'esbuild';

/**
 * What the packed package may be and hold. Each rule takes the files of the package by path and returns what breaks it,
 * one line each.
 *
 * @typedef {Map<string, Buffer>} Files
 */

/** Modules that the built code may load. n8n provides both; everything else is relative. */
export const PROVIDED_MODULES = ['n8n-workflow', 'zod'];

/** Modules of Node itself that n8n's rules for community packages allow, also on n8n Cloud. */
const ALLOWED_BUILTINS = ['crypto'];

/**
 * Values that the built code may import from n8n-workflow: those that n8n 1.x has as well as 2.x. The newest of them is
 * `NodeConnectionTypes`, since n8n-workflow 1.83.0. Never `sleepWithAbort`, which only n8n 1.98 to 2.33 have.
 */
export const WORKFLOW_VALUES = ['NodeApiError', 'NodeConnectionTypes', 'NodeOperationError', 'sleep'];

/** Largest package, in bytes. */
export const SIZE_LIMIT = { packed: 150_000, unpacked: 600 * 1024 };

const PREVIEW = /^dist\/nodes\/\w+\/__schema__\/v1\.0\.0(?:\/\w+\/\w+)?\.json$/;

/** Files at the top of the package. */
const TOP_FILES = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'];

/**
 * The files a package must consist of: each source built, each icon and codex file copied, and the texts. The previews of
 * outputs that the build makes come on top.
 *
 * @param {string[]} sources Files of `nodes` and `credentials`, from the project folder, with slashes.
 */
export function expectedFiles(sources) {
	const built = sources.flatMap((file) => {
		if (file.endsWith('.ts')) return [`dist/${file.slice(0, -'.ts'.length)}.js`];
		return /\.(?:svg|png|node\.json)$/.test(file) ? [`dist/${file}`] : [];
	});
	return [...TOP_FILES, ...built].sort();
}

/**
 * @param {Files} files
 * @param {string[]} expected
 */
export function wrongFiles(files, expected) {
	return [
		...expected.filter((name) => !files.has(name)).map((name) => `missing: ${name}`),
		...[...files.keys()]
			.filter((name) => !expected.includes(name) && !PREVIEW.test(name))
			.map((name) => `not expected: ${name}`),
		...[...files].filter(([, content]) => content.length === 0).map(([name]) => `empty: ${name}`),
	];
}

/** @param {Files} files */
export function manifestOf(files) {
	return /** @type {Record<string, unknown>} */ (JSON.parse(String(files.get('package.json'))));
}

/**
 * What the nodes and credentials load, found by bundling them.
 *
 * @param {string} folder The unpacked package.
 * @param {Files} files
 * @returns {Promise<string[]>} Modules that the code must not load, and built files that nothing loads.
 */
export async function wrongImports(folder, files) {
	const { nodes = [], credentials = [] } = /** @type {{ nodes?: string[], credentials?: string[] }} */ (
		manifestOf(files)['n8n'] ?? {}
	);
	const { metafile } = await build({
		absWorkingDir: folder,
		entryPoints: [...nodes, ...credentials],
		outdir: '.',
		bundle: true,
		metafile: true,
		write: false,
		platform: 'node',
		packages: 'external',
		logLevel: 'silent',
	});
	const allowed = [...PROVIDED_MODULES, ...ALLOWED_BUILTINS];
	const foreign = Object.entries(metafile.inputs).flatMap(([name, { imports }]) =>
		imports
			.filter(({ path, external }) => external && !allowed.includes(path))
			.map(({ path }) => `${name} loads ${path}`),
	);
	const scripts = [...files].filter(([name]) => name.endsWith('.js'));
	const others = scripts.flatMap(([name, content]) => {
		const code = String(content);
		// The bundler leaves these as they are.
		if (/\b(?:require|import)\s*\((?!\s*["'])/.test(code))
			return [`${name} loads what only shows when it runs`];
		return name in metafile.inputs || ONLY_TYPES.test(code) ? [] : [`${name} is loaded by nothing`];
	});
	return [...foreign, ...others];
}

/** What is left of a source that only declares types: nothing but comments and the mark of an ES module. */
const ONLY_TYPES =
	/^"use strict";\s*(?:(?:\/\/[^\n]*|\/\*[\s\S]*?\*\/|Object\.defineProperty\(exports, "__esModule", \{ value: true \}\);)\s*)*$/;

/**
 * Names of the values the built code takes from n8n-workflow.
 *
 * @param {Files} files
 */
export function workflowValues(files) {
	const names = [...files.values()].flatMap((content) => {
		const code = String(content);
		const variable = /\b(\w+) = (?:__\w+\()?require\("n8n-workflow"\)/.exec(code)?.[1];
		if (variable === undefined) return [];
		return [...code.matchAll(new RegExp(`\\b${variable}\\b(?!\\s*=)(?:\\.(\\w+))?`, 'g'))].map(
			([, name]) => name ?? '(all of it)',
		);
	});
	return [...new Set(names)].sort();
}

/** What must be in no text of the package, and what to call it. `/home/node` is the home folder of n8n's own container. */
const FORBIDDEN_TEXTS = /** @type {[string, RegExp][]} */ ([
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
]);

/**
 * @param {Files} files
 * @param {string[]} ownTexts Texts that only this machine knows: its folders, its registry.
 */
export function forbiddenTexts(files, ownTexts) {
	return [...files].flatMap(([name, content]) => {
		const text = String(content);
		const known = FORBIDDEN_TEXTS.flatMap(([what, pattern]) => {
			const found = pattern.exec(text)?.[0];
			return found === undefined ? [] : [`${name} holds ${what}: ${found.trim().slice(0, 12)}…`];
		});
		const own = ownTexts.filter((secret) => text.includes(secret)).map(() => `${name} names this machine`);
		return [...known, ...own];
	});
}
