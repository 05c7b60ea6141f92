import { createRequire } from 'node:module';

// Loads all nodes and credentials of the built package, in a process that has loaded what n8n has loaded already, and
// prints the milliseconds it took.

const load = createRequire(new URL('../dist/package.json', import.meta.url));
const { n8n } = createRequire(import.meta.url)('../package.json');
for (const provided of ['n8n-workflow', 'zod']) load(provided);

const begin = performance.now();
for (const file of [...n8n.nodes, ...n8n.credentials]) {
	const name = file.split('/').at(-1).split('.')[0];
	new (load(`../${file}`)[name])();
}
process.stdout.write(`${performance.now() - begin}\n`);
