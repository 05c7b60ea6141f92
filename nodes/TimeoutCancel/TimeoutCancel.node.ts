import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

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
			'={{ [({ watch: "wait, cancel on timeout", check: "check once", cleanup: "cancel stuck runs" })[$parameter.operation], $parameter.operation === "cleanup" ? $parameter.resources.join(", ") : $parameter.resource].filter(Boolean).join(": ") }}',
		description: 'Watch document runs of Retab or Extend, and cancel them for certain when their time is up',
		defaults: { name: 'Timeout Cancel' },
		inputs: [NodeConnectionTypes.Main],
		outputs: OUTPUTS,
		credentials: [
			{ name: 'retabApi', required: true, displayOptions: { show: { provider: ['retab'] } } },
			{ name: 'extendApi', required: true, displayOptions: { show: { provider: ['extend'] } } },
		],
		usableAsTool: true,
		properties: FIELDS,
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await executeTimeoutCancel(this);
	}
}
