import type { IExecuteFunctions } from 'n8n-workflow';
import { z } from 'zod';

import { REQUEST, TEXT } from '../../core/config';
import { call } from '../../core/requests/retry';
import type { JsonObject, JsonValue } from '../../core/runs/run';
import { submit } from '../../core/requests/submit';
import type { ResourceClient } from '../../providers/client/resourceClient';
import {
	type DeliverDocument,
	type DocumentInput,
	type DocumentRoutes,
	extendDelivery,
	fetcherOf,
	retabDelivery,
} from '../../providers/client/documents';
import type {
	BodyField,
	CreateSpec,
	DocumentFacts,
	DocumentSource,
	DocumentsSpec,
	PairLimits,
	ProviderSpec,
} from '../../providers/types';
import { shownAddress } from '../../providers/client/webFile';
import { valueAt } from '../../providers/client/parseResponse';
import { systemClock } from '../transport/systemClock';
import { downloadPayload } from '../transport/download';
import { InvalidParameterError, orInvalidParameter } from '../output/errors';
import { fileOf, isFile, payloadOf } from '../transport/binaryData';
import { asText, readFetchBy, readFileIds, describe } from '../parameters/parameters';
import type { Session } from '../transport/session';

/** A create request as the user set it up: checked, but nothing sent yet. */
export interface PreparedCreate {
	body: JsonObject;
	documents: PreparedDocument[];
	background: boolean;
}

interface PreparedDocument {
	input: DocumentInput;
	/** Start block of a workflow that takes it. */
	blockId?: string;
}

type Fields = Record<string, unknown>;

/**
 * Reads and checks everything a create needs. Sends nothing.
 *
 * @throws InvalidParameterError
 */
export async function prepareCreate(
	context: IExecuteFunctions,
	client: ResourceClient,
	itemIndex: number,
): Promise<PreparedCreate> {
	const spec = createSpecOf(client);
	const additional = fieldsOf(context.getNodeParameter('additionalFields', itemIndex, {}));
	const body: JsonObject = {};
	for (const field of spec.fields) {
		const given = field.required
			? context.getNodeParameter(field.name, itemIndex, '')
			: additional[field.name];
		const value = bodyValue(field, given);
		if (value !== undefined) setAt(body, field, field.path, value);
	}
	for (const field of spec.fields) checkSize(field, body);

	const background =
		spec.backgroundField === undefined || context.getNodeParameter('background', itemIndex, true) !== false;
	if (spec.backgroundField) body[spec.backgroundField] = background;
	const documents = spec.documents
		? await readDocuments(context, client.provider, spec.documents, body, additional, itemIndex)
		: [];
	checkWhole(spec, body, documents);
	return { body, documents, background };
}

/** @throws InvalidParameterError */
function checkWhole(spec: CreateSpec, body: JsonObject, documents: readonly PreparedDocument[]): void {
	const refusal = spec.check?.(
		body,
		documents.map(({ input }) => factsOf(input)),
	);
	if (refusal) throw new InvalidParameterError(refusal.message, refusal.hint);
}

function factsOf(input: DocumentInput): DocumentFacts {
	switch (input.from) {
		case 'binary':
			return { fileName: input.payload.fileName, mimeType: input.payload.mimeType };
		case 'url': {
			const { protocol, pathname } = new URL(input.url);
			if (protocol === 'data:') return { fileName: input.fileName, mimeType: pathname.split(/[;,]/, 1)[0] };
			return { fileName: input.fileName ?? pathname };
		}
		case 'fileId':
		case 'text':
			return {};
	}
}

/**
 * Delivers the documents and starts the run.
 *
 * @throws ApiError or InvalidParameterError when it was not started, UnknownOutcomeError when nobody knows
 */
export async function startRun(
	session: Session,
	client: ResourceClient,
	prepared: PreparedCreate,
	itemIndex: number,
): Promise<JsonObject> {
	const spec = createSpecOf(client);
	const body = await withDocuments(session, client, spec, prepared);
	checkWhole(spec, body, prepared.documents);
	const headers = spec.idempotent ? { 'Idempotency-Key': session.startId(itemIndex) } : undefined;
	const run = await submit(
		{
			...session,
			clock: systemClock,
			timeout: prepared.background ? REQUEST.startTimeout : REQUEST.foregroundTimeout,
			idempotent: spec.idempotent ?? false,
			hintIfUnknown: adviceIfUnclear(client, spec),
		},
		(signal) => client.create(body, headers, signal),
	);
	return run.body;
}

