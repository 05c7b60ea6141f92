import type { IDataObject, INodeParameters } from 'n8n-workflow';

import type { WorkflowResult } from './support';
import { useSandbox } from './support/sandbox-instance';

/** What a Retab extraction is to get out of the document, given as rows, as an example or as a JSON Schema. */

const lab = useSandbox();

const PDF = { content: '%PDF-1.4 invoice', fileName: 'invoice.pdf', mimeType: 'application/pdf' };

const INVOICE = {
	rows: [
		{ name: 'invoice_number', type: 'text', required: true },
		{
			name: 'lines',
			type: 'rows',
			columns: { rows: [{ name: 'amount', type: 'number', description: 'With tax' }] },
		},
	],
};

const INVOICE_SCHEMA = {
	type: 'object',
	properties: {
		invoice_number: { type: 'string' },
		lines: {
			type: 'array',
			items: { type: 'object', properties: { amount: { type: 'number', description: 'With tax' } } },
		},
	},
	required: ['invoice_number'],
};

async function extract(parameters: INodeParameters, withFile = true): Promise<WorkflowResult> {
	lab.sandbox.reset();
	return await lab.n8n.runWorkflow({
		node: 'retab',
		parameters: { resource: 'extraction', operation: 'create', ...parameters },
		...(withFile && { items: [await lab.n8n.binaryItem({ total: 3 }, { data: PDF })] }),
	});
}

function sentSchema(): unknown {
	return lab.sandbox.requests.flatMap(({ method, body }) =>
		method === 'POST' ? [(JSON.parse(body ?? '{}') as IDataObject).json_schema] : [],
	);
}

test('fields are the default: they become the schema that is sent', async () => {
	const { error } = await extract({ schemaFields: INVOICE });
	expect(error).toBeUndefined();
	expect(sentSchema()).toEqual([INVOICE_SCHEMA]);
});

test('an example becomes a schema', async () => {
	await extract({
		schemaFrom: 'example',
		jsonExample: '{ "lines": [{ "amount": 1 }], "date": "2026-01-31" }',
	});
	expect(sentSchema()).toEqual([
		{
			type: 'object',
			properties: {
				lines: { type: 'array', items: { type: 'object', properties: { amount: { type: 'number' } } } },
				date: { type: 'string', format: 'date' },
			},
		},
	]);
});

test('what the editor begins with is useful as it is', async () => {
	for (const schemaFrom of ['example', 'json']) {
		const { error } = await extract({ schemaFrom });
		expect(error).toBeUndefined();
		expect(sentSchema()).toMatchObject([{ properties: { total: { type: 'number' } } }]);
	}
});

test('Show Schema Only gives the schema: nothing is sent, and no document is needed', async () => {
	for (const simplify of [true, false]) {
		const { json, hints } = await extract(
			{ schemaFields: INVOICE, simplify, options: { showSchema: true } },
			false,
		);
		expect(json[0]).toEqual([{ jsonSchema: INVOICE_SCHEMA }]);
		expect(hints.map(({ message }) => message)).toEqual([
			'This is the JSON Schema, and no run was started. Switch Show Schema Only off in the options to start one.',
		]);
		expect(lab.sandbox.requests).toEqual([]);
	}
});

const row = (more: INodeParameters) => ({ schemaFields: { rows: [{ name: 'a', ...more }] } });

describe('what is no schema is refused before anything is sent, with what to do', () => {
	const from = (schemaFrom: string, name: string) => (text: string) => ({ schemaFrom, [name]: text });
	const schema = from('json', 'jsonSchema');
	const example = from('example', 'jsonExample');

	test.each<[INodeParameters, message: string, hint: RegExp]>([
		[{}, 'Fields needs at least one row', /Add a row for each field/],
		[row({ name: ' ' }), 'Fields: row 1 has no name', /invoice_number/],
		[row({ type: 'money' }), /Type must be one of text, number/.source, /Choose one/],
		[row({ type: 'rows' }), 'Columns of "a" needs at least one row', /Add a row for each column/],
		[
			{ schemaFields: { rows: [{ name: 'a' }, { name: ' a' }] } },
			'Fields: the name "a" is duplicated',
			/a name of its own/,
		],
		[schema('{}'), 'JSON Schema is empty', /such as \{ "type": "object".* set Schema From to Fields/],
		[schema('[1]'), 'JSON Schema must be a JSON object; it is a list', /begins with \{/],
		[
			schema('{ "invoice_number": "INV-001", "total": 3 }'),
			'JSON Schema is not a JSON Schema: it has no "type", "properties", "$ref" or "anyOf". It looks like an example of the data',
			/^Set Schema From to JSON Example/,
		],
		[
			schema('{ "type": "invoice", "total": 3 }'),
			'JSON Schema is not a JSON Schema: it has no "type", "properties", "$ref" or "anyOf". It looks like an example of the data',
			/^Set Schema From to JSON Example/,
		],
		[
			schema('{ "type": "string" }'),
			'JSON Schema is not a JSON Schema: its "type" must be "object"; it is the text "string"',
			/"type": "object"/,
		],
		[
			schema('{ "type": "object", "properties": [] }'),
			'JSON Schema is not a JSON Schema: "properties" must be an object; it is a list',
			/JSON Example/,
		],
		[
			schema('{ "properties": { "total": "number" } }'),
			'JSON Schema is not a JSON Schema: "total" must be an object such as { "type": "string" }; it is the text "number"',
			/JSON Example/,
		],
		[example('{}'), 'JSON Example is empty', /"invoice_number"/],
		[example('[{ "a": 1 }]'), 'JSON Example must be a JSON object; it is a list', /begins with \{/],
		[
			example('{ "type": "object", "properties": {} }'),
			'JSON Example holds a JSON Schema, not an example of the data',
			/^Set Schema From to JSON Schema/,
		],
		[
			schema('={{ $json.nothing }}'),
			'JSON Schema is undefined: the expression {{ $json.nothing }} found nothing',
			/Look at the input/,
		],
	])('%j', async (parameters, message, hint) => {
		const { error } = await extract(parameters);
		expect(error?.message).toContain(message.replaceAll('\\', ''));
		expect(error?.description).toMatch(hint);
		expect(lab.sandbox.requests).toEqual([]);
	});
});
