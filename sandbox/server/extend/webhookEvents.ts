import { isObject, type JsonObject } from '../json';
import type { Snapshot } from '../resource';
import type { Phase } from '../script';
import type { ExtendResource } from './resources';

/** Which event a run sends when it comes into a phase (Extend: SDK 1.17.0, WebhookEvent). Cancelled runs send none. */

type Events = Partial<Record<Phase, string>>;

function runEvents(object: string): Events {
	return { completed: `${object}.processed`, failed: `${object}.failed` };
}

const EVENTS: Partial<Record<ExtendResource, Events>> = {
	extractRun: runEvents('extract_run'),
	classifyRun: runEvents('classify_run'),
	splitRun: runEvents('split_run'),
	parseRun: runEvents('parse_run'),
	editRun: runEvents('edit_run'),
	workflowRun: {
		completed: 'workflow_run.completed',
		failed: 'workflow_run.failed',
		needsReview: 'workflow_run.needs_review',
		rejected: 'workflow_run.rejected',
		cancelled: 'workflow_run.cancelled',
	},
};

/** Ids of parse batches begin in a way of their own. */
const PARSE_BATCH = 'bpar_';

export function eventTypeOf({ run, state }: Snapshot): string | undefined {
	if (run.resource !== 'batchRun') return EVENTS[run.resource as ExtendResource]?.[state.phase];
	return runEvents(run.id.startsWith(PARSE_BATCH) ? 'batch_parse_run' : 'batch_processor_run')[state.phase];
}

/** What subscriptions of a type may be told, besides the batches of the first three. */
const RESOURCE_EVENTS: Record<string, readonly string[]> = {
	extractor: ofRuns('extractRun'),
	classifier: ofRuns('classifyRun'),
	splitter: ofRuns('splitRun'),
	workflow: [...ofRuns('workflowRun'), 'workflow_run.step_run.processed'],
};

function ofRuns(resource: ExtendResource): string[] {
	const batches = resource === 'workflowRun' ? {} : runEvents('batch_processor_run');
	return [EVENTS[resource] ?? {}, batches].flatMap((events) => Object.values(events));
}

export const RESOURCE_TYPES = Object.keys(RESOURCE_EVENTS) as [string, ...string[]];

/** Whether a subscription to a resource of this type can have the event. */
export function isResourceEvent(resourceType: string, event: string): boolean {
	return RESOURCE_EVENTS[resourceType]?.includes(event) ?? false;
}

/** Workflow events only come through a subscription. */
export const ENDPOINT_EVENTS: readonly string[] = [
	...(['extractRun', 'classifyRun', 'splitRun', 'parseRun', 'editRun'] as const).flatMap((resource) =>
		Object.values(EVENTS[resource] ?? {}),
	),
	...Object.values(runEvents('batch_processor_run')),
	...Object.values(runEvents('batch_parse_run')),
];

/** Whether a run is one of the extractor, classifier, splitter or workflow with this id. */
export function isRunOf({ run }: Snapshot, resourceType: string, resourceId: string): boolean {
	const owner = run.request[resourceType];
	return isObject(owner) && owner.id === resourceId;
}

/** The payload of an event: the run, except that parse runs only tell their status. */
export function payloadOf(shot: Snapshot, record: JsonObject): JsonObject {
	if (shot.run.resource !== 'parseRun') return record;
	const { id, status, failureReason, failureMessage, metadata } = record;
	return { object: 'parse_run_status', id, status, failureReason, failureMessage, metadata };
}
