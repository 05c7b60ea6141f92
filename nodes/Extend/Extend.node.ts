import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { pickerSearches, searchRunsOf } from '../shared/n8n/methods/listSearch';
import { runsHint } from '../shared/n8n/description/builderHints';
import { runFields } from '../shared/n8n/description/runFields';
import { runSubtitle } from '../shared/n8n/description/subtitle';
import { PROVIDERS } from '../shared/providers';

export class Extend implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Extend',
		name: 'extend',
		icon: { light: 'file:extend.svg', dark: 'file:extend.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: runSubtitle(PROVIDERS.extend),
		description:
			'Get data and text out of documents with Extend, and wait for, list, cancel or delete its runs',
		defaults: { name: 'Extend' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'extendApi', required: true }],
		usableAsTool: true,
		builderHint: runsHint(PROVIDERS.extend),
		properties: runFields(PROVIDERS.extend),
	};

	methods = {
		listSearch: { searchRuns: searchRunsOf(PROVIDERS.extend), ...pickerSearches(PROVIDERS.extend) },
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const { router } = await import('../shared/n8n/operations/router');
		return await router(this, PROVIDERS.extend);
	}
}
