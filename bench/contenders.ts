import type { Api, Polls } from './messages';
import { POLLS } from './plan';

export interface Contender {
	key: string;
	title: string;
	api: Api;
	/** Its process. */
	file: string;
	ours: boolean;
	/** Rules of its own, where it is not ours. */
	polls: Polls;
	/** With fewer runs it is not run. */
	from?: number;
	/** Beyond so many runs it is not run, and why. */
	upTo?: { runs: number; because: string };
}

const OUR_NODE = { file: 'contenders/ourNode.ts', ours: true };
const OUR_CORE = { file: 'contenders/ourCore.ts', ours: true };

/** In the order of the tables. */
export const CONTENDERS: readonly Contender[] = [
	{
		...OUR_NODE,
		key: 'node',
		title: 'Timeout Cancel, defaults (Retab)',
		api: 'retab',
		polls: POLLS.default,
		upTo: { runs: 1_000, because: 'asks less often than every 2 s, but for the same reads' },
	},
	{
		...OUR_NODE,
		key: 'node2s',
		title: 'Timeout Cancel, every 2 s (Retab)',
		api: 'retab',
		polls: POLLS.everyTwoSeconds,
	},
	{
		...OUR_NODE,
		key: 'node1600ms',
		title: 'Timeout Cancel, every 1.6 s (Retab)',
		api: 'retab',
		polls: POLLS.asSoonAsEveryTwoSeconds,
		from: 1_000,
		upTo: { runs: 1_000, because: 'is there to compare with the loop of the docs, whose news come sooner' },
	},
	{
		...OUR_NODE,
		key: 'node2400ms',
		title: 'Timeout Cancel, every 2.4 s (Retab)',
		api: 'retab',
		polls: POLLS.asSoonAsWaitingTwoSeconds,
		from: 1_000,
		upTo: { runs: 1_000, because: 'is there to compare with the loop in n8n' },
	},
	{
		...OUR_NODE,
		key: 'node3s',
		title: 'Timeout Cancel, every 3 s (Retab)',
		api: 'retab',
		polls: POLLS.everyThreeSeconds,
		from: 1_000,
		upTo: { runs: 1_000, because: 'is there to compare with the waiter, whose news come later' },
	},
	{
		...OUR_NODE,
		key: 'node1sExtend',
		title: 'Timeout Cancel, every 1 s (Extend)',
		api: 'extend',
		polls: POLLS.everySecond,
		upTo: { runs: 1_000, because: 'is there to compare with the Extend SDK' },
	},
	{
		...OUR_NODE,
		key: 'node750msExtend',
		title: 'Timeout Cancel, every 0.75 s (Extend)',
		api: 'extend',
		polls: POLLS.asSoonAsEverySecond,
		from: 1_000,
		upTo: { runs: 1_000, because: 'is there to compare with the Extend SDK, whose news come sooner' },
	},
	{
		...OUR_CORE,
		key: 'core',
		title: 'our core without n8n, every 2 s (Retab)',
		api: 'retab',
		polls: POLLS.everyTwoSeconds,
		upTo: { runs: 1_000, because: 'sends the same requests as the node' },
	},
	{
		key: 'retabDocs',
		title: 'loop of the Retab docs',
		api: 'retab',
		file: 'contenders/retabDocs.ts',
		ours: false,
		polls: POLLS.everyTwoSeconds,
	},
	{
		key: 'retabCli',
		title: 'rules of the Retab CLI',
		api: 'retab',
		file: 'contenders/retabCli.ts',
		ours: false,
		polls: POLLS.everyTwoSeconds,
		upTo: { runs: 100, because: 'polls as often as the loop of the docs' },
	},
	{
		key: 'smithy',
		title: '@smithy/util-waiter (Retab)',
		api: 'retab',
		file: 'contenders/smithyWaiter.ts',
		ours: false,
		polls: POLLS.everyTwoSeconds,
		upTo: { runs: 1_000, because: 'goes on long after the last run has ended' },
	},
	{
		key: 'extendSdk',
		title: 'Extend SDK, pollUntilDone',
		api: 'extend',
		file: 'contenders/extendSdk.ts',
		ours: false,
		polls: POLLS.everySecond,
		upTo: { runs: 1_000, because: 'keeps a CPU busy with 1,000 runs already' },
	},
	{
		key: 'n8nLoop',
		title: 'HTTP Request, If, Wait in n8n (Retab)',
		api: 'retab',
		file: 'contenders/n8nLoop.ts',
		ours: false,
		polls: POLLS.everyTwoSeconds,
		upTo: { runs: 1_000, because: 'sends all requests of a turn at once and takes minutes' },
	},
];

export function contender(key: string): Contender {
	const found = CONTENDERS.find((one) => one.key === key);
	if (!found) throw new Error(`There is no contender ${key}`);
	return found;
}
