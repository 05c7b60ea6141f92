import {
	NodeConnectionTypes,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type IPollFunctions,
} from 'n8n-workflow';

import { TRIGGER_HINT } from '../shared/n8n/description/builderHints';
import { pickerSearches } from '../shared/n8n/methods/listSearch';
import { PROVIDERS } from '../shared/providers';
import { FIELDS, SUBTITLE } from './fields';
import { pollForEvents } from './poll';

export class RunTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Document Run Trigger',
		name: 'runTrigger',
		icon: { light: 'file:runTrigger.svg', dark: 'file:runTrigger.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: SUBTITLE,
		description:
			'Starts the workflow when document runs of Retab or Extend finish, fail, are cancelled, wait for a review or hang',
		eventTriggerDescription: '',
		activationMessage:
			'You can now start document runs of the chosen kinds: each event of a run starts this workflow once.',
		defaults: { name: 'Document Run Trigger' },
		polling: true,
		builderHint: TRIGGER_HINT,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		// With `show`, the editor takes Provider for a choice of authentication and leaves it out of the panel.
		credentials: [
			{ name: 'retabApi', required: true, displayOptions: { hide: { provider: ['extend'] } } },
			{ name: 'extendApi', required: true, displayOptions: { hide: { provider: ['retab'] } } },
		],
		properties: FIELDS,
	};

	methods = { listSearch: pickerSearches(...Object.values(PROVIDERS)) };

	async poll(this: IPollFunctions): Promise<INodeExecutionData[][] | null> {
		return await pollForEvents(this);
	}
}
