import { ensureProject } from './lib/install.mjs';
import { PROJECT_ROOT } from './lib/paths.mjs';
import { run, runMain } from './lib/process.mjs';
import { Progress } from './lib/progress.mjs';
import { sandboxArguments } from './lib/stack.mjs';

// `npm run sandbox`: installs the dependencies when they are missing, then runs the sandbox server.
runMain(async () => {
	await ensureProject(new Progress());
	const { code } = await run(process.execPath, [...sandboxArguments(), ...process.argv.slice(2)], {
		cwd: PROJECT_ROOT,
		output: 'inherit',
	});
	return code;
});