function adviceIfUnclear(client: ResourceClient, spec: CreateSpec): string {
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
	throw new InvalidParameterError(`${client.provider.title} has no way to start ${client.spec.plural}`);
}

function fieldsOf(value: unknown): Fields {
	const parsed = z.record(z.unknown()).safeParse(value);
	return parsed.success ? parsed.data : {};
}

/** Puts a value into the body. Two objects at the same place are merged; nothing is overwritten. @throws InvalidParameterError */
function setAt(body: JsonObject, field: BodyField, path: readonly string[], value: JsonValue): void {
	const [key, ...rest] = path;
	if (key === undefined) return;
	const there = Object.hasOwn(body, key) ? body[key] : undefined;
	if (rest.length > 0) {
		const inner = isJsonObject(there) ? { ...there } : {};
		setAt(inner, field, rest, value);
		body[key] = inner;
		return;
	}
	if (isJsonObject(there) && isJsonObject(value)) {
		const twice = Object.keys(value).find((name) => Object.hasOwn(there, name));
		if (twice !== undefined) throw givenTwice(field, twice);
		body[key] = { ...there, ...value };
		return;
	}
	if (there !== undefined) throw givenTwice(field, key);
	body[key] = value;
}

function givenTwice({ label }: BodyField, name: string): InvalidParameterError {
	return new InvalidParameterError(
		`${label}: "${name}" is in another field as well`,
		'Take it out of one of the two fields.',
	);
}

function isJsonObject(value: JsonValue | undefined): value is JsonObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a field adds to the body; nothing when it was left empty. */
function bodyValue(field: BodyField, given: unknown): JsonValue | undefined {
	if (given === undefined || given === null || given === '') {
		if (field.required) throw new InvalidParameterError(`${field.label} is empty`);
		return undefined;
	}
	switch (field.kind) {
		case 'text':
		case 'longText':
		case 'secret':
		case 'color':
			return textOf(field, given);
		case 'integer':
			return integerOf(field, given);
		case 'boolean':
			if (typeof given === 'boolean') return given;
			throw new InvalidParameterError(`${field.label} must be true or false; it is ${describe(given)}`);
		case 'options':
			if (field.options?.some((option) => option === given)) return given as string;
			throw new InvalidParameterError(
				`${field.label} must be one of ${field.options?.join(', ')}; it is ${describe(given)}`,
			);
		case 'json':
		case 'jsonList':
			return jsonOf(field, given);
		case 'rows':
			return rowsOf(field, given);
		case 'pairs':
			return pairsOf(field, given);
		case 'texts':
			return textsOf(field, given);
	}
}

function textOf(field: BodyField, given: unknown): string | undefined {
	if (typeof given !== 'string')
		throw new InvalidParameterError(`${field.label} must be a text; it is ${describe(given)}`);
	const text = given.trim();
	if (text === '' && field.required) throw new InvalidParameterError(`${field.label} is empty`);
	return text === '' ? undefined : text;
}

function textsOf(field: BodyField, given: unknown): string[] | undefined {
	const parts = Array.isArray(given) ? given : listOf(textOf(field, given) ?? '');
	const texts = parts.map((part: unknown) => textOf(field, part)).filter((text) => text !== undefined);
	return texts.length > 0 ? texts : undefined;
}

function integerOf(field: BodyField, given: unknown): number {
	const { min, max } = field.range ?? { min: 0, max: Number.MAX_SAFE_INTEGER };
	if (typeof given === 'number' && Number.isInteger(given) && given >= min && given <= max) return given;
	throw new InvalidParameterError(
		`${field.label} must be a whole number from ${min} to ${max}; it is ${describe(given)}`,
	);
}

