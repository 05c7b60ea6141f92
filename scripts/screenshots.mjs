import { mkdir } from 'node:fs/promises';
import { runE2e } from './lib/e2e.mjs';
import { IMAGES } from './lib/paths.mjs';
import { runMain } from './lib/process.mjs';

// `npm run screenshots`: takes the pictures of docs/images anew while the editor is tested.
runMain(async () => {
	await mkdir(IMAGES, { recursive: true });
	return await runE2e({ jestArguments: ['editor'], images: IMAGES });
});
