import {
	NodeConnectionTypes,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type IPollFunctions,
} from 'n8n-workflow';

import { TRIGGER_HINT } from '../shared/n8n/description/builderHints';
import { NAMES } from '../shared/n8n/description/names';
import { CREDENTIALS } from '../shared/n8n/description/providerFields';
import { triggerPanel } from '../shared/n8n/description/triggerPanel';
import { pickerSearches } from '../shared/n8n/methods/listSearch';
import { TRIGGER } from '../shared/core/config';
import { ALL_PROVIDERS } from '../shared/providers';
import { FIELDS, SUBTITLE } from './fields';

const PANEL = triggerPanel({
	header: 'Fetch events of runs that there are',
	test: `Shows up to ${TRIGGER.examples} runs of the chosen kinds. Where there are none, start a run or choose more events.`,
	help: {
		test: 'Fetch Test Event looks for runs that have had one of the events, and remembers nothing of them.',
		published:
			'n8n polls as often as Poll Times says. What has happened before does not count, unless Look Back says so.',
	},
});

export class RunTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: NAMES.runTrigger,
		name: 'runTrigger',
		icon: { light: 'file:runTrigger.svg', dark: 'file:runTrigger.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: SUBTITLE,
		description: `Starts the workflow when document runs of ${NAMES.services} finish, fail, are cancelled, wait for a review or hang`,
		eventTriggerDescription: '',
		triggerPanel: PANEL,
		activationMessage:
			'You can now start document runs of the chosen kinds: each event of a run starts this workflow once.',
		defaults: { name: NAMES.runTrigger },
		polling: true,
		builderHint: TRIGGER_HINT,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: CREDENTIALS,
		properties: FIELDS,
	};

	methods = { listSearch: pickerSearches(...ALL_PROVIDERS) };

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		const { pollForEvents } = await import('./poll');
		return await pollForEvents(this);
	}
}
