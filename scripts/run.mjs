import { runMain } from './lib/main.mjs';
import { PROJECT_ROOT } from './lib/paths.mjs';
import { installProject } from './lib/setup.mjs';

// `npm run <command>`: installs what is missing, then hands over to `<command>.mjs`. This file and what it imports load
// nothing but Node's own modules, since at this point nothing else may be there.
await runMain(async () => {
	process.chdir(PROJECT_ROOT);
	const [command = '', ...args] = process.argv.slice(2);
	await installProject();
	/** @type {{ main: (args: string[]) => Promise<number | void> }} */
	const { main } = await import(`./${command}.mjs`);
	return await main(args);
});
