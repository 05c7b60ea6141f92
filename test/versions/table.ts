/**
 * The versions of n8n that the package is tested with. README and docs are written from this table (`npm run docs`), and
 * `npm run test:versions` runs it: what is not in it is not claimed.
 */

/** What an n8n consists of, for a node: its engine alone, without server and editor. */
export interface Engine {
	n8n: string;
	/** Its versions of `n8n-core`, `n8n-workflow` and `zod`: `npm view n8n@<version> dependencies`. */
	core: string;
	workflow: string;
	zod: string;
}

/** Oldest first: the oldest that is claimed, about each tenth minor version, the last 1.x, and the newest that can be installed. */
export const ENGINES = [
	{ n8n: '1.85.4', core: '1.84.0', workflow: '1.83.0', zod: '3.24.1' },
	{ n8n: '1.94.1', core: '1.93.0', workflow: '1.92.0', zod: '3.24.1' },
	{ n8n: '1.100.1', core: '1.99.0', workflow: '1.97.0', zod: '3.25.67' },
	{ n8n: '1.110.1', core: '1.109.0', workflow: '1.107.0', zod: '3.25.67' },
	{ n8n: '1.119.2', core: '1.118.1', workflow: '1.116.0', zod: '3.25.67' },
	{ n8n: '1.123.81', core: '1.122.48', workflow: '1.120.31', zod: '3.25.67' },
	{ n8n: '2.0.3', core: '2.0.2', workflow: '2.0.1', zod: '3.25.67' },
	{ n8n: '2.11.4', core: '2.11.1', workflow: '2.11.1', zod: '3.25.67' },
	{ n8n: '2.20.12', core: '2.20.6', workflow: '2.20.3', zod: '3.25.67' },
	{ n8n: '2.30.8', core: '2.30.4', workflow: '2.30.2', zod: '3.25.67' },
	{ n8n: '2.40.7', core: '2.40.3', workflow: '2.40.1', zod: '3.25.76' },
	{ n8n: '2.41.1', core: '2.41.1', workflow: '2.41.0', zod: '3.25.76' },
] as const satisfies Engine[];

/** The tests that run on each: cleanup, resources, loading, lists, trigger, faults, watch. */
export const TESTS = 'cleanup|extend|loading|pickers|retab|run-trigger|timeout-cancel'
	.split('|')
	.map((name) => `test/nodes/${name}`);

/** What the older engines lack, by the first version in the table that has it. They run without the tests of it. */
export const SINCE = {
	/** An agent asks the engine to run its tool. Older agents call the tool themselves, which is tested on all. */
	engineTools: '1.119.2',
	/** A text where a list of fields is expected reaches the node. Older engines refuse the workflow. */
	looseCollections: '1.110.1',
} as const;

export const [OLDEST] = ENGINES;

/** The newest one is also that of the demo and of the end-to-end tests (`sandbox/n8n`) and of `npm test`. */
export const NEWEST = ENGINES[ENGINES.length - 1] ?? OLDEST;

/** What was measured with an engine. */
export interface Result {
	n8n: string;
	date: string;
	/** The Node.js that the tests ran in. */
	node: string;
	passed: number;
	failed: number;
}
