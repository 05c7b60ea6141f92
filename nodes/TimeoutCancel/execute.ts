import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { inSession } from '../shared/n8n/operations/inSession';
import { readChoice } from '../shared/n8n/parameters/options';
import { PROVIDERS, PROVIDER_NAMES } from '../shared/providers';
import { cleanUpRuns } from './cleanup';
import { OUTPUT_NAMES, type OutputName } from './fields';
import { watchRunsOfItems } from './guard';

const OPERATIONS = ['watch', 'check', 'cleanup'] as const;

type Operation = (typeof OPERATIONS)[number];

/** The outputs of the node; a cleanup has one, and an agent only sees the first: there everything goes to that one. */
function outputNames(context: IExecuteFunctions, operation: Operation): readonly OutputName[] {
	const asTool = context.getNodeOutputs().every(({ type }) => type !== 'main');
	if (asTool || operation === 'cleanup') return [];
	return operation === 'check' ? OUTPUT_NAMES : OUTPUT_NAMES.slice(0, -1);
}

/** `execute` of the Timeout Cancel node. */
export async function executeTimeoutCancel(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	let operation: Operation = 'cleanup';
	const sort = (items: Array<[OutputName, INodeExecutionData]>): INodeExecutionData[][] => {
		const names = outputNames(context, operation);
		if (names.length === 0) return [items.map(([, item]) => item)];
		return names.map((name) => items.flatMap(([output, item]) => (output === name ? [item] : [])));
	};
	return await inSession(
		context,
		() => {
			operation = readChoice(context, 'operation', 'Operation', OPERATIONS, 0);
			return PROVIDERS[readChoice(context, 'provider', 'Provider', PROVIDER_NAMES, 0)];
		},
		async (session) =>
			operation === 'cleanup'
				? [await cleanUpRuns(context, session)]
				: sort(await watchRunsOfItems(context, session, operation)),
		(errors) => sort(errors.map((item) => ['Failed', item])),
	);
}
