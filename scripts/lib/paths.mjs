import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout this script belongs to. */
export const PROJECT_ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The private package that holds the real n8n and the Node.js it runs on. */
export const N8N_ROOT = path.join(PROJECT_ROOT, 'sandbox', 'n8n');

/** The private package with what the benchmark compares with. */
export const BENCH_ROOT = path.join(PROJECT_ROOT, 'bench');

/** Importable workflows of the package. */
export const EXAMPLES = path.join(PROJECT_ROOT, 'examples');

/** Pictures of the README and the documentation. */
export const IMAGES = path.join(PROJECT_ROOT, 'docs', 'images');
