const { dest, src, watch } = require('gulp');

/** What n8n loads beside the nodes and the TypeScript compiler leaves behind: icons and codex files. */
const ASSETS = ['nodes/**/*.{svg,png}', 'nodes/**/*.node.json'];

function assets() {
	return src(ASSETS, { base: '.', encoding: false }).pipe(dest(process.env.OUT_DIR ?? 'dist'));
}

exports.default = assets;
exports['build:icons'] = assets;
exports.watch = () => watch(ASSETS, { ignoreInitial: false }, assets);
