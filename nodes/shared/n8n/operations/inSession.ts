import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import type { ProviderSpec } from '../../providers/types';
import { nodeError } from '../output/errors';
import { errorItem } from '../output/items';
import { readMaxConcurrentRequests } from '../parameters/options';
import { type Session, openSession } from '../transport/session';

/**
 * `execute` of a node: one session for all items.
 *
 * @param errorOutputs the outputs of the node with these error items and nothing else
 */
export async function inSession(
	context: IExecuteFunctions,
	readProvider: () => ProviderSpec,
	work: (session: Session) => Promise<INodeExecutionData[][]>,
	errorOutputs: (errors: INodeExecutionData[]) => INodeExecutionData[][],
): Promise<INodeExecutionData[][]> {
	let session: Session | undefined;
	try {
		session = await openSession(context, readProvider(), readMaxConcurrentRequests(context));
		return await work(session);
	} catch (error) {
		// The execution was stopped: whatever ended by that is no failure of the node.
		if (session?.scope.signal.aborted) return errorOutputs([]);
		if (!context.continueOnFail()) throw nodeError(context.getNode(), error);
		return errorOutputs(context.getInputData().map((_, itemIndex) => errorItem(context, error, itemIndex)));
	} finally {
		session?.close();
	}
}
