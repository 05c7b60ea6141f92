import { runE2e } from './lib/e2e.mjs';
import { runMain } from './lib/process.mjs';

// `npm run test:e2e`: the examples in a real n8n, by REST and by clicking through its editor.
runMain(() => runE2e({ jestArguments: process.argv.slice(2) }));
