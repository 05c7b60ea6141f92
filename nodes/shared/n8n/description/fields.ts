import type { INodeProperties, INodePropertyCollection, INodePropertyOptions } from 'n8n-workflow';

import { SETTING } from '../../core/config';
import { alphabetical } from './alphabetical';

/** Name of the binary field that nodes write to, and look into, unless told otherwise. */
export const DEFAULT_FIELD = 'data';

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
		'How many requests may be under way to the provider at once. Nodes that run at the same time with the same account share them: the highest number counts.',
});

/** Of the credentials. */
export const MAX_REQUESTS_PER_SECOND = numberField(SETTING.maxRequestsPerSecond, {
	displayName: 'Max Requests per Second',
	name: 'maxRequestsPerSecond',
	typeOptions: { maxValue: SETTING.maxRequestsPerSecond.max },
	description:
		'What your plan allows, shared by all workflows of this n8n that use this account. With 0, it is learned when the API asks to slow down.',
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
	description: 'How long to wait for the run to end, more than 0 and at most 30 days',
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

export const SIMPLIFY: INodeProperties = {
	displayName: 'Simplify',
	name: 'simplify',
	type: 'boolean',
	default: true,
	description: 'Whether to return a simplified version of the response instead of the raw data',
};

/** n8n before 2.41 does not know `@tool`: there Simplify is shown for tools as well, and the other two for nothing. */
const FOR_TOOLS = '@tool';

/**
 * Simplify, and what takes its place where the node is the tool of an agent.
 *
 * @param show where there is an output to simplify
 */
export function outputFields(show: Record<string, string[]>): INodeProperties[] {
	return [
		{ ...SIMPLIFY, displayOptions: { show, hide: { [FOR_TOOLS]: [true] } } },
		{
			displayName: 'Output',
			name: 'output',
			type: 'options',
			default: 'simplified',
			displayOptions: { show: { ...show, [FOR_TOOLS]: [true] } },
			options: [
				{
					name: 'Raw',
					value: 'raw',
					description: 'All that the API returned, which can fill the context of the agent',
				},
				{ name: 'Selected Fields', value: 'selected', description: 'Only the fields named' },
				{ name: 'Simplified', value: 'simplified', description: 'The main fields with the result' },
			],
			description: 'What the agent gets to see of a run',
		},
		{
			displayName: 'Fields',
			name: 'fields',
			type: 'string',
			default: 'id, status, output',
			required: true,
			displayOptions: { show: { ...show, [FOR_TOOLS]: [true], output: ['selected'] } },
			placeholder: 'e.g. status, output.total',
			description: 'Names of the fields to return, separated by commas',
		},
	];
}

export const INCLUDE_INPUT_FIELDS: INodeProperties = {
	displayName: 'Include Input Fields',
	name: 'includeInputFields',
	type: 'boolean',
	default: false,
	description:
		'Whether to keep the fields and files of the input item beside the result. Fields of the result win.',
};

/** @param resources those whose runs can make a file */
export function downloadField(resources: readonly string[]): INodeProperties {
	return {
		displayName: 'Download File Into',
		name: 'download',
		type: 'string',
		default: 'data',
		displayOptions: { show: { '/resource': [...resources] } },
		placeholder: 'e.g. data',
		description: 'Binary field for the file that the run has made, such as the filled form',
	};
}

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
		options: alphabetical(fields),
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

/** Groups of fields, as many as the user adds with a button. */
export function severalOf(placeholder: string): INodeProperties['typeOptions'] {
	return { multipleValues: true, multipleValueButtonText: placeholder.replace(/\b[a-z]/g, upperCase) };
}

function upperCase(letter: string): string {
	return letter.toUpperCase();
}

/** Metadata pairs that a run must carry, all of them. */
export function metadataField(description: string): INodeProperties {
	return {
		displayName: 'Metadata',
		name: 'metadata',
		type: 'fixedCollection',
		typeOptions: severalOf('Add pair'),
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
