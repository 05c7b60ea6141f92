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

export class Retab implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Retab',
		name: 'retab',
		icon: { light: 'file:retab.svg', dark: 'file:retab.dark.svg' },
		group: ['transform'],
		version: 1,
		subtitle: runSubtitle(PROVIDERS.retab),
		description:
			'Get data and text out of documents with Retab, and wait for, list, cancel or delete its runs',
		defaults: { name: 'Retab' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'retabApi', required: true }],
		usableAsTool: true,
		builderHint: runsHint(PROVIDERS.retab),
		properties: runFields(PROVIDERS.retab),
	};

	methods = { listSearch: { searchRuns: searchRunsOf(PROVIDERS.retab), ...pickerSearches(PROVIDERS.retab) } };

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const { router } = await import('../shared/n8n/operations/router');
		return await router(this, PROVIDERS.retab);
	}
}
