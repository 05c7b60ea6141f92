import { NodeApiError, NodeOperationError, type INode } from 'n8n-workflow';

import { ApiError, WatchError } from '../../core/requests/apiError';
import { UnknownOutcomeError } from '../../core/requests/submit';
import { attemptSync } from '../../core/concurrency/result';
import { safeMessage } from './text';

/** A parameter is not what it must be. Thrown before any request; becomes a `NodeOperationError`. */
export class InvalidParameterError extends Error {
	constructor(
		message: string,
		/** What to do, with an example. */
		readonly hint: string,
	) {
		super(message);
		this.name = 'InvalidParameterError';
	}
}

/**
 * What a table of a provider refuses comes from the user: as bad input, in the words of the table.
 *
 * @param hint what to do, with an example
 * @param say puts the reason into a sentence
 * @throws InvalidParameterError
 */
export function orInvalidParameter<T>(read: () => T, hint: string, say = (reason: string) => reason): T {
	const result = attemptSync(read);
	if ('value' in result) return result.value;
	const { error } = result;
	throw new InvalidParameterError(say(error instanceof Error ? error.message : String(error)), hint);
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
	const named = (text: string) => withItem(safeMessage(text), itemIndex);
	const apiError = (text: string, error: ApiError, ...advice: Array<string | undefined>): NodeApiError => {
		const message = named(text);
		const requestId = error.requestId ? `Request ID: ${error.requestId}.` : undefined;
		return new NodeApiError(
			node,
			{ message },
			{
				message,
				description: sentences(addition, ...advice, requestId),
				httpCode: error.status === undefined ? undefined : String(error.status),
				itemIndex,
			},
		);
	};
	if (error instanceof ApiError) return apiError(error.message, error, error.hint);
	if (error instanceof UnknownOutcomeError) return apiError(error.message, error.error, error.hint);
	const message = named(error instanceof Error ? error.message : String(error));
	const advice =
		error instanceof InvalidParameterError || error instanceof WatchError ? error.hint : undefined;
	return new NodeOperationError(node, message, {
		description: sentences(addition, advice),
		itemIndex,
	});
}

/** The message with its item, unless it ends with that already. */
function withItem(message: string, itemIndex: number | undefined): string {
	if (itemIndex === undefined || message.endsWith(` in item ${itemIndex}`)) return message;
	return `${message} [item ${itemIndex}]`;
}

function sentences(...parts: Array<string | undefined>): string | undefined {
	const said = parts.filter((part): part is string => part !== undefined && part !== '');
	return said.length > 0 ? safeMessage(said.join(' ')) : undefined;
}
