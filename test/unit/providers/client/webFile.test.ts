import {
	isUnwantedPage,
	lastPartOf,
	nameAndTypeOf,
	shownAddress,
	type WebFile,
} from '../../../../nodes/shared/providers/client/webFile';

const PDF = 'application/pdf';

function file(more: Partial<WebFile> = {}, start = ''): WebFile {
	const url = 'https://example.com/files/a.pdf';
	return { url, finalUrl: more.url ?? url, headers: {}, start: Buffer.from(start), ...more };
}

const disposed = (header: string, type?: string): Partial<WebFile> => ({
	headers: { 'content-disposition': header, 'content-type': type },
});
const typed = (type: string): Partial<WebFile> => ({ headers: { 'content-type': type } });

describe('name and type', () => {
	test.each<[string, Partial<WebFile>, string, string]>([
		[
			'the name that was given',
			{ fileName: 'b.pdf', ...disposed('attachment; filename=c.pdf') },
			'b.pdf',
			PDF,
		],
		['the name of the answer', disposed('attachment; filename="c d.pdf"'), 'c d.pdf', PDF],
		['one that is not quoted', disposed('inline;filename=c.docx', PDF), 'c.docx', PDF],
		['quotes within', disposed('attachment; filename="a \\"b\\".pdf"'), 'a "b".pdf', PDF],
		[
			'the extended name counts more',
			disposed('attachment; filename="x.pdf"; filename*=UTF-8\'\'B%C3%BCro.pdf'),
			'Büro.pdf',
			PDF,
		],
		[
			'UTF-8 that came as Latin-1',
			disposed(`attachment; filename="${Buffer.from('Büro.pdf').toString('latin1')}"`),
			'Büro.pdf',
			PDF,
		],
		['Latin-1', disposed('attachment; filename="B\u00fcro.pdf"'), 'Büro.pdf', PDF],
		['no folders', disposed('attachment; filename="..\\\\..\\\\/etc/x.pdf"'), 'x.pdf', PDF],
		['no name in it', disposed('attachment'), 'a.pdf', PDF],
		['an empty name', disposed('attachment; filename=".."'), 'a.pdf', PDF],
		['the address', {}, 'a.pdf', PDF],
		['an address in other letters', { url: 'https://example.com/B%C3%BCro%201.PDF?x=1' }, 'Büro 1.PDF', PDF],
		['a type that says something', typed('image/PNG; charset=x'), 'a.pdf', 'image/png'],
		['a type that says nothing', typed('application/octet-stream'), 'a.pdf', PDF],
		['the type of a name that was given', { ...typed('text/plain'), fileName: 'x.csv' }, 'x.csv', 'text/csv'],
		['a type that is none', typed('pdf'), 'a.pdf', PDF],
		['a name without an ending', { url: 'https://example.com/x', ...typed(PDF) }, 'x.pdf', PDF],
		['a script', { url: 'https://example.com/get.php?id=1', ...typed(PDF) }, 'get.php.pdf', PDF],
		['no name at all', { url: 'https://example.com', ...typed('image/jpeg') }, 'document.jpg', 'image/jpeg'],
		[
			'what a nameless address leads to',
			{ url: 'https://example.com/get?id=1', finalUrl: 'https://cdn.example.com/z.docx' },
			'z.docx',
			'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
		],
		['nothing known', { url: 'https://example.com/x' }, 'x', 'application/octet-stream'],
	])('%s', (_what, more, fileName, mimeType) => {
		expect(nameAndTypeOf(file(more))).toEqual({ fileName, mimeType });
	});

	test('a PDF that nobody calls one', () => {
		const unknown = file(
			{ url: 'https://example.com/7', ...typed('application/octet-stream') },
			'%PDF-1.7\n',
		);
		expect(nameAndTypeOf(unknown)).toEqual({ fileName: '7.pdf', mimeType: PDF });
	});
});

describe('a web page where a file was asked for', () => {
	test.each<[string, WebFile]>([
		['by its content, whatever its type', file(typed(PDF), '\n <!DOCTYPE html><html>')],
		['by its content alone', file({}, '<html lang="de">')],
		['after a byte order mark and a comment', file({}, '\uFEFF<!-- x -->\n<HTML>')],
		['by its type', file(typed('text/html; charset=utf-8'), '<div>Log in</div>')],
		['at an address without a name', file({ url: 'https://example.com/', ...typed('text/html') }, '<p>')],
		['that a file redirects to', file({ finalUrl: 'https://example.com/login.html' }, '<html>')],
	])('%s', (_what, page) => {
		expect(isUnwantedPage(page)).toBe(true);
	});

	test.each<[string, WebFile]>([
		[
			'a page that is called one',
			file({ url: 'https://example.com/terms.HTM', ...typed('text/html') }, '<html>'),
		],
		['a page that the user calls one', file({ fileName: 'terms.html' }, '<html>')],
		[
			'a page that is sent as a file',
			file(disposed('attachment; filename=mail.html', 'text/html'), '<html>'),
		],
		['a PDF that is called a page', file(typed('text/html'), '%PDF-1.7')],
		['other markup', file(typed('application/xml'), '<?xml version="1.0"?><invoice/>')],
	])('%s is none', (_what, right) => {
		expect(isUnwantedPage(right)).toBe(false);
	});
});

test('an address is shown without its secrets', () => {
	expect(shownAddress('https://me:pass@example.com:8443/a/b.pdf?sig=secret#x')).toBe(
		'https://example.com:8443/a/b.pdf',
	);
});

test.each([
	['https://example.com/a/', undefined],
	['https://example.com/100%.pdf', '100%.pdf'],
	['https://example.com/a%2Fb.pdf', 'b.pdf'],
	['data:text/plain,a/b', undefined],
])('the last part of %s', (url, name) => {
	expect(lastPartOf(url)).toBe(name);
});
