const { dest, src } = require('gulp');

/** Copies what the TypeScript compiler leaves behind and n8n loads beside the nodes: icons and codex files. */
function assets() {
	return src(['nodes/**/*.{svg,png}', 'nodes/**/*.node.json'], { base: '.', encoding: false }).pipe(
		dest('dist'),
	);
}

exports.default = assets;
exports['build:icons'] = assets;
