import { isObject, itemsOf, type JsonObject } from './json';

/** Plausible results, a few KB each, so that a light poll is smaller than a full read. */

const SENTENCES = [
	'Goods were delivered in full and accepted at the loading dock.',
	'Payment is due within thirty days of the date of this invoice.',
	'The parties agree that the amounts stated exclude value added tax.',
	'Please quote the reference number in every letter about this matter.',
	'Insurance covers the transport up to the named place of delivery.',
	'Quantities were counted by hand and compared with the packing list.',
];

const PAGES = 3;
const SENTENCES_PER_PAGE = 24;
const SENTENCES_PER_FIELD = 12;
const ARRAY_ITEMS = 3;
const MAX_DEPTH = 6;

function sentences(count: number, from = 0): string {
	return Array.from({ length: count }, (_value, at) => SENTENCES[(from + at) % SENTENCES.length]).join(' ');
}

export function samplePages(): string[] {
	return Array.from(
		{ length: PAGES },
		(_value, page) => `<h1>Page ${page + 1}</h1><p>${sentences(SENTENCES_PER_PAGE, page)}</p>`,
	);
}

function typeOf(schema: JsonObject): string {
	const type = itemsOf(schema.type).find((one) => one !== 'null') ?? schema.type;
	if (typeof type === 'string') return type;
	return isObject(schema.properties) ? 'object' : 'string';
}

const DATES: Record<string, string> = { date: '2026-01-31', 'date-time': '2026-01-31T09:30:00Z' };

/** Names such as `invoice_number`, `customerId` or `id`: nobody expects whole sentences there. */
const SHORT = /(?:^|_|[a-z](?=[A-Z]))(?:number|id|no|code)$/i;

/** `invoice_number` → `INV-001` */
function sampleString({ format }: JsonObject, name: string): string {
	const date = DATES[String(format)];
	if (date !== undefined) return date;
	if (!SHORT.test(name)) return sentences(SENTENCES_PER_FIELD);
	const [word = ''] = name.split(/_|(?<=[a-z])(?=[A-Z])/);
	return `${word.slice(0, 3).toUpperCase()}-001`;
}

/**
 * A value that fits a JSON schema as far as types, `enum`, `properties` and the formats of dates go.
 *
 * @param name of the property that it is the value of
 */
export function sampleOf(schema: unknown, depth = 0, name = ''): unknown {
	if (!isObject(schema) || depth > MAX_DEPTH) return null;
	if (Array.isArray(schema.enum) && schema.enum.length > 0) return schema.enum[0];
	switch (typeOf(schema)) {
		case 'object':
			return Object.fromEntries(
				Object.entries(isObject(schema.properties) ? schema.properties : {}).map(([key, property]) => [
					key,
					sampleOf(property, depth + 1, key),
				]),
			);
		case 'array':
			return Array.from({ length: ARRAY_ITEMS }, () => sampleOf(schema.items, depth + 1, name));
		case 'integer':
			return 42;
		case 'number':
			return 1234.5;
		case 'boolean':
			return true;
		case 'null':
			return null;
		default:
			return sampleString(schema, name);
	}
}

/** Free text of about 3 KB. */
export function sampleText(): string {
	return sentences(SENTENCES_PER_PAGE * 2);
}

const MIME_TYPES: Record<string, string> = {
	pdf: 'application/pdf',
	png: 'image/png',
	jpg: 'image/jpeg',
	jpeg: 'image/jpeg',
	txt: 'text/plain',
	csv: 'text/csv',
	json: 'application/json',
	docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
	xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

export function extensionOf(filename: string): string {
	return /\.([^.]+)$/.exec(filename)?.[1]?.toLowerCase() ?? '';
}

export function mimeTypeOf(filename: string): string {
	return MIME_TYPES[extensionOf(filename)] ?? 'application/octet-stream';
}
