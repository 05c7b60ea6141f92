import type { Contender } from './contenders';
import { startWorker, type Worker } from './lib/worker';
import type {
	CleanUpOrder,
	ContenderCalls,
	Load,
	NodeCalls,
	OpenedLoad,
	SandboxCalls,
	Seen,
	WatchAnswer,
} from './messages';
import { IN_FLIGHT } from './plan';

/** One measured pass: the result of the contender, and what the sandbox received. */
export interface Pass {
	answer: WatchAnswer;
	seen: Seen;
	opened: OpenedLoad;
}

export interface Ask {
	load: Load;
	/** Watches this group of runs only; default: all. */
	group?: number;
	inFlight?: number;
	/** Seconds of real time until a run is cancelled, by its place in the load. */
	timeouts?: number[];
	/** See `measured`. */
	collectEveryMs?: number;
	/** One execution for each run. */
	isSplit?: boolean;
}

/** The first pass of each process is not measured: it loads and compiles the code. */
const WARM_UP = { runs: 20, lifeMs: 2_000, speed: 5 };

/** One process for the sandbox, and one for each contender, started when it is first needed. */
export class Processes {
	private readonly sandbox: Worker<SandboxCalls> = startWorker<SandboxCalls>('server.ts');

	private readonly contenders = new Map<string, Worker<NodeCalls>>();

	/** Starts them unless they run already, and collects their garbage. */
	async prepare(contenders: readonly Contender[]): Promise<void> {
		for (const contender of contenders) await (await this.worker(contender)).call('rest', null);
	}

	/** A prepared contender watches all runs of a load to their end. */
	async watch(contender: Contender, ask: Ask): Promise<Pass> {
		const worker = await this.worker(contender);
		return await this.pass(worker, contender, ask);
	}

	/** Our prepared node cancels the stuck runs of a load. */
	async cleanUp(
		contender: Contender,
		load: Load,
		order: Omit<CleanUpOrder, 'url'>,
	): Promise<{ answer: Awaited<ReturnType<NodeCalls['cleanUp']>>; seen: Seen }> {
		const worker = await this.worker(contender);
		return await this.withLoad(load, async ({ handle, url }) => {
			const answer = await worker.call('cleanUp', { url, ...order });
			return { answer, seen: await this.sandbox.call('seen', handle) };
		});
	}

	async close(): Promise<void> {
		await Promise.all([...this.contenders.values(), this.sandbox].map(async (worker) => worker.close()));
	}

	private async worker(contender: Contender): Promise<Worker<NodeCalls>> {
		const { key, file, api } = contender;
		const known = this.contenders.get(key);
		if (known) return known;
		const worker: Worker<NodeCalls> = startWorker<NodeCalls>(file);
		this.contenders.set(key, worker);
		const lives = { api, count: WARM_UP.runs, fromMs: WARM_UP.lifeMs };
		await this.pass(worker, contender, { load: { speed: WARM_UP.speed, seed: 1, lives: [lives] } });
		return worker;
	}

	private async pass(worker: Worker<ContenderCalls>, contender: Contender, ask: Ask): Promise<Pass> {
		const { load, group, inFlight = IN_FLIGHT, timeouts, collectEveryMs, isSplit } = ask;
		return await this.withLoad(load, async (opened) => {
			const answer = await worker.call('watch', {
				url: opened.url,
				api: contender.api,
				ids: group === undefined ? opened.ids.flat() : (opened.ids[group] ?? []),
				speed: load.speed,
				polls: contender.polls,
				inFlight,
				...(timeouts === undefined ? {} : { timeouts }),
				...(collectEveryMs === undefined ? {} : { collectEveryMs }),
				...(isSplit === undefined ? {} : { isSplit }),
			});
			return { answer, seen: await this.sandbox.call('seen', opened.handle), opened };
		});
	}

	private async withLoad<T>(load: Load, work: (opened: OpenedLoad) => Promise<T>): Promise<T> {
		const opened = await this.sandbox.call('open', load);
		try {
			return await work(opened);
		} finally {
			await this.sandbox.call('close', opened.handle);
		}
	}
}
