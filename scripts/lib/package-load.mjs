import { createRequire } from 'node:module';
import path from 'node:path';

// Loads all nodes and credentials of an installed package as n8n does: a class has the name of its file. Prints their names,
// the time it took (ms), without the two modules that n8n has loaded already, and how many files of the package were read. It
// must end by itself afterwards.
//
// usage: package-load.mjs <folder of the package>

const load = createRequire(path.resolve(process.argv[2] ?? '', 'package.json'));
/** @type {{ n8n: { nodes: string[], credentials: string[] } }} */
const { n8n } = load('./package.json');
for (const provided of ['n8n-workflow', 'zod']) load(provided);

const begin = performance.now();
const names = [...n8n.nodes, ...n8n.credentials].map((file) => {
	const className = path.basename(file).split('.')[0] ?? '';
	const { description, name, properties, execute, poll, webhook } = new (load(`./${file}`)[className])();
	if (description ? !(execute ?? poll ?? webhook) : !Array.isArray(properties))
		throw new Error(`${file} is incomplete`);
	return description?.name ?? name;
});
const ms = performance.now() - begin;
const own = path.join(path.dirname(load.resolve('./package.json')), 'dist') + path.sep;
const files = Object.keys(load.cache).filter((file) => file.startsWith(own));
process.stdout.write(JSON.stringify({ names, ms, files: files.length }));
