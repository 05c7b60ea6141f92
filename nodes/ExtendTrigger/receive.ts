import type { IDataObject, INodeExecutionData, IWebhookFunctions, IWebhookResponseData } from 'n8n-workflow';

import { CancellationScope } from '../shared/core/concurrency/cancellationScope';
import { attempt } from '../shared/core/concurrency/result';
import { WEBHOOK } from '../shared/core/config';
import { hasSeen, remember } from '../shared/core/trigger/seenEvents';
import { safeMessage } from '../shared/n8n/output/text';
import { parametersOf } from '../shared/n8n/parameters/values';
import { systemClock } from '../shared/n8n/transport/systemClock';
import {
	type SignedRequest,
	type WebhookEvent,
	parseEvent,
	refusalOf,
} from '../shared/providers/extend/webhookEvents';
import { recall, store, type Slot } from './memory';
import { readWanted } from './parameters';
import { itemOf } from './item';

/** As much of n8n's request as is needed; express itself is not there to take its types from. */
interface IncomingRequest {
	headers: SignedRequest['headers'];
	rawBody?: Uint8Array;
	/** Absent in versions of n8n that have read the body by then. */
	readRawBody?(): Promise<void>;
}

interface OutgoingResponse {
	status(code: number): OutgoingResponse;
	json(body: object): void;
}

/** `webhook` of the Extend Trigger: one item for an event that is genuine, wanted and new. */
export async function receiveEvent(context: IWebhookFunctions): Promise<IWebhookResponseData> {
	const slot: Slot = context.getMode() === 'manual' ? 'test' : 'live';
	const memory = recall(context, slot);
	const request = await readRequest(context);
	const now = systemClock.now();
	const refusal = memory.endpoint
		? refusalOf(request, memory.endpoint.secret, now)
		: 'no endpoint is registered';
	if (refusal !== undefined) {
		context.logger.warn(safeMessage(`A request to the webhook of Extend was refused: ${refusal}`));
		return answer(context, 401, `Refused: ${refusal}`);
	}
	const event = parseEvent(request);
	if (!event) return answer(context, 400, 'Not an event');
	if (!readWanted(parametersOf(context)).events.includes(event.eventType))
		return answer(context, 200, 'Not wanted');
	if (hasSeen(memory.seen, event.eventId)) return answer(context, 200, 'Seen before');
	remember(memory.seen, event.eventId, now);
	store(context, slot, memory);
	return await report(context, event);
}

async function readRequest(context: IWebhookFunctions): Promise<SignedRequest> {
	const request = context.getRequestObject() as IncomingRequest;
	if (!request.rawBody) await request.readRawBody?.();
	return { headers: request.headers, rawBody: request.rawBody ?? new Uint8Array() };
}

/** Answers by itself. Alone, it starts nothing. */
function answer(context: IWebhookFunctions, status: number, message: string): IWebhookResponseData {
	(context.getResponseObject() as OutgoingResponse).status(status).json({ message });
	return { noWebhookResponse: true };
}

/**
 * The item of an event. The answer goes out when its run is read, or before, where that takes long: Extend only waits for a
 * while.
 *
 * The trigger answers by itself. Where n8n answers, it writes static data after it has started the execution, and starting one
 * takes off the mark of a change (`live-webhooks.ts`, `workflow-runner.ts`, n8n 2.41): the event would not be remembered.
 */
async function report(context: IWebhookFunctions, event: WebhookEvent): Promise<IWebhookResponseData> {
	const waiting = CancellationScope.from(undefined);
	const item = itemOf(context, event);
	await Promise.race([item, attempt(() => systemClock.sleep(WEBHOOK.answerWithin, waiting.signal))]);
	waiting.dispose();
	const answered = answer(context, 200, 'Received');
	return {
		...answered,
		workflowData: [[{ json: (await item) as IDataObject } satisfies INodeExecutionData]],
	};
}