function jsonOf(field: BodyField, given: unknown): JsonValue | undefined {
	const parsed = typeof given === 'string' ? parseJson(field, given) : given;
	const list = field.kind === 'jsonList';
	const right = list
		? Array.isArray(parsed)
		: typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
	if (!right) throw new InvalidParameterError(`${field.label} must be a JSON ${list ? 'array' : 'object'}`);
	const empty = Object.keys(parsed as object).length === 0;
	if (empty && field.required) throw new InvalidParameterError(`${field.label} is empty`);
	return empty ? undefined : (parsed as JsonValue);
}

function parseJson(field: BodyField, text: string): unknown {
	return orInvalidParameter<unknown>(
		() => JSON.parse(text),
		(reason) => `${field.label} is not valid JSON: ${reason}`,
	);
}

function rowsOf(field: BodyField, given: unknown): JsonValue | undefined {
	const { rows = [] } = fieldsOf(given);
	if (!Array.isArray(rows)) throw new InvalidParameterError(`${field.label} must be a list of rows`);
	if (rows.length === 0) {
		if (field.required) throw new InvalidParameterError(`${field.label} needs at least one row`);
		return undefined;
	}
	return rows.map((row: unknown, at): JsonObject => {
		const values = fieldsOf(row);
		const sent: JsonObject = {};
		for (const column of field.columns ?? []) {
			const value = values[column.name];
			const empty = value === undefined || value === null || (typeof value === 'string' && !value.trim());
			const tracked = `${field.label}: ${column.label} of row ${at + 1}`;
			if (empty && column.required) throw new InvalidParameterError(`${tracked} is empty`);
			if (empty) continue;
			if (column.kind === 'boolean') {
				if (typeof value !== 'boolean')
					throw new InvalidParameterError(`${tracked} must be true or false; it is ${describe(value)}`);
				sent[column.field] = value;
			} else {
				if (typeof value !== 'string')
					throw new InvalidParameterError(`${tracked} must be a text; it is ${describe(value)}`);
				sent[column.field] = value.trim();
			}
		}
		return sent;
	});
}

function pairsOf(field: BodyField, given: unknown): JsonObject | undefined {
	const { pairs } = fieldsOf(given);
	if (pairs === undefined) return undefined;
	if (!Array.isArray(pairs))
		throw new InvalidParameterError(`${field.label} must be a list of names and values`);
	const sent: JsonObject = {};
	for (const pair of pairs) {
		const { name, value } = fieldsOf(pair);
		if (typeof name !== 'string' || name.trim() === '')
			throw new InvalidParameterError(`${field.label}: each pair needs a name`);
		if (typeof value === 'object' && value !== null) {
			throw new InvalidParameterError(
				`${field.label}: the value of "${name}" must be a text; it is ${describe(value)}`,
			);
		}
		if (Object.hasOwn(sent, name.trim())) {
			throw new InvalidParameterError(`${field.label}: the name "${name.trim()}" is used twice`);
		}
		Object.defineProperty(sent, name.trim(), { value: asText.parse(value ?? ''), enumerable: true });
	}
	checkLimits(field, sent, field.limits ?? {});
	return Object.keys(sent).length > 0 ? sent : undefined;
}

function checkLimits(field: BodyField, pairs: JsonObject, limits: PairLimits): void {
	const entries = Object.entries(pairs);
	const refuse = (what: string) => {
		throw new InvalidParameterError(`${field.label}: ${what}`);
	};
	if (limits.pairs && entries.length > limits.pairs) refuse(`at most ${limits.pairs} pairs are allowed`);
	for (const [name, value] of entries) {
		if (limits.name && name.length > limits.name)
			refuse(`the name "${name.slice(0, 40)}" is longer than ${limits.name} characters`);
		if (limits.value && asText.parse(value).length > limits.value)
			refuse(`the value of "${name}" is longer than ${limits.value} characters`);
	}
}

/** Counts what all fields with the same path have put there. @throws InvalidParameterError */
function checkSize({ label, path, limits }: BodyField, body: JsonObject): void {
	if (!limits?.bytes) return;
	const bytes = new TextEncoder().encode(JSON.stringify(valueAt(body, path) ?? {})).length;
	if (bytes <= limits.bytes) return;
	throw new InvalidParameterError(
		`${label}: at most ${limits.bytes / 1024} KB are allowed`,
		'Leave out what is not needed to find the run again.',
	);
}

