import { runMain } from './lib/main.mjs';
import { PROJECT_ROOT } from './lib/paths.mjs';
import { installProject } from './lib/setup.mjs';

// `npm run <command>`: installs what is missing, then runs `<command>.mts` or `<command>.mjs`. This file and what it imports
// use only Node's own modules, because nothing else may be installed yet.
await runMain(async () => {
	process.chdir(PROJECT_ROOT);
	const [command = '', ...args] = process.argv.slice(2);
	await installProject();
	for (const { register } of await Promise.all([import('tsx/esm/api'), import('tsx/cjs/api')])) register();
	/** @type {{ main: (args: string[]) => Promise<number | void> }} */
	const { main } = await import(`./${command}.mjs`);
	return await main(args);
});
