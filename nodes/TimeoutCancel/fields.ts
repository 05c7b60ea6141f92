import { NodeConnectionTypes, type INodeProperties, type INodePropertyOptions } from 'n8n-workflow';

import {
	CONFIRM_FOR,
	INTERVAL,
	INTERVAL_MODE,
	MAX_CONCURRENT_REQUESTS,
	MAX_INTERVAL,
	ON_WORKFLOW_STOP,
	TIMEOUT,
	TIMEOUT_UNIT,
	optionsField,
} from '../shared/n8n/fields';
import { PROVIDERS, cancellable } from '../shared/providers';
import type { ProviderSpec } from '../shared/providers/types';

/** The outputs, in this order. `Still Running` exists for Check Once only. */
export const OUTPUT_NAMES = ['Completed', 'Failed', 'Timed Out', 'Still Running'] as const;

export type OutputName = (typeof OUTPUT_NAMES)[number];

const namedOutputs = OUTPUT_NAMES.map((displayName) => ({ type: NodeConnectionTypes.Main, displayName }));

export const OUTPUTS =
	`={{ (${JSON.stringify(namedOutputs)}).slice(0, $parameter.operation === "check" ? 4 : 3) }}` as const;

function resourceField(provider: ProviderSpec): INodeProperties {
	const options = cancellable(provider).map(([value, spec]): INodePropertyOptions => ({
		name: spec.label,
		value,
		description: spec.description,
	}));
	const preselected = provider.name === 'retab' ? 'extraction' : 'extractRun';
	return {
		displayName: 'Resource',
		name: 'resource',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { provider: [provider.name] } },
		options: options.sort((a, b) => a.name.localeCompare(b.name)),
		default: preselected,
		description: 'Kind of run to watch. Only those that can be cancelled are listed.',
	};
}

const CREATED: INodePropertyOptions = {
	name: 'Creation of the Run',
	value: 'created',
	description: 'When the run was created, wherever and by whomever',
};

const STARTED: INodePropertyOptions = {
	name: 'Start of the Run',
	value: 'started',
	description: 'When the run left the queue. Until then, its creation counts.',
};

export const FIELDS: INodeProperties[] = [
	{
		displayName: 'Provider',
		name: 'provider',
		type: 'options',
		noDataExpression: true,
		options: Object.values(PROVIDERS)
			.map(({ name, title }) => ({ name: title, value: name }))
			.sort((a, b) => a.name.localeCompare(b.name)),
		default: 'retab',
		description: 'Whose runs to watch',
	},
	resourceField(PROVIDERS.retab),
	resourceField(PROVIDERS.extend),
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		options: [
			{
				name: 'Check Once',
				value: 'check',
				action: 'Check runs once and cancel overdue ones',
				description:
					'Look at each run once: cancel it when its time is up, else send it to Still Running. For loops with a Wait node that survive a restart of n8n.',
			},
			{
				name: 'Wait, Cancel on Timeout',
				value: 'watch',
				action: 'Wait for runs and cancel them on timeout',
				description: 'Wait until each run ends. When its time is up, cancel it and make sure that it is.',
			},
		],
		default: 'watch',
	},
	{
		displayName: 'Run ID',
		name: 'runId',
		type: 'string',
		default: '={{ $json.id }}',
		required: true,
		placeholder: 'e.g. extr_01J9 or exr_xK9m',
		description: 'ID of the run. All items are watched at once.',
	},
	TIMEOUT,
	TIMEOUT_UNIT,
	{
		displayName: 'Count From',
		name: 'countFrom',
		type: 'options',
		displayOptions: { show: { operation: ['watch'] } },
		options: [
			CREATED,
			{ name: 'Now', value: 'now', description: 'When this node begins to watch the run' },
			STARTED,
		],
		default: 'now',
		description: 'From which moment on the timeout is counted',
	},
	{
		displayName: 'Count From',
		name: 'countFrom',
		type: 'options',
		displayOptions: { show: { operation: ['check'] } },
		options: [CREATED, STARTED],
		default: 'created',
		description: 'From which moment on the timeout is counted',
	},
	optionsField(
		[INTERVAL_MODE, INTERVAL, MAX_INTERVAL, CONFIRM_FOR, ON_WORKFLOW_STOP, MAX_CONCURRENT_REQUESTS],
		{ show: { operation: ['watch'] } },
	),
	optionsField([CONFIRM_FOR, MAX_CONCURRENT_REQUESTS], { show: { operation: ['check'] } }),
];
