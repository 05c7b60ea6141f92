import { NodeApiError, NodeOperationError, type INode } from 'n8n-workflow';

import { ApiFault, WatchError } from '../core/faults';
import { UnclearStart } from '../core/start';
import { settleNow } from '../core/settle';
import { safeMessage } from './text';

/** A parameter is not what it must be. Thrown before any request; becomes a `NodeOperationError`. */
export class BadInput extends Error {
	constructor(
		message: string,
		readonly advice?: string,
	) {
		super(message);
		this.name = 'BadInput';
	}
}

/**
 * What a table of a provider refuses comes from the user: as bad input, in the words of the table.
 *
 * @param say puts the reason into a sentence
 * @throws BadInput
 */
export function orBadInput<T>(read: () => T, say = (reason: string) => reason, advice?: string): T {
	const settled = settleNow(read);
	if ('value' in settled) return settled.value;
	const { error } = settled;
	throw new BadInput(say(error instanceof Error ? error.message : String(error)), advice);
}

export interface ErrorPlace {
	itemIndex?: number;
	/** What else to say, such as the last known state of the run. */
	addition?: string;
}

/** Any error as the one n8n shows: what happened, the last known state, and what to do next. */
export function nodeError(
	node: INode,
	error: unknown,
	{ itemIndex, addition }: ErrorPlace = {},
): NodeApiError | NodeOperationError {
	if (error instanceof NodeApiError || error instanceof NodeOperationError) return error;
	const place = itemIndex === undefined ? '' : ` [item ${itemIndex}]`;
	const apiError = (text: string, fault: ApiFault, ...advice: Array<string | undefined>): NodeApiError => {
		const message = safeMessage(text) + place;
		const requestId = fault.requestId ? `Request ID: ${fault.requestId}.` : undefined;
		return new NodeApiError(
			node,
			{ message },
			{
				message,
				description: sentences(addition, ...advice, requestId),
				httpCode: fault.status === undefined ? undefined : String(fault.status),
				itemIndex,
			},
		);
	};
	if (error instanceof ApiFault) return apiError(error.message, error, error.advice);
	if (error instanceof UnclearStart) return apiError(error.message, error.fault, error.advice);
	const message = safeMessage(error instanceof Error ? error.message : String(error)) + place;
	const advice = error instanceof BadInput || error instanceof WatchError ? error.advice : undefined;
	return new NodeOperationError(node, message, {
		description: sentences(addition, advice),
		itemIndex,
	});
}

function sentences(...parts: Array<string | undefined>): string | undefined {
	const said = parts.filter((part): part is string => part !== undefined && part !== '');
	return said.length > 0 ? safeMessage(said.join(' ')) : undefined;
}
