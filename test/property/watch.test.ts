import * as fc from 'fast-check';

import { checkRules } from './rules';
import { runs } from './runs';
import { playStory, watchCases } from './watchCase';

const RUNS = runs(600);

/** Milliseconds. A failure is made smaller step by step, which may take longer than finding it: then that is enough. */
const ENOUGH = 60_000 + RUNS * 100;

test(
	'whatever the runs do and whatever goes wrong, the rules hold',
	async () => {
		await fc.assert(
			fc.asyncProperty(watchCases, async (story) => checkRules(await playStory(story))),
			{ numRuns: RUNS, interruptAfterTimeLimit: ENOUGH },
		);
	},
	2 * ENOUGH,
);
