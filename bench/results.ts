import type { BatchSample } from './figures/batch';
import type { CleanUpSample } from './figures/cleanUp';
import type { ExecutionsSample } from './figures/executions';
import type { LatenessSample } from './figures/lateness';
import type { ManySample } from './figures/many';
import type { PublishedSample } from './figures/published';
import type { WatchSample } from './figures/requests';
import { type Summary, summarize } from './lib/stats';

/** All that was measured; what was not is empty. */
export interface Results {
	requests: WatchSample[];
	/** Few runs among many others. */
	crowd: WatchSample[];
	executions: ExecutionsSample[];
	lateness: LatenessSample[];
	cleanUp: CleanUpSample[];
	many: ManySample[];
	batch: BatchSample[];
	published?: PublishedSample;
}

/** Median and spread over the rounds; nothing where there was no round. */
export function over<Sample>(
	samples: readonly Sample[],
	figure: (sample: Sample) => number,
): Summary | undefined {
	return samples.length === 0 ? undefined : summarize(samples.map(figure));
}

/** The passes of one contender with one number of runs. */
export function passesOf<Sample extends { contender: string; runs: number }>(
	samples: readonly Sample[],
	contender: string,
	runs: number,
): Sample[] {
	return samples.filter((sample) => sample.contender === contender && sample.runs === runs);
}

/** All values of `figure` there are, in ascending order. */
export function valuesOf<Sample>(samples: readonly Sample[], figure: (sample: Sample) => number): number[] {
	return [...new Set(samples.map(figure))].sort((a, b) => a - b);
}
