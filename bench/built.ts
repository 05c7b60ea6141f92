import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The benchmark measures the build in `dist`, not the sources. */
const fromDist = createRequire(join(__dirname, '..', 'dist', 'package.json'));

type ExtendApiModule = typeof import('../credentials/ExtendApi.credentials');
type RetabApiModule = typeof import('../credentials/RetabApi.credentials');
type ExtendModule = typeof import('../nodes/Extend/Extend.node');
type RetabModule = typeof import('../nodes/Retab/Retab.node');
type TimeoutCancelModule = typeof import('../nodes/TimeoutCancel/TimeoutCancel.node');

export const { ExtendApi } = fromDist('./credentials/ExtendApi.credentials.js') as ExtendApiModule;
export const { RetabApi } = fromDist('./credentials/RetabApi.credentials.js') as RetabApiModule;
export const { Extend } = fromDist('./nodes/Extend/Extend.node.js') as ExtendModule;
export const { Retab } = fromDist('./nodes/Retab/Retab.node.js') as RetabModule;
export const { TimeoutCancel } = fromDist(
	'./nodes/TimeoutCancel/TimeoutCancel.node.js',
) as TimeoutCancelModule;
