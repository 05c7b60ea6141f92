import { NodeConnectionTypes, type INodeProperties, type INodePropertyOptions } from 'n8n-workflow';

import {
	CONFIRM_FOR,
	INCLUDE_INPUT_FIELDS,
	INTERVAL,
	INTERVAL_MODE,
	MAX_CONCURRENT_REQUESTS,
	MAX_INTERVAL,
	ON_WORKFLOW_STOP,
	TIMEOUT,
	TIMEOUT_UNIT,
	UNITS,
	downloadField,
	metadataField,
	numberField,
	optionsField,
	outputFields,
	toTitle,
} from '../shared/n8n/description/fields';
import {
	OWNER_FILTERS,
	PROVIDER_FIELD,
	resourceOptions,
	resourcesField,
	shownFor,
} from '../shared/n8n/description/providerFields';
import { nounsOf, pluralsOf, textOf } from '../shared/n8n/description/subtitle';
import { SETTING } from '../shared/core/config';
import { ALL_PROVIDERS, cancellable, resourceOf } from '../shared/providers';
import { unfinishedPhases } from '../shared/core/runs/run';
import type { ProviderSpec } from '../shared/providers/types';
import { listed } from '../shared/n8n/output/text';
import { alphabetical } from '../shared/n8n/description/alphabetical';

/** The outputs of `watch` and `check`, in this order. `Still Running` exists for `check` only. */
export const OUTPUT_NAMES = ['Completed', 'Failed', 'Timed Out', 'Still Running'] as const;

export type OutputName = (typeof OUTPUT_NAMES)[number];

const named = (displayName: string) => ({ type: NodeConnectionTypes.Main, displayName });

const OUTPUTS_OF = {
	watch: OUTPUT_NAMES.slice(0, 3).map(named),
	check: OUTPUT_NAMES.map(named),
	cleanup: [named('Runs')],
};

export const OUTPUTS = `={{ (${JSON.stringify(OUTPUTS_OF)})[$parameter.operation] }}` as const;

const VERBS = { watch: 'Wait for', check: 'Check', cleanup: 'Cancel stuck' };
const OF_RUNS = `($parameter.operation === "cleanup" ? (${textOf(pluralsOf(...ALL_PROVIDERS), 'resources')} || "runs") : ${textOf(nounsOf(...ALL_PROVIDERS), 'resource')})`;

/** `Wait for extraction`, `Cancel stuck extractions, parses` */
export const SUBTITLE = `={{ ${textOf(VERBS, 'operation')} + " " + ${OF_RUNS} }}`;

const ID_EXAMPLES = ALL_PROVIDERS.map((one) => resourceOf(one, one.defaultResource).idExample);

const ON_WATCH = ['watch', 'check'];

const ON_CLEANUP = ['cleanup'];

/** Those whose runs can make a file. */
const WITH_FILES = ALL_PROVIDERS.flatMap((provider) =>
	cancellable(provider).flatMap(([name, { files }]) => (files ? [name] : [])),
);

/** For runs that the default of Timeout would cancel nearly always; nothing for a provider without such. */
function longNotice(provider: ProviderSpec): INodeProperties[] {
	const long = cancellable(provider).filter(([, { isLong }]) => isLong);
	if (long.length === 0) return [];
	const shown = shownFor(provider, { operation: ON_WATCH, resource: long.map(([name]) => name) });
	const plurals = listed(long.map(([, { plural }]) => plural));
	return [
		{
			displayName: `${SETTING.timeout.default} seconds are short for ${plurals}: those that still go on then are cancelled`,
			name: 'longNotice',
			type: 'notice',
			default: '',
			displayOptions: {
				show: {
					...shown?.show,
					timeoutUnit: ['seconds'],
					timeout: [{ _cnd: { lte: SETTING.timeout.default } }],
				},
			},
		},
	];
}

