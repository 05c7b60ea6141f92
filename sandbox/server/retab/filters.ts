import { isObject, type JsonObject } from '../json';
import type { Snapshot } from '../resource';
import { extensionOf } from '../samples';
import { durationOf, workflowOf } from './records';

/** What each list parameter of the Retab API keeps; the tables in `queries.ts` say which list has which. */

export type Predicate = (shot: Snapshot) => boolean;
type Keeps = (value: never, shot: Snapshot) => boolean;

function requestValue({ run }: Snapshot, ...path: string[]): unknown {
	return path.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), run.request);
}

function matchesName(pattern: RegExp, { run }: Snapshot): boolean {
	return pattern.test(run.filename);
}

/** Jobs know the workflow from their metadata. */
function workflowIdOf({ run }: Snapshot): unknown {
	return run.resource === 'job' ? run.metadata?.workflow_id : workflowOf(run);
}

function sourceOf(shot: Snapshot): string {
	if (shot.run.metadata?.workflow_id !== undefined) return 'workflow';
	return requestValue(shot, 'request', 'project_id') === undefined ? 'api' : 'project';
}

/** 0 means no limit. */
function duration(shot: Snapshot, limit: number, keep: (ms: number) => boolean): boolean {
	if (limit === 0) return true;
	const ms = durationOf(shot, shot.world.clock.now());
	return ms !== null && keep(ms);
}

/** Parameters that are no filter (pages, order, what a row shows) are not here. */
const KEEPS = {
	filename: matchesName,
	filename_contains: matchesName,
	filename_regex: matchesName,
	document_type: (types: string[], { run }) => types.includes(extensionOf(run.filename)),
	status: (wanted: string, { status }) => status === wanted,
	exclude_status: (unwanted: string, { status }) => status !== unwanted,
	from_date: (from: number, { run }) => run.createdAt >= from,
	to_date: (to: number, { run }) => run.createdAt <= to,
	metadata: (wanted: JsonObject, { run }) =>
		Object.entries(wanted).every(([key, one]) => run.metadata?.[key] === one),
	template_id: (id: string, shot) => requestValue(shot, 'template_id') === id,
	workflow_id: (id: string, shot) => workflowIdOf(shot) === id,
	experiment_id: (id: string, shot) => requestValue(shot, 'experiment_id') === id,
	eval_id: (id: string, shot) => requestValue(shot, 'scope', 'eval_id') === id,
	target_block_id: (id: string, shot) => requestValue(shot, 'scope', 'block_id') === id,
	block_id: (id: string) => id === 'block_extract_1',
	/** Every run of the sandbox was started through the API, every experiment by hand: its list knows nothing else. */
	trigger_type: (type: string, { run }) => run.resource === 'experimentRun' || type === 'api',
	min_duration_ms: (least: number, shot) => duration(shot, least, (ms) => ms >= least),
	max_duration_ms: (most: number, shot) => duration(shot, most, (ms) => ms <= most),
	/** Part of a run id. */
	search: (part: string, { run }) => run.id.includes(part),
	job_id: (id: string, { run }) => run.id === id,
	endpoint: (endpoint: string, { run }) => run.request.endpoint === endpoint,
	source: (source: string, shot) => sourceOf(shot) === source,
	project_id: (id: string, shot) => requestValue(shot, 'request', 'project_id') === id,
	model: (model: string, shot) => requestValue(shot, 'request', 'model') === model,
	workflow_block_id: (id: string, { run }) =>
		(run.metadata?.workflow_block_id ?? run.metadata?.block_id) === id,
} satisfies Record<string, Keeps>;

/** One predicate for all filters of a checked query. */
export function filterBy(query: JsonObject): Predicate {
	const predicates = Object.entries(KEEPS).flatMap(([name, keeps]): Predicate[] => {
		const value = query[name];
		return value === undefined ? [] : [(shot) => (keeps as Keeps)(value as never, shot)];
	});
	return (shot) => predicates.every((predicate) => predicate(shot));
}
