import { TRIGGER } from '../config';
import type { ReadView } from '../runs/runClient';
import type { Run } from '../runs/run';
import { type NewEvent, type Plan, classifyRead } from './classify';
import type { EventSource, ListedRun } from './events';
import { type Poll, readRun } from './poll';
import type { ResourcePoll } from './resourcePoll';

/** What a read showed. */
export interface RunRead {
	source: EventSource;
	row: ListedRun;
	/** Absent for a run that was deleted. */
	run?: Run;
	found?: NewEvent;
	/** Unix ms on our clock. */
	at: number;
}

/** Reads runs: first those with an event in a list, oldest first, then those that no list shows, in random order. */
export async function readRuns(poll: Poll, plans: readonly Plan[]): Promise<RunRead[]> {
	const all = plans.flatMap(({ of, read }) => read.map((row) => ({ of, row, random: poll.clock.random() })));
	const hinted = all.filter(({ row }) => row.phase !== 'unknown');
	const unknown = all.filter(({ row }) => row.phase === 'unknown');
	hinted.sort((a, b) => (a.row.created ?? 0) - (b.row.created ?? 0));
	unknown.sort((a, b) => a.random - b.random);
	const queue = [...hinted, ...unknown].slice(0, TRIGGER.reads);
	const reads = await Promise.all(queue.map(({ of, row }) => readEvent(poll, of, row)));
	return reads.flatMap((read) => read ?? []);
}

async function readEvent(poll: Poll, of: ResourcePoll, row: ListedRun): Promise<RunRead | undefined> {
	const { source, list } = of;
	const read = async (view: ReadView): Promise<RunRead | undefined> => {
		const run = await readRun(poll, source, row.id, view, list.whole);
		const at = poll.clock.now();
		if (!run || run === 'deleted') return run && { source, row, at };
		return { source, row, run, found: classifyRead(poll.options, of, row, run), at };
	};
	if (row.phase !== 'unknown') return await read('full');
	const light = await read('light');
	return light?.found?.isReported && source.client.hasLightReads ? await read('full') : light;
}
