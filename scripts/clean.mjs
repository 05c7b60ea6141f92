import path from 'node:path';
import { PROJECT_ROOT } from './lib/paths.mjs';
import { removeFolder } from './lib/process.mjs';

// Part of `npm run build`: what is no longer built must not stay in the package.
await removeFolder(path.join(PROJECT_ROOT, 'dist'));
