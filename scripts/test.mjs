import path from 'node:path';
import { ensureProject } from './lib/install.mjs';
import { PROJECT_ROOT } from './lib/paths.mjs';
import { run, runMain } from './lib/process.mjs';
import { Progress } from './lib/progress.mjs';

// `npm test`: installs the dependencies when they are missing or outdated, then runs jest with the given arguments.
runMain(async () => {
	await ensureProject(new Progress());
	const jest = path.join(PROJECT_ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
	const { code } = await run(process.execPath, [jest, ...process.argv.slice(2)], {
		cwd: PROJECT_ROOT,
		output: 'inherit',
	});
	return code;
});
