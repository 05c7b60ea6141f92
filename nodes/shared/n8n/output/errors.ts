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
	throw new InvalidParameterError(say(textOf(result.error)), hint);
}

interface ErrorPlace {
	itemIndex?: number;
	/** Items there are: where there is only one, the message does not number it. */
	itemCount?: number;
	/** What else to say, such as the last known state of the run. */
	addition?: string;
	/** The message is shown alone, as n8n does where a workflow is published: the first thing to do goes into it. */
	alone?: boolean;
}

/** Any error as the one n8n shows: what happened, the last known state, and what to do next. */
export function nodeError(
	node: INode,
	error: unknown,
	{ itemIndex, itemCount, addition, alone }: ErrorPlace = {},
): NodeApiError | NodeOperationError {
	if (error instanceof NodeApiError || error instanceof NodeOperationError) return error;
	const hint =
		error instanceof ApiError ||
		error instanceof UnknownOutcomeError ||
		error instanceof InvalidParameterError ||
		error instanceof WatchError
			? error.hint
			: undefined;
	const text = alone ? withFirstStep(textOf(error), hint) : textOf(error);
	const message = withItem(safeMessage(text), itemCount === 1 ? undefined : itemIndex);
	const apiError = error instanceof UnknownOutcomeError ? error.error : error;
	if (!(apiError instanceof ApiError)) {
		return new NodeOperationError(node, message, { description: sentences(addition, hint), itemIndex });
	}
	const { status, requestId } = apiError;
	const description = sentences(addition, hint, requestId && `Request ID: ${requestId}.`);
	const httpCode = status === undefined ? undefined : String(status);
	return new NodeApiError(node, { message }, { message, description, httpCode, itemIndex });
}

function textOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

/** With the first of the sentences that say what to do. */
function withFirstStep(message: string, hint = ''): string {
	const step = /^.*?(?=[.:](?:\s|$))/.exec(hint)?.[0];
	return step ? `${message.replace(/[.!]$/, '')}. ${step}` : message;
}

function withItem(message: string, itemIndex: number | undefined): string {
	return itemIndex === undefined ? message : `${message} [item ${itemIndex}]`;
}

function sentences(...parts: Array<string | undefined>): string | undefined {
	return safeMessage(parts.filter(Boolean).join(' ')) || undefined;
}
