import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import { SIMPLIFY } from '../shared/n8n/description/fields';
import { NAMES } from '../shared/n8n/description/names';
import { pickerField } from '../shared/n8n/description/pickerField';
import { textOf } from '../shared/n8n/description/subtitle';
import { listed } from '../shared/n8n/output/text';
import { PROVIDERS } from '../shared/providers';
import {
	EVENT_TYPES,
	RESOURCE_TYPES,
	WEBHOOK_EVENTS,
	type ResourceType,
	type WebhookEventName,
} from '../shared/providers/extend/webhookEvents';

const EVENTS: Record<WebhookEventName, Omit<INodePropertyOptions, 'value'>> = {
	batchFailed: {
		name: 'Batch Failed',
		action: 'On batch failed',
		description: 'A batch of extract, classify, split or parse runs has failed',
	},
	batchFinished: {
		name: 'Batch Finished',
		action: 'On batch finished',
		description: 'A batch of extract, classify, split or parse runs is done',
	},
	cancelled: {
		name: 'Cancelled',
		action: 'On workflow run cancelled',
		description: 'The workflow run was cancelled, by whomever. Only with Runs Of set to Workflow.',
	},
	failed: { name: 'Failed', action: 'On run failed', description: 'The run ended badly' },
	finished: { name: 'Finished', action: 'On run finished', description: 'The run has come to its result' },
	needsReview: {
		name: 'Needs Review',
		action: 'On workflow run waiting for review',
		description: 'The workflow run waits for a person. Only with Runs Of set to Workflow.',
	},
	rejected: {
		name: 'Rejected',
		action: 'On workflow run rejected',
		description: 'A reviewer has rejected the workflow run. Only with Runs Of set to Workflow.',
	},
};

const EVENT_TITLES = Object.fromEntries(Object.entries(EVENTS).map(([value, { name }]) => [value, name]));

const RESOURCE_NAMES: Record<ResourceType, string> = {
	all: 'All API Runs',
	classifier: 'Classifier',
	extractor: 'Extractor',
	splitter: 'Splitter',
	workflow: 'Workflow',
};

/** `Failed, Finished: all runs` */
export const SUBTITLE = `={{ ${textOf(EVENT_TITLES, 'events')} + ": " + ${textOf({ all: 'all runs' }, 'resourceType')} }}`;

/** Events that there are for some kinds of runs, and not for the others. */
const OF_WORKFLOWS = WEBHOOK_EVENTS.filter((name) => !(name in EVENT_TYPES.all));
const OF_OTHERS = WEBHOOK_EVENTS.filter((name) => !(name in EVENT_TYPES.workflow));
const OTHERS = RESOURCE_TYPES.filter((type) => type !== 'workflow');

function titles(events: readonly WebhookEventName[]): string {
	return listed(events.map((event) => EVENTS[event].name));
}

/**
 * One field for all: n8n lists the actions of the first field called Events, and a second one would lose what was chosen when
 * Runs Of changes.
 */
const EVENTS_FIELD: INodeProperties = {
	displayName: 'Events',
	name: 'events',
	type: 'multiOptions',
	options: Object.entries(EVENTS).map(([value, option]) => ({ ...option, value })),
	default: ['finished', 'failed'],
	required: true,
	description: 'What to be told about. Each event starts the workflow once.',
};

function notice(name: string, displayName: string, show: Record<string, string[]>): INodeProperties {
	return { displayName, name, type: 'notice', default: '', displayOptions: { show } };
}

function resourceOf(type: Exclude<ResourceType, 'all'>): INodeProperties {
	return pickerField(PROVIDERS.extend, `${type}Id`, {
		displayName: RESOURCE_NAMES[type],
		name: 'resourceId',
		required: true,
		displayOptions: { show: { resourceType: [type] } },
		description: `The ${type} whose runs to be told about`,
	});
}

const TRIGGER_PAGE =
	'https://github.com/n8n-nodes-document-runs/n8n-nodes-document-runs/blob/main/docs/extend-trigger.md#what-extend-does-not-tell';

export const FIELDS: INodeProperties[] = [
	{
		displayName: `Extend sends no webhook when extract, classify, split or parse runs are cancelled, nor for runs that were not started by API. ${NAMES.runTrigger} sees those too. <a href="${TRIGGER_PAGE}" target="_blank">More</a>`,
		name: 'notice',
		type: 'notice',
		default: '',
	},
	{
		displayName: 'Runs Of',
		name: 'resourceType',
		type: 'options',
		noDataExpression: true,
		options: Object.entries(RESOURCE_NAMES).map(([value, name]) => ({ name, value })),
		default: 'all',
		description:
			'Whose runs to be told about. Events of workflow runs only come for one workflow; those of parse and edit runs only with All API Runs.',
	},
	...(['classifier', 'extractor', 'splitter', 'workflow'] as const).map(resourceOf),
	EVENTS_FIELD,
	notice(
		'workflowEvents',
		`${titles(OF_WORKFLOWS)} only come for one workflow: choose Workflow under Runs Of`,
		{ resourceType: OTHERS, events: OF_WORKFLOWS },
	),
	notice('batchEvents', `${titles(OF_OTHERS)} do not come for workflow runs: take them off`, {
		resourceType: ['workflow'],
		events: OF_OTHERS,
	}),
	SIMPLIFY,
	{
		displayName: 'Read Run',
		name: 'readRun',
		type: 'boolean',
		default: true,
		description:
			'Whether to read the run with the API key before the workflow starts. Otherwise the item holds what the webhook brings: without the result of a parse run, and as it was when it was sent.',
	},
];
