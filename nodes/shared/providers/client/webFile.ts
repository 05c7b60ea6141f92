/** What the answer to a download, and its address, tell about the file. */

/** Endings of the documents that the APIs take, with their types. */
const TYPES: Readonly<Record<string, string>> = {
	csv: 'text/csv',
	doc: 'application/msword',
	docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
	eml: 'message/rfc822',
	gif: 'image/gif',
	heic: 'image/heic',
	html: 'text/html',
	jpg: 'image/jpeg',
	json: 'application/json',
	md: 'text/markdown',
	odp: 'application/vnd.oasis.opendocument.presentation',
	ods: 'application/vnd.oasis.opendocument.spreadsheet',
	odt: 'application/vnd.oasis.opendocument.text',
	pdf: 'application/pdf',
	png: 'image/png',
	ppt: 'application/vnd.ms-powerpoint',
	pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
	rtf: 'application/rtf',
	tiff: 'image/tiff',
	txt: 'text/plain',
	webp: 'image/webp',
	xls: 'application/vnd.ms-excel',
	xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
	xml: 'application/xml',
};

const ALIASES: Readonly<Record<string, string>> = { htm: 'html', jpeg: 'jpg', tif: 'tiff', xhtml: 'html' };

const UNKNOWN_TYPE = 'application/octet-stream';

const WEB_PAGE_TYPES: ReadonlySet<string> = new Set(['text/html', 'application/xhtml+xml']);

export interface WebFile {
	/** The address that was asked for. */
	url: string;
	/** The name that the user has given. */
	fileName?: string;
	/** The address that has answered in the end, after redirects. */
	finalUrl: string;
	/** Headers of the answer. */
	headers: Readonly<Record<string, string | undefined>>;
	/** The first bytes of the file. */
	start: Uint8Array;
}

/**
 * Name and type of a downloaded file: the name that was given, that of the answer, or the last part of the address; the
 * type of the answer, or what the name ends with.
 */
export function nameAndTypeOf(file: WebFile): { fileName: string; mimeType: string } {
	const said = typeIn(file.headers['content-type']);
	const name = file.fileName ?? dispositionName(file.headers['content-disposition']) ?? nameInAddress(file);
	const ofName = TYPES[endingOf(name)];
	// A storage often knows no better than "bytes", or "text" for all that it cannot name.
	const vague =
		said === undefined || said === UNKNOWN_TYPE || said === 'binary/octet-stream' || said === 'text/plain';
	const mimeType =
		(vague ? (ofName ?? (isPdf(file.start) ? TYPES.pdf : undefined)) : said) ?? said ?? UNKNOWN_TYPE;
	const ending = Object.entries(TYPES).find(([, type]) => type === mimeType)?.[0];
	return { fileName: ofName === undefined && ending !== undefined ? `${name}.${ending}` : name, mimeType };
}

/** Of an address without a name, such as that of a script, what it leads to tells more. */
function nameInAddress({ url, finalUrl }: WebFile): string {
	const names = [lastPartOf(url), lastPartOf(finalUrl)].filter((name) => name !== undefined);
	return names.find((name) => TYPES[endingOf(name)] !== undefined) ?? names[0] ?? 'document';
}

function isPdf(start: Uint8Array): boolean {
	return new TextDecoder().decode(start.subarray(0, 5)) === '%PDF-';
}

/** Whether an answer is a web page where a file was asked for: a login, a preview, an error that calls itself 200. */
export function isUnwantedPage({ url, fileName, headers, start }: WebFile): boolean {
	const wanted = fileName ?? dispositionName(headers['content-disposition']) ?? lastPartOf(url) ?? '';
	if (endingOf(wanted) === 'html') return false;
	const text = new TextDecoder().decode(start);
	if (/^\s*(?:<!--[\s\S]*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b/i.test(text)) return true;
	const said = typeIn(headers['content-type']);
	return said !== undefined && WEB_PAGE_TYPES.has(said) && /^\s*</.test(text);
}

/** An address as it may be shown: queries and user names often hold secrets. */
export function shownAddress(url: string): string {
	const { protocol, host, pathname } = new URL(url);
	return `${protocol}//${host}${pathname}`;
}

/** The last part of the path of an address, as a name for the document. */
export function lastPartOf(url: string): string | undefined {
	if (!URL.canParse(url) || url.startsWith('data:')) return undefined;
	return cleanName(decoded(new URL(url).pathname.split('/').at(-1) ?? ''));
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/** A name alone, without folders and what no name may hold; nothing when none is left. */
function cleanName(name: string): string | undefined {
	const last = name.split(/[\\/]/).at(-1) ?? '';
	const clean = last.replace(/\p{Cc}/gu, '').trim();
	return /^\.*$/.test(clean) ? undefined : clean;
}

/** Lower case, without a dot; one ending for all that mean the same. */
function endingOf(name: string): string {
	const ending = (/\.([a-z0-9]+)$/i.exec(name)?.[1] ?? '').toLowerCase();
	return ALIASES[ending] ?? ending;
}

function typeIn(contentType: string | undefined): string | undefined {
	return /^\s*([\w.+-]+\/[\w.+-]+)\s*(?:;|$)/.exec(contentType ?? '')?.[1]?.toLowerCase();
}

/** The name in a `Content-Disposition` (RFC 6266): `filename*` counts more than `filename`. */
function dispositionName(header = ''): string | undefined {
	const extended = /;\s*filename\*\s*=\s*(?:utf-8|iso-8859-1)'[^']*'([^;\s]+)/i.exec(header)?.[1];
	if (extended !== undefined) return cleanName(decoded(extended));
	const [, quoted, bare] = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(header) ?? [];
	const name = quoted?.replace(/\\(["\\])/g, '$1') ?? bare;
	return name === undefined ? undefined : cleanName(inUtf8(name));
}

/** Headers come as Latin-1, while most servers write UTF-8 into them. */
function inUtf8(text: string): string {
	const utf8 = Buffer.from(text, 'latin1').toString('utf8');
	return utf8.includes('\uFFFD') ? text : utf8;
}
