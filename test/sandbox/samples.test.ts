import { sampleOf } from '../../sandbox/server/samples';

/** Results that look like those of a real document, so that pictures and first tries are readable. */

const text = { type: 'string' };

test.each([
	['invoice_number', text, 'INV-001'],
	['customerId', text, 'CUS-001'],
	['id', text, 'ID-001'],
	['due', { ...text, format: 'date' }, '2026-01-31'],
	['sent_at', { ...text, format: 'date-time' }, '2026-01-31T09:30:00Z'],
	['due', { type: ['string', 'null'], format: 'date' }, '2026-01-31'],
	['order_numbers', text, expect.stringMatching(/^Goods were delivered/)],
	['total', text, expect.stringMatching(/^Goods were delivered/)],
])('%s %j', (name, property, expected) => {
	expect(sampleOf({ type: 'object', properties: { [name]: property } })).toEqual({ [name]: expected });
});

test('a list of short texts', () => {
	const schema = { type: 'object', properties: { part_no: { type: 'array', items: text } } };
	expect(sampleOf(schema)).toEqual({ part_no: ['PAR-001', 'PAR-001', 'PAR-001'] });
});