/** The parts of a list that was typed with commas. */
function listOf(text: string): string[] {
	return text
		.split(',')
		.map((part) => part.trim())
		.filter((part) => part !== '');
}

async function readDocuments(
	context: IExecuteFunctions,
	provider: ProviderSpec,
	spec: DocumentsSpec,
	body: JsonObject,
	additional: Fields,
	itemIndex: number,
): Promise<PreparedDocument[]> {
	if (spec.form === 'byBlock') return await readBlocks(context, provider, spec, itemIndex);
	const source = sourceOf(spec, context.getNodeParameter('documentSource', itemIndex, 'binary'));
	const parameter = (name: string) => context.getNodeParameter(name, itemIndex, '');
	if (source === 'template') {
		const templateId = parameter('templateId');
		if (typeof templateId !== 'string' || templateId.trim() === '')
			throw new InvalidParameterError('Template ID is empty');
		body.template_id = templateId.trim();
		return [];
	}
	const inputs = await inputsOf(
		context,
		provider,
		spec,
		source,
		parameter,
		spec.form !== 'one' && spec.form !== 'fileId',
		itemIndex,
	);
	if (spec.max && inputs.length > spec.max)
		throw new InvalidParameterError(`At most ${spec.max} documents are allowed in one run`);
	if (spec.distinct) refuseTwice(source, parameter);
	const { fileName } = additional;
	return inputs.map((input) => ({
		input:
			input.from === 'url' && typeof fileName === 'string' && fileName.trim()
				? { ...input, fileName: fileName.trim() }
				: input,
	}));
}

async function readBlocks(
	context: IExecuteFunctions,
	provider: ProviderSpec,
	spec: DocumentsSpec,
	itemIndex: number,
): Promise<PreparedDocument[]> {
	const { rows } = fieldsOf(context.getNodeParameter('documents', itemIndex, {}));
	if (rows === undefined) return [];
	if (!Array.isArray(rows)) throw new InvalidParameterError('Documents must be a list');
	const prepared: PreparedDocument[] = [];
	for (const row of rows) {
		const values = fieldsOf(row);
		const { blockId } = values;
		if (typeof blockId !== 'string' || blockId.trim() === '')
			throw new InvalidParameterError('Start Block ID is empty');
		if (prepared.some((other) => other.blockId === blockId.trim())) {
			throw new InvalidParameterError(`Start Block ID "${blockId.trim()}" is used twice`);
		}
		const source = sourceOf(spec, values.documentSource ?? 'binary');
		const fallback: Fields = { binaryPropertyName: 'data' };
		const [input] = await inputsOf(
			context,
			provider,
			spec,
			source,
			(name) => values[name] ?? fallback[name],
			false,
			itemIndex,
		);
		if (input) prepared.push({ input, blockId: blockId.trim() });
	}
	return prepared;
}

function sourceOf(spec: DocumentsSpec, given: unknown): DocumentSource {
	const source = spec.sources.find((one) => one === given);
	if (source) return source;
	throw new InvalidParameterError(
		`Document From must be one of ${spec.sources.join(', ')}; it is ${describe(given)}`,
	);
}

async function inputsOf(
	context: IExecuteFunctions,
	provider: ProviderSpec,
	spec: DocumentsSpec,
	source: DocumentSource,
	parameter: (name: string) => unknown,
	many: boolean,
	itemIndex: number,
): Promise<DocumentInput[]> {
	const parts = (name: string, label: string): string[] => {
		const value = parameter(name);
		if (typeof value !== 'string' || value.trim() === '')
			throw new InvalidParameterError(`${label} is empty`);
		return many ? listOf(value) : [value.trim()];
	};
	switch (source) {
		case 'binary': {
			const given = parameter('binaryPropertyName');
			const names = isFile(given) ? [given] : parts('binaryPropertyName', 'Input Binary Field');
			const files = names.map((name) => fileOf(context, name, itemIndex));
			return await Promise.all(
				files.map(async (file) => ({ from: 'binary' as const, payload: await payloadOf(context, file) })),
			);
		}
		case 'url': {
			const choice = readFetchBy(context, itemIndex);
			return addresses(parameter('documentUrl'), many)
				.map(webAddress)
				.map((url) => ({
					from: 'url',
					url,
					fetcher: orInvalidParameter(
						() => fetcherOf(provider, spec, url, choice),
						(reason) => `${reason}: ${shownAddress(url)}`,
						'Set Fetch By to Automatic or This Instance: then n8n downloads the document and hands it over.',
					),
				}));
		}
		case 'fileId':
			return readFileIds(parts('fileId', 'File ID')).map((id) => ({ from: 'fileId', id }));
		case 'text': {
			const text = parameter('documentText');
			if (typeof text !== 'string' || text.trim() === '')
				throw new InvalidParameterError('Document Text is empty');
			return [{ from: 'text', text }];
		}
		case 'template':
			return [];
	}
}