function resourceField(provider: ProviderSpec): INodeProperties {
	const preselected = provider.defaultResource;
	return {
		displayName: 'Resource',
		name: 'resource',
		type: 'options',
		noDataExpression: true,
		displayOptions: shownFor(provider, { operation: ON_WATCH }),
		options: resourceOptions(cancellable(provider)),
		default: preselected,
		description: 'Kind of run to watch. Only those that can be cancelled are listed.',
	};
}

/**
 * n8n lists the actions of a node with a field `resource` only where that field is above `operation`, once for each
 * resource: 16 times the same three. A field of that name with a single option makes it list them once
 * (`useActionsGeneration.ts`, `isSingleResource`). A cleanup has Resources instead and never reads it.
 */
function resourceOfActions(provider: ProviderSpec): INodeProperties {
	const value = provider.defaultResource;
	const { label, description } = resourceOf(provider, value);
	return {
		displayName: 'Resource',
		name: 'resource',
		type: 'hidden',
		noDataExpression: true,
		displayOptions: { show: { operation: ON_CLEANUP } },
		options: [{ name: label, value, description }],
		default: value,
		description: 'Not used by Cancel Stuck Runs',
	};
}

/** No version of the node: a field that is shown for it is never shown. */
const NO_VERSION = 0;

/**
 * What an agent reads about the node as a tool: n8n takes the action of an `operation` that is shown for the chosen
 * resource (`node-helpers`, `makeDescription`), and adds "in Timeout Cancel". The list of actions leaves out what belongs
 * to another version of the node.
 */
function toolTexts(): INodeProperties {
	const resources = ALL_PROVIDERS.flatMap((provider) => cancellable(provider).map(([name]) => name));
	return {
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		displayOptions: { show: { resource: [...new Set(resources)], '@version': [NO_VERSION] } },
		options: OPERATIONS.map((option) => ({ ...option, action: FOR_AGENTS[String(option.value)] })),
		default: 'watch',
	};
}

function resourcesToCleanUp(provider: ProviderSpec): INodeProperties {
	const listed = cancellable(provider).filter(([, spec]) => spec.list);
	const purpose = { what: 'clean up', soThat: 'stuck ones among those cannot be found' };
	const displayOptions = shownFor(provider, { operation: ON_CLEANUP });
	return resourcesField(provider, listed, purpose, provider.usualResources, displayOptions);
}

