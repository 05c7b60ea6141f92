import {
	NodeConnectionTypes,
	type IBuilderHint,
	type IHookFunctions,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';

import { NAMES } from '../shared/n8n/description/names';
import { pickerSearches } from '../shared/n8n/methods/listSearch';
import { PACKAGE, PROVIDERS } from '../shared/providers';
import { triggerPanel } from '../shared/n8n/description/triggerPanel';
import { FIELDS, SUBTITLE } from './fields';

/** For n8n's workflow builder. */
const HINT: IBuilderHint = {
	searchHint: `Starts a workflow at once when Extend calls: a run has finished, failed or needs a review. n8n needs a public address for that. ${NAMES.runTrigger} polls instead: it needs none, and also sees cancelled and stuck runs.`,
	relatedNodes: [
		{
			nodeType: `${PACKAGE}.runTrigger`,
			relationHint: 'Sees what no webhook tells, as a backstop',
		},
	],
};

const PANEL = triggerPanel({
	header: 'Wait for an event of Extend',
	test: 'For a test event, start a run by API while this step waits: with Create of the Extend node in another tab, for example.',
	help: {
		test: 'n8n registers an address of its own with Extend and waits two minutes for one event. Runs in the Studio of Extend send none.',
		published: 'Extend calls this n8n for each event.',
	},
});

export class ExtendTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Extend Trigger',
		name: 'extendTrigger',
		icon: { light: 'file:extendTrigger.svg', dark: 'file:extendTrigger.dark.svg' },
		group: ['trigger'],
		version: 1,
		subtitle: SUBTITLE,
		description:
			'Starts the workflow the moment Extend tells that a run has finished, failed or needs a review',
		eventTriggerDescription: 'Waiting for an event of Extend',
		triggerPanel: PANEL,
		activationMessage: 'Extend now calls this workflow: each event starts it once.',
		defaults: { name: 'Extend Trigger' },
		builderHint: HINT,
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'extendApi', required: true }],
		webhooks: [{ name: 'default', httpMethod: 'POST', responseMode: 'onReceived', path: 'webhook' }],
		properties: FIELDS,
	};

	methods = { listSearch: pickerSearches(PROVIDERS.extend) };

	webhookMethods = {
		default: {
			async checkExists(this: IHookFunctions): Promise<boolean> {
				const { webhookExists } = await import('./registration');
				return await webhookExists(this);
			},
			async create(this: IHookFunctions): Promise<boolean> {
				const { createWebhook } = await import('./registration');
				return await createWebhook(this);
			},
			async delete(this: IHookFunctions): Promise<boolean> {
				const { deleteWebhook } = await import('./registration');
				return await deleteWebhook(this);
			},
		},
	};

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		const { receiveEvent } = await import('./receive');
		return await receiveEvent(this);
	}
}
