import { cp } from 'node:fs/promises';
import { n8nCommandLine } from './lib/command-line.mjs';
import { OWNER } from './lib/n8n-client.mjs';
import { run } from './lib/process.mjs';
import { withStack } from './lib/stack.mjs';
import { exampleNames, fillIn, readExample } from './lib/workflows.mjs';

const DESCRIPTION = `Starts the local API and a real n8n, builds the nodes straight into it, and again whenever a source changes.
n8n loads what changed and tells the editor.`;

/** What the compiler says when all sources are compiled and it waits for changes. */
const COMPILED = /Watching for file changes/;

/**
 * Keeps building to where n8n has the package installed. n8n looks for changes in that folder only: it would neither see
 * them through a link nor forget the code it loaded through one.
 *
 * @param {string} to
 */
async function buildInto(to) {
	const dist = `${to}/dist`;
	await cp('package.json', `${to}/package.json`);
	const options = /** @type {const} */ ({ preferLocal: true, buffer: false, stdout: ['inherit', 'pipe'] });
	const compiler = ['-p', 'tsconfig.build.json', '--outDir', dist, '--watch', '--preserveWatchOutput'];
	const tsc = run('tsc', compiler, options);
	const gulp = run('gulp', ['watch'], { ...options, env: { OUT_DIR: dist } });
	const ended = Promise.race([tsc, gulp]);
	// It fails when the program ends; by then nobody waits for it any more.
	ended.catch(() => undefined);
	const compiled = new Promise((resolve) => {
		tsc.stdout.on('data', (text) => COMPILED.test(String(text)) && resolve(undefined));
	});
	await Promise.race([compiled, ended]);
}

/** @param {string[]} args */
export async function main(args) {
	const { port, sandboxPort } = n8nCommandLine('dev', DESCRIPTION).parse(args, { from: 'user' }).opts();
	const asked = { editor: port, sandbox: sandboxPort };
	const env = { N8N_DEV_RELOAD: 'true' };
	return await withStack(
		{ asked, env, layOut: buildInto },
		async ({ client, credentials, n8n, sandbox, folder }) => {
			for (const name of exampleNames()) {
				await client.createWorkflow(fillIn(await readExample(name), { credentials, apiUrl: sandbox.url }));
			}
			console.log(`
The editor: ${n8n.url}
  e-mail    ${OWNER.email}
  password  ${OWNER.password}
Logs:       ${folder}

Change a file in nodes/ and look at the editor. Ctrl-C ends everything and removes its data.`);
			return await new Promise(() => undefined);
		},
	);
}
