import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import type { EventName } from '../shared/core/eventPlan';
import { SETTING } from '../shared/core/limits';
import { MAX_CONCURRENT_REQUESTS, UNITS, numberField, optionsField } from '../shared/n8n/fields';
import { PROVIDERS } from '../shared/providers';
import { listable } from '../shared/providers/eventSource';
import type { ProviderSpec } from '../shared/providers/types';

const EVENTS: Record<EventName, { name: string; description: string }> = {
	cancelled: { name: 'Cancelled', description: 'The run was cancelled, by whomever' },
	failed: { name: 'Failed', description: 'The run ended badly: it failed, expired or was rejected' },
	finished: { name: 'Finished', description: 'The run has come to its result' },
	needsReview: { name: 'Needs Review', description: 'The run waits for a person. Only workflow runs do.' },
	stuck: { name: 'Stuck', description: 'The run is older than a limit, and neither over nor in review' },
};

/** Only what the provider can list can be watched; the others are named, so that nobody thinks they are covered. */
function resourcesField(provider: ProviderSpec): INodeProperties {
	const unlisted = Object.values(provider.resources).filter((spec) => !spec.list);
	const missing = unlisted.map((spec) => spec.plural).sort();
	return {
		displayName: 'Resources',
		name: 'resources',
		type: 'multiOptions',
		displayOptions: { show: { provider: [provider.name] } },
		options: listable(provider)
			.map(([value, spec]): INodePropertyOptions => ({
				name: spec.label,
				value,
				description: spec.description,
			}))
			.sort((a, b) => a.name.localeCompare(b.name)),
		default: [provider.name === 'retab' ? 'extraction' : 'extractRun'],
		required: true,
		description: `Kinds of runs to watch. ${provider.title} cannot list ${missing.slice(0, -1).join(', ')} and ${missing.at(-1) ?? ''}, so nothing can be told about those.`,
	};
}

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
	resourcesField(PROVIDERS.retab),
	resourcesField(PROVIDERS.extend),
	{
		displayName: 'Events',
		name: 'events',
		type: 'multiOptions',
		options: Object.entries(EVENTS).map(([value, option]) => ({ ...option, value })),
		default: ['failed', 'stuck'],
		required: true,
		description: 'What to be told about. Each event of a run starts the workflow once.',
	},
	numberField(SETTING.stuckAfter, {
		displayName: 'Stuck After',
		name: 'stuckAfter',
		required: true,
		displayOptions: { show: { events: ['stuck'] } },
		description: 'Age from which an unfinished run counts as stuck, more than 0 and at most 365 days',
	}),
	{
		displayName: 'Stuck After Unit',
		name: 'stuckAfterUnit',
		type: 'options',
		options: UNITS,
		default: 'minutes',
		displayOptions: { show: { events: ['stuck'] } },
		description: 'Unit of the age',
	},
	{
		displayName: 'Filters',
		name: 'filters',
		type: 'collection',
		placeholder: 'Add filter',
		default: {},
		options: [
			{
				displayName: 'Extractor, Classifier or Splitter ID',
				name: 'extractorId',
				type: 'string',
				default: '',
				displayOptions: { show: { '/provider': ['extend'] } },
				placeholder: 'e.g. ex_xK9m',
				description: 'Only runs of this extractor, classifier, splitter or legacy processor',
			},
			{
				displayName: 'Workflow ID',
				name: 'workflowId',
				type: 'string',
				default: '',
				placeholder: 'e.g. wf_3kT9',
				description: 'Only runs of this workflow of Retab or Extend',
			},
		],
	},
	optionsField([
		numberField(SETTING.lookBack, {
			displayName: 'Look Back',
			name: 'lookBack',
			description:
				'Also report runs created within this time before the workflow was activated for the first time, at most 30 days. 0 starts from now.',
		}),
		{
			displayName: 'Look Back Unit',
			name: 'lookBackUnit',
			type: 'options',
			options: UNITS,
			default: 'hours',
			description: 'Unit of the time to look back',
		},
		MAX_CONCURRENT_REQUESTS,
	]),
];
