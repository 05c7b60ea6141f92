import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Benchmarks measure what is published: the build in `dist`, not the sources. */
const fromDist = createRequire(join(__dirname, '..', 'dist', 'package.json'));

type RetabApiModule = typeof import('../credentials/RetabApi.credentials');
type TimeoutCancelModule = typeof import('../nodes/TimeoutCancel/TimeoutCancel.node');

export const { RetabApi } = fromDist('./credentials/RetabApi.credentials.js') as RetabApiModule;
export const { TimeoutCancel } = fromDist(
	'./nodes/TimeoutCancel/TimeoutCancel.node.js',
) as TimeoutCancelModule;
