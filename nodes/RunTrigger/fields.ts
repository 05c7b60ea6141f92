import type { INodeProperties } from 'n8n-workflow';

import type { EventName } from '../shared/core/trigger/events';
import { SETTING } from '../shared/core/config';
import {
	MAX_CONCURRENT_REQUESTS,
	UNITS,
	numberField,
	optionsField,
	SIMPLIFY,
} from '../shared/n8n/description/fields';
import {
	OWNER_FILTERS,
	PROVIDER_FIELD,
	resourcesField,
	shownFor,
} from '../shared/n8n/description/providerFields';
import { pluralsOf, textOf } from '../shared/n8n/description/subtitle';
import { ALL_PROVIDERS, listable } from '../shared/providers';
import type { ProviderSpec } from '../shared/providers/types';

const EVENTS: Record<EventName, { name: string; action: string; description: string }> = {
	cancelled: {
		name: 'Cancelled',
		action: 'On run cancelled',
		description: 'The run was cancelled, by whomever',
	},
	failed: {
		name: 'Failed',
		action: 'On run failed',
		description: 'The run ended badly: it failed, expired or was rejected',
	},
	finished: { name: 'Finished', action: 'On run finished', description: 'The run has come to its result' },
	needsReview: {
		name: 'Needs Review',
		action: 'On run waiting for review',
		description: 'The run waits for a person. Only workflow runs do.',
	},
	stuck: {
		name: 'Stuck',
		action: 'On run stuck',
		description: 'The run is older than a limit, and neither over nor in review',
	},
};

const EVENT_TITLES = Object.fromEntries(Object.entries(EVENTS).map(([value, { name }]) => [value, name]));

/** `Failed, Stuck: extractions, parses` */
export const SUBTITLE = `={{ ${textOf(EVENT_TITLES, 'events')} + ": " + ${textOf(pluralsOf(...ALL_PROVIDERS), 'resources')} }}`;

function resourcesToWatch(provider: ProviderSpec): INodeProperties {
	const purpose = { what: 'watch', soThat: 'nothing can be told about those' };
	const preselected = [provider.defaultResource];
	return resourcesField(provider, listable(provider), purpose, preselected, shownFor(provider));
}

export const FIELDS: INodeProperties[] = [
	...PROVIDER_FIELD,
	...ALL_PROVIDERS.map(resourcesToWatch),
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
		options: OWNER_FILTERS,
	},
	SIMPLIFY,
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