/** Names of the fields that may hold several documents. */
const SEVERAL = {
	binary: 'binaryPropertyName',
	url: 'documentUrl',
	fileId: 'fileId',
} as const satisfies Partial<Record<DocumentSource, string>>;

/** @throws InvalidParameterError when the same field, address or file is named twice */
function refuseTwice(source: DocumentSource, parameter: (name: string) => unknown): void {
	if (source === 'text' || source === 'template') return;
	const given = parameter(SEVERAL[source]);
	if (typeof given !== 'string') return;
	const parts = source === 'url' ? addresses(given, true) : listOf(given);
	const twice = parts.find((part, at) => parts.indexOf(part) < at);
	if (twice === undefined) return;
	throw new InvalidParameterError(
		`Document "${twice.slice(0, TEXT.detail)}" is given twice`,
		'A run takes each file once: take it out of the list, or start a run of its own for it.',
	);
}

/** Commas may stand within an address as well: only one before another address separates two. */
function addresses(value: unknown, many: boolean): string[] {
	if (typeof value !== 'string' || value.trim() === '')
		throw new InvalidParameterError('Document URL is empty');
	if (!many) return [value.trim()];
	return value
		.trim()
		.replace(/[\s,]+$/, '')
		.split(/\s*,\s*(?=[a-z][a-z+.-]*:\/\/|data:)/i);
}

function webAddress(url: string): string {
	const allowed =
		URL.canParse(url) && !/\s/.test(url) && ['https:', 'http:', 'data:'].includes(new URL(url).protocol);
	if (!allowed)
		throw new InvalidParameterError(
			`Document URL must begin with https:// or http://; it is ${describe(url)}`,
		);
	return url;
}

async function withDocuments(
	session: Session,
	client: ResourceClient,
	spec: CreateSpec,
	{ body, documents }: PreparedCreate,
): Promise<JsonObject> {
	const { documents: tracked } = spec;
	if (!tracked || documents.length === 0) return body;
	const deliver = deliveryOf(session, client);
	const delivered = await Promise.all(
		documents.map(({ input }) => deliver(input, tracked.form === 'fileId')),
	);
	switch (tracked.form) {
		case 'one':
		case 'fileId':
			return { ...body, [tracked.key]: delivered[0] ?? null };
		case 'list':
			return { ...body, [tracked.key]: delivered };
		case 'byBlock':
			return {
				...body,
				[tracked.key]: Object.fromEntries(
					documents.map(({ blockId = '' }, at): [string, JsonValue] => [blockId, delivered[at] ?? null]),
				),
			};
		case 'oneOrPackage':
			return delivered.length > 1
				? { ...body, package: { files: delivered } }
				: { ...body, [tracked.key]: delivered[0] ?? null };
	}
}

function deliveryOf(session: Session, client: ResourceClient): DeliverDocument {
	const deps = { ...session, clock: systemClock };
	const slow = { ...deps, timeout: REQUEST.uploadTimeout };
	const routes: DocumentRoutes = {
		call: (request) => call(deps, (signal) => client.exchange(request, signal)),
		upload: (request) => call(slow, async (signal) => await client.exchange(await request(signal), signal)),
		put: (upload) =>
			call(slow, async (signal) => await client.put(await upload(signal), session.sendBytes, signal)),
		download: (document) => downloadPayload(slow, document),
	};
	return client.provider.name === 'retab' ? retabDelivery(client, routes) : extendDelivery(client, routes);
}
