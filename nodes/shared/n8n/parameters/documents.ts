import type { IExecuteFunctions } from 'n8n-workflow';

import { TEXT } from '../../core/config';
import type { JsonObject } from '../../core/runs/run';
import { fetcherOf } from '../../providers/client/documents';
import type { DocumentInput } from '../../providers/client/wire';
import { shownAddress } from '../../providers/client/webFile';
import type { DocumentSource, DocumentsSpec, ProviderSpec } from '../../providers/types';
import { InvalidParameterError, orInvalidParameter } from '../output/errors';
import { DEFAULT_FIELD } from '../description/fields';
import { fileOf, isFile, payloadOf } from '../transport/binaryData';
import { readFileIds } from './ids';
import { plainValue } from './locator';
import { readFetchBy } from './options';
import { type Origin, describe, fieldsOf, listOf, textFrom } from './values';

/** What the documents of a run are read from. */
interface Reading {
	context: IExecuteFunctions;
	provider: ProviderSpec;
	spec: DocumentsSpec;
	/** The request body: a template that stands for a document goes there. */
	body: JsonObject;
	itemIndex: number;
}

/** One place where documents are given. */
interface Given {
	source: DocumentSource;
	parameter: (name: string) => unknown;
	/** Absent in a row of Documents. */
	originOf?: (name: string) => Origin;
	/** True where one parameter may name several, separated by commas. */
	isList: boolean;
}

/** The documents of an item, in their order. @throws InvalidParameterError */
export async function readDocuments(reading: Reading): Promise<DocumentInput[]> {
	const { context, spec, body, itemIndex } = reading;
	if (spec.form === 'byBlock') return await readBlocks(reading);
	const parameter = (name: string): unknown => plainValue(context.getNodeParameter(name, itemIndex, ''));
	const originOf = (name: string): Origin => ({ parameters: context, name, itemIndex });
	const source = sourceOf(spec, context.getNodeParameter('documentSource', itemIndex, 'binary'));
	if (source === 'template') {
		body[spec.templateKey ?? ''] = textFrom('Template', parameter('templateId'), originOf('templateId'));
		return [];
	}
	const given: Given = {
		source,
		parameter,
		originOf,
		isList: spec.form === 'list' || spec.form === 'oneOrPackage',
	};
	const inputs = await inputsOf(reading, given);
	if (spec.max && inputs.length > spec.max) {
		throw new InvalidParameterError(
			`At most ${spec.max} documents are allowed in one run, and there are ${inputs.length}`,
			'Start several runs, each with some of them.',
		);
	}
	if (spec.distinct) refuseDuplicates(given);
	const { fileName } = fieldsOf(context.getNodeParameter('additionalFields', itemIndex, {}));
	const isNamed = typeof fileName === 'string' && fileName.trim() !== '';
	return inputs.map((input) =>
		input.from === 'url' && isNamed ? { ...input, fileName: fileName.trim() } : input,
	);
}

async function readBlocks(reading: Reading): Promise<DocumentInput[]> {
	const { context, spec, itemIndex } = reading;
	const { rows = [] } = fieldsOf(context.getNodeParameter('documents', itemIndex, {}));
	if (!Array.isArray(rows)) {
		throw new InvalidParameterError(
			`Documents must be a list; it is ${describe(rows)}`,
			'Add a row for each document instead of an expression for all of them.',
		);
	}
	const inputs: DocumentInput[] = [];
	for (const row of rows) {
		const values: Record<string, unknown> = { binaryPropertyName: DEFAULT_FIELD, ...fieldsOf(row) };
		const blockId = textFrom('Start Block', plainValue(values.blockId));
		if (inputs.some((other) => other.blockId === blockId)) {
			throw new InvalidParameterError(
				`Start Block "${blockId}" is duplicated`,
				'Give each start block one document.',
			);
		}
		const source = sourceOf(spec, values.documentSource ?? 'binary');
		const [input] = await inputsOf(reading, {
			source,
			parameter: (name) => plainValue(values[name]),
			isList: false,
		});
		if (input) inputs.push({ ...input, blockId });
	}
	return inputs;
}

function sourceOf(spec: DocumentsSpec, given: unknown): DocumentSource {
	const source = spec.sources.find((one) => one === given);
	if (source) return source;
	throw new InvalidParameterError(
		`Document From must be one of ${spec.sources.join(', ')}; it is ${describe(given)}`,
		'Choose one of them in the field, or let the expression give one.',
	);
}

async function inputsOf(reading: Reading, given: Given): Promise<DocumentInput[]> {
	const { context, itemIndex } = reading;
	const { source, parameter, originOf } = given;
	switch (source) {
		case 'binary': {
			const field = parameter('binaryPropertyName');
			const names = isFile(field) ? [field] : partsOf(given, 'Input Binary Field');
			const files = names.map((name) => fileOf(context, name, itemIndex));
			return await Promise.all(
				files.map(async (file) => ({ from: 'binary' as const, payload: await payloadOf(context, file) })),
			);
		}
		case 'url':
			return partsOf(given, 'Document URL').map((url) => webInput(reading, url));
		case 'fileId':
			return readFileIds(partsOf(given, 'File')).map((id) => ({ from: 'fileId', id }));
		case 'text':
			return [
				{
					from: 'text',
					text: textFrom('Document Text', parameter('documentText'), originOf?.('documentText')),
				},
			];
		case 'template':
			return [];
	}
}

function webInput({ context, provider, spec, itemIndex }: Reading, url: string): DocumentInput {
	const isAddress =
		URL.canParse(url) && !/\s/.test(url) && ['https:', 'http:', 'data:'].includes(new URL(url).protocol);
	if (!isAddress) {
		throw new InvalidParameterError(
			`Document URL must begin with https:// or http://; it is ${describe(url)}`,
			'Enter the whole address, such as https://example.com/invoice.pdf.',
		);
	}
	const choice = readFetchBy(context, itemIndex);
	const fetcher = orInvalidParameter(
		() => fetcherOf(provider, spec, url, choice),
		'Set Fetch By to Automatic or This Instance: then n8n downloads the document and hands it over.',
		(reason) => `${reason}: ${shownAddress(url)}`,
	);
	return { from: 'url', url, fetcher };
}

/** The parameter of each source that may name several documents. */
const PARAMETER = {
	binary: 'binaryPropertyName',
	url: 'documentUrl',
	fileId: 'fileId',
	text: 'documentText',
	template: 'templateId',
} as const satisfies Record<DocumentSource, string>;

function partsOf({ source, parameter, originOf, isList }: Given, label: string): string[] {
	const text = textFrom(label, parameter(PARAMETER[source]), originOf?.(PARAMETER[source]));
	if (!isList) return [text];
	// Commas may stand within an address as well: only one before another address separates two.
	return source === 'url'
		? text.replace(/[\s,]+$/, '').split(/\s*,\s*(?=[a-z][a-z+.-]*:\/\/|data:)/i)
		: listOf(text);
}

/** @throws InvalidParameterError when the same field, address or file is named twice */
function refuseDuplicates(given: Given): void {
	if (given.source === 'text' || isFile(given.parameter(PARAMETER[given.source]))) return;
	const parts = partsOf(given, 'Document');
	const duplicate = parts.find((part, at) => parts.indexOf(part) < at);
	if (duplicate === undefined) return;
	throw new InvalidParameterError(
		`Document "${duplicate.slice(0, TEXT.detail)}" is duplicated`,
		'A run takes each file once: take it out of the list, or start a run of its own for it.',
	);
}
