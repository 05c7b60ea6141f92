import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { TIMEOUT_CANCEL_HINT } from '../shared/n8n/description/builderHints';
import { NAMES } from '../shared/n8n/description/names';
import { CREDENTIALS } from '../shared/n8n/description/providerFields';
import { pickerSearches } from '../shared/n8n/methods/listSearch';
import { ALL_PROVIDERS } from '../shared/providers';
import { FIELDS, OUTPUTS, SUBTITLE } from './fields';

export class TimeoutCancel implements INodeType {
	description: INodeTypeDescription = {
		displayName: NAMES.timeoutCancel,
		name: 'timeoutCancel',
		icon: { light: 'file:timeoutCancel.svg', dark: 'file:timeoutCancel.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: SUBTITLE,
		description: `Wait for document runs of ${NAMES.services} to finish, and cancel those at the service that take too long`,
		defaults: { name: NAMES.timeoutCancel },
		// n8n would call the node "Watch extraction".
		skipNameGeneration: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: OUTPUTS,
		credentials: CREDENTIALS,
		usableAsTool: true,
		builderHint: TIMEOUT_CANCEL_HINT,
		properties: FIELDS,
	};

	methods = { listSearch: pickerSearches(...ALL_PROVIDERS) };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const { executeTimeoutCancel } = await import('./execute');
		return await executeTimeoutCancel(this);
	}
}