function statusesField(provider: ProviderSpec): INodeProperties {
	const phases = unfinishedPhases(true);
	const statuses = new Set(
		cancellable(provider).flatMap(([, spec]) =>
			Object.entries(spec.phases).flatMap(([status, phase]) => (phases.has(phase) ? [status] : [])),
		),
	);
	return {
		displayName: 'Statuses',
		name: 'statuses',
		type: 'multiOptions',
		displayOptions: shownFor(provider, {}, '/provider'),
		options: [...statuses].sort().map((value) => ({ name: toTitle(value), value })),
		default: [],
		description: 'Only runs in one of these statuses. Empty means all that are not finished.',
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

/** Short, because n8n 1 also names the node by them: it does not know `skipNameGeneration`. */
const FOR_AGENTS: Record<string, string> = {
	watch: 'Wait for document run and cancel it on timeout',
	check: 'Check document run once and cancel it when overdue',
	cleanup: 'Find and cancel stuck document runs',
};

/** In the order of use. */
const OPERATIONS: INodePropertyOptions[] = [
	{
		name: 'Wait, Cancel on Timeout',
		value: 'watch',
		action: 'Wait for run and cancel it on timeout',
		description: 'Wait until each run ends. When its time is up, cancel it and make sure that it is.',
	},
	{
		name: 'Check Once',
		value: 'check',
		action: 'Check run once and cancel it when overdue',
		description:
			'Look at each run once: cancel it when its time is up, else send it to Still Running. For loops with a Wait node that survive a restart of n8n.',
	},
	{
		name: 'Cancel Stuck Runs',
		value: 'cleanup',
		action: 'Cancel stuck runs',
		description:
			'Find runs that are older than a limit and not finished, and cancel them. For workflows that start on a schedule.',
	},
];

const CLEANUP_FILTERS: INodeProperties[] = [
	...OWNER_FILTERS,
	{
		displayName: 'Include Runs in Review',
		name: 'includeNeedsReview',
		type: 'boolean',
		default: false,
		description: 'Whether runs that wait for a person count as stuck, too',
	},
	metadataField('Only runs that carry all of these metadata pairs, such as batch_id = batch_001'),
	...ALL_PROVIDERS.map(statusesField),
];

export const FIELDS: INodeProperties[] = [
	...PROVIDER_FIELD,
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		options: OPERATIONS,
		default: 'watch',
	},
	...ALL_PROVIDERS.map(resourceField),
	...ALL_PROVIDERS.map(resourcesToCleanUp),
	...ALL_PROVIDERS.slice(0, 1).map(resourceOfActions),
	toolTexts(),
	{
		displayName: 'Run ID',
		name: 'runId',
		type: 'string',
		default: '={{ $json.id }}',
		required: true,
		displayOptions: { show: { operation: ON_WATCH } },
		placeholder: `e.g. ${ID_EXAMPLES.join(' or ')}`,
		description: `ID of the run, as Create or Get Many returned it, such as ${ID_EXAMPLES[0]}. All items are watched at once.`,
	},
	{ ...TIMEOUT, displayOptions: { show: { operation: ON_WATCH } } },
	{ ...TIMEOUT_UNIT, displayOptions: { show: { operation: ON_WATCH } } },
	...ALL_PROVIDERS.flatMap(longNotice),
	{
		displayName: 'Count From',
		name: 'countFrom',
		type: 'options',
		displayOptions: { show: { operation: ['watch'] } },
		options: [
			CREATED,
			{
				name: 'Now',
				value: 'now',
				description:
					'When this node begins to watch the run. If executions may wait in a queue before, choose Creation.',
			},
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
	...outputFields({ operation: ON_WATCH }),
	optionsField(
		[
			INTERVAL_MODE,
			INTERVAL,
			MAX_INTERVAL,
			CONFIRM_FOR,
			ON_WORKFLOW_STOP,
			INCLUDE_INPUT_FIELDS,
			downloadField(WITH_FILES),
			MAX_CONCURRENT_REQUESTS,
		],
		{ show: { operation: ['watch'] } },
	),
	optionsField([CONFIRM_FOR, INCLUDE_INPUT_FIELDS, MAX_CONCURRENT_REQUESTS], {
		show: { operation: ['check'] },
	}),
	numberField(SETTING.olderThan, {
		displayName: 'Older Than',
		name: 'olderThan',
		required: true,
		displayOptions: { show: { operation: ON_CLEANUP } },
		description: 'Age from which an unfinished run counts as stuck, more than 0 and at most 365 days',
	}),
	{
		displayName: 'Older Than Unit',
		name: 'olderThanUnit',
		type: 'options',
		options: UNITS,
		default: 'minutes',
		displayOptions: { show: { operation: ON_CLEANUP } },
		description: 'Unit of the age',
	},
	{
		displayName: 'Dry Run',
		name: 'dryRun',
		type: 'boolean',
		default: true,
		displayOptions: { show: { operation: ON_CLEANUP } },
		description:
			'Whether to only list the runs that would be cancelled. Nothing is cancelled until this is off.',
	},
	numberField(SETTING.cleanupLimit, {
		displayName: 'Limit',
		name: 'limit',
		typeOptions: { numberPrecision: 0 },
		displayOptions: { show: { operation: ON_CLEANUP } },
		description: 'Max number of results to return',
	}),
	{
		displayName: 'Filters',
		name: 'filters',
		type: 'collection',
		placeholder: 'Add filter',
		default: {},
		displayOptions: { show: { operation: ON_CLEANUP } },
		options: alphabetical(CLEANUP_FILTERS),
	},
	optionsField([CONFIRM_FOR, MAX_CONCURRENT_REQUESTS], { show: { operation: ON_CLEANUP } }),
];
