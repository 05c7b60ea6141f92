import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { TIMEOUT_CANCEL_HINT } from '../shared/n8n/description/builderHints';
import { pickerSearches } from '../shared/n8n/methods/listSearch';
import { PROVIDERS } from '../shared/providers';
import { FIELDS, OUTPUTS, SUBTITLE } from './fields';
import { executeTimeoutCancel } from './execute';

export class TimeoutCancel implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Timeout Cancel',
		name: 'timeoutCancel',
		icon: { light: 'file:timeoutCancel.svg', dark: 'file:timeoutCancel.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: SUBTITLE,
		description: 'Wait for document runs of Retab or Extend to finish, and cancel those that take too long',
		defaults: { name: 'Timeout Cancel' },
		// n8n would call the node "Watch extraction".
		skipNameGeneration: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: OUTPUTS,
		// With `show`, the editor takes Provider for a choice of authentication and leaves it out of the panel.
		credentials: [
			{ name: 'retabApi', required: true, displayOptions: { hide: { provider: ['extend'] } } },
			{ name: 'extendApi', required: true, displayOptions: { hide: { provider: ['retab'] } } },
		],
		usableAsTool: true,
		builderHint: TIMEOUT_CANCEL_HINT,
		properties: FIELDS,
	};

	methods = { listSearch: pickerSearches(...Object.values(PROVIDERS)) };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await executeTimeoutCancel(this);
	}
}
