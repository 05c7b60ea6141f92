import { NodeApiError, NodeOperationError, type INode, type JsonObject } from 'n8n-workflow';

import { ApiFault, WatchError } from '../core/faults';
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
	if (error instanceof ApiFault) {
		const message = safeMessage(error.message) + place;
		const requestId = error.requestId ? `Request ID: ${error.requestId}.` : undefined;
		const description = sentences(addition, error.advice, requestId);
		return new NodeApiError(node, { message } as JsonObject, {
			message,
			description,
			httpCode: error.status === undefined ? undefined : String(error.status),
			itemIndex,
		});
	}
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
