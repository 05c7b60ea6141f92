import { setTimeout as delay } from 'node:timers/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

/** What some work took from the process it ran in. */
export interface Costs {
	/** Unix ms. */
	startedAt: number;
	wallMs: number;
	/** User and system time of the whole process, garbage collection included. */
	cpuMs: number;
	/** Highest heap in use above what was in use before, garbage included that was not collected yet. */
	heapGrowthMb: number;
	/** The same, each time right after a garbage collection: at the end, and on the way where that was asked for. */
	liveGrowthMb: number;
	/** How much later than asked for a timer came: 99th percentile, and the worst. */
	loopDelayP99Ms: number;
	loopDelayMaxMs: number;
}

const MB = 1024 * 1024;
const HEAP_SAMPLE_MS = 20;
/** The histogram holds the time between two timers of this distance, so an idle loop shows the distance itself. */
const LOOP_SAMPLE_MS = 2;

/** Heap in use when the process last came to rest. */
let resting: number | undefined;

/** Gets rid of what earlier rounds left behind. Called before a load begins, as it takes a while. */
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
 * @param collectEveryMs collects garbage on the way as well; few enough times that no other figure but the longest event
 *   loop delay notices
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
		// What the work leaves behind, such as the results that n8n keeps, is still held by `value`.
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
