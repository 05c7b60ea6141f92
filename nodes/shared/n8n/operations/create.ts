import type { IExecuteFunctions } from 'n8n-workflow';

import { REQUEST } from '../../core/config';
import { call } from '../../core/requests/retry';
import { submit } from '../../core/requests/submit';
import type { JsonObject } from '../../core/runs/run';
import { factsOf, withDocuments } from '../../providers/client/documents';
import { sendFile } from '../../providers/client/http';
import { parseRun } from '../../providers/client/parseResponse';
import type { ResourceClient } from '../../providers/client/resourceClient';
import type { ApiRequest, DocumentInput, DocumentRoutes } from '../../providers/client/wire';
import type { CreateSpec } from '../../providers/types';
import { NAMES } from '../description/names';
import { InvalidParameterError } from '../output/errors';
import { addHints } from '../output/hints';
import { attemptItems, throwFirstError } from '../output/items';
import { readBody } from '../parameters/createBody';
import { readDocuments } from '../parameters/documents';
import { readSchema, readShowSchema } from '../parameters/schemaField';
import { downloadPayload } from '../transport/download';
import type { Session } from '../transport/session';
import { systemClock } from '../transport/systemClock';
import { type Operate, callDeps } from './work';

/**
 * Starts the runs of all items. Nothing is started while an item is not right, unless the node may go on without it: a
 * second try must not start the good ones twice.
 */
export const create: Operate = async ({ context, session, client, itemCount }) => {
	const spec = createSpecOf(client);
	const prepared = await attemptItems(
		itemCount,
		async (itemIndex): Promise<PreparedCreate | { schema: JsonObject }> =>
			spec.schema && readShowSchema(context, itemIndex)
				? { schema: readSchema(context, spec.schema, itemIndex) }
				: await prepareCreate(context, client, spec, itemIndex),
	);
	throwFirstError(context, prepared);
	if (prepared.some((item) => 'value' in item && 'schema' in item.value))
		addHints(context, [SCHEMA_ONLY], 'info');
	const startOne = async (itemIndex: number) => {
		const item = prepared[itemIndex];
		if (!item || 'error' in item) throw item?.error;
		if ('schema' in item.value) return [{ jsonSchema: item.value.schema }];
		return [await startRun(session, client, item.value, itemIndex)];
	};
	// More than can be sent would only wait for their turn with their documents in memory.
	const started = await attemptItems(itemCount, startOne, session.maxConcurrentRequests);
	const ids = started.flatMap((result) =>
		'value' in result ? result.value.flatMap(({ id }) => (typeof id === 'string' ? [id] : [])) : [],
	);
	throwFirstError(context, started, `started ${ids.join(', ')}`);
	const goOn = prepared.some(
		(item) => 'value' in item && 'background' in item.value && item.value.background,
	);
	if (goOn && ids.length > 0) addHints(context, [whatNext(client)], 'info');
	return started;
};

/** A run in the background has no result yet, which looks like a mistake to those who do not know. */
function whatNext({ provider, spec }: ResourceClient): string {
	const wait = `${provider.title} node with the operation "Poll Until Finished"`;
	const next = spec.cancel
		? `Connect ${NAMES.timeoutCancel} to this node: it waits for the result, and cancels the run when its time is up. To wait without cancelling, connect another ${wait}.`
		: `To wait for the result, connect another ${wait} to this node.`;
	return `The ${spec.noun} was started and goes on at ${provider.title}. ${next}`;
}

const SCHEMA_ONLY =
	'This is the JSON Schema, and no run was started. Switch Show Schema Only off in the options to start one.';

/** A create request as the user set it up: checked, but nothing sent yet. */
export interface PreparedCreate {
	body: JsonObject;
	documents: DocumentInput[];
	background: boolean;
}

/**
 * Reads and checks everything a create needs. Sends nothing.
 *
 * @param metadata what the metadata hold besides
 * @throws InvalidParameterError
 */
