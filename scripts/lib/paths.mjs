import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT_ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The private package with the real n8n and its Node.js. */
export const N8N_ROOT = path.join(PROJECT_ROOT, 'sandbox', 'n8n');

/** The same with the newest n8n 1. */
export const N8N_1_ROOT = path.join(PROJECT_ROOT, 'sandbox', 'n8n-1');

/** The private package with what the benchmark compares with. */
export const BENCH_ROOT = path.join(PROJECT_ROOT, 'bench');

/** Importable workflows of the package. */
export const EXAMPLES = path.join(PROJECT_ROOT, 'examples');

/** Pictures of the documentation. */
export const IMAGES = path.join(PROJECT_ROOT, 'docs', 'images');

/** The private package with n8n's command line for community nodes. */
export const N8N_NODE_ROOT = path.join(PROJECT_ROOT, 'scripts', 'n8n-node');
