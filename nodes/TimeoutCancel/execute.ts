import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { nodeError } from '../shared/n8n/output/errors';
import { readChoice, readMaxConcurrentRequests } from '../shared/n8n/parameters/options';
import { errorItem } from '../shared/n8n/output/items';
import { type Session, openSession } from '../shared/n8n/transport/session';
import { PROVIDERS, PROVIDER_NAMES } from '../shared/providers';
import { cleanUpRuns } from './cleanup';
import { OUTPUT_NAMES, type OutputName } from './fields';
import { watchRunsOfItems } from './guard';

type Operation = 'watch' | 'check' | 'cleanup';

/** The outputs of the node as it is set up. */
interface Outputs {
	count: number;
	indexOf(name: OutputName): number;
}

const SINGLE: Outputs = { count: 1, indexOf: () => 0 };

/** A cleanup has one output, and an agent only sees the first one: there everything goes to that one. */
function outputsOf(context: IExecuteFunctions, operation: Operation): Outputs {
	const asTool = context.getNodeOutputs().every(({ type }) => type !== 'main');
	if (asTool || operation === 'cleanup') return SINGLE;
	const count = operation === 'check' ? OUTPUT_NAMES.length : OUTPUT_NAMES.length - 1;
	return { count, indexOf: (name) => OUTPUT_NAMES.indexOf(name) };
}

/** `execute` of the Timeout Cancel node. */
export async function executeTimeoutCancel(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const node = context.getNode();
	let outputs = SINGLE;
	let session: Session | undefined;
	try {
		const operation = readChoice(context, 'operation', 'Operation', ['watch', 'check', 'cleanup'], 0);
		outputs = outputsOf(context, operation);
		const provider = PROVIDERS[readChoice(context, 'provider', 'Provider', PROVIDER_NAMES, 0)];
		session = await openSession(context, provider, readMaxConcurrentRequests(context));
		if (operation === 'cleanup') return [await cleanUpRuns(context, session)];
		const sorted = emptyOutputs(outputs);
		for (const [name, item] of await watchRunsOfItems(context, session, operation)) {
			sorted[outputs.indexOf(name)]?.push(item);
		}
		return sorted;
	} catch (error) {
		const sorted = emptyOutputs(outputs);
		// The execution was stopped: whatever ended by that is no failure of the node.
		if (session?.scope.signal.aborted) return sorted;
		if (!context.continueOnFail()) throw nodeError(node, error);
		sorted[outputs.indexOf('Failed')] = context
			.getInputData()
			.map((_, itemIndex) => errorItem(node, error, itemIndex));
		return sorted;
	} finally {
		session?.scope.dispose();
	}
}

function emptyOutputs({ count }: Outputs): INodeExecutionData[][] {
	return Array.from({ length: count }, () => []);
}
