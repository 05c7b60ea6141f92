import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { pickerSearches } from '../shared/n8n/methods/listSearch';
import { PROVIDERS } from '../shared/providers';
import { FIELDS, OUTPUTS } from './fields';
import { executeTimeoutCancel } from './execute';

export class TimeoutCancel implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Timeout Cancel',
		name: 'timeoutCancel',
		icon: { light: 'file:timeoutCancel.svg', dark: 'file:timeoutCancel.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle:
			'={{ ({ watch: "wait for ", check: "check ", cleanup: "clean up " })[$parameter.operation] + ($parameter.operation === "cleanup" ? ($parameter.resources.join(", ") || "stuck runs") : $parameter.resource) }}',
		description: 'Watch document runs of Retab or Extend, and cancel them for certain when their time is up',
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
		properties: FIELDS,
	};

	methods = { listSearch: pickerSearches(...Object.values(PROVIDERS)) };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await executeTimeoutCancel(this);
	}
}
