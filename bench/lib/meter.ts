import { setTimeout as delay } from 'node:timers/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

/** What some work costs the process. */
export interface Costs {
	/** Unix ms. */
	startedAt: number;
	wallMs: number;
	/** User and system time of the whole process, garbage collection included. */
	cpuMs: number;
	/** Growth of the heap in use at its highest, with garbage that was not collected yet. */
	heapGrowthMb: number;
	/** The same right after a garbage collection: at the end, and every `collectEveryMs`. */
	liveGrowthMb: number;
	/** Lateness of a timer: 99th percentile and maximum. */
	loopDelayP99Ms: number;
	loopDelayMaxMs: number;
}

const MB = 1024 * 1024;
const HEAP_SAMPLE_MS = 20;
/** The histogram measures the time between two timers, which is this when the loop is idle. */
const LOOP_SAMPLE_MS = 2;

/** Heap in use after the last `rest`. */
let resting: number | undefined;

/** Collects the garbage of earlier rounds. Called before a load starts, because it takes a while. */
export async function rest(): Promise<null> {
	for (let round = 0; round < 2; round++) {
		globalThis.gc?.();
		await delay(10);
	}
	resting = heapInUse();
	return null;
}

/**
 * Runs `work` and measures it. The process must have been started with `--expose-gc`.
 *
 * @param collectEveryMs collects garbage during the work too; seldom enough to change only the longest event loop delay
 */
export async function measured<T>(
	work: () => Promise<T>,
	collectEveryMs?: number,
): Promise<{ value: T; costs: Costs }> {
	const before = resting ?? heapInUse();
	let highest = before;
	let highestLive = before;
	const collect = (): void => {
		globalThis.gc?.();
		highestLive = Math.max(highestLive, heapInUse());
	};
	const collecting = collectEveryMs === undefined ? undefined : setInterval(collect, collectEveryMs);
	const sample = (): void => {
		highest = Math.max(highest, heapInUse());
	};
	const sampling = setInterval(sample, HEAP_SAMPLE_MS);
	const loop = monitorEventLoopDelay({ resolution: LOOP_SAMPLE_MS });
	loop.enable();
	const startedAt = Date.now();
	const begin = performance.now();
	const cpu = process.cpuUsage();
	try {
		const value = await work();
		const { user, system } = process.cpuUsage(cpu);
		const wallMs = performance.now() - begin;
		loop.disable();
		sample();
		// `value` still holds what the work keeps, such as the results of n8n.
		collect();
		return {
			value,
			costs: {
				startedAt,
				wallMs,
				cpuMs: (user + system) / 1_000,
				heapGrowthMb: (highest - before) / MB,
				liveGrowthMb: (highestLive - before) / MB,
				loopDelayP99Ms: lateness(loop.percentile(99)),
				loopDelayMaxMs: lateness(loop.max),
			},
		};
	} finally {
		clearInterval(sampling);
		clearInterval(collecting);
		loop.disable();
	}
}

/** @param nanoseconds between two timers */
function lateness(nanoseconds: number): number {
	return Math.max(0, nanoseconds / 1e6 - LOOP_SAMPLE_MS);
}

function heapInUse(): number {
	return getHeapStatistics().used_heap_size;
}
