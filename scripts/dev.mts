import { cp } from 'node:fs/promises';
import { n8nCommandLine, type Ports } from './lib/command-line.mjs';
import { OWNER } from './lib/n8n-client.mjs';
import { run } from './lib/process.mjs';
import { withStack } from './lib/stack.mjs';
import { exampleNames, fillIn, readExample } from './lib/workflows.mjs';

const DESCRIPTION = `Starts the local API and a real n8n, builds the nodes into it, and builds again when a source changes.
n8n reloads the changed nodes and tells the editor.`;

/** Printed by the TypeScript compiler after each build in watch mode. */
const COMPILED = /Watching for file changes/;

/**
 * Builds in watch mode to where n8n has the package installed. A link to `dist` does not work: n8n watches only real folders
 * and caches modules by their real path.
 */
async function buildInto(to: string): Promise<void> {
	const dist = `${to}/dist`;
	await cp('package.json', `${to}/package.json`);
	const options = { preferLocal: true, buffer: false, stdout: ['inherit', 'pipe'] } as const;
	const compiler = ['-p', 'tsconfig.build.json', '--outDir', dist, '--watch', '--preserveWatchOutput'];
	const tsc = run('tsc', compiler, options);
	const gulp = run('gulp', ['watch'], { ...options, env: { OUT_DIR: dist } });
	const ended = Promise.race([tsc, gulp]);
	// Rejects when the program ends, after the last `await` of it.
	ended.catch(() => undefined);
	const compiled = new Promise<void>((resolve) => {
		tsc.stdout.on('data', (text) => COMPILED.test(String(text)) && resolve());
	});
	await Promise.race([compiled, ended]);
}

export async function main(args: string[]): Promise<number> {
	const { port, sandboxPort } = n8nCommandLine('dev', DESCRIPTION)
		.parse(args, { from: 'user' })
		.opts<Ports>();
	const options = {
		asked: { editor: port, sandbox: sandboxPort },
		env: { N8N_DEV_RELOAD: 'true' },
		layOut: buildInto,
	};
	return await withStack(options, async ({ client, credentials, n8n, sandbox, folder }) => {
		for (const name of exampleNames()) {
			await client.createWorkflow(fillIn(await readExample(name), { credentials, apiUrl: sandbox.url }));
		}
		console.log(`
The editor: ${n8n.url}
  e-mail    ${OWNER.email}
  password  ${OWNER.password}
Logs:       ${folder}

Change a file in nodes/ and look at the editor. Ctrl-C ends everything and removes its data.`);
		return await new Promise<never>(() => undefined);
	});
}
