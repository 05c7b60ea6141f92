import type { INodeProperties, INodePropertyCollection, INodePropertyOptions } from 'n8n-workflow';

import { SETTING } from '../../core/config';

/** Parameters that more than one node or operation has, each defined once. */

/** A number with the default and the smallest value of its setting. The largest value is checked when the node runs. */
export function numberField(
	setting: { default: number; min: number },
	field: Omit<INodeProperties, 'type' | 'default'>,
): INodeProperties {
	return {
		...field,
		type: 'number',
		typeOptions: { minValue: setting.min, ...field.typeOptions },
		default: setting.default,
	};
}

export const INTERVAL_MODE: INodeProperties = {
	displayName: 'Poll Interval Mode',
	name: 'intervalMode',
	type: 'options',
	options: [
		{
			name: 'Adaptive',
			value: 'adaptive',
			description: 'Quick at first, then slower the longer the run takes',
		},
		{ name: 'Fixed', value: 'fixed', description: 'Always the same time between two polls' },
	],
	default: 'adaptive',
	description: 'How the time between two polls of a run develops',
};

export const INTERVAL = numberField(SETTING.interval, {
	displayName: 'Poll Interval (Seconds)',
	name: 'interval',
	description: 'Time between two polls of a run; in adaptive mode the shortest one',
});

export const MAX_INTERVAL = numberField(SETTING.maxInterval, {
	displayName: 'Max Poll Interval (Seconds)',
	name: 'maxInterval',
	description: 'Longest time between two polls of a run in adaptive mode',
});

export const CONFIRM_FOR = numberField(SETTING.confirmFor, {
	displayName: 'Confirm Cancel For (Seconds)',
	name: 'confirmFor',
	description:
		'How long to wait for the cancel to take effect. A run only counts as cancelled once the API shows it as cancelled.',
});

export const ON_WORKFLOW_STOP: INodeProperties = {
	displayName: 'When the Workflow Is Stopped',
	name: 'onWorkflowStop',
	type: 'options',
	options: [
		{ name: 'Cancel Remote Runs', value: 'cancel', description: 'Cancel the runs that are not finished' },
		{ name: 'Leave Remote Runs', value: 'leave', description: 'Only stop watching: the runs go on' },
	],
	default: 'leave',
	description:
		'What happens to unfinished runs when this execution is stopped. A stop by hand and the execution timeout of n8n look alike, so both count. A shutdown of n8n gives no sign, so it cancels nothing.',
};

export const MAX_CONCURRENT_REQUESTS = numberField(SETTING.maxConcurrentRequests, {
	displayName: 'Max Concurrent Requests',
	name: 'maxConcurrentRequests',
	typeOptions: {
		maxValue: SETTING.maxConcurrentRequests.max,
		numberPrecision: 0,
	},
	description:
		'How many requests may be under way to the provider at once, for all items of this node together',
});

export const TIMEOUT = numberField(SETTING.timeout, {
	displayName: 'Timeout',
	name: 'timeout',
	required: true,
	description: 'How long a run may take, more than 0 and at most 30 days',
});

export const UNITS: INodePropertyOptions[] = [
	{ name: 'Hours', value: 'hours' },
	{ name: 'Minutes', value: 'minutes' },
	{ name: 'Seconds', value: 'seconds' },
];

export const TIMEOUT_UNIT: INodeProperties = {
	displayName: 'Timeout Unit',
	name: 'timeoutUnit',
	type: 'options',
	options: UNITS,
	default: 'seconds',
	description: 'Unit of the timeout',
};

export const MAX_WAIT = numberField(SETTING.maxWait, {
	displayName: 'Max Wait (Seconds)',
	name: 'maxWait',
	required: true,
	description: 'How long to wait for the run to end, more than 0 and at most 30 days (2,592,000)',
});

export const ON_TIMEOUT: INodeProperties = {
	displayName: 'When Max Wait Is Over',
	name: 'onTimeout',
	type: 'options',
	options: [
		{
			name: 'Fail With an Error',
			value: 'error',
			description: 'Stop here, or take the error output of the node',
		},
		{
			name: 'Return the Run as It Is',
			value: 'returnRun',
			description: 'Go on with the unfinished run, for example to check its status',
		},
	],
	default: 'error',
	description: 'What to do with a run that has not ended by then. The run itself is left alone.',
};

/** The "Options" field with some of the shared parameters. */
export function optionsField(
	fields: readonly INodeProperties[],
	displayOptions?: INodeProperties['displayOptions'],
): INodeProperties {
	return {
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add option',
		default: {},
		displayOptions,
		options: [...fields].sort((a, b) => a.displayName.localeCompare(b.displayName)),
	};
}

export const METADATA_PAIR: INodePropertyCollection = {
	displayName: 'Pair',
	name: 'pairs',
	values: [
		{
			displayName: 'Name',
			name: 'name',
			type: 'string',
			default: '',
			placeholder: 'e.g. batch_id',
			description: 'Name of the metadata field',
		},
		{
			displayName: 'Value',
			name: 'value',
			type: 'string',
			default: '',
			placeholder: 'e.g. batch_001',
			description: 'Value it must have',
		},
	],
};

/** Metadata pairs that a run must carry, all of them. */
export function metadataField(description: string): INodeProperties {
	return {
		displayName: 'Metadata',
		name: 'metadata',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true },
		placeholder: 'Add pair',
		default: {},
		options: [METADATA_PAIR],
		description,
	};
}

/** `NEEDS_REVIEW`, `in_progress` → `Needs Review`, `In Progress`. */
export function toTitle(value: string): string {
	return value
		.toLowerCase()
		.split('_')
		.map((word) => (word === 'api' ? 'API' : word.charAt(0).toUpperCase() + word.slice(1)))
		.join(' ');
}
