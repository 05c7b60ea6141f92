const path = require('node:path');

const ROOT = path.join(__dirname, '../..');

/** The folder with n8n's engine, its own packages in `node_modules`. */
const ENGINE = process.env.N8N_ENGINE ?? ROOT;

/** What n8n hands to a package. */
const PROVIDED = new Set(['n8n-core', 'n8n-workflow', 'zod']);

const SOURCES = /^(?:nodes|credentials)\//;

/**
 * Sources are taken from the built package, and n8n's own packages from the engine. An engine never finds packages outside
 * of its folder, though that is below the project's.
 *
 * @type {(request: string, options: import('jest-resolve').ResolverOptions) => string}
 */
module.exports = (request, options) => {
	const isEngine = options.basedir.startsWith(path.join(ENGINE, 'node_modules'));
	if (isEngine || PROVIDED.has(request)) {
		const found = options.defaultResolver(request, isEngine ? options : { ...options, basedir: ENGINE });
		if (!path.isAbsolute(found) || found.startsWith(path.join(ENGINE, 'node_modules'))) return found;
		throw Object.assign(new Error(`Cannot find module '${request}'`), { code: 'MODULE_NOT_FOUND' });
	}
	const found = options.defaultResolver(request, options);
	const source = path.relative(ROOT, found);
	return SOURCES.test(source) && source.endsWith('.ts')
		? path.join(ROOT, 'dist', source.replace(/\.ts$/, '.js'))
		: found;
};
