import type { JsonObject } from '../../../nodes/shared/core/runs/run';
import { checkSchema, schemaOfExample, schemaOfRows } from '../../../nodes/shared/n8n/parameters/jsonSchema';

const text = { type: 'string' };
const number = { type: 'number' };
const object = (properties: object) => ({ type: 'object', properties });

test('an example becomes a schema: an invoice with its lines', () => {
	const example: JsonObject = {
		invoice_number: 'INV-001',
		date: '2026-01-31',
		sent_at: '2026-01-31T09:30:00Z',
		total: 119.5,
		paid: false,
		discount: null,
		supplier: { name: 'Ada', vat_id: null },
		lines: [
			{ description: 'Paper', quantity: 10 },
			{ description: null, amount: 100 },
		],
		tags: ['office'],
		notes: [],
	};
	expect(schemaOfExample('JSON Example', example)).toEqual(
		object({
			invoice_number: text,
			date: { type: 'string', format: 'date' },
			sent_at: { type: 'string', format: 'date-time' },
			// Not an integer: the next total may have decimals.
			total: number,
			paid: { type: 'boolean' },
			discount: { type: ['string', 'null'] },
			supplier: object({ name: text, vat_id: { type: ['string', 'null'] } }),
			lines: {
				type: 'array',
				items: object({ description: { type: ['string', 'null'] }, quantity: number, amount: number }),
			},
			tags: { type: 'array', items: text },
			notes: { type: 'array', items: text },
		}),
	);
});

test.each([
	['one type', [1, 2.5], number],
	['a type and null', [1, null], { type: ['number', 'null'] }],
	['dates and texts', ['2026-01-31', 'soon'], text],
	['several types', [1, 'a'], { anyOf: [number, text] }],
	['several types and null', [1, 'a', null], { anyOf: [number, text, { type: 'null' }] }],
	['lists of lists', [[1], [2]], { type: 'array', items: number }],
	['objects and null', [{ a: 1 }, null], { ...object({ a: number }), type: ['object', 'null'] }],
])('a list with %s', (_what, values, items) => {
	expect(schemaOfExample('JSON Example', { values })).toEqual(object({ values: { type: 'array', items } }));
});

test('names of an example that JavaScript knows stay fields', () => {
	const example = JSON.parse('{ "__proto__": 1, "constructor": "a" }') as Record<string, number>;
	const { properties } = schemaOfExample('JSON Example', example);
	expect(Object.entries(properties as object)).toEqual([
		['__proto__', number],
		['constructor', text],
	]);
});

test('rows become a schema: an invoice with its lines', () => {
	const rows = [
		{ name: ' invoice_number ', required: true },
		{ name: 'total', type: 'number', description: ' With tax ' },
		{ name: 'pages', type: 'integer' },
		{ name: 'paid', type: 'boolean' },
		{ name: 'date', type: 'date', required: true },
		{ name: 'tags', type: 'texts' },
		{
			name: 'lines',
			type: 'rows',
			description: 'All lines',
			columns: { rows: [{ name: 'description' }, { name: 'amount', type: 'number', required: true }] },
		},
	];
	expect(schemaOfRows({ rows })).toEqual({
		...object({
			invoice_number: text,
			total: { ...number, description: 'With tax' },
			pages: { type: 'integer' },
			paid: { type: 'boolean' },
			date: { type: 'string', format: 'date' },
			tags: { type: 'array', items: text },
			lines: {
				type: 'array',
				items: { ...object({ description: text, amount: number }), required: ['amount'] },
				description: 'All lines',
			},
		}),
		required: ['invoice_number', 'date'],
	});
});

test.each<JsonObject>([
	{ type: 'object' },
	{ type: ['object', 'null'] },
	{ properties: {} },
	{ properties: { a: true } },
	{ $ref: '#/$defs/a', $defs: {} },
	{ anyOf: [{ type: 'object' }] },
])('%j is a schema', (schema) => {
	expect(checkSchema('JSON Schema', schema)).toBe(schema);
});
