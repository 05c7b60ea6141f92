const { mkdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const { dest, series, src, watch } = require('gulp');

const OUT_DIR = process.env.OUT_DIR ?? 'dist';

/** What n8n loads beside the nodes and the TypeScript compiler leaves behind: icons and codex files. */
const ASSETS = ['nodes/**/*.{svg,png}', 'nodes/**/*.node.json'];

function assets() {
	return src(ASSETS, { base: '.', encoding: false }).pipe(dest(OUT_DIR));
}

/** Version of the nodes, as n8n looks for it. */
const VERSION = 'v1.0.0';

function schemaOf(fields) {
	const properties = Object.fromEntries(fields.map(({ name, type }) => [name, { type }]));
	return { type: 'object', properties, version: 1 };
}

/**
 * What the editor shows as the output of a node that has not run yet: a JSON schema for each resource and operation, out of
 * the tables that make the simplified output. By path in the folder of the build.
 */
function outputPreviews(folder) {
	const load = (name) => require(path.resolve(folder, 'nodes', 'shared', name));
	const { ALL_PROVIDERS, cancellable } = load('providers');
	const { OPERATIONS, hasOperation } = load('n8n/description/runFields');
	const { REVIEW, REVIEW_READS } = load('n8n/description/reviewFields');
	const { EVENT_FIELDS, reportFields } = load('n8n/output/simplify');
	const deleted = [
		{ name: 'id', type: 'string' },
		{ name: 'deleted', type: 'boolean' },
	];
	const instant = ALL_PROVIDERS.filter(({ hasInstantTrigger }) => hasInstantTrigger);
	const previews = Object.fromEntries(
		['RunTrigger', ...instant.map(({ title }) => `${title}Trigger`)].map((node) => [
			`nodes/${node}/__schema__/${VERSION}.json`,
			schemaOf(EVENT_FIELDS),
		]),
	);
	for (const provider of ALL_PROVIDERS) {
		const folderOf = (resource) => `nodes/${provider.title}/__schema__/${VERSION}/${resource}`;
		const { reviews, batches } = provider;
		for (const operation of reviews ? REVIEW_READS : [])
			previews[`${folderOf(REVIEW)}/${operation}.json`] = schemaOf(reviews.simple);
		for (const [operation, { simple }] of Object.entries(reviews?.actions ?? {}))
			previews[`${folderOf(REVIEW)}/${operation}.json`] = schemaOf(simple);
		for (const [resource, spec] of Object.entries(provider.resources)) {
			for (const operation of OPERATIONS.filter((one) => hasOperation(spec, one))) {
				const simple = operation === 'createBatch' ? provider.resources[batches].simple : spec.simple;
				previews[`${folderOf(resource)}/${operation}.json`] = schemaOf(
					operation === 'delete' ? deleted : simple,
				);
			}
		}
		for (const [resource, spec] of cancellable(provider)) {
			for (const operation of ['watch', 'check']) {
				const file = `nodes/TimeoutCancel/__schema__/${VERSION}/${resource}/${operation}.json`;
				previews[file] = schemaOf(reportFields(spec));
			}
		}
	}
	return previews;
}

function previews(done) {
	for (const [file, schema] of Object.entries(outputPreviews(OUT_DIR))) {
		const target = path.join(OUT_DIR, file);
		mkdirSync(path.dirname(target), { recursive: true });
		writeFileSync(target, JSON.stringify(schema));
	}
	done();
}

exports.default = series(assets, previews);
exports['build:icons'] = assets;
exports.watch = () => watch(ASSETS, { ignoreInitial: false }, assets);