export async function prepareCreate(
	context: IExecuteFunctions,
	client: ResourceClient,
	spec: CreateSpec,
	itemIndex: number,
	metadata?: JsonObject,
): Promise<PreparedCreate> {
	const body = readBody(context, spec, itemIndex, metadata);
	const background =
		spec.backgroundField === undefined || context.getNodeParameter('background', itemIndex, true) !== false;
	if (spec.backgroundField) body[spec.backgroundField] = background;
	const documents = spec.documents
		? await readDocuments({ context, provider: client.provider, spec: spec.documents, body, itemIndex })
		: [];
	checkWhole(spec, body, documents);
	return { body, documents, background };
}

/** @throws InvalidParameterError */
function checkWhole(spec: CreateSpec, body: JsonObject, documents: readonly DocumentInput[]): void {
	const refusal = spec.check?.(body, documents.map(factsOf));
	if (refusal) throw new InvalidParameterError(refusal.message, refusal.hint);
}

/**
 * Delivers the documents and starts the run.
 *
 * @throws ApiError or InvalidParameterError when it was not started, UnknownOutcomeError when nobody knows
 */
async function startRun(
	session: Session,
	client: ResourceClient,
	prepared: PreparedCreate,
	itemIndex: number,
): Promise<JsonObject> {
	const spec = createSpecOf(client);
	const body = await deliverDocuments(session, client, spec, prepared);
	const request: ApiRequest = {
		method: 'POST',
		path: client.spec.path,
		body,
		headers: spec.idempotent ? { 'Idempotency-Key': session.startId(itemIndex) } : undefined,
		hint: hintsOf(client),
	};
	const run = await submit(
		{
			...callDeps(session),
			timeout: prepared.background ? REQUEST.startTimeout : REQUEST.foregroundTimeout,
			idempotent: spec.idempotent ?? false,
			hintIfUnknown: hintIfUnknown(client, spec),
		},
		async (signal) => parseRun(client.provider, client.spec, await client.exchange(request, signal)),
	);
	return run.body;
}

/** The body with its documents in it. @throws ApiError or InvalidParameterError */
export async function deliverDocuments(
	session: Session,
	client: ResourceClient,
	spec: CreateSpec,
	prepared: PreparedCreate,
): Promise<JsonObject> {
	const body = await withDocuments(client, spec, prepared, routesOf(session, client));
	checkWhole(spec, body, prepared.documents);
	return body;
}

export function hintsOf({ provider, spec }: ResourceClient): ApiRequest['hint'] {
	const missing = [
		`Check the IDs in the parameters. A ${provider.title} key only sees what belongs to its own environment or workspace.`,
		spec.goneHint,
	];
	return {
		404: missing.filter(Boolean).join(' '),
		409: 'Something that the run depends on has changed or is in use. Check it, then start the run again.',
		410: missing.filter(Boolean).join(' '),
	};
}

function hintIfUnknown(client: ResourceClient, spec: CreateSpec): string {
	const sent = spec.idempotent
		? 'All attempts had the same idempotency key, so it was started once at most.'
		: 'It was not sent again, because that could start the run twice.';
	const look = client.spec.list
		? 'Look for it with Get Many, newest first,'
		: `${client.provider.title} has no list of ${client.spec.plural}: look for it in its dashboard`;
	return `${sent} ${look} before you start it again.`;
}

function createSpecOf(client: ResourceClient): CreateSpec {
	if (client.spec.create) return client.spec.create;
	throw new InvalidParameterError(
		`${client.provider.title} has no way to start ${client.spec.plural}`,
		'Choose another resource or operation in the node.',
	);
}

function routesOf(session: Session, client: ResourceClient): DocumentRoutes {
	const deps = callDeps(session);
	const slow = { ...deps, timeout: REQUEST.uploadTimeout };
	return {
		call: (request) => call(deps, (signal) => client.exchange(request, signal)),
		upload: (request) => call(slow, async (signal) => await client.exchange(await request(signal), signal)),
		put: (upload) =>
			call(slow, async (signal) =>
				sendFile(client, session.sendBytes, await upload(signal), signal, () => systemClock.now()),
			),
		download: (document) => downloadPayload({ ...slow, fetchFile: session.fetchFile }, document),
	};
}
