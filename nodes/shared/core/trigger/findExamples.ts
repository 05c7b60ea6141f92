import { TRIGGER } from '../config';
import type { CallDeps } from '../requests/retry';
import type { Phase } from '../runs/run';
import { type EventOptions, type EventSource, createdOf, eventOf, isInterim } from './events';
import { type Poll, type PollResult, readRun } from './poll';
import { scanList } from './scanList';

/** Runs that are in the state of an event that is asked for, for tests: the newest ones, `TRIGGER.examples` at most. */
export async function findExamples(
	deps: CallDeps,
	sources: readonly EventSource[],
	options: EventOptions,
): Promise<PollResult> {
	const result: PollResult = { events: [], errors: [], warnings: [] };
	const poll: Poll = { ...deps, options, result };
	const wantedEvent = (phase: Phase, created: number | undefined) => {
		const event = eventOf(options, phase, created);
		return event !== undefined && options.events.has(event) ? event : undefined;
	};
	const listed = await Promise.all(
		sources.map(async (source) => {
			const lists = [...options.events].some(isInterim) ? [source.all, ...source.unfinished] : [source.all];
			const limits = { pages: TRIGGER.examplePages };
			const scans = await Promise.all(lists.map((list) => scanList(poll, source, list, limits)));
			const rows = new Map(scans.flatMap((scan) => scan.rows.map((row) => [row.id, row] as const)));
			return [...rows.values()].map((row) => ({ source, row }));
		}),
	);
	const candidates = listed
		.flat()
		.filter(({ row }) => row.phase === 'unknown' || wantedEvent(row.phase, row.created))
		.sort((a, b) => (b.row.created ?? 0) - (a.row.created ?? 0));
	for (const { source, row } of candidates.slice(0, TRIGGER.exampleReads)) {
		if (result.events.length >= TRIGGER.examples) break;
		const run = await readRun(poll, source, row.id, 'full', false);
		if (!run || run === 'deleted') continue;
		const created = createdOf(run, row);
		const event = wantedEvent(run.phase, created);
		if (event === undefined || !source.matches(run)) continue;
		result.events.push({ event, resource: source.resource, run, created, detected: deps.clock.now() });
	}
	return result;
}
