import type { Api, Polls } from './messages';
import { DEFAULT_POLLS, every } from './plan';

export interface Contender {
	key: string;
	title: string;
	api: Api;
	/** Its process. */
	file: string;
	ours: boolean;
	/** How ours is told to poll; the others have rules of their own. */
	polls: Polls;
	/** Not run with fewer runs. */
	from?: number;
	/** Not run with more runs, and why. */
	upTo?: { runs: number; because: string };
}

type Limits = Pick<Contender, 'from' | 'upTo'>;

const upTo = (runs: number, because: string): Limits => ({ upTo: { runs, because } });

/** Run with 1,000 runs only. */
const toCompareWith = (what: string): Limits => ({
	from: 1_000,
	...upTo(1_000, `is there to compare with ${what}`),
});

function ours(key: string, title: string, api: Api, polls: Polls, limits: Limits = {}): Contender {
	const file = `contenders/${key === 'core' ? 'ourCore' : 'ourNode'}.ts`;
	return { key, title, api, file, ours: true, polls, ...limits };
}

function other(key: string, title: string, api: Api, limits: Limits = {}): Contender {
	return { key, title, api, file: `contenders/${key}.ts`, ours: false, polls: every(2), ...limits };
}

/**
 * In the order of the tables. Where ours polls at the interval of another one, a list page followed by a read finds the end
 * later than a read would: the intervals of 1.6, 2.4 and 0.75 s make up for it.
 */
export const CONTENDERS: readonly Contender[] = [
	ours(
		'node',
		'Timeout Cancel, defaults (Retab)',
		'retab',
		DEFAULT_POLLS,
		upTo(1_000, 'polls less often than every 2 s, but for the same reads'),
	),
	ours('node2s', 'Timeout Cancel, every 2 s (Retab)', 'retab', every(2)),
	ours(
		'node1600ms',
		'Timeout Cancel, every 1.6 s (Retab)',
		'retab',
		every(1.6),
		toCompareWith('the loop of the docs, which has a shorter delay'),
	),
	ours(
		'node2400ms',
		'Timeout Cancel, every 2.4 s (Retab)',
		'retab',
		every(2.4),
		toCompareWith('the loop in n8n'),
	),
	ours(
		'node3s',
		'Timeout Cancel, every 3 s (Retab)',
		'retab',
		every(3),
		toCompareWith('the waiter, which has a longer delay'),
	),
	ours(
		'node1sExtend',
		'Timeout Cancel, every 1 s (Extend)',
		'extend',
		every(1),
		upTo(1_000, 'is there to compare with the Extend SDK'),
	),
	ours(
		'node750msExtend',
		'Timeout Cancel, every 0.75 s (Extend)',
		'extend',
		every(0.75),
		toCompareWith('the Extend SDK, which has a shorter delay'),
	),
	ours(
		'core',
		'our core without n8n, every 2 s (Retab)',
		'retab',
		every(2),
		upTo(1_000, 'sends the same requests as the node'),
	),
	other('retabDocs', 'loop of the Retab docs', 'retab'),
	other('retabCli', 'rules of the Retab CLI', 'retab', upTo(100, 'polls as often as the loop of the docs')),
	other(
		'smithy',
		'@smithy/util-waiter (Retab)',
		'retab',
		upTo(1_000, 'continues long after the last run has ended'),
	),
	other(
		'extendSdk',
		'Extend SDK, pollUntilDone',
		'extend',
		upTo(1_000, 'keeps a CPU busy with 1,000 runs already'),
	),
	other(
		'n8nLoop',
		'HTTP Request, If, Wait in n8n (Retab)',
		'retab',
		upTo(1_000, 'sends all requests of a turn at once and takes minutes'),
	),
];

export function contender(key: string): Contender {
	const found = CONTENDERS.find((one) => one.key === key);
	if (!found) throw new Error(`Unknown contender ${key}`);
	return found;
}
